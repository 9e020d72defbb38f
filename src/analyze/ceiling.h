/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evidence a series reaches at most while nothing is wrong: the yardstick that makes evidence of one series comparable with
 * that of another, without any distribution assumed. The past is cut into blocks, of each the largest evidence is kept, and the
 * *ceiling* is the k-th largest of those maxima, which fade: some k - 1 incidents do not move it, and what has not come again
 * for long is forgotten. Evidence divided by its ceiling is a pure number: at 1 it is what came in a few blocks only.
 *
 * Block maxima are those of extreme value theory (E. J. Gumbel, "Statistics of Extremes", 1958), the comparison with past scores
 * that of conformal anomaly detection (R. Laxhammar, G. Falkman, "Conformal prediction for distribution-independent anomaly detection
 * in streaming vessel data", 2010). No law is fitted to the maxima: an order statistic holds for all.
 */
#ifndef ANALYZE_CEILING_H
#define ANALYZE_CEILING_H

#include <stdbool.h>

#define CEILING_RANK 5      /* k */
#define CEILING_BLOCK 50    /* samples */
#define CEILING_FADE 0.9995 /* of a maximum, per sample */
#define CEILING_MOST 10.0   /* the largest ratio, also where nothing ever came */

/* { 0 } is a ceiling that has seen nothing. */
struct ceiling {
	double top[CEILING_RANK]; /* the largest maxima, falling */
	unsigned known;           /* of them */
	double block;             /* maximum of the block under way, */
	unsigned samples;         /* which has so many */
};

/* ceiling_is_known: the first CEILING_RANK blocks are past. */
bool ceiling_is_known(const struct ceiling *c);
/* ceiling_level is the ceiling; 0 while it is not known. */
double ceiling_level(const struct ceiling *c);
/* ceiling_ratio of evidence (finite, >= 0) to the ceiling, 0 to CEILING_MOST; 0 while the ceiling is not known. */
double ceiling_ratio(const struct ceiling *c, double evidence);
/* ceiling_learn counts one sample's evidence (finite, >= 0). Judge it first: a sample is not part of its own past. */
void ceiling_learn(struct ceiling *c, double evidence);

#endif
