/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is foreseen of the nodes, kept between scrapes: to foresee takes milliseconds of CPU a node, and a scrape of two hundred must not hold up the loop. A
 * forecast is made anew when it is older than a minute, at most FORECASTS_A_SCRAPE of them in one scrape, the oldest first; dates are absolute, so that an older one is still true.
 */
#ifndef HTTP_FORECASTS_H
#define HTTP_FORECASTS_H

#include "engine/engine.h"
#include "engine/foresight.h"

#define FORECASTS_A_SCRAPE 4
#define FORECAST_MAX_AGE_MS 60000
#define FORECAST_FAILURES 5
#define FORECAST_TEXT 128

/* Somebody who is expected to fail. */
struct forecast_failure {
	enum prediction_kind kind;
	char supervisor[FORECAST_TEXT];
	char child[FORECAST_TEXT]; /* "" of a budget: the supervisor itself */
	int64_t expected_ms, earliest_ms, latest_ms;
};

struct forecast {
	const struct engine *engine; /* to tell nodes apart only */
	int64_t made_ms;             /* 0: not yet */
	bool asked;                  /* in the last scrape: a node that is down is not waited for */
	bool due;                    /* to be made in this one */
	struct capacity resources[RESOURCE_COUNT];
	unsigned failure_count;
	struct forecast_failure failures[FORECAST_FAILURES];
};

struct forecasts {
	struct forecast **all;
	size_t count;
	unsigned left; /* of nodes that are new, so many may be made in this scrape */
};

void forecasts_release(struct forecasts *f);
/* forecasts_begin: a scrape begins. */
void forecasts_begin(struct forecasts *f, int64_t now_ms);
/* forecasts_of is the node's, as fresh as may be; NULL if there is none yet. It is the forecasts' own. */
const struct forecast *forecasts_of(struct forecasts *f, const struct engine *e, int64_t now_ms);

#endif
