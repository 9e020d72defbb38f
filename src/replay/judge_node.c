/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of a node's metrics, through an engine. How far apart samples are the first ones tell: they wait until that is known, for an engine
 * is made with it, as of a node that is watched every so many seconds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/judge.h"
#include "replay/timeline.h"

#define HELD 8
#define LEAST_INTERVAL_MS 100
#define MOST_INTERVAL_MS 86400000

struct node {
	struct engine *engine; /* NULL: samples are held */
	struct sample held[HELD];
	unsigned held_count;
	struct timeline times;
	enum metric_id *metrics; /* of the columns; METRIC_NONE: none */
	size_t count;
	double before[METRIC_COUNT]; /* of counters; NaN at first */
};

static bool
follow_columns(struct judge *j, struct node *n, const struct table *table, uint64_t line, struct err *err)
{
	size_t count = table_columns(table);

	if (count > n->count)
		n->metrics = xreallocarray(n->metrics, count, sizeof(n->metrics[0]));
	for (; n->count < count; n->count++) {
		const char *name = table_column(table, n->count);
		enum metric_id id = metric_find(name, strlen(name));

		n->metrics[n->count] = id;
		if (id == METRIC_NONE && !flaws_note(j->flaws, FLAW_COLUMN, line, 0, err, "\"%.80s\"", name))
			return false;
	}
	return true;
}

/* Of a counter that fell the engine itself knows what to do. */
static bool
note_resets(struct judge *j, struct node *n, const struct sample *s, uint64_t line, struct err *err)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		double before = n->before[i];

		if (!s->present[i] || METRICS[i].kind != KIND_COUNTER)
			continue;
		n->before[i] = s->value[i];
		if (s->value[i] < before &&
		    !flaws_note(j->flaws, FLAW_RESET, line, 0, err, "%s fell to %.15g", METRICS[i].name, s->value[i]))
			return false;
	}
	return true;
}

static void
take(struct judge *j, struct engine *e, const struct sample *s)
{
	engine_feed(e, s->time_ms, s);
	judge_sample(j, e);
}

/* node_name: the file's, without folder and endings, unless one was given. */
static void
node_name(const struct judge *j, char name[NODE_NAME_MAX + 1])
{
	const char *slash = strrchr(j->flaws->file, '/'), *file = slash ? slash + 1 : j->flaws->file;
	size_t len = strcspn(file, ".");

	if (j->options->node)
		snprintf(name, NODE_NAME_MAX + 1, "%s", j->options->node);
	else
		snprintf(name, NODE_NAME_MAX + 1, "%.*s", len < NODE_NAME_MAX ? (int)len : NODE_NAME_MAX, file);
	if (*name == '\0')
		snprintf(name, NODE_NAME_MAX + 1, "node");
}

/* begin makes the engine, and gives it what was held. */
static void
begin(struct judge *j, struct node *n)
{
	struct engine_options o = engine_defaults();
	int64_t usual = timeline_usual_ms(&n->times);
	char name[NODE_NAME_MAX + 1];

	if (n->engine || n->held_count == 0)
		return;
	if (usual >= LEAST_INTERVAL_MS && usual <= MOST_INTERVAL_MS)
		o.interval_ms = usual;
	node_name(j, name);
	n->engine = judge_engine(j, name, &o);
	engine_link(n->engine, n->held[0].time_ms, NODE_UP, NULL);
	for (unsigned i = 0; i < n->held_count; i++)
		take(j, n->engine, &n->held[i]);
}

static void
add(struct judge *j, struct node *n, const struct sample *s)
{
	(void)timeline_judge(&n->times, s->time_ms);
	if (n->engine) {
		take(j, n->engine, s);
		return;
	}
	n->held[n->held_count++] = *s;
	if (n->held_count == HELD)
		begin(j, n);
}

static bool
judge_row(struct judge *j, struct node *n, const struct table *table, const struct table_row *row, struct err *err)
{
	struct sample s = { .time_ms = row->time_ms };

	if (!row->usable) {
		j->totals.left_out++;
		return true;
	}
	if (!follow_columns(j, n, table, row->line, err))
		return false;
	for (size_t i = 0; i < row->count; i++)
		if (n->metrics[i] != METRIC_NONE && isfinite(row->cells[i]))
			sample_set(&s, n->metrics[i], row->cells[i]);
	if (!note_resets(j, n, &s, row->line, err))
		return false;
	add(j, n, &s);
	return true;
}

bool
judge_node(struct judge *j, struct table *table, struct err *err)
{
	struct node *n = xcalloc(1, sizeof(*n));
	const struct table_row *row;
	enum read_result result;

	j->totals.kind = REPLAY_NODES;
	for (int i = 0; i < METRIC_COUNT; i++)
		n->before[i] = NAN;
	while ((result = table_next(table, &row, err)) == READ_OK)
		if (!judge_row(j, n, table, row, err)) {
			result = READ_ERROR;
			break;
		}
	begin(j, n);
	engine_free(n->engine);
	free(n->metrics);
	free(n);
	return result == READ_END;
}
