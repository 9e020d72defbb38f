/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

void
put_object(struct answer *a, const char *key)
{
	a->ops->key(a, key);
	a->ops->object(a);
}

void
put_array(struct answer *a, const char *key)
{
	a->ops->key(a, key);
	a->ops->array(a);
}

void
put_array_of(struct answer *a, const char *key, uint32_t count)
{
	a->ops->key(a, key);
	a->ops->array_of(a, count);
}

void
put_end(struct answer *a)
{
	a->ops->end(a);
}

void
part_text(struct answer *a, const char *key, const char *text)
{
	a->ops->key(a, key);
	a->ops->text(a, text);
}

void
part_word(struct answer *a, const char *key, const char *word)
{
	a->ops->key(a, key);
	a->ops->word(a, word);
}

void
part_integer(struct answer *a, const char *key, double value)
{
	a->ops->key(a, key);
	a->ops->integer(a, value);
}

void
part_real(struct answer *a, const char *key, double value)
{
	a->ops->key(a, key);
	a->ops->real(a, value);
}

void
part_bool(struct answer *a, const char *key, bool value)
{
	a->ops->key(a, key);
	a->ops->boolean(a, value);
}

void
part_time(struct answer *a, const char *key, int64_t time_ms)
{
	a->ops->key(a, key);
	a->ops->time(a, time_ms);
}

void
part_term(struct answer *a, const char *key, const struct term *t)
{
	a->ops->key(a, key);
	a->ops->term(a, t);
}

/* ---- numbers of the seed's types ---- */

double
seed_value(const struct answer *a, double value)
{
	return a->terms && !isfinite(value) ? 0 : value;
}

double
sample_value(const struct sample *s, enum metric_id id)
{
	return s && s->present[id] ? s->value[id] : (double)NAN;
}

void
part_seed_real(struct answer *a, const char *key, double value)
{
	part_real(a, key, seed_value(a, value));
}

/* A mean has no unit of its own. */
static bool
is_real(enum metric_id id)
{
	return METRICS[id].unit == UNIT_PERCENT || METRICS[id].unit == UNIT_LOAD || id == METRIC_MQ_AVERAGE;
}

void
part_measure(struct answer *a, const char *key, enum metric_id id, double value)
{
	if (is_real(id))
		part_real(a, key, value);
	else
		part_integer(a, key, value);
}

void
part_metric(struct answer *a, const char *key, enum metric_id id, double value)
{
	part_measure(a, key, id, seed_value(a, value));
}

/* part_count: 0 means that it was not counted. */
static void
part_count(struct answer *a, const char *key, uint64_t count)
{
	part_integer(a, key, seed_value(a, count ? (double)count : (double)NAN));
}

static void
part_truncated(struct answer *a, bool truncated)
{
	if (truncated)
		part_bool(a, "truncated", true);
}

static bool
is_cut(const struct term *t)
{
	return t && t->truncated;
}

void
part_cut(struct answer *a, const struct term *t, const struct term *u)
{
	part_truncated(a, is_cut(t) || is_cut(u));
}

static void
process_fields(struct answer *a, const struct top_process *p)
{
	part_text(a, "pid", p->pid);
	part_text(a, "name", p->name);
	part_integer(a, "value", p->value);
	part_text(a, "initial_call", p->initial_call);
	part_text(a, "current_function", p->current_function);
	part_integer(a, "message_queue_len", p->queue_len);
	part_integer(a, "message_queue_fill_rate", p->queue_rate);
	part_integer(a, "memory", p->memory);
	part_integer(a, "binary_memory", p->binary);
	part_integer(a, "reductions_per_second", p->reductions);
	part_text(a, "application", p->application);
	put_array(a, "ancestors");
	for (unsigned i = 0; i < p->ancestor_count; i++)
		a->ops->text(a, p->ancestors[i]);
	put_end(a);
}

void
part_process(struct answer *a, const struct top_process *p)
{
	a->ops->object(a);
	process_fields(a, p);
	put_end(a);
}

void
part_culprit(struct answer *a, const struct culprit *c)
{
	a->ops->object(a);
	process_fields(a, &c->process);
	part_word(a, "kind", culprit_kind_name(c->kind));
	part_text(a, "detail", c->detail);
	part_integer(a, "count", c->count);
	part_integer(a, "growth", c->growth);
	part_real(a, "growth_share", c->share);
	part_time(a, "growth_since", c->since_ms);
	put_end(a);
}

/* ---- anomalies ---- */

static void
metric_fields(struct answer *a, const struct anomaly *anomaly)
{
	const struct metric *m = &METRICS[anomaly->metric];
	char unit[32];

	snprintf(unit, sizeof(unit), "%s%s", metric_unit_name(m->unit), m->watch == WATCH_RATE ? "/s" : "");
	if (m->watch == WATCH_RATE) {
		part_seed_real(a, "current_value", anomaly->current_value);
		part_seed_real(a, "baseline_value", anomaly->baseline_value);
	} else {
		part_metric(a, "current_value", anomaly->metric, anomaly->current_value);
		part_metric(a, "baseline_value", anomaly->metric, anomaly->baseline_value);
	}
	part_real(a, "deviation", anomaly->deviation);
	part_word(a, "metric", m->name);
	part_text(a, "unit", unit);
}

static void
child_fields(struct answer *a, const struct anomaly *anomaly)
{
	part_term(a, "child_id", anomaly->child_id);
	part_term(a, "supervisor", anomaly->supervisor);
	part_count(a, "restart_count", anomaly->restart_count);
	part_cut(a, anomaly->child_id, anomaly->supervisor);
}

void
part_table(struct answer *a, const struct survey_table *t)
{
	a->ops->object(a);
	part_text(a, "name", t->name);
	part_bool(a, "named", t->named);
	part_text(a, "owner", t->owner);
	part_integer(a, "count", t->count);
	part_integer(a, "size", t->size);
	part_integer(a, "memory", t->memory);
	part_real(a, "growth_per_hour", t->growth.per_hour);
	part_time(a, "growth_since", t->growth.since_ms);
	put_end(a);
}

void
part_processes(struct answer *a, const char *key, const struct top_process *p, unsigned count)
{
	put_array(a, key);
	for (unsigned i = 0; i < count; i++)
		part_process(a, &p[i]);
	put_end(a);
}

void
part_anomaly(struct answer *a, const struct anomaly *anomaly)
{
	a->ops->object(a);
	part_anomaly_fields(a, anomaly);
	put_end(a);
}

void
part_anomaly_fields(struct answer *a, const struct anomaly *anomaly)
{
	part_word(a, "type", ANOMALIES[anomaly->type].name);
	part_word(a, "severity", severity_name(anomaly->severity));
	part_text(a, "description", anomaly->description);
	if (anomaly->metric != METRIC_NONE)
		metric_fields(a, anomaly);
	if (anomaly->type == ANOMALY_RESTART)
		child_fields(a, anomaly);
	part_time(a, "timestamp", anomaly->time_ms);
	part_real(a, "score", anomaly->score);
	part_text(a, "incident", anomaly->incident);
	part_bool(a, "root", anomaly->root);
	put_array(a, "culprits");
	for (unsigned i = 0; i < anomaly->culprit_count; i++)
		part_culprit(a, &anomaly->culprits[i]);
	put_end(a);
}

/* ---- restarts ---- */

/* The type is the supervisor's word; only those that OTP has become atoms. */
static void
part_restart_type(struct answer *a, const char *type)
{
	static const char *const known[] = { "permanent", "transient", "temporary", "intrinsic" };

	a->ops->key(a, "restart_type");
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(type, known[i]) == 0) {
			a->ops->word(a, type);
			return;
		}
	a->ops->text(a, type);
}

static void
part_collateral(struct answer *a, const struct restart *r)
{
	part_integer(a, "collateral", r->collateral);
	if (r->collateral == 0)
		return;
	put_array(a, "collateral_children");
	for (unsigned i = 0; i < r->sibling_count; i++)
		if (!term_same(r->siblings->ids[i], r->child_id))
			a->ops->term(a, r->siblings->ids[i]);
	put_end(a);
}

void
part_restart(struct answer *a, const struct restart *r)
{
	a->ops->object(a);
	part_term(a, "supervisor", r->supervisor);
	part_term(a, "child_id", r->child_id);
	part_term(a, "reason", r->reason);
	part_time(a, "timestamp", r->time_ms);
	part_count(a, "restart_count", r->restart_count);
	part_term(a, "child_pid", r->child_pid);
	part_word(a, "kind", restart_kind_name(r->kind));
	part_restart_type(a, r->restart_type);
	part_bool(a, "group", r->group);
	if (r->times > 1)
		part_integer(a, "times", (double)r->times);
	if (r->undone)
		part_bool(a, "restarted", false);
	if (r->collateral_known)
		part_collateral(a, r);
	part_truncated(a, is_cut(r->supervisor) || is_cut(r->child_id) || is_cut(r->reason));
	put_end(a);
}
