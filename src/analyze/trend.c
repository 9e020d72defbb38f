/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/trend.h"

#include <math.h>
#include <string.h>

#include "analyze/quantile.h"

#define PI 3.14159265358979323846
#define BEND_GOES_ON 1.3
#define SINGULAR 1e-10
#define CUT 4.0
/*
 * n (1 - memory): what is less may well be 0. Fuller 1976 for a line, 5 %: 17.9 to 21.8; more terms make residuals forget faster yet.
 */
static const double UNIT_ROOT[] = { [TREND_LINE] = 21, [TREND_BEND] = 27, [TREND_WAVE] = 34 };
#define MAD_TO_DEVIATION 1.4826 /* of a normal distribution */

/* The values that are known, with their places. */
struct points {
	size_t count;
	double at[TREND_VALUES]; /* 0 is the last place */
	double value[TREND_VALUES];
	double around[TREND_VALUES]; /* deviation from a line */
};

struct line {
	double slope, level; /* the value at place 0 */
};

static void
collect(const double *values, size_t n, struct points *p)
{
	p->count = 0;
	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i])) {
			p->at[p->count] = (double)i - (double)(n - 1);
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
median_level(const struct points *p, double slope)
{
	double levels[TREND_VALUES];

	for (size_t i = 0; i < p->count; i++)
		levels[i] = p->value[i] - slope * p->at[i];
	return median_of(levels, p->count);
}

static void
deviate(struct points *p, struct line l)
{
	for (size_t i = 0; i < p->count; i++)
		p->around[i] = p->value[i] - l.level - l.slope * p->at[i];
}

static void
cut_outliers(struct points *p, size_t n, double cut[TREND_VALUES])
{
	struct line l = { .slope = median_slope(p) };
	double sizes[TREND_VALUES], most;

	l.level = median_level(p, l.slope);
	deviate(p, l);
	for (size_t i = 0; i < p->count; i++)
		sizes[i] = fabs(p->around[i]);
	most = CUT * MAD_TO_DEVIATION * median_of(sizes, p->count);
	for (size_t i = 0; most > 0 && i < p->count; i++) {
		double far = p->around[i] - fmax(-most, fmin(most, p->around[i]));

		cut[n - 1 - (size_t)-p->at[i]] = far;
		p->value[i] -= far;
	}
}

/* ---- generalised least squares ---- */

/* All but the first are 0 at the last place. */
void
trend_terms(const struct trend *t, double place, double x[TREND_TERMS])
{
	double angle;

	x[0] = 1;
	x[1] = place;
	x[2] = x[3] = 0;
	if (t->shape == TREND_BEND)
		x[2] = place * place;
	if (t->shape == TREND_WAVE) {
		angle = 2 * PI * place / t->wave;
		x[2] = sin(angle);
		x[3] = cos(angle) - 1;
	}
}

/* A value with what its predecessor says of it taken out, scaled so that what is new in it has the same deviation everywhere. */
struct row {
	double x[TREND_TERMS], y;
};

static void
make_row(const struct points *p, size_t i, const struct trend *t, struct row *row)
{
	size_t last = i > 0 ? i - 1 : 0;
	double before[TREND_TERMS], rho = t->memory, gap = p->at[i] - p->at[last];
	double kept = i > 0 ? pow(rho, gap) : 0;
	/* Of the variance of a shock: that of all shocks in a gap; of the first value, that of the noise itself. */
	double variance = rho == 1 ? gap : (1 - kept * kept) / (1 - rho * rho);
	double scale = variance > 0 ? 1 / sqrt(variance) : 0;

	trend_terms(t, p->at[i], row->x);
	trend_terms(t, p->at[last], before);
	for (size_t k = 0; k < TREND_TERMS; k++)
		row->x[k] = scale * (row->x[k] - kept * before[k]);
	row->y = scale * (p->value[i] - kept * p->value[last]);
}

/* factorise: Cholesky, in place. False if the terms cannot be told from each other. */
static bool
factorise(struct trend *t)
{
	double(*a)[TREND_TERMS] = t->root;

	for (size_t i = t->first; i < t->terms; i++)
		for (size_t j = t->first; j <= i; j++) {
			double sum = a[i][j], whole = a[i][i];

			for (size_t k = t->first; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i == j && !(sum > SINGULAR * whole))
				return false;
			a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
		}
	return true;
}

static void
solve_lower(const struct trend *t, double v[TREND_TERMS])
{
	for (size_t i = t->first; i < t->terms; i++) {
		for (size_t k = t->first; k < i; k++)
			v[i] -= t->root[i][k] * v[k];
		v[i] /= t->root[i][i];
	}
}

static void
solve_upper(const struct trend *t, double v[TREND_TERMS])
{
	for (size_t i = t->terms; i-- > t->first;) {
		for (size_t k = i + 1; k < t->terms; k++)
			v[i] -= t->root[k][i] * v[k];
		v[i] /= t->root[i][i];
	}
}

/* solve finds the terms, given the noise's memory. A walk has no level: it begins where it is. */
static bool
solve(const struct points *p, struct trend *t)
{
	static const size_t terms[] = { [TREND_LINE] = 2, [TREND_WAVE] = 4, [TREND_BEND] = 3 };

	t->first = t->memory == 1;
	t->terms = terms[t->shape];
	memset(t->root, 0, sizeof(t->root));
	memset(t->term, 0, sizeof(t->term));
	for (size_t i = 0; i < p->count; i++) {
		struct row row;

		make_row(p, i, t, &row);
		for (size_t k = t->first; k < t->terms; k++) {
			t->term[k] += row.x[k] * row.y;
			for (size_t j = t->first; j <= k; j++)
				t->root[k][j] += row.x[k] * row.x[j];
		}
	}
	if (!factorise(t))
		return false;
	solve_lower(t, t->term);
	solve_upper(t, t->term);
	if (t->first > 0)
		t->term[0] = p->value[p->count - 1];
	return true;
}

static void
deviate_from(struct points *p, const struct trend *t)
{
	for (size_t i = 0; i < p->count; i++)
		p->around[i] = p->value[i] - trend_at(t, t->term, p->at[i]);
}

/* ---- the noise's memory ---- */

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
 * estimate), so the larger of the two counts. What may be a walk is taken as one. (2 + 4 memory) / n is by how much residuals of a line forget too fast
 * (Kendall 1954, for a mean: 1 + 3 memory).
 */
static double
find_memory(const struct points *p, enum trend_shape shape)
{
	double n = (double)p->count, none = covariance(p, 0), one = covariance(p, 1), two = covariance(p, 2), memory;

	if (none <= 0)
		return 0;
	memory = one / none;
	if (memory > 2 / sqrt(n) && two > 0)
		memory = fmax(memory, fmin(two / one, 1));
	if (memory > 1 - UNIT_ROOT[shape] / n)
		return 1;
	return memory > 0 ? memory + (2 + 4 * memory) / n : 0;
}

/* ---- what the noise is made of ---- */

/*
 * long_run is by how much more shocks of a walk add up than if they were independent: where each place is an average they are not, neighbours have a
 * quarter in common (H. Working, Econometrica 28 (1960), 916-918). At most that and as much again.
 */
static double
long_run(const struct trend *t)
{
	double squares = 0, neighbours = 0;

	if (t->memory < 1)
		return 1;
	for (size_t i = 0; i < t->shocks; i++) {
		squares += t->shock[i] * t->shock[i];
		neighbours += i > 0 ? t->shock[i] * t->shock[i - 1] : 0;
	}
	return squares > 0 ? 1 + 2 * fmax(0.125, fmin(0.5, neighbours / squares)) : 1;
}

/* find_shocks: what is new at each place; what the terms took up of it is given back. */
static void
find_shocks(const struct points *p, struct trend *t)
{
	size_t used = t->terms - t->first;
	double squares = 0, mean = 0, more;

	t->shocks = 0;
	for (size_t i = t->first; i < p->count; i++) {
		struct row row;

		make_row(p, i, t, &row);
		for (size_t k = t->first; k < t->terms; k++)
			row.y -= row.x[k] * t->term[k];
		t->shock[t->shocks++] = row.y;
		mean += row.y;
		squares += row.y * row.y;
	}
	mean /= (double)t->shocks;
	more = sqrt((double)t->shocks / (double)(t->shocks - used) * long_run(t));
	for (size_t i = 0; i < t->shocks; i++)
		t->shock[i] = more * (t->shock[i] - mean);
	t->deviation = more * sqrt(squares / (double)t->shocks);
	t->freedom = (double)(t->shocks - used);
}

/* term_error: from the information's root. */
static double
term_error(const struct trend *t, size_t term)
{
	double v[TREND_TERMS] = { 0, 0, 0, 0 }, sum = 0;

	v[term] = 1;
	solve_lower(t, v);
	for (size_t k = t->first; k < t->terms; k++)
		sum += v[k] * v[k];
	return t->deviation * sqrt(sum);
}

bool
trend_fit(const double *values, size_t n, enum trend_shape shape, double wave, struct trend *out)
{
	struct points p;

	collect(values, n, &p);
	if (p.count < TREND_LEAST || !isfinite(values[n - 1]))
		return false;
	*out = (struct trend) { .count = p.count, .shape = shape, .wave = wave };
	cut_outliers(&p, n, out->cut);
	if (!solve(&p, out))
		return false;
	deviate_from(&p, out);
	out->memory = find_memory(&p, shape);
	if (!solve(&p, out))
		return false;
	find_shocks(&p, out);
	deviate_from(&p, out);
	out->slope = out->term[1];
	out->error = term_error(out, 1);
	out->stray = out->memory < 1 ? p.around[p.count - 1] : 0;
	return isfinite(out->error);
}

static double
strength(double term, double error)
{
	if (term == 0)
		return 0;
	return error > 0 ? term / error : copysign(INFINITY, term);
}

double
trend_strength(const struct trend *t)
{
	return strength(t->slope, t->error);
}

double
trend_bend_strength(const struct trend *t)
{
	return t->shape == TREND_BEND ? strength(t->term[2], term_error(t, 2)) : 0;
}

void
trend_draw(const struct trend *t, struct chance *c, double term[TREND_TERMS])
{
	double by[TREND_TERMS] = { 0, 0, 0, 0 };
	/* The deviation itself is not known for sure: a t distribution (its chi-square by Wilson and Hilferty's cube). */
	double ninth = 2 / (9 * t->freedom), cube = fmax(1 - ninth + sqrt(ninth) * chance_normal(c), 0.3);
	double deviation = t->deviation / sqrt(cube * cube * cube);

	for (size_t k = t->first; k < t->terms; k++)
		by[k] = deviation * chance_normal(c);
	solve_upper(t, by);
	for (size_t k = 0; k < TREND_TERMS; k++)
		term[k] = t->term[k] + by[k];
	/* Nothing says that a bend goes on as a parabola, which few things are: anything between a line and a little more than that. */
	if (t->shape == TREND_BEND)
		term[2] *= BEND_GOES_ON * chance_uniform(c);
}

double
trend_at(const struct trend *t, const double term[TREND_TERMS], double place)
{
	double x[TREND_TERMS], sum = 0;

	trend_terms(t, place, x);
	for (size_t k = 0; k < TREND_TERMS; k++)
		sum += x[k] * term[k];
	return sum;
}
