/* SPDX-License-Identifier: Apache-2.0 */
/* A line of values as a row of little bars. */
#ifndef TUI_SPARK_H
#define TUI_SPARK_H

#include <stddef.h>

#include "tui/cells.h"

#define SPARK_MAX 400

/*
 * spark_draw draws `count` values, oldest first, over `width` columns, the newest at the right edge: where there are more values than columns each column shows the highest of
 * its own. A value that is not a number is a gap, not a zero. Bars reach from low (the lowest bar, also for what is below) to high (the highest).
 */
void spark_draw(
    struct cells *c, int row, int col, int width, const double *values, size_t count, double low, double high);

/* spark_range finds the least and the largest of the values that are numbers; false if there are none. */
bool spark_range(const double *values, size_t count, double *low, double *high);

#endif
