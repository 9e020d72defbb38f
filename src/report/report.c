/* SPDX-License-Identifier: Apache-2.0 */
/* A report's life, and the gathering of its facts. What they mean is found in verdict.c. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/gather.h"
#include "report/growth.h"
#include "report/incidents.h"
#include "report/readings.h"

const char *const REPORT_RETURNS[RETURN_COUNT] = {
#define RETURN_NAME(id, name) [RETURN_##id] = name,
	REPORT_RETURN_TABLE(RETURN_NAME)
#undef RETURN_NAME
};

/* ---- the last sample, and health ---- */

static void
note_check(struct report *r, const struct past_check *check)
{
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (check->levels[c] != LEVEL_UNKNOWN)
			r->levels[c] = check->levels[c];
	r->overall = check->overall;
	/* The advice is written seldom: mostly it is the same text. */
	if (r->recommendations && strcmp(r->recommendations, check->recommendations) == 0)
		return;
	free(r->recommendations);
	r->recommendations = xstrdup(check->recommendations);
}

/* walk leaves the last sample from a time on, with the last level of each criterion. */
static void
walk(struct report *r, const struct engine *e, int64_t from_ms)
{
	struct past_view *v = engine_past_open(e, from_ms, r->range.to_ms);
	const struct past_check *check;
	const struct sample *s;

	while ((s = past_view_next(v, &check)) != NULL) {
		if (r->last == NULL)
			r->last = xmalloc(sizeof(*r->last));
		*r->last = *s;
		if (check)
			note_check(r, check);
	}
	past_view_free(v);
}

#define EXCESS_MAX 0.1 /* of the whole */

/* The allocators are asked seldom. Parts that are more than their whole would mislead, and so would what is left of the resident memory. */
static void
gather_memory(struct report *r)
{
	const struct memory_level_account *blocks = &r->memory.levels[MEMORY_BLOCKS];

	memory_account(&r->memory, r->last);
	r->memory_old = blocks->excess > EXCESS_MAX * blocks->bytes;
	for (int level = MEMORY_RESIDENT; r->memory_old && level < MEMORY_LEVEL_COUNT; level++)
		r->memory.levels[level].bytes = NAN;
}

static void
gather_samples(struct report *r, const struct engine *e)
{
	struct past_view *v = engine_past_open(e, r->range.from_ms, r->range.to_ms);
	int64_t tail_ms = r->range.to_ms - REPORT_FLIGHT_MS;

	r->samples = past_view_samples(v);
	past_view_free(v);
	/* Long ranges are walked as a whole only if their end is empty. */
	if (tail_ms > r->range.from_ms)
		walk(r, e, tail_ms);
	if (r->last == NULL)
		walk(r, e, r->range.from_ms);
	gather_memory(r);
	if (r->last && r->last->present[METRIC_WALLCLOCK])
		r->boot_ms = sample_booted_ms(r->last->time_ms, r->last->value[METRIC_WALLCLOCK]);
}

/* ---- metrics ---- */

static int
heavier(const void *a, const void *b)
{
	double x = ((const struct report_growth *)a)->weight, y = ((const struct report_growth *)b)->weight;

	return (x < y) - (x > y);
}

static void
gather_growth(struct report *r, const struct engine *e)
{
	struct report_growth found[METRIC_COUNT] = { { 0 } };
	unsigned count = 0;

	for (size_t i = 0; i < GROWTH_COUNT; i++) {
		enum metric_id id = GROWTHS[i].metric;
		struct past_point *before, *points;
		size_t n_before =
		    readings_of(e, id, r->range.from_ms - REPORT_BEFORE_MS, r->range.from_ms - 1, &before);
		size_t n = readings_of(e, id, r->range.from_ms, r->range.to_ms, &points);

		if (growth_judge(&GROWTHS[i], before, n_before, points, n, &found[count]))
			count++;
		free(before);
		free(points);
	}
	qsort(found, count, sizeof(*found), heavier);
	r->grown_count = count < REPORT_GROWN_MAX ? count : REPORT_GROWN_MAX;
	memcpy(r->grown, found, r->grown_count * sizeof(*found));
}

/* Always drawn, where they were observed; what grew comes beside. */
static const enum metric_id CHARTED[] = { METRIC_VM_MEMORY_TOTAL, METRIC_VM_MEMORY_PROCESSES, METRIC_VM_MEMORY_BINARY,
	METRIC_VM_MEMORY_ETS, METRIC_MEMORY_UTILIZATION, METRIC_CPU_UTILIZATION, METRIC_RUN_QUEUE, METRIC_MQ_MAX,
	METRIC_PROCESS_COUNT, METRIC_PORT_COUNT };

static void
add_line(struct report *r, const struct engine *e, enum metric_id id)
{
	struct report_line *l = &r->lines[r->line_count];

	for (unsigned i = 0; i < r->line_count; i++)
		if (r->lines[i].metric == id)
			return;
	l->metric = id;
	l->count = readings_of(e, id, r->range.from_ms, r->range.to_ms, &l->points);
	if (l->count > 1)
		r->line_count++;
	else
		free(l->points);
}

static void
gather_lines(struct report *r, const struct engine *e)
{
	for (unsigned i = 0; i < r->grown_count; i++)
		add_line(r, e, r->grown[i].metric);
	for (size_t i = 0; i < ARRAY_LEN(CHARTED); i++)
		add_line(r, e, CHARTED[i]);
}

/* ---- the rest ---- */

static void
gather_tables(struct report *r, const struct engine *e)
{
	const struct survey *s = engine_last_survey(e, SURVEY_TABLES);

	if (s == NULL || s->time_ms < r->range.from_ms)
		return;
	r->tables_ms = s->time_ms;
	r->table_count = s->count < REPORT_TABLES ? s->count : REPORT_TABLES;
	memcpy(r->tables, survey_tables(s), r->table_count * sizeof(r->tables[0]));
}

/* Anomalies; a performance_alert is one of them told twice. */
static void
keep_finding(struct report *r, const struct node_event *ev)
{
	if (r->finding_count == REPORT_FINDINGS_MAX) {
		node_event_unref(r->findings[0]);
		memmove(&r->findings[0], &r->findings[1], --r->finding_count * sizeof(r->findings[0]));
		r->findings_left_out++;
	}
	/* The reference is counted in the event, which is not changed otherwise. */
	r->findings[r->finding_count++] = node_event_ref((struct node_event *)(uintptr_t)ev);
}

/* An alert is repeated while its level is critical. Of more changes than there is room for, the newest. */
static void
keep_change(struct report *r, const struct node_event *ev, enum level levels[CRITERION_COUNT])
{
	enum criterion c = ev->u.health.changed;
	enum level from = c < CRITERION_COUNT ? levels[c] : LEVEL_UNKNOWN, to;

	if (c >= CRITERION_COUNT || (to = ev->u.health.criteria[c].level) == from)
		return;
	if (r->change_count == REPORT_LEVELS_MAX)
		memmove(&r->changes[0], &r->changes[1], --r->change_count * sizeof(r->changes[0]));
	r->changes[r->change_count++] = (struct report_level) { ev->time_ms, c, from, to };
	levels[c] = to;
}

static void
gather_events(struct report *r, const struct engine *e)
{
	enum level levels[CRITERION_COUNT];
	const struct node_event *ev;
	size_t it = 0;

	for (int c = 0; c < CRITERION_COUNT; c++)
		levels[c] = LEVEL_UNKNOWN;
	while ((ev = engine_past_event(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		if (ev->type == EVENT_ANOMALY)
			keep_finding(r, ev);
		else if (ev->type == EVENT_HEALTH_ALERT)
			keep_change(r, ev, levels);
}

static void
gather_links(struct report *r, const struct engine *e)
{
	const struct past_link *l;
	size_t it = 0;

	while ((l = engine_past_link(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		r->links[r->link_count++] = *l;
}

static void
gather_deploys(struct report *r, const struct engine *e)
{
	const struct past_deploy *d;
	size_t it = 0;

	while ((d = engine_past_deploy(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		r->deploys[r->deploy_count++] = *d;
}

struct report *
report_new(const struct engine *e, int64_t now_ms, const struct report_range *range, const struct report_end *end)
{
	struct report *r = xcalloc(1, sizeof(*r));
	int64_t tail_ms = range->to_ms - REPORT_FLIGHT_MS;

	strncpy(r->node, engine_node(e), sizeof(r->node) - 1);
	r->info = *engine_node_info(e);
	r->range = *range;
	r->made_ms = now_ms;
	r->interval_ms = engine_options(e)->interval_ms;
	if (end)
		r->end = *end;
	gather_samples(r, e);
	gather_growth(r, e);
	gather_lines(r, e);
	readings_columns(e, tail_ms > range->from_ms ? tail_ms : range->from_ms, range->to_ms, &r->columns);
	gather_processes(r, e);
	gather_tables(r, e);
	gather_restarts(r, e);
	gather_events(r, e);
	incidents_gather(r, e);
	gather_links(r, e);
	gather_deploys(r, e);
	gather_ahead(r, e);
	boots_find(e, now_ms, r->range.from_ms, r->range.to_ms, &r->boots);
	report_judge(r);
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	gather_release(r);
	lanes_release(r);
	ahead_release(r);
	incidents_release(r);
	for (unsigned i = 0; i < r->finding_count; i++)
		node_event_unref(r->findings[i]);
	for (unsigned i = 0; i < r->line_count; i++)
		free(r->lines[i].points);
	readings_columns_release(&r->columns);
	free(r->recommendations);
	free(r->last);
	free(r);
}
