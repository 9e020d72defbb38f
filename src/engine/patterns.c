/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns among restarts: how they are found. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

const struct load_kind LOADS[CORRELATE_SERIES] = {
	{ METRIC_CPU_UTILIZATION, 10 },
	{ METRIC_VM_MEMORY_TOTAL, 0 },
	{ METRIC_MQ_MAX, 100 },
};

static void
free_pattern(void *p)
{
	struct pattern *pattern = p;

	if (pattern == NULL)
		return;
	pattern_release(pattern);
	free(pattern);
}

void
patterns_init(struct engine *e)
{
	struct patterns *p = &e->patterns;

	memset(p, 0, sizeof(*p));
	trail_init(&p->trail);
	for (int i = 0; i < CORRELATE_SERIES; i++)
		load_init(&p->loads[i], LOADS[i].floor);
	ring_init(&p->over, e->options.max_patterns);
}

void
patterns_release(struct engine *e)
{
	cascades_release(&e->patterns.cascades);
	trail_release(&e->patterns.trail);
	ring_release(&e->patterns.over, free_pattern);
}

/* ---- those that are over ---- */

static void
keep(struct patterns *in, const struct pattern *p)
{
	struct pattern *copy = xmalloc(sizeof(*copy)), *oldest;

	pattern_copy(copy, p);
	copy->active = false;
	oldest = ring_push(&in->over, copy);
	in->over_lost += oldest != NULL;
	free_pattern(oldest);
}

static void
keep_storm(struct subject *s)
{
	struct pattern p;

	pattern_of_storm(s, &s->storm, s->in->now_ms, &p);
	keep(s->in, &p);
	storm_end(&s->storm);
}

static void
keep_periodic(struct subject *s, const struct periodic *ended)
{
	struct pattern p;

	pattern_of_periodic(s, ended, s->in->now_ms, &p);
	keep(s->in, &p);
}

static void
keep_correlation(struct subject *s, int resource)
{
	struct pattern p;

	pattern_of_correlation(s, s->in, resource, s->in->now_ms, &p);
	keep(s->in, &p);
}

/* ---- subjects ---- */

struct subject *
subject_of(struct track *t)
{
	return (struct subject *)(void *)((char *)t - offsetof(struct subject, track));
}

/* A child that made room for others has still shown its patterns. */
static void
keep_patterns(struct track *t)
{
	struct subject *s = subject_of(t);

	if (s->storm.restarts > 0)
		keep_storm(s);
	if (s->periodic.found)
		keep_periodic(s, &s->periodic);
	for (int i = 0; i < CORRELATE_SERIES; i++)
		if (s->correlations[i] && s->correlations[i]->found)
			keep_correlation(s, i);
	s->in->subjects -= s->track.heads > 0;
	s->left = true;
}

static void
free_subject(struct track *t)
{
	struct subject *s = subject_of(t);

	for (int i = 0; i < CORRELATE_SERIES; i++)
		free(s->correlations[i]);
	term_unref(s->supervisor);
	term_unref(s->child_id);
	free(s);
}

static const struct track_owner SUBJECTS = { keep_patterns, free_subject };

static struct track *
track_of(struct patterns *in, struct child *c)
{
	struct subject *s;

	if (c->track)
		return c->track;
	s = xcalloc(1, sizeof(*s));
	track_init(&s->track, &SUBJECTS);
	s->in = in;
	s->supervisor = term_ref(c->supervisor);
	s->child_id = term_ref(c->id);
	c->track = &s->track;
	return c->track;
}

/* ---- what has settled ---- */

static void
look_at_storm(struct subject *s, const struct step *step)
{
	if (s->storm.restarts > 0 && !storm_is_active(&s->storm, step->time_ms))
		keep_storm(s);
	storm_feed(&s->storm, step->time_ms, step->last_ms, step->times);
}

static void
look_at_periodic(struct subject *s)
{
	struct patterns *in = s->in;
	struct periodic ended;

	if (periodic_look(&s->periodic, s->track.times, s->track.count, in->now_ms, in->subjects, &ended))
		keep_periodic(s, &ended);
}

static void
look_at_cascades(struct patterns *in, const struct step *step)
{
	struct cascade *ended;
	struct pattern p;

	cascades_look(&in->cascades, &in->trail, step, in->now_ms, in->subjects, &ended);
	if (ended == NULL)
		return;
	pattern_of_cascade(ended, in->now_ms, &p);
	keep(in, &p);
	cascade_free(ended);
}

static void
take_step(struct patterns *in, const struct step *step)
{
	struct subject *s = subject_of(step->track);

	if (step->times == 0)
		return;
	look_at_storm(s, step);
	if (!step->head || step->crowded)
		return;
	in->subjects += step->track->heads == 1 && !s->left;
	look_at_periodic(s);
	look_at_cascades(in, step);
}

/* Of a child that made room before its last restarts had settled, nothing more will come that ends its storm. */
static void
end_left(struct subject *s)
{
	if (s->left && s->track.waiting == 0 && s->storm.restarts > 0)
		keep_storm(s);
}

static void
take_spike(struct patterns *in, int resource, const struct spike *spike, uint64_t number)
{
	struct load *r = &in->loads[resource];
	struct hit h;
	size_t index = 0;

	while (correlate_hit(r, &in->trail, spike, &index, &h)) {
		struct subject *s = subject_of(h.track);

		if (s->correlations[resource] == NULL)
			s->correlations[resource] = xcalloc(1, sizeof(*s->correlations[resource]));
		h.number = number;
		correlation_add(s->correlations[resource], r, &in->trail, &h, in->now_ms, in->subjects);
	}
}

void
patterns_tick(struct engine *e)
{
	struct patterns *in = &e->patterns;
	struct step step;
	struct spike spike;
	uint64_t number;

	in->now_ms = e->now_ms;
	while (trail_next(&in->trail, e->now_ms, &step)) {
		take_step(in, &step);
		end_left(subject_of(step.track));
		track_unref(step.track);
	}
	for (int i = 0; i < CORRELATE_SERIES; i++)
		while (load_next(&in->loads[i], &in->trail, &spike, &number))
			take_spike(in, i, &spike, number);
}

/* ---- input ---- */

void
patterns_restart(struct engine *e, struct child *c, const struct restart *r)
{
	trail_add(&e->patterns.trail, track_of(&e->patterns, c), r->time_ms, r->times);
	patterns_tick(e);
}

void
patterns_undo(struct engine *e, struct child *c, int64_t time_ms)
{
	if (c->track)
		trail_take(&e->patterns.trail, c->track, time_ms);
}

void
patterns_sample(struct engine *e)
{
	const struct sample *s = e->last;

	for (int i = 0; i < CORRELATE_SERIES; i++)
		if (s->present[LOADS[i].metric])
			load_feed(&e->patterns.loads[i], s->time_ms, s->value[LOADS[i].metric]);
}

static void
forget(struct engine *e)
{
	for (struct child *c = e->restarts.newest_child; c; c = c->older) {
		track_leave(c->track);
		c->track = NULL;
	}
	patterns_release(e);
	patterns_init(e);
}

void
patterns_restored(struct engine *e)
{
	if (trail_newest_ms(&e->patterns.trail) > e->now_ms)
		forget(e);
	patterns_tick(e);
}
