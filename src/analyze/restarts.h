/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restart statistics: in all, per supervisor, per (supervisor, child). Children are keyed by the canonical bytes of their terms. Bounded whatever
 * comes: so many children and supervisors, so many reasons, counts per time bucket instead of lists.
 */
#ifndef ANALYZE_RESTARTS_H
#define ANALYZE_RESTARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/storm.h"
#include "analyze/window.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "model/restart.h"

#define RESTARTS_HEALTH_MS 300000 /* the health criterion's span */
#define RESTARTS_RATE_MS 3600000  /* the restart rate's */
#define RESTARTS_RAPID 4          /* restarts of one child in RESTARTS_HEALTH_MS that are a rapid cycle: more than 3 */
#define RESTARTS_MAX_REASONS 100  /* distinct ones; further ones count under RESTARTS_OTHER */
#define RESTARTS_OTHER "arsenal_other"

struct reason {
	unsigned index;
	bool truncated;
	char *text;
};

/* What is counted for all supervisors together and for each. */
struct tally {
	uint64_t total;
	uint64_t failed;
	uint64_t gave_up;
	int64_t first_ms, last_ms;                  /* of the restarts in total */
	struct window window;                       /* an hour */
	uint64_t reasons[RESTARTS_MAX_REASONS + 1]; /* by reason.index; the last one is RESTARTS_OTHER */
};

struct supervisor {
	struct term *name;
	struct tally tally;
};

struct child {
	struct term *supervisor;
	struct term *id;
	bool group;
	bool rapid; /* in a rapid cycle that was reported */
	uint64_t count;
	struct recent_restarts recent;
	struct storm storm;
};

struct restarts {
	size_t max_children; /* of children, and of supervisors */
	struct tally all;
	uint64_t undescribed;
	struct map supervisors, children, by_reason;
	struct reason *reasons[RESTARTS_MAX_REASONS];
	unsigned reason_count;
	struct strbuf key; /* scratch */
};

void restarts_init(struct restarts *r, size_t max_children);
void restarts_release(struct restarts *r);
/*
 * restarts_add counts one report as of time_ms. It returns the child, or NULL if it has no statistics of its own. *rapid is set when this restart
 * makes it a rapid cycle: once, until five minutes have passed without a restart of this child.
 */
const struct child *restarts_add(struct restarts *r, const struct restart *report, int64_t time_ms, bool *rapid);
/* restarts_add_lost counts n restarts of which nothing is known but that they happened. */
void restarts_add_lost(struct restarts *r, int64_t time_ms, uint64_t n);
/* restarts_in is the number of restarts in the last span_ms (at most an hour), exact to a second. */
uint64_t restarts_in(const struct restarts *r, int64_t now_ms, int64_t span_ms);
/* restarts_worst is the supervisor with the most restarts in the last five minutes, *count of them; NULL if none. */
const struct supervisor *restarts_worst(const struct restarts *r, int64_t now_ms, uint64_t *count);
/* child_still_rapid: the rapid cycle that was reported is not over. */
bool child_still_rapid(const struct child *c, int64_t now_ms);

#endif
