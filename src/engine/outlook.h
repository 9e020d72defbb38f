/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where one series is heading: its growth, and when it reaches a limit. Pure.
 *
 * It is looked at on several scales of time, from minutes to months. What holds on the longest counts, unless a shorter one contradicts it and did
 * not do so before: growth that began an hour ago is seen in an hour, and a ramp that comes every morning, or between two garbage collections, is none.
 */
#ifndef ENGINE_OUTLOOK_H
#define ENGINE_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/trend.h"

/* One scale: blocks of equal length, the oldest first. NaN: nothing is known of it. */
struct outlook_scale {
	int64_t block_ms;
	int64_t lag_ms;             /* how long ago the last block ended */
	size_t count;               /* at most TREND_VALUES */
	double level[TREND_VALUES]; /* what was usual in it */
	double peak[TREND_VALUES];  /* by how much the largest value was above that */
};

struct outlook_question {
	const struct outlook_scale *scales; /* the finest first */
	size_t scale_count;
	double limit;      /* NaN: none is known */
	bool at_peak;      /* the limit is reached by a single value; else by what is usual */
	double confidence; /* of the intervals */
	uint64_t seed;
};

struct outlook {
	bool known;                             /* there is enough history; else nothing else is set */
	int64_t span_ms;                        /* of history that it goes by */
	double growth, growth_low, growth_high; /* per hour; the interval at the confidence */
	bool trend;                             /* the growth (or shrinking) is no chance */
	/* Until the limit is reached, 0 or more; INFINITY: not within the horizon. NaN without a trend towards a limit. */
	double full_ms, full_low_ms, full_high_ms;
	int64_t horizon_ms;
};

void outlook_find(const struct outlook_question *q, struct outlook *out);

#endif
