/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there a trend, and how steep? The noise around it need not be independent: it may be a walk that goes nowhere for long, which is what most
 * false trends are made of. So the test is one that holds for noise that forgets (white, AR(1)) and for noise that never does (a unit root):
 *
 *	P. Perron, T. Yabu: Estimating deterministic trends with an integrated or stationary noise component. J. Econometrics 151 (2009), 56-69
 *
 * Feasible generalised least squares with the noise's memory (its AR(1) coefficient) estimated from the residuals, corrected for its bias, and taken
 * as 1 where it is near 1. What the line is fitted to is made robust before: residuals of a Theil-Sen line (P. K. Sen, J. Am. Stat. Assoc. 63
 * (1968), 1379-1389) are cut off at four robust deviations.
 */
#ifndef ANALYZE_TREND_H
#define ANALYZE_TREND_H

#include <stdbool.h>
#include <stddef.h>

#define TREND_VALUES 96 /* at most, in one series */
#define TREND_LEAST 12  /* below so many known values nothing is said */

struct trend {
	size_t count;  /* known values it goes by */
	double level;  /* the line at the last place */
	double slope;  /* per place */
	double error;  /* standard error of the slope */
	double pivot;  /* around which place, counted back from the last, level and slope are independent */
	double offset; /* standard error of the line there */
	double
	    memory;   /* share of a deviation that is left at the next place: 0 to 1; at 1 the noise is a random walk */
	double stray; /* deviation at the last place; 0 where memory is 1, for then the line begins there */
	size_t shocks; /* what was new in the noise from place to place, around 0 */
	double shock[TREND_VALUES];
};

/*
 * trend_fit fits n <= TREND_VALUES values at places of equal distance, oldest first; NaN: not known. False if fewer than TREND_LEAST are known, or
 * the last is not. Deterministic; n^2 / 2 slopes are looked at.
 */
bool trend_fit(const double *values, size_t n, struct trend *out);
/* trend_strength is slope / error, as of a t distribution; 0 without a slope, infinite without noise. */
double trend_strength(const struct trend *t);

#endif
