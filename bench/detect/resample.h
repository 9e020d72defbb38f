/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days of a node out of an hour or two of it: a recording is cut into blocks of 5 to 20 minutes, joined in another order (the block bootstrap: H. R.
 * Künsch, "The jackknife and the bootstrap for general stationary observations", 1989). The first block is the recording's beginning, the
 * boot; later ones come from what is after it.
 *
 * Joins fabricate no steps: of 30 places drawn one of the 5 is taken whose levels (medians of 5 samples) are nearest to those at the end of
 * the block before (of rates, the rates), in units of what is significant for the metric (matched blocks: E. Carlstein et al., Bernoulli 4, 1998). What difference is left fades in
 * the course of the block, so that each block begins where the last one ended and ends at its own levels. Counters go on by their
 * differences, whose levels are matched and fade alike where they are watched. Within a block all is as it was, all metrics together.
 */
#ifndef BENCH_DETECT_RESAMPLE_H
#define BENCH_DETECT_RESAMPLE_H

#include "../recording.h"
#include "engine/world.h"

#define BLOCK_MIN 60
#define BLOCK_MAX 240
#define BOOT 24 /* samples that no block but the first begins with */
#define LEVEL 5
#define DRAWN 30
#define NEAREST 5

struct resampler {
	const struct recording *recording;
	struct chance chance;
	size_t at, left, length;     /* next row; rows left of the block, of so many */
	double offset[METRIC_COUNT]; /* at the block's beginning, of gauges */
	double counter[METRIC_COUNT];
	int tick;
};

static inline void
resampler_init(struct resampler *x, const struct recording *r, uint64_t seed)
{
	memset(x, 0, sizeof(*x));
	x->recording = r;
	x->chance.state = seed * 7919 + 17;
	x->left = x->length = BLOCK_MAX;
	for (int m = 0; m < METRIC_COUNT; m++)
		x->counter[m] = r->rows[0][m];
}

static inline int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline bool
is_rate(int metric)
{
	return METRICS[metric].watch == WATCH_RATE;
}

/* level_before is the median of the samples before a row, of what is watched as a rate that of its differences; NaN: there is none. */
static inline double
level_before(const struct recording *r, size_t row, int metric)
{
	double v[LEVEL];
	size_t n = 0;

	for (size_t i = row - LEVEL; i < row; i++) {
		double one = r->rows[i][metric] - (is_rate(metric) ? r->rows[i - 1][metric] : 0);

		if (isfinite(one))
			v[n++] = one;
	}
	qsort(v, n, sizeof(v[0]), compare_doubles);
	return n ? v[n / 2] : (double)NAN;
}

/* join_distance is how far the levels at a row are from those before another one. */
static inline double
join_distance(const struct recording *r, size_t from, size_t to)
{
	double sum = 0;

	for (int m = 0; m < METRIC_COUNT; m++) {
		double a = level_before(r, from, m), b = level_before(r, to, m);

		double floor = METRICS[m].floor * (is_rate(m) ? WORLD_INTERVAL_MS / 1000 : 1);

		if (METRICS[m].watch != WATCH_NONE && isfinite(a) && isfinite(b))
			sum += fabs(a - b) / fmax(floor, METRICS[m].share * fabs(a));
	}
	return sum;
}

struct join {
	size_t row;
	double distance;
};

static inline int
compare_joins(const void *a, const void *b)
{
	return compare_doubles(&((const struct join *)a)->distance, &((const struct join *)b)->distance);
}

static inline size_t
draw(struct chance *c, size_t from, size_t to)
{
	return from + (size_t)(uniform(c) * (double)(to - from));
}

static inline void
next_block(struct resampler *x)
{
	const struct recording *r = x->recording;
	struct join joins[DRAWN];
	size_t end = x->at;

	x->left = x->length = draw(&x->chance, BLOCK_MIN, BLOCK_MAX + 1);
	for (int i = 0; i < DRAWN; i++) {
		joins[i].row = draw(&x->chance, BOOT, r->count - x->length);
		joins[i].distance = join_distance(r, end, joins[i].row);
	}
	qsort(joins, DRAWN, sizeof(joins[0]), compare_joins);
	x->at = joins[draw(&x->chance, 0, NEAREST)].row;
	for (int m = 0; m < METRIC_COUNT; m++)
		x->offset[m] = level_before(r, end, m) - level_before(r, x->at, m);
}

static inline double
resampled_gauge(const struct resampler *x, int metric, double extra)
{
	double v = x->recording->rows[x->at][metric] + extra;

	if (isfinite(x->offset[metric]))
		v += x->offset[metric] * (double)x->left / (double)x->length;
	v = METRICS[metric].unit == UNIT_PERCENT ? fmin(100, v) : v;
	return fmax(0, METRICS[metric].unit == UNIT_COUNT ? round(v) : v);
}

static inline double
resampled_counter(struct resampler *x, int metric, double extra)
{
	const struct recording *r = x->recording;
	double grown = x->at > 0 ? r->rows[x->at][metric] - r->rows[x->at - 1][metric] : 0;

	if (is_rate(metric) && isfinite(x->offset[metric]))
		grown += x->offset[metric] * (double)x->left / (double)x->length;
	if (isfinite(grown))
		x->counter[metric] += fmax(0, grown + extra * WORLD_INTERVAL_MS / 1000);
	return floor(x->counter[metric]);
}

/* resampler_sample is the next sample; effects as of world_sample. */
static inline void
resampler_sample(struct resampler *x, struct sample *s, const struct effect *effects, int lasting)
{
	if (x->left == 0)
		next_block(x);
	memset(s, 0, offsetof(struct sample, top));
	s->time_ms = WORLD_START_MS + (int64_t)x->tick++ * WORLD_INTERVAL_MS;
	for (int m = 0; m < METRIC_COUNT; m++) {
		double extra = effect_on(effects, (enum metric_id)m, lasting);

		if (isfinite(x->recording->rows[x->at][m]))
			sample_set(s, (enum metric_id)m,
			    METRICS[m].kind == KIND_COUNTER ? resampled_counter(x, m, extra)
							    : resampled_gauge(x, m, extra));
	}
	x->at++;
	x->left--;
}

#endif
