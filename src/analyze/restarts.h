/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Restart statistics: in all, per supervisor, per (supervisor, child). Supervisors and children are keyed by the canonical bytes of their terms.
 * Bounded whatever comes: so many children and supervisors (who restarted longest ago makes room; what it counted stays in its supervisor's
 * and in all totals), so many reasons, counts per time bucket instead of lists.
 */
#ifndef ANALYZE_RESTARTS_H
#define ANALYZE_RESTARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/budget.h"
#include "analyze/pairing.h"
#include "analyze/reasons.h"
#include "analyze/recent.h"
#include "analyze/trail.h"
#include "analyze/window.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "model/restart.h"

#define RESTARTS_HEALTH_MS 300000 /* the health criterion's span */
#define RESTARTS_RATE_MS 3600000  /* the restart rate's */
#define RESTARTS_RAPID 4          /* restarts of one child in RESTARTS_HEALTH_MS that are a rapid cycle: more than 3 */

/* What is counted for all supervisors together and for each. */
struct tally {
	uint64_t total;
	uint64_t undone; /* were in total, and were none */
	uint64_t failed;
	uint64_t gave_up;
	uint64_t collateral;       /* siblings that were restarted along: not in total */
	int64_t first_ms, last_ms; /* of the restarts in total */
	int64_t before_ms;         /* of the last but one */
	struct window window;      /* an hour */
};

struct supervisor {
	struct supervisor *newer, *older; /* by their last report */
	struct term *name;                /* its identity */
	struct tally tally;
	struct child *newest, *oldest; /* its children, by their last report */
	/* What it told of itself; `told` false: nothing yet. */
	bool told;
	const char *kind; /* a literal */
	enum strategy strategy;
	int64_t child_count; /* -1: not known */
	struct term *pid;
	struct siblings *siblings;
	struct budget budget;
};

struct child {
	unsigned refs;                 /* the statistics, and who holds it */
	struct child *newer, *older;   /* of all children, by their last report */
	struct child *younger, *elder; /* of its supervisor's, likewise */
	struct supervisor *under;      /* NULL: it had to make room */
	struct term *supervisor;
	struct term *id;
	bool group;
	bool rapid; /* in a rapid cycle that was reported */
	uint64_t count;
	uint64_t undone;    /* were in count, and were none */
	uint64_t unsettled; /* restarts of which it is not known yet who was restarted along */
	struct recent_restarts recent;
	struct track *track;        /* on the trail of restarts, for who looks for patterns; NULL: not yet */
	struct reason_list reasons; /* their counts may be less than count: the rest is other */
	struct pairing pairing;
};

struct restarts {
	size_t max_children; /* of children, and of supervisors */
	struct tally all;
	uint64_t undescribed;
	struct map supervisors, children;
	struct supervisor *newest_supervisor, *oldest_supervisor;
	struct child *newest_child, *oldest_child;
	struct reasons reasons;
	struct strbuf key; /* scratch */
};

/* restarts_init: max_children > 0. */
void restarts_init(struct restarts *r, size_t max_children);
void restarts_release(struct restarts *r);
/* restarts_child finds or makes the child that a report is about, and takes it as the one that was heard of last. */
struct child *restarts_child(struct restarts *r, const struct restart *report);
/*
 * restarts_count counts one report (as often as it says) of that child as of report->time_ms. True when this makes it a rapid cycle: once, until
 * five minutes have passed without a restart of this child.
 */
bool restarts_count(struct restarts *r, struct child *c, const struct restart *report);
/* restarts_count_past counts n restarts between first_ms and last->time_ms: they make no cycle and no storm. */
void restarts_count_past(struct restarts *r, struct child *c, const struct restart *last, uint64_t n, int64_t first_ms);
/* restarts_known is the child that a report is about, if it is counted by itself; else NULL. */
struct child *restarts_known(struct restarts *r, const struct restart *report);
/* restarts_take_back: n restarts that were counted as of done->time_ms, under done->reason, were none. */
void restarts_take_back(struct restarts *r, const struct restart *done, uint64_t n);
/* restarts_add_collateral counts n siblings of `of` that were restarted along; restarts_take_collateral takes them back. */
void restarts_add_collateral(struct restarts *r, const struct restart *of, uint64_t n);
void restarts_take_collateral(struct restarts *r, const struct restart *of, uint64_t n);
/* restarts_learn takes what a supervisor told of itself, and returns it; NULL if nothing of it was ever reported. */
struct supervisor *restarts_learn(struct restarts *r, const struct supervisor_facts *f);
/* restarts_tightest is the supervisor whose budget_share is the largest, NULL if none is above 0. */
const struct supervisor *restarts_tightest(const struct restarts *r, int64_t now_ms);
/* restarts_correct counts n restarts of the child under another reason than so far. */
void restarts_correct(struct restarts *r, struct child *c, const struct term *from, const struct term *to, uint64_t n);
/* restarts_add_lost counts n restarts of which nothing is known but that they happened. */
void restarts_add_lost(struct restarts *r, int64_t time_ms, uint64_t n);
/* restarts_add_unknown counts n reports or records of a kind of which no more is known than that. */
void restarts_add_unknown(struct restarts *r, enum restart_kind kind, int64_t time_ms, uint64_t n);
/* restarts_supervisor is the supervisor with this identity, or NULL. */
const struct supervisor *restarts_supervisor(const struct restarts *r, const struct term *key);
/* restarts_find is the child under the supervisor with this identity, or NULL. */
const struct child *restarts_find(const struct restarts *r, const struct term *key, const struct term *child);
/* restarts_in is the number of restarts in the last span_ms (at most an hour), exact to a second. */
uint64_t restarts_in(const struct restarts *r, int64_t now_ms, int64_t span_ms);
/* restarts_worst is the supervisor with the most restarts in the last five minutes, *count of them; NULL if none. */
const struct supervisor *restarts_worst(const struct restarts *r, int64_t now_ms, uint64_t *count);
/* child_still_rapid: the rapid cycle that was reported is not over. */
bool child_still_rapid(const struct child *c, int64_t now_ms);
/* child_hold keeps a child readable, in the statistics or not, until child_release. */
struct child *child_hold(struct child *c);
void child_release(struct child *c);

#endif
