/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rollup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/past_guesses.h"

#define THOUSANDTHS 1000.0
#define MEAN_STEPS 255.0
#define EXACT 9007199254740992.0 /* 2^53 */

void
rollup_init(
    struct rollup *r, enum past_block_kind kind, int64_t finer_retention_ms, int64_t retention_ms, size_t max_bytes)
{
	*r = (struct rollup) { .kind = kind, .retention_ms = retention_ms, .max_bytes = max_bytes };
	r->step_ms = kind == PAST_MINUTES ? MINUTE_MS : HOUR_MS;
	r->block_rows = kind == PAST_MINUTES ? MINUTE_ROWS : HOUR_ROWS;
	r->wait_ms = finer_retention_ms / 2;
	r->open = grid_new(ROLLUP_WIDTH);
}

void
rollup_release(struct rollup *r)
{
	block_list_release(&r->sealed);
	grid_free(r->open);
}

int64_t
bucket_begin(int64_t time_ms, int64_t step_ms)
{
	int64_t rest = time_ms % step_ms;

	return time_ms - rest - (rest < 0 ? step_ms : 0);
}

void
point_merge(struct past_point *p, const struct past_point *later)
{
	double total = (double)p->count + later->count;

	if (p->count == 0) {
		*p = (struct past_point) { p->time_ms, later->min, later->max, later->mean, later->last, later->count,
			later->last_ms };
		return;
	}
	p->min = fmin(p->min, later->min);
	p->max = fmax(p->max, later->max);
	p->mean += (later->mean - p->mean) * (later->count / total);
	p->last = later->last;
	p->last_ms = later->last_ms;
	p->count += later->count;
}

/* ---- rows ---- */

static double
rounded(double v)
{
	return fabs(v) < EXACT / THOUSANDTHS ? rint(v * THOUSANDTHS) / THOUSANDTHS : v;
}

/* put_point leaves out what follows from the rest. */
static void
put_point(struct grid *rows, unsigned metric, const struct past_point *p, uint32_t samples)
{
	double last = rounded(p->last), min = rounded(p->min), max = rounded(p->max);

	grid_put(rows, ROLLUP_COLUMN(ROLLUP_LAST, metric), last);
	if (min != last)
		grid_put(rows, ROLLUP_COLUMN(ROLLUP_MIN, metric), min);
	if (max != last)
		grid_put(rows, ROLLUP_COLUMN(ROLLUP_MAX, metric), max);
	if (min < max) {
		double share = rint((p->mean - min) / (max - min) * MEAN_STEPS);

		grid_put(rows, ROLLUP_COLUMN(ROLLUP_MEAN, metric), fmax(0, fmin(MEAN_STEPS, share)));
	}
	if (p->count != samples)
		grid_put(rows, ROLLUP_COLUMN(ROLLUP_COUNT, metric), p->count);
}

/* value_or: what is no number (in a foreign file) is as if it were not there. */
static double
value_or(const struct grid *rows, unsigned row, unsigned number, double otherwise)
{
	const struct grid_cells *c = grid_column(rows, number);

	return c && cells_have(c, row) && isfinite(c->v[row]) ? c->v[row] : otherwise;
}

/* count_of: what a foreign file says need not be one. */
static uint32_t
count_of(double v)
{
	return v >= 1 && v <= UINT32_MAX ? (uint32_t)v : 1;
}

uint32_t
rollup_samples(const struct grid *rows, unsigned row)
{
	return count_of(value_or(rows, row, ROLLUP_SAMPLES, 1));
}

bool
rollup_point(const struct grid *rows, unsigned row, enum metric_id metric, struct past_point *out)
{
	double last = value_or(rows, row, ROLLUP_COLUMN(ROLLUP_LAST, metric), NAN), share;

	if (isnan(last))
		return false;
	out->time_ms = rows->time_ms[row];
	out->last = last;
	out->min = value_or(rows, row, ROLLUP_COLUMN(ROLLUP_MIN, metric), last);
	out->max = value_or(rows, row, ROLLUP_COLUMN(ROLLUP_MAX, metric), last);
	share = value_or(rows, row, ROLLUP_COLUMN(ROLLUP_MEAN, metric), 0) / MEAN_STEPS;
	out->mean = out->min + share * (out->max - out->min);
	out->count = count_of(value_or(rows, row, ROLLUP_COLUMN(ROLLUP_COUNT, metric), rollup_samples(rows, row)));
	return true;
}

/* ---- adding ---- */

bool
rollup_last(const struct rollup *r, int64_t *time_ms)
{
	if (r->open->count > 0)
		*time_ms = r->open->time_ms[r->open->count - 1];
	else if (r->sealed.count > 0)
		*time_ms = block_list_at(&r->sealed, r->sealed.count - 1)->block->last_ms;
	else
		return false;
	return true;
}

static void
keep(struct rollup *r, struct past_block *b)
{
	block_list_add(&r->sealed, b);
	while (r->sealed.bytes > r->max_bytes && r->sealed.count > 1)
		block_list_drop_oldest(&r->sealed);
}

static struct past_block *
seal(struct rollup *r)
{
	struct past_block *b = past_block_new(r->kind, packer_finish(past_packer_new(r->kind, r->open)), NULL);

	grid_clear(r->open);
	keep(r, b);
	return b;
}

static void take_row(struct rollup *r, const struct grid *rows, unsigned row, rollup_sealed *sealed, void *context);

/* close_bucket makes the bucket a row. */
static void
close_bucket(struct rollup *r, rollup_sealed *sealed, void *context)
{
	struct bucket *b = &r->bucket;

	if (b->samples == 0)
		return;
	grid_begin(r->open, b->time_ms);
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (b->points[i].count > 0)
			put_point(r->open, i, &b->points[i], b->samples);
	grid_put(r->open, ROLLUP_SAMPLES, b->samples);
	memset(b, 0, sizeof(*b));
	if (r->next)
		take_row(r->next, r->open, r->open->count - 1, sealed, context);
	if (r->open->count == r->block_rows)
		sealed(context, seal(r));
}

/* turn_to makes a bucket the one that fills; false if it is not behind what there is. */
static bool
turn_to(struct rollup *r, int64_t time_ms, rollup_sealed *sealed, void *context)
{
	int64_t begin_ms = bucket_begin(time_ms, r->step_ms), last_ms;

	if (rollup_last(r, &last_ms) && begin_ms <= last_ms)
		return false;
	if (r->bucket.samples > 0 && begin_ms < r->bucket.time_ms)
		return false;
	if (r->bucket.samples > 0 && begin_ms > r->bucket.time_ms)
		close_bucket(r, sealed, context);
	r->bucket.time_ms = begin_ms;
	return true;
}

/* waited_ms is how long ago what the oldest row tells of began. */
static int64_t
waited_ms(const struct rollup *r, int64_t quiet_ms)
{
	const struct grid *rows = r->open;

	return rows->time_ms[rows->count - 1] - rows->time_ms[0] + r->step_ms + quiet_ms;
}

void
rollup_pass(struct rollup *r, int64_t quiet_ms, rollup_sealed *sealed, void *context)
{
	if (quiet_ms >= r->step_ms)
		close_bucket(r, sealed, context);
	if (r->open->count > 0 && waited_ms(r, quiet_ms) >= r->wait_ms)
		sealed(context, seal(r));
}

void
rollup_add_sample(struct rollup *r, const struct sample *s, rollup_sealed *sealed, void *context)
{
	if (!turn_to(r, s->time_ms, sealed, context))
		return;
	r->bucket.samples++;
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (s->present[i]) {
			double v = s->value[i];

			point_merge(&r->bucket.points[i], &(struct past_point) { 0, v, v, v, v, 1, 0 });
		}
}

/* take_row makes a row of a finer roll-up part of the bucket. */
static void
take_row(struct rollup *r, const struct grid *rows, unsigned row, rollup_sealed *sealed, void *context)
{
	if (!turn_to(r, rows->time_ms[row], sealed, context))
		return;
	r->bucket.samples += rollup_samples(rows, row);
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		struct past_point p;

		if (rollup_point(rows, row, (enum metric_id)i, &p))
			point_merge(&r->bucket.points[i], &p);
	}
}

void
rollup_feed_next(struct rollup *r, rollup_sealed *sealed, void *context)
{
	struct grid *unpacked = grid_new(ROLLUP_WIDTH);
	int64_t last_ms = INT64_MIN;

	rollup_last(r->next, &last_ms);
	for (size_t i = 0; i < r->sealed.count; i++) {
		const struct block *b = block_list_at(&r->sealed, i)->block;

		if (b->last_ms < last_ms)
			continue;
		block_unpack(b, unpacked);
		for (unsigned row = 0; row < unpacked->count; row++)
			take_row(r->next, unpacked, row, sealed, context);
	}
	for (unsigned row = 0; row < r->open->count; row++)
		take_row(r->next, r->open, row, sealed, context);
	grid_free(unpacked);
}

static void
copy_row(struct grid *to, const struct grid *from, unsigned row)
{
	grid_begin(to, from->time_ms[row]);
	for (unsigned i = 0; i < from->columns; i++)
		if (from->number[i] != GRID_NONE && cells_have(from->cells[i], row))
			grid_put(to, from->number[i], from->cells[i]->v[row]);
}

/* open_again opens the newest block, but for its rows from a time on; nothing lies open. */
static void
open_again(struct rollup *r, int64_t from_ms)
{
	struct past_block *b = block_list_take_newest(&r->sealed);
	struct grid *all = grid_new(ROLLUP_WIDTH);

	block_unpack(b->block, all);
	for (unsigned row = 0; row < all->count && all->time_ms[row] < from_ms; row++)
		copy_row(r->open, all, row);
	grid_free(all);
	past_block_unref(b);
}

static void
cut_open(struct rollup *r, int64_t from_ms)
{
	struct grid *kept = grid_new(ROLLUP_WIDTH);

	for (unsigned row = 0; row < r->open->count && r->open->time_ms[row] < from_ms; row++)
		copy_row(kept, r->open, row);
	grid_free(r->open);
	r->open = kept;
}

void
rollup_forget(struct rollup *r, int64_t from_ms)
{
	int64_t last_ms;

	memset(&r->bucket, 0, sizeof(r->bucket));
	while (rollup_last(r, &last_ms) && last_ms >= from_ms) {
		if (r->open->count > 0)
			cut_open(r, from_ms);
		else
			open_again(r, from_ms);
	}
}

void
rollup_add_block(struct rollup *r, struct past_block *b)
{
	rollup_forget(r, b->block->first_ms);
	if (r->open->count > 0)
		seal(r);
	keep(r, b);
}

void
rollup_expire(struct rollup *r, int64_t now_ms)
{
	while (
	    r->sealed.count > 0 && block_list_at(&r->sealed, 0)->block->last_ms + r->step_ms < now_ms - r->retention_ms)
		block_list_drop_oldest(&r->sealed);
}
