/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "tui/sse.h"

#define HEADERS_MAX_BYTES (64 << 10)
#define ANSWER_MAX_BYTES (16 << 20)
/* Of silence; an answer, or the next piece of the stream, must be whole in twice that. */
#define TIMEOUT_S 8
/* The server gives up a question for the tree before that. */
#define SLOW_TIMEOUT_S 20
/* A sign of life comes every 15 s. */
#define STREAM_TIMEOUT_S 45
/* A stream ends when it has brought so much, and goes on with the next: evhttp's bound is one for the whole of it. */
#define STREAM_MAX_BYTES (64 << 20)
#define PIECE_MAX_BYTES (4 << 20)
#define STREAM_RETRY_MS 2000

/* A connection, made when it is first needed. */
struct line {
	struct client *client;
	struct evhttp_connection *to; /* NULL: not now */
	struct event *deadline;       /* while something is waited for: evhttp's own bound is on silence alone */
};

struct question {
	LIST_ENTRY(question) link;
	struct line *line;
	unsigned tag;
	enum evhttp_request_error error;
	bool failed;
};

LIST_HEAD(question_list, question);

struct client {
	struct event_base *loop;
	struct question_list questions;
	char *host, *token;
	uint16_t port;
	struct client_user user;
	struct line asks, slow, stream;
	struct event *retry;
	struct sse sse;
	bool freeing;
};

/* open_line: what is read is bounded, too, where evhttp looks for the end of a line before it counts. */
static void
open_line(struct line *l, int timeout_s, long max_bytes, size_t max_unread)
{
	if (l->to)
		return;
	l->to = evhttp_connection_base_new(l->client->loop, NULL, l->client->host, l->client->port);
	evhttp_connection_set_timeout(l->to, timeout_s);
	evhttp_connection_set_max_headers_size(l->to, HEADERS_MAX_BYTES);
	evhttp_connection_set_max_body_size(l->to, max_bytes);
	bufferevent_setwatermark(evhttp_connection_get_bufferevent(l->to), EV_READ, 0, max_unread);
}

static void
close_line(struct line *l)
{
	if (l->to)
		evhttp_connection_free(l->to);
	l->to = NULL;
	event_del(l->deadline);
}

static void
wait_for(struct line *l, int seconds)
{
	const struct timeval t = { seconds, 0 };

	event_add(l->deadline, &t);
}

static void
add_headers(const struct client *c, struct evhttp_request *req)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct strbuf text = STRBUF_INIT;

	/* By its address: a server without a token answers to no other names. */
	strbuf_addf(&text, strchr(c->host, ':') ? "[%s]:%u" : "%s:%u", c->host, c->port);
	evhttp_add_header(headers, "Host", text.data);
	if (c->token) {
		strbuf_reset(&text);
		strbuf_addf(&text, "Bearer %s", c->token);
		evhttp_add_header(headers, "Authorization", text.data);
	}
	strbuf_release(&text);
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

static void
on_error(enum evhttp_request_error error, void *arg)
{
	struct question *q = arg;

	q->failed = true;
	q->error = error;
}

static const char *
reason(const struct question *q)
{
	if (q->failed && q->error == EVREQ_HTTP_TIMEOUT)
		return "it does not answer in time";
	if (q->failed && q->error == EVREQ_HTTP_DATA_TOO_LONG)
		return "its answer is too long";
	if (q->failed && q->error == EVREQ_HTTP_INVALID_HEADER)
		return "its answer is no HTTP";
	return "it cannot be reached";
}

static void
drop_question(struct question *q)
{
	LIST_REMOVE(q, link);
	free(q);
}

/* question_of is one that waits on the line; NULL: none does. */
static struct question *
question_of(const struct line *l)
{
	struct question *q;

	LIST_FOREACH(q, &l->client->questions, link)
	if (q->line == l)
		break;
	return q;
}

static int
timeout_s(const struct line *l)
{
	return l == &l->client->slow ? SLOW_TIMEOUT_S : TIMEOUT_S;
}

static void
on_answer(struct evhttp_request *req, void *arg)
{
	struct question *q = arg;
	struct line *l = q->line;
	const struct client_user *u = &l->client->user;
	struct evbuffer *in = req ? evhttp_request_get_input_buffer(req) : NULL;
	int status = req ? evhttp_request_get_response_code(req) : 0;

	if (l->client->freeing)
		;
	else if (status == 0)
		u->answer(u->arg, q->tag, 0, reason(q), strlen(reason(q)));
	else if (evbuffer_get_length(in) == 0)
		u->answer(u->arg, q->tag, status, "", 0);
	else
		u->answer(u->arg, q->tag, status, (const char *)evbuffer_pullup(in, -1), evbuffer_get_length(in));
	drop_question(q);
	if (question_of(l))
		wait_for(l, 2 * timeout_s(l));
	else
		event_del(l->deadline);
}

/* Bytes come, but no answer: none of the questions behind it has one, either. */
static void
on_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	static const char why[] = "it does not answer in time";
	struct line *l = arg;
	const struct client_user *u = &l->client->user;
	struct question *q;

	close_line(l);
	while ((q = question_of(l)) != NULL) {
		u->answer(u->arg, q->tag, 0, why, strlen(why));
		drop_question(q);
	}
}

void
client_ask(struct client *c, unsigned tag, const char *path, bool slow)
{
	struct line *l = slow ? &c->slow : &c->asks;
	struct question *q = xcalloc(1, sizeof(*q));
	struct evhttp_request *req = evhttp_request_new(on_answer, q);

	q->line = l;
	q->tag = tag;
	LIST_INSERT_HEAD(&c->questions, q, link);
	open_line(l, timeout_s(l), ANSWER_MAX_BYTES, ANSWER_MAX_BYTES);
	if (!evtimer_pending(l->deadline, NULL))
		wait_for(l, 2 * timeout_s(l));
	evhttp_request_set_error_cb(req, on_error);
	add_headers(c, req);
	/* If it fails at once the request is gone, and nobody was told. */
	if (evhttp_make_request(l->to, req, EVHTTP_REQ_GET, path) != 0) {
		c->user.answer(c->user.arg, tag, 0, "it cannot be reached", strlen("it cannot be reached"));
		drop_question(q);
	}
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static void
on_event(void *arg, const char *id UNUSED, const char *data, size_t len)
{
	struct client *c = arg;

	c->user.event(c->user.arg, data, len);
}

static int
on_headers(struct evhttp_request *req, void *arg)
{
	struct client *c = arg;

	if (evhttp_request_get_response_code(req) == HTTP_OK)
		c->user.stream(c->user.arg, NULL);
	return 0;
}

static void
on_chunk(struct evhttp_request *req, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(in);

	wait_for(&c->stream, 2 * STREAM_TIMEOUT_S);
	if (evhttp_request_get_response_code(req) == HTTP_OK && len > 0)
		sse_feed(&c->sse, (const char *)evbuffer_pullup(in, -1), len);
	evbuffer_drain(in, len);
}

/* stream_ended tells why, and has it opened again later. */
static void
stream_ended(struct client *c, const char *why)
{
	const struct timeval later = { STREAM_RETRY_MS / 1000, STREAM_RETRY_MS % 1000 * 1000 };

	event_del(c->stream.deadline);
	c->user.stream(c->user.arg, why);
	event_add(c->retry, &later);
}

static void
on_stream_end(struct evhttp_request *req, void *arg)
{
	struct client *c = arg;
	int status = req ? evhttp_request_get_response_code(req) : 0;
	char why[64];

	if (c->freeing)
		return;
	snprintf(
	    why, sizeof(why), status && status != HTTP_OK ? "the server answers %d" : "the stream has ended", status);
	stream_ended(c, why);
}

static void
on_stream_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct line *l = arg;

	close_line(l);
	stream_ended(l->client, "the server sends none");
}

static void
open_stream(struct client *c)
{
	struct evhttp_request *req = evhttp_request_new(on_stream_end, c);
	struct strbuf path = STRBUF_INIT;

	sse_restart(&c->sse);
	open_line(&c->stream, STREAM_TIMEOUT_S, STREAM_MAX_BYTES, PIECE_MAX_BYTES);
	wait_for(&c->stream, 2 * STREAM_TIMEOUT_S);
	evhttp_request_set_header_cb(req, on_headers);
	evhttp_request_set_chunked_cb(req, on_chunk);
	add_headers(c, req);
	strbuf_adds(&path, "/api/v1/events");
	if (c->sse.id.len) {
		char *id = evhttp_encode_uri(strbuf_cstr(&c->sse.id));

		strbuf_addf(&path, "?last_event_id=%s", id ? id : "");
		free(id);
	}
	if (evhttp_make_request(c->stream.to, req, EVHTTP_REQ_GET, path.data) != 0)
		on_stream_end(NULL, c);
	strbuf_release(&path);
}

static void
on_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	open_stream(arg);
}

void
client_follow(struct client *c, const char *last_event_id)
{
	strbuf_reset(&c->sse.id);
	strbuf_adds(&c->sse.id, last_event_id);
	open_stream(c);
}

/* ---- a client's life ------------------------------------------------------------------------------------------------- */

struct client *
client_new(struct event_base *loop, const char *host, uint16_t port, const char *token, const struct client_user *user)
{
	struct client *c = xcalloc(1, sizeof(*c));

	*c = (struct client) { .loop = loop, .host = xstrdup(host), .port = port, .user = *user };
	c->token = token ? xstrdup(token) : NULL;
	c->asks = (struct line) { c, NULL, evtimer_new(loop, on_deadline, &c->asks) };
	c->slow = (struct line) { c, NULL, evtimer_new(loop, on_deadline, &c->slow) };
	c->stream = (struct line) { c, NULL, evtimer_new(loop, on_stream_deadline, &c->stream) };
	c->retry = evtimer_new(loop, on_retry, c);
	sse_init(&c->sse, on_event, c);
	return c;
}

static void
release_line(struct line *l)
{
	close_line(l);
	event_free(l->deadline);
}

void
client_free(struct client *c)
{
	if (c == NULL)
		return;
	/* evhttp calls back for some of what is under way, and forgets the rest. */
	c->freeing = true;
	release_line(&c->asks);
	release_line(&c->slow);
	release_line(&c->stream);
	while (!LIST_EMPTY(&c->questions))
		drop_question(LIST_FIRST(&c->questions));
	event_free(c->retry);
	sse_release(&c->sse);
	if (c->token)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	free(c->host);
	free(c);
}
