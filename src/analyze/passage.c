/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/passage.h"

#include <assert.h>
#include <math.h>

#include "analyze/chance.h"
#include "analyze/quantile.h"

#define PATHS 199
#define TAIL_SHARE 10 /* one in so many peaks is of the tail */
#define TAIL_LEAST 3

static double
draw(struct chance *c, const double *of, size_t n)
{
	return n > 0 ? of[chance_below(c, n)] : 0;
}

/*
 * Peaks, the largest first. The future is longer than the past, so larger ones than were seen will come: the tail behind the k-th goes on as a power (Weissman,
 * J. Am. Stat. Assoc. 73 (1978), 812-815), with the exponent that the first k show (Hill, Ann. Stat. 3 (1975), 1163-1174).
 */
struct peaks {
	size_t count, tail;
	double value[TREND_VALUES];
	double exponent;
};

static void
begin_peaks(struct peaks *p, const double *peaks, size_t n)
{
	double sum = 0;

	p->count = n;
	p->exponent = 0;
	p->tail = n / TAIL_SHARE > TAIL_LEAST ? n / TAIL_SHARE : TAIL_LEAST;
	for (size_t i = 0; i < n; i++)
		p->value[i] = -fmax(peaks[i], 0);
	if (n == 0)
		return;
	quantile(p->value, n, 0);
	for (size_t i = 0; i < n; i++)
		p->value[i] = -p->value[i];
	if (n < TREND_LEAST || p->value[p->tail] <= 0)
		return;
	for (size_t i = 0; i < p->tail; i++)
		sum += log(p->value[i] / p->value[p->tail]);
	p->exponent = fmin(sum / (double)p->tail, 1);
}

static double
draw_peak(const struct peaks *p, struct chance *c)
{
	size_t i = p->count > 0 ? chance_below(c, p->count) : 0;

	if (p->count == 0)
		return 0;
	return i < p->tail && p->exponent > 0 ? p->value[p->tail] * pow(chance_uniform(c), -p->exponent) : p->value[i];
}

/* What is the same on all paths. */
struct ahead {
	struct peaks peaks;
	double terms[PASSAGE_PLACES + 1][TREND_TERMS];
};

static void
begin(const struct passage_question *q, struct ahead *a)
{
	assert(q->horizon <= PASSAGE_PLACES);
	begin_peaks(&a->peaks, q->peaks, q->peak_count);
	for (size_t i = 1; i <= q->horizon; i++)
		trend_terms(q->trend, (double)i, a->terms[i]);
}

static double
follow_path(const struct passage_question *q, const struct ahead *a, struct chance *c)
{
	const struct trend *t = q->trend;
	double term[TREND_TERMS], noise = t->stray;

	trend_draw(t, c, term);
	for (size_t i = 1; i <= q->horizon; i++) {
		const double *x = a->terms[i];
		double value = x[0] * term[0] + x[1] * term[1] + x[2] * term[2] + x[3] * term[3];

		noise = t->memory * noise + draw(c, t->shock, t->shocks);
		value += noise + draw_peak(&a->peaks, c);
		if (q->rhythm_count > 0)
			value += q->rhythm[i % q->rhythm_count];
		/* Somewhere in that block: nothing says where. */
		if (value >= q->limit)
			return (double)i - chance_uniform(c);
	}
	return INFINITY;
}

void
passage_find(const struct passage_question *q, double confidence, struct passage *out)
{
	struct chance c = { q->seed };
	struct ahead ahead;
	double times[PATHS];
	size_t reached = 0;

	begin(q, &ahead);
	for (size_t i = 0; i < PATHS; i++) {
		times[i] = follow_path(q, &ahead, &c);
		reached += isfinite(times[i]);
	}
	out->low = quantile(times, PATHS, (1 - confidence) / 2);
	out->middle = quantile_of_sorted(times, PATHS, 0.5);
	out->high = quantile_of_sorted(times, PATHS, (1 + confidence) / 2);
	out->reached = (double)reached / PATHS;
}
