/* SPDX-License-Identifier: Apache-2.0 */
/* Foresight: a list of what will fail next, and a map of what may run out. No trend, no date: then they are null. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/foresight.h"

/* In one answer; the next to come are first. */
#define PREDICTIONS_LISTED 200

/* ---- predictions ---- */

/* The seed's names: trigger, resource_type. */
static void
trigger_fields(struct answer *a, const struct prediction *p)
{
	part_word(a, "resource_type", resource_word(p->resource));
	part_word(a, "metric", METRICS[p->resource].name);
	part_measure(a, "trigger", p->resource, p->threshold);
	part_measure(a, "present", p->resource, p->present);
	part_measure(a, "distance", p->resource, p->distance);
	part_text(a, "unit", metric_unit_name(METRICS[p->resource].unit));
}

static void
budget_fields(struct answer *a, const struct prediction *p)
{
	part_integer(a, "left", p->budget_left);
	part_integer(a, "intensity", p->budget_intensity);
	part_integer(a, "period", (double)p->budget_period_ms);
}

static void
prediction(struct answer *a, const struct prediction *p)
{
	a->ops->object(a);
	part_word(a, "type", prediction_kind_name(p->kind));
	part_text(a, "text", p->text);
	part_term(a, "child_id", p->child_id);
	part_term(a, "supervisor", p->supervisor);
	part_time(a, "next_failure", p->expected_ms);
	part_time(a, "earliest", p->earliest_ms);
	part_time(a, "latest", p->latest_ms);
	part_real(a, "confidence", p->confidence);
	if (p->kind == PREDICTION_RESOURCE)
		trigger_fields(a, p);
	if (p->kind == PREDICTION_BUDGET)
		budget_fields(a, p);
	part_cut(a, p->child_id, p->supervisor);
	put_end(a);
}

void
part_predictions(struct answer *a, const struct prediction *p, size_t count)
{
	a->ops->array(a);
	for (size_t i = 0; i < count; i++)
		prediction(a, &p[i]);
	put_end(a);
}

void
answer_predictions(struct answer *a, const struct engine *e, int64_t now_ms)
{
	struct prediction *list = xcalloc(PREDICTIONS_LISTED, sizeof(*list));

	part_predictions(a, list, engine_predictions(e, now_ms, list, PREDICTIONS_LISTED));
	free(list);
}

/* ---- capacity ---- */

static double
time_left(const struct capacity *c, int64_t now_ms)
{
	return c->full_ms == 0 ? (double)NAN : fmax(0, (double)(c->full_ms - now_ms));
}

static void
growth_fields(struct answer *a, const struct capacity *c)
{
	part_bool(a, "trend", c->trend);
	part_real(a, "growth_per_hour", c->growth_per_hour);
	put_object(a, "growth_range");
	part_real(a, "low", c->growth_low);
	part_real(a, "high", c->growth_high);
	put_end(a);
	part_integer(a, "span", (double)c->span_ms);
}

static void
date_fields(struct answer *a, const struct capacity *c, int64_t now_ms)
{
	part_integer(a, "time_left", time_left(c, now_ms));
	part_time(a, "full_at", c->full_ms);
	part_time(a, "earliest", c->full_earliest_ms);
	part_time(a, "latest", c->full_latest_ms);
	part_integer(a, "horizon", (double)c->horizon_ms);
	part_real(a, "confidence", c->confidence);
}

static void
capacity(struct answer *a, const struct capacity *c, int64_t now_ms)
{
	enum metric_id metric = RESOURCES[c->resource].metric;

	put_object(a, RESOURCES[c->resource].name);
	part_measure(a, "current", metric, c->current);
	part_measure(a, "limit", metric, c->limit);
	part_text(a, "unit", metric_unit_name(METRICS[metric].unit));
	part_real(a, "utilization", c->utilization);
	growth_fields(a, c);
	date_fields(a, c, now_ms);
	part_text(a, "text", c->text);
	put_end(a);
}

void
part_capacity(struct answer *a, const struct capacity *c, size_t count, int64_t now_ms)
{
	a->ops->object(a);
	for (size_t i = 0; i < count; i++)
		capacity(a, &c[i], now_ms);
	put_end(a);
}

void
answer_capacity(struct answer *a, const struct engine *e, int64_t now_ms)
{
	struct capacity all[RESOURCE_COUNT];

	part_capacity(a, all, engine_capacity(e, now_ms, all, RESOURCE_COUNT), now_ms);
}
