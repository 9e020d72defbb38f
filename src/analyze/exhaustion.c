/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/exhaustion.h"

#include <math.h>
#include <string.h>

#include "analyze/chance.h"
#include "analyze/quantile.h"

#define PATHS 199
#define STEPS 4096 /* restarts that one path may have */

/* Restarts within the period, a ring; more than the intensity, or more than are ever kept of it, is the end. */
struct path {
	double times[EXHAUSTION_TIMES + STEPS];
	size_t first, count;
};

/* The distances of the last restarts, those longer than it has been quiet since, and how long that is. */
struct gaps {
	size_t count, longer_count;
	double gap[EXHAUSTION_TIMES];
	double longer[EXHAUSTION_TIMES];
	double quiet;
};

static void
collect(const int64_t *times_ms, size_t n, int64_t now_ms, struct gaps *g)
{
	g->count = g->longer_count = 0;
	g->quiet = (double)(now_ms - times_ms[n - 1]);
	for (size_t i = 1; i < n; i++) {
		double gap = fmax(0, (double)(times_ms[i] - times_ms[i - 1]));

		g->gap[g->count++] = gap;
		if (gap > g->quiet)
			g->longer[g->longer_count++] = gap;
	}
}

/*
 * draw_gap draws one of n. That it is longer than any there was counts as half a gap (the estimate of Krichevsky and Trofimov, IEEE Trans. Inf. Theory 27
 * (1981), 199-207): it ended, then, or goes on beyond what is looked at.
 */
static double
draw_gap(const double *gap, size_t n, struct chance *c)
{
	size_t i = chance_below(c, 2 * n + 1);

	return i < 2 * n ? gap[i / 2] : INFINITY;
}

/* What a path is held to. */
struct rule {
	double room; /* restarts within the period that are not too many */
	double period, ahead;
};

/* follow_path returns when more than that are within the period, from now. */
static double
follow_path(struct path *p, const struct gaps *g, const struct rule *rule, struct chance *c)
{
	double now = draw_gap(g->longer, g->longer_count, c) - g->quiet;

	for (size_t steps = 0; now <= rule->ahead && steps < STEPS; steps++) {
		p->times[p->first + p->count++] = now;
		while (now - p->times[p->first] > rule->period) {
			p->first++;
			p->count--;
		}
		if ((double)p->count > rule->room)
			return now;
		now += draw_gap(g->gap, g->count, c);
	}
	return INFINITY;
}

static void
begin_path(struct path *p, const int64_t *times_ms, size_t n, int64_t now_ms)
{
	p->first = 0;
	p->count = n;
	for (size_t i = 0; i < n; i++)
		p->times[i] = (double)(times_ms[i] - now_ms);
}

void
exhaustion_find(const int64_t *times_ms, size_t n, uint32_t unlisted, uint32_t intensity, int64_t period_ms,
    int64_t now_ms, int64_t ahead_ms, double confidence, struct exhaustion *out)
{
	struct rule rule = { (double)intensity - unlisted, (double)period_ms, (double)ahead_ms };
	struct chance c = { (uint64_t)(n > 0 ? times_ms[n - 1] : 0) };
	struct gaps g;
	double times[PATHS];
	size_t ended = 0;
	struct path p;

	memset(out, 0, sizeof(*out));
	if (n < 2)
		return;
	collect(times_ms, n, now_ms, &g);
	for (size_t i = 0; i < PATHS; i++) {
		begin_path(&p, times_ms, n, now_ms);
		times[ended] = follow_path(&p, &g, &rule, &c);
		ended += isfinite(times[ended]);
	}
	out->probability = (double)ended / PATHS;
	if (ended == 0)
		return;
	out->low_ms = quantile(times, ended, (1 - confidence) / 2);
	out->middle_ms = quantile_of_sorted(times, ended, 0.5);
	out->high_ms = quantile_of_sorted(times, ended, (1 + confidence) / 2);
}
