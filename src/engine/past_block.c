/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/past_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

_Static_assert(SAMPLE_WIDTH <= GRID_COLUMNS && ROLLUP_WIDTH <= GRID_COLUMNS, "a block has room for all columns");

struct past_block *
past_block_new(enum past_block_kind kind, struct block *block, struct check_log *checks)
{
	struct past_block *b = xcalloc(1, sizeof(*b));

	b->refs = 1;
	b->kind = kind;
	b->block = block;
	if (checks)
		b->checks = *checks;
	return b;
}

struct past_block *
past_block_ref(struct past_block *b)
{
	b->refs++;
	return b;
}

void
past_block_unref(struct past_block *b)
{
	if (b == NULL)
		return;
	assert(b->refs > 0);
	if (--b->refs > 0)
		return;
	check_log_release(&b->checks);
	free(b->block);
	free(b);
}

enum past_block_kind
past_block_kind(const struct past_block *b)
{
	return b->kind;
}

int64_t
past_block_first_ms(const struct past_block *b)
{
	return b->block->first_ms;
}

int64_t
past_block_last_ms(const struct past_block *b)
{
	return b->block->last_ms;
}

size_t
past_block_rows(const struct past_block *b)
{
	return b->block->rows;
}

size_t
past_block_size(const struct past_block *b)
{
	return sizeof(*b) + block_size(b->block) + check_log_size(&b->checks);
}

unsigned
past_block_width(enum past_block_kind kind)
{
	return kind == PAST_SAMPLES ? SAMPLE_WIDTH : ROLLUP_WIDTH;
}

/* ---- lists ---- */

void
block_list_release(struct block_list *l)
{
	while (l->count > 0)
		block_list_drop_oldest(l);
	free(l->blocks);
	memset(l, 0, sizeof(*l));
}

static void
make_room(struct block_list *l)
{
	if (l->first + l->count < l->room)
		return;
	if (l->first > l->room / 2) {
		memmove(l->blocks, l->blocks + l->first, l->count * sizeof(l->blocks[0]));
		l->first = 0;
		return;
	}
	l->room = l->room ? 2 * l->room : 16;
	l->blocks = xreallocarray(l->blocks, l->room, sizeof(l->blocks[0]));
}

void
block_list_add(struct block_list *l, struct past_block *b)
{
	make_room(l);
	l->blocks[l->first + l->count++] = b;
	l->bytes += past_block_size(b);
}

void
block_list_drop_oldest(struct block_list *l)
{
	struct past_block *b = l->blocks[l->first++];

	l->count--;
	l->bytes -= past_block_size(b);
	past_block_unref(b);
}

struct past_block *
block_list_take_newest(struct block_list *l)
{
	struct past_block *b = l->blocks[l->first + --l->count];

	l->bytes -= past_block_size(b);
	return b;
}
