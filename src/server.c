/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/lateness.h"
#include "eventlog.h"
#include "flight/flight.h"
#include "flight/report_files.h"
#include "http/http.h"
#include "os/clock.h"
#include "os/usage.h"
#include "store/store.h"

#define TICK_MS 1000

struct server_node {
	struct server *srv;
	struct engine *engine;
	void (*stats)(const void *arg, struct jsonw *j);
	const void *arg;
	void (*take_event)(void *arg, struct node_event *ev);
	void (*take_rest)(void *arg);
	void *taker;
	enum request_result (*ask_tree)(void *arg);
	void *asker;
	bool tree_asked;
};

struct server {
	struct server_options options;
	struct event_base *loop;
	struct eventlog *events;
	struct http *http;
	const struct store *store;    /* NULL: none */
	const struct flight *reports; /* NULL: none */
	struct event *tick;
	struct event *pump;
	struct event *signals[2];
	struct server_node **nodes;
	size_t node_count;
	int64_t started_ms;
	struct lateness lateness; /* of the tick */
};

/* ---- events: engines → log → outlets ----------------------------------------------------------------------------- */

static void
on_pump(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct server *srv = arg;

	if (srv->http)
		http_pump(srv->http);
}

/* HTTP's streams follow once per turn of the loop, however many inputs it brought. */
void
server_node_changed(struct server_node *n)
{
	struct server *srv = n->srv;
	struct node_event *ev;
	bool any = false;

	for (; (ev = engine_next_event(n->engine)) != NULL; any = true) {
		if (n->take_event)
			n->take_event(n->taker, ev);
		eventlog_add(srv->events, ev);
		if (srv->options.on_event)
			srv->options.on_event(srv->options.arg, ev);
	}
	if (n->take_rest)
		n->take_rest(n->taker);
	if (any)
		event_active(srv->pump, 0, 0);
}

static void
on_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct server *srv = arg;

	lateness_ring(&srv->lateness, clock_mono_us());
	for (size_t i = 0; i < srv->node_count; i++) {
		engine_tick(srv->nodes[i]->engine, server_now_ms(srv));
		server_node_changed(srv->nodes[i]);
	}
}

static void
on_signal(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	server_stop(arg);
}

/* ---- what the outlets see ---------------------------------------------------------------------------------------- */

static int64_t
source_now(void *arg)
{
	return server_now_ms(arg);
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

/* Many who ask at once share one question. */
static enum request_result
source_ask_tree(void *arg, const struct engine *e)
{
	const struct server *srv = arg;
	enum request_result result = REQUEST_NO_PROBE;

	for (size_t i = 0; i < srv->node_count; i++) {
		struct server_node *n = srv->nodes[i];

		if (n->engine != e)
			continue;
		if (n->tree_asked)
			return REQUEST_UNDER_WAY;
		if (n->ask_tree)
			result = n->ask_tree(n->asker);
		n->tree_asked = result == REQUEST_UNDER_WAY;
	}
	return result;
}

void
server_node_tree(struct server_node *n, enum request_result result, struct tree *t, const char *why)
{
	struct server *srv = n->srv;

	n->tree_asked = false;
	if (result == REQUEST_ANSWERED)
		engine_tree(n->engine, server_now_ms(srv), t);
	if (srv->http)
		http_tree(srv->http, n->engine, result, why);
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

/* What the probe costs the node, null where none runs. */
static void
probe_stats(struct jsonw *j, const struct sample *s)
{
	static const enum metric_id metrics[] = { METRIC_PROBE_MEMORY, METRIC_PROBE_COLLECT_US, METRIC_PROBE_WALK_US,
		METRIC_PROBE_BUSY_US, METRIC_PROBE_REDUCTIONS };

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		jsonw_key(j, METRICS[metrics[i]].name);
		jsonw_double(j, s ? s->value[metrics[i]] : (double)NAN);
	}
}

static void
node_stats(struct jsonw *j, const struct server_node *n)
{
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
	probe_stats(j, engine_last(n->engine));
	if (n->stats)
		n->stats(n->arg, j);
	jsonw_end(j);
}

static bool
source_store(void *arg, struct http_store *out)
{
	const struct server *srv = arg;
	struct store_counts c;

	if (srv->store == NULL)
		return false;
	c = store_counts(srv->store);
	*out = (struct http_store) { c.committed, c.dropped, c.bytes, c.failing };
	return true;
}

static size_t
source_reports(void *arg, const struct report_head **heads)
{
	const struct server *srv = arg;

	return flight_reports(srv->reports, heads);
}

static bool
source_report(void *arg, const char *id, enum report_format format, struct strbuf *out, struct err *err)
{
	const struct server *srv = arg;
	const char *folder = flight_folder(srv->reports);

	if (folder == NULL)
		return err_set(err, "no post-mortems are kept here");
	return report_files_read(folder, id, format, out, err);
}

static void
store_stats(struct jsonw *j, const struct server *srv)
{
	struct store_counts c;

	jsonw_key(j, "store");
	if (srv->store == NULL) {
		jsonw_null(j);
		return;
	}
	c = store_counts(srv->store);
	jsonw_object(j);
	key_uint(j, "committed", c.committed);
	key_uint(j, "dropped", c.dropped);
	key_uint(j, "bytes", c.bytes);
	jsonw_key(j, "failing");
	jsonw_bool(j, c.failing);
	jsonw_key(j, "failure");
	jsonw_str(j, c.failing ? c.failure : NULL);
	key_uint(j, "queued_bytes", c.queued);
	key_uint(j, "queued_max_bytes", c.queued_max);
	jsonw_end(j);
}

static void
loop_stats(struct jsonw *j, const struct lateness *l)
{
	jsonw_key(j, "loop");
	jsonw_object(j);
	key_uint(j, "late_us", (uint64_t)lateness_recent(l));
	key_uint(j, "worst_late_us", (uint64_t)l->worst_us);
	jsonw_end(j);
}

static void
source_stats(void *arg, struct jsonw *j)
{
	const struct server *srv = arg;
	struct usage use = usage_now();

	jsonw_key(j, "version");
	jsonw_str(j, ARSENAL_VERSION);
	jsonw_key(j, "uptime");
	jsonw_int(j, server_now_ms(srv) - srv->started_ms);
	key_uint(j, "cpu_ms", use.cpu_ms);
	key_uint(j, "rss_bytes", use.rss_bytes);
	key_uint(j, "max_rss_bytes", use.max_rss_bytes);
	loop_stats(j, &srv->lateness);
	key_uint(j, "last_event_id", eventlog_last_id(srv->events));
	store_stats(j, srv);
	jsonw_key(j, "nodes");
	jsonw_array(j);
	for (size_t i = 0; i < srv->node_count; i++)
		node_stats(j, srv->nodes[i]);
	jsonw_end(j);
}

/* ---- building and running ---------------------------------------------------------------------------------------- */

struct server_node *
server_add(struct server *srv, const char *name, const struct engine_options *options, struct err *err)
{
	struct server_node *n;

	for (size_t i = 0; i < srv->node_count; i++)
		if (strcmp(engine_node(srv->nodes[i]->engine), name) == 0) {
			err_set(err, "node %s is named twice", name);
			return NULL;
		}
	n = xcalloc(1, sizeof(*n));
	n->srv = srv;
	n->engine = engine_new(name, options);
	srv->nodes = xreallocarray(srv->nodes, srv->node_count + 1, sizeof(*srv->nodes));
	srv->nodes[srv->node_count++] = n;
	return n;
}

void
server_node_stats(struct server_node *n, void (*stats)(const void *arg, struct jsonw *j), const void *arg)
{
	n->stats = stats;
	n->arg = arg;
}

void
server_node_ask(struct server_node *n, enum request_result (*ask_tree)(void *arg), void *arg)
{
	n->ask_tree = ask_tree;
	n->asker = arg;
}

void
server_node_taker(
    struct server_node *n, void (*event)(void *arg, struct node_event *ev), void (*rest)(void *arg), void *arg)
{
	n->take_event = event;
	n->take_rest = rest;
	n->taker = arg;
}

void
server_reports(struct server *srv, const struct flight *f)
{
	srv->reports = f;
}

void
server_store(struct server *srv, const struct store *store)
{
	srv->store = store;
}

struct engine *
server_node_engine(struct server_node *n)
{
	return n->engine;
}

bool
server_listen(struct server *srv, const char *address, const char *token, bool any_port, struct err *err)
{
	const struct http_source source = { srv, source_now, source_node_count, source_node, source_events,
		source_stats, source_ask_tree, source_store, source_reports, source_report };
	struct http_options h = { .address = address, .token = token };
	const char *colon;
	char any[128];

	srv->http = http_new(srv->loop, &h, &source, err);
	if (srv->http || !any_port)
		return srv->http != NULL;
	/* The default address is somebody else's: any other port will do, and the line that is printed says which. */
	colon = strrchr(address, ':');
	snprintf(any, sizeof(any), "%.*s:0", (int)(colon - address), address);
	h.address = any;
	srv->http = http_new(srv->loop, &h, &source, err);
	return srv->http != NULL;
}

static void
add_signals(struct server *srv)
{
	static const int numbers[] = { SIGTERM, SIGINT };

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more (ulimit -f) ends as one on a full disk does */
	if (srv->options.no_interrupt)
		signal(SIGINT, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(numbers) - srv->options.no_interrupt; i++) {
		srv->signals[i] = evsignal_new(srv->loop, numbers[i], on_signal, srv);
		event_add(srv->signals[i], NULL);
	}
}

static void
add_timers(struct server *srv)
{
	const struct timeval every = { TICK_MS / 1000, TICK_MS % 1000 * 1000 };

	lateness_init(&srv->lateness, TICK_MS * 1000);
	srv->pump = event_new(srv->loop, -1, 0, on_pump, srv);
	srv->tick = event_new(srv->loop, -1, EV_PERSIST, on_tick, srv);
	event_add(srv->tick, &every);
}

struct server *
server_new(const struct server_options *options)
{
	struct server *srv = xcalloc(1, sizeof(*srv));

	evthread_use_pthreads();
	srv->options = *options;
	srv->loop = event_base_new();
	srv->started_ms = server_now_ms(srv);
	srv->events = eventlog_new(options->max_events, (uint64_t)srv->started_ms);
	add_timers(srv);
	add_signals(srv);
	return srv;
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
		engine_free(srv->nodes[i]->engine);
		free(srv->nodes[i]);
	}
	free(srv->nodes);
	for (size_t i = 0; i < ARRAY_LEN(srv->signals); i++)
		if (srv->signals[i])
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

int64_t
server_now_ms(const struct server *srv)
{
	return srv->options.now_ms ? srv->options.now_ms(srv->options.arg) : clock_now_ms();
}

size_t
server_node_count(const struct server *srv)
{
	return srv->node_count;
}

const struct engine *
server_engine(const struct server *srv, size_t node)
{
	return srv->nodes[node]->engine;
}

const char *
server_http_address(const struct server *srv)
{
	return srv->http ? http_address(srv->http) : NULL;
}
