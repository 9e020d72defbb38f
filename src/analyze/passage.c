/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/passage.h"

#include <math.h>

#include "analyze/chance.h"
#include "analyze/quantile.h"

#define PATHS 199

static double
draw(struct chance *c, const double *of, size_t n)
{
	return n > 0 ? of[chance_below(c, n)] : 0;
}

/* draw_line is a line as likely as the data make it: its level at the last place, and its slope. */
static void
draw_line(const struct trend *t, struct chance *c, double *level, double *slope)
{
	double by = t->error * chance_normal(c);

	*slope = t->slope + by;
	*level = t->level + by * t->pivot + t->offset * chance_normal(c);
}

static double
follow_path(const struct passage_question *q, struct chance *c)
{
	const struct trend *t = q->trend;
	double level, slope, noise = t->stray;

	draw_line(t, c, &level, &slope);
	for (size_t i = 1; i <= q->horizon; i++) {
		double value, peak = fmax(draw(c, q->peaks, q->peak_count), 0);

		noise = t->memory * noise + draw(c, t->shock, t->shocks);
		value = level + slope * (double)i + noise + peak;
		if (q->rhythm_count > 0)
			value += q->rhythm[i % q->rhythm_count];
		/* Somewhere between the two places: nothing says where. */
		if (value >= q->limit)
			return (double)i - chance_uniform(c);
	}
	return INFINITY;
}

void
passage_find(const struct passage_question *q, double confidence, struct passage *out)
{
	struct chance c = { q->seed };
	double times[PATHS];
	size_t reached = 0;

	for (size_t i = 0; i < PATHS; i++) {
		times[i] = follow_path(q, &c);
		reached += isfinite(times[i]);
	}
	out->low = quantile(times, PATHS, (1 - confidence) / 2);
	out->middle = quantile_of_sorted(times, PATHS, 0.5);
	out->high = quantile_of_sorted(times, PATHS, (1 + confidence) / 2);
	out->reached = (double)reached / PATHS;
}
