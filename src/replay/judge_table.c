/* SPDX-License-Identifier: Apache-2.0 */
/* A table: of a node's metrics, or of series, each of which is judged by itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "replay/judge.h"

struct detectors { /* of the columns so far */
	struct series_detector **all;
	size_t count;
};

/* ---- series ---- */

static void
follow_columns(struct judge *j, const struct table *table, struct detectors *d)
{
	size_t count = table_columns(table);

	if (count > d->count)
		d->all = xreallocarray(d->all, count, sizeof(d->all[0]));
	for (; d->count < count; d->count++) {
		d->all[d->count] = xmalloc(sizeof(struct series_detector));
		series_detector_init(d->all[d->count], j->totals.threshold);
	}
	j->totals.series = d->count;
}

static void
judge_cell(struct judge *j, const struct table *table, const struct table_row *row, size_t i, struct series_detector *d)
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

	if (row->usable && row->gap)
		series_detector_gap(d);
	if (p.usable)
		p.verdict = series_detector_feed(d, p.time_ms, p.value);
	j->totals.anomalies += p.usable && p.verdict.reported;
	/* Of several series, those that are not in the row say nothing. */
	if (p.usable || p.alone)
		outlets_point(j->out, &p);
}

static void
judge_row(struct judge *j, const struct table *table, const struct table_row *row, struct detectors *d)
{
	follow_columns(j, table, d);
	if (row->usable) {
		judge_time(j, row->time_ms);
		j->totals.samples++;
	} else {
		j->totals.left_out++;
	}
	for (size_t i = 0; i < d->count; i++)
		judge_cell(j, table, row, i, d->all[i]);
}

bool
judge_series(struct judge *j, struct table *table, struct err *err)
{
	struct detectors d = { NULL, 0 };
	const struct table_row *row;
	enum read_result result;

	j->totals.kind = REPLAY_SERIES;
	while ((result = table_next(table, &row, err)) == READ_OK)
		judge_row(j, table, row, &d);
	for (size_t i = 0; i < d.count; i++)
		free(d.all[i]);
	free(d.all);
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
