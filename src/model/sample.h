/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection of a node's metrics: fixed size, indexed by metric, no pointers. A metric that was not observed has
 * its `present` bit clear; it is never read as 0.
 */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/metric.h"

#define SAMPLE_MAX_SCHEDULERS 256
#define SAMPLE_TOP 5   /* processes per ranking */
#define SAMPLE_TEXT 96 /* bytes of a name or function, terminator included */

enum top_kind { TOP_MESSAGE_QUEUE, TOP_MEMORY, TOP_REDUCTIONS, TOP_KIND_COUNT };

struct top_process {
	char pid[32];           /* "<0.123.0>" */
	char name[SAMPLE_TEXT]; /* registered name or label; "" if none */
	char initial_call[SAMPLE_TEXT];
	char current_function[SAMPLE_TEXT];
	double value;      /* what it is ranked by */
	double queue_len;  /* messages */
	double memory;     /* bytes */
	double reductions; /* per second */
};

struct sample {
	int64_t time_ms; /* engine time: milliseconds since the epoch, never backwards */
	double value[METRIC_COUNT];
	bool present[METRIC_COUNT];
	/* Scheduler wall time counters (any unit, since they were switched on) of schedulers 1…; total 0: not observed.
	 */
	uint16_t scheduler_count;
	uint64_t scheduler_active[SAMPLE_MAX_SCHEDULERS];
	uint64_t scheduler_total[SAMPLE_MAX_SCHEDULERS];
	float scheduler_utilization[SAMPLE_MAX_SCHEDULERS]; /* %, derived by the engine */
	/* The last finished process walk, largest first; top_count 0 in samples that carry none. */
	uint8_t top_count[TOP_KIND_COUNT];
	struct top_process top[TOP_KIND_COUNT][SAMPLE_TOP];
};

/* top_kind_name: "message_queue", "memory", "reductions": the probe's atoms and the API's words. */
const char *top_kind_name(enum top_kind kind);

void sample_set(struct sample *s, enum metric_id id, double value);

#endif
