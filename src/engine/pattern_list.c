/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns among restarts: how they are told. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/odds.h"
#include "engine/state.h"

/* ---- what a detector knows, as a pattern ---- */

static void
begin(struct pattern *p, enum pattern_type type, const struct subject *s)
{
	*p = (struct pattern) {
		.type = type, .supervisor = s->supervisor, .child_id = s->child_id, .resource = METRIC_NONE
	};
}

/* whole is how many bytes of a text, at most max, end with a whole character. */
static int
whole(const char *text, size_t max)
{
	size_t n = strnlen(text, max + 1);

	for (n = n > max ? max : n; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80;)
		n--;
	return (int)n;
}

/* A span of time for people: "4.2 s", "12 min", "3.5 h". */
static const char *
phrase_span(char *buf, size_t size, double ms)
{
	double seconds = ms / 1000;

	if (seconds < 100)
		snprintf(buf, size, "%.*f s", seconds < 10 ? 1 : 0, seconds);
	else if (seconds < 6000)
		snprintf(buf, size, "%.*f min", seconds < 600 ? 1 : 0, seconds / 60);
	else
		snprintf(buf, size, "%.1f h", seconds / 3600);
	return buf;
}

void
pattern_of_storm(const struct subject *s, const struct storm *storm, int64_t now_ms, struct pattern *out)
{
	char span[32];

	begin(out, PATTERN_STORM, s);
	out->frequency = storm->restarts;
	out->confidence = storm_confidence(storm);
	out->first_ms = storm->first_ms;
	out->last_ms = storm->last_ms;
	out->detected_ms = storm->detected_ms;
	out->active = storm_is_active(storm, now_ms);
	snprintf(out->text, sizeof(out->text), "%" PRIu64 " restarts in %s: %.*s", storm->restarts,
	    phrase_span(span, sizeof(span), (double)(storm->last_ms - storm->first_ms)),
	    whole(term_text(s->child_id), 100), term_text(s->child_id));
}

void
pattern_of_periodic(const struct subject *s, const struct periodic *p, int64_t now_ms, struct pattern *out)
{
	char span[32];

	begin(out, PATTERN_PERIODIC, s);
	out->frequency = p->beats;
	out->confidence = odds_belief(p->evidence);
	out->first_ms = p->first_ms;
	out->last_ms = p->last_ms;
	out->detected_ms = p->detected_ms;
	/* What restarted since is not judged yet, so a beat of seconds is not overdue by that. */
	out->active = periodic_is_active(p, now_ms - TRAIL_SETTLED_MS);
	out->interval_ms = p->period_ms;
	out->jitter = p->jitter;
	out->missed = p->missed;
	snprintf(out->text, sizeof(out->text), "every %s (± %.0f %%), %" PRIu64 " times, %" PRIu64 " missed: %.*s",
	    phrase_span(span, sizeof(span), p->period_ms), 100 * p->jitter, p->beats, p->missed,
	    whole(term_text(s->child_id), 80), term_text(s->child_id));
}

static void
describe_cascade(struct pattern *p)
{
	char span[32];

	snprintf(p->text, sizeof(p->text), "%" PRIu64 " rounds within %s: %.*s", p->frequency,
	    phrase_span(span, sizeof(span), p->delay_ms), whole(term_text(p->child_id), 40), term_text(p->child_id));
	for (unsigned i = 1; i < p->member_count; i++) {
		const char *name = term_text(p->members[i].child_id), *mark = i == 1 ? ", then " : ", ";
		size_t room = sizeof(p->text) - strlen(p->text) - 1;

		if (room <= strlen(mark))
			return;
		room -= strlen(mark);
		snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text), "%s%.*s", mark,
		    whole(name, room < 40 ? room : 40), name);
	}
}

void
pattern_of_cascade(const struct cascade *c, int64_t now_ms, struct pattern *out)
{
	begin(out, PATTERN_CASCADE, subject_of(c->members[0]));
	for (unsigned i = 0; i < c->count; i++) {
		const struct subject *s = subject_of(c->members[i]);

		out->members[i] = (struct pattern_member) { s->supervisor, s->child_id };
	}
	out->member_count = c->count;
	out->frequency = c->rounds;
	out->confidence = odds_confidence(c->log_p);
	out->first_ms = c->first_ms;
	out->last_ms = c->last_ms;
	out->detected_ms = c->detected_ms;
	out->active = cascade_is_active(c, now_ms - TRAIL_SETTLED_MS); /* likewise */
	out->delay_ms = c->delay_ms;
	describe_cascade(out);
}

void
pattern_of_correlation(
    const struct subject *s, const struct patterns *in, int resource, int64_t now_ms, struct pattern *out)
{
	const struct correlation *c = s->correlations[resource];
	char span[32];

	(void)now_ms;
	begin(out, PATTERN_RESOURCE, s);
	out->frequency = c->hits;
	out->confidence = odds_confidence(c->log_p);
	out->first_ms = c->first_ms;
	out->last_ms = c->last_ms;
	out->detected_ms = c->detected_ms;
	out->active = correlation_is_active(c, &in->loads[resource]);
	out->delay_ms = correlation_delay(c);
	out->resource = LOADS[resource].metric;
	out->resource_threshold = c->lowest;
	out->fired = correlation_fired(c);
	snprintf(out->text, sizeof(out->text),
	    "%" PRIu64 " times %s after a spike of %s to %.4g or more (%.0f %% of those): %.*s", c->hits,
	    phrase_span(span, sizeof(span), out->delay_ms), METRICS[out->resource].name, c->lowest, 100 * out->fired,
	    whole(term_text(s->child_id), 60), term_text(s->child_id));
}

/* ---- the list ---- */

struct listing {
	const struct engine *e;
	int64_t now_ms;
	const struct term *supervisor;
	struct pattern *out;
	size_t count, max;
};

static void
list(struct listing *l, const struct pattern *p)
{
	if (l->now_ms - p->last_ms <= l->e->options.retention_ms && pattern_concerns(p, l->supervisor))
		l->count = pattern_rank(l->out, l->count, l->max, p);
}

static void
list_storm(struct listing *l, const struct subject *s)
{
	struct pattern p;

	if (s->seen.restarts == 0)
		return;
	pattern_of_storm(s, &s->seen, l->now_ms, &p);
	list(l, &p);
}

static void
list_last_storm(struct listing *l, struct subject *s)
{
	if (s->track.folded > 0)
		storm_feed(&s->seen, s->track.folded_ms, s->track.folded_ms, s->track.folded);
	list_storm(l, s);
	storm_end(&s->seen);
}

/* begin_storms: what has settled. Children that made room for others are known by what waits of them. */
static void
begin_storms(const struct engine *e)
{
	const struct waiting *w;

	for (const struct child *c = e->restarts.newest_child; c; c = c->older)
		if (c->track)
			subject_of(c->track)->seen = subject_of(c->track)->storm;
	for (size_t i = 0; (w = trail_waiting(&e->patterns.trail, i)) != NULL; i++)
		subject_of(w->track)->seen = subject_of(w->track)->storm;
}

/* Storms are told at once: what has not settled is looked at as if it had. */
static void
list_storms(struct listing *l)
{
	const struct trail *trail = &l->e->patterns.trail;
	const struct waiting *w;

	begin_storms(l->e);
	for (size_t i = 0; (w = trail_waiting(trail, i)) != NULL; i++) {
		struct subject *s = subject_of(w->track);

		if (s->seen.restarts > 0 && !storm_is_active(&s->seen, w->time_ms)) {
			list_storm(l, s);
			storm_end(&s->seen);
		}
		if (w->times > 0)
			storm_feed(&s->seen, w->time_ms, w->time_ms, w->times);
	}
	for (const struct child *c = l->e->restarts.newest_child; c; c = c->older)
		if (c->track)
			list_last_storm(l, subject_of(c->track));
	for (size_t i = 0; (w = trail_waiting(trail, i)) != NULL; i++)
		if (subject_of(w->track)->seen.restarts > 0)
			list_last_storm(l, subject_of(w->track));
}

static void
list_others(struct listing *l, const struct subject *s)
{
	const struct patterns *in = &l->e->patterns;
	struct pattern p;

	if (s->periodic.found) {
		pattern_of_periodic(s, &s->periodic, l->now_ms, &p);
		list(l, &p);
	}
	for (int i = 0; i < CORRELATE_SERIES; i++)
		if (s->correlations[i] && s->correlations[i]->found) {
			pattern_of_correlation(s, in, i, l->now_ms, &p);
			list(l, &p);
		}
}

size_t
patterns_of(const struct engine *e, int64_t now_ms, const struct term *supervisor, struct pattern *out, size_t max)
{
	struct listing l = { .e = e,
		.now_ms = now_ms > e->now_ms ? now_ms : e->now_ms,
		.supervisor = supervisor,
		.out = out,
		.max = max };
	const struct pattern *over;
	struct pattern p;

	/* Those that ended are the most: newest first they come in order. */
	for (size_t i = 0; (over = ring_newest(&e->patterns.over, i)) != NULL; i++)
		list(&l, over);
	list_storms(&l);
	for (const struct child *c = e->restarts.newest_child; c; c = c->older)
		if (c->track)
			list_others(&l, subject_of(c->track));
	for (size_t i = 0; i < e->patterns.cascades.count; i++) {
		pattern_of_cascade(e->patterns.cascades.all[i], l.now_ms, &p);
		list(&l, &p);
	}
	return l.count;
}

size_t
engine_patterns(const struct engine *e, int64_t now_ms, struct pattern *out, size_t max)
{
	return patterns_of(e, now_ms, NULL, out, max);
}
