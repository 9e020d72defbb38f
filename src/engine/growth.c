/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each row carries two points of its past: the one that growth is measured from, and a later one, the mark, which takes its place once it is
 * 10 minutes old. No more needs to be kept, and what happened an hour ago does not count.
 */
#include "engine/growth.h"

#include <math.h>
#include <string.h>

#define WINDOW_MS 600000
#define SPAN_MIN_MS 20000 /* over less, what is allocated by and by looks like a flood, or like nothing */
#define HOUR_MS 3600000.0

static const struct survey_table *
find_table(const struct survey *s, const struct survey_table *like)
{
	for (unsigned i = 0; s && i < s->count; i++) {
		const struct survey_table *t = &survey_tables(s)[i];

		if (t->named == like->named && strcmp(t->name, like->name) == 0 && strcmp(t->owner, like->owner) == 0)
			return t;
	}
	return NULL;
}

static void
begin(struct survey_table *t, int64_t time_ms)
{
	t->growth = (struct table_growth) { time_ms, t->memory, time_ms, t->memory, NAN };
}

static void
go_on(struct survey_table *t, const struct table_growth *before, int64_t time_ms)
{
	struct table_growth *g = &t->growth;

	*g = *before;
	if (time_ms - g->since_ms >= SPAN_MIN_MS)
		g->per_hour = (t->memory - g->since_memory) * HOUR_MS / (double)(time_ms - g->since_ms);
	if (time_ms - g->mark_ms < WINDOW_MS)
		return;
	g->since_ms = g->mark_ms;
	g->since_memory = g->mark_memory;
	g->mark_ms = time_ms;
	g->mark_memory = t->memory;
}

void
growth_of_tables(struct survey *now, const struct survey *before)
{
	struct survey_table *rows = now->rows;

	for (unsigned i = 0; i < now->count; i++) {
		const struct survey_table *t = find_table(before, &rows[i]);

		if (t)
			go_on(&rows[i], &t->growth, now->time_ms);
		else
			begin(&rows[i], now->time_ms);
	}
}
