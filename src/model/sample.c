/* SPDX-License-Identifier: Apache-2.0 */
#include "model/sample.h"

#include <math.h>

const char *
top_kind_name(enum top_kind kind)
{
	static const char *const names[] = { "message_queue", "memory", "reductions" };

	return names[kind];
}

void
sample_set(struct sample *s, enum metric_id id, double value)
{
	s->value[id] = value;
	s->present[id] = isfinite(value);
}
