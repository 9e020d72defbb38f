/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How late a timer is that should ring at a steady pace: what the program that it rings in was busy with otherwise. Pure.
 */
#ifndef BASE_LATENESS_H
#define BASE_LATENESS_H

#include <stddef.h>
#include <stdint.h>

#define LATENESS_KEPT 60 /* rings */

struct lateness {
	int64_t interval_us;
	int64_t last_us; /* 0: it has not rung yet */
	int64_t late_us[LATENESS_KEPT];
	size_t rings;
	int64_t worst_us; /* ever */
};

/* lateness_init: the timer rings every interval_us. */
void lateness_init(struct lateness *l, int64_t interval_us);
/* lateness_ring: it rang at now_us, of a clock that never runs backwards. */
void lateness_ring(struct lateness *l, int64_t now_us);
/* lateness_recent is the worst of the last LATENESS_KEPT rings, in microseconds. */
int64_t lateness_recent(const struct lateness *l);

#endif
