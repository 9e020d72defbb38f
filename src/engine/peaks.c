/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/peaks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define SPAN_MS 10000
#define SPAN_MAX_MS 640000

static void
merge_pairs(float *spans)
{
	for (unsigned i = 0; i < PEAK_SPANS / 2; i++)
		spans[i] = fmaxf(spans[2 * i], spans[2 * i + 1]);
}

static void
merge_spans(struct peaks *l)
{
	for (unsigned i = 0; i < l->count; i++)
		merge_pairs(l->rows[i].highest);
	merge_pairs(l->least);
	for (unsigned i = 0; i < PEAK_SPANS / 2; i++)
		l->since_ms[i] = l->since_ms[2 * i + 1];
	l->spans = PEAK_SPANS / 2;
	l->span_ms *= 2;
}

static void
drop_oldest(struct peaks *l)
{
	for (unsigned i = 0; i < l->count; i++)
		memmove(l->rows[i].highest, l->rows[i].highest + 1, (PEAK_SPANS - 1) * sizeof(float));
	memmove(l->least, l->least + 1, (PEAK_SPANS - 1) * sizeof(float));
	memmove(l->since_ms, l->since_ms + 1, (PEAK_SPANS - 1) * sizeof(l->since_ms[0]));
	l->spans--;
}

static void
end_span(struct peaks *l, int64_t now_ms)
{
	if (l->spans == PEAK_SPANS && l->span_ms < SPAN_MAX_MS)
		merge_spans(l);
	else if (l->spans == PEAK_SPANS)
		drop_oldest(l);
	for (unsigned i = 0; i < l->count; i++) {
		l->rows[i].highest[l->spans] = l->rows[i].now;
		l->rows[i].now = NAN;
	}
	l->least[l->spans] = l->now;
	l->since_ms[l->spans] = now_ms;
	l->now = NAN;
	l->spans++;
	l->end_ms = now_ms + l->span_ms;
}

void
peaks_begin(struct peaks *l, int64_t now_ms, double least)
{
	if (l->rows == NULL) {
		l->rows = xcalloc(PEAKS_MAX, sizeof(*l->rows));
		l->span_ms = SPAN_MS;
		l->end_ms = now_ms + l->span_ms;
		l->now = NAN;
	}
	if (now_ms >= l->end_ms)
		end_span(l, now_ms);
	l->now = fmaxf(l->now, (float)least);
}

static struct peak *
find(const struct peaks *l, const char *key)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strncmp(l->rows[i].key, key, PEAK_KEY - 1) == 0)
			return &l->rows[i];
	return NULL;
}

/* add takes the place of the one that was not seen for longest. */
static struct peak *
add(struct peaks *l, const char *key)
{
	struct peak *row = &l->rows[0];

	if (l->count < PEAKS_MAX)
		row = &l->rows[l->count++];
	else
		for (unsigned i = 1; i < l->count; i++)
			if (l->rows[i].seen_ms < row->seen_ms)
				row = &l->rows[i];
	snprintf(row->key, sizeof(row->key), "%s", key);
	for (unsigned i = 0; i < PEAK_SPANS; i++)
		row->highest[i] = NAN;
	row->now = NAN;
	return row;
}

void
peaks_note(struct peaks *l, const char *key, double value)
{
	struct peak *row = find(l, key);

	if (row == NULL)
		row = add(l, key);
	row->now = fmaxf(row->now, (float)value);
	row->seen_ms = l->end_ms;
}

/* growth_from looks at the spans from the number given on. */
static struct peak_growth
growth_from(const struct peaks *l, unsigned first, const char *key, double value)
{
	const struct peak *row = l->rows ? find(l, key) : NULL;
	struct peak_growth g = { NAN, 0 };
	float lowest = INFINITY;

	for (unsigned i = first; i < l->spans; i++) {
		float had = row && !isnan(row->highest[i]) ? row->highest[i] : l->least[i];

		/* Of what stays the same the latest span tells. */
		if (isnan(had) || had > lowest)
			continue;
		lowest = had;
		g = (struct peak_growth) { value - had, l->since_ms[i] };
	}
	return g;
}

struct peak_growth
peaks_recent(const struct peaks *l, const char *key, double value)
{
	return growth_from(l, l->spans > 2 ? l->spans - 2 : 0, key, value);
}

struct peak_growth
peaks_long(const struct peaks *l, const char *key, double value)
{
	return growth_from(l, 0, key, value);
}

void
peaks_release(struct peaks *l)
{
	free(l->rows);
	*l = (struct peaks) { .rows = NULL };
}
