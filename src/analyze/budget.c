/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/budget.h"

#include <string.h>

#define SECOND_MS 1000
#define MAX_BUCKETS 120

void
budget_release(struct budget *b)
{
	window_release(&b->spent);
	memset(b, 0, sizeof(*b));
}

/* A bucket is a second, or longer for a long period: the memory does not depend on it. */
static int64_t
bucket_ms(int64_t period_ms)
{
	int64_t seconds = (period_ms / SECOND_MS + MAX_BUCKETS - 1) / MAX_BUCKETS;

	return (seconds > 0 ? seconds : 1) * SECOND_MS;
}

/* Of whole seconds, both ends are in the period. */
static uint64_t
count(const struct budget *b, int64_t now_ms)
{
	return window_count(&b->spent, now_ms, b->period_ms + b->spent.bucket_ms);
}

static void
make(struct budget *b, uint32_t intensity, int64_t period_ms)
{
	int64_t bucket = bucket_ms(period_ms);

	if (b->known && b->intensity == intensity && b->period_ms == period_ms)
		return;
	budget_release(b);
	*b = (struct budget) { .known = true, .intensity = intensity, .period_ms = period_ms };
	window_init(&b->spent, (size_t)(period_ms / bucket) + 2, bucket);
}

void
budget_learn(struct budget *b, const struct supervisor_facts *f)
{
	uint64_t seen;

	make(b, f->intensity, f->period_ms);
	seen = count(b, f->time_ms);
	/* The oldest are those that were not seen. */
	for (uint64_t missing = f->used > seen ? f->used - seen : 0, i = f->used; missing > 0; missing--, i--) {
		uint64_t at = i - 1 < f->age_count ? i - 1 : f->age_count;
		int64_t age_ms = f->age_count == 0 ? 0 : f->ages_ms[at < f->age_count ? at : f->age_count - 1];

		budget_spend(b, f->time_ms - age_ms, 1);
	}
}

void
budget_spend(struct budget *b, int64_t time_ms, uint64_t n)
{
	if (b->known)
		window_add(&b->spent, time_ms, n);
}

void
budget_renew(struct budget *b)
{
	uint32_t intensity = b->intensity;
	int64_t period_ms = b->period_ms;

	if (!b->known)
		return;
	budget_release(b);
	make(b, intensity, period_ms);
}

uint32_t
budget_used(const struct budget *b, int64_t now_ms)
{
	uint64_t used = count(b, now_ms);

	return used < b->intensity ? (uint32_t)used : b->intensity;
}

uint32_t
budget_left(const struct budget *b, int64_t now_ms)
{
	return b->intensity - budget_used(b, now_ms);
}

double
budget_share(const struct budget *b, int64_t now_ms)
{
	uint32_t used = b->known ? budget_used(b, now_ms) : 0;

	return used < 2 ? 0 : 100.0 * used / b->intensity;
}
