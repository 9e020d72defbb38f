/* SPDX-License-Identifier: Apache-2.0 */
/* The past, as get_historical_data gives it. A day is some 17,000 samples: nothing is looked up or allocated for each. */
#include "engine/answer_history.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer_health.h"
#include "engine/answer_parts.h"
#include "engine/answer_performance.h"
#include "engine/past.h"

enum list { LIST_METRICS, LIST_RESTARTS, LIST_CHECKS, LIST_EVENTS, LIST_COUNT };

struct history_answer {
	int64_t start_ms;
	int64_t end_ms;
	struct performance_layout layout;
	struct past_view *view; /* of samples, and checks */
	/* Copies; their terms, and the events, are shared. */
	struct restart *restarts;
	struct node_event **events;
	size_t count[LIST_COUNT];
	bool begun;
	enum list list;
	size_t at; /* in that list */
};

/* ---- what it holds ---- */

static void
hold_restarts(struct history_answer *h, const struct engine *e)
{
	size_t *count = &h->count[LIST_RESTARTS], it = 0;
	const struct restart *r;

	while (engine_past_restart(e, h->start_ms, h->end_ms, &it))
		(*count)++;
	h->restarts = xreallocarray(NULL, *count + 1, sizeof(*h->restarts));
	it = 0;
	for (size_t i = 0; (r = engine_past_restart(e, h->start_ms, h->end_ms, &it)) != NULL; i++)
		restart_copy(&h->restarts[i], r);
}

static void
hold_events(struct history_answer *h, const struct engine *e)
{
	size_t *count = &h->count[LIST_EVENTS], it = 0;
	const struct node_event *ev;

	while (engine_past_event(e, h->start_ms, h->end_ms, &it))
		(*count)++;
	h->events = xreallocarray(NULL, *count + 1, sizeof(struct node_event *));
	it = 0;
	for (size_t i = 0; (ev = engine_past_event(e, h->start_ms, h->end_ms, &it)) != NULL; i++)
		h->events[i] = node_event_ref((struct node_event *)ev);
}

struct history_answer *
history_answer_new(const struct engine *e, int64_t start_ms, int64_t end_ms)
{
	struct history_answer *h = xcalloc(1, sizeof(*h));

	h->start_ms = start_ms;
	h->end_ms = end_ms;
	performance_layout_init(&h->layout);
	h->view = engine_past_open(e, start_ms, end_ms);
	h->count[LIST_METRICS] = past_view_samples(h->view);
	h->count[LIST_CHECKS] = past_view_checks(h->view);
	hold_restarts(h, e);
	hold_events(h, e);
	return h;
}

void
history_answer_free(struct history_answer *h)
{
	if (h == NULL)
		return;
	past_view_free(h->view);
	for (size_t i = 0; i < h->count[LIST_RESTARTS]; i++)
		restart_release(&h->restarts[i]);
	for (size_t i = 0; i < h->count[LIST_EVENTS]; i++)
		node_event_unref(h->events[i]);
	free(h->restarts);
	free(h->events);
	free(h);
}

size_t
history_answer_samples(const struct history_answer *h)
{
	return h->count[LIST_METRICS];
}

/* ---- one value of a list ---- */

static void
write_metrics(struct history_answer *h, struct answer *a)
{
	const struct past_check *check;

	performance_past(a, &h->layout, past_view_next(h->view, &check));
}

static void
write_restart(struct history_answer *h, struct answer *a)
{
	part_restart(a, &h->restarts[h->at]);
}

static void
write_check(struct history_answer *h, struct answer *a)
{
	const struct past_check *check = NULL;
	const struct sample *s;

	do
		s = past_view_next(h->view, &check);
	while (check == NULL);
	health_past(a, check, s);
}

static void
write_event(struct history_answer *h, struct answer *a)
{
	const struct node_event *ev = h->events[h->at];

	a->ops->object(a);
	part_word(a, "type", event_type_name(ev->type));
	part_time(a, "timestamp", ev->time_ms);
	part_word(a, "severity", severity_name(ev->severity));
	a->ops->key(a, "data");
	answer_event_data(a, ev);
	put_end(a);
}

static const struct {
	const char *name;
	void (*write)(struct history_answer *h, struct answer *a);
} LISTS[LIST_COUNT] = {
	[LIST_METRICS] = { "metrics", write_metrics },
	[LIST_RESTARTS] = { "restarts", write_restart },
	[LIST_CHECKS] = { "health_checks", write_check },
	[LIST_EVENTS] = { "events", write_event },
};

/* ---- the whole ---- */

static void
open_list(struct history_answer *h, struct answer *a, enum list list)
{
	h->list = list;
	h->at = 0;
	if (list == LIST_CHECKS)
		past_view_rewind(h->view);
	put_array_of(a, LISTS[list].name, (uint32_t)h->count[list]);
}

static void
begin(struct history_answer *h, struct answer *a)
{
	h->begun = true;
	a->ops->object_of(a, 1 + LIST_COUNT);
	put_object(a, "time_range");
	a->ops->key(a, "start");
	a->ops->instant(a, h->start_ms);
	a->ops->key(a, "end");
	a->ops->instant(a, h->end_ms);
	put_end(a);
	open_list(h, a, LIST_METRICS);
}

/* close_list goes on to the next one, or ends the answer. */
static bool
close_list(struct history_answer *h, struct answer *a)
{
	put_end(a);
	if (h->list + 1 < LIST_COUNT) {
		open_list(h, a, h->list + 1);
		return true;
	}
	h->list = LIST_COUNT;
	put_end(a);
	return false;
}

bool
history_answer_write(struct history_answer *h, struct answer *a)
{
	if (h->list == LIST_COUNT)
		return false;
	if (!h->begun) {
		begin(h, a);
		return true;
	}
	if (h->at == h->count[h->list])
		return close_list(h, a);
	LISTS[h->list].write(h, a);
	h->at++;
	return true;
}

void
answer_history(struct answer *a, const struct engine *e, int64_t start_ms, int64_t end_ms)
{
	struct history_answer *h = history_answer_new(e, start_ms, end_ms);

	while (history_answer_write(h, a))
		;
	history_answer_free(h);
}
