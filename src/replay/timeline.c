/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/timeline.h"

#include <stdlib.h>
#include <string.h>

#define YEAR_MS (INT64_C(366) * 86400000)
#define LEAST_RECENT 3

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t
timeline_usual_ms(const struct timeline *t)
{
	unsigned n = t->count < TIMELINE_RECENT ? t->count : TIMELINE_RECENT;
	int64_t sorted[TIMELINE_RECENT];

	if (n < LEAST_RECENT)
		return 0;
	memcpy(sorted, t->recent_ms, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), by_size);
	return sorted[n / 2];
}

static enum timing
follow(struct timeline *t, int64_t time_ms)
{
	int64_t usual = timeline_usual_ms(t), distance = time_ms - t->last_ms;

	t->last_ms = time_ms;
	t->leapt = false;
	t->recent_ms[t->count++ % TIMELINE_RECENT] = distance;
	if (usual > 0 && distance > TIMELINE_GAP * usual)
		return TIMING_GAP;
	return usual > 0 && distance - usual > usual * 3 / 4 ? TIMING_SPARSE : TIMING_NEXT;
}

/* leap: one alone is a wrong time; where the next goes on from there, the recording does. */
static enum timing
leap(struct timeline *t, int64_t time_ms)
{
	bool confirmed = t->leapt && time_ms > t->leapt_ms && time_ms - t->leapt_ms <= YEAR_MS;

	t->leapt = true;
	t->leapt_ms = time_ms;
	if (!confirmed)
		return TIMING_JUMP;
	if (time_ms < t->last_ms)
		return TIMING_LOST;
	t->leapt = false;
	t->last_ms = time_ms;
	return TIMING_GAP;
}

enum timing
timeline_judge(struct timeline *t, int64_t time_ms)
{
	if (!t->begun) {
		t->begun = true;
		t->last_ms = time_ms;
		return TIMING_NEXT;
	}
	if (time_ms == t->last_ms)
		return TIMING_DUPLICATE;
	if (time_ms > t->last_ms + YEAR_MS || time_ms < t->last_ms - YEAR_MS)
		return leap(t, time_ms);
	return time_ms < t->last_ms ? TIMING_BACKWARDS : follow(t, time_ms);
}
