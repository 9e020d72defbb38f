/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will happen to a node: which limits it will reach, and which children and supervisors will fail next. Computed when asked for, from the past that the
 * engine keeps. What is not known is NaN or 0, never invented; no trend, no date.
 */
#ifndef ENGINE_FORESIGHT_H
#define ENGINE_FORESIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"

/* Of intervals, unless it is said otherwise: that share of them holds. */
#define FORESIGHT_CONFIDENCE 0.8

/*
 * What may run out: id, name, what people call it, metric, its limit's metric (NONE: see capacity.c), what reaches the limit (PEAK: a single value;
 * LEVEL: what is usual), since when it counts (BOOT: it begins anew with the node; EVER), next step for a person.
 */
#define RESOURCE_TABLE(X)                                                                                             \
	X(PROCESSES, "processes", "processes", PROCESS_COUNT, PROCESS_LIMIT, PEAK, BOOT,                              \
	    "find who spawns them (initial calls), or raise +P")                                                      \
	X(MEMORY, "memory", "memory", MEMORY_USED, MEMORY_LIMIT, PEAK, BOOT,                                          \
	    "see which processes, binaries or tables grow, or give the VM more")                                      \
	X(CPU, "cpu", "CPU", CPU_UTILIZATION, NONE, LEVEL, EVER, "see what it computes, shed load or add schedulers") \
	X(PORTS, "ports", "ports", PORT_COUNT, PORT_LIMIT, PEAK, BOOT,                                                \
	    "look for sockets that are not closed, or raise +Q")                                                      \
	X(ATOMS, "atoms", "atoms", ATOM_COUNT, ATOM_LIMIT, PEAK, BOOT,                                                \
	    "find who calls list_to_atom/1 or binary_to_term/1 on data")                                              \
	X(ETS, "ets", "ETS memory", VM_MEMORY_ETS, NONE, PEAK, BOOT,                                                  \
	    "see which table grows, and who should delete from it")                                                   \
	X(FILE_DESCRIPTORS, "file_descriptors", "file descriptors", OPEN_FDS, MAX_FDS, PEAK, BOOT,                    \
	    "look for files and sockets that are not closed, or raise the limit (ulimit -n)")

enum resource {
#define RESOURCE_ENUM(id, ...) RESOURCE_##id,
	RESOURCE_TABLE(RESOURCE_ENUM)
#undef RESOURCE_ENUM
	    RESOURCE_COUNT
};

struct resource_row {
	const char *name; /* as the API has it */
	const char *what;
	enum metric_id metric;
	enum metric_id limit;
	bool at_peak;
	bool since_boot;
	const char *next_step;
};

/* Indexed by enum resource. */
extern const struct resource_row RESOURCES[RESOURCE_COUNT];

/*
 * ETS: the limit is that of its memory, what it has and what is left of the node's; on the number of tables there is none (ets_limit is not enforced
 * since OTP 20). CPU: in %, of 100.
 */
struct capacity {
	enum resource resource;
	double current, limit; /* in the metric's unit; NaN: not observed */
	double utilization;    /* %; NaN: not known */
	int64_t span_ms; /* how long a past the rest goes by; 0: too little is known, and the rest is NaN, false or 0 */
	double growth_per_hour, growth_low, growth_high;
	bool trend; /* false: none, and no dates */
	/* When the limit is reached, and the interval; 0: no date. full_latest_ms 0 with a full_ms: may be much later, too. */
	int64_t full_ms, full_earliest_ms, full_latest_ms;
	double confidence;  /* of both intervals */
	int64_t horizon_ms; /* so far was looked ahead; with a rising trend and no date: not full within it */
	char text[256];     /* one line for a person: the thing, the number, the next step */
};

/* engine_capacity gives all resources in the table's order, at most max of them; those not observed, too. Some 200 us of CPU for each. */
size_t engine_capacity(const struct engine *e, int64_t now_ms, struct capacity *out, size_t max);

enum prediction_kind { PREDICTION_PERIODIC, PREDICTION_RESOURCE, PREDICTION_BUDGET, PREDICTION_KIND_COUNT };

/* prediction_kind_name: "periodic_restart", "resource_correlated" (as the patterns they come of), "restart_budget". */
const char *prediction_kind_name(enum prediction_kind kind);

/*
 *	periodic   the next failure comes between earliest and latest, with the confidence
 *	resource   a failure comes when `resource` reaches `threshold`; the times are of that, 0 where it is not heading there
 *	budget     the supervisor gives up between earliest and latest, with the confidence: here it is how likely that is, and varies
 */
struct prediction {
	enum prediction_kind kind;
	const struct term *supervisor; /* its identity; the engine's, until the next input */
	const struct term *child_id;   /* NULL of a budget */
	int64_t expected_ms, earliest_ms, latest_ms;
	double confidence;
	/* resource; else METRIC_NONE and NaN */
	enum metric_id resource;
	double threshold, present,
	    distance; /* in its unit; distance: what is left to the threshold, negative beyond it */
	/* budget; else 0 */
	uint32_t budget_left, budget_intensity;
	int64_t budget_period_ms;
	char text[256];
};

/*
 * engine_predictions gives those expected first first, those without a time last; at most max. Looked at are the 100 beats that come next, the 64 patterns
 * of a resource that were seen last, and the 64 supervisors that spent of their budget last: some 30 ms of CPU if there are so many. A budget is told of
 * when it is more likely than not to run out within its period.
 */
size_t engine_predictions(const struct engine *e, int64_t now_ms, struct prediction *out, size_t max);

#endif
