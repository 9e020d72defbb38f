/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does one child fail after another more often than chance allows? Of each restart of the second it is asked whether the first one failed within so long
 * before it (several spans are tried), and since the second one's own restart before; were the two independent Poisson processes of
 * the rates they have had, that has a known probability, which is higher while the first one fails at a high rate just then: two
 * storms at a time are no sequence. The number of such restarts is compared with its Poisson distribution (the sum of rare events
 * of different probabilities: L. Le Cam, "An approximation theorem for the Poisson binomial distribution", 1960).
 */
#ifndef ANALYZE_SUCCESSION_H
#define ANALYZE_SUCCESSION_H

#include <stdint.h>

#include "analyze/trail.h"

#define SUCCESSION_LEAST 3  /* such restarts */
#define SUCCESSION_MS 75000 /* the longest span */

/*
 * succession_chance is the log of the probability, times the number of spans tried, that b followed a so often by chance; as of now_ms. 0: there is
 * nothing to it.
 */
double succession_chance(const struct track *a, const struct track *b, const struct trail *trail, int64_t now_ms);

#endif
