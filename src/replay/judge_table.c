/* SPDX-License-Identifier: Apache-2.0 */
/* A table: of a node's metrics, or of series, each of which is judged by itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/judge.h"
#include "replay/timeline.h"

/* A column. Where others have values, and it has none for long, it has a gap of its own. */
struct column {
	struct series_detector detector;
	struct timeline times;
};

struct columns { /* so far */
	struct column **all;
	size_t count;
};

/* ---- series ---- */

static void
follow_columns(struct judge *j, const struct table *table, struct columns *columns)
{
	size_t count = table_columns(table);

	if (count > columns->count)
		columns->all = xreallocarray(columns->all, count, sizeof(columns->all[0]));
	for (; columns->count < count; columns->count++) {
		columns->all[columns->count] = xcalloc(1, sizeof(struct column));
		series_detector_init(&columns->all[columns->count]->detector, j->totals.threshold);
	}
	j->totals.series = columns->count;
}

static void
judge_cell(struct judge *j, const struct table *table, const struct table_row *row, size_t i, struct column *c)
{
	struct replay_point p = {
		.series = table_column(table, i),
		.alone = table_columns(table) == 1,
		.usable = row->usable && isfinite(row->cells[i]),
		.time_ms = row->time_ms,
		.time_text = row->time_text,
		.value_text = i == 0 ? row->value_text : "",
		.value = row->usable ? row->cells[i] : NAN,
	};
	enum timing timing = p.usable ? timeline_judge(&c->times, p.time_ms) : TIMING_NEXT;

	if ((row->usable && row->gap) || timing == TIMING_GAP || timing == TIMING_JUMP)
		series_detector_gap(&c->detector);
	if (p.usable)
		p.verdict = series_detector_feed(&c->detector, p.time_ms, p.value);
	j->totals.anomalies += p.usable && p.verdict.reported;
	/* Of several series, those that are not in the row say nothing. */
	if (p.usable || p.alone)
		outlets_point(j->out, &p);
}

static void
judge_row(struct judge *j, const struct table *table, const struct table_row *row, struct columns *columns)
{
	follow_columns(j, table, columns);
	if (row->usable) {
		judge_time(j, row->time_ms);
		j->totals.samples++;
	} else {
		j->totals.left_out++;
	}
	for (size_t i = 0; i < columns->count; i++)
		judge_cell(j, table, row, i, columns->all[i]);
}

bool
judge_series(struct judge *j, struct table *table, struct err *err)
{
	struct columns columns = { NULL, 0 };
	const struct table_row *row;
	enum read_result result;

	j->totals.kind = REPLAY_SERIES;
	while ((result = table_next(table, &row, err)) == READ_OK)
		judge_row(j, table, row, &columns);
	for (size_t i = 0; i < columns.count; i++)
		free(columns.all[i]);
	free(columns.all);
	return result == READ_END;
}

/* ---- which of both ---- */

static bool
has_metrics(const struct table *t)
{
	for (size_t i = 0; i < table_columns(t); i++)
		if (metric_find(table_column(t, i), strlen(table_column(t, i))) != METRIC_NONE)
			return true;
	return false;
}

/* Of JSON lines the first object that can be read says what the columns are. */
static bool
judge_rows(struct judge *j, struct table *table, struct err *err)
{
	const struct table_row *row;
	enum read_result result;

	do
		result = table_next(table, &row, err);
	while (result == READ_OK && table_columns(table) == 0);
	if (result != READ_OK)
		return result == READ_END;
	table_again(table);
	return !j->options->series && has_metrics(table) ? judge_node(j, table, err) : judge_series(j, table, err);
}

bool
judge_table(struct judge *j, struct line_reader *lines, struct err *err)
{
	struct table *table = table_new(lines, j->flaws, err);
	bool ok = table && judge_rows(j, table, err);

	table_free(table);
	return ok;
}
