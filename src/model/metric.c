/* SPDX-License-Identifier: Apache-2.0 */
#include "model/metric.h"

#include <string.h>

const struct metric METRICS[METRIC_COUNT] = {
#define METRIC_ROW(id, name, unit, kind, seed, old, new, labels, limit, watch, anomaly, floor, share, help)      \
	[METRIC_##id] = { name, UNIT_##unit, KIND_##kind, seed, old, new, labels, METRIC_##limit, WATCH_##watch, \
		ANOMALY_##anomaly, floor, share, help },
	METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
};

enum metric_id
metric_find(const char *name, size_t len)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		if (strlen(METRICS[i].name) == len && memcmp(METRICS[i].name, name, len) == 0)
			return (enum metric_id)i;
	return METRIC_NONE;
}

const char *
metric_unit_name(enum metric_unit unit)
{
	static const char *const names[] = { "count", "bytes", "percent", "ms", "us", "words", "load", "bool" };

	return names[unit];
}
