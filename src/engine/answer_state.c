/* SPDX-License-Identifier: Apache-2.0 */
/* What the server keeps, as its state and its statistics show it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "engine/answer.h"
#include "engine/answer_health.h"
#include "engine/answer_parts.h"
#include "engine/answer_performance.h"

/* ---- the newest of the past, newest first ---- */

/* Times of the newest samples: the engine goes through the past in one direction only. */
struct newest {
	int64_t *times;
	size_t count; /* seen in all */
	size_t max;
};

static struct newest
newest_samples(const struct engine *e, int64_t from_ms, int64_t to_ms, unsigned max)
{
	struct newest n = { xcalloc(max ? max : 1, sizeof(*n.times)), 0, max };
	const struct sample *s;
	size_t it = 0;

	while (max && (s = engine_past_sample(e, from_ms, to_ms, &it)) != NULL)
		n.times[n.count++ % max] = s->time_ms;
	return n;
}

/* newest_at is the time of the sample of that age; false beyond the oldest. Of several with one time only one is told. */
static bool
newest_at(const struct newest *n, size_t age, int64_t *time_ms)
{
	if (age >= n->count || age >= n->max)
		return false;
	*time_ms = n->times[(n->count - 1 - age) % n->max];
	return true;
}

static void
performance_history(struct answer *a, const struct engine *e, const struct newest *n)
{
	struct performance_layout layout;
	int64_t time_ms;

	performance_layout_init(&layout);
	put_array(a, "performance_history");
	for (size_t age = 0; newest_at(n, age, &time_ms); age++) {
		size_t it = 0;
		const struct sample *s = engine_past_sample(e, time_ms, time_ms, &it);

		if (s)
			performance_past(a, &layout, s);
	}
	put_end(a);
}

static void
health_history(struct answer *a, const struct engine *e, const struct newest *n)
{
	int64_t time_ms;

	put_array(a, "health_history");
	for (size_t age = 0; newest_at(n, age, &time_ms); age++) {
		size_t it = 0;
		const struct sample *s;
		const struct past_check *check = engine_past_check(e, time_ms, time_ms, &it, &s);

		if (check)
			health_past(a, check, s);
	}
	put_end(a);
}

static void
restart_history(struct answer *a, const struct engine *e, unsigned max)
{
	const struct restart *r;

	put_array(a, "restart_history");
	for (size_t age = 0; age < max && (r = engine_restart_at(e, age)) != NULL; age++)
		part_restart(a, r);
	put_end(a);
}

/* ---- thresholds and baseline ---- */

static void
thresholds_field(struct answer *a, const struct engine_options *o)
{
	put_object(a, "anomaly_thresholds");
	part_real(a, "standard_deviations", o->anomaly_threshold);
	for (int c = 0; c < CRITERION_COUNT; c++) {
		put_object(a, CRITERIA[c].name);
		part_real(a, "warning", o->warning[c]);
		part_real(a, "critical", o->critical[c]);
		put_end(a);
	}
	put_end(a);
}

/* What of the seed's shape has a baseline; the rows of one group stand together. Memory is judged by its used share. */
static const struct {
	const char *group;
	const char *field;
	enum metric_id metric;
} BASELINES[] = {
	{ "cpu", "utilization", METRIC_CPU_UTILIZATION },
	{ "memory", "utilization", METRIC_MEMORY_UTILIZATION },
	{ "processes", "count", METRIC_PROCESS_COUNT },
	{ "processes", "runnable", METRIC_RUN_QUEUE },
};

static bool
baseline_is_known(const struct engine *e)
{
	double mean, deviation;

	for (int i = 0; i < METRIC_COUNT; i++)
		if (engine_baseline(e, (enum metric_id)i, &mean, &deviation))
			return true;
	return false;
}

static void
baseline_groups(struct answer *a, const struct engine *e)
{
	const char *open = NULL;
	double mean, deviation;

	for (size_t i = 0; i < ARRAY_LEN(BASELINES); i++) {
		if (!engine_baseline(e, BASELINES[i].metric, &mean, &deviation))
			continue;
		if (open != BASELINES[i].group) {
			if (open)
				put_end(a);
			open = BASELINES[i].group;
			put_object(a, open);
		}
		part_real(a, BASELINES[i].field, mean);
	}
	if (open)
		put_end(a);
}

static void
baseline_metrics(struct answer *a, const struct engine *e)
{
	double mean, deviation;

	put_object(a, "metrics");
	for (int i = 0; i < METRIC_COUNT; i++) {
		if (!engine_baseline(e, (enum metric_id)i, &mean, &deviation))
			continue;
		put_object(a, METRICS[i].name);
		part_real(a, "mean", mean);
		part_real(a, "deviation", deviation);
		put_end(a);
	}
	put_end(a);
}

static void
baseline_field(struct answer *a, const struct engine *e)
{
	a->ops->key(a, "baseline_metrics");
	if (!baseline_is_known(e)) {
		a->ops->null(a);
		return;
	}
	a->ops->object(a);
	baseline_groups(a, e);
	baseline_metrics(a, e);
	put_end(a);
}

/* ---- the answers ---- */

void
answer_state_fields(struct answer *a, const struct engine *e, int64_t now_ms, unsigned max_entries)
{
	const struct engine_options *o = engine_options(e);
	struct newest newest = newest_samples(e, now_ms - o->retention_ms, now_ms, max_entries);

	restart_history(a, e, max_entries);
	performance_history(a, e, &newest);
	health_history(a, e, &newest);
	free(newest.times);
	part_integer(a, "monitoring_interval", (double)o->interval_ms);
	part_integer(a, "retention_period", (double)o->retention_ms);
	part_time(a, "last_health_check", engine_counts(e).last_check_ms);
	thresholds_field(a, o);
	baseline_field(a, e);
}

void
answer_stats_fields(struct answer *a, const struct engine *e)
{
	const struct engine_options *o = engine_options(e);
	struct engine_counts counts = engine_counts(e);

	part_integer(a, "restart_events_tracked", (double)counts.restarts);
	part_integer(a, "performance_samples", (double)counts.samples);
	part_integer(a, "health_checks", (double)counts.health_checks);
	part_time(a, "last_health_check", counts.last_check_ms);
	part_integer(a, "monitoring_interval", (double)o->interval_ms);
	part_integer(a, "retention_period", (double)o->retention_ms);
	part_integer(a, "anomalies", (double)counts.anomalies);
	part_integer(a, "events", (double)counts.events);
	part_time(a, "history_since", engine_past_since(e));
}
