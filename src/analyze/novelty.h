/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory of the shapes that a series has had: windows of its last few values, each kept because it was novel when it came. The
 * evidence of a new window is its distance (sum of absolute differences) to the nearest one in memory: a value may be usual and yet
 * come in an order in which it never came. A window enters the memory when it does not overlap with the present one any
 * more, and only if it is still novel then; when the memory is full, the one goes that was the nearest of none for the longest time.
 *
 * Discords are the windows farthest from their nearest neighbour: E. Keogh, J. Lin, A. Fu, "HOT SAX: Efficiently finding the most
 * unusual time series subsequence", ICDM 2005; against the past only, so that it can be done while a series runs: Y. Lu et al., "Matrix
 * Profile XXIV (DAMP)", KDD 2022. The memory of prototypes instead of the whole past keeps it in constant space, as
 * the condensed nearest neighbour rule does (P. Hart, 1968).
 */
#ifndef ANALYZE_NOVELTY_H
#define ANALYZE_NOVELTY_H

#include <stdint.h>

#define NOVELTY_LENGTH 4 /* values of a window */
#define NOVELTY_MEMORY 128

/* { 0 } is an empty memory. */
struct novelty {
	double window[NOVELTY_MEMORY][NOVELTY_LENGTH];
	uint32_t matched[NOVELTY_MEMORY]; /* the clock when it was last the nearest, or came */
	unsigned count;
	uint32_t clock;                    /* values fed */
	double recent[2 * NOVELTY_LENGTH]; /* the last values, oldest first */
	unsigned recent_count;
};

/*
 * novelty_feed takes the next value (|value| <= 1e300) and gives the evidence of the window that it completes: >= 0, finite, in the unit of
 * the values; 0 while there is no window or no memory. What leaves the recent values is remembered if it is farther than novel from
 * all that is in memory.
 */
double novelty_feed(struct novelty *n, double value, double novel);
/* novelty_interrupt: the next value does not follow the last one. The memory stays. */
void novelty_interrupt(struct novelty *n);

#endif
