/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tui/foot.h"
#include "tui/format.h"
#include "tui/keys.h"
#include "tui/panel_events.h"

#define LEAST_WIDTH 30
#define LEAST_HEIGHT 8
#define LIST_LEAST 6
#define NOTE_MS 6000
/* "mq" is one command of observer_cli: so soon after "m" a "q" is its second letter. */
#define CHORD_MS 1000
#define REFRESH_MS 2000
#define PANEL_TREE_AT 5

const struct panel *const PANELS[VIEW_PANELS] = { &PANEL_NODES, &PANEL_PROCESSES, &PANEL_RESTARTS, &PANEL_INCIDENTS,
	&PANEL_EVENTS, &PANEL_TREE, &PANEL_AHEAD, &PANEL_MEMORY };

static const int64_t SPANS_MS[] = { 600000, 3600000, 21600000, 86400000 };
static const int64_t REFRESHES_MS[] = { 1000, 2000, 5000, 10000, 30000, 60000 };

void
view_init(struct view *v, struct model *m)
{
	memset(v, 0, sizeof(*v));
	v->model = m;
	v->folded = json_object();
	v->refresh_ms = REFRESH_MS;
	for (size_t i = 0; i < VIEW_PANELS; i++)
		v->choices[i].sort = PANELS[i]->sort;
	v->panel = *m->node ? 1 : 0;
}

static void
leave_detail(struct view *v)
{
	json_decref(v->detail_of);
	v->detail_of = NULL;
	v->mode = MODE_LIST;
	v->page_top = 0;
}

void
view_release(struct view *v)
{
	leave_detail(v);
	json_decref(v->folded);
	list_release(&v->list);
	page_release(&v->page);
}

void
view_note(struct view *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->note, sizeof(v->note), fmt, ap);
	va_end(ap);
	v->note_until_ms = v->now_ms + NOTE_MS;
}

unsigned
view_wants(const struct view *v)
{
	unsigned wants = 1u << ASK_NODES | PANELS[v->panel]->needs;

	if (*v->model->node)
		wants |= 1u << ASK_HEALTH | 1u << ASK_RESTARTS | 1u << ASK_HISTORY;
	return wants;
}

/* ---- which panel ------------------------------------------------------------------------------------------------------ */

static bool
is_open_to(const struct view *v, size_t panel)
{
	return *v->model->node ? panel != 0 : PANELS[panel]->everywhere;
}

static unsigned
show_panel(struct view *v, size_t panel)
{
	leave_detail(v);
	v->panel = panel;
	/* The node is asked for its tree when it is looked at, and not again by itself. */
	return EFFECT_ASK |
	    (panel == PANEL_TREE_AT && model_body(v->model, ASK_TREE) == NULL ? EFFECT_TREE : EFFECT_NONE);
}

void
view_select(struct view *v, const char *node)
{
	model_select(v->model, node);
	for (size_t i = 1; i < VIEW_PANELS; i++)
		v->choices[i] = (struct list_choice) { .sort = PANELS[i]->sort };
	json_object_clear(v->folded);
	(void)show_panel(v, *node ? 1 : 0);
}

bool
view_open(struct view *v, const char *panel)
{
	for (size_t i = 0; i < VIEW_PANELS; i++)
		if (strcmp(PANELS[i]->name, panel) == 0 && is_open_to(v, i)) {
			v->panel = i;
			return true;
		}
	return false;
}

static unsigned
next_panel(struct view *v, int by)
{
	size_t at = v->panel;

	do
		at = (at + (size_t)(VIEW_PANELS + by)) % VIEW_PANELS;
	while (!is_open_to(v, at));
	return show_panel(v, at);
}

/* fill settles the rows of the panel that is shown, so that what is chosen is known. */
static void
fill(struct view *v)
{
	const struct panel *p = PANELS[v->panel];

	list_begin(&v->list, p->columns, p->column_count);
	p->fill(v, &v->list);
	list_settle(&v->list, &v->choices[v->panel]);
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
	if (!is_open_to(v, panel)) {
		v->panel = 0;
		fill(v);
		r = list_chosen(&v->list, &v->choices[0]);
		if (r == NULL)
			return EFFECT_NONE;
		view_select(v, r->id);
	}
	return show_panel(v, panel);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------- */

static struct list_choice *
choice_of(struct view *v)
{
	return &v->choices[v->panel];
}

static unsigned
enter(struct view *v)
{
	const struct row *r;

	if (v->mode != MODE_LIST)
		return EFFECT_NONE;
	fill(v);
	r = list_chosen(&v->list, choice_of(v));
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
		leave_detail(v);
	else if (*choice_of(v)->filter)
		choice_of(v)->filter[0] = '\0';
	else if (*v->model->node)
		view_select(v, "");
	else
		v->panel = 0;
	return EFFECT_ASK;
}

static void
scroll_page(struct view *v, long by)
{
	long last = v->page_lines > v->page_height ? v->page_lines - v->page_height : 0;
	long to = v->page_top + by;

	v->page_top = (int)(to < 0 ? 0 : to > last ? last : to);
}

static void
move(struct view *v, long by)
{
	if (v->mode != MODE_LIST) {
		scroll_page(v, by);
		return;
	}
	fill(v);
	list_move(&v->list, choice_of(v), by);
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
	choice_of(v)->sort = column;
	choice_of(v)->inverted = false;
}

static void
sort_next(struct view *v, int by)
{
	const struct panel *p = PANELS[v->panel];
	int sort;

	fill(v);
	list_sort(&v->list, choice_of(v), by);
	sort = choice_of(v)->sort;
	view_note(v, sort < 0 ? "%s have an order of their own" : "%s, sorted by %s", p->title,
	    sort < 0 ? "" : p->columns[sort].name);
}

static void
search(struct view *v, bool on)
{
	fill(v);
	if (*v->search && !list_find(&v->list, choice_of(v), v->search, on))
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

	fill(v);
	r = list_chosen(&v->list, choice_of(v));
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
	leave_detail(v);
	v->prompt = what;
	snprintf(v->typed, sizeof(v->typed), "%s", what == PROMPT_FILTER ? choice_of(v)->filter : "");
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
		choice_of(v)->inverted = !choice_of(v)->inverted;
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
		leave_detail(v);
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
		snprintf(choice_of(v)->filter, sizeof(choice_of(v)->filter), "%s", v->typed);
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
		return leave_detail(v), EFFECT_NONE;
	return act(v, a, key);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------------- */

static void
add_bindings(struct page *page, bool of_panels)
{
	for (size_t i = 0; i < BINDING_COUNT; i++) {
		const struct binding *b = &BINDINGS[i];

		if (of_panels && b->panel)
			page_pair(page, b->shown, STYLE_PLAIN, "%s: %s", b->panel, b->help);
		else if (!of_panels && !b->panel)
			page_pair(page, b->shown, STYLE_PLAIN, "%s", b->help);
	}
}

static void
make_help(struct view *v)
{
	page_reset(&v->page);
	page_heading(&v->page, "Keys");
	add_bindings(&v->page, false);
	page_heading(&v->page, "Keys of single panels");
	add_bindings(&v->page, true);
	page_heading(&v->page, "What is shown");
	page_text(&v->page, STYLE_PLAIN,
	    "\xE2\x80\x93 is what was not observed; it is never shown as 0. A gap in a line is a time of which nothing "
	    "is known.");
	page_text(&v->page, STYLE_PLAIN,
	    "The node tells the ten largest processes by queue, memory, reductions and binary memory. The ranking that "
	    "you sort by is complete; "
	    "the processes below it are known from the others.");
}

/* The row may have changed, or gone: what it was last is still shown then. */
static void
make_detail(struct view *v)
{
	const struct panel *p = PANELS[v->panel];
	bool found = false;

	list_begin(&v->list, p->columns, p->column_count);
	p->fill(v, &v->list);
	for (size_t i = 0; i < v->list.count && !found; i++)
		if (strcmp(v->list.rows[i].id, v->detail_id) == 0) {
			json_incref((json_t *)(uintptr_t)v->list.rows[i].of);
			json_decref(v->detail_of);
			v->detail_of = (json_t *)(uintptr_t)v->list.rows[i].of;
			found = true;
		}
	page_reset(&v->page);
	if (!found)
		page_text(
		    &v->page, STYLE_WARNING, "No longer among the rows of this panel; this is what was known last.");
	p->detail(v, v->detail_of, &v->page);
}

static void
draw_page(struct view *v, struct cells *c, int row, int height)
{
	if (v->mode == MODE_HELP)
		make_help(v);
	else
		make_detail(v);
	v->page_height = height;
	v->page_lines = page_draw(&v->page, c, row, 0, c->width, height, v->page_top);
	scroll_page(v, 0);
}

static void
draw_list(struct view *v, struct cells *c, int row, int height)
{
	const char *why;

	fill(v);
	v->list_height = height - 1;
	list_draw(&v->list, choice_of(v), c, row, height, !v->whole);
	if (v->list.count > 0)
		return;
	why = *choice_of(v)->filter ? "No row has that in it; Esc ends the filter." : PANELS[v->panel]->empty(v);
	cells_put(c, row + 1, 0, c->width, STYLE_UNKNOWN, why);
}

static void
draw_too_small(struct cells *c)
{
	struct page p = { 0 };

	page_text(&p, STYLE_PLAIN, "arsenal top needs %d by %d characters, this terminal has %d by %d. q quits.",
	    LEAST_WIDTH, LEAST_HEIGHT, c->width, c->height);
	page_draw(&p, c, 0, 0, c->width, c->height, 0);
	page_release(&p);
}

void
view_draw(struct view *v, struct cells *c)
{
	int rest = c->height * 45 / 100 > LIST_LEAST ? c->height * 45 / 100 : LIST_LEAST;
	int foot = v->whole ? 0 : 1, row;

	if (c->width < LEAST_WIDTH || c->height < LEAST_HEIGHT) {
		draw_too_small(c);
		return;
	}
	if (v->mode == MODE_HELP) {
		draw_page(v, c, 0, c->height - foot);
		foot_draw(v, c, c->height - 1);
		return;
	}
	row = view_head(v, c, 0, c->height - 1 - foot - rest);
	foot_tabs(v, c, row++);
	if (v->mode == MODE_LIST)
		draw_list(v, c, row, c->height - foot - row);
	else
		draw_page(v, c, row, c->height - foot - row);
	if (foot)
		foot_draw(v, c, c->height - 1);
}
