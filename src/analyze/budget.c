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

/* The oldest first, for the newest are those that were seen. Those without an age are as old as the oldest that has one. */
static void
add_missing(struct budget *b, const struct supervisor_facts *f, uint64_t missing)
{
	uint64_t told = f->used < f->age_count ? f->used : f->age_count;
	uint64_t ageless = f->used - told < missing ? f->used - told : missing;

	budget_spend(b, f->time_ms - (told > 0 ? f->ages_ms[told - 1] : 0), ageless);
	for (missing -= ageless; missing > 0; missing--)
		budget_spend(b, f->time_ms - f->ages_ms[--told], 1);
}

void
budget_learn(struct budget *b, const struct supervisor_facts *f)
{
	uint64_t seen;

	make(b, f->intensity, f->period_ms);
	seen = count(b, f->time_ms);
	if (f->used > seen)
		add_missing(b, f, f->used - seen);
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
