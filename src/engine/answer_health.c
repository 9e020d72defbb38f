/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer_health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/answer_parts.h"
#include "engine/state.h"

/* ---- the seed's numbers ---- */

/* The rows of one group stand together in the table. */
static void
number_fields(struct answer *a, const double numbers[HEALTH_NUMBER_COUNT])
{
	const char *open = "";

	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++) {
		const struct health_number_row *row = &HEALTH_NUMBERS[i];

		if (strcmp(row->group, open) != 0) {
			if (open[0])
				put_end(a);
			if (row->group[0])
				put_object(a, row->group);
			open = row->group;
		}
		part_metric(a, row->field, row->metric, numbers[i]);
	}
	if (open[0])
		put_end(a);
}

/* JSON has null at the very place instead. */
static void
not_observed(struct answer *a, const double numbers[HEALTH_NUMBER_COUNT], double restart_rate)
{
	char path[64];

	if (!a->terms)
		return;
	put_array(a, "not_observed");
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++) {
		const struct health_number_row *row = &HEALTH_NUMBERS[i];

		if (isfinite(numbers[i]))
			continue;
		snprintf(path, sizeof(path), "%s%s%s", row->group, row->group[0] ? "." : "", row->field);
		a->ops->text(a, path);
	}
	if (!isfinite(restart_rate))
		a->ops->text(a, "restart_rate");
	put_end(a);
}

static void
judged_fields(struct answer *a, enum level overall, const double numbers[HEALTH_NUMBER_COUNT], double restart_rate)
{
	part_word(a, "overall_status", level_name(overall));
	number_fields(a, numbers);
	part_seed_real(a, "restart_rate", restart_rate);
}

static void
anomaly_fields(struct answer *a, struct node_event *const *anomalies, unsigned count)
{
	put_array(a, "anomalies");
	for (unsigned i = 0; i < count; i++)
		part_anomaly(a, &anomalies[i]->u.anomaly);
	put_end(a);
}

/* ---- the present, and alerts ---- */

static void
criterion_fields(struct answer *a, const struct health *h)
{
	put_object(a, "criteria");
	for (int c = 0; c < CRITERION_COUNT; c++) {
		const struct criterion_state *s = &h->criteria[c];

		put_object(a, CRITERIA[c].name);
		part_word(a, "level", level_name(s->level));
		part_real(a, "value", s->level == LEVEL_UNKNOWN ? (double)NAN : s->value);
		part_text(a, "unit", CRITERIA[c].unit);
		part_real(a, "warning", s->warning);
		part_real(a, "critical", s->critical);
		put_end(a);
	}
	put_end(a);
}

void
health_fields(struct answer *a, const struct health *h)
{
	judged_fields(a, h->overall, h->numbers, h->restart_rate);
	anomaly_fields(a, h->anomalies, h->anomaly_count);
	put_array(a, "recommendations");
	for (unsigned i = 0; i < h->recommendation_count; i++)
		a->ops->text(a, h->recommendations[i]);
	put_end(a);
	part_time(a, "last_check", h->last_check_ms);
	not_observed(a, h->numbers, h->restart_rate);
	criterion_fields(a, h);
}

/* What the figures stand on: which criteria could not be judged, since when restarts are seen, and why not. */
static void
observed_fields(struct answer *a, const struct engine *e, const struct health *h)
{
	put_object(a, "observed");
	part_bool(a, "restarts", capture_is_on(e));
	part_time(a, "restarts_since", e->capture_since_ms);
	put_array(a, "missing");
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (h->criteria[c].level == LEVEL_UNKNOWN)
			a->ops->word(a, CRITERIA[c].name);
	put_end(a);
	part_text(a, "note", e->info.note);
	put_end(a);
}

void
answer_health(struct answer *a, const struct engine *e, int64_t now_ms)
{
	struct health h;

	engine_health(e, now_ms, &h);
	a->ops->object(a);
	health_fields(a, &h);
	observed_fields(a, e, &h);
	put_end(a);
}

/* ---- the past ---- */

static void
recommendation_lines(struct answer *a, const char *lines)
{
	char line[sizeof(((struct health *)0)->recommendations[0])];

	put_array(a, "recommendations");
	for (const char *p = lines; *p; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)len, p);
		if (len)
			a->ops->text(a, line);
		p += len;
	}
	put_end(a);
}

static void
level_fields(struct answer *a, const enum level levels[CRITERION_COUNT])
{
	put_object(a, "levels");
	for (int c = 0; c < CRITERION_COUNT; c++)
		part_word(a, CRITERIA[c].name, level_name(levels[c]));
	put_end(a);
}

void
health_past(struct answer *a, const struct past_check *check, const struct sample *s)
{
	double numbers[HEALTH_NUMBER_COUNT];

	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		numbers[i] = sample_value(s, HEALTH_NUMBERS[i].metric);
	a->ops->object(a);
	judged_fields(a, check->overall, numbers, check->restart_rate);
	anomaly_fields(a, check->anomalies, check->anomaly_count);
	recommendation_lines(a, check->recommendations);
	part_time(a, "last_check", check->time_ms);
	not_observed(a, numbers, check->restart_rate);
	level_fields(a, check->levels);
	put_end(a);
}
