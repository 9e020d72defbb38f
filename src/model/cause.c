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

enum cause
cause_between(enum anomaly_type cause, enum anomaly_type consequence)
{
	if (consequence == ANOMALY_NODE_DOWN && cause != ANOMALY_NODE_DOWN)
		return CAUSE_LOOSE;
	for (size_t i = 0; i < ARRAY_LEN(CAUSES); i++)
		if (CAUSES[i].cause == cause && CAUSES[i].consequence == consequence)
			return CAUSES[i].how;
	return CAUSE_NONE;
}
