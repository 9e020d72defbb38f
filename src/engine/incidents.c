/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings belong together: what another one explains is not told beside it. */
#include "engine/state.h"

/* cause_of is the type that usually explains another one: load shows in many metrics at once, and so does memory. */
static enum anomaly_type
cause_of(enum anomaly_type type)
{
	switch (type) {
	case ANOMALY_RUN_QUEUE:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_GC:
	case ANOMALY_IO:
		return ANOMALY_CPU;
	case ANOMALY_BINARY:
	case ANOMALY_ETS:
		return ANOMALY_MEMORY;
	case ANOMALY_PORT:
		return ANOMALY_PROCESS_COUNT;
	case ANOMALY_CPU:
	case ANOMALY_MEMORY:
	case ANOMALY_PROCESS_COUNT:
	case ANOMALY_MESSAGE_QUEUE:
	case ANOMALY_ATOM:
	case ANOMALY_RESTART:
	case ANOMALY_NODE_DOWN:
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return type;
}

unsigned
incidents_kinds_beyond(const struct engine *e)
{
	bool beyond[ANOMALY_TYPE_COUNT] = { false };
	unsigned count = 0;

	for (unsigned i = 0; i < e->watched_count; i++)
		if (detector_is_beyond(&e->watched[i].detector))
			beyond[cause_of(METRICS[e->watched[i].metric].anomaly)] = true;
	for (int type = 0; type < ANOMALY_TYPE_COUNT; type++)
		count += beyond[type];
	return count;
}

bool
incidents_explain(const struct engine *e, const struct watched *w)
{
	enum anomaly_type type = METRICS[w->metric].anomaly, cause = cause_of(type);
	bool aside = e->excursions.kinds >= SURGE_KINDS && detector_finding(&w->detector).severity != SEVERITY_HIGH;

	for (unsigned i = 0; i < e->watched_count; i++) {
		enum anomaly_type other = METRICS[e->watched[i].metric].anomaly;

		if (e->watched[i].reported && (aside || other == type || (cause != type && cause == cause_of(other))))
			return true;
	}
	return false;
}
