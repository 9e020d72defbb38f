/* SPDX-License-Identifier: Apache-2.0 */
/* Which children were restarted: how often, when last, why, and in what pattern; those in a storm first. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/view.h"

enum { COLUMN_CHILD, COLUMN_SUPERVISOR, COLUMN_COUNT, COLUMN_LAST, COLUMN_PATTERN, COLUMN_BUDGET, COLUMN_REASON };

static const struct column COLUMNS[] = {
	[COLUMN_CHILD] = { "name", "CHILD", 0, false, 0 },
	[COLUMN_SUPERVISOR] = { "supervisor", "SUPERVISOR", 18, false, 90 },
	[COLUMN_COUNT] = { "count", "COUNT", 6, true, 0 },
	[COLUMN_LAST] = { "last", "LAST", 8, true, 36 },
	[COLUMN_PATTERN] = { "pattern", "PATTERN", 16, false, 50 },
	[COLUMN_BUDGET] = { NULL, "BUDGET", 14, false, 110 },
	[COLUMN_REASON] = { "reason", "LAST REASON", -2, false, 64 },
};

static const json_t *
restarts_of(const struct view *v)
{
	return model_body(v->model, ASK_RESTARTS);
}

static bool
is_same(const json_t *a, const json_t *b)
{
	return strcmp(get_text(a, "child_id"), get_text(b, "child_id")) == 0 &&
	    strcmp(get_text(a, "supervisor"), get_text(b, "supervisor")) == 0;
}

/* find_same: the first element about the same child; NULL: there is none. */
static const json_t *
find_same(const json_t *array, const json_t *child)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (is_same(json_array_get(array, i), child))
			return json_array_get(array, i);
	return NULL;
}

static const json_t *
find_budget(const json_t *restarts, const char *supervisor)
{
	const json_t *all = get_array(restarts, "budgets");

	for (size_t i = 0; i < json_array_size(all); i++)
		if (strcmp(get_text(json_array_get(all, i), "supervisor"), supervisor) == 0)
			return json_array_get(all, i);
	return NULL;
}

/* how_it_ended: what the reason is of, where that is no restart. */
static const char *
how_it_ended(const json_t *restart)
{
	const json_t *restarted = json_object_get(restart, "restarted");

	if (strcmp(get_text(restart, "kind"), "start_error") == 0)
		return "failed to start: ";
	if (strcmp(get_text(restart, "kind"), "gave_up") == 0)
		return "supervisor gave up: ";
	return json_is_false(restarted) ? "not restarted: " : "";
}

/* add_patterns_of appends the types of a child's patterns that go on, or are over, each once; true if there is a storm among them. */
static bool
add_patterns_of(struct strbuf *out, const json_t *patterns, const json_t *child, bool active)
{
	bool storm = false;

	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const json_t *p = json_array_get(patterns, i);
		const char *word = name_pattern(get_text(p, "type"));

		if (!is_same(p, child) || get_flag(p, "active") != active || strstr(strbuf_cstr(out), word))
			continue;
		strbuf_addf(out, "%s%.20s", out->len ? ", " : "", word);
		storm = storm || strcmp(get_text(p, "type"), "restart_storm") == 0;
	}
	return storm;
}

/* Who is not in a storm comes behind those that are. */
static void
fill_pattern(struct row *r, const json_t *patterns, const json_t *child)
{
	struct strbuf now = STRBUF_INIT, over = STRBUF_INIT;
	bool storm = add_patterns_of(&now, patterns, child, true);

	add_patterns_of(&over, patterns, child, false);
	r->group = !storm;
	if (now.len)
		row_text(r, COLUMN_PATTERN, storm ? STYLE_CRITICAL : STYLE_WARNING, now.data);
	else if (over.len)
		row_textf(r, COLUMN_PATTERN, STYLE_DIM, "%.60s, over", over.data);
	strbuf_release(&now);
	strbuf_release(&over);
}

static void
fill_row(const struct view *v, struct row *r, const json_t *child)
{
	const json_t *all = restarts_of(v), *last = find_same(get_array(all, "recent"), child);
	const json_t *budget = find_budget(all, get_text(child, "supervisor"));
	int64_t at = get_time(last, "timestamp"), age = at ? (v->now_ms > at ? v->now_ms - at : 0) : -1;
	double count = get_number(child, "count");
	char text[FORMAT_SIZE];

	count = isnan(count) ? get_number(child, "restart_count") : count;
	row_text(r, COLUMN_CHILD, STYLE_PLAIN, get_text(child, "child_id"));
	row_text(r, COLUMN_SUPERVISOR, STYLE_DIM, get_text(child, "supervisor"));
	row_number(r, COLUMN_COUNT, STYLE_STRONG, count, format_count(text, count));
	row_number(r, COLUMN_LAST, STYLE_PLAIN, at ? (double)at : (double)NAN, format_span(text, age));
	if (get_number(budget, "used") > 0)
		row_textf(r, COLUMN_BUDGET, get_number(budget, "left") > 0 ? STYLE_DIM : STYLE_CRITICAL,
		    "%.0f of %.0f used", get_number(budget, "used"), get_number(budget, "intensity"));
	if (last)
		row_textf(r, COLUMN_REASON, STYLE_PLAIN, "%s%.500s", how_it_ended(last), get_text(last, "reason"));
	fill_pattern(r, get_array(all, "patterns"), child);
}

static void
add_children(struct view *v, struct list *l, const json_t *children)
{
	for (size_t i = 0; i < json_array_size(children); i++) {
		const json_t *child = json_array_get(children, i);
		bool listed = false;
		struct row *r;

		for (size_t k = 0; k < l->count && !listed; k++)
			listed = is_same(l->rows[k].of, child);
		if (listed)
			continue;
		r = list_add(l, get_text(child, "supervisor"), child);
		if (r == NULL)
			return;
		snprintf(r->id, sizeof(r->id), "%.150s / %.150s", get_text(child, "supervisor"),
		    get_text(child, "child_id"));
		fill_row(v, r, child);
	}
}

static void
fill(struct view *v, struct list *l)
{
	add_children(v, l, get_array(restarts_of(v), "most_restarted_children"));
	add_children(v, l, get_array(restarts_of(v), "recent"));
}

static const char *
empty(const struct view *v)
{
	if (restarts_of(v) == NULL)
		return v->model->answers[ASK_RESTARTS].why;
	return get_flag(restarts_of(v), "observed") ? "No supervisor has restarted a child since the watch began."
						    : "Restarts are not observed on this node.";
}

static int
count(const struct view *v)
{
	double total = get_number(restarts_of(v), "total_restarts");

	/* Not observed is not none. */
	if (total == 0 && !get_flag(restarts_of(v), "observed"))
		return -1;
	return total >= 0 && total < 1e9 ? (int)total : -1;
}

/* ---- one child -------------------------------------------------------------------------------------------------------- */

static void
add_patterns(struct page *page, const json_t *patterns, const json_t *child)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const json_t *p = json_array_get(patterns, i);

		if (is_same(p, child))
			page_pair(page, name_pattern(get_text(p, "type")),
			    get_flag(p, "active") ? STYLE_WARNING : STYLE_PLAIN, "%s%s", get_text(p, "pattern"),
			    get_flag(p, "active") ? "" : " (over)");
	}
}

static void
add_budget(struct page *page, const json_t *b)
{
	if (b)
		page_pair(page, "Budget", get_number(b, "left") > 0 ? STYLE_PLAIN : STYLE_CRITICAL,
		    "%.0f of %.0f restarts in %.0f s used, %.0f left; with one more it gives up (%s)",
		    get_number(b, "used"), get_number(b, "intensity"), get_number(b, "period") / 1000,
		    get_number(b, "left"), get_text(b, "strategy"));
}

static void
add_times(const struct view *v, struct page *page, const json_t *child)
{
	const json_t *recent = get_array(restarts_of(v), "recent");
	char at[FORMAT_SIZE];

	page_heading(page, "Lately, the newest first");
	for (size_t i = 0; i < json_array_size(recent); i++) {
		const json_t *r = json_array_get(recent, i);

		if (is_same(r, child))
			page_pair(page, format_clock(at, get_time(r, "timestamp"), v->now_ms), STYLE_PLAIN, "%s%s",
			    how_it_ended(r), get_text(r, "reason"));
	}
}

static void
detail(const struct view *v, const json_t *child, struct page *page)
{
	const json_t *all = restarts_of(v), *last = find_same(get_array(all, "recent"), child);
	double count_of = get_number(child, "count");
	char text[FORMAT_SIZE];

	page_heading(page, "Restarts of %s", get_text(child, "child_id"));
	page_pair(page, "Supervisor", STYLE_PLAIN, "%s", get_text(child, "supervisor"));
	page_pair(page, "Restarts", STYLE_STRONG, "%s since the watch began",
	    format_count(text, isnan(count_of) ? get_number(last, "restart_count") : count_of));
	page_pair(page, "Restart type", STYLE_PLAIN, "%s", get_text(last, "restart_type"));
	page_pair(page, "Process now", STYLE_PLAIN, "%s", get_text(last, "child_pid"));
	if (get_number(last, "collateral") > 0)
		page_pair(page, "Restarted along", STYLE_PLAIN, "%s siblings",
		    format_count(text, get_number(last, "collateral")));
	add_budget(page, find_budget(all, get_text(child, "supervisor")));
	add_patterns(page, get_array(all, "patterns"), child);
	add_times(v, page, child);
}

const struct panel PANEL_RESTARTS = {
	.name = "restarts",
	.title = "Restarts",
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = COLUMN_COUNT,
	.fill = fill,
	.empty = empty,
	.detail = detail,
	.count = count,
};
