/* SPDX-License-Identifier: Apache-2.0 */
/* Samples over time: full resolution, the roll-ups made of it, and the blocks that are handed out to be persisted. */
#include "engine/state.h"

static void
free_block(void *p)
{
	past_block_unref(p);
}

void
past_samples_init(struct engine *e)
{
	const struct engine_options *o = &e->options;

	e->history = history_new(o->retention_ms, o->max_history_bytes);
	rollup_init(&e->minutes, PAST_MINUTES, o->retention_ms, o->minute_retention_ms, o->max_rollup_bytes);
	rollup_init(&e->hours, PAST_HOURS, o->minute_retention_ms, o->hour_retention_ms, o->max_rollup_bytes);
	e->minutes.next = &e->hours;
	if (o->blocks)
		ring_init(&e->blocks, BLOCKS_MAX);
}

void
past_samples_release(struct engine *e)
{
	history_free(e->history);
	rollup_release(&e->minutes);
	rollup_release(&e->hours);
	if (e->options.blocks)
		ring_release(&e->blocks, free_block);
}

/* hand_out: b may be NULL. */
static void
hand_out(struct engine *e, struct past_block *b)
{
	if (b && e->options.blocks)
		past_block_unref(ring_push(&e->blocks, past_block_ref(b)));
}

static void
rollup_sealed_block(void *context, struct past_block *b)
{
	hand_out(context, b);
}

struct past_block *
engine_next_block(struct engine *e)
{
	return e->options.blocks ? ring_pop(&e->blocks) : NULL;
}

void
past_samples_add(struct engine *e, const struct sample *s, const struct past_check *check)
{
	e->kept_ms = e->now_ms;
	hand_out(e, history_add(e->history, s, check));
	if (!e->restoring)
		rollup_add_sample(&e->minutes, s, rollup_sealed_block, e);
}

void
past_samples_expire(struct engine *e)
{
	rollup_pass(&e->minutes, e->now_ms - e->kept_ms, rollup_sealed_block, e);
	rollup_pass(&e->hours, e->now_ms - e->kept_ms, rollup_sealed_block, e);
	history_expire(e->history, e->now_ms);
	rollup_expire(&e->minutes, e->now_ms);
	rollup_expire(&e->hours, e->now_ms);
}

/* ---- restoring ---- */

static void
relive(struct engine *e, const struct past_block *b)
{
	struct piece p = { .block = (struct past_block *)(uintptr_t)b };
	struct sample_reader reader = { .unpacked = NULL };

	sample_reader_open(&reader, &p);
	for (unsigned row = 0; row < b->block->rows; row++) {
		const struct past_check *check;

		engine_relive(e, sample_reader_at(&reader, row, &check));
	}
	sample_reader_release(&reader);
}

void
engine_restore_block(struct engine *e, struct past_block *b)
{
	switch (b->kind) {
	case PAST_SAMPLES:
		relive(e, b);
		history_add_block(e->history, b);
		break;
	case PAST_MINUTES:
		rollup_add_block(&e->minutes, b);
		break;
	case PAST_HOURS:
		rollup_add_block(&e->hours, b);
		break;
	}
}

/* feed_minutes makes the minutes that the samples tell of and that are not there yet. */
static void
feed_minutes(struct engine *e)
{
	const struct past_check *check;
	const struct sample *s;
	int64_t last_ms;
	size_t it = 0;

	if (!rollup_last(&e->minutes, &last_ms))
		last_ms = INT64_MIN;
	while ((s = history_next(e->history, last_ms, INT64_MAX, &it, &check)) != NULL)
		rollup_add_sample(&e->minutes, s, rollup_sealed_block, e);
}

/* What lies in the future was before the clock was set back: time goes on from now, so it would stand in the way. */
void
past_samples_restored(struct engine *e)
{
	e->kept_ms = e->now_ms;
	history_forget(e->history, e->now_ms + 1);
	rollup_forget(&e->minutes, e->now_ms + 1);
	rollup_forget(&e->hours, e->now_ms + 1);
	rollup_feed_next(&e->minutes, rollup_sealed_block, e);
	feed_minutes(e);
}
