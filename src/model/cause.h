/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cause graph of findings: which type usually makes which, as one table. It has no cycles. How:
 *
 *	CLOSE  the process behind the cause is also behind the consequence, as of a message queue and the memory that the messages take
 *	LOOSE  others are behind the consequence, as restarts make processes that no ranking sees, and senders work for a queue; whoever is, it begins with
 *	       the cause
 *	WIDE   the consequence is the whole node's, and who leads in it says little
 */
#ifndef MODEL_CAUSE_H
#define MODEL_CAUSE_H

#include "model/anomaly_type.h"

/* cause, consequence, how */
#define CAUSE_TABLE(X)                      \
	X(MESSAGE_QUEUE, MEMORY, CLOSE)     \
	X(MESSAGE_QUEUE, BINARY, CLOSE)     \
	X(MESSAGE_QUEUE, CPU, LOOSE)        \
	X(MESSAGE_QUEUE, REDUCTIONS, LOOSE) \
	X(MESSAGE_QUEUE, GC, WIDE)          \
	X(MESSAGE_QUEUE, RUN_QUEUE, WIDE)   \
	X(PROCESS_COUNT, PORT, LOOSE)       \
	X(PROCESS_COUNT, MEMORY, LOOSE)     \
	X(PROCESS_COUNT, CPU, LOOSE)        \
	X(PROCESS_COUNT, REDUCTIONS, LOOSE) \
	X(PROCESS_COUNT, GC, WIDE)          \
	X(PROCESS_COUNT, RUN_QUEUE, WIDE)   \
	X(RESTART, PROCESS_COUNT, LOOSE)    \
	X(RESTART, PORT, LOOSE)             \
	X(RESTART, CPU, LOOSE)              \
	X(RESTART, REDUCTIONS, LOOSE)       \
	X(RESTART, GC, WIDE)                \
	X(RESTART, IO, WIDE)                \
	X(RESTART, RUN_QUEUE, WIDE)         \
	X(BINARY, MEMORY, CLOSE)            \
	X(BINARY, GC, WIDE)                 \
	X(ETS, MEMORY, WIDE)                \
	X(MEMORY, CPU, CLOSE)               \
	X(MEMORY, REDUCTIONS, CLOSE)        \
	X(MEMORY, GC, WIDE)                 \
	X(MEMORY, RUN_QUEUE, WIDE)          \
	X(CPU, GC, WIDE)                    \
	X(CPU, IO, WIDE)                    \
	X(CPU, RUN_QUEUE, WIDE)

enum cause { CAUSE_NONE, CAUSE_CLOSE, CAUSE_LOOSE, CAUSE_WIDE };

/* cause_between says whether the one usually makes the other. A node's end may be the consequence of anything. */
enum cause cause_between(enum anomaly_type cause, enum anomaly_type consequence);

/* CAUSE_ORDER is all types, each before those that it causes: of what is found at one time the cause is told. */
extern const enum anomaly_type CAUSE_ORDER[ANOMALY_TYPE_COUNT];

#endif
