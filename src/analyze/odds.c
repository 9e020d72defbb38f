/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/odds.h"

#include <math.h>

double
odds_log_tail(uint64_t count, double mean)
{
	double k = (double)count, sum = 1, term = 1;

	if (k <= mean || count == 0)
		return 0;
	if (mean <= 0)
		return -INFINITY;
	for (int i = 1; i < 200 && term > 1e-9 * sum; i++) {
		term *= mean / (k + i);
		sum += term;
	}
	return fmin(0, k * log(mean) - mean - lgamma(k + 1) + log(sum));
}

double
odds_confidence(double log_p)
{
	if (log_p >= -1)
		return 0;
	return isinf(log_p) ? 1 : 1 / (1 - log_p * exp(1 + log_p));
}

double
odds_belief(double evidence)
{
	return 1 / (1 + exp(-evidence));
}
