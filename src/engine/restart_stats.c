/* SPDX-License-Identifier: Apache-2.0 */
/* The restart statistics as an answer: gathered from the tallies when asked for. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/state.h"

/* What is gathered over one, several or all supervisors. */
struct sum {
	int64_t first_ms, last_ms;
	uint64_t reasons[RESTARTS_MAX_REASONS + 1];
};

static bool
is_wanted(const char *supervisor, const struct term *name)
{
	return supervisor == NULL || strcmp(supervisor, term_text(name)) == 0;
}

static void
add_tally(struct restart_stats *out, struct sum *sum, const struct tally *t, int64_t now_ms)
{
	if (t->total > 0) {
		sum->first_ms = out->total == 0 || t->first_ms < sum->first_ms ? t->first_ms : sum->first_ms;
		sum->last_ms = out->total == 0 || t->last_ms > sum->last_ms ? t->last_ms : sum->last_ms;
	}
	out->total += t->total;
	out->failed += t->failed;
	out->gave_up += t->gave_up;
	out->rate += (double)window_count(&t->window, now_ms, RESTARTS_RATE_MS);
	for (unsigned i = 0; i <= RESTARTS_MAX_REASONS; i++)
		sum->reasons[i] += t->reasons[i];
}

/* add_supervisors gathers over those of that name; several may print alike. False if there is none. */
static bool
add_supervisors(const struct restarts *r, int64_t now_ms, const char *name, struct restart_stats *out, struct sum *sum)
{
	const struct supervisor *s;
	bool found = false;

	for (size_t it = 0; (s = map_next(&r->supervisors, &it)) != NULL;) {
		if (!is_wanted(name, s->name))
			continue;
		found = true;
		add_tally(out, sum, &s->tally, now_ms);
	}
	return found;
}

/* ---- most restarted children ---- */

/* Equal counts are ordered by their texts, so that the answer does not depend on the map's order. */
static bool
comes_before(const struct child_count *a, const struct child_count *b)
{
	int order;

	if (a->count != b->count)
		return a->count > b->count;
	order = strcmp(a->supervisor, b->supervisor);
	return order != 0 ? order < 0 : strcmp(a->child_id, b->child_id) < 0;
}

static void
rank_child(struct restart_stats *out, const struct child_count *c)
{
	unsigned i = out->child_count;

	if (i == RESTART_STATS_TOP && !comes_before(c, &out->children[--i]))
		return;
	for (; i > 0 && comes_before(c, &out->children[i - 1]); i--)
		out->children[i] = out->children[i - 1];
	out->children[i] = *c;
	out->child_count += out->child_count < RESTART_STATS_TOP;
}

/* ---- patterns: storms of the last hour, newest first ---- */

static bool
is_newer(const struct restart_pattern *a, const struct restart_pattern *b)
{
	if (a->last_ms != b->last_ms)
		return a->last_ms > b->last_ms;
	return strcmp(a->child_id, b->child_id) < 0;
}

static void
rank_pattern(struct restart_stats *out, const struct restart_pattern *p)
{
	unsigned i = out->pattern_count;

	if (i == RESTART_STATS_PATTERNS && !is_newer(p, &out->patterns[--i]))
		return;
	for (; i > 0 && is_newer(p, &out->patterns[i - 1]); i--)
		out->patterns[i] = out->patterns[i - 1];
	out->patterns[i] = *p;
	out->pattern_count += out->pattern_count < RESTART_STATS_PATTERNS;
}

static void
add_storm(struct restart_stats *out, const struct child *c, int64_t now_ms)
{
	struct restart_pattern p = {
		.type = "restart_storm",
		.supervisor = term_text(c->supervisor),
		.child_id = term_text(c->id),
		.frequency = c->storm.restarts,
		.confidence = storm_confidence(&c->storm),
		.first_ms = c->storm.first_ms,
		.last_ms = c->storm.last_ms,
		.active = storm_is_active(&c->storm, now_ms),
	};

	if (c->storm.restarts == 0 || now_ms - c->storm.last_ms > RESTARTS_RATE_MS)
		return;
	storm_describe(&c->storm, p.child_id, p.pattern, sizeof(p.pattern));
	rank_pattern(out, &p);
}

static void
add_children(const struct restarts *r, int64_t now_ms, const char *supervisor, struct restart_stats *out)
{
	const struct child *c;

	for (size_t it = 0; (c = map_next(&r->children, &it)) != NULL;) {
		struct child_count count = { term_text(c->supervisor), term_text(c->id), c->count };

		if (c->count == 0 || !is_wanted(supervisor, c->supervisor))
			continue;
		rank_child(out, &count);
		add_storm(out, c, now_ms);
	}
}

/* ---- reasons ---- */

static void
rank_reason(struct restart_stats *out, const struct reason_count *c, unsigned places)
{
	unsigned i = out->reason_count;

	if (i == places && c->count <= out->reasons[--i].count)
		return;
	for (; i > 0 && c->count > out->reasons[i - 1].count; i--)
		out->reasons[i] = out->reasons[i - 1];
	out->reasons[i] = *c;
	out->reason_count += out->reason_count < places;
}

/* The last place is for all that found none, so that the counts add up to the total of described restarts. */
static void
add_reasons(const struct restarts *r, const struct sum *sum, struct restart_stats *out)
{
	uint64_t all = sum->reasons[RESTARTS_MAX_REASONS], shown = 0;

	for (unsigned i = 0; i < r->reason_count; i++) {
		struct reason_count c = { r->reasons[i]->text, r->reasons[i]->truncated, sum->reasons[i] };

		all += c.count;
		if (c.count > 0)
			rank_reason(out, &c, RESTART_STATS_TOP - 1);
	}
	for (unsigned i = 0; i < out->reason_count; i++)
		shown += out->reasons[i].count;
	if (all > shown)
		out->reasons[out->reason_count++] = (struct reason_count) { RESTARTS_OTHER, false, all - shown };
}

bool
engine_restart_stats(const struct engine *e, int64_t now_ms, const char *supervisor, struct restart_stats *out)
{
	const struct restarts *r = &e->restarts;
	struct sum sum = { 0 };

	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	memset(out, 0, sizeof(*out));
	out->observed = capture_is_on(e) || r->all.total > 0;
	if (supervisor == NULL)
		add_tally(out, &sum, &r->all, now_ms);
	else if (!add_supervisors(r, now_ms, supervisor, out, &sum))
		return false;
	out->undescribed = supervisor == NULL ? r->undescribed : 0;
	out->mean_interval_ms = out->total < 2 ? NAN : (double)(sum.last_ms - sum.first_ms) / (double)(out->total - 1);
	add_children(r, now_ms, supervisor, out);
	add_reasons(r, &sum, out);
	return true;
}
