/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cause graph of findings: which type usually makes which, as one table. It has no cycles. A cause is CLOSE if the process behind it is also behind the
 * consequence, as of a message queue and the memory that the messages take; it is LOOSE where the consequence is the whole node's, or is made by others (as
 * restarts make processes that no ranking sees).
 */
#ifndef MODEL_CAUSE_H
#define MODEL_CAUSE_H

#include "model/anomaly_type.h"

/* cause, consequence, CLOSE or LOOSE */
#define CAUSE_TABLE(X)                      \
	X(MESSAGE_QUEUE, MEMORY, CLOSE)     \
	X(MESSAGE_QUEUE, BINARY, CLOSE)     \
	X(MESSAGE_QUEUE, CPU, CLOSE)        \
	X(MESSAGE_QUEUE, REDUCTIONS, CLOSE) \
	X(MESSAGE_QUEUE, GC, LOOSE)         \
	X(MESSAGE_QUEUE, RUN_QUEUE, LOOSE)  \
	X(PROCESS_COUNT, PORT, LOOSE)       \
	X(PROCESS_COUNT, MEMORY, LOOSE)     \
	X(PROCESS_COUNT, CPU, LOOSE)        \
	X(PROCESS_COUNT, REDUCTIONS, LOOSE) \
	X(PROCESS_COUNT, GC, LOOSE)         \
	X(PROCESS_COUNT, RUN_QUEUE, LOOSE)  \
	X(RESTART, PROCESS_COUNT, LOOSE)    \
	X(RESTART, PORT, LOOSE)             \
	X(RESTART, CPU, LOOSE)              \
	X(RESTART, REDUCTIONS, LOOSE)       \
	X(RESTART, GC, LOOSE)               \
	X(RESTART, IO, LOOSE)               \
	X(RESTART, RUN_QUEUE, LOOSE)        \
	X(BINARY, MEMORY, CLOSE)            \
	X(BINARY, GC, LOOSE)                \
	X(ETS, MEMORY, LOOSE)               \
	X(ATOM, MEMORY, LOOSE)              \
	X(MEMORY, CPU, CLOSE)               \
	X(MEMORY, REDUCTIONS, CLOSE)        \
	X(MEMORY, GC, LOOSE)                \
	X(MEMORY, RUN_QUEUE, LOOSE)         \
	X(CPU, REDUCTIONS, LOOSE)           \
	X(CPU, GC, LOOSE)                   \
	X(CPU, IO, LOOSE)                   \
	X(CPU, RUN_QUEUE, LOOSE)

enum cause { CAUSE_NONE, CAUSE_CLOSE, CAUSE_LOOSE };

/* cause_between says whether the one usually makes the other. A node's end may be the consequence of anything. */
enum cause cause_between(enum anomaly_type cause, enum anomaly_type consequence);

#endif
