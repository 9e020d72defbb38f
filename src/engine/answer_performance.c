/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's performance_metrics, nested as the metric table's seed paths say. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"

static double
observed(const struct sample *s, enum metric_id id)
{
	return s && s->present[id] ? s->value[id] : (double)NAN;
}

static void
cpu_arrays(struct jsonw *j, const struct sample *s)
{
	static const enum metric_id load[] = { METRIC_LOAD1, METRIC_LOAD5, METRIC_LOAD15 };

	jsonw_key(j, "load_average");
	jsonw_array(j);
	for (size_t i = 0; i < ARRAY_LEN(load); i++)
		jsonw_double(j, observed(s, load[i]));
	jsonw_end(j);
	jsonw_key(j, "scheduler_utilization");
	jsonw_array(j);
	for (unsigned i = 0; s && i < s->scheduler_count; i++)
		jsonw_double(j, (double)s->scheduler_utilization[i]);
	jsonw_end(j);
}

/* field_in is the field of a seed path that is in the group, or NULL: "memory.total" in "memory" is "total". */
static const char *
field_in(const char *group, const char *seed_path)
{
	size_t len = strlen(group);

	return strncmp(seed_path, group, len) == 0 && seed_path[len] == '.' ? seed_path + len + 1 : NULL;
}

static void
write_group(struct jsonw *j, const char *group, const struct sample *s)
{
	jsonw_key(j, group);
	jsonw_object(j);
	for (int i = 0; i < METRIC_COUNT; i++) {
		const char *field = field_in(group, METRICS[i].seed_path);

		if (field)
			part_number(j, field, observed(s, (enum metric_id)i));
	}
	if (strcmp(group, "cpu") == 0)
		cpu_arrays(j, s);
	jsonw_end(j);
}

static void
write_metrics(struct jsonw *j, const struct sample *s)
{
	jsonw_key(j, "metrics");
	jsonw_object(j);
	for (int i = 0; i < METRIC_COUNT; i++)
		part_number(j, METRICS[i].name, observed(s, (enum metric_id)i));
	jsonw_end(j);
}

void
answer_performance(struct jsonw *j, const struct engine *e)
{
	static const char *const groups[] = { "cpu", "memory", "processes", "io", "gc" };
	const struct sample *s = engine_last(e);

	jsonw_object(j);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		write_group(j, groups[i], s);
	jsonw_key(j, "timestamp");
	if (s)
		jsonw_time(j, s->time_ms);
	else
		jsonw_null(j);
	write_metrics(j, s);
	jsonw_end(j);
}
