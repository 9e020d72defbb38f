/* SPDX-License-Identifier: Apache-2.0 */
#include "http/events.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/answer.h"
#include "http/event_filter.h"
#include "http/exchange.h"
#include "http/query.h"
#include "http/site.h"

/* A client with more than this queued is not fed until it has taken it. */
#define MAX_PENDING_BYTES (256u << 10)
/* Formatted before it is queued: few writes for a client that catches up. */
#define BATCH_BYTES (32u << 10)

#define RETRY_MS 2000
/* A client may stand still so long; it comes back with Last-Event-ID. */
#define STALL_S 600

struct subscriber {
	struct events *owner;
	struct subscriber *next;
	struct subscriber **link; /* what points at it */
	struct stream *stream;    /* NULL until opened */
	struct event_filter filter;
	uint64_t cursor;
	uint64_t dropped; /* not yet told */
	bool full;        /* waits until the client has taken what is queued */
};

/* ---- feeding ----------------------------------------------------------------------------------------------------- */

static void
add_event(struct strbuf *out, const struct node_event *ev, uint64_t dropped)
{
	struct answer_json a;
	struct jsonw j;

	strbuf_addf(out, "id: %" PRIu64 "\nevent: %s\ndata: ", ev->id, event_type_name(ev->type));
	jsonw_init(&j, out);
	answer_json_init(&a, &j);
	answer_event(&a.base, ev);
	if (dropped) {
		strbuf_cut(out, out->len - 1);
		strbuf_addf(out, ",\"dropped\":%" PRIu64 "}", dropped);
	}
	strbuf_adds(out, "\n\n");
}

/* next_batch formats events into the scratch buffer; false when there are no more. */
static bool
next_batch(struct subscriber *s, struct strbuf *out)
{
	const struct node_event *ev;
	uint64_t lost;

	while (out->len < BATCH_BYTES) {
		ev = eventlog_next(s->owner->log, &s->cursor, &lost);
		if (ev == NULL)
			return false;
		s->dropped += lost;
		if (!event_filter_wants(&s->filter, ev))
			continue;
		add_event(out, ev, s->dropped);
		s->owner->dropped += s->dropped;
		s->owner->sent++;
		s->dropped = 0;
	}
	return true;
}

static void
feed(struct subscriber *s)
{
	struct strbuf *out = &s->owner->scratch;
	bool more = true;

	while (more && !s->full) {
		strbuf_reset(out);
		more = next_batch(s, out);
		if (out->len)
			stream_send(s->stream, out->data, out->len);
		s->full = stream_pending(s->stream) > MAX_PENDING_BYTES;
	}
}

void
events_pump(struct events *ev)
{
	for (struct subscriber *s = ev->first; s; s = s->next)
		if (s->stream && !s->full)
			feed(s);
}

void
events_ping(struct events *ev)
{
	static const char ping[] = ": ping\n\n";

	for (struct subscriber *s = ev->first; s; s = s->next)
		if (s->stream && stream_pending(s->stream) == 0)
			stream_send(s->stream, ping, sizeof(ping) - 1);
}

/* ---- a client's life --------------------------------------------------------------------------------------------- */

static void
on_opened(void *arg, struct stream *stream)
{
	struct subscriber *s = arg;
	char hello[32];
	int n = snprintf(hello, sizeof(hello), "retry: %d\n\n", RETRY_MS);

	s->stream = stream;
	stream_send(stream, hello, (size_t)n);
	feed(s);
}

static void
on_drained(void *arg)
{
	struct subscriber *s = arg;

	if (!s->full)
		return;
	s->full = false;
	feed(s);
}

static void
on_closed(void *arg)
{
	struct subscriber *s = arg;

	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	s->owner->count--;
	free(s);
}

static const struct stream_user USER = { STALL_S, on_opened, on_drained, on_closed };

static struct subscriber *
subscribe(struct events *ev, const struct event_filter *f, uint64_t cursor)
{
	struct subscriber *s = xcalloc(1, sizeof(*s));

	*s = (struct subscriber) { .owner = ev, .next = ev->first, .link = &ev->first, .filter = *f, .cursor = cursor };
	if (s->next)
		s->next->link = &s->next;
	ev->first = s;
	ev->count++;
	return s;
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

/* parse_cursor: where to go on; without an id at the newest. An id that we have not given yet is one of another program: the newest, too. */
static bool
parse_cursor(const struct call *c, uint64_t *cursor, struct err *err)
{
	const char *id = c->rq->last_event_id && *c->rq->last_event_id ? c->rq->last_event_id
								       : query_get(&c->query, "last_event_id");
	uint64_t newest = eventlog_last_id(c->site->events.log);

	*cursor = newest;
	if (id == NULL)
		return true;
	if (!number_parse(id, UINT64_MAX, cursor))
		return err_set(err, "last event id: \"%.64s\" is not a whole number", id);
	if (*cursor > newest)
		*cursor = newest;
	return true;
}

void
events_serve(struct call *c)
{
	struct events *ev = &c->site->events;
	struct event_filter f;
	uint64_t cursor;
	struct err err;

	if (!event_filter_read(&f, c, &err) || !parse_cursor(c, &cursor, &err)) {
		reply_error(c->rp, 400, "%s", err.text);
		return;
	}
	if (ev->count >= ev->max) {
		reply_header(c->rp, "Retry-After", "10");
		reply_error(c->rp, 503, "all %zu event streams are taken", ev->max);
		return;
	}
	c->rp->type = "text/event-stream";
	/* For proxies that would gather an answer first. */
	reply_header(c->rp, "X-Accel-Buffering", "no");
	c->rp->stream = &USER;
	c->rp->stream_arg = subscribe(ev, &f, cursor);
}

void
events_init(struct events *ev, const struct eventlog *log, size_t max)
{
	*ev = (struct events) { .log = log, .max = max };
}

void
events_release(struct events *ev)
{
	strbuf_release(&ev->scratch);
}
