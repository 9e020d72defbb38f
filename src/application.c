/* SPDX-License-Identifier: Apache-2.0 */
#include "application.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/ring.h"
#include "beam/genserver.h"
#include "beam/port.h"
#include "flight/flight.h"
#include "flight/report_files.h"
#include "os/clock.h"
#include "os/instance.h"
#include "os/log.h"
#include "os/usage.h"
#include "recorder.h"
#include "tree_request.h"

#define MAX_EVENTS 10000 /* kept for HTTP's streams */
#define MAX_LINES 100    /* of the log, waiting for the loop */
#define LAST_WORDS_MS 200
#define GONE_AT_ONCE_MS 300 /* a VM whose pipe has ended is gone by then, mostly; */
#define GONE_MS 1500        /* and by then in any case, or it writes a crash dump */

struct line {
	enum log_level level;
	char text[];
};

struct application {
	struct server *srv;
	struct beam_port *port;
	struct genserver *g;
	struct server_node *node; /* NULL before the router's options came */
	struct engine *engine;
	struct store *store; /* NULL: none */
	struct recorder recorder;
	struct flight *flight; /* NULL before the router's options came */
	struct flight_node *flown;
	bool goodbye; /* the router ends in order */
	struct event *flush;
	struct event *timer;
	struct event *work; /* a large answer goes on in the loop's next turn */
	bool in_packet;     /* what is to be written goes out when the packets are done */

	pthread_mutex_t lock;
	struct ring lines; /* struct line; from any thread */
};

/* soon has what was written outside a packet go out at the end of this turn. */
static void
soon(struct application *a)
{
	if (!a->in_packet)
		event_active(a->flush, EV_TIMEOUT, 0);
}

/* ---- the log goes to the router ------------------------------------------------------------------------------------ */

static void
on_line(void *arg, enum log_level level, const char *text)
{
	struct application *a = arg;
	size_t size = strlen(text) + 1;
	struct line *line = xmalloc(sizeof(*line) + size);

	line->level = level;
	memcpy(line->text, text, size);
	pthread_mutex_lock(&a->lock);
	free(ring_push(&a->lines, line));
	pthread_mutex_unlock(&a->lock);
	event_active(a->flush, EV_TIMEOUT, 0);
}

static struct line *
next_line(struct application *a)
{
	struct line *line;

	pthread_mutex_lock(&a->lock);
	line = ring_pop(&a->lines);
	pthread_mutex_unlock(&a->lock);
	return line;
}

static void
hand_over_lines(struct application *a)
{
	static const char *const levels[] = { "error", "warning", "info", "info" };
	struct line *line;

	while ((line = next_line(a)) != NULL) {
		genserver_log(a->g, levels[line->level], line->text);
		free(line);
	}
}

static void
on_libevent(int severity, const char *text)
{
	log_write(severity == EVENT_LOG_ERR ? LOG_ERROR : LOG_WARNING, "libevent: %s", text);
}

/* ---- inputs: engine, then store ---------------------------------------------------------------------------------- */

static void
on_event(void *arg, struct node_event *ev)
{
	struct application *a = arg;

	genserver_event(a->g, ev);
	soon(a);
}

static void
on_state(void *arg, int64_t now_ms, enum node_state state, const char *detail)
{
	struct application *a = arg;

	engine_link(a->engine, now_ms, state, detail);
	server_node_changed(a->node);
}

static void
on_info(void *arg, const struct node_info *info)
{
	struct application *a = arg;

	engine_info(a->engine, info);
	flight_info(a->flown, info);
	server_node_changed(a->node);
}

static void
on_sample(void *arg, int64_t now_ms, const struct sample *s)
{
	struct application *a = arg;

	recorder_sample(&a->recorder, now_ms, s);
	flight_sample(a->flown);
}

static void
on_restart(void *arg, int64_t now_ms, const struct restart *report)
{
	struct application *a = arg;

	recorder_restart(&a->recorder, now_ms, report);
}

static void
on_lost_restarts(void *arg, int64_t now_ms, uint64_t count)
{
	struct application *a = arg;

	recorder_lost_restarts(&a->recorder, now_ms, count);
}

static void
on_survey(void *arg, int64_t now_ms, struct survey *s)
{
	struct application *a = arg;

	engine_survey(a->engine, now_ms, s);
	server_node_changed(a->node);
}

static void
on_supervisor(void *arg, int64_t now_ms, const struct supervisor_facts *f)
{
	struct application *a = arg;

	recorder_supervisor(&a->recorder, now_ms, f);
}

static void
on_mark(void *arg, uint64_t last)
{
	struct application *a = arg;

	if (a->recorder.kept)
		store_mark(a->recorder.kept, last);
}

static void
on_figures(void *arg, struct genserver_figures *f)
{
	struct application *a = arg;
	struct usage use = usage_now();

	f->cpu_ms = use.cpu_ms;
	f->max_rss_bytes = use.max_rss_bytes;
	f->store = a->store != NULL;
	if (a->store) {
		struct store_counts c = store_counts(a->store);

		f->store_committed = c.committed;
		f->store_dropped = c.dropped;
		f->store_bytes = c.bytes;
		f->store_failing = c.failing;
	}
}

static bool
is_slow(void *arg)
{
	struct application *a = arg;

	return beam_port_is_slow(a->port);
}

/* ---- the store ----------------------------------------------------------------------------------------------------- */

static void
on_committed(void *arg, struct store_node *kept UNUSED, uint64_t mark)
{
	struct application *a = arg;

	genserver_confirm(a->g, mark);
	soon(a);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	struct application *a = arg;

	genserver_log(a->g, warning ? "warning" : "notice", text);
	soon(a);
}

/* The VM is gone, and its logger with it. */
static void
on_flight_notice(void *arg UNUSED, bool warning, const char *text)
{
	fprintf(stderr, "arsenal: %s%s\n", warning ? "warning: " : "", text);
}

static bool
open_store(struct application *a, const struct genserver_init *init, const struct engine_options *o, struct err *err)
{
	static const struct store_handlers handlers = { on_committed, on_notice };
	struct store_node *kept;

	if (init->store == NULL)
		return true;
	a->store = recorder_open(a->srv, init->store, o, STORE_MAX_BYTES, &handlers, a, err);
	kept = a->store ? store_node(a->store, init->node, init->session, true, err) : NULL;
	if (kept)
		recorder_init(&a->recorder, a->node, kept);
	return kept != NULL;
}

/* ---- the VM's end -------------------------------------------------------------------------------------------------------- */

static int64_t
flight_now(void *arg)
{
	const struct application *a = arg;

	return server_now_ms(a->srv);
}

static void
on_flight_changed(void *arg)
{
	struct application *a = arg;

	server_node_changed(a->node);
}

/* The record is in the folder in any case. */
static void
on_flight_keep(void *arg, const char *id, int64_t time_ms, const struct strbuf *json)
{
	struct application *a = arg;

	recorder_incident(&a->recorder, id, time_ms, json);
}

static void
open_flight(struct application *a, const struct genserver_init *init)
{
	char *state_dir = instance_state_dir();
	char *folder = report_files_folder(init->reports, init->store, state_dir);
	const struct flight_options options = {
		.folder = folder,
		.here = true,
		.now_ms = flight_now,
		.notice = on_flight_notice,
		.arg = a,
		.keep = on_flight_keep,
		.changed = on_flight_changed,
	};

	a->flight = flight_new(server_loop(a->srv), &options);
	a->flown = flight_add(a->flight, a->engine, a);
	server_reports(a->srv, a->flight);
	free(folder);
	free(state_dir);
}

static void
on_goodbye(void *arg)
{
	struct application *a = arg;

	a->goodbye = true;
}

/* ---- the beginning --------------------------------------------------------------------------------------------------- */

static void set_timer(struct application *a);

static void
on_tree(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	struct application *a = arg;

	tree_request_ended(a->node, result, answer, why);
}

static enum request_result
ask_tree(void *arg)
{
	struct application *a = arg;
	struct strbuf what = STRBUF_INIT;
	enum request_result result;

	tree_request_put(&what, a->engine);
	result = genserver_request(a->g, clock_now_ms(), &what, on_tree, a);
	strbuf_release(&what);
	set_timer(a);
	soon(a);
	return result;
}

static struct engine_options
engine_options_of(const struct genserver_init *init)
{
	struct engine_options o = engine_defaults();

	o.interval_ms = init->interval_ms;
	o.retention_ms = init->retention_ms;
	o.anomaly_threshold = init->threshold;
	o.selection = init->selection;
	if (init->store)
		recorder_options(&o);
	if (o.max_restarts < init->max_history)
		o.max_restarts = init->max_history;
	return o;
}

static bool
start(void *arg, const struct genserver_init *init, int64_t now_ms, struct genserver_started *started, struct err *err)
{
	struct application *a = arg;
	const struct engine_options o = engine_options_of(init);

	a->node = server_add(a->srv, init->node, &o, err);
	if (a->node == NULL)
		return false;
	a->engine = server_node_engine(a->node);
	server_node_ask(a->node, ask_tree, a);
	recorder_init(&a->recorder, a->node, NULL);
	if (!open_store(a, init, &o, err))
		return false;
	open_flight(a, init);
	if (a->recorder.kept)
		started->last = recorder_restore(&a->recorder, now_ms);
	if (init->http && !server_listen(a->srv, init->http, init->http_token, false, err))
		return false;
	started->engine = a->engine;
	started->confirms = a->store != NULL;
	started->http = server_http_address(a->srv);
	return true;
}

static const struct genserver_host HOST = {
	.start = start,
	.state = on_state,
	.info = on_info,
	.sample = on_sample,
	.restart = on_restart,
	.lost_restarts = on_lost_restarts,
	.survey = on_survey,
	.supervisor = on_supervisor,
	.goodbye = on_goodbye,
	.mark = on_mark,
	.figures = on_figures,
	.is_slow = is_slow,
};

/* ---- the loop -------------------------------------------------------------------------------------------------------- */

static void
set_timer(struct application *a)
{
	int64_t at = genserver_deadline(a->g);
	int64_t ms = at - clock_now_ms();
	struct timeval tv;

	if (at == INT64_MAX) {
		event_del(a->timer);
		return;
	}
	ms = ms > 1 ? ms : 1;
	tv = (struct timeval) { ms / 1000, ms % 1000 * 1000 };
	event_add(a->timer, &tv);
}

/*
 * set_work is called when what could be sent has been: a large answer goes on in the loop's next turn, or when more is taken (on_written). A timer, not
 * event_active, which would go on in this turn: everybody else gets theirs in between.
 */
static void
set_work(struct application *a)
{
	const struct timeval at_once = { 0, 0 };
	bool works = genserver_has_turn(a->g);

	if (works)
		event_add(a->work, &at_once);
	beam_port_look(a->port, !works);
}

static void
on_work(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct application *a = arg;

	genserver_turn(a->g);
	beam_port_flush(a->port);
	set_work(a);
}

static void
on_written(void *arg)
{
	set_work(arg);
}

static void
on_packet(void *arg, struct etf_span body)
{
	struct application *a = arg;

	a->in_packet = true;
	genserver_receive(a->g, body, clock_now_ms());
}

static void
on_read_all(void *arg)
{
	struct application *a = arg;

	a->in_packet = false;
	genserver_settle(a->g);
	if (!evtimer_pending(a->work, NULL))
		genserver_turn(a->g);
	beam_port_flush(a->port);
	set_work(a);
	set_timer(a);
	if (genserver_failed(a->g))
		server_stop(a->srv);
}

static void
on_closed(void *arg)
{
	struct application *a = arg;

	server_stop(a->srv);
}

static void
on_flush(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct application *a = arg;

	hand_over_lines(a);
	beam_port_flush(a->port);
}

static void
on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct application *a = arg;

	genserver_expire(a->g, clock_now_ms());
	set_timer(a);
	beam_port_flush(a->port);
	set_work(a);
}

static int64_t
now(void *arg)
{
	const struct application *a = arg;
	int64_t clock_ms = clock_now_ms();

	return a->g ? genserver_now(a->g, clock_ms) : clock_ms;
}

/* ---- life ------------------------------------------------------------------------------------------------------------- */

static bool
build(struct application *a, int in_fd, int out_fd, struct err *err)
{
	static const struct beam_port_handlers handlers = { on_packet, on_read_all, on_written, on_closed };
	const struct server_options options = {
		.max_events = MAX_EVENTS,
		.no_interrupt = true,
		.now_ms = now,
		.on_event = on_event,
		.arg = a,
	};

	pthread_mutex_init(&a->lock, NULL);
	ring_init(&a->lines, MAX_LINES);
	a->srv = server_new(&options);
	a->flush = event_new(server_loop(a->srv), -1, 0, on_flush, a);
	a->timer = evtimer_new(server_loop(a->srv), on_timer, a);
	a->work = evtimer_new(server_loop(a->srv), on_work, a);
	a->port = beam_port_new(server_loop(a->srv), in_fd, out_fd, &handlers, a, err);
	if (a->port == NULL)
		return false;
	a->g = genserver_new(&HOST, a, beam_port_writer(a->port), (uint32_t)getpid());
	event_set_log_callback(on_libevent);
	log_set_sink(on_line, a);
	return true;
}

/*
 * The pipe's end without a goodbye is the VM's end, or that of a router which was killed: then a new one wants the store, and must not be kept from it for
 * long.
 */
static void
record_end(struct application *a)
{
	bool ended = !a->goodbye && flight_vm_ended(a->flown, GONE_AT_ONCE_MS);

	recorder_close(a->srv, a->store);
	a->store = NULL;
	a->recorder.kept = NULL;
	if (!a->goodbye && !ended)
		ended = flight_vm_ended(a->flown, GONE_MS);
	if (ended)
		flight_vm_dump(a->flown);
	server_reports(a->srv, NULL);
	flight_free(a->flight);
}

/* What there is to keep is kept first; then the router hears of it, if it is still there. */
static void
finish(struct application *a)
{
	record_end(a);
	hand_over_lines(a);
	beam_port_finish(a->port, LAST_WORDS_MS);
}

static void
release(struct application *a)
{
	log_set_sink(NULL, NULL);
	beam_port_free(a->port);
	event_free(a->flush);
	event_free(a->timer);
	event_free(a->work);
	server_free(a->srv);
	genserver_free(a->g);
	ring_release(&a->lines, free);
	pthread_mutex_destroy(&a->lock);
}

bool
application_run(int in_fd, int out_fd, int *code, struct err *err)
{
	struct application a = { .srv = NULL };
	bool ok = build(&a, in_fd, out_fd, err);

	if (ok) {
		server_run(a.srv, 0);
		*code = genserver_failed(a.g) ? EXIT_FAILURE : EXIT_SUCCESS;
		finish(&a);
	}
	release(&a);
	return ok;
}
