/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain of beats among the restarts of a child: those that came at a given interval, with jitter, some beats missed, other restarts in between.
 *
 * The model (H1): of the beats, each an interval after the last one, a share of `missed` does not come; the others come with a normal error;
 * other restarts come at random (Poisson). Against it stands H0: all come at random. The chain with the greatest likelihood ratio is found by
 * dynamic programming over the restarts (R. Bellman, 1957): its last beat is restart i, the one before restart j, for all j not
 * too far back; it may begin anywhere. Then interval, jitter, and rates are estimated from it, and the ratio is computed again with
 * the most likely rates on either side. A clock may drift (the errors add up: an interval has the error) or be locked (a beat has it, from
 * the line through all); the better of the two counts.
 */
#ifndef ANALYZE_BEAT_CHAIN_H
#define ANALYZE_BEAT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#define BEAT_CHAIN_APART 6 /* beats from one that came to the next that came, at most */

struct beat_chain {
	double evidence; /* log of the likelihood ratio; <= 0: there is no chain */
	double period_ms;
	double jitter; /* standard deviation, as a share of the interval */
	unsigned count;
	unsigned missed;
	int64_t first_ms, last_ms;
	bool locked;
};

/* beat_chain_guess is how much speaks for an interval at first sight: to tell which of several are worth beat_chain_find. */
double beat_chain_guess(const int64_t *times, unsigned count, double period_ms);
/*
 * beat_chain_find: times in order, count of them (at most TRAIL_TIMES); burst_ms is how near to the one before a restart is no evidence (and not among
 * `times`).
 */
void beat_chain_find(const int64_t *times, unsigned count, double period_ms, double burst_ms, struct beat_chain *out);

#endif
