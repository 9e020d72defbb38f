/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/sustained.h"

#include <assert.h>
#include <string.h>

void
sustained_add(struct sustained *l, double value)
{
	l->recent[l->next] = value;
	l->next = (l->next + 1) % SUSTAINED_SAMPLES;
	l->count += l->count < SUSTAINED_SAMPLES;
}

double
sustained_sample(const struct sustained *l, unsigned age)
{
	return l->recent[(l->next + SUSTAINED_SAMPLES - 1 - age) % SUSTAINED_SAMPLES];
}

double
sustained_median(const struct sustained *l)
{
	double sorted[SUSTAINED_SAMPLES] = { 0 };

	for (unsigned i = 0; i < l->count; i++) {
		unsigned k = i;

		for (; k > 0 && sorted[k - 1] > l->recent[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = l->recent[i];
	}
	return sorted[l->count / 2];
}

void
sustained_forget(struct sustained *l, unsigned keep)
{
	struct sustained kept = { .count = 0 };

	assert(keep <= l->count);
	while (keep-- > 0)
		sustained_add(&kept, sustained_sample(l, keep));
	*l = kept;
}
