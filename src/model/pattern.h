/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern among restarts: what a child, or several of them, do again and again. */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/metric.h"
#include "model/term.h"

enum pattern_type {
	PATTERN_STORM,    /* rapid consecutive restarts of one child */
	PATTERN_CASCADE,  /* related children that fail in sequence, more often than chance allows */
	PATTERN_PERIODIC, /* restarts of one child at regular intervals */
	PATTERN_RESOURCE, /* restarts of one child that follow spikes of a metric */
	PATTERN_TYPE_COUNT
};

struct pattern_kind {
	const char *name;       /* as the API has it: "restart_storm" */
	const char *short_name; /* as the command line and recorded corpora have it: "storm" */
	const char *counted;    /* what `frequency` is a number of */
};

/* Indexed by enum pattern_type. */
extern const struct pattern_kind PATTERNS[PATTERN_TYPE_COUNT];

/* pattern_type_find takes either name; PATTERN_TYPE_COUNT if there is none. */
enum pattern_type pattern_type_find(const char *name);

#define PATTERN_MEMBERS 8

struct pattern_member {
	struct term *supervisor;
	struct term *child_id;
};

struct pattern {
	enum pattern_type type;
	struct term *supervisor; /* of a cascade: its root's, as child_id */
	struct term *child_id;
	unsigned member_count;                          /* of a cascade, at least 2; else 0 */
	struct pattern_member members[PATTERN_MEMBERS]; /* in their usual order, the root first */
	uint64_t frequency;        /* restarts (storm, periodic, resource), rounds (cascade): PATTERNS has the word */
	double confidence;         /* 0 to 1; rises with the evidence */
	int64_t first_ms, last_ms; /* first and last restart in it */
	int64_t detected_ms;       /* when the evidence was enough */
	bool active;               /* may go on; false: it is over, or overdue */
	/* periodic; else 0 */
	double interval_ms;
	double jitter;   /* standard deviation of an interval, as a share of it */
	uint64_t missed; /* beats that did not come, between first and last */
	/* cascade: usual time from root to last; resource: from the spike's peak to the restart; else 0 */
	double delay_ms;
	/* resource; else METRIC_NONE and 0 */
	enum metric_id resource;
	double resource_threshold; /* the metric, in its unit, at the lowest spike that a restart followed */
	double fired;              /* share of the spikes that were followed by a restart */
	char text[160];            /* one line for a person */
};

/* pattern_copy makes *to a copy that holds references of its own, pattern_release gives them up. */
void pattern_copy(struct pattern *to, const struct pattern *from);
void pattern_release(struct pattern *p);
/* pattern_concerns: the supervisor (NULL: any) is the pattern's or one of its members'. */
bool pattern_concerns(const struct pattern *p, const struct term *supervisor);
/*
 * pattern_rank puts a pattern into a list of at most max by its last restart, latest first; equal ones are ordered by child and type, so that a
 * list does not jump. Returns the list's new length. No references are taken.
 */
size_t pattern_rank(struct pattern *list, size_t count, size_t max, const struct pattern *p);

#endif
