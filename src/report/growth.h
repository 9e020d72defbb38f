/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What grew: metrics whose level at the end of a range is far above what it was before. Robust: the level before is a median, its spread the median absolute
 * deviation (F. R. Hampel, "The influence curve and its role in robust estimation", 1974), and a change counts only if it is larger than 4 spreads, than
 * a share of the level, and than a floor, and if the last two points both say so. Pure.
 */
#ifndef REPORT_GROWTH_H
#define REPORT_GROWTH_H

#include "report/report.h"

struct growth_row {
	enum metric_id metric;
	double floor; /* in the metric's unit */
	double share; /* of the level before */
};

extern const struct growth_row GROWTHS[];
extern const size_t GROWTH_COUNT;

/*
 * growth_judge compares the points of a range with those before it; with fewer than 12 of those, with the first quarter of the range itself. Of a watch that
 * was short that is a single reading: the growth must be half as large again then. False if the metric has not grown, or there are too few points to say: fewer than 4.
 */
bool growth_judge(const struct growth_row *row, const struct past_point *before, size_t before_count,
    const struct past_point *points, size_t count, struct report_growth *out) MUST_CHECK;

#endif
