/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A column: up to SERIES_ROWS values of one metric, which come back bit by bit. What it looks like depends on the values:
 *
 *	00  all the same     1 and an integer (series/integers.h), or 0 and the 64 bits of the number
 *	01  integers         places (4 bits), single (1 bit), foretold (1 bit), a row of integers: value = integer / 10^places. So 0.37 0.42 0.45 is 37 42 45 with
 *	                     2 places (as in A. Afroozeh et al., "ALP", SIGMOD 2023, in its simplest form). single: rounded to a float in the end.
 *	                     foretold: what stands there is the distance from another column's integer, or of what is computed from others
 *	10  anything else    XOR with the value before, as in Gorilla (series/integers.h has the reference): 0 if it is the same; 10 and the bits that
 *	                     differ, if they lie within the place of the last ones; 11, 6 bits leading zeros, 6 bits length less one, the bits
 *
 *	1 1 1    00 1 0000010 10
 *	⅓ ⅓ ⅔    10, the 64 bits of ⅓, 0, 11 001010 000001 11   (3fd5… and 3fe5… differ in 0030…: 10 leading zeros, 2 bits)
 */
#ifndef SERIES_COLUMN_H
#define SERIES_COLUMN_H

#include "series/integers.h"

/* column_write writes 1 to SERIES_ROWS values. foretold (NULL: nothing is) are guesses at them, from which integers are told apart. */
void column_write(struct bit_writer *w, const double *v, unsigned n, const double *foretold);
/*
 * column_read reads them; foretold must be what they were written with. Whatever the bits are, it fills v; the reader is bad if they are not what
 * column_write writes.
 */
void column_read(struct bit_reader *r, double *v, unsigned n, const double *foretold);

#endif
