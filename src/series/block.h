/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows packed, column by column, so that one of them can be read without the others. Times come first, as a row of integers, then each column,
 * in the order of the directory, which has the columns' numbers and lengths; each begins at a full byte:
 *
 *	presence  0: there is a value in each row; 1 and a bit for each row: where there is one (64 rows a word, the first one in its lowest bit)
 *	guess     3 bits: what the values are guessed by (series/column.h: foretold), then the places of one or two columns before this one, 10 bits each
 *	values    series/column.h
 *
 * A guess is what the owner knows of its columns, that one is the sum of two others, say: then it takes hardly any room. It is only taken where
 * it helps, and what is written is the distance from it, so it need not be right.
 */
#ifndef SERIES_BLOCK_H
#define SERIES_BLOCK_H

#include <stddef.h>

#include "base/attr.h"
#include "series/grid.h"

enum guess_kind { GUESS_NONE, GUESS_LIKE, GUESS_SUM, GUESS_LESS, GUESS_TIMES, GUESS_KIND_COUNT };

/* A column's guess: a, a + b, a - b, a × b. Columns that are guessed by are not guessed themselves, or stand before in the table. */
struct guess {
	uint16_t number;
	enum guess_kind kind;
	uint16_t a, b; /* numbers; b: GRID_NONE with GUESS_LIKE */
};

struct block_column {
	uint16_t number; /* GRID_NONE: not known to the owner */
	uint16_t len;    /* bytes */
};

/* Immutable. BITS_SPARE bytes follow behind what the columns take. */
struct block {
	uint16_t rows, columns;
	uint16_t time_len;
	size_t len; /* of all bytes */
	int64_t first_ms, last_ms;
	const uint8_t *bytes; /* behind the directory, in the same allocation */
	struct block_column directory[];
};

/* Packing, a column at a time, so that it takes long at no time. The rows must stay as they are meanwhile. */
struct packer;

/* packer_new: rows is not empty; the guesses must live as long. */
struct packer *packer_new(const struct grid *rows, const struct guess *guesses, unsigned count);
/* packer_step packs a column; false if there is none left. */
bool packer_step(struct packer *p);
/* packer_finish packs what is left, and frees the packer. The caller frees the block (free()). */
struct block *packer_finish(struct packer *p);
void packer_free(struct packer *p);

/* block_size is the memory that it takes. */
size_t block_size(const struct block *b);
/* block_times fills in the times of the rows. */
void block_times(const struct block *b, int64_t times_ms[SERIES_ROWS]);
/* block_unpack fills rows with all columns. */
void block_unpack(const struct block *b, struct grid *rows);
/* block_unpack_some fills rows with times and those of these columns that there are, and what they are guessed by. */
void block_unpack_some(const struct block *b, const uint16_t *numbers, unsigned count, struct grid *rows);
/*
 * block_read makes a block of foreign parts: rows, and a directory whose numbers are below width or GRID_NONE, each at most once; bytes are copied.
 * NULL if they are not what a packer makes.
 */
struct block *block_read(unsigned rows, unsigned time_len, const struct block_column *directory, unsigned columns,
    const void *bytes, size_t len, unsigned width);

#endif
