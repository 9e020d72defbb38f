/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/baseline.h"

#include <math.h>

static double
clipped(double v, double limit)
{
	return fmax(-limit, fmin(limit, v));
}

void
baseline_learn(struct baseline *b, double value, double distance, double clip)
{
	double n = (double)++b->count;
	double square = clipped(distance, clip) * clipped(distance, clip);

	if (b->count == 1) {
		b->mean = value;
		return;
	}
	b->mean += fmax(BASELINE_ALPHA, 1 / n) * clipped(value - b->mean, clip);
	b->variance += fmax(BASELINE_DEVIATION_ALPHA, 1 / (n - 1)) * (square - b->variance);
}

double
baseline_deviation(const struct baseline *b)
{
	return sqrt(b->variance);
}
