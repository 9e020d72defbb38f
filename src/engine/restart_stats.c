/* SPDX-License-Identifier: Apache-2.0 */
/* The restart statistics as an answer: gathered from the tallies when asked for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

/* What is gathered over one, several or all supervisors. */
struct gathering {
	const struct engine *e;
	int64_t now_ms;
	struct restart_stats *out;
	int64_t first_ms, last_ms;
	uint64_t *reasons; /* by reason.index */
};

static void
add_tally(struct gathering *g, const struct tally *t)
{
	struct restart_stats *out = g->out;

	if (t->total > 0) {
		g->first_ms = out->total == 0 || t->first_ms < g->first_ms ? t->first_ms : g->first_ms;
		g->last_ms = out->total == 0 || t->last_ms > g->last_ms ? t->last_ms : g->last_ms;
	}
	out->total += t->total;
	out->undone += t->undone;
	out->failed += t->failed;
	out->gave_up += t->gave_up;
	out->collateral += t->collateral;
	out->rate += (double)window_count(&t->window, g->now_ms, RESTARTS_RATE_MS);
}

/* ---- most restarted children ---- */

/* Equal counts are ordered by their terms, so that the answer does not jump. */
static bool
comes_before(const struct child_count *a, const struct child_count *b)
{
	int order;

	if (a->count != b->count)
		return a->count > b->count;
	order = term_order(a->supervisor, b->supervisor);
	return order != 0 ? order < 0 : term_order(a->child_id, b->child_id) < 0;
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

/* ---- what a supervisor and its children add ---- */

static void
add_child(struct gathering *g, const struct child *c)
{
	struct child_count count = { c->supervisor, c->id, c->count, c->undone };

	if (c->count == 0)
		return;
	rank_child(g->out, &count);
	for (uint32_t i = 0; i < c->reasons.count; i++)
		g->reasons[c->reasons.entries[i].reason->index] += c->reasons.entries[i].count;
}

/* Several supervisors may print alike: their patterns are ranked together. */
static void
add_patterns(struct gathering *g, const struct term *supervisor)
{
	struct restart_stats *out = g->out;
	struct pattern *more = xcalloc(RESTART_STATS_PATTERNS, sizeof(*more));
	size_t n = patterns_of(g->e, g->now_ms, supervisor, more, RESTART_STATS_PATTERNS);

	for (size_t i = 0; i < n; i++)
		out->pattern_count =
		    (unsigned)pattern_rank(out->patterns, out->pattern_count, RESTART_STATS_PATTERNS, &more[i]);
	free(more);
}

static void
add_supervisor(struct gathering *g, const struct supervisor *s)
{
	add_tally(g, &s->tally);
	supervision_budget(s, g->now_ms, g->out);
	for (const struct child *c = s->newest; c; c = c->elder)
		add_child(g, c);
	add_patterns(g, s->name);
}

/* ---- reasons ---- */

static bool
is_more_frequent(const struct reason_count *a, const struct reason_count *b)
{
	return a->count != b->count ? a->count > b->count : term_order(a->reason, b->reason) < 0;
}

/* The last place is for all that found none. */
static void
rank_reason(struct restart_stats *out, const struct reason_count *c)
{
	unsigned i = out->reason_count;

	if (i == RESTART_STATS_REASONS - 1 && !is_more_frequent(c, &out->reasons[--i]))
		return;
	for (; i > 0 && is_more_frequent(c, &out->reasons[i - 1]); i--)
		out->reasons[i] = out->reasons[i - 1];
	out->reasons[i] = *c;
	out->reason_count += out->reason_count < RESTART_STATS_REASONS - 1;
}

/* The counts add up to the total of described restarts. */
static void
add_reasons(struct gathering *g)
{
	struct restart_stats *out = g->out;
	uint64_t others = out->total - out->undescribed;

	for (size_t i = 0; i < g->e->restarts.reasons.count; i++) {
		struct reason_count c = { g->e->restarts.reasons.all[i]->term, g->reasons[i] };

		if (c.count > 0)
			rank_reason(out, &c);
	}
	for (unsigned i = 0; i < out->reason_count; i++)
		others -= out->reasons[i].count;
	if (others > 0)
		out->reasons[out->reason_count++] = (struct reason_count) { NULL, others };
}

/* ---- the answers ---- */

static struct gathering
begin(const struct engine *e, int64_t now_ms, struct restart_stats *out)
{
	memset(out, 0, sizeof(*out));
	out->observed = capture_is_on(e) || e->restarts.all.total > 0;
	return (struct gathering) {
		.e = e,
		.now_ms = now_ms > e->now_ms ? now_ms : e->now_ms,
		.out = out,
		.reasons = xcalloc(e->restarts.reasons.count + 1, sizeof(uint64_t)),
	};
}

static void
end(struct gathering *g)
{
	struct restart_stats *out = g->out;

	out->mean_interval_ms = out->total < 2 ? NAN : (double)(g->last_ms - g->first_ms) / (double)(out->total - 1);
	add_reasons(g);
	free(g->reasons);
}

static void
gather_all(struct gathering *g)
{
	add_tally(g, &g->e->restarts.all);
	for (const struct child *c = g->e->restarts.newest_child; c; c = c->older)
		add_child(g, c);
	for (const struct supervisor *s = g->e->restarts.newest_supervisor; s; s = s->older)
		supervision_budget(s, g->now_ms, g->out);
	add_patterns(g, NULL);
	g->out->undescribed = g->e->restarts.undescribed;
}

/* Several supervisors may print alike. */
static bool
gather_named(struct gathering *g, const char *name)
{
	bool found = false;

	for (const struct supervisor *s = g->e->restarts.newest_supervisor; s; s = s->older)
		if (strcmp(name, term_text(s->name)) == 0) {
			add_supervisor(g, s);
			found = true;
		}
	return found;
}

bool
engine_restart_stats(const struct engine *e, int64_t now_ms, const char *supervisor, struct restart_stats *out)
{
	struct gathering g = begin(e, now_ms, out);
	bool found = true;

	if (supervisor)
		found = gather_named(&g, supervisor);
	else
		gather_all(&g);
	end(&g);
	return found;
}

bool
engine_restart_stats_of(const struct engine *e, int64_t now_ms, const struct term *key, struct restart_stats *out)
{
	const struct supervisor *s = restarts_supervisor(&e->restarts, key);
	struct gathering g = begin(e, now_ms, out);

	if (s)
		add_supervisor(&g, s);
	end(&g);
	return s != NULL;
}
