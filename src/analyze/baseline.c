/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/baseline.h"

#include <math.h>

static double
clipped(double v, double limit)
{
	return fmax(-limit, fmin(limit, v));
}

void
baseline_learn(struct baseline *b, double value, double step, double distance, double reach)
{
	double n = (double)++b->count;
	double square = clipped(distance, reach) * clipped(distance, reach);

	if (b->count == 1) {
		b->mean = value;
		return;
	}
	b->mean += fmax(BASELINE_ALPHA, 1 / n) * clipped(value - b->mean, step);
	b->variance += fmax(BASELINE_DEVIATION_ALPHA, 1 / (n - 1)) * (square - b->variance);
}

double
baseline_deviation(const struct baseline *b)
{
	return sqrt(b->variance);
}
