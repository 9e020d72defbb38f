/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "tui/foot.h"
#include "tui/keys.h"
#include "tui/view_parts.h"

#define LEAST_WIDTH 30
#define LEAST_HEIGHT 8
#define LIST_LEAST 6
#define NOTE_MS 6000
#define REFRESH_MS 2000

const struct panel *const PANELS[VIEW_PANELS] = { &PANEL_NODES, &PANEL_PROCESSES, &PANEL_RESTARTS, &PANEL_INCIDENTS,
	&PANEL_EVENTS, &PANEL_TREE, &PANEL_AHEAD, &PANEL_MEMORY };

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

void
view_leave_detail(struct view *v)
{
	json_decref(v->detail_of);
	v->detail_of = NULL;
	v->mode = MODE_LIST;
	v->page_top = 0;
}

void
view_release(struct view *v)
{
	view_leave_detail(v);
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

bool
view_is_open_to(const struct view *v, size_t panel)
{
	return *v->model->node ? panel != 0 : PANELS[panel]->everywhere;
}

unsigned
view_show_panel(struct view *v, size_t panel)
{
	view_leave_detail(v);
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
	(void)view_show_panel(v, *node ? 1 : 0);
}

bool
view_open(struct view *v, const char *panel)
{
	for (size_t i = 0; i < VIEW_PANELS; i++)
		if (strcmp(PANELS[i]->name, panel) == 0 && view_is_open_to(v, i)) {
			v->panel = i;
			return true;
		}
	return false;
}

void
view_fill(struct view *v)
{
	const struct panel *p = PANELS[v->panel];

	list_begin(&v->list, p->columns, p->column_count);
	p->fill(v, &v->list);
	list_settle(&v->list, &v->choices[v->panel]);
}

struct list_choice *
view_choice(struct view *v)
{
	return &v->choices[v->panel];
}

void
view_scroll_page(struct view *v, long by)
{
	long last = v->page_lines > v->page_height ? v->page_lines - v->page_height : 0;
	long to = v->page_top + by;

	v->page_top = (int)(to < 0 ? 0 : to > last ? last : to);
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
	view_scroll_page(v, 0);
}

static void
draw_list(struct view *v, struct cells *c, int row, int height)
{
	const char *why;

	view_fill(v);
	v->list_height = height - 1;
	list_draw(&v->list, view_choice(v), c, row, height, !v->whole);
	if (v->list.count > 0)
		return;
	why = *view_choice(v)->filter ? "No row has that in it; Esc ends the filter." : PANELS[v->panel]->empty(v);
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
