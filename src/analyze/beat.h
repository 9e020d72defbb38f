/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When is the next beat of something periodic? The phase is followed by exponential smoothing: where each beat begins the next interval (drift) the last
 * one is all that counts, where a clock gives the beat (cron) it is the mean of all; the gain that would have foretold the past beats best is taken.
 * How far off those forecasts were is how far off the next may be: split conformal prediction (V. Vovk, A. Gammerman, G. Shafer: Algorithmic Learning in a
 * Random World, 2005), so no distribution is presumed. Beats may be left out, as often as they were.
 */
#ifndef ANALYZE_BEAT_H
#define ANALYZE_BEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEAT_TIMES 64
#define BEAT_LEAST 4 /* beats */

struct beat_forecast {
	double low_ms, middle_ms,
	    high_ms; /* quantiles of the next one's time: (1 - confidence) / 2, a half, the rest */
	double interval_ms;
	unsigned beats; /* it goes by */
};

/*
 * beat_next: n <= BEAT_TIMES times, oldest first, among which others than beats may be; one of the last beats is at last_ms, their interval is about
 * interval_ms > 0, of which `jitter` is the standard deviation, as a share. The next one has not come as of now_ms. False if too few of them are beats, or if
 * it is so long overdue that they have ended.
 */
bool beat_next(const int64_t *times_ms, size_t n, int64_t last_ms, double interval_ms, double jitter, int64_t now_ms,
    double confidence, struct beat_forecast *out);

#endif
