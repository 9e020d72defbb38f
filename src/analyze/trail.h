/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trail of restarts: what all pattern detectors look at. It puts restarts in order (reports come late), tells the
 * crowds among them, and remembers the last ones, of each child and of all.
 *
 * A restart *settles* TRAIL_SETTLED_MS after its time. Until then another one may still come to lie before it, and what
 * is around it is not known yet; so whatever is found in settled steps is the same in whichever order reports came, if
 * none was later than TRAIL_LATE_MS (one that is, is taken for the latest that it may be). In a flood they settle earlier:
 * TRAIL_WAITING steps wait at most, TRAIL_FOLD of one child; beyond that restarts are folded into others of the child.
 *
 * A *crowd* is so many children within a minute that it is not they who fail: a deploy, a lost network. Far more than
 * usual: TRAIL_CROWD children, and TRAIL_CROWD_RATE for each one that a minute has on average (of the last hour).
 *
 * A *head* is a restart that is not shortly after another one of the child (TRAIL_HEAD_MS). Only heads outside of crowds
 * are remembered: storms neither push the past out nor count as more than they are.
 */
#ifndef ANALYZE_TRAIL_H
#define ANALYZE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAIL_LATE_MS 60000
#define TRAIL_MINUTE_MS 60000
#define TRAIL_SCANNED_MS 65000  /* a crowd is looked for when nothing can come before a step any more */
#define TRAIL_SETTLED_MS 130000 /* and a minute later it is known of all steps in it */
#define TRAIL_WAITING 4096
#define TRAIL_FOLD 64
#define TRAIL_CROWD 8
#define TRAIL_CROWD_RATE 4
#define TRAIL_HEAD_MS 5000
#define TRAIL_TIMES 64 /* heads remembered of a child */
#define TRAIL_LOG 4096 /* of all */

struct track;

struct track_owner {
	void (*left)(struct track *); /* the child made room for others: it will not restart under this track again */
	void (*free)(struct track *); /* nobody holds it any more */
};

/* A child on the trail. Its owner embeds it; it is counted: the owner, steps that wait and the log hold it. */
struct track {
	unsigned refs;
	const struct track_owner *owner;
	int64_t *times; /* heads, oldest first */
	unsigned count;
	unsigned room;
	int64_t head_ms;  /* of the last head, crowded or not */
	uint64_t heads;   /* heads outside of crowds, ever */
	uint64_t spells;  /* of them those a minute or more after the one before */
	unsigned waiting; /* private, as all below */
	unsigned present;
	uint64_t folded;
	int64_t folded_ms;
};

/* Restarts of a child that wait. */
struct waiting {
	struct track *track;
	int64_t time_ms;
	uint64_t times;
};

/* Restarts of a child that have settled: `times` of them from time_ms to last_ms. */
struct step {
	struct track *track;
	int64_t time_ms;
	int64_t last_ms;
	uint64_t times;
	bool head;
	bool crowded;
};

struct landmark {
	int64_t time_ms;
	struct track *track;
};

struct trail {                /* private; read by trail_* */
	struct waiting *ring; /* by time */
	size_t room, start, count;
	size_t scanned; /* of them, looked at for crowds */
	size_t behind;  /* index of the first within a minute before the last one scanned */
	unsigned present;
	int64_t scanned_ms;
	int64_t crowd_from_ms, crowd_to_ms;
	double pace; /* children that began to fail in the last hour, fading */
	int64_t pace_ms;
	int64_t began_ms;
	int64_t settled_ms;
	struct landmark *log;
	size_t log_room, log_start, log_count;
};

/* track_init: one reference, the child's. */
void track_init(struct track *t, const struct track_owner *owner);
/* track_leave gives up the child's reference; NULL is allowed. */
void track_leave(struct track *t);
struct track *track_ref(struct track *t);
void track_unref(struct track *t);
/* track_rate is the heads of a child per ms, of those remembered, as of now_ms. */
double track_rate(const struct track *t, const struct trail *trail, int64_t now_ms);

void trail_init(struct trail *t);
void trail_release(struct trail *t);
/* trail_add takes `times` restarts of a child at time_ms. */
void trail_add(struct trail *t, struct track *track, int64_t time_ms, uint64_t times);
/* trail_take takes one of them back, if it has not settled. */
void trail_take(struct trail *t, struct track *track, int64_t time_ms);
/*
 * trail_next hands over the next step that has settled as of now_ms; the caller gives up its track (track_unref). False: there is none. The
 * step is remembered already, if it is a head outside of a crowd.
 */
bool trail_next(struct trail *t, int64_t now_ms, struct step *out);
/* trail_waiting: what waits, at an index, oldest first; NULL behind the last. */
const struct waiting *trail_waiting(const struct trail *t, size_t index);
/* trail_newest_ms is the time of the newest restart, waiting or settled. */
int64_t trail_newest_ms(const struct trail *t);
/* trail_settled_ms: what happened until then has settled. */
int64_t trail_settled_ms(const struct trail *t);
/* trail_began_ms is the time of the first restart ever. */
int64_t trail_began_ms(const struct trail *t);
/* The log: heads outside of crowds, oldest first. trail_find is the index of the first at time_ms or later. */
size_t trail_log_count(const struct trail *t);
const struct landmark *trail_log(const struct trail *t, size_t index);
size_t trail_find(const struct trail *t, int64_t time_ms);
/* trail_forget lets everything go: time went back. */
void trail_forget(struct trail *t);

#endif
