/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "beam/watch.h"
#include "eventlog.h"
#include "http/http.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/watchdog.h"

#define TICK_MS 1000
/* Longer than any hiccup of a healthy machine, shorter than a node needs to fill the link's buffers at ordinary load. */
#define LOOP_STALL_MS 4000

struct node {
	struct server *srv;
	size_t index;
	struct engine *engine;
	struct beam_watch *watch;
};

struct server {
	struct event_base *loop;
	struct watchdog *watchdog;
	struct eventlog *events;
	struct http *http;
	struct event *tick;
	struct event *pump;
	struct event *signals[2];
	struct node *nodes;
	size_t node_count;
	int64_t started_ms;
	uint64_t seen; /* cursor of on_event */
	void (*on_event)(void *arg, const struct node_event *ev);
	void (*on_sample)(void *arg, struct server *srv, size_t node);
	void *arg;
};

/* ---- events: engines → log → outlets, once per loop turn --------------------------------------------------------- */

static void
collect_events(struct server *srv, struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL)
		eventlog_add(srv->events, ev);
}

static void
on_pump(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct server *srv = arg;
	const struct node_event *ev;

	if (srv->http)
		http_pump(srv->http);
	while ((ev = eventlog_next(srv->events, &srv->seen, NULL)) != NULL)
		if (srv->on_event)
			srv->on_event(srv->arg, ev);
}

/* after_input runs after every input to an engine: the outlets follow in the same turn of the loop. */
static void
after_input(struct node *n)
{
	collect_events(n->srv, n->engine);
	event_active(n->srv->pump, 0, 0);
}

/* ---- inputs from the links --------------------------------------------------------------------------------------- */

static void
on_state(void *arg, enum node_state state, const char *detail)
{
	struct node *n = arg;

	if (state == NODE_UP || state == NODE_CONNECTING)
		log_info("node %s: %s: %s", engine_node(n->engine), node_state_name(state), detail);
	else
		log_warning("node %s: %s: %s", engine_node(n->engine), node_state_name(state), detail);
	engine_link(n->engine, clock_now_ms(), state, detail);
	after_input(n);
}

static void
on_info(void *arg, const struct node_info *info)
{
	struct node *n = arg;

	log_info("node %s: OTP %s%s%s, %u schedulers%s", engine_node(n->engine), info->otp_release,
	    *info->elixir ? ", Elixir " : "", info->elixir, info->schedulers_online,
	    info->restarts_seen ? ", supervisor restarts are caught as they happen" : "");
	if (*info->note)
		log_warning("node %s: %s", engine_node(n->engine), info->note);
	engine_info(n->engine, info);
	after_input(n);
}

static void
on_sample(void *arg, const struct sample *s)
{
	struct node *n = arg;

	engine_feed(n->engine, clock_now_ms(), s);
	after_input(n);
	if (n->srv->on_sample)
		n->srv->on_sample(n->srv->arg, n->srv, n->index);
}

static void
on_restart(void *arg, const struct restart *r)
{
	struct node *n = arg;

	engine_restart(n->engine, clock_now_ms(), r);
	after_input(n);
}

static void
on_lost_restarts(void *arg, uint64_t count)
{
	struct node *n = arg;

	engine_lost_restarts(n->engine, clock_now_ms(), count);
	after_input(n);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	struct node *n = arg;

	log_write(warning ? LOG_WARNING : LOG_INFO, "node %s: %s", engine_node(n->engine), text);
}

static const struct beam_watch_handlers HANDLERS = {
	.state = on_state,
	.info = on_info,
	.sample = on_sample,
	.restart = on_restart,
	.lost_restarts = on_lost_restarts,
	.notice = on_notice,
};

static void
on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct server *srv = arg;

	for (size_t i = 0; i < srv->node_count; i++) {
		engine_tick(srv->nodes[i].engine, clock_now_ms());
		after_input(&srv->nodes[i]);
	}
}

static void
on_signal(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	server_stop(arg);
}

/* ---- what the outlets see ---------------------------------------------------------------------------------------- */

static int64_t
source_now(void *arg UNUSED)
{
	return clock_now_ms();
}

static size_t
source_node_count(void *arg)
{
	return server_node_count(arg);
}

static const struct engine *
source_node(void *arg, size_t i)
{
	return server_engine(arg, i);
}

static const struct eventlog *
source_events(void *arg)
{
	const struct server *srv = arg;

	return srv->events;
}

static void
key_uint(struct jsonw *j, const char *key, uint64_t value)
{
	jsonw_key(j, key);
	jsonw_uint(j, value);
}

static void
node_stats(struct jsonw *j, const struct node *n)
{
	struct beam_watch_counts link = beam_watch_counts(n->watch);
	struct engine_counts counts = engine_counts(n->engine);

	jsonw_object(j);
	jsonw_key(j, "node");
	jsonw_str(j, engine_node(n->engine));
	key_uint(j, "performance_samples", counts.samples);
	key_uint(j, "restart_events_tracked", counts.restarts);
	key_uint(j, "health_checks", counts.health_checks);
	key_uint(j, "anomalies", counts.anomalies);
	key_uint(j, "events", counts.events);
	key_uint(j, "events_dropped", counts.events_dropped);
	key_uint(j, "connects", link.connects);
	key_uint(j, "frames", link.frames);
	key_uint(j, "bytes_in", link.bytes_in);
	key_uint(j, "bytes_out", link.bytes_out);
	key_uint(j, "bad_messages", link.bad_messages);
	jsonw_end(j);
}

static uint64_t
cpu_ms(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1000 +
	    (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1000;
}

static void
source_stats(void *arg, struct jsonw *j)
{
	const struct server *srv = arg;
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	jsonw_object(j);
	jsonw_key(j, "version");
	jsonw_str(j, ARSENAL_VERSION);
	jsonw_key(j, "uptime");
	jsonw_int(j, clock_now_ms() - srv->started_ms);
	key_uint(j, "cpu_ms", cpu_ms(&u));
	key_uint(j, "max_rss_bytes", (uint64_t)u.ru_maxrss * 1024);
	key_uint(j, "last_event_id", eventlog_last_id(srv->events));
	jsonw_key(j, "nodes");
	jsonw_array(j);
	for (size_t i = 0; i < srv->node_count; i++)
		node_stats(j, &srv->nodes[i]);
	jsonw_end(j);
	jsonw_end(j);
}

/* ---- building and running ---------------------------------------------------------------------------------------- */

static bool
add_node(struct server *srv, const struct server_options *o, uint32_t creation, struct err *err)
{
	struct node *n = &srv->nodes[srv->node_count];
	char name[NODE_NAME_MAX + 1];
	uint16_t port;
	struct beam_watch_options w = {
		.node = o->nodes[srv->node_count],
		.local_name = o->local_name,
		.creation = creation,
		.cookie = o->cookie,
		.interval_ms = o->engine.interval_ms,
		.inject = o->inject,
		.watchdog = srv->watchdog,
	};

	if (!beam_parse_node(w.node, name, &port, err))
		return false;
	for (size_t i = 0; i < srv->node_count; i++)
		if (strcmp(engine_node(srv->nodes[i].engine), name) == 0)
			return err_set(err, "node %s is named twice", name);
	*n = (struct node) { .srv = srv, .index = srv->node_count, .engine = engine_new(name, &o->engine) };
	n->watch = beam_watch_new(srv->loop, &w, &HANDLERS, n, err);
	if (n->watch == NULL) {
		engine_free(n->engine);
		return false;
	}
	srv->node_count++;
	return true;
}

static bool
add_http(struct server *srv, const struct server_options *o, struct err *err)
{
	const struct http_source source = { srv, source_now, source_node_count, source_node, source_events,
		source_stats };
	struct http_options h = { .address = o->http_address, .token = o->token };
	const char *colon;
	char any[128];

	srv->http = http_new(srv->loop, &h, &source, err);
	if (srv->http || !o->http_any_port)
		return srv->http != NULL;
	/* The default address is somebody else's: any other port will do, and the line that is printed says which. */
	colon = strrchr(o->http_address, ':');
	snprintf(any, sizeof(any), "%.*s:0", (int)(colon - o->http_address), o->http_address);
	h.address = any;
	srv->http = http_new(srv->loop, &h, &source, err);
	return srv->http != NULL;
}

static void
add_timers(struct server *srv)
{
	static const int numbers[] = { SIGINT, SIGTERM };
	const struct timeval every = { TICK_MS / 1000, TICK_MS % 1000 * 1000 };

	srv->pump = event_new(srv->loop, -1, 0, on_pump, srv);
	srv->tick = event_new(srv->loop, -1, EV_PERSIST, on_tick, srv);
	event_add(srv->tick, &every);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		srv->signals[i] = evsignal_new(srv->loop, numbers[i], on_signal, srv);
		event_add(srv->signals[i], NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

static uint32_t
draw_creation(void)
{
	uint32_t creation = 0;

	/* 0 is reserved, and small ones are those of old releases. */
	while (creation < 4)
		if (getrandom(&creation, sizeof(creation), 0) != (ssize_t)sizeof(creation))
			creation = (uint32_t)clock_mono_us() | 4;
	return creation;
}

struct server *
server_new(const struct server_options *o, struct err *err)
{
	struct server *srv = xcalloc(1, sizeof(*srv));
	uint32_t creation = draw_creation();
	bool ok = true;

	evthread_use_pthreads();
	srv->loop = event_base_new();
	srv->started_ms = clock_now_ms();
	srv->events = eventlog_new(o->max_events, (uint64_t)srv->started_ms);
	srv->seen = eventlog_last_id(srv->events);
	srv->on_event = o->on_event;
	srv->on_sample = o->on_sample;
	srv->arg = o->arg;
	srv->watchdog = watchdog_new(srv->loop, LOOP_STALL_MS);
	srv->nodes = xcalloc(o->node_count, sizeof(*srv->nodes));
	add_timers(srv);
	for (size_t i = 0; ok && i < o->node_count; i++)
		ok = add_node(srv, o, creation, err);
	if (ok && o->http_address)
		ok = add_http(srv, o, err);
	if (ok)
		return srv;
	server_free(srv);
	return NULL;
}

void
server_run(struct server *srv, int64_t timeout_ms)
{
	const struct timeval limit = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };

	if (timeout_ms > 0)
		event_base_loopexit(srv->loop, &limit);
	event_base_dispatch(srv->loop);
}

void
server_stop(struct server *srv)
{
	event_base_loopexit(srv->loop, NULL);
}

void
server_free(struct server *srv)
{
	if (srv == NULL)
		return;
	http_free(srv->http);
	for (size_t i = 0; i < srv->node_count; i++) {
		beam_watch_free(srv->nodes[i].watch);
		engine_free(srv->nodes[i].engine);
	}
	free(srv->nodes);
	watchdog_free(srv->watchdog);
	for (size_t i = 0; i < ARRAY_LEN(srv->signals); i++)
		event_free(srv->signals[i]);
	event_free(srv->tick);
	event_free(srv->pump);
	eventlog_free(srv->events);
	event_base_free(srv->loop);
	free(srv);
}

struct event_base *
server_loop(struct server *srv)
{
	return srv->loop;
}

size_t
server_node_count(const struct server *srv)
{
	return srv->node_count;
}

const struct engine *
server_engine(const struct server *srv, size_t node)
{
	return srv->nodes[node].engine;
}

const char *
server_http_address(const struct server *srv)
{
	return srv->http ? http_address(srv->http) : NULL;
}
