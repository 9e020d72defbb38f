/* SPDX-License-Identifier: Apache-2.0 */
/* The whole outlet in this program's own loop, with clients on loopback sockets: what comes back for good requests, for bad ones, and to slow clients. */
#include "http/http.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "engine/answer.h"
#include "http/address.h"
#include "http/fixture.h"

/* A test that waits longer than that for what must come has failed. */
#define GIVE_UP_S 20
#define CLIENTS 12

struct client {
	int fd;
	struct event *readable;
	struct strbuf in;
	bool ended;
};

static struct fixture fixture;
static struct event_base *loop;
static struct event *give_up;
static struct http *http;
static struct client clients[CLIENTS];
static size_t client_count;

/* ---- the stage --------------------------------------------------------------------------------------------------- */

static void
on_give_up(evutil_socket_t fd UNUSED, short what UNUSED, void *arg UNUSED)
{
	fprintf(stderr, "gave up waiting\n");
	abort();
}

static void
begin(size_t max_events, const struct http_options *options)
{
	const struct timeval limit = { GIVE_UP_S, 0 };
	struct http_source source;
	struct err err = { "" };

	signal(SIGPIPE, SIG_IGN);
	fixture_init(&fixture, max_events);
	source = fixture_source(&fixture);
	loop = event_base_new();
	give_up = event_new(loop, -1, 0, on_give_up, NULL);
	event_add(give_up, &limit);
	http = http_new(loop, options, &source, &err);
	if (http == NULL)
		fail_msg("%s", err.text);
	client_count = 0;
}

static int
setup(void **state)
{
	static const struct http_options options = {
		.address = "127.0.0.1:0", .max_streams = 4, .max_connections = 10
	};

	(void)state;
	begin(1000, &options);
	return 0;
}

static int
setup_token(void **state)
{
	static const struct http_options options = { .address = "127.0.0.1:0", .token = "s3cret" };

	(void)state;
	begin(1000, &options);
	return 0;
}

static void
client_close(struct client *c)
{
	if (c->fd < 0)
		return;
	event_free(c->readable);
	close(c->fd);
	strbuf_release(&c->in);
	c->fd = -1;
}

static int
teardown(void **state)
{
	(void)state;
	http_free(http);
	for (size_t i = 0; i < client_count; i++)
		client_close(&clients[i]);
	event_free(give_up);
	event_base_free(loop);
	fixture_release(&fixture);
	return 0;
}

/* ---- clients ------------------------------------------------------------------------------------------------------ */

static void
on_readable(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct client *c = arg;
	char buf[65536];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		strbuf_add(&c->in, buf, (size_t)n);
	else if (n == 0 || errno != EAGAIN) {
		c->ended = true;
		event_del(c->readable);
	}
}

/* client_new connects; `buffer` bytes of kernel memory for what it has not read, 0 for the usual. */
static struct client *
client_new(int buffer)
{
	struct client *c = &clients[client_count++];
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct address a;

	assert_true(client_count <= CLIENTS && address_parse(&a, http_address(http), NULL));
	in.sin_port = htons(a.port);
	*c = (struct client) { .fd = socket(AF_INET, SOCK_STREAM, 0) };
	if (buffer)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	assert_int_equal(connect(c->fd, (struct sockaddr *)&in, sizeof(in)), 0);
	evutil_make_socket_nonblocking(c->fd);
	c->readable = event_new(loop, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	event_add(c->readable, NULL);
	return c;
}

static void
client_send(struct client *c, const char *text)
{
	assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
wait_for(struct client *c, const char *piece)
{
	while (strstr(strbuf_cstr(&c->in), piece) == NULL) {
		if (c->ended)
			fail_msg("the connection ended before \"%s\"; there was: %s", piece, strbuf_cstr(&c->in));
		event_base_loop(loop, EVLOOP_ONCE);
	}
}

static void
wait_for_end(struct client *c)
{
	while (!c->ended)
		event_base_loop(loop, EVLOOP_ONCE);
}

/* says asks with these bytes and waits for the answer's beginning; the connection must end if `ends`. */
static void
says(const char *request, const char *answer, bool ends)
{
	struct client *c = client_new(0);

	client_send(c, request);
	wait_for(c, answer);
	if (ends)
		wait_for_end(c);
	client_close(c);
	client_count--;
}

static unsigned
count_of(const char *text, const char *piece)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, piece)) != NULL; p++)
		n++;
	return n;
}

#define HOST "Host: 127.0.0.1\r\n"

static struct client *
subscribe(const char *query, const char *last_id, int buffer)
{
	struct client *c = client_new(buffer);
	char request[512];

	snprintf(request, sizeof(request), "GET /api/v1/events%s HTTP/1.1\r\n" HOST "%s%s%s\r\n", query,
	    last_id ? "Last-Event-ID: " : "", last_id ? last_id : "", last_id ? "\r\n" : "");
	client_send(c, request);
	wait_for(c, "retry: 2000\n\n");
	return c;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

static void
good_requests(void **state)
{
	struct client *c = client_new(0);

	(void)state;
	client_send(c, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(c, "\r\n\r\nok\n");
	strbuf_reset(&c->in);
	client_send(c, "HEAD /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(c, "Content-Length: 3\r\n");
	wait_for(c, "\r\n\r\n");
	assert_null(strstr(c->in.data, "ok\n"));
	strbuf_reset(&c->in);
	/* The same connection goes on, also for two requests at once. */
	client_send(c, "GET /api/v1/nodes HTTP/1.1\r\n" HOST "\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(c, "b c@h");
	wait_for(c, "\r\n\r\nok\n");
	assert_non_null(strstr(c->in.data, "Content-Security-Policy: default-src 'self'"));
	assert_non_null(strstr(c->in.data, "X-Content-Type-Options: nosniff"));
	assert_non_null(strstr(c->in.data, "Cache-Control: no-store"));
	says("GET /healthz HTTP/1.0\r\n\r\n", "\r\n\r\nok\n", true);
	says("GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nok\n", false);
	says("HEAD /api/v1/events HTTP/1.1\r\n" HOST "\r\n", "text/event-stream", false);
}

static void
bad_requests(void **state)
{
	(void)state;
	says("\x16\x03\x01\x02\r\n\r\n", "HTTP/1.1 400 ", true);
	says("GET / HTTP/1.1\r\nno colon\r\n\r\n", " 400 ", true);
	says("GET /\r\n\r\n", " 400 ", true);
	says("GET / HTTP/1.1\r\n\r\n", "header field Host is missing", true);
	says("GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", " 400 Bad Request", true);
	says("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", " 403 Forbidden", true);
	says("GET http://evil.example/ HTTP/1.1\r\n" HOST "\r\n", " 403 Forbidden", true);
	says("POST /api/v1/nodes HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", "Allow: GET, HEAD", true);
	says("DELETE / HTTP/1.1\r\n" HOST "\r\n", " 405 Method Not Allowed", true);
	says("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", " 405 ", true);
	says("BREW / HTTP/1.1\r\n" HOST "\r\n", " 501 ", true);
	says("GET /nothing HTTP/1.1\r\n" HOST "\r\n", "{\"error\":{\"status\":404,", false);
	says("GET /%zz HTTP/1.1\r\n" HOST "\r\n", " 404 ", false);
	says("GET /api/v1/nodes/%00 HTTP/1.1\r\n" HOST "\r\n", " 400 ", false);
}

/* A second request hidden in what one server takes for a body, and another does not. */
static void
smuggled_requests(void **state)
{
	static const char *const frames[] = { "Transfer-Encoding: gzip, chunked\r\n", "Content-Length: 47\r\n",
		"Content-Length: 0\r\nContent-Length: 47\r\n", "Content-Length : 47\r\n", "Content-Length: +47\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 47\r\n", "Transfer-Encoding : chunked\r\n" };
	static const char *const methods[] = { "GET", "HEAD", "POST" };
	char request[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(frames) * ARRAY_LEN(methods); i++) {
		struct client *c = client_new(0);

		snprintf(request, sizeof(request),
		    "%s /api/v1 HTTP/1.1\r\n" HOST "%s\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n" HOST "\r\n",
		    methods[i % 3], frames[i / 3]);
		client_send(c, request);
		wait_for_end(c);
		assert_null(strstr(strbuf_cstr(&c->in), "ok\n"));
		assert_null(strstr(strbuf_cstr(&c->in), " 200 "));
		client_close(c);
		client_count--;
	}
}

static void
oversize_heads(void **state)
{
	struct strbuf request = STRBUF_INIT;

	(void)state;
	strbuf_adds(&request, "GET / HTTP/1.1\r\n" HOST "X: ");
	for (int i = 0; i < 20000; i++)
		strbuf_addc(&request, 'x');
	says(request.data, " 400 ", true);
	strbuf_reset(&request);
	strbuf_adds(&request, "GET /");
	for (int i = 0; i < 20000; i++)
		strbuf_addc(&request, 'x');
	says(request.data, " 400 ", true);
	strbuf_reset(&request);
	strbuf_adds(&request, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 101; i++)
		strbuf_adds(&request, "X: y\r\n");
	strbuf_adds(&request, "\r\n");
	says(request.data, " 431 ", true);
	says("POST / HTTP/1.1\r\n" HOST "Content-Length: 70000\r\n\r\n", " 413 ", true);
	strbuf_release(&request);
}

/* A client that asks without end and never reads fills neither our memory nor our time. */
static void
pipelining_without_reading(void **state)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\n" HOST "\r\n";
	struct client *c = client_new(4096);
	unsigned refused = 0;
	size_t sent = 0;

	(void)state;
	event_del(c->readable);
	/* What is never read must stop being taken: the kernel's buffers, ours, and no more. */
	while (refused < 200 && sent < (64u << 20)) {
		ssize_t n = send(c->fd, request, sizeof(request) - 1, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		refused = n > 0 ? 0 : refused + 1;
		event_base_loop(loop, EVLOOP_NONBLOCK);
	}
	assert_true(sent < (16u << 20));
	says("GET /healthz HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nok\n", false);
}

static void
connections_are_limited(void **state)
{
	struct client *idle[10];

	(void)state;
	/* As many as there may be, and none of them speaks: those that do are served all the same. */
	for (int i = 0; i < 10; i++)
		idle[i] = client_new(0);
	says("GET /healthz HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nok\n", false);
	wait_for_end(idle[0]);
	assert_false(idle[9]->ended);
}

static void
tokens(void **state)
{
	(void)state;
	says("GET /api/v1/nodes HTTP/1.1\r\n" HOST "\r\n", " 401 Unauthorized", false);
	says("GET / HTTP/1.1\r\n" HOST "\r\n", "WWW-Authenticate: Basic realm=\"arsenal\"", false);
	says("GET / HTTP/1.1\r\n" HOST "\r\n", "WWW-Authenticate: Bearer", false);
	says("GET /healthz HTTP/1.1\r\nHost: any.name\r\n\r\n", " 200 ", false);
	says("GET /api/v1/nodes HTTP/1.1\r\nHost: any.name\r\nAuthorization: Bearer s3cret\r\n\r\n", " 200 ", false);
	says("GET /api/v1/nodes HTTP/1.1\r\n" HOST "Authorization: Basic YW55OnMzY3JldA==\r\n\r\n", " 200 ", false);
	says("GET /api/v1/nodes?token=s3cret HTTP/1.1\r\n" HOST "\r\n", " 401 ", false);
	says("GET /api/v1/nodes HTTP/1.1\r\n" HOST "Authorization: Bearer s3crex\r\n\r\n", " 401 ", false);
}

static void
bad_options(void **state)
{
	static const struct http_options bad[] = { { .address = "127.0.0.1" }, { .address = "0.0.0.0:0" },
		{ .address = "127.0.0.1:0", .token = "" }, { .address = "no-such-host.invalid.:0" } };
	struct http_source source = fixture_source(&fixture);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { "" };

		assert_null(http_new(loop, &bad[i], &source, &err));
		assert_true(*err.text);
	}
}

/* ---- the event stream -------------------------------------------------------------------------------------------- */

static void
events_come_at_once(void **state)
{
	struct client *all = subscribe("", NULL, 0);
	struct client *other = subscribe("?types=health_alert,anomaly&node=b+c@h", NULL, 0);

	(void)state;
	fixture_restart(&fixture, "sup", "w");
	http_pump(http);
	wait_for(all, "id: 1003\nevent: restart\ndata: {\"id\":1003,\"type\":\"restart\"");
	wait_for(all, "\"supervisor\":\"sup\"");
	wait_for(all, "}\n\n");
	/* Without an id it begins with the newest: what was before it connected does not come. */
	assert_null(strstr(all->in.data, "event: node"));
	assert_null(strstr(strbuf_cstr(&other->in), "event:"));
}

static void
events_are_filtered_by_severity(void **state)
{
	struct client *c = subscribe("?severity=high", NULL, 0);

	(void)state;
	engine_link(fixture.engines[0], FIXTURE_NOW, NODE_CONNECTING, "again");
	engine_link(fixture.engines[0], FIXTURE_NOW, NODE_UNREACHABLE, "gone");
	fixture_collect(&fixture);
	http_pump(http);
	wait_for(c, "node_down");
	assert_null(strstr(c->in.data, "\"severity\":\"low\""));
}

static void
events_resume(void **state)
{
	struct client *c;

	(void)state;
	/* 1001 and 1002 are the links'; few enough that no anomaly comes between. */
	for (int i = 0; i < 3; i++)
		fixture_restart(&fixture, "sup", "w");
	c = subscribe("?types=restart", "1003", 0);
	wait_for(c, "id: 1005\n");
	assert_null(strstr(c->in.data, "id: 1003\n"));
	assert_non_null(strstr(c->in.data, "id: 1004\n"));
	c = subscribe("?types=restart&last_event_id=1004", NULL, 0);
	wait_for(c, "id: 1005\n");
	assert_null(strstr(c->in.data, "id: 1004\n"));
	assert_null(strstr(c->in.data, "dropped"));
	/* Ids of an earlier run: everything there is. Ids not given yet: the newest. */
	c = subscribe("", "3", 0);
	wait_for(c, "id: 1001\n");
	c = subscribe("", "18446744073709551615", 0);
	fixture_restart(&fixture, "sup", "newest");
	http_pump(http);
	wait_for(c, "newest");
	assert_null(strstr(c->in.data, "id: 1005\n"));
}

static void
bad_event_ids(void **state)
{
	(void)state;
	says("GET /api/v1/events HTTP/1.1\r\n" HOST "Last-Event-ID: 12a\r\n\r\n", " 400 Bad Request", false);
	says("GET /api/v1/events?last_event_id=99999999999999999999 HTTP/1.1\r\n" HOST "\r\n", " 400 ", false);
}

static void
streams_are_limited(void **state)
{
	struct client *first = subscribe("", NULL, 0);

	(void)state;
	for (int i = 0; i < 3; i++)
		subscribe("", NULL, 0);
	says("GET /api/v1/events HTTP/1.1\r\n" HOST "\r\n", " 503 Service Unavailable", false);
	/* One that leaves is noticed, and its place is free. */
	client_close(first);
	for (int i = 0; i < 20; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	subscribe("", NULL, 0);
}

/* line_before is the last line before p that begins with "id: ", and its number in *id. */
static const char *
line_before(const char *text, const char *p, unsigned long *id)
{
	while (p > text && strncmp(p, "\nid: ", 5) != 0)
		p--;
	*id = strtoul(p + 5, NULL, 10);
	return p;
}

/* A client that does not read costs a bounded queue; when it reads again it learns how many it lost, and goes on. */
static void
slow_client(void **state)
{
	struct client *c = subscribe("", NULL, 4096);
	unsigned long before, after;
	const char *told, *line;

	(void)state;
	event_del(c->readable);
	for (int i = 0; i < 20000; i++) {
		fixture_restart(&fixture, "a_supervisor_with_a_name", "a_child");
		http_pump(http);
		if (i % 50 == 0)
			event_base_loop(loop, EVLOOP_NONBLOCK);
	}
	event_add(c->readable, NULL);
	fixture_restart(&fixture, "sup", "the last one");
	http_pump(http);
	wait_for(c, "the last one");
	/* Our queue, the kernel's, and the log's thousand: far fewer than twenty thousand. */
	assert_true(count_of(c->in.data, "event: restart\n") < 8000);
	assert_int_equal(count_of(c->in.data, "\"dropped\":"), 1);
	told = strstr(c->in.data, ",\"dropped\":");
	line = line_before(c->in.data, told, &after);
	line_before(c->in.data, line - 1, &before);
	assert_int_equal(strtoul(told + 11, NULL, 10), after - before - 1);
}

/* What a client sends behind its request is taken up to a bound only. */
static void
takes_no_junk(struct client *c)
{
	char junk[4096];
	size_t sent = 0;
	unsigned refused = 0;

	memset(junk, 'x', sizeof(junk));
	while (refused < 200 && sent < (64u << 20)) {
		ssize_t n = send(c->fd, junk, sizeof(junk), MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		refused = n > 0 ? 0 : refused + 1;
		event_base_loop(loop, EVLOOP_NONBLOCK);
	}
	assert_true(sent < (16u << 20));
}

static void
a_stream_takes_no_input(void **state)
{
	struct client *c = subscribe("", NULL, 0);

	(void)state;
	takes_no_junk(c);
	fixture_restart(&fixture, "sup", "still there");
	http_pump(http);
	wait_for(c, "still there");
}

/* ---- answers that come later ---------------------------------------------------------------------------------------- */

#define TREE "GET /api/v1/nodes/a@h/tree HTTP/1.1\r\n" HOST "\r\n"

/* ask_later sends a request whose answer is owed from then on. */
static struct client *
ask_later(const char *request)
{
	struct client *c = client_new(0);
	unsigned before = fixture_asked;

	client_send(c, request);
	while (fixture_asked == before)
		event_base_loop(loop, EVLOOP_ONCE);
	return c;
}

static void
give_tree(void)
{
	struct tree t = { .time_ms = 1, .complete = true };

	engine_tree(fixture.engines[0], FIXTURE_NOW, &t);
	http_tree(http, fixture.engines[0], REQUEST_ANSWERED, "");
}

/* Nothing comes before it, and then all get it. */
static void
late_answers(void **state)
{
	struct client *a = ask_later(TREE), *b = ask_later(TREE);
	struct client *head = ask_later("HEAD /api/v1/nodes/a@h/tree HTTP/1.1\r\n" HOST "\r\n");

	(void)state;
	says("GET /healthz HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nok\n", false);
	assert_int_equal(a->in.len + b->in.len + head->in.len, 0);
	http_tree(http, fixture.engines[1], REQUEST_LOST, "another node");
	give_tree();
	wait_for(a, "\"complete\":true");
	wait_for(b, "\"complete\":true");
	wait_for(head, "\r\n\r\n");
	assert_null(strstr(head->in.data, "complete"));
	/* The connection goes on. */
	client_send(a, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(a, "\r\n\r\nok\n");
}

static void
bad_ends_of_late_answers(void **state)
{
	static const struct {
		enum request_result result;
		const char *status;
	} ends[] = { { REQUEST_TIMED_OUT, "HTTP/1.1 504 Gateway Timeout" },
		{ REQUEST_LOST, "HTTP/1.1 503 Service Unavailable" }, { REQUEST_REFUSED, "HTTP/1.1 503 " },
		{ REQUEST_MALFORMED, "HTTP/1.1 502 Bad Gateway" }, { REQUEST_ANSWERED, "HTTP/1.1 502 " } };
	struct client *c = client_new(0);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		unsigned before = fixture_asked;

		client_send(c, TREE);
		while (fixture_asked == before)
			event_base_loop(loop, EVLOOP_ONCE);
		http_tree(http, fixture.engines[0], ends[i].result, "because");
		wait_for(c, ends[i].status);
		wait_for(c, "because");
		strbuf_reset(&c->in);
	}
}

/* turn lets what has happened to sockets be seen. */
static void
turn(void)
{
	for (int i = 0; i < 20; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
}

static void
clients_that_go_before_their_answer(void **state)
{
	struct client *stays = ask_later(TREE), *goes = ask_later(TREE), *half = ask_later(TREE);

	(void)state;
	client_close(goes);
	shutdown(half->fd, SHUT_WR);
	turn();
	give_tree();
	wait_for(stays, "\"complete\":true");
	wait_for_end(half);
}

/* They wait in the connection, or in the kernel. */
static void
requests_behind_one_that_waits(void **state)
{
	struct client *c = ask_later(TREE "GET /healthz HTTP/1.1\r\n" HOST "\r\n");

	(void)state;
	turn();
	assert_int_equal(c->in.len, 0);
	give_tree();
	wait_for(c, "\r\n\r\nok\n");
	assert_true(strstr(c->in.data, "complete") < strstr(c->in.data, "ok\n"));
}

static void
junk_behind_one_that_waits(void **state)
{
	struct client *c = ask_later(TREE);

	(void)state;
	takes_no_junk(c);
	give_tree();
	wait_for(c, "\"complete\":true");
}

/* The server goes while they wait: teardown frees it. */
static void
nobody_answers_any_more(void **state)
{
	(void)state;
	ask_later(TREE);
	ask_later(TREE);
	client_close(ask_later(TREE));
}

/* Those who wait are no idle ones that make room for others. */
static void
who_waits_is_not_idle(void **state)
{
	struct client *waits = ask_later(TREE);

	(void)state;
	for (int i = 0; i < 10; i++)
		client_new(0);
	turn();
	give_tree();
	wait_for(waits, "\"complete\":true");
}

/* ---- long answers ------------------------------------------------------------------------------------------------- */

#define SAMPLES 1000
#define FIRST (FIXTURE_NOW - SAMPLES * INT64_C(5000))

static void
live(unsigned n, int64_t from_ms)
{
	struct sample s = { .time_ms = 0 };

	for (unsigned i = 0; i < n; i++) {
		s.time_ms = from_ms + i * INT64_C(5000);
		sample_set(&s, METRIC_PROCESS_COUNT, 100 + i % 12);
		sample_set(&s, METRIC_LOAD1, i / 7.0);
		engine_feed(fixture.engines[0], s.time_ms, &s);
	}
	fixture_collect(&fixture);
}

/* What is to be told, as of now. */
static char *
history_text(int64_t start_ms, int64_t end_ms)
{
	struct strbuf text = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	jsonw_init(&j, &text);
	answer_json_init(&a, &j);
	answer_history(&a.base, fixture.engines[0], start_ms, end_ms);
	return strbuf_detach(&text);
}

/* body takes the first answer out of what has come, and its chunks apart; NULL: it has not ended yet. */
static char *
take_body(struct client *c)
{
	const char *p = strstr(strbuf_cstr(&c->in), "\r\n\r\n");
	struct strbuf body = STRBUF_INIT;
	size_t left;

	if (p == NULL)
		return NULL;
	for (p += 4;; p += 2) {
		char *end;
		size_t len = strtoul(p, &end, 16);

		if (strncmp(end, "\r\n", 2) != 0 || (size_t)(c->in.data + c->in.len - end) < len + 4) {
			strbuf_release(&body);
			return NULL;
		}
		strbuf_add(&body, end + 2, len);
		p = end + 2 + len;
		assert_memory_equal(p, "\r\n", 2);
		if (len == 0)
			break;
	}
	left = (size_t)(c->in.data + c->in.len - (p + 2));
	memmove(c->in.data, p + 2, left);
	strbuf_cut(&c->in, left);
	return strbuf_detach(&body);
}

static char *
wait_for_body(struct client *c)
{
	char *body;

	while ((body = take_body(c)) == NULL) {
		assert_false(c->ended);
		event_base_loop(loop, EVLOOP_ONCE);
	}
	return body;
}

static struct client *
ask_history(const char *query, int buffer)
{
	struct client *c = client_new(buffer);
	char request[512];

	snprintf(request, sizeof(request), "GET /api/v1/nodes/a@h/history?%s HTTP/1.1\r\n" HOST "\r\n", query);
	client_send(c, request);
	return c;
}

static void
is_text(char *body, char *expected)
{
	assert_string_equal(body, expected);
	free(body);
	free(expected);
}

static void
a_long_answer_comes_in_chunks(void **state)
{
	struct client *c;

	(void)state;
	live(SAMPLES, FIRST);
	fixture_restart(&fixture, "sup", "w");
	c = ask_history("start=0", 0);
	/* What comes behind it waits for its end. */
	client_send(c, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(c, "\r\nTransfer-Encoding: chunked\r\n");
	is_text(wait_for_body(c), history_text(0, FIXTURE_NOW));
	wait_for(c, "\r\n\r\nok\n");
	strbuf_reset(&c->in);
	client_send(c, "GET /api/v1/nodes/a@h/history?start=1&end=2 HTTP/1.1\r\n" HOST "\r\n");
	is_text(wait_for_body(c), history_text(1, 2));
	client_send(c, "GET /healthz HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	wait_for(c, "\r\n\r\nok\n");
	wait_for_end(c);
}

/* A slow client's answer is of the time when it asked. */
static void
a_slow_client_gets_what_was_there(void **state)
{
	struct client *c;
	char *expected;

	(void)state;
	live(SAMPLES, FIRST);
	expected = history_text(0, FIXTURE_NOW + 1000000);
	c = ask_history("start=0&end=1700001000000", 4096);
	wait_for(c, "time_range");
	event_del(c->readable);
	for (int i = 0; i < 50; i++)
		event_base_loop(loop, EVLOOP_NONBLOCK);
	live(100, FIXTURE_NOW);
	event_add(c->readable, NULL);
	is_text(wait_for_body(c), expected);
}

/* HTTP/1.0 knows no chunks, and the end is the connection's, even if the client wanted to keep it. */
static void
long_answers_for_old_clients(void **state)
{
	static const char *const heads[] = { "", "Connection: keep-alive\r\n" };
	char request[256], *expected;

	(void)state;
	live(SAMPLES, FIRST);
	expected = history_text(0, FIXTURE_NOW);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct client *c = client_new(0);

		snprintf(
		    request, sizeof(request), "GET /api/v1/nodes/a@h/history?start=0 HTTP/1.0\r\n%s\r\n", heads[i]);
		client_send(c, request);
		wait_for_end(c);
		assert_null(strstr(c->in.data, "chunked"));
		assert_null(strstr(c->in.data, "Content-Length"));
		assert_string_equal(strstr(c->in.data, "\r\n\r\n") + 4, expected);
	}
	free(expected);
}

static void
heads_of_long_answers(void **state)
{
	struct client *c = client_new(0);

	(void)state;
	live(SAMPLES, FIRST);
	for (int i = 0; i < 20; i++) {
		client_send(c, "HEAD /api/v1/nodes/a@h/history?start=0 HTTP/1.1\r\n" HOST "\r\n");
		wait_for(c, "\r\n\r\n");
		assert_non_null(strstr(c->in.data, " 200 OK\r\n"));
		assert_null(strstr(c->in.data, "Content-Length"));
		assert_string_equal(strstr(c->in.data, "\r\n\r\n"), "\r\n\r\n");
		strbuf_reset(&c->in);
	}
	client_send(c, "GET /healthz HTTP/1.1\r\n" HOST "\r\n");
	wait_for(c, "\r\n\r\nok\n");
}

/* In every state: before it was answered, in the middle, with and without a farewell; the server takes as many again. */
static void
clients_that_go_in_the_middle_of_it(void **state)
{
	const struct linger reset = { 1, 0 };

	(void)state;
	live(SAMPLES, FIRST);
	for (int i = 0; i < 60; i++) {
		struct client *c = ask_history(i % 3 ? "start=0" : "step=5&start=1699995000000", 4096);

		if (i % 4)
			wait_for(c, "time_range");
		if (i % 5 == 0)
			setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		client_close(c);
		client_count--;
		if (i % 2)
			event_base_loop(loop, EVLOOP_NONBLOCK);
	}
	turn();
	is_text(wait_for_body(ask_history("start=0", 0)), history_text(0, FIXTURE_NOW));
}

/* Teardown frees the server. */
static void
the_server_goes_in_the_middle_of_it(void **state)
{
	(void)state;
	live(SAMPLES, FIRST);
	wait_for(ask_history("start=0", 4096), "time_range");
	wait_for(ask_history("step=5&start=1699995000000", 4096), "time_range");
	ask_history("start=0", 4096);
}

/* ---- metrics in steps ---------------------------------------------------------------------------------------------- */

static json_t *
ask_columns(const char *query)
{
	char *body = wait_for_body(ask_history(query, 0));
	json_t *root = json_loads(body, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	free(body);
	client_close(&clients[--client_count]);
	return root;
}

static double
at(const json_t *metric, const char *column, size_t i)
{
	const json_t *v = json_array_get(json_object_get(metric, column), i);

	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void
metrics_in_steps(void **state)
{
	const int64_t start = 1699999200000; /* a whole minute */
	json_t *root, *metrics, *count;

	(void)state;
	live(100, start);
	root = ask_columns("start=1699999200000&end=1699999319999&step=1m&metric=process_count");
	assert_int_equal(json_integer_value(json_object_get(root, "step")), 60);
	assert_string_equal(json_string_value(json_object_get(json_object_get(root, "time_range"), "start")),
	    "2023-11-14T22:00:00.000Z");
	metrics = json_object_get(root, "metrics");
	assert_int_equal(json_object_size(metrics), 1);
	count = json_object_get(metrics, "process_count");
	assert_string_equal(json_string_value(json_object_get(count, "unit")), "count");
	assert_string_equal(json_string_value(json_object_get(count, "kind")), "gauge");
	assert_int_equal(json_integer_value(json_object_get(count, "resolution")), 60);
	assert_int_equal(json_array_size(json_object_get(count, "time")), 2);
	for (size_t i = 0; i < 2; i++) {
		ASSERT_NEAR(at(count, "time", i), start + (int64_t)i * 60000, 0);
		ASSERT_NEAR(at(count, "min", i), 100, 0);
		ASSERT_NEAR(at(count, "max", i), 111, 0);
		ASSERT_NEAR(at(count, "mean", i), 105.5, 0);
		ASSERT_NEAR(at(count, "last", i), 111, 0);
		ASSERT_NEAR(at(count, "count", i), 12, 0);
	}
	json_decref(root);
}

/* Those that were never observed have no points. The columns are longer than a part. */
static void
every_metric_in_steps(void **state)
{
	json_t *root, *metrics, *load;

	(void)state;
	live(SAMPLES, FIRST);
	root = ask_columns("step=5&start=1699995000000&end=1700000000000");
	metrics = json_object_get(root, "metrics");
	assert_int_equal(json_object_size(metrics), METRIC_COUNT);
	for (int i = 0; i < METRIC_COUNT; i++)
		assert_true(json_is_array(json_object_get(json_object_get(metrics, METRICS[i].name), "time")));
	load = json_object_get(metrics, "load1");
	assert_int_equal(json_array_size(json_object_get(load, "time")), SAMPLES);
	assert_int_equal(json_array_size(json_object_get(load, "count")), SAMPLES);
	for (size_t i = 0; i < SAMPLES; i++) {
		ASSERT_NEAR(at(load, "time", i), FIRST + (int64_t)i * 5000, 0);
		ASSERT_NEAR(at(load, "mean", i), (double)i / 7, 1e-9);
	}
	assert_int_equal(json_array_size(json_object_get(json_object_get(metrics, "load5"), "time")), 0);
	json_decref(root);
}

/* 30 h, of which 24 are kept as they were; the hours before them by the minute. */
static void
steps_reach_as_far_as_roll_ups(void **state)
{
	const int64_t first = FIXTURE_NOW - 30 * INT64_C(3600000);
	struct sample s = { .time_ms = 0 };
	json_t *root, *count;
	double values = 0;
	char query[128];

	(void)state;
	for (int64_t t = first; t <= FIXTURE_NOW; t += 20000) {
		s.time_ms = t;
		sample_set(&s, METRIC_PROCESS_COUNT, 7);
		engine_feed(fixture.engines[0], t, &s);
	}
	fixture_collect(&fixture);
	snprintf(query, sizeof(query), "start=%" PRId64 "&step=5m&metric=process_count", first);
	root = ask_columns(query);
	count = json_object_get(json_object_get(root, "metrics"), "process_count");
	assert_in_range(json_array_size(json_object_get(count, "time")), 30 * 12, 30 * 12 + 1);
	assert_int_equal(json_integer_value(json_object_get(count, "resolution")), 300);
	json_decref(root);
	snprintf(query, sizeof(query), "start=%" PRId64 "&step=20s&metric=process_count", first);
	root = ask_columns(query);
	count = json_object_get(json_object_get(root, "metrics"), "process_count");
	/* The minute of the first two began before `first`. */
	for (size_t i = 0; i < json_array_size(json_object_get(count, "time")); i++)
		values += at(count, "count", i);
	ASSERT_NEAR(values, 30 * 180 + 1 - 2, 0);
	assert_int_equal(json_integer_value(json_object_get(count, "resolution")), 60);
	ASSERT_NEAR(at(count, "count", 1), 3, 0);
	ASSERT_NEAR(at(count, "time", 1) - at(count, "time", 0), 60000, 0);
	json_decref(root);
	root = ask_columns("step=20s&metric=process_count");
	count = json_object_get(json_object_get(root, "metrics"), "process_count");
	assert_in_range(json_array_size(json_object_get(count, "time")), 180, 181);
	assert_int_equal(json_integer_value(json_object_get(count, "resolution")), 20);
	json_decref(root);
}

static bool
is_null(const json_t *metric, const char *column, size_t i)
{
	return json_is_null(json_array_get(json_object_get(metric, column), i));
}

/* A minute at 5 s: processes in every sample, a counter that begins anew in the middle, load in the first half only. */
static void
feed_minute(int64_t start_ms)
{
	struct sample s = { .time_ms = 0 };

	for (int i = 0; i < 12; i++) {
		memset(s.present, 0, sizeof(s.present));
		s.time_ms = start_ms + i * 5000;
		sample_set(&s, METRIC_PROCESS_COUNT, 100.0 + i);
		sample_set(&s, METRIC_IO_INPUT, i < 6 ? 1e12 + i * 1000.0 : i * 50.0);
		if (i < 6)
			sample_set(&s, METRIC_LOAD1, i / 7.0);
		engine_feed(fixture.engines[0], s.time_ms, &s);
	}
	fixture_collect(&fixture);
}

#define MINUTE_OF_STEPS \
	"start=1699999200000&end=1699999260000&step=5&times=shared&metric=process_count,io_input,load1,load5"

static void
metrics_with_shared_times(void **state)
{
	const int64_t start = 1699999200000;
	json_t *root, *metrics, *count, *load;

	(void)state;
	feed_minute(start);
	root = ask_columns(MINUTE_OF_STEPS "&fields=value,max,count&digits=3");
	assert_int_equal(json_array_size(json_object_get(root, "time")), 12);
	ASSERT_NEAR(at(root, "time", 0), start, 0);
	ASSERT_NEAR(at(root, "time", 11), start + 55000, 0);
	metrics = json_object_get(root, "metrics");
	count = json_object_get(metrics, "process_count");
	load = json_object_get(metrics, "load1");
	assert_null(json_object_get(metrics, "load5"));
	assert_null(json_object_get(count, "time"));
	assert_null(json_object_get(count, "mean"));
	ASSERT_NEAR(at(count, "value", 11), 111, 0);
	ASSERT_NEAR(at(count, "max", 11), 111, 0);
	ASSERT_NEAR(at(load, "value", 1), 0.143, 0);
	ASSERT_NEAR(at(load, "count", 5), 1, 0);
	assert_true(is_null(load, "value", 6) && is_null(load, "count", 11));
	json_decref(root);
}

static void
a_counters_value_is_its_rate(void **state)
{
	json_t *root, *input;

	(void)state;
	feed_minute(1699999200000);
	root = ask_columns(MINUTE_OF_STEPS "&fields=value,min,last&digits=6");
	input = json_object_get(json_object_get(root, "metrics"), "io_input");
	assert_string_equal(json_string_value(json_object_get(input, "kind")), "counter");
	assert_null(json_object_get(input, "min"));
	assert_null(json_object_get(input, "last"));
	assert_true(is_null(input, "value", 0));
	ASSERT_NEAR(at(input, "value", 5), 200, 0);
	assert_true(is_null(input, "value", 6));
	ASSERT_NEAR(at(input, "value", 7), 10, 0);
	json_decref(root);
	/* what was before the range is known */
	root = ask_columns("start=1699999210000&end=1699999260000&step=5&fields=value&metric=io_input");
	ASSERT_NEAR(at(json_object_get(json_object_get(root, "metrics"), "io_input"), "value", 0), 200, 0);
	json_decref(root);
	/* without it, a counter is told as it was counted */
	root = ask_columns(MINUTE_OF_STEPS "&fields=last");
	ASSERT_NEAR(at(json_object_get(json_object_get(root, "metrics"), "io_input"), "last", 1), 1e12 + 1000, 0);
	json_decref(root);
}

#define USUAL_QUERY                                                                   \
	"start=%" PRId64 "&step=20s&times=shared&fields=%susual,usual_low,usual_high" \
	"&metric=process_count,io_input,load1"

/* What is usual is told of what is watched, of a counter with its rate only, and where samples are kept. */
static void
what_was_usual(void **state)
{
	const int64_t first = FIXTURE_NOW - 30 * INT64_C(3600000);
	struct sample s = { .time_ms = 0 };
	json_t *root, *metrics, *count;
	char text[160];
	size_t n;

	(void)state;
	for (int64_t t = first; t <= FIXTURE_NOW; t += 20000) {
		s.time_ms = t;
		sample_set(&s, METRIC_PROCESS_COUNT, 700);
		sample_set(&s, METRIC_IO_INPUT, (double)(t - first));
		sample_set(&s, METRIC_LOAD1, 1);
		engine_feed(fixture.engines[0], t, &s);
	}
	fixture_collect(&fixture);
	snprintf(text, sizeof(text), USUAL_QUERY, first, "value,");
	root = ask_columns(text);
	metrics = json_object_get(root, "metrics");
	count = json_object_get(metrics, "process_count");
	n = json_array_size(json_object_get(root, "time"));
	assert_int_equal(json_array_size(json_object_get(count, "usual_low")), n);
	assert_true(is_null(count, "usual", n / 10));
	ASSERT_NEAR(at(count, "usual", n - 1), 700, 1e-6);
	assert_in_range(at(count, "usual_low", n - 1), 500, 690);
	assert_in_range(at(count, "usual_high", n - 1), 710, 900);
	ASSERT_NEAR(at(json_object_get(metrics, "io_input"), "value", n - 1), 1000, 1e-6);
	ASSERT_NEAR(at(json_object_get(metrics, "io_input"), "usual", n - 1), 1000, 1e-6);
	assert_null(json_object_get(json_object_get(metrics, "load1"), "usual"));
	json_decref(root);
	snprintf(text, sizeof(text), USUAL_QUERY, first, "");
	root = ask_columns(text);
	metrics = json_object_get(root, "metrics");
	assert_int_equal(json_object_size(json_object_get(metrics, "io_input")), 3);
	assert_int_equal(json_object_size(json_object_get(metrics, "load1")), 3);
	json_decref(root);
}

/* A roll-up stands in all steps that it covers. */
static void
shared_times_of_roll_ups(void **state)
{
	const int64_t first = FIXTURE_NOW - 30 * INT64_C(3600000);
	struct sample s = { .time_ms = 0 };
	json_t *root, *count;
	char query[128];
	size_t n;

	(void)state;
	for (int64_t t = first; t <= FIXTURE_NOW; t += 20000) {
		s.time_ms = t;
		sample_set(&s, METRIC_PROCESS_COUNT, (double)((t - first) / 60000));
		engine_feed(fixture.engines[0], t, &s);
	}
	fixture_collect(&fixture);
	snprintf(
	    query, sizeof(query), "start=%" PRId64 "&step=20s&times=shared&fields=min&metric=process_count", first);
	root = ask_columns(query);
	count = json_object_get(json_object_get(root, "metrics"), "process_count");
	n = json_array_size(json_object_get(count, "min"));
	assert_int_equal(n, json_array_size(json_object_get(root, "time")));
	assert_in_range(n, 30 * 180 - 3, 30 * 180 + 1);
	/* The minute of the first two began before `first`. */
	for (size_t i = 2; i < n; i++)
		assert_false(is_null(count, "min", i));
	ASSERT_NEAR(at(count, "min", 3), at(count, "min", 2), 0);
	ASSERT_NEAR(at(count, "min", 4), at(count, "min", 2), 0);
	ASSERT_NEAR(at(count, "min", 5), at(count, "min", 2) + 1, 0);
	json_decref(root);
}

/* Of a node of which nothing is known there are no times. */
static void
shared_times_of_nothing(void **state)
{
	json_t *root;

	(void)state;
	root = ask_columns("step=20s&times=shared&fields=value");
	assert_int_equal(json_array_size(json_object_get(root, "time")), 0);
	assert_int_equal(json_object_size(json_object_get(root, "metrics")), 0);
	json_decref(root);
}

/* A node that is gone for longer than samples are kept: nothing is left of it but roll-ups. */
static void
resolution_of_a_node_that_is_gone(void **state)
{
	const int64_t first = FIXTURE_NOW - 40 * INT64_C(3600000);
	struct sample s = { .time_ms = 0 };
	json_t *root, *count;
	char query[128];

	(void)state;
	for (int64_t t = first; t < first + 7200000; t += 20000) {
		s.time_ms = t;
		sample_set(&s, METRIC_PROCESS_COUNT, 7);
		engine_feed(fixture.engines[0], t, &s);
	}
	engine_tick(fixture.engines[0], FIXTURE_NOW);
	fixture_collect(&fixture);
	snprintf(query, sizeof(query), "start=%" PRId64 "&step=20s&metric=process_count", first);
	root = ask_columns(query);
	count = json_object_get(json_object_get(root, "metrics"), "process_count");
	assert_in_range(json_array_size(json_object_get(count, "time")), 119, 121);
	assert_int_equal(json_integer_value(json_object_get(count, "resolution")), 60);
	json_decref(root);
}

int
main(void)
{
#define WITH(setup_function, test) cmocka_unit_test_setup_teardown(test, setup_function, teardown)
	const struct CMUnitTest tests[] = {
		WITH(setup, good_requests),
		WITH(setup, bad_requests),
		WITH(setup, smuggled_requests),
		WITH(setup, oversize_heads),
		WITH(setup, pipelining_without_reading),
		WITH(setup, connections_are_limited),
		WITH(setup_token, tokens),
		WITH(setup, bad_options),
		WITH(setup, events_come_at_once),
		WITH(setup, events_are_filtered_by_severity),
		WITH(setup, events_resume),
		WITH(setup, bad_event_ids),
		WITH(setup, streams_are_limited),
		WITH(setup, slow_client),
		WITH(setup, a_stream_takes_no_input),
		WITH(setup, late_answers),
		WITH(setup, bad_ends_of_late_answers),
		WITH(setup, clients_that_go_before_their_answer),
		WITH(setup, requests_behind_one_that_waits),
		WITH(setup, junk_behind_one_that_waits),
		WITH(setup, nobody_answers_any_more),
		WITH(setup, who_waits_is_not_idle),
		WITH(setup, a_long_answer_comes_in_chunks),
		WITH(setup, a_slow_client_gets_what_was_there),
		WITH(setup, long_answers_for_old_clients),
		WITH(setup, heads_of_long_answers),
		WITH(setup, clients_that_go_in_the_middle_of_it),
		WITH(setup, the_server_goes_in_the_middle_of_it),
		WITH(setup, metrics_in_steps),
		WITH(setup, every_metric_in_steps),
		WITH(setup, steps_reach_as_far_as_roll_ups),
		WITH(setup, metrics_with_shared_times),
		WITH(setup, a_counters_value_is_its_rate),
		WITH(setup, what_was_usual),
		WITH(setup, shared_times_of_roll_ups),
		WITH(setup, shared_times_of_nothing),
		WITH(setup, resolution_of_a_node_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
