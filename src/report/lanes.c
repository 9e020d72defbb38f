/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts over time, a lane for each child: what the time line draws. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/gather.h"

#define LANES_ROOM 500 /* children that are told apart */

static bool
is_of(const struct report_lane *l, const struct term *key, const struct term *child_id)
{
	return term_same(l->key, key) && term_same(l->child_id, child_id);
}

static struct report_lane *
lane_of(struct report *r, const struct restart *x)
{
	struct report_lane *l;

	if (r->lanes == NULL)
		r->lanes = xcalloc(LANES_ROOM, sizeof(*r->lanes));
	for (unsigned i = 0; i < r->lane_count; i++)
		if (is_of(&r->lanes[i], restart_key(x), x->child_id))
			return &r->lanes[i];
	if (r->lane_count == LANES_ROOM)
		return NULL;
	l = &r->lanes[r->lane_count++];
	l->supervisor = term_ref(x->supervisor);
	l->key = term_ref(restart_key(x));
	l->child_id = term_ref(x->child_id);
	return l;
}

static unsigned
bin_of(const struct report_range *range, int64_t time_ms)
{
	int64_t span = range->to_ms - range->from_ms + 1, at = time_ms - range->from_ms;

	at = at < 0 ? 0 : at >= span ? span - 1 : at;
	return (unsigned)((double)at / (double)span * REPORT_LANE_BINS);
}

void
lanes_add(struct report *r, const struct restart *x)
{
	uint32_t times = x->times > 1 ? (uint32_t)x->times : 1;
	struct report_lane *l = lane_of(r, x);

	if (l == NULL)
		return;
	if (x->kind == RESTART_GAVE_UP) {
		l->gave_up_ms = x->time_ms;
		return;
	}
	l->count += times;
	l->last_ms = x->time_ms;
	l->bins[bin_of(&r->range, x->time_ms)] += times;
}

static void
release_lane(struct report_lane *l)
{
	term_unref(l->supervisor);
	term_unref(l->key);
	term_unref(l->child_id);
}

/* Those on which a supervisor gave up first. */
static int
busier(const void *a, const void *b)
{
	const struct report_lane *x = a, *y = b;

	if ((x->gave_up_ms != 0) != (y->gave_up_ms != 0))
		return x->gave_up_ms ? -1 : 1;
	return (x->count < y->count) - (x->count > y->count);
}

static void
add_span(struct report *r, const struct pattern *p, const struct term *supervisor, const struct term *child_id)
{
	for (unsigned i = 0; i < r->lane_count; i++) {
		struct report_lane *l = &r->lanes[i];

		if (is_of(l, supervisor, child_id) && l->span_count < REPORT_SPANS_MAX)
			l->spans[l->span_count++] = (struct report_span) { p->type, p->first_ms, p->last_ms };
	}
}

static void
draw_pattern(struct report *r, const struct pattern *p)
{
	if (p->type != PATTERN_CASCADE)
		add_span(r, p, p->supervisor, p->child_id);
	for (unsigned m = 0; p->type == PATTERN_CASCADE && m < p->member_count; m++)
		add_span(r, p, p->members[m].supervisor, p->members[m].child_id);
}

void
lanes_end(struct report *r, const struct pattern *patterns, size_t count)
{
	if (r->lane_count == 0)
		return;
	qsort(r->lanes, r->lane_count, sizeof(*r->lanes), busier);
	r->lane_total = r->lane_count;
	while (r->lane_count > REPORT_LANES_MAX)
		release_lane(&r->lanes[--r->lane_count]);
	r->lanes = xreallocarray(r->lanes, r->lane_count, sizeof(*r->lanes));
	for (size_t i = 0; i < count; i++)
		draw_pattern(r, &patterns[i]);
}

void
lanes_release(struct report *r)
{
	for (unsigned i = 0; i < r->lane_count; i++)
		release_lane(&r->lanes[i]);
	free(r->lanes);
}
