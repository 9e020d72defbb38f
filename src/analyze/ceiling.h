/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evidence a series reaches at most while nothing is wrong: the yardstick that makes evidence of one series comparable with
 * that of another, without any distribution assumed. The past is cut into blocks, of each the largest evidence is kept, and a
 * *ceiling* is the k-th largest of those maxima, which fade: some k - 1 incidents do not move it, and what has not come again
 * for long is forgotten. Evidence divided by its ceiling is a pure number: at 1 it is what came in a few blocks only.
 *
 * There are two, one of many short blocks and one of fewer long ones: the first is known early, the second hardly moves when an incident
 * goes on for a while. The ratio is the mean of the ratios to both, which is steadier than either.
 *
 * Block maxima are those of extreme value theory (E. J. Gumbel, "Statistics of Extremes", 1958), the comparison with past scores
 * that of conformal anomaly detection (R. Laxhammar, G. Falkman, "Conformal prediction for distribution-independent anomaly detection
 * in streaming vessel data", 2010). No law is fitted to the maxima: an order statistic holds for all.
 */
#ifndef ANALYZE_CEILING_H
#define ANALYZE_CEILING_H

#define CEILING_RANK_MAX 7
#define CEILING_MOST 10.0 /* the largest ratio, also where nothing ever came */

enum ceiling_kind { CEILING_SHORT, CEILING_LONG, CEILING_KINDS };
/* Samples of a block, and k. */
#define CEILING_SHORT_BLOCK 18
#define CEILING_SHORT_RANK 7
#define CEILING_LONG_BLOCK 50
#define CEILING_LONG_RANK 5

struct maxima {
	double top[CEILING_RANK_MAX]; /* the largest, falling */
	double block;                 /* maximum of the block under way, */
	unsigned samples;             /* which has so many */
	unsigned known;               /* maxima in top */
};

/* { 0 } is a ceiling that has seen nothing. */
struct ceiling {
	struct maxima of[CEILING_KINDS];
};

/* ceiling_level is the ceiling of long blocks; 0 while it is not known. */
double ceiling_level(const struct ceiling *c);
/* ceiling_ratio of evidence (finite, >= 0) to the ceilings, 0 to CEILING_MOST; a ceiling that is not known yet gives 0. */
double ceiling_ratio(const struct ceiling *c, double evidence);
/* ceiling_learn counts one sample's evidence (finite, >= 0). Judge it first: a sample is not part of its own past. */
void ceiling_learn(struct ceiling *c, double evidence);

#endif
