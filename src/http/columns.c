/* SPDX-License-Identifier: Apache-2.0 */
#include "http/columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/past.h"
#include "http/query.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define STEP_MAX_MS (366 * DAY_MS)
/* Values that are written at once. */
#define PIECE 256

enum column { COLUMN_TIME, COLUMN_MIN, COLUMN_MAX, COLUMN_MEAN, COLUMN_LAST, COLUMN_COUNT, COLUMNS };

struct columns {
	struct columns_query q;
	bool begun;
	int metric;   /* whose points these are; METRIC_COUNT: done */
	bool is_open; /* they have been read */
	enum column column;
	size_t at; /* in it */
	size_t count;
	size_t max;
	struct past_point points[];
};

/* ---- what is asked for ---------------------------------------------------------------------------------------------- */

/* unit_ms is what the letter behind a number means, 0: it is none. */
static int64_t
unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "m", MINUTE_MS }, { "h", HOUR_MS }, { "d", DAY_MS } };

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ms;
	return 0;
}

bool
columns_step(const char *text, int64_t *step_ms, struct err *err)
{
	size_t digits = strspn(text, "0123456789");
	int64_t unit = unit_ms(text + digits);
	char number[16] = "";
	uint64_t n = 0;

	if (digits < sizeof(number))
		memcpy(number, text, digits);
	if (unit == 0 || !number_parse(number, (uint64_t)(STEP_MAX_MS / 1000), &n) || n == 0 ||
	    (int64_t)n > STEP_MAX_MS / unit)
		return err_set(
		    err, "step: \"%.64s\" is no length of time like 10s, 5m, 1h or 90 (seconds), up to 366d", text);
	*step_ms = (int64_t)n * unit;
	return true;
}

bool
columns_metrics(const char *text, bool metrics[METRIC_COUNT], struct err *err)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		metrics[i] = text == NULL;
	for (const char *p = text, *next; p; p = next) {
		size_t len = strcspn(p, ",");
		enum metric_id id = metric_find(p, len);

		next = p[len] ? p + len + 1 : NULL;
		if (id == METRIC_NONE)
			return err_set(err,
			    "metric: \"%.*s\" is none; their names are the keys of \"metrics\" in "
			    "/api/v1/nodes/{node}/performance",
			    (int)(len < 64 ? len : 64), p);
		metrics[id] = true;
	}
	return true;
}

static int64_t
steps(const struct columns_query *q)
{
	return q->end_ms < q->start_ms ? 0 : q->end_ms / q->step_ms - q->start_ms / q->step_ms + 1;
}

/* The oldest that may be there: a roll-up of an hour that has just begun to expire. */
static int64_t
oldest_ms(const struct columns_query *q)
{
	const struct engine_options *o = engine_options(q->node);
	int64_t kept = o->retention_ms;

	if (kept < o->minute_retention_ms)
		kept = o->minute_retention_ms;
	if (kept < o->hour_retention_ms)
		kept = o->hour_retention_ms;
	return q->now_ms - kept - HOUR_MS > 0 ? q->now_ms - kept - HOUR_MS : 0;
}

bool
columns_check(struct columns_query *q, struct err *err)
{
	int64_t oldest = oldest_ms(q), least;

	if (q->end_ms > q->now_ms)
		q->end_ms = q->now_ms > q->start_ms ? q->now_ms : q->start_ms;
	if (q->start_ms < oldest)
		q->start_ms = oldest < q->end_ms ? oldest : q->end_ms;
	if (steps(q) <= COLUMNS_MAX_POINTS)
		return true;
	least = (q->end_ms - q->start_ms) / ((COLUMNS_MAX_POINTS - 1) * INT64_C(1000)) + 1;
	return err_set(err,
	    "step: %" PRId64 " s makes %" PRId64
	    " points of each metric from start to end, and %d are given at most; ask "
	    "for step=%" PRId64 "s or more, or for less time",
	    q->step_ms / 1000, steps(q), COLUMNS_MAX_POINTS, least);
}

/* ---- the answer ------------------------------------------------------------------------------------------------------- */

static double
value(const struct past_point *p, enum column column)
{
	switch (column) {
	case COLUMN_TIME:
		return (double)p->time_ms;
	case COLUMN_MIN:
		return p->min;
	case COLUMN_MAX:
		return p->max;
	case COLUMN_MEAN:
		return p->mean;
	case COLUMN_LAST:
		return p->last;
	case COLUMN_COUNT:
		return p->count;
	case COLUMNS:
		break;
	}
	return NAN;
}

static void
open_column(struct columns *c, struct jsonw *j, enum column column)
{
	static const char *const names[] = { "time", "min", "max", "mean", "last", "count" };

	c->column = column;
	c->at = 0;
	jsonw_key(j, names[column]);
	jsonw_array(j);
}

/* resolution_ms is how long a time the first point stands for: that of its step, unless only roll-ups are kept of then. */
static int64_t
resolution_ms(const struct columns *c)
{
	int64_t first, finest;

	if (c->count == 0)
		return c->q.step_ms;
	first = c->points[0].time_ms > c->q.start_ms ? c->points[0].time_ms : c->q.start_ms;
	finest = engine_past_resolution_ms(c->q.node, first);
	return c->q.step_ms > finest ? c->q.step_ms : finest;
}

static void
open_metric(struct columns *c, struct jsonw *j)
{
	enum metric_id id = (enum metric_id)c->metric;

	c->is_open = true;
	c->count = engine_past_points(c->q.node, id, c->q.start_ms, c->q.end_ms, c->q.step_ms, c->points, c->max);
	jsonw_key(j, METRICS[id].name);
	jsonw_object(j);
	jsonw_key(j, "unit");
	jsonw_str(j, metric_unit_name(METRICS[id].unit));
	jsonw_key(j, "kind");
	jsonw_str(j, METRICS[id].kind == KIND_COUNTER ? "counter" : "gauge");
	jsonw_key(j, "resolution");
	jsonw_int(j, resolution_ms(c) / 1000);
	open_column(c, j, COLUMN_TIME);
}

/* next_metric goes on to the next one that is wanted, whose points are read then, or ends the answer. */
static enum download_progress
next_metric(struct columns *c, struct jsonw *j)
{
	c->is_open = false;
	do
		c->metric++;
	while (c->metric < METRIC_COUNT && !c->q.metrics[c->metric]);
	if (c->metric < METRIC_COUNT)
		return DOWNLOAD_PAUSES;
	jsonw_end(j);
	jsonw_end(j);
	return DOWNLOAD_ENDS;
}

static enum download_progress
begin(struct columns *c, struct jsonw *j)
{
	c->begun = true;
	c->metric = -1;
	jsonw_object(j);
	jsonw_key(j, "time_range");
	jsonw_object(j);
	jsonw_key(j, "start");
	jsonw_time(j, c->q.start_ms);
	jsonw_key(j, "end");
	jsonw_time(j, c->q.end_ms);
	jsonw_end(j);
	jsonw_key(j, "step");
	jsonw_int(j, c->q.step_ms / 1000);
	jsonw_key(j, "metrics");
	jsonw_object(j);
	return next_metric(c, j);
}

static enum download_progress
close_column(struct columns *c, struct jsonw *j)
{
	jsonw_end(j);
	if (c->column + 1 < COLUMNS) {
		open_column(c, j, c->column + 1);
		return DOWNLOAD_GOES_ON;
	}
	jsonw_end(j);
	return next_metric(c, j);
}

static enum download_progress
write_piece(void *arg, struct jsonw *j)
{
	struct columns *c = arg;

	if (!c->begun)
		return begin(c, j);
	if (!c->is_open)
		open_metric(c, j);
	if (c->at == c->count)
		return close_column(c, j);
	for (size_t i = 0; i < PIECE && c->at < c->count; i++, c->at++)
		jsonw_rounded(j, value(&c->points[c->at], c->column));
	return DOWNLOAD_GOES_ON;
}

void
columns_serve(const struct columns_query *q, struct downloads *downloads, struct reply *rp)
{
	static const struct download_writer writer = { write_piece, free };
	size_t max = (size_t)steps(q);
	struct columns *c = xcalloc(1, sizeof(*c) + max * sizeof(c->points[0]));

	c->q = *q;
	c->max = max;
	download_serve(downloads, rp, &writer, c);
}
