/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roll-ups: what each metric was in a bucket of time (a minute, an hour; aligned to the epoch), when the samples themselves are long gone. Blocks
 * of rows, as the samples are; in each row, for each metric that was observed in the bucket:
 *
 *	last    its last value; of a counter it is all that matters
 *	min     only if it is not the last
 *	max     only if it is not the last
 *	mean    only if min and max differ: (mean - min) / (max - min) in 255ths
 *	count   how often it was observed; only if it was not in all samples of the bucket
 *
 * and how many samples there were. Values that are no integers are rounded to thousandths, which keeps a percentage in two bytes instead of eight.
 * A bucket without samples has no row. A counter that begins anew (the node was restarted) is as any value: its min is then what it fell to.
 *
 * Hours are made of minutes as they are kept, not of samples: so it is all the same whether an hour is made at once or when a file is read again.
 */
#ifndef ENGINE_ROLLUP_H
#define ENGINE_ROLLUP_H

#include "engine/past_block.h"

#define MINUTE_MS 60000
#define HOUR_MS 3600000
/*
 * Rows of a block at most. What is not in a sealed block is made again from what is finer after a restart: so no row waits longer to be sealed than
 * half of the time that what is finer is kept for.
 */
#define MINUTE_ROWS 120
#define HOUR_ROWS 24

/* A bucket that fills. */
struct bucket {
	int64_t time_ms;
	uint32_t samples; /* 0: none is open */
	struct past_point points[METRIC_COUNT];
};

struct rollup {
	enum past_block_kind kind;
	int64_t step_ms;
	unsigned block_rows;
	int64_t wait_ms; /* until a row is sealed, at most */
	int64_t retention_ms;
	size_t max_bytes;
	struct block_list sealed;
	struct grid *open;
	struct bucket bucket;
	struct rollup *next; /* that is made of this one's rows; NULL: none */
};

/* rollup_init: what it is made of is kept for finer_retention_ms. */
void rollup_init(
    struct rollup *r, enum past_block_kind kind, int64_t finer_retention_ms, int64_t retention_ms, size_t max_bytes);
void rollup_release(struct rollup *r);

/* Where sealed blocks go: the reference stays the roll-up's. */
typedef void rollup_sealed(void *context, struct past_block *b);

/* rollup_add_sample takes a sample; one whose bucket is not behind the rows that there are is left out. */
void rollup_add_sample(struct rollup *r, const struct sample *s, rollup_sealed *sealed, void *context);
/* rollup_add_block takes the reference to a block that was sealed before, in the place of what is not older than its first row. */
void rollup_add_block(struct rollup *r, struct past_block *b);
/* rollup_feed_next gives the next roll-up the rows that it does not have yet. */
void rollup_feed_next(struct rollup *r, rollup_sealed *sealed, void *context);
/* rollup_forget takes out all rows from a time on, and the bucket that fills. */
void rollup_forget(struct rollup *r, int64_t from_ms);
/*
 * rollup_pass lets time pass: quiet_ms is how long no sample has come. If it is as long as the bucket that fills, that becomes a row: its time is over, and
 * none may come any more. Rows that have waited long enough are sealed.
 */
void rollup_pass(struct rollup *r, int64_t quiet_ms, rollup_sealed *sealed, void *context);
/* rollup_expire lets go sealed blocks that are older than the retention period. */
void rollup_expire(struct rollup *r, int64_t now_ms);
/* rollup_last is the time of the newest row; false if there is none. */
bool rollup_last(const struct rollup *r, int64_t *time_ms);

/* rollup_point is what a metric was in a row; false if it was not observed. */
bool rollup_point(const struct grid *rows, unsigned row, enum metric_id metric, struct past_point *out);
/* rollup_points gives what a metric was in each row from a time on, the oldest first, at most max of them. */
size_t rollup_points(
    const struct rollup *r, enum metric_id metric, int64_t from_ms, struct past_point *out, size_t max);
/* rollup_samples is how many samples there were in a row. */
uint32_t rollup_samples(const struct grid *rows, unsigned row);

/* bucket_begin is the beginning of the bucket that a time lies in. step_ms > 0. */
int64_t bucket_begin(int64_t time_ms, int64_t step_ms);
/* point_merge adds what was observed later to *p; *p with count 0 becomes it, but for its time. */
void point_merge(struct past_point *p, const struct past_point *later);

#endif
