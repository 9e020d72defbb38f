/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/boots.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

#define STEPS 2000

struct search {
	struct boots *out;
	int64_t start_ms, end_ms, step_ms;
	int64_t silent_ms; /* without a sample for so long, that it was not seen */
};

/* ---- lists of the newest ---- */

static void
add_boot(struct boots *b, struct boot boot)
{
	if (b->boot_count == BOOTS_MAX) {
		memmove(&b->boots[0], &b->boots[1], (BOOTS_MAX - 1) * sizeof(b->boots[0]));
		b->boot_count--;
		b->boots_left_out++;
	}
	b->boots[b->boot_count++] = boot;
}

static void
add_unseen(struct boots *b, int64_t start_ms, int64_t end_ms)
{
	if (b->unseen_count == UNSEEN_MAX) {
		memmove(&b->unseen[0], &b->unseen[1], (UNSEEN_MAX - 1) * sizeof(b->unseen[0]));
		b->unseen_count--;
		b->unseen_left_out++;
	}
	b->unseen[b->unseen_count++] = (struct unseen) { start_ms, end_ms };
}

/* ---- from one point to the next ---- */

static int64_t
booted_ms(const struct past_point *p)
{
	return sample_booted_ms(p->last_ms, p->last);
}

/* The uptime fell, or is shorter than nothing was heard for. */
static bool
is_another(const struct past_point *before, const struct past_point *p)
{
	return p->min < before->last || booted_ms(p) > before->last_ms;
}

static void
look_at_boot(const struct search *s, const struct past_point *before, const struct past_point *p)
{
	int64_t booted = booted_ms(p);
	bool known = before->count > 0;

	if (booted < s->start_ms || booted > s->end_ms || (known && !is_another(before, p)))
		return;
	add_boot(s->out, (struct boot) { booted, known ? before->last_ms : 0, p->last_ms });
}

static void
look_at_silence(const struct search *s, const struct past_point *before, const struct past_point *p)
{
	if (before->count > 0 && p->time_ms - before->last_ms > s->silent_ms && p->time_ms > s->start_ms)
		add_unseen(s->out, before->last_ms, p->time_ms);
}

/* look_at_end: the last sample was so long ago that the node is not seen now, or at the end of the time. */
static void
look_at_end(const struct search *s, const struct past_point *last, int64_t now_ms)
{
	if (last->count > 0 && s->end_ms - last->last_ms > s->silent_ms)
		add_unseen(s->out, last->last_ms, s->end_ms < now_ms ? s->end_ms : 0);
}

/* ---- the whole ---- */

/* begin is from when on to look: so long before the time that it is known what was before; false: nothing is kept of then. */
static bool
begin(struct search *s, const struct engine *e, int64_t *from_ms)
{
	int64_t oldest_ms, newest_ms;

	s->silent_ms = STALE_INTERVALS * e->options.interval_ms;
	s->silent_ms = s->silent_ms > STALE_MIN_MS ? s->silent_ms : STALE_MIN_MS;
	*from_ms = s->start_ms - s->silent_ms - MINUTE_MS;
	if (!engine_past_extent(e, &oldest_ms, &newest_ms) || newest_ms < *from_ms || s->end_ms < s->start_ms)
		return false;
	*from_ms = *from_ms > oldest_ms ? *from_ms : oldest_ms;
	s->step_ms = (s->end_ms - *from_ms) / STEPS;
	s->step_ms = s->step_ms > MINUTE_MS ? s->step_ms : MINUTE_MS;
	return s->end_ms >= *from_ms;
}

void
boots_find(const struct engine *e, int64_t now_ms, int64_t start_ms, int64_t end_ms, struct boots *out)
{
	struct search s = { .out = out, .start_ms = start_ms, .end_ms = end_ms < now_ms ? end_ms : now_ms };
	struct past_point *points = xcalloc(STEPS + 2, sizeof(*points)), none = { .count = 0 };
	const struct past_point *before = &none;
	int64_t from_ms;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (begin(&s, e, &from_ms))
		n = engine_past_points(e, METRIC_WALLCLOCK, from_ms, s.end_ms, s.step_ms, points, STEPS + 2);
	for (size_t i = 0; i < n; i++) {
		look_at_boot(&s, before, &points[i]);
		look_at_silence(&s, before, &points[i]);
		before = &points[i];
	}
	look_at_end(&s, before, now_ms);
	free(points);
}
