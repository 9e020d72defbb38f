/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine keeps of the past: samples with their checks, restarts, events; all by time, all for the retention period. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/state.h"

#define ADVICE_MS 60000

typedef int64_t time_of(const void *item);

static int64_t
restart_time(const void *item)
{
	return ((const struct kept_restart *)item)->restart.time_ms;
}

static int64_t
event_time(const void *item)
{
	return ((const struct node_event *)item)->time_ms;
}

static void
free_restart(void *p)
{
	struct kept_restart *kept = p;

	if (kept == NULL)
		return;
	pairing_forget(&kept->report);
	restart_release(&kept->restart);
	free(kept);
}

static void
free_event(void *p)
{
	node_event_unref(p);
}

void
past_init(struct engine *e)
{
	past_samples_init(e);
	ring_init(&e->restart_list, e->options.max_restarts);
	ring_init(&e->past_events, e->options.max_past_events);
}

void
past_release(struct engine *e)
{
	past_samples_release(e);
	ring_release(&e->restart_list, free_restart);
	ring_release(&e->past_events, free_event);
}

/* ---- lists by time ---- */

/* Whether an item of a list is behind a bound: a time, or another item. */
typedef bool is_behind(const void *item, const void *bound);

static bool
restart_behind_time(const void *item, const void *bound)
{
	return restart_time(item) > *(const int64_t *)bound;
}

static bool
restart_behind(const void *item, const void *bound)
{
	return restart_time(item) > restart_time(bound);
}

static bool
event_behind_time(const void *item, const void *bound)
{
	return event_time(item) > *(const int64_t *)bound;
}

/* Of one time the types are in order: so it does not matter which were restored first. */
static bool
event_behind(const void *item, const void *bound)
{
	const struct node_event *a = item, *b = bound;

	return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : a->type > b->type;
}

/* first_behind is the index of the first item behind the bound. */
static size_t
first_behind(const struct ring *r, const void *bound, is_behind *behind)
{
	size_t low = 0, high = ring_len(r);

	if (high > 0 && !behind(ring_newest(r, 0), bound))
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (behind(ring_oldest(r, middle), bound))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* insert returns the item that had to go. */
static void *
insert(struct ring *r, void *item, is_behind *behind)
{
	return ring_insert(r, item, ring_len(r) - first_behind(r, item, behind));
}

static void
expire(struct ring *r, int64_t oldest_ms, time_of *time, void (*free_item)(void *))
{
	const void *item;

	while ((item = ring_oldest(r, 0)) != NULL && time(item) < oldest_ms)
		free_item(ring_pop(r));
}

static const void *
next(const struct ring *r, int64_t from_ms, size_t *it, is_behind *behind_time)
{
	int64_t before_ms = from_ms - (from_ms > INT64_MIN);

	if (*it == 0 && from_ms > INT64_MIN)
		*it = first_behind(r, &before_ms, behind_time);
	return ring_oldest(r, (*it)++);
}

/* ---- keeping ---- */

void
past_expire(struct engine *e)
{
	int64_t oldest_ms = e->now_ms - e->options.retention_ms;

	past_samples_expire(e);
	expire(&e->restart_list, oldest_ms, restart_time, free_restart);
	expire(&e->past_events, oldest_ms, event_time, free_event);
}

struct kept_restart *
past_restart(struct engine *e, const struct restart *r)
{
	struct kept_restart *kept = xcalloc(1, sizeof(*kept));

	restart_copy(&kept->restart, r);
	free_restart(insert(&e->restart_list, kept, restart_behind));
	return kept;
}

void
past_event(struct engine *e, struct node_event *ev)
{
	if (ev->type != EVENT_NODE && ev->type != EVENT_INCIDENT)
		node_event_unref(insert(&e->past_events, node_event_ref(ev), event_behind));
}

static void
join_recommendations(const struct health *h, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < h->recommendation_count; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i > 0 ? "\n" : "", h->recommendations[i]);
}

/* Written anew when a level has changed, and once a minute: the numbers in it change all the time. */
static void
update_advice(struct engine *e, const struct past_check *check, struct health *h)
{
	struct past_advice *advice = &e->advice;

	if (memcmp(advice->levels, check->levels, sizeof(advice->levels)) == 0 &&
	    check->time_ms - advice->time_ms < ADVICE_MS)
		return;
	checkup_recommend(e, e->now_ms, h);
	join_recommendations(h, advice->text, sizeof(advice->text));
	memcpy(advice->levels, check->levels, sizeof(advice->levels));
	advice->time_ms = check->time_ms;
}

void
past_sample(struct engine *e)
{
	struct past_check check = { .time_ms = e->last->time_ms, .recommendations = e->advice.text };
	struct health h;

	checkup_health(e, e->now_ms, &h);
	check.overall = h.overall;
	for (int i = 0; i < CRITERION_COUNT; i++)
		check.levels[i] = h.criteria[i].level;
	check.restart_rate = h.restart_rate;
	check.anomaly_count = h.anomaly_count;
	check.anomalies = h.anomalies;
	update_advice(e, &check, &h);
	past_samples_add(e, e->last, &check);
}

/* ---- answers ---- */

const struct sample *
engine_past_sample(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct past_check *check;

	return history_next(e->history, from_ms, to_ms, it, &check);
}

const struct past_check *
engine_past_check(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it, const struct sample **sample)
{
	const struct past_check *check = NULL;

	do
		*sample = history_next(e->history, from_ms, to_ms, it, &check);
	while (*sample && check == NULL);
	return *sample ? check : NULL;
}

const struct restart *
engine_past_restart(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct kept_restart *kept = next(&e->restart_list, from_ms, it, restart_behind_time);

	return kept && kept->restart.time_ms <= to_ms ? &kept->restart : NULL;
}

const struct node_event *
engine_past_event(const struct engine *e, int64_t from_ms, int64_t to_ms, size_t *it)
{
	const struct node_event *ev = next(&e->past_events, from_ms, it, event_behind_time);

	return ev && ev->time_ms <= to_ms ? ev : NULL;
}

int64_t
engine_past_since(const struct engine *e)
{
	return history_since(e->history);
}

const struct restart *
engine_restart_at(const struct engine *e, size_t age)
{
	const struct kept_restart *kept = ring_newest(&e->restart_list, age);

	return kept ? &kept->restart : NULL;
}
