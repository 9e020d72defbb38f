/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/rhythm.h"

#include <math.h>

#include "analyze/quantile.h"

#define CYCLES_MAX 64
#define COMES_AGAIN 0.5

/* mean_around is the mean distance from a line through 0. */
static double
mean_around(const double *values, size_t n, double slope)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(values[i])) {
			sum += values[i] - slope * (double)i;
			known++;
		}
	return known > 0 ? sum / (double)known : 0;
}

/* correlation of what is around the line with what is there a cycle later. */
static double
correlation(const double *values, size_t n, size_t cycle, double slope)
{
	double mean = mean_around(values, n, slope), both = 0, first = 0, second = 0;

	for (size_t i = 0; i + cycle < n; i++) {
		double a = values[i] - slope * (double)i - mean;
		double b = values[i + cycle] - slope * (double)(i + cycle) - mean;

		if (!isfinite(a) || !isfinite(b))
			continue;
		both += a * b;
		first += a * a;
		second += b * b;
	}
	return first > 0 && second > 0 ? both / sqrt(first * second) : 0;
}

static double
median_at(const double *values, size_t n, size_t place, size_t cycle, double slope)
{
	double at[CYCLES_MAX];
	size_t count = 0;

	for (size_t i = place; i < n && count < CYCLES_MAX; i += cycle)
		if (isfinite(values[i]))
			at[count++] = values[i] - slope * (double)i;
	return count > 0 ? median_of(at, count) : NAN;
}

bool
rhythm_find(const double *values, size_t n, size_t cycle, double slope, struct rhythm *out)
{
	double sorted[RHYTHM_PLACES], middle;

	if (n < 2 * cycle || correlation(values, n, cycle, slope) < COMES_AGAIN)
		return false;
	out->count = cycle;
	for (size_t i = 0; i < cycle; i++) {
		out->at[i] = median_at(values, n, i, cycle, slope);
		if (!isfinite(out->at[i]))
			return false;
		sorted[i] = out->at[i];
	}
	middle = median_of(sorted, cycle);
	for (size_t i = 0; i < cycle; i++)
		out->at[i] -= middle;
	return true;
}
