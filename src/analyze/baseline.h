/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is usual for a series: an exponential moving average (the seed's, alpha 0.1) and beside it the standard deviation of the
 * distances from it, in constant memory. Updates as in T. Finch, "Incremental calculation of weighted mean and variance"
 * (2009), section 9, after D. West, CACM 22(9), 1979; but the deviation has a smaller alpha of its own: with 0.1 it stands on some ten
 * distances only and is itself mostly noise. Both start as plain means (alpha 1/n), so that the first value does not weigh for ever.
 */
#ifndef ANALYZE_BASELINE_H
#define ANALYZE_BASELINE_H

#include <stdint.h>

#define BASELINE_ALPHA 0.1
#define BASELINE_DEVIATION_ALPHA 0.02

struct baseline {
	uint64_t count; /* values learnt */
	double mean;
	double variance; /* mean square of the distances given */
};

/*
 * baseline_learn moves the mean towards value, by at most BASELINE_ALPHA × step once it has settled, and learns
 * distance, cut to ±reach, as a usual distance: so no single sample can move much, and a runaway series cannot widen
 * its own deviation as fast as it runs.
 */
void baseline_learn(struct baseline *b, double value, double step, double distance, double reach);
/* baseline_deviation is the standard deviation, 0 before the first value. */
double baseline_deviation(const struct baseline *b);

#endif
