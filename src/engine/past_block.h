/* SPDX-License-Identifier: Apache-2.0 */
/* What a block of the past is made of, and how the columns in it are numbered. For the files about the past only. */
#ifndef ENGINE_PAST_BLOCK_H
#define ENGINE_PAST_BLOCK_H

#include "engine/check_log.h"
#include "engine/past.h"
#include "series/block.h"

struct past_block {
	unsigned refs;
	enum past_block_kind kind;
	uint64_t number; /* of its first sample, in the history that keeps it */
	struct block *block;
	struct check_log checks; /* PAST_SAMPLES */
};

/* Columns of samples: metrics, then the schedulers' shares. */
#define SAMPLE_WIDTH (METRIC_COUNT + SAMPLE_MAX_SCHEDULERS)

/* Columns of roll-ups: for each metric these, then how many samples there were. */
enum rollup_part { ROLLUP_LAST, ROLLUP_MIN, ROLLUP_MAX, ROLLUP_MEAN, ROLLUP_COUNT, ROLLUP_PARTS };
#define ROLLUP_COLUMN(part, metric) ((part)*METRIC_COUNT + (metric))
#define ROLLUP_SAMPLES (ROLLUP_PARTS * METRIC_COUNT)
#define ROLLUP_WIDTH (ROLLUP_SAMPLES + 1)

/* past_block_new takes the block and the log (NULL: none) over. */
struct past_block *past_block_new(enum past_block_kind kind, struct block *block, struct check_log *checks);
/* past_block_size is the memory that it takes. */
size_t past_block_size(const struct past_block *b);
unsigned past_block_width(enum past_block_kind kind);

/* A list of blocks by time, a reference to each. */
struct block_list {
	struct past_block **blocks;
	size_t first, count, room;
	size_t bytes;
};

void block_list_release(struct block_list *l);
/* block_list_add takes the reference. */
void block_list_add(struct block_list *l, struct past_block *b);
void block_list_drop_oldest(struct block_list *l);
/* block_list_take_newest hands the reference over. */
struct past_block *block_list_take_newest(struct block_list *l);

static inline struct past_block *
block_list_at(const struct block_list *l, size_t i)
{
	return l->blocks[l->first + i];
}

#endif
