/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/novelty.h"

#include <math.h>
#include <string.h>

struct nearest {
	double distance;
	unsigned index;
};

static double
distance(const double *a, const double *b)
{
	double sum = 0;

	for (unsigned i = 0; i < NOVELTY_LENGTH; i++)
		sum += fabs(a[i] - b[i]);
	return sum;
}

static struct nearest
find_nearest(const struct novelty *n, const double *window)
{
	struct nearest best = { INFINITY, 0 };

	for (unsigned i = 0; i < n->count; i++) {
		double d = distance(window, n->window[i]);

		if (d < best.distance)
			best = (struct nearest) { d, i };
	}
	return best;
}

/* least_recent is the place for a new window. */
static unsigned
least_recent(struct novelty *n)
{
	unsigned at = 0;

	if (n->count < NOVELTY_MEMORY)
		return n->count++;
	for (unsigned i = 1; i < NOVELTY_MEMORY; i++)
		/* Ages, so that the clock may run over. */
		if (n->clock - n->matched[i] > n->clock - n->matched[at])
			at = i;
	return at;
}

static void
remember(struct novelty *n, const double *window)
{
	unsigned at = least_recent(n);

	memcpy(n->window[at], window, sizeof(n->window[at]));
	n->matched[at] = n->clock;
}

static void
push(struct novelty *n, double value)
{
	if (n->recent_count == 2 * NOVELTY_LENGTH)
		memmove(n->recent, n->recent + 1, (--n->recent_count) * sizeof(n->recent[0]));
	n->recent[n->recent_count++] = value;
	n->clock++;
}

double
novelty_feed(struct novelty *n, double value, double novel)
{
	struct nearest present = { 0, 0 };

	push(n, value);
	if (n->recent_count < NOVELTY_LENGTH)
		return 0;
	if (n->count > 0) {
		present = find_nearest(n, n->recent + n->recent_count - NOVELTY_LENGTH);
		n->matched[present.index] = n->clock;
	}
	if (n->recent_count == 2 * NOVELTY_LENGTH && find_nearest(n, n->recent).distance > novel)
		remember(n, n->recent);
	return present.distance;
}

void
novelty_interrupt(struct novelty *n)
{
	n->recent_count = 0;
}
