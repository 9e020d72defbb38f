/* SPDX-License-Identifier: Apache-2.0 */
#include "http/resources.h"

#include <string.h>

#include "engine/answer.h"
#include "http/server.h"
#include "http/site.h"

/* Names repeated in an error. */
#define LISTED 20

static int64_t
now(const struct call *c)
{
	return c->site->source.now_ms(c->site->source.arg);
}

static size_t
node_count(const struct call *c)
{
	return c->site->source.node_count(c->site->source.arg);
}

static const struct engine *
node_at(const struct call *c, size_t i)
{
	return c->site->source.node(c->site->source.arg, i);
}

/* ---- for probes of the outside ------------------------------------------------------------------------------------ */

void
resource_healthz(struct call *c)
{
	c->rp->type = "text/plain; charset=utf-8";
	strbuf_adds(&c->rp->body, "ok\n");
}

/* Who has not shown the token is told that a node is missing, but neither which nor why. */
static void
write_readiness(struct jsonw *j, const struct call *c, const struct engine *e)
{
	const char *detail = "";
	enum node_state state = engine_state(e, &detail, NULL);

	jsonw_object(j);
	jsonw_key(j, "state");
	jsonw_str(j, node_state_name(state));
	if (c->rq->authorized) {
		jsonw_key(j, "name");
		jsonw_str(j, engine_node(e));
		jsonw_key(j, "detail");
		jsonw_str(j, detail);
	}
	jsonw_end(j);
}

void
resource_readyz(struct call *c)
{
	bool ready = false;
	struct jsonw j;

	for (size_t i = 0; i < node_count(c); i++)
		ready = ready || engine_state(node_at(c, i), NULL, NULL) == NODE_UP;
	c->rp->status = ready ? 200 : 503;
	reply_json(c->rp, &j);
	jsonw_object(&j);
	jsonw_key(&j, "ready");
	jsonw_bool(&j, ready);
	jsonw_key(&j, "nodes");
	jsonw_array(&j);
	for (size_t i = 0; i < node_count(c); i++)
		write_readiness(&j, c, node_at(c, i));
	jsonw_end(&j);
	jsonw_end(&j);
}

/* ---- nodes -------------------------------------------------------------------------------------------------------- */

void
resource_nodes(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	jsonw_array(&j);
	for (size_t i = 0; i < node_count(c); i++)
		answer_node(&a.base, node_at(c, i), now(c));
	jsonw_end(&j);
}

void
resource_node(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_node(&a.base, c->node, now(c));
}

void
resource_health(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_health(&a.base, c->node, now(c));
}

void
resource_performance(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_performance(&a.base, c->node);
}

static bool
named_before(const struct restart_stats *s, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (strcmp(term_text(s->children[k].supervisor), term_text(s->children[i].supervisor)) == 0)
			return true;
	return false;
}

static void
unknown_supervisor(const struct call *c, const char *supervisor)
{
	struct strbuf known = STRBUF_INIT;
	struct restart_stats s;

	if (engine_restart_stats(c->node, now(c), NULL, &s))
		for (unsigned i = 0; i < s.child_count; i++)
			if (!named_before(&s, i))
				strbuf_addf(&known, "%s%s", known.len ? ", " : "", term_text(s.children[i].supervisor));
	reply_error(c->rp, 404, "no restart was seen under supervisor \"%.200s\" of node %s; the busiest are: %.1000s",
	    supervisor, engine_node(c->node), known.len ? known.data : "none yet");
	strbuf_release(&known);
}

void
resource_restarts(struct call *c)
{
	const char *supervisor = query_get(&c->query, "supervisor");
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	if (!answer_restarts(&a.base, c->node, now(c), supervisor))
		unknown_supervisor(c, supervisor);
}

void
resource_patterns(struct call *c)
{
	const char *name = query_get(&c->query, "type");
	enum pattern_type type = name ? pattern_type_find(name) : PATTERN_TYPE_COUNT;
	struct answer_json a;
	struct jsonw j;

	if (name && type == PATTERN_TYPE_COUNT) {
		reply_error(c->rp, 400,
		    "type: \"%.64s\" is none of restart_storm, cascading_failure, periodic_restart, "
		    "resource_correlated",
		    name);
		return;
	}
	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_patterns(&a.base, c->node, now(c), type);
}

void
resource_predictions(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_predictions(&a.base, c->node, now(c));
}

void
resource_capacity(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_capacity(&a.base, c->node, now(c));
}

void
resource_anomalies(struct call *c)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_anomalies(&a.base, c->node);
}

void
resource_incidents(struct call *c)
{
	const char *open = query_get(&c->query, "open");
	enum incidents_wanted wanted = open == NULL ? INCIDENTS_ALL
	    : strcmp(open, "true") == 0             ? INCIDENTS_OPEN
						    : INCIDENTS_ENDED;
	struct answer_json a;
	struct jsonw j;

	if (wanted == INCIDENTS_ENDED && strcmp(open, "false") != 0) {
		reply_error(c->rp, 400, "open: \"%.64s\" is neither true nor false", open);
		return;
	}
	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer_incidents(&a.base, c->node, now(c), wanted);
}

/* ---- memory, and lists of what there is ------------------------------------------------------------------------------ */

static void
serve_answer(struct call *c, void (*answer)(struct answer *a, const struct engine *e))
{
	struct answer_json a;
	struct jsonw j;

	reply_json(c->rp, &j);
	answer_json_init(&a, &j);
	answer(&a.base, c->node);
}

void
resource_memory(struct call *c)
{
	serve_answer(c, answer_memory);
}

void
resource_tables(struct call *c)
{
	serve_answer(c, answer_tables);
}

void
resource_links(struct call *c)
{
	serve_answer(c, answer_links);
}

void
resource_allocators(struct call *c)
{
	serve_answer(c, answer_allocators);
}

void
resource_groups(struct call *c)
{
	serve_answer(c, answer_groups);
}

void
resource_ports(struct call *c)
{
	serve_answer(c, answer_ports);
}

void
resource_vm_events(struct call *c)
{
	serve_answer(c, answer_vm_events);
}

/* ---- top processes ------------------------------------------------------------------------------------------------ */

void
resource_top(struct call *c)
{
	const char *by = query_get(&c->query, "by");
	const char *n = query_get(&c->query, "n");
	enum top_kind kind = by ? top_kind_find(by) : TOP_MESSAGE_QUEUE;
	uint64_t max = SAMPLE_TOP;
	struct answer_json a;
	struct jsonw j;

	if (kind == TOP_KIND_COUNT)
		reply_error(c->rp, 400, "by: \"%.64s\" is none of memory, queue, reductions, binary", by);
	else if (n && (!number_parse(n, 1000, &max) || max == 0))
		reply_error(c->rp, 400, "n: \"%.64s\" is not a number from 1 to 1000 (%d are known)", n, SAMPLE_TOP);
	else {
		reply_json(c->rp, &j);
		answer_json_init(&a, &j);
		answer_top(&a.base, c->node, kind, (unsigned)max);
	}
}

/* ---- the supervision tree: asked for when somebody wants to see it --------------------------------------------------- */

/* Who asks again so soon gets the same: asking costs the node something. */
#define TREE_FRESH_MS 2000

static void
write_tree(const struct site *site, const struct engine *e, const struct tree *t, struct reply *rp)
{
	struct answer_json a;
	struct jsonw j;

	reply_json(rp, &j);
	answer_json_init(&a, &j);
	answer_tree(&a.base, e, t, site->source.now_ms(site->source.arg));
}

/* The parts of a bad end: its status, and what it means. */
static void
write_no_tree(const struct engine *e, enum request_result result, const char *why, struct reply *rp)
{
	static const struct {
		int status;
		const char *meaning;
	} ends[] = {
		[REQUEST_REFUSED] = { 503, "it has no time for the question" },
		[REQUEST_TIMED_OUT] = { 504, "it did not answer in time" },
		[REQUEST_LOST] = { 503, "it was lost before it answered" },
		[REQUEST_NOT_LINKED] = { 503, "it is not linked at present" },
		[REQUEST_NO_PROBE] = { 501,
		    "it is watched by plain calls, and only the probe can ask supervisors safely" },
		[REQUEST_MALFORMED] = { 502, "its answer was none" },
	};
	const char *detail = "";

	if (result == REQUEST_NOT_LINKED)
		engine_state(e, &detail, NULL);
	else if (why)
		detail = why;
	reply_error(rp, ends[result].status, "no supervision tree of node %s: %s%s%s", engine_node(e),
	    ends[result].meaning, *detail ? ": " : "", detail);
}

void
resource_tree(struct call *c)
{
	const struct tree *t = engine_last_tree(c->node, now(c), TREE_FRESH_MS);
	enum request_result result;

	if (t) {
		write_tree(c->site, c->node, t, c->rp);
		return;
	}
	result = c->site->source.ask_tree(c->site->source.arg, c->node);
	if (result == REQUEST_UNDER_WAY)
		waiters_add(&c->site->tree_waiters, c->node, c->rp);
	else
		write_no_tree(c->node, result, NULL, c->rp);
}

/* The answer is written once, for all of them. */
void
resource_tree_came(struct site *site, const struct engine *e, enum request_result result, const char *why)
{
	const struct tree *t = engine_last_tree(e, site->source.now_ms(site->source.arg), TREE_FRESH_MS);
	struct reply rp;

	reply_init(&rp);
	if (result == REQUEST_ANSWERED && t)
		write_tree(site, e, t, &rp);
	else
		write_no_tree(e, result == REQUEST_ANSWERED ? REQUEST_MALFORMED : result, why, &rp);
	waiters_answer(&site->tree_waiters, e, &rp);
	reply_release(&rp);
}

static void
write_uint(struct jsonw *j, const char *key, uint64_t value)
{
	jsonw_key(j, key);
	jsonw_uint(j, value);
}

static void
write_http_stats(struct jsonw *j, const struct site *site)
{
	struct http_server_counts counts = { 0 };

	if (site->server)
		counts = http_server_counts(site->server);
	jsonw_key(j, "http");
	jsonw_object(j);
	write_uint(j, "requests", counts.requests);
	write_uint(j, "refused", counts.refused);
	write_uint(j, "connections", counts.connections);
	write_uint(j, "event_streams", site->events.count);
	write_uint(j, "event_streams_max", site->events.max);
	write_uint(j, "events_sent", site->events.sent);
	write_uint(j, "events_dropped", site->events.dropped);
	jsonw_end(j);
}

void
resource_stats(struct call *c)
{
	struct jsonw j;

	reply_json(c->rp, &j);
	jsonw_object(&j);
	c->site->source.stats(c->site->source.arg, &j);
	write_http_stats(&j, c->site);
	jsonw_end(&j);
}

/* ---- shared ------------------------------------------------------------------------------------------------------- */

const struct engine *
site_find(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->source.node_count(site->source.arg); i++) {
		const struct engine *e = site->source.node(site->source.arg, i);

		if (strcmp(engine_node(e), name) == 0)
			return e;
	}
	return NULL;
}

void
site_no_node(const struct site *site, const char *name, struct reply *rp)
{
	size_t count = site->source.node_count(site->source.arg);
	struct strbuf known = STRBUF_INIT;

	for (size_t i = 0; i < count && i < LISTED; i++)
		strbuf_addf(&known, "%s%.60s", i ? ", " : "", engine_node(site->source.node(site->source.arg, i)));
	if (count > LISTED)
		strbuf_addf(&known, " and %zu more", count - LISTED);
	reply_error(rp, 404, "node \"%.255s\" is not watched here; the nodes are: %s", name, strbuf_cstr(&known));
	strbuf_release(&known);
}
