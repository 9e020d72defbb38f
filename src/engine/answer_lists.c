/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what was found and seen: anomalies, rankings, what the VM told by itself. */
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/state.h"

static void
rankings_of(struct answer *a, const struct engine *e, size_t age)
{
	put_object(a, "top");
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		unsigned count;
		const struct top_process *top = engine_anomaly_top(e, age, (enum top_kind)kind, &count);

		if (count > 0)
			part_processes(a, top_kind_name((enum top_kind)kind), top, count);
	}
	put_end(a);
}

void
answer_anomalies(struct answer *a, const struct engine *e)
{
	const struct anomaly *anomaly;

	a->ops->array(a);
	for (size_t age = 0; (anomaly = engine_recent_anomaly(e, age)) != NULL; age++) {
		a->ops->object(a);
		part_anomaly_fields(a, anomaly);
		rankings_of(a, e, age);
		put_end(a);
	}
	put_end(a);
}

void
answer_top(struct answer *a, const struct engine *e, enum top_kind kind, unsigned max)
{
	unsigned count;
	const struct top_process *top = engine_top(e, kind, &count);

	a->ops->object(a);
	part_word(a, "by", top_kind_name(kind));
	part_processes(a, "processes", top, count < max ? count : max);
	put_end(a);
}

/* Only while the probe listens are there figures; null before, and where somebody else is listening. */
static void
event_counts(struct answer *a, const struct engine *e)
{
	static const struct {
		const char *kind;
		enum metric_id metric;
	} counts[] = {
		{ "long_gc", METRIC_LONG_GC_COUNT },
		{ "long_schedule", METRIC_LONG_SCHEDULE_COUNT },
		{ "busy_dist_port", METRIC_BUSY_DIST_PORT_COUNT },
	};

	put_object(a, "counts");
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		part_metric(a, counts[i].kind, counts[i].metric, sample_value(e->last, counts[i].metric));
	put_end(a);
}

void
answer_vm_events(struct answer *a, const struct engine *e)
{
	const struct survey *s = engine_last_survey(e, SURVEY_VM_EVENTS);

	a->ops->object(a);
	event_counts(a, e);
	put_array(a, "events");
	for (unsigned i = 0; s && i < s->count; i++) {
		const struct survey_vm_event *v = &survey_vm_events(s)[i];

		a->ops->object(a);
		part_text(a, "kind", v->kind);
		part_text(a, "pid", v->pid);
		part_text(a, "name", v->name);
		part_integer(a, "value", v->value);
		part_time(a, "timestamp", s->time_ms - v->age_ms);
		put_end(a);
	}
	put_end(a);
	put_end(a);
}
