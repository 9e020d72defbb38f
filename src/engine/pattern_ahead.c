/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns that go on, those first that are about to be seen again: what is foretold comes of them. */
#include <math.h>

#include "engine/state.h"

#define THE_BEAT (-1)

/* A pattern of a subject: its beat, or what follows a resource. */
struct due {
	double order; /* the least first */
	const struct subject *subject;
	int resource; /* or THE_BEAT */
};

struct queue {
	const struct engine *e;
	int64_t now_ms;
	size_t count, max;
	struct due list[PATTERNS_AHEAD];
};

static void
put(struct queue *q, const struct due *d)
{
	size_t i = q->count;

	if (q->max == 0 || (i == q->max && d->order >= q->list[--i].order))
		return;
	for (; i > 0 && d->order < q->list[i - 1].order; i--)
		q->list[i] = q->list[i - 1];
	q->list[i] = *d;
	q->count += q->count < q->max;
}

/* A beat is due at the multiple of its interval that is nearest to now, though not at the one that has come. */
static void
put_beat(struct queue *q, const struct subject *s)
{
	const struct periodic *p = &s->periodic;
	double beats = fmax(1, round((double)(q->now_ms - p->last_ms) / p->period_ms));
	struct due d = { (double)p->last_ms + beats * p->period_ms, s, THE_BEAT };

	if (periodic_is_active(p, q->now_ms - TRAIL_SETTLED_MS))
		put(q, &d);
}

/* Of what follows a resource it is not known when: the latest comes first. */
static void
put_correlations(struct queue *q, const struct subject *s)
{
	for (int i = 0; i < CORRELATE_SERIES; i++) {
		const struct correlation *c = s->correlations[i];
		struct due d = { c ? -(double)c->last_ms : 0, s, i };

		if (c && correlation_is_active(c, &q->e->patterns.loads[i]))
			put(q, &d);
	}
}

size_t
patterns_ahead(const struct engine *e, int64_t now_ms, enum pattern_type type, struct pattern *out, size_t max)
{
	struct queue q = { .e = e, .now_ms = now_ms, .max = max < PATTERNS_AHEAD ? max : PATTERNS_AHEAD };

	for (const struct child *c = e->restarts.newest_child; c; c = c->older) {
		if (c->track && type == PATTERN_PERIODIC)
			put_beat(&q, subject_of(c->track));
		if (c->track && type == PATTERN_RESOURCE)
			put_correlations(&q, subject_of(c->track));
	}
	for (size_t i = 0; i < q.count; i++) {
		const struct due *d = &q.list[i];

		if (d->resource == THE_BEAT)
			pattern_of_periodic(d->subject, &d->subject->periodic, now_ms, &out[i]);
		else
			pattern_of_correlation(d->subject, &e->patterns, d->resource, now_ms, &out[i]);
	}
	return q.count;
}
