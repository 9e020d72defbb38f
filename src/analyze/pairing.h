/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which caught report and which hand report are the same restart: of the same child, within PAIRING_SPAN_MS of each other by their own times, in
 * whatever order they come in. Each meets one of the other side at most, the oldest first.
 *
 * Reports that have met none wait in buckets of PAIRING_BUCKET_MS, linked by a `struct pairing_report` in whatever keeps them. One that is no
 * longer kept elsewhere (pairing_forget) goes on waiting as a number in its bucket, exact to the bucket's length. A report waits for
 * PAIRING_LATE_MS; there are at most PAIRING_MAX_BUCKETS of each side, the oldest go first.
 */
#ifndef ANALYZE_PAIRING_H
#define ANALYZE_PAIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRING_SPAN_MS 5000
#define PAIRING_BUCKET_MS 100
#define PAIRING_LATE_MS 60000
#define PAIRING_MAX_BUCKETS 256

enum pairing_side { PAIRING_CAUGHT, PAIRING_BY_HAND, PAIRING_SIDE_COUNT };

struct pairing_report {           /* private */
	struct pairing_queue *in; /* NULL: it does not wait */
	struct pairing_report *before, *after;
	int64_t time_ms;
	uint64_t left; /* so many that it stands for have met none yet */
};

struct pairing_bucket { /* private */
	int64_t number;
	uint64_t forgotten;
	struct pairing_report *first, *last;
};

struct pairing { /* private; all zero is an empty one */
	struct pairing_queue {
		struct pairing_bucket *buckets; /* by number; none is empty */
		uint32_t count, room;
	} sides[PAIRING_SIDE_COUNT];
};

/* pairing_release ends all waiting. */
void pairing_release(struct pairing *p);
/* pairing_expire ends the waiting of those that have waited too long as of now_ms. */
void pairing_expire(struct pairing *p, int64_t now_ms);
/*
 * pairing_meet takes the oldest report of a side that is within the span of time_ms, for at most n of those that it stands for. It returns for
 * how many; 0: there is none. *met is the report, or NULL if it is not kept any more.
 */
uint64_t pairing_meet(
    struct pairing *p, enum pairing_side side, int64_t time_ms, uint64_t n, struct pairing_report **met);
/* pairing_wait lets r wait, which stands for n reports at time_ms. r must stay where it is until pairing_forget. */
void pairing_wait(struct pairing *p, enum pairing_side side, struct pairing_report *r, int64_t time_ms, uint64_t n);
/* pairing_forget: r is about to go; whether it waits or not. */
void pairing_forget(struct pairing_report *r);

#endif
