/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of metrics, criteria, types and levels, as the outside sees them. */
#include <string.h>

#include "engine/foresight.h"
#include "lib/handle.h"

/* ---- metrics ---- */

int
arsenal_metric_count(void)
{
	return METRIC_COUNT;
}

static const struct metric *
metric_row(int id)
{
	return id >= 0 && id < METRIC_COUNT ? &METRICS[id] : NULL;
}

int
arsenal_metric_id(const char *name)
{
	enum metric_id id = name ? metric_find(name, strlen(name)) : METRIC_NONE;

	return id == METRIC_NONE ? -1 : (int)id;
}

const char *
arsenal_metric_name(int id)
{
	return metric_row(id) ? METRICS[id].name : NULL;
}

const char *
arsenal_metric_unit(int id)
{
	return metric_row(id) ? metric_unit_name(METRICS[id].unit) : NULL;
}

const char *
arsenal_metric_help(int id)
{
	return metric_row(id) ? METRICS[id].help : NULL;
}

int
arsenal_metric_kind_of(int id)
{
	if (metric_row(id) == NULL)
		return -1;
	return METRICS[id].kind == KIND_COUNTER ? ARSENAL_COUNTER : ARSENAL_GAUGE;
}

/* ---- criteria ---- */

int
arsenal_criterion_count(void)
{
	return CRITERION_COUNT;
}

int
arsenal_criterion_id(const char *name)
{
	for (int i = 0; name && i < CRITERION_COUNT; i++)
		if (strcmp(CRITERIA[i].name, name) == 0)
			return i;
	return -1;
}

static const struct criterion_row *
criterion_row(int id)
{
	return id >= 0 && id < CRITERION_COUNT ? &CRITERIA[id] : NULL;
}

const char *
arsenal_criterion_name(int id)
{
	return criterion_row(id) ? CRITERIA[id].name : NULL;
}

const char *
arsenal_criterion_unit(int id)
{
	return criterion_row(id) ? CRITERIA[id].unit : NULL;
}

const char *
arsenal_criterion_help(int id)
{
	return criterion_row(id) ? CRITERIA[id].help : NULL;
}

/* ---- names ---- */

/* The public numbers are the engine's own; types are their bits. */
_Static_assert(ARSENAL_EVENTS_ALL == (1u << EVENT_TYPE_COUNT) - 1, "every type has its bit");
_Static_assert(ARSENAL_EVENT_RESTART == 1 << EVENT_RESTART, "bit");
_Static_assert(ARSENAL_EVENT_HEALTH_ALERT == 1 << EVENT_HEALTH_ALERT, "bit");
_Static_assert(ARSENAL_EVENT_PERFORMANCE_ALERT == 1 << EVENT_PERFORMANCE_ALERT, "bit");
_Static_assert(ARSENAL_EVENT_ANOMALY == 1 << EVENT_ANOMALY, "bit");
_Static_assert(ARSENAL_EVENT_NODE == 1 << EVENT_NODE, "bit");
_Static_assert(ARSENAL_EVENT_INCIDENT == 1 << EVENT_INCIDENT, "bit");
_Static_assert((int)ARSENAL_LOW == (int)SEVERITY_LOW && (int)ARSENAL_HIGH == (int)SEVERITY_HIGH, "severity");
_Static_assert((int)ARSENAL_UNKNOWN == (int)LEVEL_UNKNOWN && (int)ARSENAL_CRITICAL == (int)LEVEL_CRITICAL, "level");
_Static_assert((int)ARSENAL_RESTART_DONE == (int)RESTART_DONE && (int)ARSENAL_RESTART_GAVE_UP == (int)RESTART_GAVE_UP,
    "restart kind");
_Static_assert(ARSENAL_TEXT_MAX == TERM_TEXT_MAX && ARSENAL_NAME_MAX == NODE_NAME_MAX, "texts");
_Static_assert((int)ARSENAL_PATTERN_STORM == (int)PATTERN_STORM &&
	(int)ARSENAL_PATTERN_CASCADE == (int)PATTERN_CASCADE &&
	(int)ARSENAL_PATTERN_PERIODIC == (int)PATTERN_PERIODIC &&
	(int)ARSENAL_PATTERN_RESOURCE == (int)PATTERN_RESOURCE,
    "pattern types");
_Static_assert((int)ARSENAL_PREDICTION_PERIODIC == (int)PREDICTION_PERIODIC &&
	(int)ARSENAL_PREDICTION_RESOURCE == (int)PREDICTION_RESOURCE &&
	(int)ARSENAL_PREDICTION_BUDGET == (int)PREDICTION_BUDGET,
    "prediction types");
_Static_assert(ARSENAL_SCHEDULERS_MAX == SAMPLE_MAX_SCHEDULERS, "schedulers");

const char *
arsenal_event_type_name(int type)
{
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		if (type == 1 << i)
			return event_type_name((enum event_type)i);
	return NULL;
}

int
arsenal_event_type_find(const char *name)
{
	enum event_type type = name ? event_type_find(name, strlen(name)) : EVENT_TYPE_COUNT;

	return type == EVENT_TYPE_COUNT ? 0 : 1 << type;
}

const char *
arsenal_severity_name(int severity)
{
	if (severity < ARSENAL_LOW || severity > ARSENAL_HIGH)
		return NULL;
	return severity_name((enum severity)severity);
}

const char *
arsenal_level_name(int level)
{
	if (level < ARSENAL_UNKNOWN || level > ARSENAL_CRITICAL)
		return NULL;
	return level_name((enum level)level);
}

const char *
arsenal_pattern_type_name(int type)
{
	return type >= 0 && type < PATTERN_TYPE_COUNT ? PATTERNS[type].name : NULL;
}

const char *
arsenal_prediction_type_name(int type)
{
	return type >= 0 && type < PREDICTION_KIND_COUNT ? prediction_kind_name((enum prediction_kind)type) : NULL;
}
