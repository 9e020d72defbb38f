/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slow drift of a quantity towards its limit: a leak that is too slow for the baseline, which follows it. Constant memory; a leak is found
 * before it has eaten a tenth of the limit, a rise that stops by itself, or comes every day, is none.
 *
 * Values are reduced to medians of three, those to medians of three, and so on (the remedian: P. Rousseeuw and G. Bassett, JASA 85, 1990), which
 * gives the series in DRIFT_SCALES resolutions. On each the last DRIFT_BLOCKS medians are looked at, of 2 minutes, 7, 20, 61, 3 hours and
 * 9 hours if a sample comes every 5 s. There is drift towards the limit when on one of them
 *
 *	they have risen by 3 % of the limit, or by 1.5 changes that are significant if the limit is reached within
 *	12 hours (more at a threshold above 2.0, in proportion),
 *	nearly all pairs have (Mann-Kendall: H. Mann, Econometrica 13, 1945; 9 of 10, by a quarter of the mean slope at least),
 *	the last third has risen by at least 0.7 of what the third before has: it does not level off,
 *	the level is as much above all that was seen before them, in the last two days, and
 *	the limit is in view: going on so it is reached within 12 hours, or within 48 if the level has doubled, or, once a whole day
 *	is known, and with it its rhythm, within a week.
 *
 * Drift is told once, and again after another tenth of the limit.
 */
#ifndef ANALYZE_DRIFT_H
#define ANALYZE_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#define DRIFT_SCALES 6
#define DRIFT_BLOCKS 9
#define DRIFT_PEAKS 48 /* of an hour each, at 5 s */

struct drift { /* private */
	double scale;
	double pending[DRIFT_SCALES][3];
	uint8_t pending_count[DRIFT_SCALES];
	double block[DRIFT_SCALES][DRIFT_BLOCKS]; /* rings */
	uint8_t next[DRIFT_SCALES], count[DRIFT_SCALES];
	double peaks[DRIFT_PEAKS]; /* the highest median of three in each hour; a ring */
	uint32_t peak_samples;     /* of the hour that is not over */
	uint32_t hours;            /* ever */
	double start;              /* level before the drift that was told last */
	double told;               /* level when drift was told; NaN: none is going on */
};

/* Finite, in the series' unit. */
struct drift_bounds {
	double limit;  /* > 0 */
	double room;   /* what is left to the limit: of memory, others may have eaten of it, too */
	double change; /* the least change that is significant, > 0 (detector_limit) */
};

/* drift_init: threshold > 0 as anomaly_threshold; larger: fewer findings. */
void drift_init(struct drift *d, double threshold);
/* drift_feed takes the next value; true when a drift is found, or has gone on for another tenth. */
bool drift_feed(struct drift *d, double value, const struct drift_bounds *b);
/* drift_start is the level before the drift that was found last. */
double drift_start(const struct drift *d);
/* drift_restart: the node was rebooted. What is going on is over; the levels known stay known. */
void drift_restart(struct drift *d);

#endif
