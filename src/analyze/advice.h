/* SPDX-License-Identifier: Apache-2.0 */
/* The recommendation for a criterion that is not healthy: it names the thing, the number and the next step. */
#ifndef ANALYZE_ADVICE_H
#define ANALYZE_ADVICE_H

#include <stddef.h>
#include <stdint.h>

#include "model/anomaly_type.h"
#include "model/health.h"

#define ADVICE_SIZE 256

/* What is known beside the criterion itself; a pointer is NULL, a text "" where nothing is known. */
struct advice_facts {
	const struct sample *last;
	const struct top_process *top[TOP_KIND_COUNT]; /* the first of each ranking */
	const char *supervisor;                        /* with the most restarts in five minutes */
	uint64_t supervisor_restarts;
	const char *tightest; /* the supervisor with the least restart budget, and its figures */
	uint32_t budget_used, budget_intensity;
	int64_t budget_period_ms;
};

/* advise writes the recommendation; s is above healthy. Foreign text in it may hold any UTF-8. */
void advise(enum criterion c, const struct criterion_state *s, const struct advice_facts *facts, char buf[ADVICE_SIZE]);

/* advice_next is the next step after a finding of that type: what the recommendation of its criterion says, where it has one. A literal. */
const char *advice_next(enum anomaly_type type);

#endif
