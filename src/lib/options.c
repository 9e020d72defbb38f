/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "engine/selection.h"
#include "lib/handle.h"

#define THRESHOLD_MIN 0.1
#define THRESHOLD_MAX 100
#define NAMES_MAX 10000
/* Events that one input can cause, and more. They are handed on before the next. */
#define ENGINE_EVENTS 1024

/* The whole numbers and their ranges; size_t and int64_t have room for all. */
static const struct {
	const char *name;
	size_t offset;
	bool is_size; /* size_t; else int64_t */
	int64_t min, max;
} NUMBERS[] = {
#define INT64(field) #field, offsetof(struct arsenal_options, field), false
#define SIZE(field) #field, offsetof(struct arsenal_options, field), true
	{ INT64(interval_ms), 10, 86400000 },
	{ INT64(retention_ms), 1000, INT64_C(315360000000) },
	{ SIZE(max_history_size), 1, 1000000 },
	{ SIZE(max_history_bytes), 65536, sizeof(size_t) > 4 ? INT64_C(1) << 40 : INT64_C(1) << 31 },
	{ SIZE(max_events), 1, 1000000 },
	{ SIZE(max_children), 1, 1000000 },
#undef INT64
#undef SIZE
};

static const struct {
	size_t offset;
	enum selection_kind kind;
	bool metrics; /* then kind does not matter */
	bool except;
	const char *name;
} LISTS[] = {
#define LIST(field) offsetof(struct arsenal_options, field)
	{ LIST(only_supervisors), SELECT_SUPERVISOR, false, false, "only_supervisors" },
	{ LIST(except_supervisors), SELECT_SUPERVISOR, false, true, "except_supervisors" },
	{ LIST(only_children), SELECT_CHILD, false, false, "only_children" },
	{ LIST(except_children), SELECT_CHILD, false, true, "except_children" },
	{ LIST(only_metrics), SELECT_CHILD, true, false, "only_metrics" },
	{ LIST(except_metrics), SELECT_CHILD, true, true, "except_metrics" },
#undef LIST
};

/* ---- defaults ---- */

static struct arsenal_options
defaults(void)
{
	struct engine_options e = engine_defaults();

	return (struct arsenal_options) {
		.size = sizeof(struct arsenal_options),
		.interval_ms = e.interval_ms,
		.anomaly_threshold = e.anomaly_threshold,
		.retention_ms = e.retention_ms,
		.max_history_size = e.max_restarts,
		.max_history_bytes = e.max_history_bytes,
		.max_events = e.max_events,
		.max_children = e.max_children,
	};
}

void
arsenal_options_init(struct arsenal_options *options, size_t size)
{
	struct arsenal_options o = defaults();

	if (options == NULL || size < sizeof(o.size))
		return;
	/* A size that is none is left for arsenal_new to refuse. */
	o.size = size;
	if (size < sizeof(o) || give_struct(NULL, options, size, &o, sizeof(o)) != ARSENAL_OK)
		options->size = 0;
}

/* ---- a caller's ---- */

static int
check_numbers(struct arsenal *a, const struct arsenal_options *o)
{
	for (size_t i = 0; i < ARRAY_LEN(NUMBERS); i++) {
		const char *at = (const char *)o + NUMBERS[i].offset;
		size_t size;
		int64_t v;

		if (NUMBERS[i].is_size) {
			memcpy(&size, at, sizeof(size));
			v = size < INT64_MAX ? (int64_t)size : INT64_MAX;
		} else {
			memcpy(&v, at, sizeof(v));
		}
		if (v < NUMBERS[i].min || v > NUMBERS[i].max)
			return fail(a, ARSENAL_ERR_RANGE, "%s: %" PRId64 " is not from %" PRId64 " to %" PRId64,
			    NUMBERS[i].name, v, NUMBERS[i].min, NUMBERS[i].max);
	}
	if (!(o->anomaly_threshold >= THRESHOLD_MIN && o->anomaly_threshold <= THRESHOLD_MAX))
		return fail(a, ARSENAL_ERR_RANGE, "anomaly_threshold: %g is not from %g to %g", o->anomaly_threshold,
		    THRESHOLD_MIN, (double)THRESHOLD_MAX);
	return ARSENAL_OK;
}

static int
take_level(struct arsenal *a, const struct arsenal_levels *l, struct engine_options *to)
{
	int id = arsenal_criterion_id(l->criterion);

	if (l->criterion == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "levels: a criterion is NULL");
	if (id < 0)
		return fail(a, ARSENAL_ERR_UNKNOWN, "levels: there is no criterion \"%.64s\"", l->criterion);
	if (!(l->warning > 0 && l->warning <= l->critical && l->critical <= ARSENAL_VALUE_MAX))
		return fail(a, ARSENAL_ERR_RANGE, "levels of %s: 0 < warning %g <= critical %g <= %g does not hold",
		    l->criterion, l->warning, l->critical, ARSENAL_VALUE_MAX);
	to->warning[id] = l->warning;
	to->critical[id] = l->critical;
	return ARSENAL_OK;
}

static int
take_levels(struct arsenal *a, const struct arsenal_options *o, struct engine_options *to)
{
	int code = ARSENAL_OK;

	if (o->level_count > NAMES_MAX || (o->level_count > 0 && o->levels == NULL))
		return fail(a, ARSENAL_ERR_ARGUMENT, "levels: %zu of them, at %s", o->level_count,
		    o->levels ? "most 10000 make sense" : "NULL");
	for (size_t i = 0; i < o->level_count && code == ARSENAL_OK; i++)
		code = take_level(a, &o->levels[i], to);
	return code;
}

/* ---- the selection ---- */

static int
select_term(struct arsenal *a, size_t list, const char *name)
{
	int code = text_check(a, LISTS[list].name, name, ARSENAL_TEXT_MAX);
	struct term *t;

	if (code != ARSENAL_OK)
		return code;
	t = text_term(name, strlen(name), false);
	selection_term(a->selection, LISTS[list].kind, LISTS[list].except, t);
	term_unref(t);
	return ARSENAL_OK;
}

static int
select_metric(struct arsenal *a, size_t list, const char *name)
{
	int code = text_check(a, LISTS[list].name, name, ARSENAL_TEXT_MAX);
	struct err err;

	if (code != ARSENAL_OK)
		return code;
	if (!selection_metric(a->selection, LISTS[list].except, name, &err))
		return fail(a, ARSENAL_ERR_UNKNOWN, "%s: %s", LISTS[list].name, err.text);
	return ARSENAL_OK;
}

static int
take_list(struct arsenal *a, size_t list, const char *const *names)
{
	int code = ARSENAL_OK;

	for (size_t i = 0; names[i] && code == ARSENAL_OK; i++) {
		if (i == NAMES_MAX)
			return fail(a, ARSENAL_ERR_LIMIT, "%s: more than %d names", LISTS[list].name, NAMES_MAX);
		code = LISTS[list].metrics ? select_metric(a, list, names[i]) : select_term(a, list, names[i]);
	}
	return code;
}

static int
take_selection(struct arsenal *a, const struct arsenal_options *o)
{
	int code = ARSENAL_OK;

	for (size_t i = 0; i < ARRAY_LEN(LISTS) && code == ARSENAL_OK; i++) {
		const char *const *names;

		memcpy(&names, (const char *)o + LISTS[i].offset, sizeof(names));
		if (names == NULL)
			continue;
		if (names[0] == NULL)
			return fail(a, ARSENAL_ERR_ARGUMENT, "%s: an empty list; NULL is no list", LISTS[i].name);
		if (a->selection == NULL)
			a->selection = selection_new();
		code = take_list(a, i, names);
	}
	return code;
}

int
options_take(struct arsenal *a, const struct arsenal_options *from, struct engine_options *to, size_t *max_events)
{
	struct arsenal_options o = defaults();
	int code = from ? take_struct(a, &o, sizeof(o), from, from->size) : ARSENAL_OK;

	if (code == ARSENAL_OK)
		code = check_numbers(a, &o);
	*to = engine_defaults();
	if (code == ARSENAL_OK)
		code = take_levels(a, &o, to);
	if (code == ARSENAL_OK)
		code = take_selection(a, &o);
	to->interval_ms = o.interval_ms;
	to->anomaly_threshold = o.anomaly_threshold;
	to->retention_ms = o.retention_ms;
	to->max_restarts = o.max_history_size;
	to->max_past_events = o.max_history_size;
	to->max_history_bytes = o.max_history_bytes;
	to->max_children = o.max_children;
	to->max_events = ENGINE_EVENTS;
	to->selection = a->selection;
	*max_events = o.max_events;
	return code;
}
