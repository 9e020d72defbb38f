/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sample.h"

const char *
top_kind_name(enum top_kind kind)
{
	static const char *const names[] = { "message_queue", "memory", "reductions", "binary" };

	return names[kind];
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
