/* SPDX-License-Identifier: Apache-2.0 */
/* The table of anomaly types: the seed's four, and what is added in the same shape. */
#ifndef MODEL_ANOMALY_TYPE_H
#define MODEL_ANOMALY_TYPE_H

/* The default of anomaly_threshold, in standard deviations. All that scales with the threshold is said for it. */
#define ANOMALY_THRESHOLD 2.0

/* id, name in events, description (the seed's wording where it has one) */
#define ANOMALY_TABLE(X)                                                                                         \
	X(CPU, "cpu_anomaly", "CPU utilization significantly different from baseline")                           \
	X(MEMORY, "memory_anomaly", "Memory usage significantly different from baseline")                        \
	X(PROCESS_COUNT, "process_count_anomaly", "Process count significantly different from baseline")         \
	X(RESTART, "restart_anomaly", "Rapid restart cycle detected")                                            \
	X(MESSAGE_QUEUE, "message_queue_anomaly", "Longest message queue significantly different from baseline") \
	X(RUN_QUEUE, "run_queue_anomaly", "Run queue significantly different from baseline")                     \
	X(ATOM, "atom_anomaly", "Atom table significantly different from baseline")                              \
	X(PORT, "port_anomaly", "Number of ports significantly different from baseline")                         \
	X(ETS, "ets_anomaly", "ETS usage significantly different from baseline")                                 \
	X(BINARY, "binary_anomaly", "Binary memory significantly different from baseline")                       \
	X(IO, "io_anomaly", "Port I/O significantly different from baseline")                                    \
	X(GC, "gc_anomaly", "Garbage collection significantly different from baseline")                          \
	X(REDUCTIONS, "reductions_anomaly", "Work done (reductions) significantly different from baseline")      \
	X(NODE_DOWN, "node_down", "Node is not reachable")

enum anomaly_type {
#define ANOMALY_ENUM(id, ...) ANOMALY_##id,
	ANOMALY_TABLE(ANOMALY_ENUM)
#undef ANOMALY_ENUM
	    ANOMALY_TYPE_COUNT
};

struct anomaly_kind {
	const char *name;
	const char *description;
};

extern const struct anomaly_kind ANOMALIES[ANOMALY_TYPE_COUNT];

#endif
