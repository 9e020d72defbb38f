/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what was found, each into a caller's array: as many as it has room for. */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/foresight.h"
#include "lib/handle.h"

#define LISTED_MAX 10000

/* check_list: whether that can be a caller's array of structs. */
static int
check_list(struct arsenal *a, const char *what, int64_t now_ms, const void *out, size_t size, const size_t *count)
{
	int code = time_check(a, now_ms);

	if (code != ARSENAL_OK)
		return code;
	if (count == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "%s: count is NULL", what);
	if (*count == 0 || *count > LISTED_MAX)
		return fail(a, ARSENAL_ERR_RANGE, "%s: room for %zu, which is not 1 to %d", what, *count, LISTED_MAX);
	return struct_check(a, out, size);
}

/* ---- patterns ---- */

_Static_assert(ARSENAL_PATTERN_MEMBERS == PATTERN_MEMBERS, "members of a cascade");

static void
pattern_take(const struct pattern *from, struct arsenal_pattern *to)
{
	*to = (struct arsenal_pattern) {
		.type = (enum arsenal_pattern_type)from->type,
		.active = from->active,
		.supervisor = term_text(from->supervisor),
		.child = term_text(from->child_id),
		.frequency = from->frequency,
		.confidence = from->confidence,
		.first_ms = from->first_ms,
		.last_ms = from->last_ms,
		.detected_ms = from->detected_ms,
		.interval_ms = from->interval_ms,
		.jitter = from->jitter,
		.missed = from->missed,
		.delay_ms = from->delay_ms,
		.resource = from->resource == METRIC_NONE ? NULL : METRICS[from->resource].name,
		.resource_threshold = from->resource_threshold,
		.fired = from->fired,
		.member_count = from->member_count,
	};
	for (unsigned i = 0; i < from->member_count; i++) {
		to->members[i].supervisor = term_text(from->members[i].supervisor);
		to->members[i].child = term_text(from->members[i].child_id);
	}
	snprintf(to->text, sizeof(to->text), "%s", from->text);
}

int
arsenal_get_patterns(struct arsenal *a, int64_t now_ms, struct arsenal_pattern *out, size_t size, size_t *count)
{
	int code = check_list(a, "patterns", now_ms, out, size, count);
	struct pattern *list;

	if (code != ARSENAL_OK)
		return code;
	list = xcalloc(*count, sizeof(*list));
	*count = engine_patterns(a->engine, now_ms, list, *count);
	for (size_t i = 0; i < *count; i++) {
		struct arsenal_pattern body;

		pattern_take(&list[i], &body);
		give_struct(a, (char *)out + i * size, size, &body, sizeof(body));
	}
	free(list);
	return ARSENAL_OK;
}

/* ---- foresight ---- */

static void
prediction_take(const struct prediction *from, struct arsenal_prediction *to)
{
	*to = (struct arsenal_prediction) {
		.type = (enum arsenal_prediction_type)from->kind,
		.supervisor = term_text(from->supervisor),
		.child = from->child_id ? from->child_id->text : NULL,
		.next_ms = from->expected_ms,
		.earliest_ms = from->earliest_ms,
		.latest_ms = from->latest_ms,
		.confidence = from->confidence,
		.resource = from->resource == METRIC_NONE ? NULL : METRICS[from->resource].name,
		.trigger = from->threshold,
		.present = from->present,
		.distance = from->distance,
	};
	snprintf(to->text, sizeof(to->text), "%s", from->text);
}

int
arsenal_get_predictions(struct arsenal *a, int64_t now_ms, struct arsenal_prediction *out, size_t size, size_t *count)
{
	int code = check_list(a, "predictions", now_ms, out, size, count);
	struct prediction *list;

	if (code != ARSENAL_OK)
		return code;
	list = xcalloc(*count, sizeof(*list));
	*count = engine_predictions(a->engine, now_ms, list, *count);
	for (size_t i = 0; i < *count; i++) {
		struct arsenal_prediction body;

		prediction_take(&list[i], &body);
		give_struct(a, (char *)out + i * size, size, &body, sizeof(body));
	}
	free(list);
	return ARSENAL_OK;
}

static void
capacity_take(const struct capacity *from, struct arsenal_capacity *to)
{
	const struct resource_row *row = &RESOURCES[from->resource];

	*to = (struct arsenal_capacity) {
		.resource = row->name,
		.metric = METRICS[row->metric].name,
		.current = from->current,
		.limit = from->limit,
		.growth_per_hour = from->growth_per_hour,
		.growth_low = from->growth_low,
		.growth_high = from->growth_high,
		.utilization = from->utilization,
		.trend = from->trend,
		.span_ms = from->span_ms,
		.full_ms = from->full_ms,
		.earliest_ms = from->full_earliest_ms,
		.latest_ms = from->full_latest_ms,
		.horizon_ms = from->horizon_ms,
		.confidence = from->confidence,
	};
	snprintf(to->text, sizeof(to->text), "%s", from->text);
}

int
arsenal_get_capacity(struct arsenal *a, int64_t now_ms, struct arsenal_capacity *out, size_t size, size_t *count)
{
	int code = check_list(a, "capacity", now_ms, out, size, count);
	struct capacity all[RESOURCE_COUNT];

	if (code != ARSENAL_OK)
		return code;
	*count = engine_capacity(a->engine, now_ms, all, *count);
	for (size_t i = 0; i < *count; i++) {
		struct arsenal_capacity body;

		capacity_take(&all[i], &body);
		give_struct(a, (char *)out + i * size, size, &body, sizeof(body));
	}
	return ARSENAL_OK;
}
