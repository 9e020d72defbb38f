/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as they are before they are packed and after they are unpacked: up to SERIES_ROWS moments, and columns of the values that there were at
 * them. A column is known by a number of the owner's, below `width`; it takes memory from its first value on.
 */
#ifndef SERIES_GRID_H
#define SERIES_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "series/integers.h"

#define GRID_COLUMNS 1024    /* at most */
#define GRID_NONE UINT16_MAX /* no column; or the number of one that the owner does not know */

struct grid_cells {
	uint64_t present[SERIES_ROWS / 64]; /* a bit for each row */
	double v[SERIES_ROWS];
};

struct grid {
	unsigned count; /* of rows */
	int64_t time_ms[SERIES_ROWS];
	unsigned columns;
	uint16_t number[GRID_COLUMNS]; /* of each column */
	struct grid_cells *cells[GRID_COLUMNS];
	unsigned allocated; /* cells, some of which may wait for a column */
	unsigned width;
	uint16_t index[]; /* of a number; GRID_NONE: there is no such column */
};

/* grid_new: numbers are below width, which is GRID_COLUMNS at most. */
struct grid *grid_new(unsigned width);
void grid_free(struct grid *r);
/* grid_copy is an independent copy. */
struct grid *grid_copy(const struct grid *r);
/* grid_clear takes all rows and columns out, and keeps the memory. */
void grid_clear(struct grid *r);
/* grid_begin adds a row without values; there must be room. */
void grid_begin(struct grid *r, int64_t time_ms);
/* grid_put puts a value into the newest row. */
void grid_put(struct grid *r, unsigned number, double v);
/* grid_add_column adds an empty column (number may be GRID_NONE) and returns its cells. */
struct grid_cells *grid_add_column(struct grid *r, uint16_t number);

static inline bool
cells_have(const struct grid_cells *c, unsigned row)
{
	return c->present[row / 64] >> row % 64 & 1;
}

/* grid_column is the column of a number, NULL if there is none. */
static inline const struct grid_cells *
grid_column(const struct grid *r, unsigned number)
{
	return r->index[number] == GRID_NONE ? NULL : r->cells[r->index[number]];
}

#endif
