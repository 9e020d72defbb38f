/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why children restarted: for each child a sparse list of (reason, count). A reason that several children share is kept once. Bounded: so many
 * reasons of a child, each of so many bytes (of a larger one its text), and so many bytes in all; what finds no place is
 * not kept here, and its owner knows from its total how many those are ("arsenal_other").
 */
#ifndef ANALYZE_REASONS_H
#define ANALYZE_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "model/term.h"

#define RESTARTS_MAX_REASONS 100 /* distinct ones of a child */
#define RESTARTS_REASON_MAX 1024 /* bytes of one */
#define REASONS_MAX_BYTES (32u << 20)

struct reason {
	struct term *term;
	size_t users; /* lists that it is in */
	size_t index; /* in reasons.all */
	size_t bytes;
};

/* All reasons that some list has. */
struct reasons {
	struct reason **all;
	size_t count, room;
	size_t bytes;
	struct map by_term;
	struct term *undefined; /* stands for no reason */
	struct strbuf key;      /* scratch */
};

/* The reasons of one child. */
struct reason_list {
	struct reason_entry {
		struct reason *reason;
		uint64_t count;
	} * entries;
	uint32_t count, room;
};

void reasons_init(struct reasons *r);
/* reasons_release: no list may be in use any more but by reason_list_release, which needs *r no longer then. */
void reasons_release(struct reasons *r);

/* reason_list_add counts n of a reason (NULL: undefined); false if there is no place for it. */
bool reason_list_add(struct reason_list *l, struct reasons *r, const struct term *reason, uint64_t n);
/* reason_list_take takes up to n of a reason out again, and returns how many it took. */
uint64_t reason_list_take(struct reason_list *l, struct reasons *r, const struct term *reason, uint64_t n);
/* reason_list_trim takes from the most frequent ones until the counts add up to no more than max. */
void reason_list_trim(struct reason_list *l, struct reasons *r, uint64_t max);
void reason_list_release(struct reason_list *l, struct reasons *r);

#endif
