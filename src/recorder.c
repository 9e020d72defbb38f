/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder.h"

#include "os/log.h"

#include "engine/past.h"

/* ---- the file ---- */

void
recorder_options(struct engine_options *o)
{
	o->records = true;
	o->blocks = true;
}

struct store *
recorder_open(struct server *srv, const char *path, const struct engine_options *o, uint64_t max_bytes,
    const struct store_handlers *handlers, void *arg, struct err *err)
{
	const struct store_options options = {
		.path = path,
		.retention_ms = o->retention_ms,
		.minute_retention_ms = o->minute_retention_ms,
		.hour_retention_ms = o->hour_retention_ms,
		.max_bytes = max_bytes,
	};
	struct store *store = store_open(server_loop(srv), &options, handlers, arg, err);

	if (store)
		server_store(srv, store);
	return store;
}

void
recorder_close(struct server *srv, struct store *store)
{
	server_store(srv, NULL);
	store_close(store);
}

static void
on_event(void *arg, struct node_event *ev)
{
	struct recorder *r = arg;

	store_event(r->kept, ev);
}

/* Blocks are sealed as time passes, too. */
static void
on_rest(void *arg)
{
	struct recorder *r = arg;
	struct past_block *b;

	while (r->kept && (b = engine_next_block(r->engine)) != NULL) {
		store_block(r->kept, b);
		past_block_unref(b);
	}
}

void
recorder_init(struct recorder *r, struct server_node *node, struct store_node *kept)
{
	*r = (struct recorder) { .node = node, .engine = server_node_engine(node), .kept = kept };
	if (kept)
		server_node_taker(node, on_event, on_rest, r);
}

uint64_t
recorder_restore(struct recorder *r, int64_t now_ms)
{
	return store_restore(r->kept, r->engine, now_ms);
}

/* ---- inputs ---- */

static void
keep_sample(struct recorder *r)
{
	const struct sample *last = engine_last(r->engine), *of;
	size_t it = 0;

	store_sample(r->kept, last, engine_past_check(r->engine, last->time_ms, last->time_ms, &it, &of));
}

void
recorder_sample(struct recorder *r, int64_t now_ms, const struct sample *s)
{
	engine_feed(r->engine, now_ms, s);
	if (r->kept)
		keep_sample(r);
	server_node_changed(r->node);
}

/* What the engine made of the last input. It goes before the report itself, which counts what is left. */
static void
keep_records(struct recorder *r)
{
	struct restart record;

	while (engine_next_record(r->engine, &record)) {
		store_restart(r->kept, &record);
		restart_release(&record);
	}
}

void
recorder_restart(struct recorder *r, int64_t now_ms, const struct restart *report)
{
	struct restart timed = *report;

	/* The file has it as the engine has it, or a restored engine would count differently. */
	timed.time_ms = engine_restart_time(r->engine, now_ms, timed.time_ms);
	if (engine_restart(r->engine, now_ms, &timed) && r->kept) {
		keep_records(r);
		store_restart(r->kept, &timed);
	}
	server_node_changed(r->node);
}

void
recorder_lost_restarts(struct recorder *r, int64_t now_ms, uint64_t count)
{
	engine_lost_restarts(r->engine, now_ms, count);
	if (r->kept)
		store_lost_restarts(r->kept, now_ms, count);
	server_node_changed(r->node);
}

void
recorder_supervisor(struct recorder *r, int64_t now_ms, const struct supervisor_facts *f)
{
	engine_supervisor(r->engine, now_ms, f);
	if (r->kept)
		keep_records(r);
	server_node_changed(r->node);
}

void
recorder_incident(struct recorder *r, const char *id, int64_t time_ms, const struct strbuf *json)
{
	if (r->kept && !store_incident(r->kept, time_ms, "post_mortem", id, json->data, json->len))
		log_warning("post-mortem %s: the store has no room for it", id);
}
