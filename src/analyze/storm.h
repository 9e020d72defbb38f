/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern restart_storm: rapid consecutive restarts of one child, 5 or more in 60 s. It is fed in order (analyze/trail.h). */
#ifndef ANALYZE_STORM_H
#define ANALYZE_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/recent.h"

#define STORM_RESTARTS RECENT_RESTARTS_MAX
#define STORM_SPAN_MS 60000

/* A child's last storm; restarts is 0 if there was none. */
struct storm {
	uint64_t restarts;
	uint64_t slower; /* private: restarts since last_ms, too slow for a storm so far */
	int64_t first_ms;
	int64_t last_ms;
	int64_t detected_ms; /* the fifth restart */
	struct recent_restarts recent;
};

/*
 * storm_feed takes `times` restarts from time_ms to last_ms. A storm goes on until 60 s pass without 5 in 60 s; what comes then may begin
 * the next one, in its place.
 */
void storm_feed(struct storm *s, int64_t time_ms, int64_t last_ms, uint64_t times);
bool storm_is_active(const struct storm *s, int64_t now_ms);
/* storm_end forgets the storm, but not the restarts that may belong to another one. */
void storm_end(struct storm *s);
/* storm_confidence is 1 - 2^(3 - restarts): 0.75 with five, halving the doubt with each further one. */
double storm_confidence(const struct storm *s);

#endif
