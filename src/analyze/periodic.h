/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern periodic_restart: restarts of one child at a regular interval, with jitter, drift, missed beats, and other
 * restarts in between. Which intervals are tried: the peaks of the histogram of the distances between the child's restarts; what
 * speaks for one is weighed by analyze/beat_chain.h. That so many were tried, of so many children, is subtracted from the evidence.
 */
#ifndef ANALYZE_PERIODIC_H
#define ANALYZE_PERIODIC_H

#include <stdbool.h>
#include <stdint.h>

#define PERIODIC_MIN_MS \
	12000 /* at a distance of TRAIL_HEAD_MS restarts look regular by themselves; also the least mean distance */
#define PERIODIC_MAX_MS 21600000 /* six hours */
#define PERIODIC_BEATS 6         /* at least */
#define PERIODIC_TRIALS 100      /* intervals that could be told apart */

struct periodic {
	bool found;
	double period_ms;
	double jitter;   /* standard deviation, as a share of the interval */
	double evidence; /* log of the likelihood ratio, less that of the trials */
	uint64_t beats;
	uint64_t missed;
	int64_t first_ms, last_ms; /* beats */
	int64_t detected_ms;
	int64_t after_ms; /* private: what was before is not looked at any more */
	unsigned unseen;  /* private: restarts since all intervals were tried */
};

/*
 * periodic_look judges a child's restarts (times, in order, at most TRAIL_TIMES), of which the last is new, as of now_ms. `children`: among so
 * many children patterns are looked for. True when another pattern took the place of the one that was known: *ended is that.
 */
bool periodic_look(struct periodic *p, const int64_t *times, unsigned count, int64_t now_ms, unsigned children,
    struct periodic *ended);
/* periodic_is_active: the next beat is not long overdue. */
bool periodic_is_active(const struct periodic *p, int64_t now_ms);

#endif
