/* SPDX-License-Identifier: Apache-2.0 */
/* One metric over time, from full resolution and roll-ups, in buckets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

_Static_assert(SAMPLE_WIDTH <= ROLLUP_WIDTH, "samples are unpacked into the rows of a roll-up");

/* Points as they are put out. */
struct points {
	struct past_point *out;
	size_t count, max;
	int64_t from_ms, to_ms, step_ms;
	struct grid *unpacked;
};

/* add: false when there is no room for more. What is not in the range is left out. */
static bool
add(struct points *p, const struct past_point *point)
{
	int64_t begin_ms = p->step_ms > 0 ? bucket_begin(point->time_ms, p->step_ms) : point->time_ms;

	if (point->time_ms < p->from_ms || point->time_ms > p->to_ms)
		return true;
	if (p->count == 0 || p->step_ms == 0 || p->out[p->count - 1].time_ms != begin_ms) {
		if (p->count == p->max)
			return false;
		p->out[p->count++] = (struct past_point) { .time_ms = begin_ms };
	}
	point_merge(&p->out[p->count - 1], point);
	return true;
}

/* ---- full resolution ---- */

static bool
add_samples(struct points *p, const struct grid *rows, enum metric_id metric, int64_t from_ms)
{
	const struct grid_cells *c = grid_column(rows, metric);

	for (unsigned i = 0; c && i < rows->count; i++) {
		double v = c->v[i];

		if (rows->time_ms[i] >= from_ms && cells_have(c, i) && isfinite(v) &&
		    !add(p, &(struct past_point) { rows->time_ms[i], v, v, v, v, 1, rows->time_ms[i] }))
			return false;
	}
	return true;
}

/* add_full adds what there is at full resolution from a time on. */
static void
add_full(struct points *p, const struct history *h, enum metric_id metric, int64_t from_ms)
{
	size_t pieces = history_pieces(h);
	uint16_t number = (uint16_t)metric;

	for (size_t i = history_find(h, from_ms > p->from_ms ? from_ms : p->from_ms); i < pieces; i++) {
		struct piece piece = history_piece(h, i);
		const struct grid *rows = p->unpacked;

		if (piece.first_ms > p->to_ms)
			return;
		if (piece.block)
			block_unpack_some(piece.block->block, &number, 1, p->unpacked);
		else
			rows = piece.open->rows;
		if (!add_samples(p, rows, metric, from_ms))
			return;
	}
}

/* ---- roll-ups ---- */

/* unpack_parts unpacks a metric's columns of a block. */
static void
unpack_parts(const struct block *b, enum metric_id metric, struct grid *rows)
{
	uint16_t numbers[ROLLUP_PARTS + 1] = { ROLLUP_SAMPLES };

	for (unsigned part = 0; part < ROLLUP_PARTS; part++)
		numbers[part + 1] = (uint16_t)ROLLUP_COLUMN(part, metric);
	block_unpack_some(b, numbers, ROLLUP_PARTS + 1, rows);
}

static bool
add_rows(struct points *p, const struct grid *rows, int64_t length_ms, enum metric_id metric, int64_t from_ms,
    int64_t before_ms)
{
	for (unsigned i = 0; i < rows->count; i++) {
		struct past_point point;

		if (rows->time_ms[i] < from_ms || rows->time_ms[i] >= before_ms ||
		    !rollup_point(rows, i, metric, &point))
			continue;
		point.last_ms = point.time_ms + length_ms;
		if (!add(p, &point))
			return false;
	}
	return true;
}

/* add_rollup adds the rows from a time on and before another; false when there is no room for more. */
static bool
add_rollup(struct points *p, const struct rollup *r, enum metric_id metric, int64_t from_ms, int64_t before_ms)
{
	for (size_t i = 0; i < r->sealed.count; i++) {
		const struct block *b = block_list_at(&r->sealed, i)->block;

		if (b->last_ms < from_ms || b->last_ms < p->from_ms || b->first_ms > p->to_ms ||
		    b->first_ms >= before_ms)
			continue;
		unpack_parts(b, metric, p->unpacked);
		if (!add_rows(p, p->unpacked, r->step_ms, metric, from_ms, before_ms))
			return false;
	}
	return add_rows(p, r->open, r->step_ms, metric, from_ms, before_ms);
}

size_t
rollup_points(const struct rollup *r, enum metric_id metric, int64_t from_ms, struct past_point *out, size_t max)
{
	struct points p = { out, 0, max, from_ms, INT64_MAX, 0, grid_new(ROLLUP_WIDTH) };

	add_rollup(&p, r, metric, from_ms, INT64_MAX);
	grid_free(p.unpacked);
	return p.count;
}

/* samples_between is how many samples the rows from a time on and before another were made of. */
static size_t
samples_between(const struct rollup *r, int64_t from_ms, int64_t before_ms, struct grid *unpacked)
{
	uint16_t number = ROLLUP_SAMPLES;
	size_t n = 0;

	for (size_t i = 0; i <= r->sealed.count; i++) {
		const struct block *b = i < r->sealed.count ? block_list_at(&r->sealed, i)->block : NULL;
		const struct grid *rows = b ? unpacked : r->open;

		if (b && (b->last_ms < from_ms || b->first_ms >= before_ms))
			continue;
		if (b)
			block_unpack_some(b, &number, 1, unpacked);
		for (unsigned row = 0; row < rows->count; row++)
			if (rows->time_ms[row] >= from_ms && rows->time_ms[row] < before_ms)
				n += rollup_samples(rows, row);
	}
	return n;
}

/* ---- seams: a bucket that is known only in part by what is finer is told as a roll-up, and what is finer begins behind it ---- */

static int64_t
rollup_since(const struct rollup *r)
{
	if (r->sealed.count > 0)
		return block_list_at(&r->sealed, 0)->block->first_ms;
	return r->open->count > 0 ? r->open->time_ms[0] : INT64_MAX;
}

static int64_t
find_minutes_end(const struct engine *e, struct grid *unpacked)
{
	int64_t since_ms = history_since(e->history), begin_ms, end_ms;

	if (since_ms == 0)
		return INT64_MAX;
	begin_ms = bucket_begin(since_ms, MINUTE_MS);
	end_ms = begin_ms + MINUTE_MS;
	if (samples_between(&e->minutes, begin_ms, end_ms, unpacked) > history_count(e->history, begin_ms, end_ms))
		return end_ms;
	return begin_ms;
}

static int64_t
find_hours_end(const struct engine *e, int64_t minutes_end, struct grid *unpacked)
{
	int64_t since_ms = rollup_since(&e->minutes), begin_ms, end_ms;
	size_t finer;

	if (minutes_end < since_ms)
		since_ms = minutes_end;
	if (since_ms == INT64_MAX)
		return since_ms;
	begin_ms = bucket_begin(since_ms, HOUR_MS);
	end_ms = begin_ms + HOUR_MS;
	finer = samples_between(&e->minutes, begin_ms, end_ms < minutes_end ? end_ms : minutes_end, unpacked);
	if (minutes_end < end_ms)
		finer += history_count(e->history, minutes_end, end_ms);
	return samples_between(&e->hours, begin_ms, end_ms, unpacked) > finer ? end_ms : begin_ms;
}

static struct past_seams
find_seams(const struct engine *e, struct grid *unpacked)
{
	struct past_seams s = { .minutes_end_ms = find_minutes_end(e, unpacked) };

	s.hours_end_ms = find_hours_end(e, s.minutes_end_ms, unpacked);
	if (s.minutes_end_ms < s.hours_end_ms)
		s.minutes_end_ms = s.hours_end_ms;
	return s;
}

size_t
engine_past_points(const struct engine *e, enum metric_id metric, int64_t from_ms, int64_t to_ms, int64_t step_ms,
    struct past_point *out, size_t max)
{
	struct points p = { out, 0, max, from_ms, to_ms, step_ms, grid_new(ROLLUP_WIDTH) };
	struct past_seams seams = find_seams(e, p.unpacked);

	if (add_rollup(&p, &e->hours, metric, INT64_MIN, seams.hours_end_ms) &&
	    add_rollup(&p, &e->minutes, metric, seams.hours_end_ms, seams.minutes_end_ms))
		add_full(&p, e->history, metric, seams.minutes_end_ms);
	grid_free(p.unpacked);
	return p.count;
}

struct past_seams
engine_past_seams(const struct engine *e)
{
	struct grid *unpacked = grid_new(ROLLUP_WIDTH);
	struct past_seams seams = find_seams(e, unpacked);

	grid_free(unpacked);
	return seams;
}

int64_t
past_resolution_ms(const struct past_seams *s, int64_t time_ms)
{
	if (time_ms < s->hours_end_ms)
		return HOUR_MS;
	return time_ms < s->minutes_end_ms ? MINUTE_MS : 0;
}

/* widen makes what is kept of one kind part of the extent. */
static bool
widen(bool any, int64_t first_ms, int64_t last_ms, int64_t *oldest_ms, int64_t *newest_ms)
{
	*oldest_ms = any && *oldest_ms < first_ms ? *oldest_ms : first_ms;
	*newest_ms = any && *newest_ms > last_ms ? *newest_ms : last_ms;
	return true;
}

bool
engine_past_extent(const struct engine *e, int64_t *oldest_ms, int64_t *newest_ms)
{
	const struct rollup *rollups[] = { &e->hours, &e->minutes };
	size_t pieces = history_pieces(e->history);
	bool any = false;
	int64_t last_ms;

	for (size_t i = 0; i < ARRAY_LEN(rollups); i++)
		if (rollup_last(rollups[i], &last_ms))
			any = widen(any, rollup_since(rollups[i]), last_ms, oldest_ms, newest_ms);
	if (history_since(e->history) != 0)
		any = widen(any, history_since(e->history), history_piece(e->history, pieces - 1).last_ms, oldest_ms,
		    newest_ms);
	return any;
}
