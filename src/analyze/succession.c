/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/succession.h"

#include <math.h>

#include "analyze/odds.h"

static const double SPANS_MS[] = { 300, 2000, 10000, 30000, SUCCESSION_MS };
#define SPANS (sizeof(SPANS_MS) / sizeof(SPANS_MS[0]))

struct pair {
	const struct track *a, *b; /* does b follow a? */
	double rate;               /* of a, per ms */
	double usual[SPANS];       /* the probability that goes with it */
	uint64_t hits[SPANS];
	double expected[SPANS];
};

/* local_rate is a's rate in the minute before one of its restarts (index i), that one left out; of fewer than three, over all of the minute. */
static double
local_rate(const struct track *a, unsigned i)
{
	double most = 0;

	for (unsigned n = 1; n <= i && a->times[i] - a->times[i - n] <= TRAIL_MINUTE_MS; n++)
		most = fmax(most, (double)n / (double)(n > 2 ? a->times[i] - a->times[i - n] : TRAIL_MINUTE_MS));
	return most;
}

static void
set_chances(double *chances, double rate)
{
	for (size_t s = 0; s < SPANS; s++)
		chances[s] = -expm1(-rate * SPANS_MS[s]);
}

static void
count_follower(struct pair *p, double lag_ms, const double *chances)
{
	for (size_t s = 0; s < SPANS; s++) {
		p->hits[s] += lag_ms <= SPANS_MS[s];
		p->expected[s] += chances[s];
	}
}

/* Each restart of b counts once, and each of a for one of b. */
static void
count_pair(struct pair *p)
{
	unsigned next = 0; /* of a: the first behind b's restart */
	int64_t before = INT64_MIN;

	for (unsigned i = 0; i < p->b->count; i++) {
		int64_t time_ms = p->b->times[i];
		double lag = INFINITY, rate, local[SPANS];
		const double *chances = p->usual;

		while (next < p->a->count && p->a->times[next] <= time_ms)
			next++;
		if (next > 0 && p->a->times[next - 1] > before) {
			lag = (double)(time_ms - p->a->times[next - 1]);
			rate = lag <= SUCCESSION_MS ? local_rate(p->a, next - 1) : 0;
			if (rate > p->rate) {
				set_chances(local, rate);
				chances = local;
			}
		}
		count_follower(p, lag, chances);
		before = time_ms;
	}
}

double
succession_chance(const struct track *a, const struct track *b, const struct trail *trail, int64_t now_ms)
{
	struct pair p = { .a = a, .b = b, .rate = track_rate(a, trail, now_ms) };
	double least = 0;

	if (a->count < SUCCESSION_LEAST || b->count < SUCCESSION_LEAST)
		return 0;
	set_chances(p.usual, p.rate);
	count_pair(&p);
	for (size_t s = 0; s < SPANS; s++)
		if (p.hits[s] >= SUCCESSION_LEAST)
			least = fmin(least, odds_log_tail(p.hits[s], p.expected[s]));
	return fmin(0, least + log(SPANS));
}
