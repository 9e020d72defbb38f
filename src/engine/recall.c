/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept for reports and not in the history: rankings over time, so that one can see who grew, the states of the link, and what was
 * deployed. Fixed rings: an anomaly a second keeps no more than three rankings a minute, so that those of the last 16 minutes are always there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/deploys.h"
#include "engine/state.h"

#define RANKING_GAP_MS 60000
#define URGENT_GAP_MS 20000

static struct ranked
ranked_of(const struct top_process *p)
{
	struct ranked r = { .value = p->value };

	snprintf(r.pid, sizeof(r.pid), "%s", p->pid);
	snprintf(r.name, sizeof(r.name), "%.63s", p->name[0] ? p->name : p->initial_call);
	return r;
}

static void
fill(struct past_ranking *r, const struct engine *e)
{
	r->time_ms = e->now_ms;
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		unsigned count = e->top_count[kind] < PAST_RANKING_ROWS ? e->top_count[kind] : PAST_RANKING_ROWS;

		r->count[kind] = (uint8_t)count;
		for (unsigned i = 0; i < count; i++)
			r->rows[kind][i] = ranked_of(&e->top[kind][i]);
	}
}

static const struct past_ranking *
newest(const struct recall *r)
{
	return r->ranking_count ? &r->rankings[(r->ranking_count - 1) % PAST_RANKINGS] : NULL;
}

static bool
is_anyone_ranked(const struct engine *e)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		if (e->top_count[kind] > 0)
			return true;
	return false;
}

void
recall_rankings(struct engine *e, bool urgent)
{
	struct recall *r = &e->recall;
	const struct past_ranking *last = newest(r);

	if (!is_anyone_ranked(e) || (last && e->now_ms - last->time_ms < (urgent ? URGENT_GAP_MS : RANKING_GAP_MS)))
		return;
	if (r->rankings == NULL)
		r->rankings = xcalloc(PAST_RANKINGS, sizeof(*r->rankings));
	fill(&r->rankings[r->ranking_count++ % PAST_RANKINGS], e);
}

void
recall_last_rankings(struct engine *e)
{
	struct recall *r = &e->recall;
	const struct past_ranking *last = newest(r);

	if (r->ranking_count == 0 || !is_anyone_ranked(e))
		return;
	/* In the place of one that was kept just before, but never of the only one. */
	if (r->ranking_count > 1 && e->now_ms - last->time_ms < URGENT_GAP_MS)
		r->ranking_count--;
	fill(&r->rankings[r->ranking_count++ % PAST_RANKINGS], e);
}

void
recall_link(struct engine *e)
{
	struct past_link *l = &e->recall.links[e->recall.link_count++ % PAST_LINKS];

	l->time_ms = e->since_ms;
	l->state = e->state;
	snprintf(l->detail, sizeof(l->detail), "%.159s", e->detail);
}

/* Plain calls do not tell the list: it is compared with the last one that was told. */
void
recall_deploy(struct engine *e, const struct node_info *info)
{
	struct past_deploy *d = &e->recall.deploys[e->recall.deploy_count % PAST_DEPLOYS];
	struct strbuf text = STRBUF_INIT;
	unsigned changed = 0;

	if (e->recall.applications[0] && info->applications[0])
		changed = deploys_compare(&text, e->recall.applications, info->applications);
	if (info->applications[0])
		memcpy(e->recall.applications, info->applications, sizeof(e->recall.applications));
	if (changed > 0) {
		*d = (struct past_deploy) { .time_ms = e->now_ms, .changed = changed };
		snprintf(d->text, sizeof(d->text), "%s", strbuf_cstr(&text));
		e->recall.deploy_count++;
	}
	strbuf_release(&text);
}

void
recall_release(struct engine *e)
{
	free(e->recall.rankings);
}

/* ---- answers ---- */

/* oldest_kept is the number of the oldest of `count` that is still in a ring of `size`. */
static size_t
oldest_kept(size_t count, size_t size)
{
	return count > size ? count - size : 0;
}

const struct past_ranking *
engine_past_ranking(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct recall *r = &e->recall;

	for (size_t n = oldest_kept(r->ranking_count, PAST_RANKINGS) + *it; n < r->ranking_count; n++) {
		const struct past_ranking *p = &r->rankings[n % PAST_RANKINGS];

		++*it;
		if (p->time_ms >= from_ms && p->time_ms <= to_ms)
			return p;
	}
	return NULL;
}

const struct past_link *
engine_past_link(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct recall *r = &e->recall;

	for (size_t n = oldest_kept(r->link_count, PAST_LINKS) + *it; n < r->link_count; n++) {
		const struct past_link *l = &r->links[n % PAST_LINKS];

		++*it;
		if (l->time_ms >= from_ms && l->time_ms <= to_ms)
			return l;
	}
	return NULL;
}

const struct past_deploy *
engine_past_deploy(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct recall *r = &e->recall;

	for (size_t n = oldest_kept(r->deploy_count, PAST_DEPLOYS) + *it; n < r->deploy_count; n++) {
		const struct past_deploy *d = &r->deploys[n % PAST_DEPLOYS];

		++*it;
		if (d->time_ms >= from_ms && d->time_ms <= to_ms)
			return d;
	}
	return NULL;
}
