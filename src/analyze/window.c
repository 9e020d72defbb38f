/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void
window_init(struct window *w, size_t cap, int64_t bucket_ms)
{
	*w = (struct window) { .counts = xcalloc(cap, sizeof(*w->counts)), .cap = cap, .bucket_ms = bucket_ms };
}

void
window_release(struct window *w)
{
	free(w->counts);
	memset(w, 0, sizeof(*w));
}

/* Times before 1970 all fall into bucket 0: they are nobody's. */
static int64_t
bucket_of(const struct window *w, int64_t time_ms)
{
	return time_ms > 0 ? time_ms / w->bucket_ms : 0;
}

static uint32_t *
slot(const struct window *w, int64_t bucket)
{
	return &w->counts[(size_t)bucket % w->cap];
}

static void
advance(struct window *w, int64_t bucket)
{
	if (bucket - w->newest >= (int64_t)w->cap) {
		memset(w->counts, 0, w->cap * sizeof(*w->counts));
		w->newest = bucket;
	}
	while (w->newest < bucket)
		*slot(w, ++w->newest) = 0;
}

void
window_add(struct window *w, int64_t time_ms, uint64_t n)
{
	int64_t bucket = bucket_of(w, time_ms);
	uint32_t *count = slot(w, bucket);

	advance(w, bucket);
	if (w->newest - bucket < (int64_t)w->cap)
		*count = n < UINT32_MAX - *count ? *count + (uint32_t)n : UINT32_MAX;
}

void
window_take(struct window *w, int64_t time_ms, uint64_t n)
{
	int64_t bucket = bucket_of(w, time_ms);
	uint32_t *count = slot(w, bucket);

	if (bucket > w->newest || w->newest - bucket >= (int64_t)w->cap)
		return;
	*count = n < *count ? *count - (uint32_t)n : 0;
}

static uint64_t
sum_of(const uint32_t *counts, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += counts[i];
	return sum;
}

uint64_t
window_count(const struct window *w, int64_t now_ms, int64_t span_ms)
{
	int64_t now = bucket_of(w, now_ms), last = now < w->newest ? now : w->newest;
	int64_t first = now - span_ms / w->bucket_ms + 1, oldest = w->newest - (int64_t)w->cap + 1;
	size_t n, at, straight;

	first = first > oldest ? first : oldest;
	first = first > 0 ? first : 0;
	if (last < first)
		return 0;
	n = (size_t)(last - first + 1);
	at = (size_t)first % w->cap;
	straight = n < w->cap - at ? n : w->cap - at;
	return sum_of(w->counts + at, straight) + sum_of(w->counts, n - straight);
}
