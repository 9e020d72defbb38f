/* SPDX-License-Identifier: Apache-2.0 */
/* What restarted within the range: how often, when, and which supervisors gave up. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/gather.h"

#define PATTERNS_MAX 300 /* that are looked at, the newest */
#define KINDS_MAX 500    /* of (supervisor, child, reason) that are counted apart */

static bool
same(const struct report_restarts *row, const struct restart *x)
{
	return row->kind == x->kind && term_same(row->supervisor, x->supervisor) &&
	    term_same(row->child_id, x->child_id) && term_same(row->reason, x->reason);
}

static void
add_new(struct report_restarts *row, const struct restart *x)
{
	*row = (struct report_restarts) { .supervisor = term_ref(x->supervisor),
		.child_id = term_ref(x->child_id),
		.reason = term_ref(x->reason),
		.kind = x->kind,
		.first_ms = x->time_ms };
}

static void
count_in(struct report_restarts *rows, unsigned *count, const struct restart *x)
{
	unsigned i = 0;

	while (i < *count && !same(&rows[i], x))
		i++;
	if (i == KINDS_MAX)
		return;
	if (i == *count)
		add_new(&rows[(*count)++], x);
	rows[i].count += x->times ? x->times : 1;
	rows[i].last_ms = x->time_ms;
}

static void
count_all(struct report *r, const struct restart *x)
{
	uint64_t times = x->times ? x->times : 1;

	if (x->kind == RESTART_GAVE_UP)
		r->gave_up += times;
	else if (x->kind == RESTART_FAILED)
		r->failed += times;
	else
		r->restarts += times;
}

static void
keep_in_timeline(struct report *r, const struct restart *x)
{
	if (r->timeline == NULL)
		r->timeline = xcalloc(REPORT_RESTARTS_MAX, sizeof(*r->timeline));
	if (r->timeline_count == REPORT_RESTARTS_MAX) {
		restart_release(&r->timeline[0]);
		memmove(&r->timeline[0], &r->timeline[1], --r->timeline_count * sizeof(r->timeline[0]));
	}
	restart_copy(&r->timeline[r->timeline_count++], x);
}

static void
release_row(struct report_restarts *row)
{
	term_unref(row->supervisor);
	term_unref(row->child_id);
	term_unref(row->reason);
}

/* Supervisors that gave up first, then by their number. */
static int
graver(const void *a, const void *b)
{
	const struct report_restarts *x = a, *y = b;

	if ((x->kind == RESTART_GAVE_UP) != (y->kind == RESTART_GAVE_UP))
		return x->kind == RESTART_GAVE_UP ? -1 : 1;
	return (x->count < y->count) - (x->count > y->count);
}

static struct report_pattern *
like_it(struct report *r, const struct pattern *p)
{
	for (unsigned i = 0; i < r->pattern_count; i++)
		if (r->patterns[i].newest.type == p->type &&
		    term_same(r->patterns[i].newest.supervisor, p->supervisor) &&
		    term_same(r->patterns[i].newest.child_id, p->child_id))
			return &r->patterns[i];
	return NULL;
}

/* A child that storms once in two minutes does not need thirty lines in an hour. They come latest first. */
static void
keep_pattern(struct report *r, const struct pattern *p)
{
	struct report_pattern *same = like_it(r, p);

	if (same == NULL && r->pattern_count == REPORT_PATTERNS_MAX) {
		r->patterns_left_out++;
		return;
	}
	if (same == NULL) {
		same = &r->patterns[r->pattern_count++];
		pattern_copy(&same->newest, p);
	}
	same->times++;
	same->first_ms = p->first_ms;
}

static void
gather_patterns(struct report *r, const struct engine *e)
{
	struct pattern *list = xmalloc(PATTERNS_MAX * sizeof(*list));
	size_t count = engine_patterns(e, r->range.to_ms, list, PATTERNS_MAX), in_range = 0;

	for (size_t i = 0; i < count; i++)
		if (list[i].last_ms >= r->range.from_ms && list[i].first_ms <= r->range.to_ms)
			list[in_range++] = list[i];
	for (size_t i = 0; i < in_range; i++)
		keep_pattern(r, &list[i]);
	lanes_end(r, list, in_range);
	free(list);
}

void
gather_restarts(struct report *r, const struct engine *e)
{
	struct report_restarts *rows = xcalloc(KINDS_MAX, sizeof(*rows));
	const struct restart *x;
	unsigned count = 0;
	size_t it = 0;

	while ((x = engine_past_restart(e, r->range.from_ms, r->range.to_ms, &it)) != NULL) {
		if (x->undone)
			continue;
		count_all(r, x);
		count_in(rows, &count, x);
		keep_in_timeline(r, x);
		lanes_add(r, x);
	}
	qsort(rows, count, sizeof(*rows), graver);
	r->restart_row_count = count < REPORT_RESTART_ROWS ? count : REPORT_RESTART_ROWS;
	memcpy(r->restart_rows, rows, r->restart_row_count * sizeof(*rows));
	for (unsigned i = r->restart_row_count; i < count; i++)
		release_row(&rows[i]);
	free(rows);
	gather_patterns(r, e);
}

void
gather_release(struct report *r)
{
	for (unsigned i = 0; i < r->restart_row_count; i++)
		release_row(&r->restart_rows[i]);
	for (unsigned i = 0; i < r->timeline_count; i++)
		restart_release(&r->timeline[i]);
	free(r->timeline);
	for (unsigned i = 0; i < r->pattern_count; i++)
		pattern_release(&r->patterns[i].newest);
}
