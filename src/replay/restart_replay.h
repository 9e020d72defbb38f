/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded restarts, and what the resources were meanwhile, through an engine: in the order of their times, as if they came now. Restarts may lie in the
 * file up to TRAIL_LATE_MS behind their place.
 */
#ifndef REPLAY_RESTART_REPLAY_H
#define REPLAY_RESTART_REPLAY_H

#include "engine/engine.h"
#include "replay/line_reader.h"
#include "replay/table.h"

/* A column of resources: its name, and the metric that it is. Other columns may have names of these metrics. */
struct resource_column {
	const char *name;
	enum metric_id metric;
};

#define RESOURCE_COLUMNS 3
extern const struct resource_column RESOURCE_COLUMN[RESOURCE_COLUMNS];

/* resource_column_name: "cpu", "memory", "queue"; the metric's own name for any other. */
const char *resource_column_name(enum metric_id metric);

struct restart_replay {
	struct engine *engine;
	struct line_reader *restarts;
	struct table *resources; /* NULL: none */
	const char *resources_name;
	/* result */
	uint64_t count; /* restarts */
	int64_t end_ms; /* when all is known */
};

/* restart_replay_run: false with a reason that names file and line. */
bool restart_replay_run(struct restart_replay *r, struct err *err) MUST_CHECK;

#endif
