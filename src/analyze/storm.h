/* SPDX-License-Identifier: Apache-2.0 */
/* The pattern restart_storm: rapid consecutive restarts of one child, 5 or more in 60 s. */
#ifndef ANALYZE_STORM_H
#define ANALYZE_STORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORM_RESTARTS 5
#define STORM_SPAN_MS 60000

/* The times of a child's last restarts, newest first; all that is needed for a storm and for a rapid cycle, however long the flood. */
struct recent_restarts {
	unsigned count;
	int64_t time_ms[STORM_RESTARTS];
};

/* recent_restarts_add puts a time in front; one before the newest is taken as the newest. */
void recent_restarts_add(struct recent_restarts *r, int64_t time_ms);
/* recent_restarts_take takes a time out again. */
void recent_restarts_take(struct recent_restarts *r, int64_t time_ms);
/* recent_restarts_within: the newest n restarts happened within span_ms. n is at most STORM_RESTARTS. */
bool recent_restarts_within(const struct recent_restarts *r, unsigned n, int64_t span_ms);

/* A child's last storm; restarts is 0 if there was none. */
struct storm {
	uint64_t restarts;
	uint64_t slower; /* private: restarts since last_ms, too slow for a storm so far */
	int64_t first_ms;
	int64_t last_ms;
	int64_t detected_ms; /* the fifth restart */
};

/* storm_update takes note of the newest restart in r. A storm goes on until 60 s pass without 5 in 60 s. */
void storm_update(struct storm *s, const struct recent_restarts *r);
/* storm_take: of what it took note of, one restart was none; r is without it. */
void storm_take(struct storm *s, const struct recent_restarts *r);
bool storm_is_active(const struct storm *s, int64_t now_ms);
/* storm_confidence is 1 - 2^(3 - restarts): 0.75 with five, halving the doubt with each further one. */
double storm_confidence(const struct storm *s);
/* storm_describe writes one line for a person. */
void storm_describe(const struct storm *s, const char *child, char *buf, size_t size);

#endif
