/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for programs to branch on. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/past.h"
#include "lib/handle.h"

#define POINTS_MAX 1000000

/* ---- health ---- */

void
health_take(const struct health *from, struct arsenal_health *to)
{
	*to = (struct arsenal_health) {
		.overall = (enum arsenal_level)from->overall,
		.anomaly_count = from->anomaly_count,
		.recommendation_count = from->recommendation_count,
		.last_check_ms = from->last_check_ms,
		.restart_rate = from->restart_rate,
		.changed = from->changed < CRITERION_COUNT ? (int)from->changed : -1,
	};
}

int
arsenal_get_health(struct arsenal *a, int64_t now_ms, struct arsenal_health *out, size_t size)
{
	struct arsenal_health body;
	struct health h;
	int code = time_check(a, now_ms);

	if (code != ARSENAL_OK)
		return code;
	engine_health(a->engine, now_ms, &h);
	health_take(&h, &body);
	return give_struct(a, out, size, &body, sizeof(body));
}

/* recommendation_of: there is one for each criterion above healthy, in the table's order. */
static const char *
recommendation_of(const struct health *h, int id)
{
	unsigned at = 0;

	if (h->criteria[id].level <= LEVEL_HEALTHY)
		return "";
	for (int c = 0; c < id; c++)
		at += h->criteria[c].level > LEVEL_HEALTHY;
	return at < h->recommendation_count ? h->recommendations[at] : "";
}

static int
check_criterion(struct arsenal *a, int id)
{
	if (id < 0 || id >= CRITERION_COUNT)
		return fail(a, ARSENAL_ERR_UNKNOWN, "criterion %d: ids are from 0 to %d", id, CRITERION_COUNT - 1);
	return ARSENAL_OK;
}

int
arsenal_get_criterion(struct arsenal *a, int64_t now_ms, int id, struct arsenal_criterion *out, size_t size)
{
	struct arsenal_criterion body;
	const struct criterion_state *s;
	struct health h;
	int code = time_check(a, now_ms);

	if (code == ARSENAL_OK)
		code = check_criterion(a, id);
	if (code != ARSENAL_OK)
		return code;
	engine_health(a->engine, now_ms, &h);
	s = &h.criteria[id];
	body = (struct arsenal_criterion) {
		.name = CRITERIA[id].name,
		.unit = CRITERIA[id].unit,
		.level = (enum arsenal_level)s->level,
		.value = s->level == LEVEL_UNKNOWN ? (double)NAN : s->value,
		.warning = s->warning,
		.critical = s->critical,
	};
	snprintf(body.recommendation, sizeof(body.recommendation), "%s", recommendation_of(&h, id));
	return give_struct(a, out, size, &body, sizeof(body));
}

/* ---- metrics ---- */

static int
check_metric(struct arsenal *a, int id)
{
	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (id < 0 || id >= METRIC_COUNT)
		return fail(a, ARSENAL_ERR_UNKNOWN, "metric %d: ids are from 0 to %d", id, METRIC_COUNT - 1);
	return ARSENAL_OK;
}

int
arsenal_get_metric(struct arsenal *a, int id, double *value)
{
	int code = check_metric(a, id);
	const struct sample *s;

	if (code != ARSENAL_OK)
		return code;
	if (value == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "value: it is NULL");
	s = engine_last(a->engine);
	if (s == NULL || !s->present[id])
		return fail(a, ARSENAL_ERR_STATE, "%s: not observed in the last sample", METRICS[id].name);
	*value = s->value[id];
	return ARSENAL_OK;
}

int
arsenal_get_baseline(struct arsenal *a, int id, double *mean, double *deviation)
{
	int code = check_metric(a, id);
	double m, d;

	if (code != ARSENAL_OK)
		return code;
	if (mean == NULL || deviation == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "%s: it is NULL", mean ? "deviation" : "mean");
	if (!engine_baseline(a->engine, (enum metric_id)id, &m, &d))
		return fail(a, ARSENAL_ERR_STATE, "%s: no baseline is known", METRICS[id].name);
	*mean = m;
	*deviation = d;
	return ARSENAL_OK;
}

static int
check_points(struct arsenal *a, int id, int64_t step_ms, const size_t *count)
{
	int code = check_metric(a, id);

	if (code != ARSENAL_OK)
		return code;
	if (count == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "points: count is NULL");
	if (*count == 0 || *count > POINTS_MAX)
		return fail(a, ARSENAL_ERR_RANGE, "points: room for %zu, which is not 1 to %d", *count, POINTS_MAX);
	if (step_ms < 0 || step_ms > ARSENAL_TIME_MAX)
		return fail(a, ARSENAL_ERR_RANGE, "points: steps of %" PRId64 " ms, which is not 0 to %" PRId64,
		    step_ms, ARSENAL_TIME_MAX);
	return ARSENAL_OK;
}

int
arsenal_get_points(struct arsenal *a, int id, int64_t start_ms, int64_t end_ms, int64_t step_ms,
    struct arsenal_point *out, size_t size, size_t *count)
{
	int code = check_points(a, id, step_ms, count);
	struct past_point *points;

	if (code == ARSENAL_OK)
		code = struct_check(a, out, size);
	if (code == ARSENAL_OK)
		code = range_check(a, "points", start_ms, end_ms);
	if (code != ARSENAL_OK)
		return code;
	points = xcalloc(*count, sizeof(*points));
	*count = engine_past_points(a->engine, (enum metric_id)id, start_ms, end_ms, step_ms, points, *count);
	for (size_t i = 0; i < *count; i++) {
		const struct past_point *p = &points[i];
		struct arsenal_point body = { p->time_ms, p->min, p->max, p->mean, p->last, p->count };

		give_struct(a, (char *)out + i * size, size, &body, sizeof(body));
	}
	free(points);
	return ARSENAL_OK;
}

/* ---- restarts ---- */

/* gather_restarts: statistics of all (NULL) or of one supervisor. */
static int
gather_restarts(struct arsenal *a, int64_t now_ms, const char *supervisor, struct restart_stats *stats)
{
	int code = time_check(a, now_ms);

	if (code == ARSENAL_OK && supervisor)
		code = text_check(a, "supervisor", supervisor, ARSENAL_TEXT_MAX);
	if (code != ARSENAL_OK)
		return code;
	if (!engine_restart_stats(a->engine, now_ms, supervisor, stats))
		return fail(a, ARSENAL_ERR_UNKNOWN, "no restart was reported under supervisor \"%.200s\"", supervisor);
	return ARSENAL_OK;
}

int
arsenal_get_restarts(
    struct arsenal *a, int64_t now_ms, const char *supervisor, struct arsenal_restart_stats *out, size_t size)
{
	struct arsenal_restart_stats body;
	struct restart_stats s;
	int code = gather_restarts(a, now_ms, supervisor, &s);

	if (code != ARSENAL_OK)
		return code;
	body = (struct arsenal_restart_stats) {
		.total = s.total,
		.failed = s.failed,
		.gave_up = s.gave_up,
		.undescribed = s.undescribed,
		.rate = s.rate,
		.mean_interval_ms = s.mean_interval_ms,
		.child_count = s.child_count,
		.pattern_count = s.pattern_count,
	};
	return give_struct(a, out, size, &body, sizeof(body));
}

int
arsenal_get_child(
    struct arsenal *a, int64_t now_ms, const char *supervisor, unsigned index, struct arsenal_child *out, size_t size)
{
	struct arsenal_child body;
	struct restart_stats s;
	int code = gather_restarts(a, now_ms, supervisor, &s);

	if (code != ARSENAL_OK)
		return code;
	if (index >= s.child_count)
		return fail(a, ARSENAL_ERR_RANGE, "child %u: there are %u", index, s.child_count);
	body = (struct arsenal_child) {
		.supervisor = term_text(s.children[index].supervisor),
		.child = term_text(s.children[index].child_id),
		.restarts = s.children[index].count,
	};
	return give_struct(a, out, size, &body, sizeof(body));
}

/* ---- anomalies ---- */

static const char *
text_or_null(const struct term *t)
{
	return t ? t->text : NULL;
}

void
anomaly_take(const struct anomaly *from, struct arsenal_anomaly *to)
{
	bool of_metric = from->metric != METRIC_NONE;

	*to = (struct arsenal_anomaly) {
		.type = ANOMALIES[from->type].name,
		.description = from->description,
		.time_ms = from->time_ms,
		.score = from->score,
		.metric = of_metric ? METRICS[from->metric].name : NULL,
		.current_value = of_metric ? from->current_value : (double)NAN,
		.baseline_value = of_metric ? from->baseline_value : (double)NAN,
		.deviation = of_metric ? from->deviation : (double)NAN,
		.supervisor = text_or_null(from->supervisor),
		.child = text_or_null(from->child_id),
		.restart_count = from->restart_count,
		.culprit_pid = from->culprit_count > 0 ? from->culprits[0].process.pid : NULL,
		.culprit_name = from->culprit_count > 0 ? from->culprits[0].process.name : NULL,
		.severity = (enum arsenal_severity)from->severity,
	};
}

unsigned
arsenal_anomaly_count(const struct arsenal *a)
{
	const struct anomaly *list[HEALTH_MAX_ANOMALIES];

	return a ? engine_anomalies(a->engine, list) : 0;
}

int
arsenal_get_anomaly(struct arsenal *a, unsigned index, struct arsenal_anomaly *out, size_t size)
{
	const struct anomaly *list[HEALTH_MAX_ANOMALIES];
	struct arsenal_anomaly body;
	unsigned count;

	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	count = engine_anomalies(a->engine, list);
	if (index >= count)
		return fail(a, ARSENAL_ERR_RANGE, "anomaly %u: %u hold now", index, count);
	anomaly_take(list[index], &body);
	return give_struct(a, out, size, &body, sizeof(body));
}

/* ---- processes ---- */

int
arsenal_get_top(struct arsenal *a, const char *by, unsigned index, struct arsenal_process *out, size_t size)
{
	const struct top_process *top;
	struct arsenal_process body;
	enum top_kind kind;
	unsigned count;
	int code = ranking_check(a, by, &kind);

	if (code != ARSENAL_OK)
		return code;
	top = engine_top(a->engine, kind, &count);
	if (index >= count)
		return fail(a, ARSENAL_ERR_RANGE, "process %u by %s: %u are known", index, top_kind_name(kind), count);
	body = (struct arsenal_process) {
		.pid = top[index].pid,
		.name = top[index].name,
		.initial_call = top[index].initial_call,
		.current_function = top[index].current_function,
		.queue_len = top[index].queue_len,
		.memory = top[index].memory,
		.reductions = top[index].reductions,
		.application = top[index].application,
		.binary = top[index].binary,
	};
	return give_struct(a, out, size, &body, sizeof(body));
}

/* ---- the monitor itself ---- */

int
arsenal_get_stats(struct arsenal *a, struct arsenal_stats *out, size_t size)
{
	struct arsenal_stats body;
	struct engine_counts c;

	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	c = engine_counts(a->engine);
	body = (struct arsenal_stats) {
		.samples = c.samples,
		.restarts = c.restarts,
		.events = c.events,
		.events_dropped = a->dropped,
		.anomalies = c.anomalies,
		.health_checks = c.health_checks,
		.last_check_ms = c.last_check_ms,
		.subscriptions = subscription_count(a),
	};
	return give_struct(a, out, size, &body, sizeof(body));
}
