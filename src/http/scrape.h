/* SPDX-License-Identifier: Apache-2.0 */
/* One scrape of Prometheus: the nodes in it, and what is asked of each once. */
#ifndef HTTP_SCRAPE_H
#define HTTP_SCRAPE_H

#include "base/strbuf.h"
#include "engine/engine.h"
#include "engine/foresight.h"
#include "http/forecasts.h"

struct subject {
	const struct engine *engine;
	const struct sample *sample;     /* NULL: the node is not up, and its last figures are history */
	const struct forecast *forecast; /* NULL: none yet, or the node is not up */
	char *label;                     /* node="…", or "" */
	struct health health;
	struct restart_stats restarts;
	struct engine_counts counts;
	unsigned anomaly_count;
	const struct anomaly *anomalies[HEALTH_MAX_ANOMALIES];
};

struct scrape {
	struct strbuf *out;
	const struct site *site;
	struct subject *subjects;
	size_t count;
};

/* A family whose samples are found out node by node: one value, or as many as `write` has. */
struct own_family {
	const char *name;
	enum metric_kind kind;
	double (*get)(const struct subject *s); /* NaN: no sample */
	void (*write)(const struct scrape *sc, const struct subject *s, const char *name);
	const char *help;
};

/* scrape_family writes one of all nodes; nothing, also no head, if there are no samples. */
void scrape_family(const struct scrape *sc, const struct own_family *f);

/* What arsenal finds (findings.c), and what it foresees (outlooks.c): each writes its families. */
void scrape_findings(const struct scrape *sc);
void scrape_outlooks(const struct scrape *sc);

#endif
