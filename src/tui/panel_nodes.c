/* SPDX-License-Identifier: Apache-2.0 */
/* All nodes, the worst first: how each stands, since when, why, and its load in the last ten minutes. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/spark.h"
#include "tui/standing.h"
#include "tui/view.h"

enum {
	COLUMN_NAME,
	COLUMN_STANDING,
	COLUMN_SINCE,
	COLUMN_CPU,
	COLUMN_CPU_LINE,
	COLUMN_MEMORY,
	COLUMN_MEMORY_LINE,
	COLUMN_WHY
};

#define LINE_COLUMNS 12

static const struct column COLUMNS[] = {
	[COLUMN_NAME] = { "name", "NODE", 0, false, 0 },
	[COLUMN_STANDING] = { "standing", "STATUS", 11, false, 0 },
	[COLUMN_SINCE] = { "since", "FOR", 10, true, 56 },
	[COLUMN_CPU] = { "cpu", "CPU", 6, true, 48 },
	[COLUMN_CPU_LINE] = { NULL, "10 MIN", LINE_COLUMNS, false, 110 },
	[COLUMN_MEMORY] = { "memory", "MEMORY", 7, true, 72 },
	[COLUMN_MEMORY_LINE] = { NULL, "10 MIN", LINE_COLUMNS, false, 132 },
	[COLUMN_WHY] = { "why", "WHY", 0, false, 64 },
};

/* add_why: in one line what is worst, as an operator would say it. */
static void
add_why(struct strbuf *out, const json_t *n)
{
	const json_t *incident = get_object(n, "incident"), *worst = get_object(n, "worst");
	char text[FORMAT_SIZE], words[FORMAT_SIZE];

	if (standing_of(n) == STANDING_DOWN)
		strbuf_addf(out, "%.200s", get_text(n, "detail"));
	else if (incident)
		strbuf_addf(out, "%.200s", get_text(incident, "title"));
	else if (worst)
		strbuf_addf(out, "%s %s %.40s", format_words(words, get_text(worst, "criterion")),
		    format_quantity(text, get_number(worst, "value"), get_text(worst, "unit")),
		    strcmp(get_text(worst, "unit"), "%") == 0 ? "" : get_text(worst, "unit"));
	else if (standing_of(n) == STANDING_UNKNOWN)
		strbuf_addf(out, "%.200s", get_text(n, "detail"));
}

/* add_line puts the bars of a trend as text. */
static void
add_bars(struct row *r, size_t column, const double *values, double least)
{
	struct cells line = { 0 };
	struct strbuf text = STRBUF_INIT;
	double low = 0, high = 0;

	cells_size(&line, LINE_COLUMNS, 1);
	if (spark_range(values, TREND_POINTS, &low, &high)) {
		low = low - least / 4 < 0 || least >= 100 ? 0 : low - least / 4;
		spark_draw(
		    &line, 0, 0, LINE_COLUMNS, values, TREND_POINTS, low, high - low < least ? low + least : high);
	}
	cells_text(&line, 0, &text);
	row_text(r, column, STYLE_CHART, strbuf_cstr(&text));
	strbuf_release(&text);
	cells_release(&line);
}

static void
fill_row(struct view *v, struct row *r, const json_t *n)
{
	const struct trend *t = model_trend_of(v->model, get_text(n, "name"));
	enum standing s = standing_of(n);
	int64_t since = standing_since(n), age = since && v->now_ms > since ? v->now_ms - since : since ? 0 : -1;
	char text[FORMAT_SIZE];
	struct strbuf why = STRBUF_INIT;

	row_text(r, COLUMN_NAME, STYLE_PLAIN, get_text(n, "name"));
	row_number(r, COLUMN_STANDING, standing_style(s), -(double)s, standing_word(n));
	row_number(r, COLUMN_SINCE, STYLE_PLAIN, age < 0 ? (double)NAN : (double)age, format_span(text, age));
	row_number(r, COLUMN_CPU, STYLE_PLAIN, get_number(n, "cpu_utilization"),
	    format_percent(text, get_number(n, "cpu_utilization")));
	row_number(r, COLUMN_MEMORY, STYLE_PLAIN, get_number(n, "memory_utilization"),
	    format_percent(text, get_number(n, "memory_utilization")));
	if (t) {
		add_bars(r, COLUMN_CPU_LINE, t->cpu, 100);
		add_bars(r, COLUMN_MEMORY_LINE, t->memory, 10);
	}
	add_why(&why, n);
	row_text(r, COLUMN_WHY, s <= STANDING_WARNING ? STYLE_PLAIN : STYLE_DIM, strbuf_cstr(&why));
	strbuf_release(&why);
}

static void
fill(struct view *v, struct list *l)
{
	const json_t *nodes = model_nodes(v->model);

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *n = json_array_get(nodes, i);
		struct row *r = list_add(l, get_text(n, "name"), n);

		if (r)
			fill_row(v, r, n);
	}
}

static const char *
empty(const struct view *v)
{
	return model_nodes(v->model) ? "No node is watched there." : "Asking…";
}

const struct panel PANEL_NODES = {
	.name = "nodes",
	.title = "Nodes",
	.everywhere = true,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = COLUMN_STANDING,
	.fill = fill,
	.empty = empty,
};
