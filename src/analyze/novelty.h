/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory of the shapes that a series has had: windows of its last few values, each kept because it was novel when it came. The
 * evidence of a new window is its distance (sum of absolute differences) to the nearest one in memory: a value may be usual and yet
 * come in an order in which it never came. A window enters the memory when it does not overlap with the present one any
 * more, and only if it was novel when it came and still is; when the memory is full, the one goes that was the nearest of none for the
 * longest time.
 *
 * Discords are the windows farthest from their nearest neighbour: E. Keogh, J. Lin, A. Fu, "HOT SAX: Efficiently finding the most
 * unusual time series subsequence", ICDM 2005; against the past only, so that it can be done while a series runs: Y. Lu et al., "Matrix
 * Profile XXIV (DAMP)", KDD 2022. The memory of prototypes instead of the whole past keeps it in constant space, as
 * the condensed nearest neighbour rule does (P. Hart, 1968).
 */
#ifndef ANALYZE_NOVELTY_H
#define ANALYZE_NOVELTY_H

#include <stdbool.h>
#include <stdint.h>

#define NOVELTY_VALUES 512 /* of all windows in memory */
#define NOVELTY_MOST 128   /* windows */
#define NOVELTY_RECENT 32  /* values of the past that are looked at */
#define NOVELTY_RANGE 1e30f

/* What a window is: length values (4 or 8), stride samples apart; centred: less their mean, so that only its form counts. */
struct novelty_window {
	unsigned length, stride;
	bool centred;
};

struct novelty {                      /* private */
	float window[NOVELTY_VALUES]; /* first values of all windows, then second ones, ... */
	uint8_t order[NOVELTY_MOST];  /* of the windows, the most recently matched first */
	unsigned count;
	uint32_t novel; /* a bit for each of the last samples, the latest lowest: was its window novel? */
};

void novelty_init(struct novelty *n);
/*
 * novelty_feed gives the evidence of the latest window: >= 0, finite, in the unit of the values; or -1 while there is no window or no
 * memory. Called once for each sample with the last values (within ±NOVELTY_RANGE, the latest last), of which count are there (all
 * that follow each other without a gap, at most NOVELTY_RECENT). What is farther than least from all that is in memory is novel.
 */
double novelty_feed(struct novelty *n, const struct novelty_window *w, const float recent[NOVELTY_RECENT],
    unsigned count, double least);

#endif
