/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor's restart budget. OTP's rule: each restart, and each further attempt after one that failed, is entered with its time in whole
 * seconds; when more than `intensity` of them are not older than `period`, the supervisor ends instead (supervisor:add_restart). The supervisor's
 * own clock has another second than ours, so a figure here may be a second ahead or behind.
 */
#ifndef ANALYZE_BUDGET_H
#define ANALYZE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "analyze/window.h"
#include "model/supervisor.h"

struct budget { /* all zero is one of which nothing is known */
	bool known;
	uint32_t intensity;
	int64_t period_ms;
	struct window spent; /* private */
};

void budget_release(struct budget *b);
/* budget_learn takes what the supervisor told (f->known). It knows better how much was used: what was not seen here is added. */
void budget_learn(struct budget *b, const struct supervisor_facts *f);
/* budget_spend enters n restarts or attempts. */
void budget_spend(struct budget *b, int64_t time_ms, uint64_t n);
/* budget_renew: the supervisor began anew, with nothing used. */
void budget_renew(struct budget *b);
/* budget_used is how much is used as of now_ms, at most the intensity; budget_left the rest. Both need a known budget. */
uint32_t budget_used(const struct budget *b, int64_t now_ms);
uint32_t budget_left(const struct budget *b, int64_t now_ms);
/*
 * budget_share is the used share in %, for the health of the node: a single restart counts as none, for with OTP's own default (one restart
 * in 5 s) each would be the last one left. 0 if nothing is known.
 */
double budget_share(const struct budget *b, int64_t now_ms);

#endif
