/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten minutes come from samples, two days from minutes, the rest from hours. What a block's level is: the median of the means in it; of each mean the
 * smallest and the largest value are left out, so that a single odd value shows in the peak only.
 */
#include "engine/foresight_scales.h"

#include <math.h>
#include <stdlib.h>

#include "analyze/quantile.h"
#include "base/alloc.h"
#include "engine/past.h"
#include "engine/state.h"

#define MINUTES_MS (INT64_C(2) * 86400000)
#define HOURS_MS (INT64_C(90) * 86400000)
#define MINUTE_POINTS (2 * 1440 + 2)
#define HOUR_POINTS (90 * 24 + 2)

static const struct {
	int64_t block_ms;
	size_t count;
} SCALES[FORESIGHT_SCALES] = {
	{ 15000, 40 },    /* 10 minutes */
	{ 60000, 60 },    /* an hour */
	{ 300000, 72 },   /* 6 hours */
	{ 1800000, 48 },  /* a day */
	{ 7200000, 96 },  /* 8 days */
	{ 86400000, 90 }, /* 90 days */
};

struct points {
	struct past_point *points;
	size_t count;
};

static double
trimmed_mean(const struct past_point *p)
{
	return p->count < 4 ? p->mean : (p->mean * p->count - p->min - p->max) / (p->count - 2);
}

/* fill_block makes one of the points from a time on, up to another; *at goes on behind them. */
static void
fill_block(const struct points *p, size_t *at, int64_t from_ms, int64_t end_ms, double *level, double *peak)
{
	double means[MINUTE_POINTS], most = -INFINITY;
	size_t n = 0;

	while (*at < p->count && p->points[*at].time_ms < from_ms)
		++*at;
	for (; *at < p->count && p->points[*at].time_ms < end_ms; ++*at) {
		means[n] = trimmed_mean(&p->points[*at]);
		n += isfinite(means[n]) != 0;
		most = fmax(most, p->points[*at].max);
	}
	*level = n > 0 ? median_of(means, n) : NAN;
	*peak = most - *level;
}

static void
fill_scale(const struct points *p, int64_t end_ms, int64_t now_ms, struct outlook_scale *s)
{
	size_t at = 0;

	s->lag_ms = now_ms > end_ms ? now_ms - end_ms : 0;
	for (size_t i = 0; i < s->count; i++) {
		int64_t from_ms = end_ms - (int64_t)(s->count - i) * s->block_ms;

		fill_block(p, &at, from_ms, from_ms + s->block_ms, &s->level[i], &s->peak[i]);
	}
}

/* The end of what is known: the last block is a whole one. */
static int64_t
end_of(const struct points *p, int64_t step_ms)
{
	return p->count > 0 ? p->points[p->count - 1].time_ms + step_ms : 0;
}

static void
read_samples(const struct engine *e, enum metric_id metric, int64_t from_ms, struct foresight_scales *out)
{
	struct past_point points[40];
	struct outlook_scale *s = &out->scales[0];
	struct points p = { points, 0 };
	int64_t end_ms = e->last->time_ms + 1, begin_ms = end_ms - (int64_t)s->count * s->block_ms;

	from_ms = from_ms > begin_ms ? from_ms : begin_ms;
	p.count = engine_past_points(e, metric, from_ms, end_ms, s->block_ms, points, 40);
	fill_scale(&p, end_of(&p, s->block_ms), e->last->time_ms, s);
}

static void
read_rollup(const struct engine *e, const struct rollup *r, enum metric_id metric, int64_t from_ms, int64_t back_ms,
    size_t max, struct outlook_scale *first, struct outlook_scale *end)
{
	struct points p = { xcalloc(max, sizeof(struct past_point)), 0 };
	int64_t begin_ms = e->last->time_ms - back_ms;

	p.count = rollup_points(r, metric, from_ms > begin_ms ? from_ms : begin_ms, p.points, max);
	for (struct outlook_scale *s = first; s < end; s++)
		fill_scale(&p, end_of(&p, r->step_ms), e->last->time_ms, s);
	free(p.points);
}

bool
foresight_scales_read(const struct engine *e, enum metric_id metric, int64_t from_ms, struct foresight_scales *out)
{
	struct outlook_scale *s = out->scales;

	if (e->last == NULL || !e->last->present[metric])
		return false;
	out->count = FORESIGHT_SCALES;
	for (size_t i = 0; i < FORESIGHT_SCALES; i++) {
		s[i].block_ms = SCALES[i].block_ms;
		s[i].count = SCALES[i].count;
	}
	read_samples(e, metric, from_ms, out);
	read_rollup(e, &e->minutes, metric, from_ms, MINUTES_MS, MINUTE_POINTS, &s[1], &s[4]);
	read_rollup(e, &e->hours, metric, from_ms, HOURS_MS, HOUR_POINTS, &s[4], &s[6]);
	return true;
}
