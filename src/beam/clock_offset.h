/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The distance between a node's clock and ours. What a message took is never negative, so the smallest difference of late is the nearest to the truth (the minimum
 * filter of NTP, RFC 5905 section 10). When the node's clock is set back, all differences stay large: then the last few decide.
 */
#ifndef BEAM_CLOCK_OFFSET_H
#define BEAM_CLOCK_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_OFFSET_WINDOW 64

struct clock_offset { /* private; zero it to begin */
	int64_t difference[CLOCK_OFFSET_WINDOW];
	uint64_t count;
};

/* clock_offset_add takes a message's time by the node's clock and by ours when it came. An absurd time is not taken. */
void clock_offset_add(struct clock_offset *c, int64_t node_ms, int64_t our_ms);
/* clock_offset_apply turns a node's time into ours: our_ms if nothing is known yet or the time is absurd, and never later than our_ms. */
int64_t clock_offset_apply(const struct clock_offset *c, int64_t node_ms, int64_t our_ms);

#endif
