/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health criteria: the level of each from its value, without flapping, and when a change of level is worth an
 * alert.
 *
 * A level is reached when the value is above its threshold; CPU and message queues, which are noisy, in two
 * observations in a row. It is left when the value is at least 5 % of the threshold below it, in two observations in a
 * row (CPU: six; restarts and restart budgets, which are counts over a time: one). What was unknown takes its level at once. An alert is due
 * when a known level differs from the last one told (healthy at first), and again every 15 minutes while critical.
 */
#ifndef ANALYZE_HEALTH_H
#define ANALYZE_HEALTH_H

#include <stdint.h>

#include "model/health.h"

#define HEALTH_REPEAT_MS 900000

struct health_judge {
	struct { /* private */
		struct criterion_state state;
		unsigned differs; /* observations in a row that speak for another level */
		enum level told;
		int64_t told_ms;
	} criteria[CRITERION_COUNT];
};

/* health_judge_init takes the levels; all is unknown at first. */
void health_judge_init(
    struct health_judge *h, const double warning[CRITERION_COUNT], const double critical[CRITERION_COUNT]);
/* health_judge_observe takes the next value of a criterion; NaN: it is not observed (any more). */
void health_judge_observe(struct health_judge *h, enum criterion c, double value);
/* health_judge_observe_ahead: the value, and the one by which the level is judged, where it is known to be there soon. */
void health_judge_observe_ahead(struct health_judge *h, enum criterion c, double value, double ahead);
/* health_judge_state is the criterion's level and value. */
const struct criterion_state *health_judge_state(const struct health_judge *h, enum criterion c);
/* health_judge_due returns a criterion whose alert is due, and takes it as told; CRITERION_COUNT if there is none. */
enum criterion health_judge_due(struct health_judge *h, int64_t now_ms);
/* health_judge_told: an alert of this level was told at told_ms, by this program's life before. */
void health_judge_told(struct health_judge *h, enum criterion c, enum level level, int64_t told_ms);
/* health_worst is the worst of the known levels. */
enum level health_worst(const struct criterion_state criteria[CRITERION_COUNT]);
/* health_severity of an alert: high for critical, medium for warning, low for a recovery. */
enum severity health_severity(enum level level);

#endif
