/* SPDX-License-Identifier: Apache-2.0 */
/* Who was largest at the end, and who became so within the range: the rankings over time tell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "report/gather.h"

/* Rankings in which growing means something, and by how much at the least. */
static const struct {
	enum top_kind kind;
	double floor;
} RANKED[] = {
	{ TOP_MESSAGE_QUEUE, 500 },
	{ TOP_MEMORY, 8e6 },
	{ TOP_BINARY, 8e6 },
};
#define GREW_SHARE 0.5
#define OUTDATED \
	4 /* times what all have: a heap may halve between two readings of different moments, as it is collected */

static const struct ranked *
find(const struct past_ranking *p, enum top_kind kind, const char *pid)
{
	for (unsigned i = 0; i < p->count[kind]; i++)
		if (strcmp(p->rows[kind][i].pid, pid) == 0)
			return &p->rows[kind][i];
	return NULL;
}

/* start_of is the process's first place in the range. One that had none then had at most what the last of a full ranking had. */
static void
start_of(struct report_grower *g, const struct engine *e, const struct report_range *range)
{
	const struct past_ranking *p;
	size_t it = 0;

	p = engine_past_ranking(e, range->from_ms, range->to_ms, &it);
	if (p) {
		const struct ranked *row = find(p, g->kind, g->process.pid);
		unsigned count = p->count[g->kind];

		g->was_ranked = row != NULL;
		g->first_ms = p->time_ms;
		g->first = row ? row->value : count == PAST_RANKING_ROWS ? p->rows[g->kind][count - 1].value : 0;
	}
}

static double
grown_by(const struct report_grower *g)
{
	for (size_t i = 0; i < ARRAY_LEN(RANKED); i++)
		if (RANKED[i].kind == g->kind)
			return (g->process.value - g->first) / RANKED[i].floor;
	return 0;
}

static int
more(const void *a, const void *b)
{
	double x = grown_by(a), y = grown_by(b);

	return (x < y) - (x > y);
}

static struct ranked
ranked_of(const struct top_process *p)
{
	struct ranked ranked = { .value = p->value };

	memcpy(ranked.pid, p->pid, sizeof(ranked.pid));
	snprintf(ranked.name, sizeof(ranked.name), "%.63s", p->name[0] ? p->name : p->initial_call);
	return ranked;
}

/* Of the rankings at the end, which are of last_ms. */
static void
gather_growers(struct report *r, const struct engine *e, int64_t last_ms)
{
	struct report_grower all[ARRAY_LEN(RANKED) * PAST_RANKING_ROWS] = { { 0 } };
	unsigned count = 0;

	for (size_t k = 0; k < ARRAY_LEN(RANKED); k++)
		for (unsigned i = 0; i < r->top[RANKED[k].kind].count && i < PAST_RANKING_ROWS; i++) {
			struct report_grower *g = &all[count];

			*g = (struct report_grower) { .kind = RANKED[k].kind,
				.process = ranked_of(&r->top[RANKED[k].kind].rows[i]),
				.last_ms = last_ms };
			start_of(g, e, &r->range);
			count += g->first_ms < g->last_ms && grown_by(g) > 1 &&
			    g->process.value - g->first > GREW_SHARE * g->first;
		}
	qsort(all, count, sizeof(all[0]), more);
	r->grower_count = count < REPORT_GROWERS_MAX ? count : REPORT_GROWERS_MAX;
	memcpy(r->growers, all, r->grower_count * sizeof(all[0]));
}

static void
gather_top(struct report *r, const struct engine *e)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		const struct top_process *rows = engine_top_at_end(e, (enum top_kind)kind, &r->top[kind].count);

		memcpy(r->top[kind].rows, rows, r->top[kind].count * sizeof(*rows));
	}
}

/* Of a range that ended in the past, the rankings of then, of which less was kept. */
static void
recall_top(struct report *r, const struct past_ranking *last)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		r->top[kind].count = last->count[kind];
		for (unsigned i = 0; i < last->count[kind]; i++) {
			const struct ranked *from = &last->rows[kind][i];
			struct top_process *p = &r->top[kind].rows[i];

			*p = (struct top_process)TOP_PROCESS_INIT;
			memcpy(p->pid, from->pid, sizeof(p->pid));
			memcpy(p->name, from->name, sizeof(from->name));
			p->value = from->value;
			if (kind == TOP_MESSAGE_QUEUE)
				p->queue_len = from->value;
			else if (kind == TOP_MEMORY)
				p->memory = from->value;
			else if (kind == TOP_BINARY)
				p->binary = from->value;
			else
				p->reductions = from->value;
		}
	}
}

/* Together, processes have no more at the end than this; NaN: not known. */
static double
most_of(const struct report *r, enum top_kind kind)
{
	enum metric_id id = kind == TOP_MESSAGE_QUEUE ? METRIC_MQ_MAX
	    : kind == TOP_MEMORY                      ? METRIC_VM_MEMORY_PROCESSES
						      : METRIC_NONE;

	return id != METRIC_NONE && r->last && r->last->present[id] ? r->last->value[id] : NAN;
}

/* Rankings come more seldom than readings: a queue that was worked off, or a heap that was collected since, is not told as one of the end. */
static void
drop_outdated(struct report *r)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		struct report_top *top = &r->top[kind];
		double most = most_of(r, (enum top_kind)kind);
		unsigned kept = 0;

		for (unsigned i = 0; i < top->count; i++)
			if (!(top->rows[i].value > OUTDATED * most))
				top->rows[kept++] = top->rows[i];
		top->count = kept;
	}
}

void
gather_processes(struct report *r, const struct engine *e)
{
	const struct past_ranking *p, *last = NULL;
	const struct sample *newest = engine_last(e);
	size_t it = 0;

	while ((p = engine_past_ranking(e, r->range.from_ms, r->range.to_ms, &it)) != NULL)
		last = p;
	if (newest && newest->time_ms <= r->range.to_ms && newest->time_ms >= r->range.from_ms) {
		gather_top(r, e);
		drop_outdated(r);
		gather_growers(r, e, newest->time_ms);
	} else if (last) {
		recall_top(r, last);
		drop_outdated(r);
		gather_growers(r, e, last->time_ms);
	}
}
