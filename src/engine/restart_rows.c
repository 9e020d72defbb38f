/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/restart_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* Siblings that are entered by name; beyond, they count in the total only. */
#define COLLATERAL_MAX 20000

const char *const ROW_KINDS[ROW_KIND_COUNT] = {
	[ROW_RESTART] = "restart",
	[ROW_START_ERROR] = "start_error",
	[ROW_GAVE_UP] = "gave_up",
	[ROW_COLLATERAL] = "collateral",
};

void
restart_rows_init(struct restart_rows *r, int64_t start_ms, int64_t end_ms)
{
	*r = (struct restart_rows) { .start_ms = start_ms, .end_ms = end_ms, .collateral_max = COLLATERAL_MAX };
	r->step_ms =
	    (end_ms - start_ms + RESTART_ROW_STEPS * INT64_C(1000) - 1) / (RESTART_ROW_STEPS * INT64_C(1000)) * 1000;
	if (r->step_ms == 0)
		r->step_ms = 1000;
	map_init(&r->children);
}

static void
free_row(struct restart_row *row)
{
	term_unref(row->supervisor);
	term_unref(row->child_id);
	free(row->times);
	for (int k = 0; k < ROW_KIND_COUNT; k++)
		free(row->steps[k]);
	free(row);
}

void
restart_rows_release(struct restart_rows *r)
{
	for (size_t i = 0; i < r->count; i++)
		free_row(r->rows[i]);
	free(r->rows);
	map_release(&r->children, NULL);
	strbuf_release(&r->key);
}

/* ---- rows ---- */

static void
add_key(struct strbuf *key, const struct term *t)
{
	uint32_t len = t ? t->ext_len : 0;

	strbuf_add(key, &len, sizeof(len));
	if (t)
		strbuf_add(key, t->ext, len);
}

static struct restart_row *
new_row(struct restart_rows *r, const struct restart *restart, struct term *child)
{
	struct restart_row *row = xcalloc(1, sizeof(*row));

	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		r->rows = xreallocarray(r->rows, r->room, sizeof(struct restart_row *));
	}
	row->supervisor = term_ref(restart->supervisor);
	row->child_id = term_ref(child);
	row->group = restart->group;
	r->rows[r->count++] = row;
	return row;
}

/* row_of is the child's; NULL: there is no room for it. */
static struct restart_row *
row_of(struct restart_rows *r, const struct restart *restart, struct term *child)
{
	struct restart_row *row;

	strbuf_reset(&r->key);
	add_key(&r->key, restart_key(restart));
	add_key(&r->key, child);
	row = map_get(&r->children, r->key.data, r->key.len);
	if (row || r->count == RESTART_ROWS_MAX)
		return row;
	row = new_row(r, restart, child);
	map_put(&r->children, r->key.data, r->key.len, row);
	return row;
}

/* ---- entries ---- */

static void
count_step(const struct restart_rows *r, struct restart_row *row, enum row_kind kind, int64_t time_ms, uint64_t times)
{
	int64_t step = (time_ms - r->start_ms) / r->step_ms;
	uint32_t *count;

	if (row->steps[kind] == NULL)
		row->steps[kind] = xcalloc(RESTART_ROW_STEPS, sizeof(uint32_t));
	if (step < 0)
		step = 0;
	count = &row->steps[kind][step < RESTART_ROW_STEPS ? step : RESTART_ROW_STEPS - 1];
	*count = UINT32_MAX - *count < times ? UINT32_MAX : *count + (uint32_t)times;
}

/* become_stepped: what was told one by one is counted from now on. */
static void
become_stepped(const struct restart_rows *r, struct restart_row *row)
{
	row->stepped = true;
	for (unsigned i = 0; i < row->time_count; i++)
		count_step(r, row, row->times[i].kind, row->times[i].time_ms, 1);
	free(row->times);
	row->times = NULL;
	row->time_count = 0;
}

static void
add_time(struct restart_row *row, enum row_kind kind, int64_t time_ms)
{
	/* Room for 4, 8, 16, 32, 64. */
	if (row->time_count == 0 || (row->time_count >= 4 && (row->time_count & (row->time_count - 1)) == 0))
		row->times =
		    xreallocarray(row->times, row->time_count ? 2 * row->time_count : 4, sizeof(row->times[0]));
	row->times[row->time_count].time_ms = time_ms;
	row->times[row->time_count++].kind = kind;
}

static void
enter(struct restart_rows *r, struct restart_row *row, enum row_kind kind, int64_t time_ms, uint64_t times)
{
	row->first_ms = row->first_ms == 0 || time_ms < row->first_ms ? time_ms : row->first_ms;
	row->last_ms = time_ms > row->last_ms ? time_ms : row->last_ms;
	row->count[kind] += times;
	if (!row->stepped && (times > 1 || row->time_count == RESTART_ROW_TIMES))
		become_stepped(r, row);
	if (row->stepped)
		count_step(r, row, kind, time_ms, times);
	else
		add_time(row, kind, time_ms);
}

static void
add_entry(struct restart_rows *r, const struct restart *restart, struct term *child, enum row_kind kind, uint64_t times)
{
	struct restart_row *row = row_of(r, restart, child);

	if (row)
		enter(r, row, kind, restart->time_ms, times);
	else
		r->left_out += times;
}

static void
add_siblings(struct restart_rows *r, const struct restart *restart, uint64_t times)
{
	r->total[ROW_COLLATERAL] += restart->collateral * times;
	for (unsigned i = 0; i < restart->sibling_count; i++) {
		struct term *sibling = restart->siblings->ids[i];

		if (term_same(sibling, restart->child_id))
			continue;
		if (r->collateral_max == 0)
			r->left_out += times;
		else {
			r->collateral_max--;
			add_entry(r, restart, sibling, ROW_COLLATERAL, times);
		}
	}
}

void
restart_rows_add(struct restart_rows *r, const struct restart *restart)
{
	static const enum row_kind kinds[] = {
		[RESTART_DONE] = ROW_RESTART, [RESTART_FAILED] = ROW_START_ERROR, [RESTART_GAVE_UP] = ROW_GAVE_UP
	};
	uint64_t times = restart->times ? restart->times : 1;

	if (restart->kind > RESTART_GAVE_UP || restart->undone)
		return;
	r->total[kinds[restart->kind]] += times;
	add_entry(r, restart, restart->child_id, kinds[restart->kind], times);
	if (restart->kind == RESTART_DONE && restart->collateral_known && restart->collateral > 0)
		add_siblings(r, restart, times);
}

/* ---- order ---- */

static int
by_count(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a > b ? -1 : 1;
}

/* Equal ones are ordered by their terms, so that a list does not jump. */
static int
compare(const void *x, const void *y)
{
	const struct restart_row *a = *(struct restart_row *const *)x, *b = *(struct restart_row *const *)y;
	int order = by_count(a->count[ROW_GAVE_UP], b->count[ROW_GAVE_UP]);

	if (order == 0)
		order = by_count(a->count[ROW_RESTART] + a->count[ROW_START_ERROR],
		    b->count[ROW_RESTART] + b->count[ROW_START_ERROR]);
	if (order == 0)
		order = by_count(a->count[ROW_COLLATERAL], b->count[ROW_COLLATERAL]);
	if (order == 0)
		order = term_order(a->supervisor, b->supervisor);
	return order ? order : term_order(a->child_id, b->child_id);
}

void
restart_rows_rank(struct restart_rows *r)
{
	if (r->count > 0)
		qsort(r->rows, r->count, sizeof(r->rows[0]), compare);
}
