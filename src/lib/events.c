/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out by itself: the queue, the callbacks, and what an event says. */
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer.h"
#include "lib/handle.h"

static unsigned
type_bit(const struct node_event *ev)
{
	return 1u << ev->type;
}

/* ---- delivery ---- */

static void
call_back(const struct arsenal *a, unsigned slot, struct node_event *ev)
{
	const struct subscription s = a->subscriptions[slot];
	const struct arsenal_event view = { ev, 0 };

	if (s.id == 0 || s.after >= ev->id || (s.types & type_bit(ev)) == 0)
		return;
	if (s.filter && !s.filter(&view, s.arg))
		return;
	/* The filter may have ended the subscription, or the handle. */
	if (a->subscriptions[slot].id == s.id && !a->doomed)
		s.callback(&view, s.arg);
}

/* enqueue takes the caller's reference. */
static void
enqueue(struct arsenal *a, struct node_event *ev)
{
	struct node_event *oldest = ring_push(&a->queue, ev);

	if (oldest == NULL)
		return;
	a->dropped++;
	a->dropped_before++;
	node_event_unref(oldest);
}

void
events_deliver(struct arsenal *a)
{
	struct node_event *ev;

	while (!a->doomed && (ev = engine_next_event(a->engine)) != NULL) {
		ev->id = ++a->last_id;
		if (a->types & type_bit(ev))
			enqueue(a, node_event_ref(ev));
		for (unsigned i = 0; i < ARSENAL_SUBSCRIPTIONS_MAX && !a->doomed; i++)
			call_back(a, i, ev);
		node_event_unref(ev);
	}
}

static void
free_event(void *p)
{
	node_event_unref(p);
}

void
subscriptions_release(struct arsenal *a)
{
	ring_release(&a->queue, free_event);
}

/* ---- subscriptions ---- */

static int
check_types(struct arsenal *a, unsigned types)
{
	if (types & ~ARSENAL_EVENTS_ALL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "types: bits 0x%x are none", types & ~ARSENAL_EVENTS_ALL);
	return ARSENAL_OK;
}

int
arsenal_subscribe(struct arsenal *a, unsigned types)
{
	int code = a ? check_types(a, types) : (int)ARSENAL_ERR_ARGUMENT;

	if (code == ARSENAL_OK)
		a->types = types;
	return code;
}

static struct subscription *
find_subscription(struct arsenal *a, unsigned id)
{
	for (unsigned i = 0; i < ARSENAL_SUBSCRIPTIONS_MAX; i++)
		if (a->subscriptions[i].id == id)
			return &a->subscriptions[i];
	return NULL;
}

unsigned
subscription_count(const struct arsenal *a)
{
	unsigned count = 0;

	for (unsigned i = 0; i < ARSENAL_SUBSCRIPTIONS_MAX; i++)
		count += a->subscriptions[i].id != 0;
	return count;
}

/* Numbers are not used again while their subscription lives. */
static unsigned
new_number(struct arsenal *a)
{
	do
		a->last_subscription++;
	while (a->last_subscription == 0 || find_subscription(a, a->last_subscription));
	return a->last_subscription;
}

int
arsenal_subscribe_callback(
    struct arsenal *a, unsigned types, arsenal_filter filter, arsenal_callback callback, void *arg, unsigned *id)
{
	int code = a ? check_types(a, types) : (int)ARSENAL_ERR_ARGUMENT;
	struct subscription *s;

	if (code != ARSENAL_OK)
		return code;
	if (types == ARSENAL_EVENTS_NONE)
		return fail(a, ARSENAL_ERR_ARGUMENT, "types: none is named");
	if (callback == NULL || id == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "%s: it is NULL", callback ? "id" : "callback");
	s = find_subscription(a, 0);
	if (s == NULL)
		return fail(a, ARSENAL_ERR_LIMIT, "there are %d subscriptions already", ARSENAL_SUBSCRIPTIONS_MAX);
	*s = (struct subscription) { new_number(a), types, a->last_id, filter, callback, arg };
	*id = s->id;
	return ARSENAL_OK;
}

int
arsenal_unsubscribe(struct arsenal *a, unsigned id)
{
	struct subscription *s = a && id ? find_subscription(a, id) : NULL;

	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (s == NULL)
		return fail(a, ARSENAL_ERR_UNKNOWN, "there is no subscription %u", id);
	*s = (struct subscription) { .id = 0 };
	return ARSENAL_OK;
}

/* ---- the queue ---- */

static struct arsenal_event *
wrap(struct node_event *ev, uint64_t dropped)
{
	struct arsenal_event *w = xmalloc(sizeof(*w));

	*w = (struct arsenal_event) { ev, dropped };
	return w;
}

struct arsenal_event *
arsenal_next_event(struct arsenal *a)
{
	struct node_event *ev = a ? ring_pop(&a->queue) : NULL;
	uint64_t dropped;

	if (ev == NULL)
		return NULL;
	dropped = a->dropped_before;
	a->dropped_before = 0;
	return wrap(ev, dropped);
}

struct arsenal_event *
arsenal_event_copy(const struct arsenal_event *ev)
{
	return ev ? wrap(node_event_ref(ev->ev), ev->dropped) : NULL;
}

void
arsenal_event_free(struct arsenal_event *ev)
{
	if (ev == NULL)
		return;
	node_event_unref(ev->ev);
	free(ev);
}

/* ---- what an event says ---- */

int
arsenal_event_type_of(const struct arsenal_event *ev)
{
	return ev ? (int)type_bit(ev->ev) : 0;
}

int
arsenal_event_severity(const struct arsenal_event *ev)
{
	return ev ? (int)ev->ev->severity : 0;
}

int64_t
arsenal_event_time_ms(const struct arsenal_event *ev)
{
	return ev ? ev->ev->time_ms : 0;
}

const char *
arsenal_event_node(const struct arsenal_event *ev)
{
	return ev ? ev->ev->node : NULL;
}

uint64_t
arsenal_event_id(const struct arsenal_event *ev)
{
	return ev ? ev->ev->id : 0;
}

uint64_t
arsenal_event_dropped(const struct arsenal_event *ev)
{
	return ev ? ev->dropped : 0;
}

int
arsenal_event_json(const struct arsenal_event *ev, char **out)
{
	struct strbuf text = STRBUF_INIT;
	struct answer_json answer;
	struct jsonw j;

	if (out)
		*out = NULL;
	if (ev == NULL || out == NULL)
		return ARSENAL_ERR_ARGUMENT;
	jsonw_init(&j, &text);
	answer_json_init(&answer, &j);
	answer_event(&answer.base, ev->ev);
	*out = strbuf_detach(&text);
	return ARSENAL_OK;
}

int
arsenal_event_text(const struct arsenal_event *ev, char **out)
{
	struct strbuf text = STRBUF_INIT;

	if (out)
		*out = NULL;
	if (ev == NULL || out == NULL)
		return ARSENAL_ERR_ARGUMENT;
	answer_event_text(&text, ev->ev, false);
	*out = strbuf_detach(&text);
	return ARSENAL_OK;
}

/* ---- bodies ---- */

/* check_body: the event is of one of these types. */
static int
check_body(const struct arsenal_event *ev, unsigned types)
{
	if (ev == NULL)
		return ARSENAL_ERR_ARGUMENT;
	return type_bit(ev->ev) & types ? ARSENAL_OK : ARSENAL_ERR_STATE;
}

int
arsenal_event_restart(const struct arsenal_event *ev, struct arsenal_restart_event *out, size_t size)
{
	struct arsenal_restart_event body;
	const struct restart *r;
	int code = check_body(ev, ARSENAL_EVENT_RESTART);

	if (code != ARSENAL_OK)
		return code;
	r = &ev->ev->u.restart;
	body = (struct arsenal_restart_event) {
		.supervisor = term_text(r->supervisor),
		.child = term_text(r->child_id),
		.reason = term_text(r->reason),
		.pid = r->child_pid ? term_text(r->child_pid) : NULL,
		.restart_type = r->restart_type,
		.time_ms = r->time_ms,
		.restart_count = r->restart_count,
		.times = r->times ? r->times : 1,
		.kind = (enum arsenal_restart_kind)r->kind,
		.by_hand = r->by_hand,
		.caught = r->caught,
	};
	return give_struct(NULL, out, size, &body, sizeof(body));
}

int
arsenal_event_anomaly(const struct arsenal_event *ev, struct arsenal_anomaly *out, size_t size)
{
	struct arsenal_anomaly body;
	int code = check_body(ev, ARSENAL_EVENT_ANOMALY | ARSENAL_EVENT_PERFORMANCE_ALERT);

	if (code != ARSENAL_OK)
		return code;
	anomaly_take(&ev->ev->u.anomaly, &body);
	return give_struct(NULL, out, size, &body, sizeof(body));
}

int
arsenal_event_health(const struct arsenal_event *ev, struct arsenal_health *out, size_t size)
{
	struct arsenal_health body;
	int code = check_body(ev, ARSENAL_EVENT_HEALTH_ALERT);

	if (code != ARSENAL_OK)
		return code;
	health_take(&ev->ev->u.health, &body);
	return give_struct(NULL, out, size, &body, sizeof(body));
}

int
arsenal_event_node_state(const struct arsenal_event *ev, struct arsenal_node_event *out, size_t size)
{
	struct arsenal_node_event body;
	int code = check_body(ev, ARSENAL_EVENT_NODE);

	if (code != ARSENAL_OK)
		return code;
	body = (struct arsenal_node_event) {
		.state = node_state_name(ev->ev->u.link.state),
		.detail = ev->ev->u.link.detail,
		.up = ev->ev->u.link.state == NODE_UP,
	};
	return give_struct(NULL, out, size, &body, sizeof(body));
}
