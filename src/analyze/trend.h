/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is there a trend, and how steep? The noise around it need not be independent: it may be a walk that goes nowhere for long, which is what most
 * false trends are made of. So the test is one that holds for noise that forgets (white, AR(1)) and for noise that never does (a unit root):
 *
 *	P. Perron, T. Yabu: Estimating deterministic trends with an integrated or stationary noise component. J. Econometrics 151 (2009), 56-69
 *
 * Feasible generalised least squares with the noise's memory (its AR(1) coefficient) estimated from the residuals, corrected for its bias, and taken
 * as 1 where that cannot be ruled out. What the line is fitted to is made robust before: residuals of a Theil-Sen line (P. K. Sen, J. Am. Stat.
 * Assoc. 63 (1968), 1379-1389) are cut off at four robust deviations. A wave of a known length may be fitted along with the line: then a slope that
 * might as well be a part of the wave has a large error. Or a bend, for growth that gets faster or settles.
 */
#ifndef ANALYZE_TREND_H
#define ANALYZE_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "analyze/chance.h"

#define TREND_VALUES 96 /* at most, in one series */
#define TREND_LEAST 12  /* below so many known values nothing is said */
#define TREND_TERMS 4   /* level at the last place, slope there, and the wave's two, or the bend */

enum trend_shape { TREND_LINE, TREND_WAVE, TREND_BEND };

struct trend {
	size_t count; /* known values it goes by */
	double slope; /* per place */
	double error; /* standard error of the slope */
	double
	    memory;   /* share of a deviation that is left at the next place: 0 to 1; at 1 the noise is a random walk */
	double stray; /* deviation at the last place; 0 where memory is 1, for then the line begins there */
	size_t shocks; /* what was new in the noise from place to place, around 0 */
	double shock[TREND_VALUES];
	double cut[TREND_VALUES]; /* by place: how much of the value was taken for an outlier and left out */
	/* private */
	enum trend_shape shape;
	double wave;         /* places */
	size_t first, terms; /* those that are uncertain */
	double term[TREND_TERMS];
	double root[TREND_TERMS][TREND_TERMS]; /* Cholesky's of the information; lower */
	double deviation;                      /* of a shock */
	double freedom;                        /* degrees of it, of which the deviation comes */
};

/*
 * trend_fit fits n <= TREND_VALUES values at places of equal distance, oldest first; NaN: not known. wave: the length of a TREND_WAVE in places. False if fewer
 * than TREND_LEAST are known, or the last is not, or too little of the wave is seen to tell it from the line at all. n^2 / 2 slopes are looked at.
 */
bool trend_fit(const double *values, size_t n, enum trend_shape shape, double wave, struct trend *out);
/* trend_strength is slope / error, as of a t distribution; 0 without a slope, infinite without noise. */
double trend_strength(const struct trend *t);
/* trend_bend_strength is the same of the bend; 0 of other shapes. */
double trend_bend_strength(const struct trend *t);
/*
 * trend_draw draws terms that are as likely as the data make them; trend_terms is what they are multiplied with, so many places behind the last, and
 * trend_at the value there.
 */
void trend_draw(const struct trend *t, struct chance *c, double term[TREND_TERMS]);
void trend_terms(const struct trend *t, double place, double x[TREND_TERMS]);
double trend_at(const struct trend *t, const double term[TREND_TERMS], double place);

#endif
