/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How likely does a supervisor run out of its restart budget soon? The restarts go on many times with the distances that the last ones had, in any order (a
 * bootstrap of the renewal process), and OTP's rule is applied: more than `intensity` within `period`, and it ends.
 */
#ifndef ANALYZE_EXHAUSTION_H
#define ANALYZE_EXHAUSTION_H

#include <stddef.h>
#include <stdint.h>

#define EXHAUSTION_TIMES 64

struct exhaustion {
	double probability;                /* that it ends within the time looked ahead */
	double low_ms, middle_ms, high_ms; /* when, if so, from now: quantiles (1 - confidence) / 2, a half, the rest */
};

/*
 * exhaustion_find: n <= EXHAUSTION_TIMES times of the last restarts and attempts, in their order (oldest first), none after now_ms; what else is used of the budget is
 * `unlisted`. Looks ahead_ms > 0 ahead. Of fewer than two restarts nothing follows: probability 0.
 */
void exhaustion_find(const int64_t *times_ms, size_t n, uint32_t unlisted, uint32_t intensity, int64_t period_ms,
    int64_t now_ms, int64_t ahead_ms, double confidence, struct exhaustion *out);

#endif
