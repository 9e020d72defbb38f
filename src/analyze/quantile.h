/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of a handful of numbers. */
#ifndef ANALYZE_QUANTILE_H
#define ANALYZE_QUANTILE_H

#include <stddef.h>

/* quantile sorts the n > 0 numbers (none is NaN) and returns their q-quantile, 0 to 1, by linear interpolation (Hyndman and Fan 1996, type 7). */
double quantile(double *v, size_t n, double q);
/* quantile_of_sorted is the same of numbers that are sorted. */
double quantile_of_sorted(const double *v, size_t n, double q);
/* median_of is their median; reorders them. In linear time on average (Hoare's selection). */
double median_of(double *v, size_t n);

#endif
