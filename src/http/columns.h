/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics over time for charts: of each its unit and kind, and points in equal steps as columns, so that a chart takes them as they are.
 *
 *	{"time_range": {"start", "end"}, "step": 60, "metrics": {"process_count":
 *	    {"unit": "count", "kind": "gauge", "resolution": 60, "time": […], "min": […], "max": […], "mean": […], "last": […], "count": […]}, …}}
 *
 * "step" and "resolution" are in seconds, "time" is when a step begins, in milliseconds since 1970. The resolution is that of the first point: it is more than the step
 * where only roll-ups are kept of that time.
 */
#ifndef HTTP_COLUMNS_H
#define HTTP_COLUMNS_H

#include "base/err.h"
#include "engine/engine.h"
#include "http/download.h"

/* Points of one metric in one answer. */
#define COLUMNS_MAX_POINTS 11000

struct columns_query {
	const struct engine *node; /* it outlives the answer */
	int64_t now_ms;
	int64_t start_ms;
	int64_t end_ms;
	int64_t step_ms;
	bool metrics[METRIC_COUNT]; /* which */
};

/* columns_step reads "90", "90s", "5m", "2h", "1d"; false with a reason. */
bool columns_step(const char *text, int64_t *step_ms, struct err *err) MUST_CHECK;
/* columns_metrics reads names with commas between, NULL: all of them; false with a reason. */
bool columns_metrics(const char *text, bool metrics[METRIC_COUNT], struct err *err) MUST_CHECK;
/* columns_check: whether so many points can be answered; else false, with what to ask for. The range is cut to what can be kept at all. */
bool columns_check(struct columns_query *q, struct err *err) MUST_CHECK;
/* columns_serve answers. */
void columns_serve(const struct columns_query *q, struct downloads *downloads, struct reply *rp);

#endif
