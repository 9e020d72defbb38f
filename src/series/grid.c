/* SPDX-License-Identifier: Apache-2.0 */
#include "series/grid.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

struct grid *
grid_new(unsigned width)
{
	struct grid *r;

	assert(width <= GRID_COLUMNS);
	r = xmalloc(sizeof(*r) + width * sizeof(r->index[0]));
	r->count = r->columns = r->allocated = 0;
	r->width = width;
	memset(r->index, 0xFF, width * sizeof(r->index[0]));
	return r;
}

void
grid_free(struct grid *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->allocated; i++)
		free(r->cells[i]);
	free(r);
}

struct grid *
grid_copy(const struct grid *r)
{
	struct grid *copy = xmemdup(r, sizeof(*r) + r->width * sizeof(r->index[0]));

	copy->allocated = copy->columns;
	for (unsigned i = 0; i < copy->columns; i++)
		copy->cells[i] = xmemdup(r->cells[i], sizeof(*r->cells[i]));
	return copy;
}

void
grid_clear(struct grid *r)
{
	for (unsigned i = 0; i < r->columns; i++)
		if (r->number[i] != GRID_NONE)
			r->index[r->number[i]] = GRID_NONE;
	r->count = r->columns = 0;
}

void
grid_begin(struct grid *r, int64_t time_ms)
{
	assert(r->count < SERIES_ROWS);
	r->time_ms[r->count++] = time_ms;
}

struct grid_cells *
grid_add_column(struct grid *r, uint16_t number)
{
	unsigned i = r->columns++;

	assert(i < GRID_COLUMNS);
	if (i == r->allocated) {
		r->cells[i] = xmalloc(sizeof(*r->cells[i]));
		r->allocated++;
	}
	memset(r->cells[i]->present, 0, sizeof(r->cells[i]->present));
	r->number[i] = number;
	if (number != GRID_NONE)
		r->index[number] = (uint16_t)i;
	return r->cells[i];
}

void
grid_put(struct grid *r, unsigned number, double v)
{
	unsigned row = r->count - 1;
	struct grid_cells *c;

	assert(number < r->width && r->count > 0);
	c = r->index[number] == GRID_NONE ? grid_add_column(r, (uint16_t)number) : r->cells[r->index[number]];
	c->present[row / 64] |= UINT64_C(1) << row % 64;
	c->v[row] = v;
}
