/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/restart_replay.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyze/trail.h"
#include "replay/restart_lines.h"

/* So much later nothing is under way any more. */
#define AFTERWARDS_MS (2 * TRAIL_SETTLED_MS)

const struct resource_column RESOURCE_COLUMN[RESOURCE_COLUMNS] = {
	{ "cpu", METRIC_CPU_UTILIZATION },
	{ "memory", METRIC_VM_MEMORY_TOTAL },
	{ "queue", METRIC_MQ_MAX },
};

const char *
resource_column_name(enum metric_id metric)
{
	for (int i = 0; i < RESOURCE_COLUMNS; i++)
		if (RESOURCE_COLUMN[i].metric == metric)
			return RESOURCE_COLUMN[i].name;
	return METRICS[metric].name;
}

static enum metric_id
metric_of(const char *column)
{
	for (int i = 0; i < RESOURCE_COLUMNS; i++)
		if (strcmp(column, RESOURCE_COLUMN[i].name) == 0 ||
		    strcmp(column, METRICS[RESOURCE_COLUMN[i].metric].name) == 0)
			return RESOURCE_COLUMN[i].metric;
	return METRIC_NONE;
}

struct run {
	struct restart_replay *r;
	int64_t now_ms;
	/* The next of each, if there is one. */
	const struct table_row *row;
	bool more;
	struct restart restart;
	uint64_t line;
};

/* ---- resources ---- */

static bool
next_row(struct run *u, struct err *err)
{
	enum read_result got = READ_END;

	while (u->r->resources && (got = table_next(u->r->resources, &u->row, err)) == READ_OK)
		if (u->row->usable)
			return true;
	u->row = NULL;
	return got != READ_ERROR;
}

static bool
knows_a_column(const struct table *t)
{
	for (size_t i = 0; i < table_columns(t); i++)
		if (metric_of(table_column(t, i)) != METRIC_NONE)
			return true;
	return false;
}

static void
drop_events(struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL)
		node_event_unref(ev);
}

static bool
feed_row(struct run *u, struct err *err)
{
	struct sample s;

	memset(&s, 0, sizeof(s));
	s.time_ms = u->row->time_ms;
	for (size_t i = 0; i < u->row->count; i++) {
		enum metric_id metric = metric_of(table_column(u->r->resources, i));

		if (metric != METRIC_NONE && !isnan(u->row->cells[i]))
			sample_set(&s, metric, u->row->cells[i]);
	}
	u->now_ms = s.time_ms > u->now_ms ? s.time_ms : u->now_ms;
	engine_feed(u->r->engine, u->now_ms, &s);
	drop_events(u->r->engine);
	return next_row(u, err);
}

/* ---- restarts ---- */

static bool
next_restart(struct run *u, struct err *err)
{
	enum read_result got = restart_lines_next(u->r->restarts, &u->restart, &u->line, err);

	u->more = got == READ_OK;
	return got != READ_ERROR;
}

static bool
feed_restart(struct run *u, struct err *err)
{
	int64_t late_ms = u->now_ms - u->restart.time_ms;

	if (late_ms > TRAIL_LATE_MS)
		return err_set(err,
		    "%s: line %" PRIu64 ": %" PRId64 " s earlier than what came before it: sort it by t_ms",
		    source_name(line_reader_source(u->r->restarts)), u->line, late_ms / 1000);
	u->now_ms = late_ms < 0 ? u->restart.time_ms : u->now_ms;
	engine_restart(u->r->engine, u->now_ms, &u->restart);
	drop_events(u->r->engine);
	restart_release(&u->restart);
	u->r->count++;
	return next_restart(u, err);
}

static bool
begin(struct run *u, struct err *err)
{
	if (!next_row(u, err) || !next_restart(u, err))
		return false;
	if (u->r->resources && !knows_a_column(u->r->resources))
		return err_set(err, "%s: no column is called cpu, memory or queue", u->r->resources_name);
	if (!u->more)
		return err_set(err, "%s: there is no restart in it", source_name(line_reader_source(u->r->restarts)));
	return true;
}

bool
restart_replay_run(struct restart_replay *r, struct err *err)
{
	struct run u = { .r = r, .now_ms = 0 };
	bool ok = begin(&u, err);

	while (ok && (u.row || u.more))
		ok = u.row && (!u.more || u.row->time_ms <= u.restart.time_ms) ? feed_row(&u, err)
									       : feed_restart(&u, err);
	if (u.more)
		restart_release(&u.restart);
	if (!ok)
		return false;
	r->end_ms = u.now_ms + AFTERWARDS_MS;
	engine_tick(r->engine, r->end_ms);
	drop_events(r->engine);
	return true;
}
