/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/quantile.h"

#include <stdlib.h>

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
quantile_of_sorted(const double *v, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t i = (size_t)at;

	/* Not by the difference, for two infinite ones have none. */
	if (i + 1 >= n || v[i] == v[i + 1])
		return v[i < n ? i : n - 1];
	return v[i] + (at - (double)i > 0 ? (at - (double)i) * (v[i + 1] - v[i]) : 0);
}

double
quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(v[0]), compare);
	return quantile_of_sorted(v, n, q);
}

static void
swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

/* select_nth puts the number that belongs at k there, smaller ones before it, larger ones behind. */
static double
select_nth(double *v, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = v[low + (high - low) / 2];
		size_t i = low, j = high;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return v[k];
}

double
median_of(double *v, size_t n)
{
	double upper = select_nth(v, n, n / 2), lower = upper;

	if (n % 2 == 1)
		return upper;
	lower = v[0];
	for (size_t i = 1; i < n / 2; i++)
		lower = v[i] > lower ? v[i] : lower;
	return (lower + upper) / 2;
}
