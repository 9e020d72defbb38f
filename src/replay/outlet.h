/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever takes what comes of a recording as it is judged: for people, as JSON lines, as NAB wants it, as a plot. Several may take the same. */
#ifndef REPLAY_OUTLET_H
#define REPLAY_OUTLET_H

#include "analyze/series_detector.h"
#include "base/strbuf.h"
#include "engine/engine.h"
#include "replay/flaws.h"

/* A row of a table of series, for one of its series. */
struct replay_point {
	const char *series;
	bool alone;  /* there is no other series */
	bool usable; /* else the row, or this value, was left out: only the texts mean something */
	int64_t time_ms;
	const char *time_text, *value_text; /* as they are in the file; value_text "" for all but the first series */
	double value;
	struct series_verdict verdict;
};

enum replay_kind { REPLAY_SERIES, REPLAY_NODES };

struct replay_totals {
	enum replay_kind kind;
	uint64_t samples;  /* judged */
	uint64_t left_out; /* rows, or inputs of a recording, that could not be used */
	uint64_t restarts; /* of nodes */
	uint64_t anomalies, incidents, events;
	size_t series;             /* or nodes */
	int64_t first_ms, last_ms; /* of samples; 0 without any */
	double threshold;
};

struct outlet {
	/* Each may be NULL. */
	void (*point)(void *arg, const struct replay_point *p);
	/* A sample that an engine took (its derived metrics are in it), and what came of the inputs so far. */
	void (*sample)(void *arg, const struct engine *e, const struct sample *s);
	void (*event)(void *arg, const struct node_event *ev);
	/* The file has been read; of one that could not be read to its end, what was. */
	void (*end)(void *arg, const char *file, const struct replay_totals *t, const struct flaws *f);
	void *arg;
};

#define OUTLETS_MAX 3

struct outlets {
	struct outlet all[OUTLETS_MAX];
	unsigned count;
};

void outlets_add(struct outlets *o, const struct outlet *one);
void outlets_point(const struct outlets *o, const struct replay_point *p);
void outlets_sample(const struct outlets *o, const struct engine *e, const struct sample *s);
void outlets_event(const struct outlets *o, const struct node_event *ev);
void outlets_end(const struct outlets *o, const char *file, const struct replay_totals *t, const struct flaws *f);

#endif
