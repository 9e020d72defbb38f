/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/trend.h"

#include <math.h>

#include "analyze/quantile.h"

#define CUT 4.0
#define MAD_TO_DEVIATION 1.4826 /* of a normal distribution */

/* The values that are known, with their places. */
struct points {
	size_t count;
	double at[TREND_VALUES];
	double value[TREND_VALUES];
	double around[TREND_VALUES]; /* deviation from a line */
};

struct line {
	double slope, start; /* the value at place 0 */
};

static void
collect(const double *values, size_t n, struct points *p)
{
	p->count = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i])) {
			p->at[p->count] = (double)i;
			p->value[p->count++] = values[i];
		}
}

/* ---- robust: Theil and Sen's line, and what is far from it drawn near ---- */

static double
median_slope(const struct points *p)
{
	double slopes[TREND_VALUES * (TREND_VALUES - 1) / 2];
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		for (size_t j = i + 1; j < p->count; j++)
			slopes[n++] = (p->value[j] - p->value[i]) / (p->at[j] - p->at[i]);
	return median_of(slopes, n);
}

static double
median_start(const struct points *p, double slope)
{
	double starts[TREND_VALUES];

	for (size_t i = 0; i < p->count; i++)
		starts[i] = p->value[i] - slope * p->at[i];
	return median_of(starts, p->count);
}

static void
deviate(struct points *p, struct line l)
{
	for (size_t i = 0; i < p->count; i++)
		p->around[i] = p->value[i] - l.start - l.slope * p->at[i];
}

static void
cut_outliers(struct points *p)
{
	struct line l = { .slope = median_slope(p) };
	double sizes[TREND_VALUES], most;

	l.start = median_start(p, l.slope);
	deviate(p, l);
	for (size_t i = 0; i < p->count; i++)
		sizes[i] = fabs(p->around[i]);
	most = CUT * MAD_TO_DEVIATION * median_of(sizes, p->count);
	for (size_t i = 0; most > 0 && i < p->count; i++)
		p->value[i] += fmax(-most, fmin(most, p->around[i])) - p->around[i];
}

/* ---- the noise's memory ---- */

static struct line
least_squares(const struct points *p)
{
	double n = (double)p->count, at = 0, value = 0, up = 0, down = 0;
	struct line l;

	for (size_t i = 0; i < p->count; i++) {
		at += p->at[i] / n;
		value += p->value[i] / n;
	}
	for (size_t i = 0; i < p->count; i++) {
		up += (p->at[i] - at) * (p->value[i] - value);
		down += (p->at[i] - at) * (p->at[i] - at);
	}
	l.slope = up / down;
	l.start = value - l.slope * at;
	return l;
}

/* covariance of deviations that are so many places apart. */
static double
covariance(const struct points *p, size_t apart)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0, j = 0; i < p->count; i++) {
		while (j < p->count && p->at[j] < p->at[i] + (double)apart)
			j++;
		if (j < p->count && p->at[j] == p->at[i] + (double)apart) {
			sum += p->around[i] * p->around[j];
			n++;
		}
	}
	return n > 0 ? sum / (double)n : 0;
}

/*
 * Noise of measuring on top of a walk hides it from neighbours, but not from the ratio of the second covariance to the first (an instrumental
 * estimate), so the larger of the two counts. (2 + 4 memory) / n is by how much residuals of a line forget too fast (Kendall 1954, for a mean: 1 + 3 memory).
 */
static double
find_memory(const struct points *p)
{
	double n = (double)p->count, none = covariance(p, 0), one = covariance(p, 1), two = covariance(p, 2), memory;

	if (none <= 0 || one <= 0)
		return 0;
	memory = one / none;
	if (memory > 2 / sqrt(n) && two > 0)
		memory = fmax(memory, fmin(two / one, 1));
	memory += (2 + 4 * memory) / n;
	return memory > 1 - 1 / sqrt(n) ? 1 : memory;
}

/* ---- generalised least squares ---- */

/* add_shocks: what is new at each place, given the one before. */
static double
add_shocks(const struct points *p, double memory, struct trend *t)
{
	double squares = 0, mean = 0;

	t->shocks = 0;
	for (size_t i = 1; i < p->count; i++)
		if (p->at[i] - p->at[i - 1] < 2) {
			t->shock[t->shocks] = p->around[i] - memory * p->around[i - 1];
			mean += t->shock[t->shocks++];
		}
	for (size_t i = 0; i < t->shocks; i++) {
		t->shock[i] -= mean / (double)t->shocks;
		squares += t->shock[i] * t->shock[i];
	}
	return t->shocks > 2 ? squares / ((double)t->shocks - 2) : NAN;
}

/* A walk with drift: all that is known of the drift is where it led to. */
static void
fit_walk(struct points *p, struct trend *t)
{
	size_t last = p->count - 1;
	double span = p->at[last] - p->at[0];
	struct line l = { .slope = (p->value[last] - p->value[0]) / span };
	double variance;

	l.start = p->value[0] - l.slope * p->at[0];
	deviate(p, l);
	variance = add_shocks(p, 1, t);
	t->slope = l.slope;
	t->level = p->value[last];
	t->error = sqrt(variance / span);
	t->pivot = 0;
	t->offset = 0;
	t->stray = 0;
}

/* One place's share in the sums of weighted least squares; a value behind a gap stands by itself. */
struct sums {
	double weight, at, value, at_at, at_value;
};

static void
add_to_sums(struct sums *s, const struct points *p, size_t i, double memory)
{
	bool follows = i > 0 && p->at[i] - p->at[i - 1] < 2;
	double scale = sqrt(1 - memory * memory);
	double one = follows ? 1 - memory : scale;
	double at = follows ? p->at[i] - memory * p->at[i - 1] : scale * p->at[i];
	double value = follows ? p->value[i] - memory * p->value[i - 1] : scale * p->value[i];

	s->weight += one * one;
	s->at += one * at;
	s->value += one * value;
	s->at_at += at * at;
	s->at_value += at * value;
}

static void
fit_noise(struct points *p, struct trend *t)
{
	struct sums s = { 0, 0, 0, 0, 0 };
	struct line l;
	size_t last = p->count - 1;
	double spread, variance;

	for (size_t i = 0; i < p->count; i++)
		add_to_sums(&s, p, i, t->memory);
	spread = s.at_at - s.at * s.at / s.weight;
	l.slope = (s.at_value - s.at * s.value / s.weight) / spread;
	l.start = (s.value - l.slope * s.at) / s.weight;
	deviate(p, l);
	variance = add_shocks(p, t->memory, t);
	t->slope = l.slope;
	t->level = l.start + l.slope * p->at[last];
	t->error = sqrt(variance / spread);
	t->pivot = p->at[last] - s.at / s.weight;
	t->offset = sqrt(variance / s.weight);
	t->stray = p->around[last];
}

bool
trend_fit(const double *values, size_t n, struct trend *out)
{
	struct points p;

	collect(values, n, &p);
	if (p.count < TREND_LEAST || !isfinite(values[n - 1]))
		return false;
	cut_outliers(&p);
	deviate(&p, least_squares(&p));
	*out = (struct trend) { .count = p.count, .memory = find_memory(&p) };
	if (out->memory < 1)
		fit_noise(&p, out);
	else
		fit_walk(&p, out);
	return isfinite(out->error);
}

double
trend_strength(const struct trend *t)
{
	if (t->slope == 0)
		return 0;
	return t->error > 0 ? t->slope / t->error : copysign(INFINITY, t->slope);
}
