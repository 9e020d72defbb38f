/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row of integers as what is left when the next one is foretold: of a counter, and of time, the difference from the one before, or how much that
 * differs from the difference before it (T. Pelkonen et al., "Gorilla: a fast, scalable, in-memory time series database", VLDB 2015); of what
 * wavers around a level, the distance from it. The best of the four is taken for each row.
 *
 *	first     the first number
 *	shift     6 bits: so many zeros all differences from the first end in (memory comes in pages: 12)
 *	order     2 bits: 0, 1, 2
 *	centre    what is taken off before the rest is written: of order 0 the mean distance d from the first, of order 1 the mean difference or 0, of order
 *	          2 nothing
 *	rest      series/rice.h: with zigzag (0, -1, 1, -2, … are 0, 1, 2, 3, …) for each number but the first
 *
 * first and centre are zigzag, too, behind 7 bits that say in how many bits.
 *
 *	1000 1010 1021 1029, order 1, centre 10:  differences 10 11 8, less the centre 0 1 -2, zigzag 0 2 3
 *	1000 1010 1020 1030, order 2:             differences 10 10 10, their differences 10 0 0, zigzag 20 0 0
 *	4096 8192 4096 8192, order 0, shift 12, centre 1:  1 0 1, less the centre 0 -1 0, zigzag 0 1 0
 *
 * All arithmetic is modulo 2^64: any row comes back as it was.
 */
#ifndef SERIES_INTEGERS_H
#define SERIES_INTEGERS_H

#include <stdint.h>

#include "series/bits.h"

#define SERIES_ROWS 128 /* numbers in a row at most, in this room */

/* integers_write writes 1 to SERIES_ROWS numbers. */
void integers_write(struct bit_writer *w, const int64_t *x, unsigned n);
/* integers_read reads them. Whatever the bits are, it fills x; the reader is bad if they are not what integers_write writes. */
void integers_read(struct bit_reader *r, int64_t *x, unsigned n);

/* A single number: 7 bits of length, zigzag. */
void integer_put(struct bit_writer *w, int64_t x);
int64_t integer_get(struct bit_reader *r);

#endif
