/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cause.h"

#include <stddef.h>

#include "base/attr.h"

static const struct {
	enum anomaly_type cause, consequence;
	enum cause how;
} CAUSES[] = {
#define CAUSE_ROW(cause, consequence, how) { ANOMALY_##cause, ANOMALY_##consequence, CAUSE_##how },
	CAUSE_TABLE(CAUSE_ROW)
#undef CAUSE_ROW
};

const enum anomaly_type CAUSE_ORDER[ANOMALY_TYPE_COUNT] = { ANOMALY_RESTART, ANOMALY_MESSAGE_QUEUE,
	ANOMALY_PROCESS_COUNT, ANOMALY_PORT, ANOMALY_ATOM, ANOMALY_ETS, ANOMALY_BINARY, ANOMALY_MEMORY, ANOMALY_CPU,
	ANOMALY_REDUCTIONS, ANOMALY_IO, ANOMALY_GC, ANOMALY_RUN_QUEUE, ANOMALY_NODE_DOWN };

enum cause
cause_between(enum anomaly_type cause, enum anomaly_type consequence)
{
	if (consequence == ANOMALY_NODE_DOWN && cause != ANOMALY_NODE_DOWN)
		return CAUSE_WIDE;
	for (size_t i = 0; i < ARRAY_LEN(CAUSES); i++)
		if (CAUSES[i].cause == cause && CAUSES[i].consequence == consequence)
			return CAUSES[i].how;
	return CAUSE_NONE;
}
