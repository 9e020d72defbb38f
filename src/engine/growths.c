/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/growths.h"

#include <math.h>
#include <stdio.h>

#include "engine/state.h"

/* Parents and owners go by their pids, calls by themselves. */
static void
group_key(char key[PEAK_KEY], enum group_by by, const char *pid, const char *name)
{
	snprintf(key, PEAK_KEY, "%d %.99s", (int)by, by == GROUP_BY_CALL ? name : pid);
}

static void
table_key(char key[PEAK_KEY], const struct survey_table *t)
{
	snprintf(key, PEAK_KEY, "%d %.48s %.48s", t->named, t->name, t->named ? "" : t->owner);
}

void
growths_note_ranking(struct engine *e, enum top_kind kind)
{
	unsigned count = e->top_count[kind];
	struct peaks *l = &e->growths.tops[kind];

	if (e->restoring)
		return;
	peaks_begin(l, e->now_ms, count == SAMPLE_TOP ? e->top[kind][count - 1].value : 0);
	for (unsigned i = 0; i < count; i++)
		if (e->top[kind][i].value >= 0)
			peaks_note(l, e->top[kind][i].pid, e->top[kind][i].value);
}

static void
note_tables(struct engine *e, const struct survey *s)
{
	const struct survey_table *t = survey_tables(s);
	bool all = s->total <= s->count;
	char key[PEAK_KEY];

	if (s->count == 0)
		return;
	peaks_begin(&e->growths.table_bytes, e->now_ms, all ? 0 : t[s->count - 1].memory);
	peaks_begin(&e->growths.table_counts, e->now_ms, 0);
	for (unsigned i = 0; i < s->count; i++) {
		table_key(key, &t[i]);
		peaks_note(&e->growths.table_bytes, key, t[i].memory);
		peaks_note(&e->growths.table_counts, key, t[i].count);
	}
}

/* least_told: of each way of grouping the probe tells the GROUPS_TOLD largest; what is not told has at most what the least of them has. */
static double
least_told(const double least[], const unsigned told[])
{
	double most = 1; /* one alone is not told */

	for (int by = 0; by <= GROUP_BY_OWNER; by++)
		if (told[by] >= GROUPS_TOLD)
			most = fmax(most, least[by]);
	return most;
}

static void
count_told(double least[], unsigned told[], enum group_by by, double count)
{
	least[by] = told[by]++ == 0 ? count : fmin(least[by], count);
}

static void
note_groups(struct engine *e, const struct survey *s)
{
	const struct survey_group *g = survey_groups(s);
	unsigned told[GROUP_BY_OWNER + 1] = { 0 };
	double least[GROUP_BY_OWNER + 1] = { 0 };
	char key[PEAK_KEY];

	for (unsigned i = 0; i < s->count; i++)
		count_told(least, told, g[i].by, g[i].count);
	peaks_begin(&e->growths.processes, e->now_ms, least_told(least, told));
	peaks_begin(&e->growths.runnable, e->now_ms, 0);
	for (unsigned i = 0; i < s->count; i++) {
		group_key(key, g[i].by, g[i].pid, g[i].name);
		peaks_note(&e->growths.processes, key, g[i].count);
		peaks_note(&e->growths.runnable, key, g[i].runnable);
	}
}

static void
note_ports(struct engine *e, const struct survey *s)
{
	const struct survey_port_group *g = survey_port_groups(s);
	unsigned told[GROUP_BY_OWNER + 1] = { 0 };
	double least[GROUP_BY_OWNER + 1] = { 0 };
	char key[PEAK_KEY];

	for (unsigned i = 0; i < s->count; i++)
		count_told(least, told, g[i].by, g[i].count);
	peaks_begin(&e->growths.ports, e->now_ms, least_told(least, told));
	for (unsigned i = 0; i < s->count; i++) {
		group_key(key, g[i].by, g[i].pid, g[i].name);
		peaks_note(&e->growths.ports, key, g[i].count);
	}
}

void
growths_note_survey(struct engine *e, enum survey_kind kind)
{
	const struct survey *s = &e->surveys[kind];

	if (kind == SURVEY_TABLES)
		note_tables(e, s);
	else if (kind == SURVEY_GROUPS)
		note_groups(e, s);
	else if (kind == SURVEY_PORTS)
		note_ports(e, s);
}

void
growths_forget(struct engine *e)
{
	struct growths *g = &e->growths;

	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		peaks_release(&g->tops[kind]);
	peaks_release(&g->table_bytes);
	peaks_release(&g->table_counts);
	peaks_release(&g->processes);
	peaks_release(&g->runnable);
	peaks_release(&g->ports);
}

/* ---- who has grown ---- */

static struct peak_growth
growth_in(const struct peaks *p, bool recent, const char *key, double value)
{
	return recent ? peaks_recent(p, key, value) : peaks_long(p, key, value);
}

struct peak_growth
growths_of_process(const struct engine *e, enum top_kind kind, const struct top_process *p, bool recent)
{
	return growth_in(&e->growths.tops[kind], recent, p->pid, p->value);
}

struct peak_growth
growths_of_table(const struct engine *e, const struct survey_table *t, bool by_count, bool recent)
{
	const struct peaks *p = by_count ? &e->growths.table_counts : &e->growths.table_bytes;
	char key[PEAK_KEY];

	table_key(key, t);
	return growth_in(p, recent, key, by_count ? t->count : t->memory);
}

struct peak_growth
growths_of_group(const struct engine *e, const struct survey_group *g, bool runnable, bool recent)
{
	const struct peaks *p = runnable ? &e->growths.runnable : &e->growths.processes;
	char key[PEAK_KEY];

	group_key(key, g->by, g->pid, g->name);
	return growth_in(p, recent, key, runnable ? g->runnable : g->count);
}

struct peak_growth
growths_of_ports(const struct engine *e, const struct survey_port_group *g, bool recent)
{
	char key[PEAK_KEY];

	group_key(key, g->by, g->pid, g->name);
	return growth_in(&e->growths.ports, recent, key, g->count);
}
