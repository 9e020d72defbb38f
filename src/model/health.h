/* SPDX-License-Identifier: Apache-2.0 */
/* A node's health: one row per criterion in a table, the worst of them overall. */
#ifndef MODEL_HEALTH_H
#define MODEL_HEALTH_H

#include <stdint.h>

#include "model/sample.h"
#include "model/severity.h"

/*
 * id, name, warning above, critical above (the seed's four, then those added), unit of the value, what the value is.
 */
#define HEALTH_TABLE(X)                                                                                            \
	X(MEMORY, "memory", 75, 90, "%", "used share of the memory the VM may use")                                \
	X(PROCESSES, "processes", 75, 90, "%", "used share of the process table")                                  \
	X(CPU, "cpu", 75, 90, "%", "busy share of the online schedulers")                                          \
	X(RESTARTS, "restarts", 5, 10, "in 5 min", "supervisor restarts in 5 minutes")                             \
	X(PORTS, "ports", 75, 90, "%", "used share of the port table")                                             \
	X(ATOMS, "atoms", 75, 90, "%", "used share of the atom table")                                             \
	X(FDS, "file_descriptors", 75, 90, "%", "used share of the file descriptors")                              \
	X(MESSAGE_QUEUE, "message_queue", 10000, 100000, "messages", "longest message queue")                      \
	X(RESTART_BUDGET, "restart_budget", 75, 90, "%",                                                           \
	    "used share of the restart budget of the supervisor closest to giving up; a single restart counts as " \
	    "none")

enum criterion {
#define HEALTH_ENUM(id, ...) CRITERION_##id,
	HEALTH_TABLE(HEALTH_ENUM)
#undef HEALTH_ENUM
	    CRITERION_COUNT
};

struct criterion_row {
	const char *name;
	double warning;
	double critical;
	const char *unit;
	const char *help;
};

extern const struct criterion_row CRITERIA[CRITERION_COUNT];

#define HEALTH_MAX_RECOMMENDATIONS CRITERION_COUNT
#define HEALTH_MAX_ANOMALIES 16

struct criterion_state {
	enum level level; /* LEVEL_UNKNOWN: not observed */
	double value;     /* in the row's unit; without meaning when unknown */
	double warning;   /* the levels as configured */
	double critical;
};

/*
 * The seed's numbers in a system_health: id, metric, group, field. The message queues' figures come from the processes sampled, of
 * the total there were; the contract's two words for the number looked at are one number here.
 */
#define HEALTH_NUMBER_TABLE(X)                                                     \
	X(PROCESS_COUNT, PROCESS_COUNT, "", "process_count")                       \
	X(CPU, CPU_UTILIZATION, "", "cpu_usage")                                   \
	X(MEMORY_TOTAL, VM_MEMORY_TOTAL, "memory_usage", "total")                  \
	X(MEMORY_PROCESSES, VM_MEMORY_PROCESSES, "memory_usage", "processes")      \
	X(MEMORY_SYSTEM, VM_MEMORY_SYSTEM, "memory_usage", "system")               \
	X(MEMORY_ATOM, VM_MEMORY_ATOM, "memory_usage", "atom")                     \
	X(MEMORY_BINARY, VM_MEMORY_BINARY, "memory_usage", "binary")               \
	X(MEMORY_CODE, VM_MEMORY_CODE, "memory_usage", "code")                     \
	X(MEMORY_ETS, VM_MEMORY_ETS, "memory_usage", "ets")                        \
	X(MQ_MAX, MQ_MAX, "message_queue_lengths", "max")                          \
	X(MQ_AVERAGE, MQ_AVERAGE, "message_queue_lengths", "average")              \
	X(MQ_LONG, MQ_LONG, "message_queue_lengths", "processes_with_long_queues") \
	X(MQ_SAMPLED, MQ_SCANNED, "message_queue_lengths", "sampled")              \
	X(MQ_SCANNED, MQ_SCANNED, "message_queue_lengths", "scanned")              \
	X(MQ_TOTAL, MQ_TOTAL, "message_queue_lengths", "total")

enum health_number {
#define HEALTH_NUMBER_ENUM(id, ...) HEALTH_NUMBER_##id,
	HEALTH_NUMBER_TABLE(HEALTH_NUMBER_ENUM)
#undef HEALTH_NUMBER_ENUM
	    HEALTH_NUMBER_COUNT
};

struct health_number_row {
	enum metric_id metric;
	const char *group; /* "": none */
	const char *field;
};

extern const struct health_number_row HEALTH_NUMBERS[HEALTH_NUMBER_COUNT];

struct node_event;

struct health {
	enum level overall;
	int64_t overall_since_ms; /* since when it stands as it does; 0: not known */
	int64_t last_check_ms;
	struct criterion_state criteria[CRITERION_COUNT];
	double restart_rate;                 /* restarts in the last hour; NaN: not observed */
	double numbers[HEALTH_NUMBER_COUNT]; /* NaN: not observed */
	/* The anomalies that hold at present, as their events. An event that carries a health holds a reference to each. */
	unsigned anomaly_count;
	struct node_event *anomalies[HEALTH_MAX_ANOMALIES];
	unsigned recommendation_count;
	char recommendations[HEALTH_MAX_RECOMMENDATIONS][256];
	enum criterion changed; /* in a health_alert: the criterion whose change caused it */
};

#endif
