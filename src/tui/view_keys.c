/* SPDX-License-Identifier: Apache-2.0 */
/* What keys do to the view. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tui/format.h"
#include "tui/keys.h"
#include "tui/panel_events.h"
#include "tui/view_parts.h"

/* "mq" is one command of observer_cli: so soon after "m" a "q" is its second letter. */
#define CHORD_MS 1000

static const int64_t SPANS_MS[] = { 600000, 3600000, 21600000, 86400000 };
static const int64_t REFRESHES_MS[] = { 1000, 2000, 5000, 10000, 30000, 60000 };

static unsigned
next_panel(struct view *v, int by)
{
	size_t at = v->panel;

	do
		at = (at + (size_t)(VIEW_PANELS + by)) % VIEW_PANELS;
	while (!view_is_open_to(v, at));
	return view_show_panel(v, at);
}

static unsigned
digit(struct view *v, int key)
{
	size_t panel = (size_t)(key - '0');
	const struct row *r;

	if (panel == 0)
		view_select(v, "");
	if (panel == 0 || panel >= VIEW_PANELS)
		return EFFECT_ASK;
	/* From the list of nodes the panel of the one under the cursor. */
	if (!view_is_open_to(v, panel)) {
		v->panel = 0;
		view_fill(v);
		r = list_chosen(&v->list, &v->choices[0]);
		if (r == NULL)
			return EFFECT_NONE;
		view_select(v, r->id);
	}
	return view_show_panel(v, panel);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

static unsigned
enter(struct view *v)
{
	const struct row *r;

	if (v->mode != MODE_LIST)
		return EFFECT_NONE;
	view_fill(v);
	r = list_chosen(&v->list, view_choice(v));
	if (r == NULL)
		return EFFECT_NONE;
	if (v->panel == 0) {
		view_select(v, r->id);
		return EFFECT_ASK;
	}
	v->mode = MODE_DETAIL;
	v->page_top = 0;
	v->detail_of = json_incref((json_t *)(uintptr_t)r->of);
	snprintf(v->detail_id, sizeof(v->detail_id), "%s", r->id);
	return EFFECT_NONE;
}

/* back goes one step: out of help or a detail, from a filter to all rows, from a node to all nodes. */
static unsigned
back(struct view *v)
{
	if (v->mode != MODE_LIST)
		view_leave_detail(v);
	else if (*view_choice(v)->filter)
		view_choice(v)->filter[0] = '\0';
	else if (*v->model->node)
		view_select(v, "");
	else
		v->panel = 0;
	return EFFECT_ASK;
}

static void
move(struct view *v, long by)
{
	if (v->mode != MODE_LIST) {
		view_scroll_page(v, by);
		return;
	}
	view_fill(v);
	list_move(&v->list, view_choice(v), by);
}

static void
move_by(struct view *v, enum action a)
{
	long page = v->mode != MODE_LIST ? v->page_height : v->list_height;

	page = page > 1 ? page - 1 : 1;
	move(v,
	    a == ACTION_UP              ? -1
		: a == ACTION_DOWN      ? 1
		: a == ACTION_PAGE_UP   ? -page
		: a == ACTION_PAGE_DOWN ? page
		: a == ACTION_HOME      ? -LIST_ROWS - 1
					: LIST_ROWS + 1);
}

static void
sort_by(struct view *v, const char *name)
{
	const struct panel *p = PANELS[v->panel];
	int column = list_column(p->columns, p->column_count, name);

	if (column < 0) {
		view_note(v, "%s cannot be sorted by %s", p->title, name);
		return;
	}
	view_choice(v)->sort = column;
	view_choice(v)->inverted = false;
}

static void
sort_next(struct view *v, int by)
{
	const struct panel *p = PANELS[v->panel];
	int sort;

	view_fill(v);
	list_sort(&v->list, view_choice(v), by);
	sort = view_choice(v)->sort;
	view_note(v, sort < 0 ? "%s have an order of their own" : "%s, sorted by %s", p->title,
	    sort < 0 ? "" : p->columns[sort].name);
}

static void
search(struct view *v, bool on)
{
	view_fill(v);
	if (*v->search && !list_find(&v->list, view_choice(v), v->search, on))
		view_note(v, "\"%s\" is in none of the rows", v->search);
}

/* step moves a value along a list of choices. */
static int64_t
step(const int64_t *values, size_t count, int64_t value, int by)
{
	size_t at = 0;

	while (at + 1 < count && values[at] < value)
		at++;
	if (by < 0 ? at > 0 : at + 1 < count)
		at += (size_t)by;
	return values[at];
}

static unsigned
change_span(struct view *v, int by)
{
	char text[FORMAT_SIZE];

	model_span(v->model, step(SPANS_MS, ARRAY_LEN(SPANS_MS), v->model->span_ms, by));
	view_note(v, "Charts over the last %s", format_span(text, v->model->span_ms));
	return EFFECT_ASK;
}

static unsigned
change_refresh(struct view *v, int by)
{
	char text[FORMAT_SIZE];

	v->refresh_ms = step(REFRESHES_MS, ARRAY_LEN(REFRESHES_MS), v->refresh_ms, by);
	view_note(v, "Asks every %s", format_span(text, v->refresh_ms));
	return EFFECT_ASK;
}

static unsigned
fold(struct view *v, bool folded)
{
	const struct row *r;

	view_fill(v);
	r = list_chosen(&v->list, view_choice(v));
	if (r && folded && json_object_size(v->folded) < LIST_ROWS && json_object_get(r->of, "branch"))
		json_object_set_new(v->folded, r->id, json_true());
	else if (r && !folded)
		json_object_del(v->folded, r->id);
	return EFFECT_NONE;
}

static unsigned
again(const struct view *v)
{
	return EFFECT_ASK | (v->panel == PANEL_TREE_AT ? EFFECT_TREE : EFFECT_NONE);
}

static unsigned
pause_or_go_on(struct view *v)
{
	v->paused = !v->paused;
	return v->paused ? EFFECT_NONE : EFFECT_ASK;
}

static unsigned
filter_events(struct view *v, enum action a)
{
	if (a == ACTION_TYPE)
		v->event_type = events_next_type(v->event_type);
	else
		v->event_severity = events_next_severity(v->event_severity);
	view_note(v, "Events: %s, severity %s and above", events_type_word(v->event_type),
	    events_severity_word(v->event_severity));
	return EFFECT_NONE;
}

static void
prompt(struct view *v, enum view_prompt what)
{
	view_leave_detail(v);
	v->prompt = what;
	snprintf(v->typed, sizeof(v->typed), "%s", what == PROMPT_FILTER ? view_choice(v)->filter : "");
}

/* What changes the order of rows, or which there are; false if it is something else. */
static bool
act_on_rows(struct view *v, enum action a)
{
	static const struct {
		enum action action;
		const char *column;
	} orders[] = { { ACTION_BY_MEMORY, "memory" }, { ACTION_BY_BINARY, "binary" }, { ACTION_BY_QUEUE, "queue" },
		{ ACTION_BY_HEAP, "memory" }, { ACTION_BY_NAME, "name" } };

	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (orders[i].action == a) {
			sort_by(v, orders[i].column);
			return true;
		}
	if (a == ACTION_BY_REDUCTIONS)
		sort_by(v, v->panel == 0 ? "cpu" : "reductions");
	else if (a == ACTION_SORT || a == ACTION_SORT_BACK)
		sort_next(v, a == ACTION_SORT ? 1 : -1);
	else if (a == ACTION_INVERT)
		view_choice(v)->inverted = !view_choice(v)->inverted;
	else if (a == ACTION_FILTER || a == ACTION_SEARCH)
		prompt(v, a == ACTION_FILTER ? PROMPT_FILTER : PROMPT_SEARCH);
	else if (a == ACTION_SEARCH_ON)
		search(v, true);
	else
		return false;
	return true;
}

static unsigned
act(struct view *v, enum action a, int key)
{
	if (a >= ACTION_UP && a <= ACTION_END)
		return move_by(v, a), EFFECT_NONE;
	if (act_on_rows(v, a))
		return EFFECT_NONE;
	switch ((int)a) {
	case ACTION_QUIT:
		return EFFECT_QUIT;
	case ACTION_HELP:
		view_leave_detail(v);
		v->mode = MODE_HELP;
		return EFFECT_NONE;
	case ACTION_ENTER:
		return enter(v);
	case ACTION_BACK:
		return back(v);
	case ACTION_NEXT_PANEL:
		return next_panel(v, 1);
	case ACTION_FORMER_PANEL:
		return next_panel(v, -1);
	case ACTION_PANEL:
		return digit(v, key);
	case ACTION_PAUSE:
		return pause_or_go_on(v);
	case ACTION_REDRAW:
		return EFFECT_REDRAW;
	case ACTION_AGAIN:
		return again(v);
	case ACTION_SLOWER:
	case ACTION_FASTER:
		return change_refresh(v, a == ACTION_SLOWER ? 1 : -1);
	case ACTION_LONGER:
	case ACTION_SHORTER:
		return change_span(v, a == ACTION_LONGER ? 1 : -1);
	case ACTION_LEFT:
	case ACTION_RIGHT:
		return fold(v, a == ACTION_LEFT);
	case ACTION_TYPE:
	case ACTION_SEVERITY:
		return filter_events(v, a);
	default:
		return EFFECT_NONE;
	}
}

/* ---- typing ----------------------------------------------------------------------------------------------------------- */

/* Only ASCII is typed: names of processes, nodes and applications are, as a rule. */
static void
type(struct view *v, int key)
{
	size_t len = strlen(v->typed);

	if ((key == KEY_CODE_BACKSPACE || key == 0x08) && len > 0)
		v->typed[len - 1] = '\0';
	else if (key >= 0x20 && key < 0x7F && len + 1 < sizeof(v->typed)) {
		v->typed[len] = (char)key;
		v->typed[len + 1] = '\0';
	}
}

static unsigned
prompt_key(struct view *v, int key)
{
	bool done = key == KEY_CODE_ENTER || key == '\r', dropped = key == KEY_CODE_ESCAPE || key == 0x03;

	type(v, key);
	if (dropped)
		v->typed[0] = '\0';
	if (v->prompt == PROMPT_FILTER)
		snprintf(view_choice(v)->filter, sizeof(view_choice(v)->filter), "%s", v->typed);
	else
		snprintf(v->search, sizeof(v->search), "%s", v->typed);
	if (v->prompt == PROMPT_SEARCH && *v->typed)
		search(v, false);
	if (done || dropped)
		v->prompt = PROMPT_NONE;
	return EFFECT_NONE;
}

unsigned
view_key(struct view *v, int key)
{
	bool chord = key == 'q' && v->memory_key_ms && v->now_ms - v->memory_key_ms < CHORD_MS;
	enum action a;

	if (key == KEY_CODE_OTHER)
		return EFFECT_NONE;
	if (v->prompt != PROMPT_NONE)
		return prompt_key(v, key);
	v->memory_key_ms = key == 'm' ? v->now_ms : 0;
	a = chord ? ACTION_BY_QUEUE : keys_find(key, PANELS[v->panel]->name);
	/* In a text, right and left have nothing to fold. */
	if (v->mode == MODE_HELP && a != ACTION_QUIT && !(a >= ACTION_UP && a <= ACTION_END))
		return view_leave_detail(v), EFFECT_NONE;
	return act(v, a, key);
}
