/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes by what they are, so that fifty thousand of one kind are seen as one. What most processes are stands in their dictionary ($initial_call) only, which comes in
 * the dump after all processes, in the same order: until then it is kept aside with what it will add to its kind, 24 bytes each.
 */
#ifndef CRASHDUMP_KINDS_H
#define CRASHDUMP_KINDS_H

#include "base/map.h"
#include "crashdump/summary.h"

#define KINDS_MAX 4096        /* more count as "(others)" */
#define KINDS_PENDING 1000000 /* more stay with what is known of them at first */

struct kinds { /* private */
	struct crash_kind *kinds;
	size_t count, cap;
	struct map index; /* call → its place + 1 */
	struct kind_pending {
		uint64_t pid; /* its hash; 0: done */
		uint64_t memory_bytes;
		uint32_t queue;
		uint32_t kind;
	} * pending;
	size_t pending_count, pending_cap;
	size_t cursor;
};

void kinds_init(struct kinds *k);
void kinds_release(struct kinds *k);
/* kinds_defer adds it when its call is known; as `call`, if it never will be. */
void kinds_defer(struct kinds *k, const char *pid, const char *call, uint64_t memory_bytes, uint64_t queue);
/* kinds_resolve says what the call is of a process that was deferred. */
void kinds_resolve(struct kinds *k, const char *pid, const char *call);
/*
 * kinds_finish adds what is still deferred, and writes the top kinds by memory, of those that have two processes and more; returns how many. *all: how
 * many kinds there are, with those of one.
 */
size_t kinds_finish(struct kinds *k, struct crash_kind *out, size_t top, uint64_t *all);

#endif
