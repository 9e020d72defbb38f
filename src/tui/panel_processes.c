/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The largest processes. The node tells rankings by four figures; the one that is sorted by comes first and is complete, and below it stand the processes that are known from the
 * others, which need not be the next largest.
 */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/view.h"

enum {
	COLUMN_NAME,
	COLUMN_PID,
	COLUMN_QUEUE,
	COLUMN_GROWTH,
	COLUMN_MEMORY,
	COLUMN_BINARY,
	COLUMN_REDUCTIONS,
	COLUMN_CURRENT
};

static const struct column COLUMNS[] = {
	[COLUMN_NAME] = { "name", "PROCESS", 0, false, 0 },
	[COLUMN_PID] = { NULL, "PID", 12, false, 72 },
	[COLUMN_QUEUE] = { "queue", "QUEUE", 8, true, 0 },
	[COLUMN_GROWTH] = { NULL, "GROWTH/S", 9, true, 90 },
	[COLUMN_MEMORY] = { "memory", "MEMORY", 9, true, 38 },
	[COLUMN_BINARY] = { "binary", "BINARIES", 9, true, 64 },
	[COLUMN_REDUCTIONS] = { "reductions", "REDS/S", 8, true, 50 },
	[COLUMN_CURRENT] = { NULL, "NOW IN", 0, false, 100 },
};

static const struct ranking {
	int column;
	enum ask ask;
	const char *field, *words;
} RANKINGS[] = {
	{ COLUMN_QUEUE, ASK_TOP_QUEUE, "message_queue_len", "message queue" },
	{ COLUMN_MEMORY, ASK_TOP_MEMORY, "memory", "memory" },
	{ COLUMN_REDUCTIONS, ASK_TOP_REDUCTIONS, "reductions_per_second", "reductions" },
	{ COLUMN_BINARY, ASK_TOP_BINARY, "binary_memory", "binary memory" },
};

static const struct ranking *
chosen_ranking(const struct view *v)
{
	for (size_t i = 0; i < ARRAY_LEN(RANKINGS); i++)
		if (v->choices[v->panel].sort == RANKINGS[i].column)
			return &RANKINGS[i];
	return NULL;
}

/* A process with a deep queue is not asked for its memory; the ranking by it knows what it was. */
static double
figure(const json_t *p, const struct ranking *r, const struct ranking *by)
{
	double v = get_number(p, r->field);

	return isnan(v) && r == by ? get_number(p, "value") : v;
}

static void
fill_row(struct row *row, const json_t *p, const struct ranking *by)
{
	char text[FORMAT_SIZE];

	row_text(row, COLUMN_NAME, STYLE_PLAIN, name_process(p));
	row_text(row, COLUMN_PID, STYLE_DIM, get_text(p, "pid"));
	for (size_t i = 0; i < ARRAY_LEN(RANKINGS); i++) {
		const struct ranking *r = &RANKINGS[i];
		double v = figure(p, r, by);
		bool bytes = r->column == COLUMN_MEMORY || r->column == COLUMN_BINARY;

		row_number(row, (size_t)r->column, r == by ? STYLE_STRONG : STYLE_PLAIN, v,
		    bytes ? format_bytes(text, v) : format_count(text, v));
	}
	row_text(row, COLUMN_GROWTH, STYLE_PLAIN, format_count(text, get_number(p, "message_queue_fill_rate")));
	row_text(row, COLUMN_CURRENT, STYLE_DIM, get_text(p, "current_function"));
}

static bool
is_listed(const struct list *l, const char *pid)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->rows[i].id, pid) == 0)
			return true;
	return false;
}

static void
add_ranking(struct view *v, struct list *l, const struct ranking *r, const struct ranking *by)
{
	const json_t *all = get_array(model_body(v->model, r->ask), "processes");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *p = json_array_get(all, i);
		struct row *row = is_listed(l, get_text(p, "pid")) ? NULL : list_add(l, get_text(p, "pid"), p);

		if (row == NULL)
			continue;
		row->group = by && r != by;
		fill_row(row, p, by);
		/* Whether it is the next largest is not known. */
		if (row->group && l->rows[0].group == 0)
			row->cells[COLUMN_NAME].style = STYLE_DIM;
	}
}

static void
fill(struct view *v, struct list *l)
{
	const struct ranking *by = chosen_ranking(v);

	if (by)
		add_ranking(v, l, by, by);
	for (size_t i = 0; i < ARRAY_LEN(RANKINGS); i++)
		add_ranking(v, l, &RANKINGS[i], by);
}

static const char *
empty(const struct view *v)
{
	if (model_body(v->model, ASK_TOP_MEMORY) == NULL)
		return v->model->answers[ASK_TOP_MEMORY].why;
	return "No ranking yet: it comes with the first finished walk over the processes, and not in every mode.";
}

static void
detail(const struct view *v, const json_t *p, struct page *page)
{
	struct strbuf ancestors = STRBUF_INIT;
	double growth = get_number(p, "message_queue_fill_rate");
	char text[FORMAT_SIZE];

	(void)v;
	page_heading(page, "Process %s %s", name_process(p), get_text(p, "pid"));
	page_pair(page, "Registered name", STYLE_PLAIN, "%s", *get_text(p, "name") ? get_text(p, "name") : "none");
	page_pair(page, "Began with", STYLE_PLAIN, "%s", get_text(p, "initial_call"));
	page_pair(page, "Now in", STYLE_PLAIN, "%s", get_text(p, "current_function"));
	page_pair(page, "Application", STYLE_PLAIN, "%s", get_text(p, "application"));
	name_add_list(&ancestors, get_array(p, "ancestors"), " under ");
	page_pair(page, "Started under", STYLE_PLAIN, "%s", strbuf_cstr(&ancestors));
	page_gap(page);
	page_pair(page, "Message queue", STYLE_STRONG, "%s", format_count(text, get_number(p, "message_queue_len")));
	page_pair(page, "Queue grows by", STYLE_PLAIN,
	    isnan(growth) ? "not followed: only long queues are" : "%s messages a second", format_count(text, growth));
	page_pair(page, "Memory", STYLE_PLAIN, isnan(get_number(p, "memory")) ? "not asked: its queue is deep" : "%s",
	    format_bytes(text, get_number(p, "memory")));
	page_pair(page, "Binary memory", STYLE_PLAIN,
	    isnan(get_number(p, "binary_memory")) ? "not asked" : "%s (outside its heap)",
	    format_bytes(text, get_number(p, "binary_memory")));
	page_pair(
	    page, "Reductions", STYLE_PLAIN, "%s a second", format_count(text, get_number(p, "reductions_per_second")));
	strbuf_release(&ancestors);
}

const struct panel PANEL_PROCESSES = {
	.name = "processes",
	.title = "Processes",
	.needs = 1u << ASK_TOP_QUEUE | 1u << ASK_TOP_MEMORY | 1u << ASK_TOP_REDUCTIONS | 1u << ASK_TOP_BINARY,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = COLUMN_QUEUE,
	.fill = fill,
	.empty = empty,
	.detail = detail,
};
