/* SPDX-License-Identifier: Apache-2.0 */
/* A report's life, and the gathering of its facts. What they mean is found in verdict.c. */
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/gather.h"
#include "report/growth.h"
#include "report/readings.h"

const char *const REPORT_RETURNS[RETURN_COUNT] = {
#define RETURN_NAME(id, name) [RETURN_##id] = name,
	REPORT_RETURN_TABLE(RETURN_NAME)
#undef RETURN_NAME
};

/* ---- samples, and health at them ---- */

static void
note_levels(struct report *r, const struct past_check *check, bool first)
{
	for (int c = 0; c < CRITERION_COUNT; c++) {
		bool known = r->levels[c] != LEVEL_UNKNOWN && check->levels[c] != LEVEL_UNKNOWN;

		if (!first && known && r->levels[c] != check->levels[c] && r->change_count < REPORT_LEVELS_MAX)
			r->changes[r->change_count++] =
			    (struct report_level) { check->time_ms, (enum criterion)c, r->levels[c], check->levels[c] };
		if (check->levels[c] != LEVEL_UNKNOWN)
			r->levels[c] = check->levels[c];
	}
	r->overall = check->overall;
}

static void
note_sample(struct report *r, const struct sample *s)
{
	if (r->samples++ == 0)
		r->first_sample_ms = s->time_ms;
	r->last_sample_ms = s->time_ms;
	if (r->last == NULL)
		r->last = xmalloc(sizeof(*r->last));
	*r->last = *s;
	if (s->present[METRIC_WALLCLOCK])
		r->boot_ms = s->time_ms - (int64_t)s->value[METRIC_WALLCLOCK];
}

static void
gather_samples(struct report *r, const struct engine *e)
{
	const struct past_check *check;
	const struct sample *s;
	size_t it = 0, checks = 0;

	while ((s = engine_past_sample(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		note_sample(r, s);
	it = 0;
	while ((check = engine_past_check(e, r->range.from_ms, r->range.to_ms, &it, &s)) != NULL) {
		note_levels(r, check, checks++ == 0);
		free(r->recommendations);
		r->recommendations = xstrdup(check->recommendations);
	}
	memory_account(&r->memory, r->last);
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
	struct report_growth found[METRIC_COUNT];
	unsigned count = 0;

	for (size_t i = 0; i < GROWTH_COUNT; i++) {
		enum metric_id id = GROWTHS[i].metric;
		struct report_point *before, *points;
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
gather_findings(struct report *r, const struct engine *e)
{
	const struct node_event *ev;
	size_t it = 0;

	while ((ev = engine_past_event(e, r->range.from_ms, r->range.to_ms, &it)) != NULL) {
		if (ev->type != EVENT_ANOMALY)
			continue;
		if (r->finding_count == REPORT_FINDINGS_MAX) {
			node_event_unref(r->findings[0]);
			memmove(&r->findings[0], &r->findings[1], --r->finding_count * sizeof(r->findings[0]));
			r->findings_left_out++;
		}
		/* The reference is counted in the event, which is not changed otherwise. */
		r->findings[r->finding_count++] = node_event_ref((struct node_event *)(uintptr_t)ev);
	}
}

static void
gather_links(struct report *r, const struct engine *e)
{
	const struct past_link *l;
	size_t it = 0;

	while ((l = engine_past_link(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		r->links[r->link_count++] = *l;
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
	gather_findings(r, e);
	gather_links(r, e);
	report_judge(r);
	return r;
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	gather_release(r);
	for (unsigned i = 0; i < r->finding_count; i++)
		node_event_unref(r->findings[i]);
	for (unsigned i = 0; i < r->line_count; i++)
		free(r->lines[i].points);
	readings_columns_release(&r->columns);
	free(r->recommendations);
	free(r->last);
	free(r);
}
