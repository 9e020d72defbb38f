/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/genserver_answer.h"

#include <string.h>

#include "beam/probe_message.h"
#include "engine/answer.h"
#include "etf/etf_write.h"

#define TOP_PROCESSES_MAX 1000

struct request_row {
	const char *name;
	uint32_t args; /* 0: the request is the atom alone */
	bool needs_sample;
	/* appends the answer; false if the arguments are wrong. NULL: it comes in parts */
	bool (*answer)(const struct genserver_view *v, struct etf *args, struct strbuf *out);
};

static struct answer *
begin_ok(struct answer_term *a, struct strbuf *out)
{
	etf_put_tuple(out, 2);
	etf_put_atom(out, "ok");
	answer_term_init(a, out);
	return &a->base;
}

/* ---- the analyses ------------------------------------------------------------------------------------------------ */

static bool
system_health(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_health(begin_ok(&a, out), v->engine, v->now_ms);
	return true;
}

static bool
performance_metrics(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_performance(begin_ok(&a, out), v->engine);
	return true;
}

static bool
memory_account(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_memory(begin_ok(&a, out), v->engine);
	return true;
}

static bool
patterns(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_patterns(begin_ok(&a, out), v->engine, v->now_ms, PATTERN_TYPE_COUNT);
	return true;
}

static bool
incidents(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_incidents(begin_ok(&a, out), v->engine, v->now_ms, INCIDENTS_ALL);
	return true;
}

static bool
predictions(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct answer_term a;

	answer_predictions(begin_ok(&a, out), v->engine, v->now_ms);
	return true;
}

static bool
plan_is_fresh(const struct genserver_view *v)
{
	const struct plan_memo *m = v->plan;

	return m->answer.len > 0 && m->samples == engine_counts(v->engine).samples &&
	    v->now_ms - m->time_ms < PLAN_FRESH_MS;
}

static bool
capacity(const struct genserver_view *v, struct etf *args UNUSED, struct strbuf *out)
{
	struct plan_memo *m = v->plan;
	struct answer_term a;

	if (!plan_is_fresh(v)) {
		strbuf_reset(&m->answer);
		answer_capacity(begin_ok(&a, &m->answer), v->engine, v->now_ms);
		m->time_ms = v->now_ms;
		m->samples = engine_counts(v->engine).samples;
	}
	strbuf_add(out, m->answer.data, m->answer.len);
	return true;
}

/* top_processes: the ranking's name, and how many at most. */
static bool
top_processes(const struct genserver_view *v, struct etf *args, struct strbuf *out)
{
	struct answer_term a;
	struct etf_atom by;
	enum top_kind kind = etf_atom(args, &by) ? top_kind_find(by.text) : TOP_KIND_COUNT;
	int64_t max = etf_int(args);

	if (!etf_done(args) || kind == TOP_KIND_COUNT || max < 1 || max > TOP_PROCESSES_MAX)
		return false;
	answer_top(begin_ok(&a, out), v->engine, kind, (unsigned)max);
	return true;
}

static bool
restart_statistics(const struct genserver_view *v, struct etf *args, struct strbuf *out)
{
	struct term *key = NULL;
	struct answer_term a;

	if (etf_is_atom(etf_peek(args))) {
		if (!etf_atom_is(args, "all"))
			return false;
	} else {
		etf_tuple_of(args, 2);
		if (!etf_atom_is(args, "key"))
			return false;
		key = probe_read_wrapped(args);
	}
	if (!etf_done(args)) {
		term_unref(key);
		return false;
	}
	answer_restart_statistics(begin_ok(&a, out), v->engine, v->now_ms, key);
	term_unref(key);
	return true;
}

/* ---- answers that the router adds to ------------------------------------------------------------------------------- */

/* has_key: whether the map's pairs (from `pairs` on) have this key, an atom. */
static bool
has_key(struct etf pairs, uint32_t n, const struct etf_atom *key)
{
	for (uint32_t i = 0; i < n && etf_ok(&pairs); i++) {
		struct etf_atom other;

		if (!etf_is_atom(etf_peek(&pairs)))
			etf_skip(&pairs);
		else if (etf_atom(&pairs, &other) && other.len == key->len &&
		    memcmp(other.text, key->text, key->len) == 0)
			return true;
		etf_skip(&pairs);
	}
	return false;
}

static void
put_count(struct strbuf *out, size_t at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		out->data[at + (size_t)i] = (char)(n >> (24 - 8 * i));
}

/* merge appends a map of our pairs and the router's, whose value counts where both have a key: a map with a key twice is no term. */
static bool
merge(struct strbuf *out, const struct strbuf *ours, struct etf *router)
{
	size_t head = out->len;
	uint32_t theirs = etf_map(router), n, count = 0;
	struct etf pairs = *router, e;

	for (uint32_t i = 0; i < theirs && etf_ok(router); i++) {
		etf_skip(router);
		etf_skip(router);
	}
	if (!etf_done(router))
		return false;
	etf_put_map(out, 0);
	etf_init(&e, ours->data, ours->len);
	n = etf_map(&e);
	for (uint32_t i = 0; i < n; i++) {
		struct etf_atom key;
		const uint8_t *at = e.p;

		etf_atom(&e, &key);
		etf_skip(&e);
		if (has_key(pairs, theirs, &key))
			continue;
		strbuf_add(out, at, (size_t)(e.p - at));
		count++;
	}
	strbuf_add(out, pairs.p, (size_t)(router->p - pairs.p));
	put_count(out, head + 1, count + theirs);
	return true;
}

static void
key_number(struct answer *a, const char *key, uint64_t v)
{
	a->ops->key(a, key);
	a->ops->integer(a, (double)v);
}

static void
store_figures(struct answer *a, const struct genserver_figures *f)
{
	a->ops->key(a, "store");
	a->ops->boolean(a, f->store);
	a->ops->key(a, "history");
	a->ops->word(a, f->store ? "kept" : "lost_with_engine");
	if (!f->store)
		return;
	key_number(a, "store_committed", f->store_committed);
	key_number(a, "store_dropped", f->store_dropped);
	key_number(a, "store_bytes", f->store_bytes);
	a->ops->key(a, "store_failing");
	a->ops->boolean(a, f->store_failing);
}

static void
own_figures(struct answer *a, const struct genserver_view *v)
{
	struct genserver_figures f;

	v->figures(v->arg, &f);
	key_number(a, "engine_os_pid", v->os_pid);
	key_number(a, "engine_cpu_ms", f.cpu_ms);
	key_number(a, "engine_max_rss_bytes", f.max_rss_bytes);
	key_number(a, "engine_events_dropped", v->events_dropped);
	a->ops->key(a, "engine_version");
	a->ops->text(a, ARSENAL_VERSION);
	a->ops->key(a, "http");
	a->ops->text(a, v->http);
	store_figures(a, &f);
}

typedef void fields_cb(struct answer *a, const struct genserver_view *v);

static bool
merged(const struct genserver_view *v, struct etf *args, struct strbuf *out, fields_cb *fields)
{
	struct strbuf ours = STRBUF_INIT;
	struct answer_term a;
	bool ok;

	answer_term_init(&a, &ours);
	a.base.ops->object(&a.base);
	fields(&a.base, v);
	a.base.ops->end(&a.base);
	etf_put_tuple(out, 2);
	etf_put_atom(out, "ok");
	ok = merge(out, &ours, args);
	strbuf_release(&ours);
	return ok;
}

static void
stats_fields(struct answer *a, const struct genserver_view *v)
{
	answer_stats_fields(a, v->engine);
	own_figures(a, v);
}

static bool
server_stats(const struct genserver_view *v, struct etf *args, struct strbuf *out)
{
	return merged(v, args, out, stats_fields);
}

static void
state_fields(struct answer *a, const struct genserver_view *v)
{
	a->ops->key(a, "__struct__");
	a->ops->word(a, "Elixir.Arsenal.AnalyticsServer");
	answer_state_fields(a, v->engine, v->now_ms, v->max_history);
}

static bool
state(const struct genserver_view *v, struct etf *args, struct strbuf *out)
{
	return merged(v, args, out, state_fields);
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static const struct request_row REQUESTS[] = {
	{ "get_system_health", 0, true, system_health },
	{ "get_performance_metrics", 0, true, performance_metrics },
	{ "get_memory_account", 0, true, memory_account },
	{ "get_patterns", 0, false, patterns },
	{ "get_incidents", 0, false, incidents },
	{ "predict_failures", 0, false, predictions },
	{ "plan_capacity", 0, true, capacity },
	{ "top_processes", 2, true, top_processes },
	{ "get_restart_statistics", 1, false, restart_statistics },
	{ "get_historical_data", 2, false, NULL },
	{ "get_server_stats", 1, false, server_stats },
	{ "get_state", 1, false, state },
};

bool
request_open(struct request *rq, struct etf_span raw)
{
	struct etf_atom name;
	uint32_t args = 0;

	etf_init(&rq->args, raw.data, raw.len);
	if (!etf_is_atom(etf_peek(&rq->args)))
		args = etf_tuple(&rq->args) - 1;
	if (!etf_atom(&rq->args, &name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(REQUESTS); i++)
		if (REQUESTS[i].args == args && strcmp(REQUESTS[i].name, name.text) == 0) {
			rq->row = &REQUESTS[i];
			return true;
		}
	return false;
}

bool
request_needs_sample(const struct request *rq)
{
	return rq->row->needs_sample;
}

bool
request_history(const struct request *rq, int64_t *start_ms, int64_t *end_ms)
{
	struct etf args = rq->args;

	if (rq->row->answer)
		return false;
	*start_ms = etf_int(&args);
	*end_ms = etf_int(&args);
	return etf_done(&args);
}

bool
request_answer(const struct request *rq, const struct genserver_view *view, struct strbuf *out)
{
	struct etf args = rq->args;
	size_t before = out->len;

	if (rq->row->answer && rq->row->answer(view, &args, out))
		return true;
	strbuf_cut(out, before);
	return false;
}
