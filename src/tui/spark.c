/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/spark.h"

#include <math.h>

#define LOWEST_BAR 0x2581 /* eight of them, up to a full block */
#define BARS 8

static uint32_t
bar(double v, double low, double high)
{
	double share = high > low ? (v - low) / (high - low) : 0;

	/* Whatever the values: also if the range has no end. */
	return LOWEST_BAR + (uint32_t)fmax(0, fmin(share * BARS, BARS - 1));
}

static double
highest(const double *values, size_t from, size_t to)
{
	double most = NAN;

	for (size_t i = from; i < to; i++)
		if (!isnan(values[i]) && !(most >= values[i]))
			most = values[i];
	return most;
}

void
spark_draw(struct cells *c, int row, int col, int width, const double *values, size_t count, double low, double high)
{
	size_t columns = width < 0 ? 0 : (size_t)width;
	size_t used = count < columns ? count : columns;

	for (size_t i = 0; i < used; i++) {
		double v = highest(values, i * count / used, (i + 1) * count / used);

		if (!isnan(v))
			cells_fill(c, row, col + (int)(columns - used + i), 1, STYLE_CHART, bar(v, low, high));
	}
}

bool
spark_range(const double *values, size_t count, double *low, double *high)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (isnan(values[i]))
			continue;
		*low = any && *low < values[i] ? *low : values[i];
		*high = any && *high > values[i] ? *high : values[i];
		any = true;
	}
	return any;
}
