/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void
part_text(struct jsonw *j, const char *key, const char *text)
{
	jsonw_key(j, key);
	jsonw_str(j, text && text[0] ? text : NULL);
}

void
part_number(struct jsonw *j, const char *key, double value)
{
	jsonw_key(j, key);
	jsonw_double(j, value);
}

void
part_time(struct jsonw *j, const char *key, int64_t time_ms)
{
	jsonw_key(j, key);
	jsonw_time(j, time_ms);
}

/* part_count: 0 means that it was not counted. */
static void
part_count(struct jsonw *j, const char *key, uint64_t count)
{
	jsonw_key(j, key);
	if (count)
		jsonw_uint(j, count);
	else
		jsonw_null(j);
}

static void
part_term(struct jsonw *j, const char *key, const struct term *t)
{
	part_text(j, key, t ? t->text : NULL);
}

static void
part_truncated(struct jsonw *j, bool truncated)
{
	if (!truncated)
		return;
	jsonw_key(j, "truncated");
	jsonw_bool(j, true);
}

static bool
is_cut(const struct term *t)
{
	return t && t->truncated;
}

void
part_process(struct jsonw *j, const struct top_process *p)
{
	jsonw_object(j);
	part_text(j, "pid", p->pid);
	part_text(j, "name", p->name);
	part_number(j, "value", p->value);
	part_text(j, "initial_call", p->initial_call);
	part_text(j, "current_function", p->current_function);
	part_number(j, "message_queue_len", p->queue_len);
	part_number(j, "memory", p->memory);
	part_number(j, "reductions_per_second", p->reductions);
	jsonw_end(j);
}

/* ---- anomalies ---- */

static void
metric_fields(struct jsonw *j, const struct anomaly *a)
{
	const struct metric *m = &METRICS[a->metric];
	char unit[32];

	snprintf(unit, sizeof(unit), "%s%s", metric_unit_name(m->unit), m->watch == WATCH_RATE ? "/s" : "");
	part_number(j, "current_value", a->current_value);
	part_number(j, "baseline_value", a->baseline_value);
	part_number(j, "deviation", a->deviation);
	part_text(j, "metric", m->name);
	part_text(j, "unit", unit);
}

static void
child_fields(struct jsonw *j, const struct anomaly *a)
{
	part_term(j, "child_id", a->child_id);
	part_term(j, "supervisor", a->supervisor);
	part_count(j, "restart_count", a->restart_count);
	part_truncated(j, is_cut(a->child_id) || is_cut(a->supervisor));
}

void
part_anomaly(struct jsonw *j, const struct anomaly *a)
{
	jsonw_object(j);
	part_text(j, "type", ANOMALIES[a->type].name);
	part_text(j, "severity", severity_name(a->severity));
	part_text(j, "description", a->description);
	if (a->metric != METRIC_NONE)
		metric_fields(j, a);
	if (a->type == ANOMALY_RESTART)
		child_fields(j, a);
	part_time(j, "timestamp", a->time_ms);
	part_number(j, "score", a->score);
	jsonw_key(j, "culprits");
	jsonw_array(j);
	for (unsigned i = 0; i < a->culprit_count; i++)
		part_process(j, &a->culprits[i]);
	jsonw_end(j);
	jsonw_end(j);
}

void
part_restart(struct jsonw *j, const struct restart *r)
{
	jsonw_object(j);
	part_term(j, "supervisor", r->supervisor);
	part_term(j, "child_id", r->child_id);
	part_term(j, "reason", r->reason);
	part_time(j, "timestamp", r->time_ms);
	part_count(j, "restart_count", r->restart_count);
	part_term(j, "child_pid", r->child_pid);
	part_text(j, "kind", restart_kind_name(r->kind));
	part_text(j, "restart_type", r->restart_type);
	jsonw_key(j, "group");
	jsonw_bool(j, r->group);
	part_truncated(j, is_cut(r->supervisor) || is_cut(r->child_id) || is_cut(r->reason));
	jsonw_end(j);
}

/* ---- health ---- */

static void
criterion_fields(struct jsonw *j, const struct health *h)
{
	jsonw_key(j, "criteria");
	jsonw_object(j);
	for (int c = 0; c < CRITERION_COUNT; c++) {
		const struct criterion_state *s = &h->criteria[c];

		jsonw_key(j, CRITERIA[c].name);
		jsonw_object(j);
		part_text(j, "level", level_name(s->level));
		part_number(j, "value", s->level == LEVEL_UNKNOWN ? NAN : s->value);
		part_text(j, "unit", CRITERIA[c].unit);
		part_number(j, "warning", s->warning);
		part_number(j, "critical", s->critical);
		jsonw_end(j);
	}
	jsonw_end(j);
}

/* The rows of one group stand together in the table. */
static void
number_fields(struct jsonw *j, const struct health *h)
{
	const char *open = "";

	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++) {
		const struct health_number_row *row = &HEALTH_NUMBERS[i];

		if (strcmp(row->group, open) != 0) {
			if (open[0])
				jsonw_end(j);
			if (row->group[0]) {
				jsonw_key(j, row->group);
				jsonw_object(j);
			}
			open = row->group;
		}
		part_number(j, row->field, h->numbers[i]);
	}
	if (open[0])
		jsonw_end(j);
}

void
part_health_fields(struct jsonw *j, const struct health *h)
{
	part_text(j, "overall_status", level_name(h->overall));
	number_fields(j, h);
	part_number(j, "restart_rate", h->restart_rate);
	jsonw_key(j, "anomalies");
	jsonw_array(j);
	for (unsigned i = 0; i < h->anomaly_count; i++)
		part_anomaly(j, &h->anomalies[i]->u.anomaly);
	jsonw_end(j);
	jsonw_key(j, "recommendations");
	jsonw_array(j);
	for (unsigned i = 0; i < h->recommendation_count; i++)
		jsonw_str(j, h->recommendations[i]);
	jsonw_end(j);
	jsonw_key(j, "last_check");
	if (h->last_check_ms)
		jsonw_time(j, h->last_check_ms);
	else
		jsonw_null(j);
	criterion_fields(j, h);
}
