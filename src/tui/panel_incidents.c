/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: findings that belong together, those that are open first; of each who is behind it, what it led to, and what to do next. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/standing.h"
#include "tui/view.h"

enum { COLUMN_STATE, COLUMN_SEVERITY, COLUMN_OPENED, COLUMN_LASTS, COLUMN_TITLE };

static const struct column COLUMNS[] = {
	[COLUMN_STATE] = { NULL, "STATE", 5, false, 0 },
	[COLUMN_SEVERITY] = { "severity", "SEVERITY", 8, false, 60 },
	[COLUMN_OPENED] = { "opened", "OPENED", 8, false, 0 },
	[COLUMN_LASTS] = { "lasts", "LASTED", 10, true, 70 },
	[COLUMN_TITLE] = { "title", "WHAT", 0, false, 0 },
};

static void
fill_row(const struct view *v, struct row *r, const json_t *i)
{
	static const char *const severities[] = { "high", "medium", "low" };
	bool open = get_flag(i, "open");
	int64_t opened = get_time(i, "opened"), end = open ? v->now_ms : get_time(i, "ended");
	const char *severity = get_text(i, "severity");
	double rank = 0;
	char text[FORMAT_SIZE];

	for (size_t k = 0; k < ARRAY_LEN(severities); k++)
		rank = strcmp(severity, severities[k]) == 0 ? 3 - (double)k : rank;
	r->group = !open;
	row_text(r, COLUMN_STATE, open ? STYLE_CRITICAL : STYLE_DIM, open ? "OPEN" : "ended");
	row_number(r, COLUMN_SEVERITY, open ? level_style(severity) : STYLE_DIM, rank, severity);
	row_number(r, COLUMN_OPENED, STYLE_PLAIN, (double)opened, format_clock(text, opened, v->now_ms));
	row_number(
	    r, COLUMN_LASTS, STYLE_PLAIN, (double)(end - opened), format_span(text, end > opened ? end - opened : 0));
	row_text(r, COLUMN_TITLE, open ? STYLE_STRONG : STYLE_PLAIN, get_text(i, "title"));
}

static void
fill(struct view *v, struct list *l)
{
	const json_t *all = model_body(v->model, ASK_INCIDENTS);

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *incident = json_array_get(all, i);
		struct row *r = list_add(l, get_text(incident, "id"), incident);

		if (r)
			fill_row(v, r, incident);
	}
}

static const char *
empty(const struct view *v)
{
	return model_body(v->model, ASK_INCIDENTS) ? "No incident since the watch began."
						   : v->model->answers[ASK_INCIDENTS].why;
}

static int
count(const struct view *v)
{
	double open = get_number(model_node(v->model), "open_incidents");

	return open > 0 && open < 1e6 ? (int)open : -1;
}

/* ---- one incident ----------------------------------------------------------------------------------------------------- */

static void
add_finding(const struct view *v, struct page *page, const json_t *f)
{
	const char *unit = get_text(f, "unit");
	struct strbuf who = STRBUF_INIT;
	char at[FORMAT_SIZE], now[FORMAT_SIZE], usual[FORMAT_SIZE];

	page_pair(page, format_clock(at, get_time(f, "timestamp"), v->now_ms), level_style(get_text(f, "severity")),
	    "%s%s", get_text(f, "description"), get_flag(f, "root") ? " (the root)" : "");
	if (*get_text(f, "metric"))
		page_pair(page, "", STYLE_PLAIN, "%s %s, usually %s", get_text(f, "metric"),
		    format_quantity(now, get_number(f, "current_value"), unit),
		    format_quantity(usual, get_number(f, "baseline_value"), unit));
	if (*get_text(f, "child_id"))
		page_pair(page, "", STYLE_PLAIN, "%s under %s", get_text(f, "child_id"), get_text(f, "supervisor"));
	name_add_culprits(&who, get_array(f, "culprits"), 5);
	if (who.len)
		page_pair(page, "", STYLE_STRONG, "by %s", who.data);
	page_pair(page, "", STYLE_DIM, get_time(f, "ended") ? "over since %s" : "still holds",
	    format_clock(at, get_time(f, "ended"), v->now_ms));
	strbuf_release(&who);
}

static void
add_health(struct page *page, const json_t *health)
{
	struct strbuf text = STRBUF_INIT;
	char words[FORMAT_SIZE];
	const char *name;
	json_t *level;

	json_object_foreach((json_t *)(uintptr_t)health, name, level)
	{
		strbuf_addf(&text, "%s%s %.20s", text.len ? ", " : "", format_words(words, name),
		    json_string_value(level) ? json_string_value(level) : "?");
	}
	page_pair(page, "Health", STYLE_PLAIN, "%s", strbuf_cstr(&text));
	strbuf_release(&text);
}

static void
add_patterns(struct page *page, const json_t *patterns)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const json_t *p = json_array_get(patterns, i);

		page_pair(page, i ? "" : "Patterns", STYLE_PLAIN, "%s: %s", name_pattern(get_text(p, "type")),
		    get_text(p, "pattern"));
	}
}

static void
detail(const struct view *v, const json_t *i, struct page *page)
{
	const json_t *root = get_object(i, "root"), *members = get_array(i, "members");
	struct strbuf who = STRBUF_INIT;
	char at[FORMAT_SIZE], text[FORMAT_SIZE];

	page_heading(page, "%s", get_text(i, "title"));
	page_pair(page, "State", get_flag(i, "open") ? STYLE_CRITICAL : STYLE_PLAIN,
	    get_flag(i, "open") ? "open, severity %s" : "ended, severity %s", get_text(i, "severity"));
	page_pair(page, "Opened", STYLE_PLAIN, "%s", format_clock(at, get_time(i, "opened"), v->now_ms));
	if (get_time(i, "ended"))
		page_pair(page, "Ended", STYLE_PLAIN, "%s", format_clock(at, get_time(i, "ended"), v->now_ms));
	name_add_culprits(&who, get_array(root, "culprits"), 5);
	page_pair(page, "Who", STYLE_STRONG, "%s", strbuf_cstr(&who));
	page_pair(page, "Next", STYLE_STRONG, "%s", get_text(i, "next_step"));
	if (get_number(i, "restarts") > 0)
		page_pair(page, "Restarts in it", STYLE_PLAIN, "%s", format_count(text, get_number(i, "restarts")));
	add_patterns(page, get_array(i, "patterns"));
	add_health(page, get_object(i, "health"));
	if (get_flag(i, "node_down"))
		page_pair(page, "Node", STYLE_CRITICAL, "went down in it");
	page_heading(page, "Findings");
	for (size_t k = 0; k < json_array_size(members); k++)
		add_finding(v, page, json_array_get(members, k));
	if (get_number(i, "members_left_out") > 0)
		page_text(
		    page, STYLE_DIM, "%s more are left out", format_count(text, get_number(i, "members_left_out")));
	strbuf_release(&who);
}

const struct panel PANEL_INCIDENTS = {
	.name = "incidents",
	.title = "Incidents",
	.needs = 1u << ASK_INCIDENTS,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = COLUMN_OPENED,
	.fill = fill,
	.empty = empty,
	.detail = detail,
	.count = count,
};
