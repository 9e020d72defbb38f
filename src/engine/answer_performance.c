/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer_performance.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "engine/answer_parts.h"

static const enum metric_id LOADS[] = { METRIC_LOAD1, METRIC_LOAD5, METRIC_LOAD15 };

/* ---- layout ---- */

/* field_in is the field of a seed path that is in the group, or NULL: "memory.total" in "memory" is "total". */
static const char *
field_in(const char *group, const char *seed_path)
{
	size_t len = strlen(group);

	return strncmp(seed_path, group, len) == 0 && seed_path[len] == '.' ? seed_path + len + 1 : NULL;
}

void
performance_layout_init(struct performance_layout *layout)
{
	static const char *const names[PERFORMANCE_GROUPS] = { "cpu", "memory", "processes", "io", "gc" };

	memset(layout, 0, sizeof(*layout));
	for (size_t g = 0; g < PERFORMANCE_GROUPS; g++) {
		layout->groups[g].name = names[g];
		for (int i = 0; i < METRIC_COUNT; i++) {
			const char *field = field_in(names[g], METRICS[i].seed_path);
			unsigned n = layout->groups[g].count;

			if (field == NULL)
				continue;
			assert(n < PERFORMANCE_FIELDS);
			layout->groups[g].fields[n].metric = (enum metric_id)i;
			layout->groups[g].fields[n].name = field;
			layout->groups[g].count++;
		}
	}
}

/* ---- a sample ---- */

/* A scheduler that is offline has null in JSON; as terms there is a number for each that is online. */
static void
cpu_arrays(struct answer *a, const struct sample *s)
{
	put_array(a, "load_average");
	for (size_t i = 0; i < ARRAY_LEN(LOADS); i++)
		a->ops->real(a, seed_value(a, sample_value(s, LOADS[i])));
	put_end(a);
	put_array(a, "scheduler_utilization");
	for (unsigned i = 0; s && i < s->scheduler_count; i++)
		if (!a->terms || isfinite(s->scheduler_utilization[i]))
			a->ops->real(a, (double)s->scheduler_utilization[i]);
	put_end(a);
}

static bool
loads_observed(const struct sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(LOADS); i++)
		if (!isfinite(sample_value(s, LOADS[i])))
			return false;
	return true;
}

static bool
schedulers_observed(const struct sample *s)
{
	for (unsigned i = 0; s && i < s->scheduler_count; i++)
		if (isfinite(s->scheduler_utilization[i]))
			return true;
	return false;
}

/* JSON has null at the very place instead. */
static void
not_observed(struct answer *a, const struct performance_layout *layout, const struct sample *s)
{
	if (!a->terms)
		return;
	put_array(a, "not_observed");
	for (size_t g = 0; g < PERFORMANCE_GROUPS; g++)
		for (unsigned i = 0; i < layout->groups[g].count; i++) {
			enum metric_id id = layout->groups[g].fields[i].metric;

			if (!isfinite(sample_value(s, id)))
				a->ops->text(a, METRICS[id].seed_path);
		}
	if (!loads_observed(s))
		a->ops->text(a, "cpu.load_average");
	if (!schedulers_observed(s))
		a->ops->text(a, "cpu.scheduler_utilization");
	put_end(a);
}

static void
seed_fields(struct answer *a, const struct performance_layout *layout, const struct sample *s)
{
	for (size_t g = 0; g < PERFORMANCE_GROUPS; g++) {
		put_object(a, layout->groups[g].name);
		for (unsigned i = 0; i < layout->groups[g].count; i++) {
			enum metric_id id = layout->groups[g].fields[i].metric;

			part_metric(a, layout->groups[g].fields[i].name, id, sample_value(s, id));
		}
		if (g == 0)
			cpu_arrays(a, s);
		put_end(a);
	}
	part_time(a, "timestamp", s ? s->time_ms : 0);
	not_observed(a, layout, s);
}

void
performance_past(struct answer *a, const struct performance_layout *layout, const struct sample *s)
{
	a->ops->object(a);
	seed_fields(a, layout, s);
	put_end(a);
}

/* ---- the last sample ---- */

/* None of the seed's types wants a number here: what was not observed is null or nil. */
static void
metric_fields(struct answer *a, const struct sample *s)
{
	put_object(a, "metrics");
	for (int i = 0; i < METRIC_COUNT; i++) {
		enum metric_id id = (enum metric_id)i;

		if (isfinite(sample_value(s, id)))
			part_metric(a, METRICS[i].name, id, sample_value(s, id));
		else {
			a->ops->key(a, METRICS[i].name);
			a->ops->null(a);
		}
	}
	put_end(a);
}

void
answer_performance(struct answer *a, const struct engine *e)
{
	struct performance_layout layout;
	const struct sample *s = engine_last(e);

	performance_layout_init(&layout);
	a->ops->object(a);
	seed_fields(a, &layout, s);
	metric_fields(a, s);
	put_end(a);
}
