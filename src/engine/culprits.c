/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who made an anomaly. Whoever uses most is to blame for too much, and who uses a tenth of that is a bystander; for too
 * little nobody is to blame.
 */
#include "engine/state.h"

#define BYSTANDER 0.1

/* culprit_ranking says by what the processes behind an anomaly are ranked; TOP_KIND_COUNT: no ranking tells. */
static enum top_kind
culprit_ranking(enum anomaly_type type)
{
	switch (type) {
	case ANOMALY_MEMORY:
		return TOP_MEMORY;
	case ANOMALY_BINARY:
		return TOP_BINARY;
	case ANOMALY_MESSAGE_QUEUE:
		return TOP_MESSAGE_QUEUE;
	case ANOMALY_CPU:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_RUN_QUEUE:
	case ANOMALY_GC:
		return TOP_REDUCTIONS;
	case ANOMALY_PROCESS_COUNT:
	case ANOMALY_RESTART:
	case ANOMALY_ATOM:
	case ANOMALY_PORT:
	case ANOMALY_ETS:
	case ANOMALY_IO:
	case ANOMALY_NODE_DOWN:
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return TOP_KIND_COUNT;
}

void
culprits_name(const struct engine *e, struct anomaly *a)
{
	enum top_kind kind = culprit_ranking(a->type);

	/* Not everybody who watches knows who holds binaries. */
	if (kind == TOP_BINARY && e->top_count[kind] == 0)
		kind = TOP_MEMORY;
	if (kind == TOP_KIND_COUNT || a->current_value < a->baseline_value)
		return;
	while (a->culprit_count < ANOMALY_MAX_CULPRITS && a->culprit_count < e->top_count[kind]) {
		const struct top_process *p = &e->top[kind][a->culprit_count];

		if (!(p->value > BYSTANDER * e->top[kind][0].value))
			break;
		a->culprits[a->culprit_count++] = *p;
	}
}
