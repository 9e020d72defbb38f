/* SPDX-License-Identifier: Apache-2.0 */
#include "http/columns.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/past.h"
#include "engine/usual.h"

/* Values that are written at once. */
#define PIECE 256
/* A rate is that of the time between two points, if that is not longer than so many steps and so many samples. */
#define RATE_STEPS 2
#define RATE_SAMPLES 12

enum part { PART_HEAD, PART_TIMES, PART_METRICS };

struct columns {
	struct columns_query q;
	enum part part;
	/* The times of all metrics, if they are shared. */
	int64_t first_ms;
	size_t steps;
	int metric;   /* whose points these are; METRIC_COUNT: done */
	bool is_open; /* they have been read */
	struct past_seams seams;
	int column; /* TIMES, or one of those asked for */
	size_t row; /* of it, which is next */
	size_t rows;
	size_t cursor; /* the last point that is not behind the row */
	size_t count, max;
	struct past_point *points;
	double *rates;           /* of a counter, by point */
	struct usual_walk *walk; /* NULL: what was usual is not asked for, or not known of this metric */
	bool is_walking;         /* it goes on */
	size_t usual_cursor;     /* the first of its points that is not before the row */
};

#define TIMES (-1)

/* ---- points ---- */

/* resolution_at is how long a time the point of then stands for: that of its step, unless only roll-ups are kept of then. */
static int64_t
resolution_at(const struct columns *c, int64_t time_ms)
{
	int64_t finest = past_resolution_ms(&c->seams, time_ms > c->q.start_ms ? time_ms : c->q.start_ms);

	return c->q.step_ms > finest ? c->q.step_ms : finest;
}

static bool
is_rate(const struct columns *c)
{
	return METRICS[c->metric].kind == KIND_COUNTER && c->q.columns[COLUMN_VALUE];
}

static bool
is_usual(int column)
{
	return column == COLUMN_USUAL || column == COLUMN_USUAL_LOW || column == COLUMN_USUAL_HIGH;
}

/* knows_usual: what is usual of a counter is its rate. */
static bool
knows_usual(const struct columns *c)
{
	return METRICS[c->metric].watch != WATCH_NONE && (METRICS[c->metric].kind != KIND_COUNTER || is_rate(c));
}

static bool
has_column(const struct columns *c, int column)
{
	bool raw = column == COLUMN_MIN || column == COLUMN_MAX || column == COLUMN_MEAN || column == COLUMN_LAST;

	return c->q.columns[column] && !(raw && is_rate(c)) && (!is_usual(column) || knows_usual(c));
}

static bool
wants_usual(const struct columns *c)
{
	return has_column(c, COLUMN_USUAL) || has_column(c, COLUMN_USUAL_LOW) || has_column(c, COLUMN_USUAL_HIGH);
}

static double
rate_between(const struct past_point *before, const struct past_point *p, int64_t longest_ms)
{
	int64_t elapsed_ms = p->last_ms - before->last_ms;

	if (before->count == 0 || elapsed_ms <= 0 || elapsed_ms > longest_ms || p->min < before->last)
		return NAN;
	return (p->last - before->last) * 1000 / (double)elapsed_ms;
}

static void
find_rates(struct columns *c)
{
	int64_t silent_ms = RATE_SAMPLES * engine_options(c->q.node)->interval_ms;
	struct past_point before[2] = { { .count = 0 } };
	size_t n = engine_past_points(c->q.node, (enum metric_id)c->metric, c->q.start_ms - silent_ms,
	    c->q.start_ms - 1, silent_ms, before, ARRAY_LEN(before));
	const struct past_point *last = &before[n > 0 ? n - 1 : 0];

	for (size_t i = 0; i < c->count; i++) {
		int64_t longest_ms = RATE_STEPS * resolution_at(c, c->points[i].time_ms);

		c->rates[i] = rate_between(last, &c->points[i], longest_ms > silent_ms ? longest_ms : silent_ms);
		last = &c->points[i];
	}
}

static void
read_points(struct columns *c)
{
	c->is_open = true;
	c->seams = engine_past_seams(c->q.node);
	c->count = engine_past_points(
	    c->q.node, (enum metric_id)c->metric, c->q.start_ms, c->q.end_ms, c->q.step_ms, c->points, c->max);
	c->rows = c->q.shared ? c->steps : c->count;
	if (is_rate(c))
		find_rates(c);
	if (!wants_usual(c) || c->count == 0)
		return;
	c->is_walking = true;
	c->walk = usual_walk_new(c->q.node, (enum metric_id)c->metric, c->q.start_ms, c->q.end_ms, c->q.step_ms);
}

/* ---- values ---- */

/* point_of is the point that stands for a row, of rows in order; NULL: there is none. */
static const struct past_point *
point_of(struct columns *c, size_t row)
{
	int64_t time_ms = c->first_ms + (int64_t)row * c->q.step_ms;
	const struct past_point *p;

	if (!c->q.shared)
		return &c->points[c->cursor = row];
	while (c->cursor + 1 < c->count && c->points[c->cursor + 1].time_ms <= time_ms)
		c->cursor++;
	p = &c->points[c->cursor];
	return p->time_ms <= time_ms && time_ms < p->time_ms + resolution_at(c, p->time_ms) ? p : NULL;
}

/* usual_of is what was usual in a step, of steps in order. */
static double
usual_of(struct columns *c, int64_t time_ms)
{
	size_t count;
	const struct usual_point *p = usual_walk_points(c->walk, &count);

	while (c->usual_cursor < count && p[c->usual_cursor].time_ms < time_ms)
		c->usual_cursor++;
	p += c->usual_cursor;
	if (c->usual_cursor == count || p->time_ms != time_ms)
		return NAN;
	return c->column == COLUMN_USUAL ? p->mean : c->column == COLUMN_USUAL_LOW ? p->low : p->high;
}

static double
value_of(struct columns *c, const struct past_point *p)
{
	switch (c->column) {
	case COLUMN_VALUE:
		return is_rate(c) ? c->rates[p - c->points] : p->mean;
	case COLUMN_MIN:
		return p->min;
	case COLUMN_MAX:
		return p->max;
	case COLUMN_MEAN:
		return p->mean;
	case COLUMN_LAST:
		return p->last;
	default:
		return usual_of(c, p->time_ms);
	}
}

static void
write_value(struct columns *c, struct jsonw *j, const struct past_point *p)
{
	if (p == NULL)
		jsonw_null(j);
	else if (c->column == TIMES)
		jsonw_int(j, p->time_ms);
	else if (c->column == COLUMN_SEEN)
		jsonw_uint(j, p->count);
	else if (c->q.digits)
		jsonw_digits(j, value_of(c, p), c->q.digits);
	else
		jsonw_rounded(j, value_of(c, p));
}

/* ---- columns ---- */

static void
open_column(struct columns *c, struct jsonw *j, int column)
{
	c->column = column;
	c->row = c->cursor = c->usual_cursor = 0;
	jsonw_key(j, column == TIMES ? "time" : COLUMN_NAMES[column]);
	jsonw_array(j);
}

/* open_next opens the next column; false: there is none. */
static bool
open_next(struct columns *c, struct jsonw *j)
{
	int column = c->column + 1;

	while (column < COLUMN_COUNT && !has_column(c, column))
		column++;
	if (column == COLUMN_COUNT)
		return false;
	open_column(c, j, column);
	return true;
}

/* ---- metrics ---- */

static bool
turn_to_next(struct columns *c)
{
	c->is_open = false;
	usual_walk_free(c->walk);
	c->walk = NULL;
	do
		c->metric++;
	while (c->metric < METRIC_COUNT && !c->q.metrics[c->metric]);
	return c->metric < METRIC_COUNT;
}

/* next_metric goes on to the next one that is wanted, whose points are read then, or ends the answer. */
static enum download_progress
next_metric(struct columns *c, struct jsonw *j)
{
	if (turn_to_next(c))
		return DOWNLOAD_PAUSES;
	jsonw_end(j);
	jsonw_end(j);
	return DOWNLOAD_ENDS;
}

static enum download_progress
begin_metrics(struct columns *c, struct jsonw *j)
{
	c->part = PART_METRICS;
	c->metric = -1;
	jsonw_key(j, "metrics");
	jsonw_object(j);
	return next_metric(c, j);
}

static void
write_head(const struct columns *c, struct jsonw *j)
{
	int64_t first_ms = c->count > 0 ? c->points[0].time_ms : c->q.start_ms;

	jsonw_key(j, METRICS[c->metric].name);
	jsonw_object(j);
	jsonw_key(j, "unit");
	jsonw_str(j, metric_unit_name(METRICS[c->metric].unit));
	jsonw_key(j, "kind");
	jsonw_str(j, METRICS[c->metric].kind == KIND_COUNTER ? "counter" : "gauge");
	jsonw_key(j, "resolution");
	jsonw_int(j, (c->count > 0 ? resolution_at(c, first_ms) : c->q.step_ms) / 1000);
}

static enum download_progress
open_metric(struct columns *c, struct jsonw *j)
{
	read_points(c);
	if (c->q.shared && c->count == 0) {
		jsonw_space(j);
		return next_metric(c, j);
	}
	write_head(c, j);
	c->column = TIMES;
	if (!c->q.shared)
		open_column(c, j, TIMES);
	else if (!open_next(c, j)) {
		jsonw_end(j);
		return next_metric(c, j);
	}
	return DOWNLOAD_GOES_ON;
}

static enum download_progress
close_column(struct columns *c, struct jsonw *j)
{
	jsonw_end(j);
	if (open_next(c, j))
		return DOWNLOAD_GOES_ON;
	jsonw_end(j);
	return next_metric(c, j);
}

static enum download_progress
write_metrics(struct columns *c, struct jsonw *j)
{
	if (!c->is_open)
		return open_metric(c, j);
	if (c->is_walking) {
		c->is_walking = usual_walk_go(c->walk);
		jsonw_space(j);
		return DOWNLOAD_PAUSES;
	}
	if (c->row == c->rows)
		return close_column(c, j);
	for (size_t i = 0; i < PIECE && c->row < c->rows; i++, c->row++)
		write_value(c, j, point_of(c, c->row));
	return DOWNLOAD_GOES_ON;
}

/* ---- the whole ---- */

static int64_t
step_of(const struct columns *c, int64_t time_ms)
{
	int64_t into_ms = time_ms % c->q.step_ms;

	return time_ms - into_ms - (into_ms < 0 ? c->q.step_ms : 0);
}

/* find_times: of what was not kept, there is nothing to tell. */
static void
find_times(struct columns *c)
{
	int64_t oldest_ms, newest_ms, last_ms;

	if (!engine_past_extent(c->q.node, &oldest_ms, &newest_ms))
		return;
	c->first_ms = step_of(c, oldest_ms > c->q.start_ms ? oldest_ms : c->q.start_ms);
	last_ms = step_of(c, newest_ms < c->q.end_ms ? newest_ms : c->q.end_ms);
	if (last_ms >= c->first_ms)
		c->steps = (size_t)((last_ms - c->first_ms) / c->q.step_ms) + 1;
}

static enum download_progress
begin(struct columns *c, struct jsonw *j)
{
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
	if (!c->q.shared)
		return begin_metrics(c, j);
	find_times(c);
	c->part = PART_TIMES;
	open_column(c, j, TIMES);
	return DOWNLOAD_GOES_ON;
}

static enum download_progress
write_times(struct columns *c, struct jsonw *j)
{
	for (size_t i = 0; i < PIECE && c->row < c->steps; i++, c->row++)
		jsonw_int(j, c->first_ms + (int64_t)c->row * c->q.step_ms);
	if (c->row < c->steps)
		return DOWNLOAD_GOES_ON;
	jsonw_end(j);
	return begin_metrics(c, j);
}

static enum download_progress
write_piece(void *arg, struct jsonw *j)
{
	struct columns *c = arg;

	switch (c->part) {
	case PART_HEAD:
		return begin(c, j);
	case PART_TIMES:
		return write_times(c, j);
	case PART_METRICS:
		break;
	}
	return write_metrics(c, j);
}

static void
free_columns(void *arg)
{
	struct columns *c = arg;

	free(c->points);
	free(c->rates);
	usual_walk_free(c->walk);
	free(c);
}

void
columns_serve(const struct columns_query *q, struct downloads *downloads, struct reply *rp)
{
	static const struct download_writer writer = { write_piece, free_columns };
	struct columns *c = xcalloc(1, sizeof(*c));

	c->q = *q;
	c->max = (size_t)columns_steps(q);
	c->points = xcalloc(c->max + 1, sizeof(c->points[0]));
	c->rates = xcalloc(c->max + 1, sizeof(c->rates[0]));
	download_serve(downloads, rp, &writer, c);
}
