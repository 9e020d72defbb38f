/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small numbers in few bits: Rice's code (R. F. Rice, "Some practical universal noiseless coding techniques", JPL 79-22, 1979; it is S. W. Golomb's,
 * "Run-length encodings", 1966, with powers of two). A number u is its quotient u >> k in ones, a zero, and its lowest k bits; k is chosen for
 * the whole row. A large number among small ones would be millions of ones: after RICE_ESCAPE ones no zero follows but the number itself, in as
 * many bits as the largest of the row needs.
 *
 *	k = 2:  0 → 0 00   3 → 0 11   4 → 10 00   9 → 110 01   1000 → 111111111111 1111101000
 *
 * A row that is mostly zeros is written in runs: how many zeros come, then the number after them, less one; each with a k of its own. What is
 * left at the end is a run, too.
 *
 *	0 0 0 0 5 0 0, runs with k = 1 and numbers with k = 2:  110 0 · 10 00 · 10 0
 */
#ifndef SERIES_RICE_H
#define SERIES_RICE_H

#include <stdbool.h>
#include <stdint.h>

#include "series/bits.h"

#define RICE_ESCAPE 12
#define RICE_ROW UINT16_MAX /* numbers in a row at most */

struct rice {
	bool runs;
	unsigned run_k; /* 0 to 15; only with runs */
	unsigned k;     /* 0 to 63 */
	unsigned wide;  /* bits of the largest number, 1 to 64 */
	uint64_t bits;  /* that the row takes then, about */
};

/* rice_plan says how n numbers are best written. */
struct rice rice_plan(const uint64_t *u, unsigned n);
/* rice_write writes the plan (13 or 17 bits) and the numbers. */
void rice_write(struct bit_writer *w, const struct rice *plan, const uint64_t *u, unsigned n);
/* rice_read reads both. Whatever the bits are, it fills u; the reader is bad if they are not what rice_write writes. */
void rice_read(struct bit_reader *r, uint64_t *u, unsigned n);

#endif
