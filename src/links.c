/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "beam/tls.h"
#include "beam/watch.h"
#include "flight/flight.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/watchdog.h"
#include "recorder.h"
#include "replay/tape.h"
#include "tree_request.h"

/* Longer than any hiccup of a healthy machine, shorter than a node needs to fill the link's buffers at ordinary load. */
#define LOOP_STALL_MS 4000

struct link {
	struct links *links;
	struct server_node *node;
	struct engine *engine;
	struct recorder recorder;
	struct beam_watch *watch;
	struct flight_node *flight; /* NULL: no post-mortems */
};

struct links {
	struct server *srv;
	struct watchdog *watchdog;
	struct tls *tls; /* NULL: plain distribution */
	struct link *all;
	size_t count;
	struct flight *flight; /* NULL: no post-mortems */
	void (*on_sample)(void *arg, const struct engine *e);
	void *arg;
};

/* ---- inputs ------------------------------------------------------------------------------------------------------ */

static void
on_state(void *arg, enum node_state state, const char *detail)
{
	struct link *l = arg;
	bool fine = state == NODE_UP || state == NODE_CONNECTING;

	log_write(
	    fine ? LOG_INFO : LOG_WARNING, "node %s: %s: %s", engine_node(l->engine), node_state_name(state), detail);
	engine_link(l->engine, clock_now_ms(), state, detail);
	server_node_changed(l->node);
	flight_state(l->flight, state, detail, beam_watch_is_gone(l->watch));
}

static void
on_info(void *arg, const struct node_info *info)
{
	struct link *l = arg;

	log_info("node %s: OTP %s%s%s, %u schedulers%s", engine_node(l->engine), info->otp_release,
	    *info->elixir ? ", Elixir " : "", info->elixir, info->schedulers_online,
	    info->restarts_seen ? ", supervisor restarts are caught as they happen" : "");
	if (*info->note)
		log_warning("node %s: %s", engine_node(l->engine), info->note);
	engine_info(l->engine, info);
	flight_info(l->flight, info);
	server_node_changed(l->node);
}

static void
on_sample(void *arg, const struct sample *s)
{
	struct link *l = arg;

	recorder_sample(&l->recorder, clock_now_ms(), s);
	flight_sample(l->flight);
	if (l->links->on_sample)
		l->links->on_sample(l->links->arg, l->engine);
}

static void
on_restart(void *arg, const struct restart *r)
{
	struct link *l = arg;

	recorder_restart(&l->recorder, clock_now_ms(), r);
}

static void
on_lost_restarts(void *arg, uint64_t count)
{
	struct link *l = arg;

	recorder_lost_restarts(&l->recorder, clock_now_ms(), count);
}

static void
on_survey(void *arg, struct survey *s)
{
	struct link *l = arg;

	engine_survey(l->engine, clock_now_ms(), s);
	server_node_changed(l->node);
}

static void
on_supervisor(void *arg, const struct supervisor_facts *f)
{
	struct link *l = arg;

	recorder_supervisor(&l->recorder, clock_now_ms(), f);
}

static void
on_stopping(void *arg)
{
	struct link *l = arg;

	log_info("node %s: it stops in order", engine_node(l->engine));
	flight_stopping(l->flight);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	struct link *l = arg;

	log_write(warning ? LOG_WARNING : LOG_INFO, "node %s: %s", engine_node(l->engine), text);
}

static const struct beam_watch_handlers HANDLERS = {
	.state = on_state,
	.info = on_info,
	.sample = on_sample,
	.restart = on_restart,
	.lost_restarts = on_lost_restarts,
	.survey = on_survey,
	.supervisor = on_supervisor,
	.stopping = on_stopping,
	.notice = on_notice,
};

/* The link's own figures, beside the node's. */
static void
link_stats(const void *arg, struct jsonw *j)
{
	const struct link *l = arg;
	struct beam_watch_counts c = beam_watch_counts(l->watch);
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "connects", c.connects },
		{ "frames", c.frames },
		{ "bytes_in", c.bytes_in },
		{ "bytes_out", c.bytes_out },
		{ "bad_messages", c.bad_messages },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		jsonw_key(j, rows[i].key);
		jsonw_uint(j, rows[i].value);
	}
}

/* ---- post-mortems ------------------------------------------------------------------------------------------------------ */

static int64_t
flight_now(void *arg UNUSED)
{
	return clock_now_ms();
}

static void
on_flight_notice(void *arg UNUSED, bool warning, const char *text)
{
	log_write(warning ? LOG_WARNING : LOG_INFO, "%s", text);
}

static void
on_flight_changed(void *arg)
{
	struct link *l = arg;

	server_node_changed(l->node);
}

static void
on_flight_keep(void *arg, const char *id, int64_t time_ms, const struct strbuf *json)
{
	struct link *l = arg;

	recorder_incident(&l->recorder, id, time_ms, json);
}

static struct flight *
open_flight(struct server *srv, const struct links_options *o)
{
	const struct flight_options options = {
		.folder = o->reports,
		.now_ms = flight_now,
		.notice = on_flight_notice,
		.keep = on_flight_keep,
		.changed = on_flight_changed,
	};
	struct flight *f = o->reports || o->store ? flight_new(server_loop(srv), &options) : NULL;

	server_reports(srv, f);
	return f;
}

/* ---- questions ---------------------------------------------------------------------------------------------------- */

static void
on_tree(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	struct link *l = arg;

	tree_request_ended(l->node, result, answer, why);
}

static enum request_result
ask_tree(void *arg)
{
	struct link *l = arg;
	struct strbuf what = STRBUF_INIT;
	enum request_result result;

	tree_request_put(&what, l->engine);
	result = beam_watch_request(l->watch, &what, on_tree, l);
	strbuf_release(&what);
	return result;
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

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

/* open_history gives the engine what the file has of the node. */
static bool
open_history(struct link *l, struct store *store, struct err *err)
{
	struct store_node *kept = NULL;

	if (store && (kept = store_node(store, engine_node(l->engine), STORE_WATCH_SESSION, false, err)) == NULL)
		return false;
	recorder_init(&l->recorder, l->node, kept);
	if (kept)
		(void)recorder_restore(&l->recorder, clock_now_ms());
	return true;
}

static bool
add_link(struct links *links, struct server *srv, const struct links_options *o, const struct beam_watch_options *w,
    struct err *err)
{
	struct link *l = &links->all[links->count];
	char name[NODE_NAME_MAX + 1];
	uint16_t port;

	if (!beam_parse_node(w->node, name, &port, err))
		return false;
	l->links = links;
	l->node = server_add(srv, name, &o->engine, err);
	if (l->node == NULL)
		return false;
	l->engine = server_node_engine(l->node);
	if (!open_history(l, o->store, err))
		return false;
	if (o->tape)
		tape_add(o->tape, l->engine);
	l->flight = links->flight ? flight_add(links->flight, l->engine, l) : NULL;
	l->watch = beam_watch_new(server_loop(srv), w, &HANDLERS, l, err);
	if (l->watch == NULL)
		return false;
	server_node_stats(l->node, link_stats, l);
	server_node_ask(l->node, ask_tree, l);
	links->count++;
	return true;
}

static bool
load_tls(struct links *links, const char *conf, struct err *err)
{
	struct strbuf warnings = STRBUF_INIT;

	links->tls = tls_new(conf, &warnings, err);
	log_lines(LOG_WARNING, strbuf_cstr(&warnings));
	strbuf_release(&warnings);
	return links->tls != NULL;
}

struct links *
links_new(struct server *srv, const struct links_options *o, struct err *err)
{
	struct links *links = xcalloc(1, sizeof(*links));
	struct beam_watch_options w = {
		.local_name = o->local_name,
		.creation = draw_creation(),
		.cookie = o->cookie,
		.interval_ms = o->engine.interval_ms,
		.inject = o->inject,
	};
	bool ok = o->tls_conf == NULL || load_tls(links, o->tls_conf, err);

	w.tls = links->tls;
	w.watchdog = links->watchdog = watchdog_new(server_loop(srv), LOOP_STALL_MS);
	links->all = xcalloc(o->node_count, sizeof(*links->all));
	links->srv = srv;
	links->flight = open_flight(srv, o);
	links->on_sample = o->on_sample;
	links->arg = o->arg;
	for (size_t i = 0; ok && i < o->node_count; i++) {
		w.node = o->nodes[i];
		ok = add_link(links, srv, o, &w, err);
	}
	if (ok)
		return links;
	links_free(links);
	return NULL;
}

void
links_free(struct links *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->count; i++) {
		server_node_stats(l->all[i].node, NULL, NULL);
		server_node_ask(l->all[i].node, NULL, NULL);
		beam_watch_free(l->all[i].watch);
	}
	/* What it has begun is written to the end, and told. */
	server_reports(l->srv, NULL);
	flight_free(l->flight);
	for (size_t i = 0; i < l->count; i++)
		server_node_taker(l->all[i].node, NULL, NULL, NULL);
	watchdog_free(l->watchdog);
	tls_free(l->tls);
	free(l->all);
	free(l);
}
