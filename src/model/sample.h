/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection of a node's metrics: fixed size, indexed by metric, no pointers. A metric that was not observed has
 * its `present` bit clear; it is never read as 0.
 */
#ifndef MODEL_SAMPLE_H
#define MODEL_SAMPLE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/metric.h"

#define SAMPLE_MAX_SCHEDULERS 256
#define SAMPLE_TOP 10  /* processes per ranking */
#define SAMPLE_TEXT 96 /* bytes of a name or function, terminator included */
#define SAMPLE_NAME 48 /* bytes of a name where many are kept */
#define SAMPLE_ANCESTORS 5

/* New ones come last: stored samples have them in this order. */
enum top_kind { TOP_MESSAGE_QUEUE, TOP_MEMORY, TOP_REDUCTIONS, TOP_BINARY, TOP_KIND_COUNT };

struct top_process {
	char pid[32];           /* "<0.123.0>" */
	char name[SAMPLE_TEXT]; /* registered name or label; "" if none */
	char initial_call[SAMPLE_TEXT];
	char current_function[SAMPLE_TEXT];
	char application[SAMPLE_NAME]; /* "" if it belongs to none */
	uint8_t ancestor_count;
	char ancestors[SAMPLE_ANCESTORS][SAMPLE_NAME]; /* names or pids, the nearest first */
	/* NaN: not observed */
	double value;      /* what it is ranked by */
	double queue_len;  /* messages */
	double queue_rate; /* by how many messages a second it grew, over the last few looks; negative: it shrank */
	double memory;     /* bytes */
	double binary;     /* bytes of binaries outside its heap that it refers to */
	double reductions; /* per second */
};

/* What a process is before anything is known of it. */
#define TOP_PROCESS_INIT                                                                                           \
	{                                                                                                          \
		.value = NAN, .queue_len = NAN, .queue_rate = NAN, .memory = NAN, .binary = NAN, .reductions = NAN \
	}

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
	/* Rankings of processes, largest first. Samples carry those that are new; one that is new and empty is `told`. */
	bool top_told[TOP_KIND_COUNT];
	uint8_t top_count[TOP_KIND_COUNT];
	struct top_process top[TOP_KIND_COUNT][SAMPLE_TOP];
};

/* top_kind_name: "message_queue", "memory", "reductions", "binary": the probe's atoms and the API's words. */
const char *top_kind_name(enum top_kind kind);
/* top_kind_find takes such a name, and "queue" for short; TOP_KIND_COUNT if there is none. */
enum top_kind top_kind_find(const char *name);

/* sample_has_top says whether the sample carries the ranking. */
bool sample_has_top(const struct sample *s, enum top_kind kind);

void sample_set(struct sample *s, enum metric_id id, double value);

/* sample_booted_ms is when the VM began whose uptime was so long at that time; 0 for an uptime that makes no sense. */
int64_t sample_booted_ms(int64_t time_ms, double uptime_ms);

/* sample_waited is the % of the schedulers' time in which they waited for a processor of the host, if that is more than they got; else 0. */
double sample_waited(const struct sample *s);

#endif
