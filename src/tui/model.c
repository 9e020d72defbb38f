/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tui/get.h"

#define SPAN_MS (10 * INT64_C(60000))
#define TRENDS_MAX 1000
#define RECENT_MAX 100 /* so many restarts are told at once */
#define MEMBERS_MAX 2000

const struct ask_row ASKS[ASK_COUNT] = {
	[ASK_NODES] = { "nodes", false, false },
	[ASK_STATS] = { "stats", false, false },
	[ASK_HEALTH] = { "/health", true, false },
	[ASK_RESTARTS] = { "/restarts", true, false },
	[ASK_HISTORY] = { "/history", true, false },
	[ASK_TOP_QUEUE] = { "/top?by=queue&n=1000", true, false },
	[ASK_TOP_MEMORY] = { "/top?by=memory&n=1000", true, false },
	[ASK_TOP_REDUCTIONS] = { "/top?by=reductions&n=1000", true, false },
	[ASK_TOP_BINARY] = { "/top?by=binary&n=1000", true, false },
	[ASK_INCIDENTS] = { "/incidents", true, false },
	[ASK_PREDICTIONS] = { "/predictions", true, false },
	[ASK_CAPACITY] = { "/capacity", true, false },
	[ASK_MEMORY] = { "/memory", true, false },
	[ASK_TREE] = { "/tree", true, true },
};

const struct chart_row CHARTS[CHART_COUNT] = {
	[CHART_CPU] = { "CPU", "CPU", "cpu_utilization", "cpu_utilization", "percent", "cpu", 100 },
	[CHART_MEMORY] = { "Memory", "Memory", "memory_utilization", "memory_utilization", "percent", "memory", 10 },
	[CHART_PROCESSES] = { "Processes", "Procs", "process_count", "process_count", "count", "processes", 10 },
	[CHART_RUN_QUEUE] = { "Run queue", "Run q", "run_queue", NULL, "count", NULL, 4 },
	[CHART_QUEUE] = { "Longest queue", "Queue", "mq_max", "longest_queue", "count", "message_queue", 10 },
	[CHART_RESTARTS] = { "Restarts", "Restarts", NULL, NULL, "count", "restarts", 4 },
};

void
model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->events = xcalloc(MODEL_EVENTS, sizeof(*m->events));
	model_span(m, SPAN_MS);
}

static void
forget(struct answer *a)
{
	json_decref(a->body);
	*a = (struct answer) { 0 };
}

void
model_release(struct model *m)
{
	for (int i = 0; i < ASK_COUNT; i++)
		forget(&m->answers[i]);
	for (size_t i = 0; i < m->event_count; i++)
		json_decref(m->events[i]);
	free(m->events);
	free(m->trends);
}

static void
forget_charts(struct model *m)
{
	for (int i = 0; i < CHART_COUNT; i++)
		for (int k = 0; k < CHART_POINTS; k++)
			m->charts[i][k] = NAN;
}

void
model_select(struct model *m, const char *node)
{
	if (strcmp(m->node, node) == 0)
		return;
	snprintf(m->node, sizeof(m->node), "%s", node);
	for (int i = 0; i < ASK_COUNT; i++)
		if (ASKS[i].of_node)
			forget(&m->answers[i]);
	m->restart_count = 0;
	m->restarts_since_ms = 0;
	forget_charts(m);
}

void
model_span(struct model *m, int64_t span_ms)
{
	m->span_ms = span_ms;
	forget_charts(m);
}

/* ---- lookups --------------------------------------------------------------------------------------------------------- */

const json_t *
model_body(const struct model *m, enum ask ask)
{
	return m->answers[ask].body;
}

const json_t *
model_nodes(const struct model *m)
{
	return m->answers[ASK_NODES].body;
}

const json_t *
model_node(const struct model *m)
{
	const json_t *nodes = model_nodes(m);

	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (strcmp(get_text(json_array_get(nodes, i), "name"), m->node) == 0)
			return json_array_get(nodes, i);
	return NULL;
}

struct trend *
model_trend_of(struct model *m, const char *node)
{
	for (size_t i = 0; i < m->trend_count; i++)
		if (strcmp(m->trends[i].name, node) == 0)
			return &m->trends[i];
	return NULL;
}

/* ---- lines of the last minutes, of all nodes -------------------------------------------------------------------------- */

static struct trend *
add_trend(struct model *m, const char *node)
{
	struct trend *t;

	if (m->trend_count == TRENDS_MAX)
		return NULL;
	m->trends = xreallocarray(m->trends, m->trend_count + 1, sizeof(*m->trends));
	t = &m->trends[m->trend_count++];
	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "%s", node);
	for (size_t i = 0; i < TREND_POINTS; i++)
		t->cpu[i] = t->memory[i] = NAN;
	return t;
}

/* shift_trend makes `bucket` the newest one. */
static void
shift_trend(struct trend *t, int64_t bucket)
{
	int64_t by = bucket - t->bucket;

	for (int64_t i = 0; i < TREND_POINTS; i++) {
		bool kept = by < TREND_POINTS && i + by < TREND_POINTS;

		t->cpu[i] = kept ? t->cpu[i + by] : (double)NAN;
		t->memory[i] = kept ? t->memory[i + by] : (double)NAN;
	}
	t->bucket = bucket;
}

/* set_point: a value for a time; only where there is none yet if it is of the past. */
static void
set_point(struct trend *t, double *values, int64_t bucket, double v)
{
	int64_t i = TREND_POINTS - 1 - (t->bucket - bucket);

	if (i >= 0 && i < TREND_POINTS && (isnan(values[i]) || bucket == t->bucket))
		values[i] = v;
}

static void
keep_trends(struct model *m)
{
	const json_t *nodes = model_nodes(m);

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *n = json_array_get(nodes, i);
		int64_t bucket = get_time(n, "last_sample") / TREND_STEP_MS;
		struct trend *t = model_trend_of(m, get_text(n, "name"));

		if (bucket <= 0 || (t == NULL && (t = add_trend(m, get_text(n, "name"))) == NULL))
			continue;
		if (bucket > t->bucket)
			shift_trend(t, bucket);
		set_point(t, t->cpu, bucket, get_number(n, "cpu_utilization"));
		set_point(t, t->memory, bucket, get_number(n, "memory_utilization"));
	}
}

/* number_at: NAN for what is no number. */
static double
number_at(const json_t *array, size_t i)
{
	const json_t *v = json_array_get(array, i);

	return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

static void
fill_line(struct trend *t, double *values, const json_t *metric)
{
	const json_t *times = get_array(metric, "time"), *means = get_array(metric, "value");

	for (size_t i = 0; i < json_array_size(times) && i < json_array_size(means); i++) {
		double time_ms = number_at(times, i);

		if (time_ms > 0 && time_ms < 1e15)
			set_point(t, values, (int64_t)time_ms / TREND_STEP_MS, number_at(means, i));
	}
}

static json_t *
parse(const char *body, size_t len)
{
	/* A NUL in a name ends the name, not the answer. */
	return json_loadb(body, len, JSON_ALLOW_NUL, NULL);
}

void
model_trend(struct model *m, const char *node, const char *body, size_t len)
{
	struct trend *t = model_trend_of(m, node);
	json_t *past = t ? parse(body, len) : NULL;
	const json_t *metrics = get_object(past, "metrics");

	if (t) {
		fill_line(t, t->cpu, get_object(metrics, "cpu_utilization"));
		fill_line(t, t->memory, get_object(metrics, "memory_utilization"));
	}
	json_decref(past);
}

/* ---- charts of the selected node -------------------------------------------------------------------------------------- */

void
model_history_path(const struct model *m, int64_t now_ms, struct strbuf *out)
{
	int64_t step_s = m->span_ms / CHART_POINTS / 1000;

	strbuf_addf(out, "/history?start=%" PRId64 "&end=%" PRId64 "&step=%" PRId64 "s&fields=max&digits=4&metric=",
	    now_ms - m->span_ms, now_ms, step_s > 0 ? step_s : 1);
	for (int i = 0; i < CHART_COUNT; i++)
		if (CHARTS[i].metric)
			strbuf_addf(out, "%s%s", i ? "," : "", CHARTS[i].metric);
}

/* chart_metric spreads a column over the points; a point without a value of its own has the one before, if that is not older than samples are apart. */
static void
chart_metric(double *values, const json_t *metric, int64_t start_ms, int64_t step_ms)
{
	const json_t *times = get_array(metric, "time"), *highs = get_array(metric, "max");
	size_t count = json_array_size(times);
	double first, last, spacing;

	for (int i = 0; i < CHART_POINTS; i++)
		values[i] = NAN;
	for (size_t i = 0; i < count && i < json_array_size(highs); i++) {
		double at = (number_at(times, i) - (double)start_ms) / (double)step_ms;

		if (at >= 0 && at < CHART_POINTS)
			values[(int)at] = number_at(highs, i);
	}
	if (count < 2)
		return;
	first = number_at(times, 0);
	last = number_at(times, count - 1);
	spacing = (last - first) / (double)(count - 1) / (double)step_ms;
	for (int i = 1, since = 0; i < CHART_POINTS; i++) {
		since = isnan(values[i]) ? since + 1 : 0;
		if (since > 0 && since <= spacing + 1)
			values[i] = values[i - 1];
	}
}

static void
chart_restarts(struct model *m, int64_t start_ms, int64_t step_ms)
{
	double *values = m->charts[CHART_RESTARTS];

	for (int i = 0; i < CHART_POINTS; i++)
		values[i] =
		    m->restarts_since_ms && start_ms + (i + 1) * step_ms > m->restarts_since_ms ? 0 : (double)NAN;
	for (size_t i = 0; i < m->restart_count; i++) {
		int64_t at = (m->restarts[i] - start_ms) / step_ms;

		if (m->restarts[i] >= start_ms && at < CHART_POINTS)
			values[at] = (isnan(values[at]) ? 0 : values[at]) + 1;
	}
}

static void
make_charts(struct model *m)
{
	const json_t *past = model_body(m, ASK_HISTORY);
	const json_t *metrics = get_object(past, "metrics");
	int64_t end_ms = get_time(get_object(past, "time_range"), "end");
	int64_t step_ms = m->span_ms / CHART_POINTS;

	if (end_ms == 0)
		return;
	for (int i = 0; i < CHART_COUNT; i++) {
		if (CHARTS[i].metric)
			chart_metric(m->charts[i], get_object(metrics, CHARTS[i].metric), end_ms - m->span_ms, step_ms);
		else
			chart_restarts(m, end_ms - m->span_ms, step_ms);
	}
}

static void
keep_restart(struct model *m, int64_t time_ms)
{
	if (m->restart_count == RESTART_TIMES) {
		memmove(m->restarts, m->restarts + 1, (RESTART_TIMES - 1) * sizeof(m->restarts[0]));
		m->restart_count--;
		m->restarts_since_ms = m->restarts[0];
	}
	m->restarts[m->restart_count++] = time_ms;
}

/* The newest come first; those that are not known yet are taken, and if even the oldest is not, some were missed before it. */
static void
keep_restarts(struct model *m)
{
	const json_t *restarts = model_body(m, ASK_RESTARTS), *recent = get_array(restarts, "recent");
	size_t count = json_array_size(recent);
	int64_t newest = m->restart_count ? m->restarts[m->restart_count - 1] : 0;
	int64_t oldest = get_time(json_array_get(recent, count ? count - 1 : 0), "timestamp");

	if (!get_flag(restarts, "observed"))
		return;
	if (count >= RECENT_MAX && oldest > newest)
		m->restarts_since_ms = oldest;
	else if (m->restarts_since_ms == 0)
		m->restarts_since_ms = get_time(get_object(model_body(m, ASK_HEALTH), "observed"), "restarts_since");
	for (size_t i = count; i > 0; i--) {
		int64_t time_ms = get_time(json_array_get(recent, i - 1), "timestamp");

		if (time_ms > newest)
			keep_restart(m, time_ms);
	}
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

static void
keep_reason(struct answer *a, int status, const char *body, size_t len)
{
	json_t *error = status ? parse(body, len) : NULL;
	const char *message = get_text(get_object(error, "error"), "message");

	if (*message)
		snprintf(a->why, sizeof(a->why), "%s", message);
	else if (status)
		snprintf(a->why, sizeof(a->why), "the server answers %d", status);
	else
		snprintf(a->why, sizeof(a->why), "%.*s", (int)(len < sizeof(a->why) ? len : sizeof(a->why) - 1), body);
	json_decref(error);
}

static void
derive(struct model *m, enum ask ask)
{
	if (ask == ASK_NODES)
		keep_trends(m);
	if (ask == ASK_RESTARTS)
		keep_restarts(m);
	if (ask == ASK_HISTORY || ask == ASK_RESTARTS)
		make_charts(m);
}

static bool
is_list(enum ask ask)
{
	return ask == ASK_NODES || ask == ASK_INCIDENTS || ask == ASK_PREDICTIONS;
}

/* is_bounded: panels look some lists through for each row of others, so none may be long. */
static bool
is_bounded(const json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_array_size(v) > MEMBERS_MAX || json_object_size(v) > MEMBERS_MAX)
		return false;
	json_array_foreach(v, i, member) if (!is_bounded(member)) return false;
	json_object_foreach((json_t *)(uintptr_t)v, key, member) if (!is_bounded(member)) return false;
	return true;
}

/* The tree, which may be large, is looked through once. */
static bool
is_expected(enum ask ask, const json_t *v)
{
	return (is_list(ask) ? json_is_array(v) : json_is_object(v)) && (ask == ASK_TREE || is_bounded(v));
}

void
model_answer(struct model *m, enum ask ask, int status, const char *body, size_t len, int64_t now_ms)
{
	struct answer *a = &m->answers[ask];
	json_t *parsed = status == 200 ? parse(body, len) : NULL;

	a->waiting = false;
	if (status == 200 && !is_expected(ask, parsed)) {
		json_decref(parsed);
		snprintf(a->why, sizeof(a->why), "the server's answer is not what was asked for");
		return;
	}
	if (parsed == NULL) {
		keep_reason(a, status, body, len);
		return;
	}
	json_decref(a->body);
	a->body = parsed;
	a->came_ms = now_ms;
	a->why[0] = '\0';
	derive(m, ask);
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static void
drop_oldest(struct model *m)
{
	json_decref(m->events[0]);
	m->events_bytes -= m->event_bytes[0];
	m->event_count--;
	m->events_dropped++;
	memmove(m->events, m->events + 1, m->event_count * sizeof(m->events[0]));
	memmove(m->event_bytes, m->event_bytes + 1, m->event_count * sizeof(m->event_bytes[0]));
}

void
model_event(struct model *m, const char *data, size_t len)
{
	json_t *ev = parse(data, len);
	bool joined = strcmp(get_text(ev, "type"), "incident") == 0 &&
	    strcmp(get_text(get_object(ev, "data"), "change"), "joined") == 0;

	/* Of an incident that is known already only what is new in it is told, and that is told by itself. */
	if (*get_text(ev, "type") == '\0' || joined) {
		json_decref(ev);
		return;
	}
	while (m->event_count == MODEL_EVENTS || (m->event_count && m->events_bytes + len > MODEL_EVENT_BYTES))
		drop_oldest(m);
	m->events[m->event_count] = ev;
	m->event_bytes[m->event_count++] = len;
	m->events_bytes += len;
}
