/* SPDX-License-Identifier: Apache-2.0 */
/* The times of a child's last restarts, newest first: all that a rapid cycle and a storm need, however long the flood. */
#ifndef ANALYZE_RECENT_H
#define ANALYZE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#define RECENT_RESTARTS_MAX 5

struct recent_restarts {
	unsigned count;
	int64_t time_ms[RECENT_RESTARTS_MAX];
};

/* recent_restarts_add puts a time in front; one before the newest is taken as the newest. */
void recent_restarts_add(struct recent_restarts *r, int64_t time_ms);
/* recent_restarts_take takes a time out again. */
void recent_restarts_take(struct recent_restarts *r, int64_t time_ms);
/* recent_restarts_within: the newest n restarts happened within span_ms. n is at most RECENT_RESTARTS_MAX. */
bool recent_restarts_within(const struct recent_restarts *r, unsigned n, int64_t span_ms);

#endif
