/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evhttp and what it lacks (2.1.12, read and measured): it knows no number of connections, lets a client take its time with the headers, reads on into memory
 * while an answer is under way, and hands requests over that are framed in two ways at once. So connections are counted and aged here, their
 * input buffers have a bound, and the guard goes first.
 */
#include "http/server.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "http/address.h"
#include "http/guard.h"
#include "os/clock.h"
#include "os/log.h"

#define MAX_HEADER_BYTES 16384
#define MAX_BODY_BYTES 65536
/* evhttp wants a whole body in the input buffer; what comes beyond waits in the kernel. */
#define MAX_INPUT_BYTES (MAX_HEADER_BYTES + 2 * MAX_BODY_BYTES)
/* From one request to the next, its answer's transfer included. */
#define IDLE_MS 60000
#define SWEEP_MS 1000
/* What the kernel holds for a stream beside our own bound. */
#define STREAM_KERNEL_BYTES 131072

#define ALL_METHODS                                                                                \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | \
	    EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

struct stream {
	struct connection *connection;
	struct evhttp_request *req;
	struct bufferevent *bev;
	const struct stream_user *user;
	void *arg;
};

struct deferred {
	struct connection *connection;
	struct evhttp_request *req;
	const struct deferred_user *user;
	void *arg;
};

struct connection {
	LIST_ENTRY(connection) link;
	struct http_server *server;
	struct bufferevent *bev;
	struct evhttp_connection *evcon; /* NULL until adopted */
	int64_t since_us;                /* it was accepted, or its last request came */
	struct stream *stream;           /* NULL: none */
	struct deferred *deferred;       /* NULL: none */
};

LIST_HEAD(connection_list, connection);

struct http_server {
	struct evhttp *evhttp;
	struct evconnlistener *listener; /* evhttp's */
	struct event *adopt;
	struct event *sweep;
	struct connection_list connections;
	size_t max_connections;
	bool accept_failed;
	struct http_server_counts counts;
	struct address own;
	char address[ADDRESS_TEXT_SIZE];
	char *token;
	void (*serve)(void *arg, const struct request *rq, struct reply *rp);
	void *arg;
};

/* ---- connections ------------------------------------------------------------------------------------------------- */

/* is_idle: nothing of ours is under way on it. */
static bool
is_idle(const struct connection *c)
{
	return c->evcon && c->stream == NULL && c->deferred == NULL;
}

/* drop_idle makes evhttp notice an end of the connection; it frees it in the loop's next turn. */
static void
drop_connection(struct connection *c)
{
	shutdown(bufferevent_getfd(c->bev), SHUT_RDWR);
}

static void
drop_longest_idle(struct http_server *s)
{
	struct connection *oldest = NULL, *c;

	LIST_FOREACH(c, &s->connections, link)
	if (is_idle(c) && (oldest == NULL || c->since_us < oldest->since_us))
		oldest = c;
	if (oldest)
		drop_connection(oldest);
}

/* accept_or_wait: at the limit new clients wait in the kernel's backlog, and the connection that was idle longest makes room. */
static void
accept_or_wait(struct http_server *s)
{
	if (s->listener == NULL)
		return;
	if (s->counts.connections < s->max_connections && !s->accept_failed) {
		evconnlistener_enable(s->listener);
		return;
	}
	evconnlistener_disable(s->listener);
	if (!s->accept_failed)
		drop_longest_idle(s);
}

static void
connection_free(struct connection *c)
{
	LIST_REMOVE(c, link);
	c->server->counts.connections--;
	free(c);
}

/* A request that evhttp has already given up, as the connection goes, is ours to free. */
static void
give_up_request(struct evhttp_request *req)
{
	if (evhttp_request_get_connection(req) == NULL)
		evhttp_request_free(req);
}

static void
end_stream(struct stream *st)
{
	give_up_request(st->req);
	st->user->closed(st->arg);
	free(st);
}

static void
end_deferred(struct deferred *d)
{
	give_up_request(d->req);
	d->user->closed(d->arg);
	free(d);
}

static void
on_close(struct evhttp_connection *evcon, void *arg)
{
	struct connection *c = arg;
	struct http_server *s = c->server;

	(void)evcon;
	if (c->stream)
		end_stream(c->stream);
	if (c->deferred)
		end_deferred(c->deferred);
	connection_free(c);
	accept_or_wait(s);
}

/*
 * on_connection makes the bufferevent of a connection just accepted. evhttp tells of its connection object only with the first request; but by the end of this
 * turn it has made it the argument of the bufferevent's callbacks, where on_adopt finds it. The reference keeps the bufferevent until then.
 */
static struct bufferevent *
on_connection(struct event_base *base, void *arg)
{
	struct http_server *s = arg;
	struct connection *c = xcalloc(1, sizeof(*c));

	c->server = s;
	c->since_us = clock_mono_us();
	c->bev = bufferevent_socket_new(base, -1, 0);
	if (c->bev == NULL) {
		free(c);
		return NULL;
	}
	bufferevent_setwatermark(c->bev, EV_READ, 0, MAX_INPUT_BYTES);
	bufferevent_incref(c->bev);
	LIST_INSERT_HEAD(&s->connections, c, link);
	s->counts.connections++;
	event_active(s->adopt, 0, 0);
	accept_or_wait(s);
	return c->bev;
}

static void
adopt(struct connection *c)
{
	void *evcon = NULL;
	struct bufferevent *bev = c->bev;

	bufferevent_getcb(bev, NULL, NULL, NULL, &evcon);
	if (evcon == NULL) {
		/* evhttp could not use it, and has given it up. */
		connection_free(c);
	} else {
		c->evcon = evcon;
		evhttp_connection_set_closecb(c->evcon, on_close, c);
	}
	bufferevent_decref(bev);
}

static void
on_adopt(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http_server *s = arg;
	struct connection *c = LIST_FIRST(&s->connections), *next;

	for (; c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->evcon == NULL)
			adopt(c);
	}
	accept_or_wait(s);
}

static void
on_sweep(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http_server *s = arg;
	int64_t now_us = clock_mono_us();
	struct connection *c;

	LIST_FOREACH(c, &s->connections, link)
	if (is_idle(c) && now_us - c->since_us > IDLE_MS * 1000LL)
		drop_connection(c);
	s->accept_failed = false;
	accept_or_wait(s);
}

/* Out of file descriptors: the listener would be readable all the time. The sweep tries again. */
static void
on_accept_error(struct evconnlistener *listener UNUSED, void *arg)
{
	struct http_server *s = arg;

	log_warning("http %s: cannot accept a connection: %s", s->address,
	    evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	s->accept_failed = true;
	accept_or_wait(s);
}

static struct connection *
find_connection(struct http_server *s, struct evhttp_connection *evcon)
{
	struct connection *c;

	LIST_FOREACH(c, &s->connections, link)
	if (c->evcon == evcon)
		return c;
	return NULL;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static const char *
phrase(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = { { 200, "OK" }, { 304, "Not Modified" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 431, "Request Header Fields Too Large" }, { 501, "Not Implemented" }, { 502, "Bad Gateway" },
		{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].status == status)
			return table[i].text;
	return "Error";
}

static bool
has_header(const struct reply *rp, const char *name)
{
	for (size_t i = 0; i < rp->header_count; i++)
		if (strcmp(rp->headers[i].name, name) == 0)
			return true;
	return false;
}

static void
add_headers(struct evkeyvalq *out, const struct reply *rp, bool close)
{
	static const struct header always[] = {
		{ "Content-Security-Policy",
		    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src "
		    "'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
	};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (!has_header(rp, always[i].name))
			evhttp_add_header(out, always[i].name, always[i].value);
	for (size_t i = 0; i < rp->header_count; i++)
		evhttp_add_header(out, rp->headers[i].name, rp->headers[i].value);
	if (!has_header(rp, "Cache-Control"))
		evhttp_add_header(out, "Cache-Control", "no-store");
	if (rp->status != 304)
		evhttp_add_header(out, "Content-Type", rp->type);
	if (close)
		evhttp_add_header(out, "Connection", "close");
}

static void
send_body(struct evhttp_request *req, const struct reply *rp, struct evbuffer *body)
{
	size_t len = rp->file ? rp->file_len : rp->body.len;
	char text[24];

	/* How long a stream would have been is not known. */
	if (rp->status != 304 && rp->stream == NULL) {
		snprintf(text, sizeof(text), "%zu", len);
		evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Length", text);
	}
	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD && rp->status != 304) {
		if (rp->file)
			evbuffer_add_reference(body, rp->file, len, NULL, NULL);
		else
			evbuffer_add(body, rp->body.data, len);
	}
	evhttp_send_reply(req, rp->status, phrase(rp->status), body);
}

static void
send_reply(struct evhttp_request *req, const struct reply *rp, bool close)
{
	struct evbuffer *body = evbuffer_new();

	add_headers(evhttp_request_get_output_headers(req), rp, close);
	send_body(req, rp, body);
	evbuffer_free(body);
}

/* ---- streams ----------------------------------------------------------------------------------------------------- */

static void
on_drained(struct evhttp_connection *evcon UNUSED, void *arg)
{
	struct stream *st = arg;

	st->user->drained(st->arg);
}

void
stream_send(struct stream *st, const void *data, size_t len)
{
	struct evbuffer *chunk = evbuffer_new();

	evbuffer_add(chunk, data, len);
	evhttp_send_reply_chunk_with_cb(st->req, chunk, on_drained, st);
	evbuffer_free(chunk);
}

size_t
stream_pending(const struct stream *st)
{
	return evbuffer_get_length(bufferevent_get_output(st->bev));
}

void
stream_end(struct stream *st)
{
	const struct timeval idle = { IDLE_MS / 1000, 0 };
	struct connection *c = st->connection;
	struct evhttp_request *req = st->req;

	/* Before evhttp is told: it may close the connection at once. */
	c->stream = NULL;
	c->since_us = clock_mono_us();
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	st->user->closed(st->arg);
	free(st);
	evhttp_send_reply_end(req);
}

/* HTTP/1.0 has no chunks: the end of the connection is the end of the answer, whatever the client wanted. */
static void
end_with_connection(struct evhttp_request *req)
{
	if (req->major == 1 && req->minor == 0)
		evhttp_remove_header(evhttp_request_get_input_headers(req), "Connection");
}

static void
open_stream(struct connection *c, struct evhttp_request *req, const struct reply *rp)
{
	const struct timeval stall = { rp->stream->stall_s, 0 };
	const int bytes = STREAM_KERNEL_BYTES;
	struct stream *st = xmalloc(sizeof(*st));

	*st = (struct stream) { c, req, c->bev, rp->stream, rp->stream_arg };
	c->stream = st;
	/* The client says nothing more; only what we send must go on. */
	bufferevent_set_timeouts(c->bev, NULL, &stall);
	setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	end_with_connection(req);
	add_headers(evhttp_request_get_output_headers(req), rp, false);
	evhttp_send_reply_start(req, rp->status, phrase(rp->status));
	st->user->opened(st->arg, st);
}

/* ---- answers that come later -------------------------------------------------------------------------------------- */

/*
 * evhttp does not read while it waits for an answer, so it would not see the client go. As with an answer under way, its own callback for the
 * connection's end stays, and what the client sends meanwhile waits, within the buffer's bound.
 */
static void
watch_for_end(struct bufferevent *bev)
{
	bufferevent_event_cb on_event;
	void *arg;

	bufferevent_getcb(bev, NULL, NULL, &on_event, &arg);
	bufferevent_setcb(bev, NULL, NULL, on_event, arg);
	bufferevent_enable(bev, EV_READ);
}

static void
open_deferred(struct connection *c, struct evhttp_request *req, const struct reply *rp)
{
	struct deferred *d = xmalloc(sizeof(*d));

	*d = (struct deferred) { c, req, rp->deferred, rp->deferred_arg };
	c->deferred = d;
	watch_for_end(c->bev);
	d->user->opened(d->arg, d);
}

void
deferred_send(struct deferred *d, const struct reply *rp)
{
	struct evhttp_request *req = d->req;

	d->connection->deferred = NULL;
	d->connection->since_us = clock_mono_us();
	free(d);
	send_reply(req, rp, false);
}

static void
answer(struct connection *c, struct evhttp_request *req, const struct reply *rp)
{
	bool head = evhttp_request_get_command(req) == EVHTTP_REQ_HEAD;

	if (rp->deferred) {
		open_deferred(c, req, rp);
		return;
	}
	if (rp->stream && !head) {
		open_stream(c, req, rp);
		return;
	}
	send_reply(req, rp, false);
	if (rp->stream)
		rp->stream->closed(rp->stream_arg);
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static bool
read_head(struct evhttp_request *req, struct head *h)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	enum evhttp_cmd_type method = evhttp_request_get_command(req);
	const struct evkeyval *kv;

	h->count = 0;
	h->get_or_head = method == EVHTTP_REQ_GET || method == EVHTTP_REQ_HEAD;
	h->host_needed = req->major > 1 || (req->major == 1 && req->minor >= 1);
	h->uri_host = uri ? evhttp_uri_get_host(uri) : NULL;
	for (kv = evhttp_request_get_input_headers(req)->tqh_first; kv; kv = kv->next.tqe_next) {
		if (h->count == GUARD_MAX_HEADERS)
			return false;
		h->headers[h->count++] = (struct header) { kv->key, kv->value };
	}
	return true;
}

/* refuse answers what the guard does not let through; false if it does. */
static bool
refuse(struct http_server *s, const struct head *h, bool whole, struct reply *rp)
{
	struct err err;
	int status = whole ? guard_framing(h, &err) : 431;

	if (!whole)
		err_set(&err, "more than %d header fields", GUARD_MAX_HEADERS);
	if (status == 0 && !h->get_or_head) {
		status = 405;
		reply_header(rp, "Allow", "GET, HEAD");
		err_set(&err, "nothing can be changed here: the methods are GET and HEAD");
	}
	if (status == 0 && s->token == NULL && !guard_host(h, s->own.host, &err))
		status = 403;
	if (status)
		reply_error(rp, status, "%s", err.text);
	return status != 0;
}

static void
serve(struct http_server *s, struct evhttp_request *req, const struct head *h, struct reply *rp)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = evhttp_uri_get_path(uri);
	struct request rq = {
		.path = path && *path ? path : "/",
		.query = evhttp_uri_get_query(uri),
		.if_none_match = head_find(h, "If-None-Match"),
		.accept_encoding = head_find(h, "Accept-Encoding"),
		.last_event_id = head_find(h, "Last-Event-ID"),
		.authorized = s->token == NULL || guard_token(head_find(h, "Authorization"), s->token),
	};

	s->serve(s->arg, &rq, rp);
	if (rp->status == 401)
		s->counts.refused++;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct http_server *s = arg;
	struct connection *c = find_connection(s, evhttp_request_get_connection(req));
	struct head h;
	struct reply rp;
	bool whole = read_head(req, &h);

	s->counts.requests++;
	reply_init(&rp);
	assert(c != NULL && c->stream == NULL && c->deferred == NULL);
	c->since_us = clock_mono_us();
	if (refuse(s, &h, whole, &rp)) {
		s->counts.refused++;
		send_reply(req, &rp, true);
	} else {
		serve(s, req, &h, &rp);
		answer(c, req, &rp);
	}
	reply_release(&rp);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool
listen_on(struct http_server *s, struct event_base *base, struct err *err)
{
	int fd = address_listen(&s->own, s->token != NULL, s->address, err);
	struct evconnlistener *listener;

	if (fd < 0)
		return false;
	listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (listener == NULL) {
		close(fd);
		return err_set(err, "cannot listen on %s: the event loop takes no more", s->address);
	}
	evhttp_bind_listener(s->evhttp, listener);
	evconnlistener_set_error_cb(listener, on_accept_error);
	s->listener = listener;
	return true;
}

static void
set_limits(struct http_server *s)
{
	evhttp_set_max_headers_size(s->evhttp, MAX_HEADER_BYTES);
	evhttp_set_max_body_size(s->evhttp, MAX_BODY_BYTES);
	evhttp_set_timeout(s->evhttp, IDLE_MS / 1000);
	evhttp_set_allowed_methods(s->evhttp, ALL_METHODS);
	evhttp_set_bevcb(s->evhttp, on_connection, s);
	evhttp_set_gencb(s->evhttp, on_request, s);
}

static bool
check_options(struct http_server *s, const struct http_server_options *o, struct err *err)
{
	if (!address_parse(&s->own, o->address, err))
		return false;
	if (o->token && *o->token == '\0')
		return err_set(err, "the token for HTTP is empty");
	s->token = o->token ? xstrdup(o->token) : NULL;
	return true;
}

struct http_server *
http_server_new(struct event_base *base, const struct http_server_options *o, struct err *err)
{
	const struct timeval every = { SWEEP_MS / 1000, SWEEP_MS % 1000 * 1000 };
	struct http_server *s = xcalloc(1, sizeof(*s));

	LIST_INIT(&s->connections);
	s->max_connections = o->max_connections;
	s->serve = o->serve;
	s->arg = o->arg;
	s->evhttp = evhttp_new(base);
	s->adopt = event_new(base, -1, 0, on_adopt, s);
	s->sweep = event_new(base, -1, EV_PERSIST, on_sweep, s);
	set_limits(s);
	event_add(s->sweep, &every);
	if (check_options(s, o, err) && listen_on(s, base, err))
		return s;
	http_server_free(s);
	return NULL;
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	on_adopt(-1, 0, s);
	s->listener = NULL;
	evhttp_free(s->evhttp);
	event_free(s->adopt);
	event_free(s->sweep);
	if (s->token) {
		explicit_bzero(s->token, strlen(s->token));
		free(s->token);
	}
	free(s);
}

const char *
http_server_address(const struct http_server *s)
{
	return s->address;
}

struct http_server_counts
http_server_counts(const struct http_server *s)
{
	return s->counts;
}
