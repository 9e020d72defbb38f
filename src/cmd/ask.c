/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One GET of an arsenal on this machine, mostly. With libevent's client, which is linked anyway: a library for all of the web takes 4 MB of memory, also of
 * a program that never asks.
 */
#include "cmd/ask.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http/address.h"
#include "os/instance.h"

#define HEADERS_MAX_BYTES (64 << 10)
#define ANSWER_MAX_BYTES (64 << 20)

/* ---- one question to one address ---- */

struct question {
	const struct ask *ask;
	const char *address, *path;
	struct event_base *loop;
	struct strbuf *body;
	int status; /* 0: no answer (yet) */
};

static void
on_answer(struct evhttp_request *req, void *arg)
{
	struct question *q = arg;
	struct evbuffer *in = req ? evhttp_request_get_input_buffer(req) : NULL;

	q->status = req ? evhttp_request_get_response_code(req) : 0;
	if (in && evbuffer_get_length(in) > 0)
		strbuf_add(q->body, evbuffer_pullup(in, -1), evbuffer_get_length(in));
	event_base_loopbreak(q->loop);
}

static void
add_headers(const struct question *q, struct evkeyvalq *headers)
{
	struct strbuf bearer = STRBUF_INIT;

	evhttp_add_header(headers, "Host", q->address);
	evhttp_add_header(headers, "Connection", "close");
	if (q->ask->token) {
		strbuf_addf(&bearer, "Bearer %s", q->ask->token);
		evhttp_add_header(headers, "Authorization", bearer.data);
	}
	strbuf_release(&bearer);
}

/* send_to asks the host, whose address is numeric, and waits until it has answered, or the time is over. */
static void
send_to(struct question *q, const char *host, uint16_t port)
{
	const struct timeval timeout = { q->ask->timeout_ms / 1000, q->ask->timeout_ms % 1000 * 1000 };
	struct evhttp_connection *to = evhttp_connection_base_new(q->loop, NULL, host, port);
	struct evhttp_request *req = evhttp_request_new(on_answer, q);

	strbuf_reset(q->body);
	evhttp_connection_set_timeout_tv(to, &timeout);
	evhttp_connection_set_max_headers_size(to, HEADERS_MAX_BYTES);
	evhttp_connection_set_max_body_size(to, ANSWER_MAX_BYTES);
	/* Where it looks for the end of a line before it counts. */
	bufferevent_setwatermark(evhttp_connection_get_bufferevent(to), EV_READ, 0, ANSWER_MAX_BYTES);
	add_headers(q, evhttp_request_get_output_headers(req));
	event_base_loopexit(q->loop, &timeout);
	if (evhttp_make_request(to, req, EVHTTP_REQ_GET, q->path) == 0)
		event_base_dispatch(q->loop);
	evhttp_connection_free(to);
}

/* A name may have several addresses, of which one is listened on. */
static void
try_each(struct question *q, const struct addrinfo *all, uint16_t port)
{
	char host[NI_MAXHOST];

	for (const struct addrinfo *a = all; a && q->status == 0; a = a->ai_next) {
		q->loop = event_base_new();
		if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST) == 0)
			send_to(q, host, port);
		event_base_free(q->loop);
	}
}

static bool
ask_one(const struct ask *a, const char *address, const char *path, struct strbuf *body)
{
	const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
	struct question q = { .ask = a, .address = address, .path = path, .body = body };
	struct addrinfo *all = NULL;
	struct address at;
	void (*before)(int);

	if (!address_parse(&at, address, NULL) || getaddrinfo(at.host, NULL, &wanted, &all) != 0)
		return false;
	/* Who closes while we ask is no reason to end. */
	before = signal(SIGPIPE, SIG_IGN);
	try_each(&q, all, at.port);
	signal(SIGPIPE, before);
	freeaddrinfo(all);
	return q.status == HTTP_OK;
}

bool
ask_path(const struct ask *a, const char *path, struct strbuf *body)
{
	char address[128];

	if (a->address)
		return ask_one(a, a->address, path, body);
	for (int i = 0; i < INSTANCE_SLOTS; i++)
		if (instance_running(a->state_dir, i, address, sizeof(address)) && ask_one(a, address, path, body))
			return true;
	return false;
}

void
ask_add_escaped(struct strbuf *out, const char *text)
{
	char *escaped = evhttp_encode_uri(text);

	strbuf_adds(out, escaped ? escaped : "");
	free(escaped);
}

bool
ask_running(const char *state_dir, const char *node, const char *resource, struct strbuf *body)
{
	const struct ask a = { .state_dir = state_dir, .timeout_ms = 2000 };
	struct strbuf path = STRBUF_INIT;
	bool found;

	strbuf_adds(&path, "/api/v1/nodes/");
	ask_add_escaped(&path, node);
	strbuf_adds(&path, resource);
	found = ask_path(&a, path.data, body);
	strbuf_release(&path);
	return found;
}
