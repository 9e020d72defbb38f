/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/periodic.h"

#include <math.h>
#include <stdlib.h>

#include "analyze/beat_chain.h"
#include "analyze/trail.h"

#define BURST_MS 60000 /* and a quarter of an interval: what is nearer to the restart before is no evidence */
#define THRESHOLD 3.0  /* evidence, after all trials: 95 in 100 */
#define PAUSE 15       /* intervals after which the same interval is another pattern */
#define ALIKE 0.1      /* how far intervals of one pattern may be apart */
#define BIN 0.03       /* of the histogram: of the logarithm of an interval */
#define BINS 256
#define DENSE 0.95    /* of the shortest interval: a mean distance below is that of a storm */
#define WIDTH 4       /* a distance counts for so many bins on either side, too */
#define CANDIDATES 32 /* of them the best LOOKED_AT are looked at more closely */
#define LOOKED_AT 5
#define LINKS 5  /* distances to so many restarts before */
#define SELDOM 8 /* all intervals are tried when the restarts are more by this part */

/* ---- which intervals are tried ---- */

static void
add_distance(double *bins, double distance_ms, double weight)
{
	int middle;

	if (distance_ms < PERIODIC_MIN_MS || distance_ms > PERIODIC_MAX_MS)
		return;
	middle = (int)(log(distance_ms / PERIODIC_MIN_MS) / BIN);
	for (int i = middle - WIDTH; i <= middle + WIDTH; i++)
		if (i >= 0 && i < BINS)
			bins[i] += weight * (WIDTH + 1 - abs(i - middle));
}

static void
fill(double *bins, const int64_t *times, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		for (unsigned j = i > LINKS ? i - LINKS : 0; j < i; j++) {
			double distance = (double)(times[i] - times[j]);

			add_distance(bins, distance, 1);
			add_distance(bins, distance / 2, 0.5);
		}
}

/* take_peak returns the interval of the highest bin, and clears what belongs to it; 0: there is none. */
static double
take_peak(double *bins)
{
	int top = 0;

	for (int i = 1; i < BINS; i++)
		if (bins[i] > bins[top])
			top = i;
	if (bins[top] <= 0)
		return 0;
	for (int i = top - 1; i <= top + 1; i++)
		if (i >= 0 && i < BINS)
			bins[i] = 0;
	return PERIODIC_MIN_MS * exp((top + 0.5) * BIN);
}

/*
 * is_dense: in a child's storm heads come as near to each other as heads may (TRAIL_HEAD_MS), and so regularly by themselves, which is no interval of the child's;
 * nor is a multiple of one that is shorter than those that are looked for.
 */
static bool
is_dense(const int64_t *times, unsigned count, const struct beat_chain *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++)
		n += times[i] > b->first_ms && times[i] <= b->last_ms;
	return (double)(b->last_ms - b->first_ms) < DENSE * n * PERIODIC_MIN_MS;
}

/* try_period: where more than two of five beats do not come, it is no regular interval (but, say, half of one). */
static void
try_period(struct beat_chain *best, const int64_t *times, unsigned count, double period_ms)
{
	int64_t spaced[TRAIL_TIMES];
	double burst_ms = fmin(period_ms / 4, BURST_MS);
	unsigned n = 0;
	struct beat_chain found;

	for (unsigned i = 0; i < count; i++)
		if (i == 0 || (double)(times[i] - times[i - 1]) >= burst_ms)
			spaced[n++] = times[i];
	beat_chain_find(spaced, n, period_ms, burst_ms, &found);
	if (found.evidence > best->evidence && found.count >= PERIODIC_BEATS && 3 * found.missed <= 2 * found.count &&
	    !is_dense(times, count, &found))
		*best = found;
}

struct candidate {
	double period_ms;
	double guess;
};

static void
rank(struct candidate *best, unsigned *n, const struct candidate *c)
{
	unsigned i = *n;

	if (i == LOOKED_AT && best[--i].guess >= c->guess)
		return;
	for (; i > 0 && best[i - 1].guess < c->guess; i--)
		best[i] = best[i - 1];
	best[i] = *c;
	*n += *n < LOOKED_AT;
}

static struct beat_chain
search(const int64_t *times, unsigned count)
{
	double bins[BINS] = { 0 };
	struct candidate best[LOOKED_AT], c;
	unsigned n = 0;
	struct beat_chain found = { .evidence = 0 };

	fill(bins, times, count);
	for (int i = 0; i < CANDIDATES && (c.period_ms = take_peak(bins)) > 0; i++) {
		c.guess = beat_chain_guess(times, count, c.period_ms);
		rank(best, &n, &c);
	}
	for (unsigned i = 0; i < n; i++)
		try_period(&found, times, count, best[i].period_ms);
	return found;
}

/* ---- the pattern ---- */

static double
trials(unsigned children)
{
	return log(PERIODIC_TRIALS) + log(children > 1 ? children : 1);
}

static void
count_missed(struct periodic *p)
{
	double all = round((double)(p->last_ms - p->first_ms) / p->period_ms) + 1;

	p->missed = (uint64_t)fmax(0, all - (double)p->beats);
}

static void
begin(struct periodic *p, const struct beat_chain *b, int64_t now_ms, unsigned children)
{
	*p = (struct periodic) { .found = true,
		.period_ms = b->period_ms,
		.jitter = b->jitter,
		.evidence = b->evidence - trials(children),
		.beats = b->count,
		.first_ms = b->first_ms,
		.last_ms = b->last_ms,
		.detected_ms = now_ms,
		.after_ms = p->after_ms };
	count_missed(p);
}

/* go_on: what has become longer than what is remembered goes on counting. */
static void
go_on(struct periodic *p, const struct beat_chain *b, unsigned children)
{
	double more = (double)(b->last_ms - p->last_ms) / b->period_ms * b->count / (b->count + b->missed);

	if (b->first_ms <= p->first_ms)
		p->beats = b->count;
	else if (b->first_ms > p->last_ms)
		p->beats += b->count;
	else
		p->beats += (uint64_t)fmax(1, round(more));
	p->first_ms = b->first_ms < p->first_ms ? b->first_ms : p->first_ms;
	p->last_ms = b->last_ms;
	p->period_ms = b->period_ms;
	p->jitter = b->jitter;
	p->evidence = fmax(p->evidence, b->evidence - trials(children));
	count_missed(p);
}

static bool
is_same(const struct periodic *p, const struct beat_chain *b)
{
	return fabs(b->period_ms - p->period_ms) < ALIKE * p->period_ms &&
	    (double)(b->first_ms - p->last_ms) < PAUSE * p->period_ms;
}

/* consider takes what was found over. True if it took another pattern's place. */
static bool
consider(struct periodic *p, const struct beat_chain *b, int64_t now_ms, unsigned children, struct periodic *ended)
{
	double evidence = b->evidence - trials(children);

	if (p->found && is_same(p, b)) {
		if (b->last_ms > p->last_ms)
			go_on(p, b, children);
		return false;
	}
	if (evidence < THRESHOLD)
		return false;
	if (!p->found) {
		begin(p, b, now_ms, children);
		return false;
	}
	if (b->first_ms > p->last_ms) {
		*ended = *p;
		p->after_ms = p->last_ms;
		begin(p, b, now_ms, children);
		return true;
	}
	/* Two intervals for the same restarts: the better one. */
	if (evidence > p->evidence + THRESHOLD)
		begin(p, b, now_ms, children);
	return false;
}

bool
periodic_is_active(const struct periodic *p, int64_t now_ms)
{
	return p->found && (double)(now_ms - p->last_ms) <= (BEAT_CHAIN_APART + 0.5) * p->period_ms;
}

bool
periodic_look(
    struct periodic *p, const int64_t *times, unsigned count, int64_t now_ms, unsigned children, struct periodic *ended)
{
	struct beat_chain best = { 0 };
	bool over = false;

	while (count > 0 && times[0] <= p->after_ms) {
		times++;
		count--;
	}
	p->unseen++;
	if (p->found) {
		try_period(&best, times, count, p->period_ms);
		if (best.evidence > 0)
			over = consider(p, &best, now_ms, children, ended);
	}
	if (over || count < PERIODIC_BEATS || p->unseen < count / SELDOM)
		return over;
	p->unseen = 0;
	best = search(times, count);
	return best.evidence > 0 && consider(p, &best, now_ms, children, ended);
}
