/* SPDX-License-Identifier: Apache-2.0 */
/* What is ahead: children that will fail, budgets that will run out, and of every limit how much is used and how long it lasts, with intervals. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/view.h"

enum { COLUMN_WHAT, COLUMN_USED, COLUMN_WHEN, COLUMN_EARLIEST, COLUMN_LATEST, COLUMN_SURE };

static const struct column COLUMNS[] = {
	[COLUMN_WHAT] = { "what", "WHAT", 0, false, 0 },
	[COLUMN_USED] = { "used", "USED", 6, true, 44 },
	[COLUMN_WHEN] = { "when", "WHEN", 16, true, 0 },
	[COLUMN_EARLIEST] = { NULL, "EARLIEST", 16, true, 90 },
	[COLUMN_LATEST] = { NULL, "LATEST", 16, true, 90 },
	[COLUMN_SURE] = { "sure", "SURE", 6, true, 60 },
};

/* What comes sooner is sorted before. */
static double
soon(int64_t time_ms)
{
	return time_ms ? -(double)time_ms : (double)NAN;
}

static void
fill_times(const struct view *v, struct row *r, const json_t *p, int64_t when, const char *never)
{
	int64_t latest = get_time(p, "latest");
	char text[FORMAT_SIZE];

	row_number(r, COLUMN_WHEN, when ? STYLE_WARNING : STYLE_DIM, soon(when),
	    when ? format_clock(text, when, v->now_ms) : never);
	if (when) {
		row_text(r, COLUMN_EARLIEST, STYLE_PLAIN, format_clock(text, get_time(p, "earliest"), v->now_ms));
		row_text(r, COLUMN_LATEST, STYLE_PLAIN, latest ? format_clock(text, latest, v->now_ms) : "much later");
		row_number(r, COLUMN_SURE, STYLE_PLAIN, get_number(p, "confidence"),
		    format_percent(text, 100 * get_number(p, "confidence")));
	}
}

/* row_short: of the sentence what comes before one of the stops: times have columns of their own, and advice stands in the detail. */
static void
row_short(struct row *r, const char *text, const char *stops)
{
	row_textf(r, COLUMN_WHAT, STYLE_PLAIN, "%.*s", (int)strcspn(text, stops), text);
}

static void
add_predictions(struct view *v, struct list *l)
{
	const json_t *all = model_body(v->model, ASK_PREDICTIONS);
	char id[LIST_ID_SIZE];

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *p = json_array_get(all, i);
		struct row *r;

		snprintf(id, sizeof(id), "%.60s/%.120s/%.120s", get_text(p, "type"), get_text(p, "supervisor"),
		    get_text(p, "child_id"));
		r = list_add(l, id, p);
		if (r == NULL)
			return;
		row_short(r, get_text(p, "text"), ":;");
		fill_times(v, r, p, get_time(p, "next_failure"), "no time");
	}
}

static void
add_limits(struct view *v, struct list *l)
{
	char text[FORMAT_SIZE];
	const char *name;
	json_t *p;

	json_object_foreach((json_t *)(uintptr_t)model_body(v->model, ASK_CAPACITY), name, p)
	{
		struct row *r = list_add(l, name, p);

		if (r == NULL)
			return;
		row_short(r, *get_text(p, "text") ? get_text(p, "text") : name, ";");
		row_number(r, COLUMN_USED, STYLE_PLAIN, get_number(p, "utilization"),
		    format_percent(text, get_number(p, "utilization")));
		fill_times(v, r, p, get_time(p, "full_at"), get_flag(p, "trend") ? "not in sight" : "no trend");
	}
}

static void
fill(struct view *v, struct list *l)
{
	add_predictions(v, l);
	add_limits(v, l);
}

static const char *
empty(const struct view *v)
{
	return *v->model->answers[ASK_CAPACITY].why ? v->model->answers[ASK_CAPACITY].why : "Asking…";
}

/* ---- one of them ------------------------------------------------------------------------------------------------------ */

static void
add_interval(const struct view *v, struct page *page, const json_t *p)
{
	char from[FORMAT_SIZE], to[FORMAT_SIZE], sure[FORMAT_SIZE];
	int64_t latest = get_time(p, "latest");

	if (get_time(p, "earliest"))
		page_pair(page, "Between", STYLE_PLAIN, "%s and %s, with a probability of %s",
		    format_clock(from, get_time(p, "earliest"), v->now_ms),
		    latest ? format_clock(to, latest, v->now_ms) : "much later",
		    format_percent(sure, 100 * get_number(p, "confidence")));
}

static void
detail_prediction(const struct view *v, const json_t *p, struct page *page)
{
	char at[FORMAT_SIZE], text[FORMAT_SIZE], words[FORMAT_SIZE];
	const char *unit = get_text(p, "unit");

	page_pair(page, "Kind", STYLE_PLAIN, "%s", format_words(words, get_text(p, "type")));
	page_pair(page, "Child", STYLE_PLAIN, "%s", get_text(p, "child_id"));
	page_pair(page, "Supervisor", STYLE_PLAIN, "%s", get_text(p, "supervisor"));
	page_pair(page, "Next failure", STYLE_STRONG, "%s",
	    get_time(p, "next_failure") ? format_clock(at, get_time(p, "next_failure"), v->now_ms)
					: "not heading there");
	add_interval(v, page, p);
	page_pair(page, "Metric", STYLE_PLAIN, "%s", get_text(p, "metric"));
	if (!isnan(get_number(p, "trigger")))
		page_pair(
		    page, "It fails at", STYLE_PLAIN, "%s", format_quantity(text, get_number(p, "trigger"), unit));
	if (!isnan(get_number(p, "present")))
		page_pair(page, "Now", STYLE_PLAIN, "%s", format_quantity(text, get_number(p, "present"), unit));
	if (!isnan(get_number(p, "left")))
		page_pair(page, "Restarts left", STYLE_PLAIN, "%s", format_count(text, get_number(p, "left")));
}

static void
detail_limit(const struct view *v, const json_t *p, struct page *page)
{
	char text[FORMAT_SIZE], of[FORMAT_SIZE], low[FORMAT_SIZE], high[FORMAT_SIZE];
	const json_t *range = get_object(p, "growth_range");
	const char *unit = get_text(p, "unit");

	page_pair(page, "Used", STYLE_STRONG, "%s of %s", format_quantity(text, get_number(p, "current"), unit),
	    format_quantity(of, get_number(p, "limit"), unit));
	page_pair(page, "That is", STYLE_PLAIN, "%s", format_percent(text, get_number(p, "utilization")));
	if (get_flag(p, "trend"))
		page_pair(page, "Grows by", STYLE_PLAIN, "%s an hour (%s to %s)",
		    format_quantity(text, get_number(p, "growth_per_hour"), unit),
		    format_quantity(low, get_number(range, "low"), unit),
		    format_quantity(high, get_number(range, "high"), unit));
	else
		page_pair(page, "Grows by", STYLE_PLAIN, "no trend");
	if (get_time(p, "full_at"))
		page_pair(page, "Full at", STYLE_WARNING, "%s", format_clock(text, get_time(p, "full_at"), v->now_ms));
	add_interval(v, page, p);
	page_pair(page, "Judged by", STYLE_PLAIN, "the last %s", format_quantity(text, get_number(p, "span"), "ms"));
}

static void
detail(const struct view *v, const json_t *p, struct page *page)
{
	page_heading(page, "%s", get_text(p, "text"));
	if (*get_text(p, "type"))
		detail_prediction(v, p, page);
	else
		detail_limit(v, p, page);
}

static int
count(const struct view *v)
{
	const json_t *all = model_body(v->model, ASK_PREDICTIONS);

	return json_array_size(all) > 0 ? (int)json_array_size(all) : -1;
}

const struct panel PANEL_AHEAD = {
	.name = "ahead",
	.title = "Ahead",
	.needs = 1u << ASK_PREDICTIONS | 1u << ASK_CAPACITY,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = -1,
	.fill = fill,
	.empty = empty,
	.detail = detail,
	.count = count,
};
