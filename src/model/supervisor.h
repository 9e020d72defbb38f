/* SPDX-License-Identifier: Apache-2.0 */
/* What a supervisor told of itself: how much it may restart before it gives up, and whom it restarts along. */
#ifndef MODEL_SUPERVISOR_H
#define MODEL_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "model/term.h"

#define SIBLINGS_MAX 100
#define SUPERVISOR_AGES_MAX 100

enum strategy { STRATEGY_UNKNOWN, ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE, SIMPLE_ONE_FOR_ONE, STRATEGY_COUNT };

/* The children that are restarted along with a sibling, the last started first: not those that are temporary, and so many at most. Counted. */
struct siblings {
	unsigned refs; /* private */
	unsigned count;
	struct term *ids[];
};

struct supervisor_facts {
	int64_t time_ms;         /* when it told, engine time */
	struct term *supervisor; /* its identity, as in its restarts */
	struct term *pid;
	const char *kind; /* a literal: "supervisor", "dynamic_supervisor", "other": what it is made with */
	enum strategy strategy;
	bool known;         /* the following: its state was understood */
	uint32_t intensity; /* restarts within the period; one more and it gives up */
	int64_t period_ms;
	uint32_t used; /* restarts within the period before time_ms */
	unsigned age_count;
	int64_t ages_ms
	    [SUPERVISOR_AGES_MAX]; /* how long ago those were, the newest first; of more than so many, the newest */
	int64_t children;          /* -1: not known */
	struct siblings *siblings; /* NULL: the strategy restarts nobody along */
};

/* strategy_name: as OTP calls it; "unknown". strategy_find: STRATEGY_UNKNOWN if it is none. */
const char *strategy_name(enum strategy s);
enum strategy strategy_find(const char *name);

/* siblings_new has one reference and room for n ids, none of them set. */
struct siblings *siblings_new(unsigned n);
struct siblings *siblings_ref(struct siblings *s);
void siblings_unref(struct siblings *s);

/* supervisor_facts_release gives up the terms. */
void supervisor_facts_release(struct supervisor_facts *f);

#endif
