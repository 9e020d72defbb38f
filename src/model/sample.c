/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sample.h"

#include <string.h>

#define UPTIME_MAX_MS 1e15 /* some 30,000 years */

const char *
top_kind_name(enum top_kind kind)
{
	static const char *const names[] = { "message_queue", "memory", "reductions", "binary" };

	return names[kind];
}

enum top_kind
top_kind_find(const char *name)
{
	int kind = 0;

	if (strcmp(name, "queue") == 0)
		return TOP_MESSAGE_QUEUE;
	while (kind < TOP_KIND_COUNT && strcmp(top_kind_name((enum top_kind)kind), name) != 0)
		kind++;
	return (enum top_kind)kind;
}

bool
sample_has_top(const struct sample *s, enum top_kind kind)
{
	return s->top_told[kind] || s->top_count[kind] > 0;
}

void
sample_set(struct sample *s, enum metric_id id, double value)
{
	s->value[id] = value;
	s->present[id] = isfinite(value);
}

int64_t
sample_booted_ms(int64_t time_ms, double uptime_ms)
{
	return uptime_ms >= 0 && uptime_ms < UPTIME_MAX_MS ? time_ms - (int64_t)uptime_ms : 0;
}

double
sample_waited(const struct sample *s)
{
	double got = s->value[METRIC_CPU_TIME_UTILIZATION], waited = s->value[METRIC_CPU_UTILIZATION] - got;

	if (!s->present[METRIC_CPU_UTILIZATION] || !s->present[METRIC_CPU_TIME_UTILIZATION])
		return 0;
	return waited > got ? waited : 0;
}
