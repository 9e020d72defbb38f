/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/levels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define SPAN_MS 30000
#define SPAN_MAX_MS 960000

static void
merge_pairs(float *spans)
{
	for (unsigned i = 0; i < LEVEL_SPANS / 2; i++)
		spans[i] = fmaxf(spans[2 * i], spans[2 * i + 1]);
}

static void
merge_spans(struct levels *l)
{
	for (unsigned i = 0; i < l->count; i++)
		merge_pairs(l->rows[i].peak);
	merge_pairs(l->least);
	for (unsigned i = 0; i < LEVEL_SPANS / 2; i++)
		l->since_ms[i] = l->since_ms[2 * i + 1];
	l->spans = LEVEL_SPANS / 2;
	l->span_ms *= 2;
}

static void
drop_oldest(struct levels *l)
{
	for (unsigned i = 0; i < l->count; i++)
		memmove(l->rows[i].peak, l->rows[i].peak + 1, (LEVEL_SPANS - 1) * sizeof(float));
	memmove(l->least, l->least + 1, (LEVEL_SPANS - 1) * sizeof(float));
	memmove(l->since_ms, l->since_ms + 1, (LEVEL_SPANS - 1) * sizeof(l->since_ms[0]));
	l->spans--;
}

static void
end_span(struct levels *l, int64_t now_ms)
{
	if (l->spans == LEVEL_SPANS && l->span_ms < SPAN_MAX_MS)
		merge_spans(l);
	else if (l->spans == LEVEL_SPANS)
		drop_oldest(l);
	for (unsigned i = 0; i < l->count; i++) {
		l->rows[i].peak[l->spans] = l->rows[i].now;
		l->rows[i].now = NAN;
	}
	l->least[l->spans] = l->now;
	l->since_ms[l->spans] = now_ms;
	l->now = NAN;
	l->spans++;
	l->end_ms = now_ms + l->span_ms;
}

void
levels_begin(struct levels *l, int64_t now_ms, double least)
{
	if (l->rows == NULL) {
		l->rows = xcalloc(LEVELS_MAX, sizeof(*l->rows));
		l->span_ms = SPAN_MS;
		l->end_ms = now_ms + l->span_ms;
		l->now = NAN;
	}
	if (now_ms >= l->end_ms)
		end_span(l, now_ms);
	l->now = fmaxf(l->now, (float)least);
}

static struct level *
find(const struct levels *l, const char *key)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strncmp(l->rows[i].key, key, LEVEL_KEY - 1) == 0)
			return &l->rows[i];
	return NULL;
}

/* add takes the place of the one that was not seen for longest. */
static struct level *
add(struct levels *l, const char *key)
{
	struct level *row = &l->rows[0];

	if (l->count < LEVELS_MAX)
		row = &l->rows[l->count++];
	else
		for (unsigned i = 1; i < l->count; i++)
			if (l->rows[i].seen_ms < row->seen_ms)
				row = &l->rows[i];
	snprintf(row->key, sizeof(row->key), "%s", key);
	for (unsigned i = 0; i < LEVEL_SPANS; i++)
		row->peak[i] = NAN;
	row->now = NAN;
	return row;
}

void
levels_note(struct levels *l, const char *key, double value)
{
	struct level *row = find(l, key);

	if (row == NULL)
		row = add(l, key);
	row->now = fmaxf(row->now, (float)value);
	row->seen_ms = l->end_ms;
}

/* growth_from looks at the spans from the number given on. */
static struct level_growth
growth_from(const struct levels *l, unsigned first, const char *key, double value)
{
	const struct level *row = l->rows ? find(l, key) : NULL;
	struct level_growth g = { NAN, 0 };
	float lowest = INFINITY;

	for (unsigned i = first; i < l->spans; i++) {
		float had = row && !isnan(row->peak[i]) ? row->peak[i] : l->least[i];

		/* Of what stays the same the latest span tells. */
		if (isnan(had) || had > lowest)
			continue;
		lowest = had;
		g = (struct level_growth) { value - had, l->since_ms[i] };
	}
	return g;
}

struct level_growth
levels_recent(const struct levels *l, const char *key, double value)
{
	return growth_from(l, l->spans > 2 ? l->spans - 2 : 0, key, value);
}

struct level_growth
levels_long(const struct levels *l, const char *key, double value)
{
	return growth_from(l, 0, key, value);
}

void
levels_release(struct levels *l)
{
	free(l->rows);
	*l = (struct levels) { .rows = NULL };
}
