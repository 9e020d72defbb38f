/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/foot.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "tui/glyph.h"
#include "tui/keys.h"
#include "tui/panel_events.h"

/* How much of the tabs there is room for. */
enum tabs { TABS_NUMBERS, TABS_TITLES, TABS_COUNTS };

static void
tab_text(const struct view *v, size_t i, enum tabs how, char *out, size_t size)
{
	int count = PANELS[i]->count && *v->model->node ? PANELS[i]->count(v) : -1;

	if (how == TABS_NUMBERS)
		snprintf(out, size, "%zu", i);
	else if (how == TABS_COUNTS && count >= 0)
		snprintf(out, size, "%zu %s %d", i, PANELS[i]->title, count);
	else
		snprintf(out, size, "%zu %s", i, PANELS[i]->title);
}

static bool
is_shown(const struct view *v, size_t i)
{
	return *v->model->node ? i > 0 : PANELS[i]->everywhere;
}

static int
tabs_width(const struct view *v, enum tabs how)
{
	char text[48];
	int width = 0;

	for (size_t i = 0; i < VIEW_PANELS; i++)
		if (is_shown(v, i)) {
			tab_text(v, i, how, text, sizeof(text));
			width += glyph_columns(text) + 2;
		}
	return width;
}

/* What rows are filtered by must be seen, so it covers what stands there. */
static void
draw_filters(const struct view *v, struct cells *c, int row)
{
	const char *filter = v->choices[v->panel].filter;
	struct strbuf text = STRBUF_INIT;

	if (*filter)
		strbuf_addf(&text, " filter: %s ", filter);
	if (PANELS[v->panel] == &PANEL_EVENTS && (v->event_type || v->event_severity))
		strbuf_addf(&text, " %s, %s and above ", events_type_word(v->event_type),
		    events_severity_word(v->event_severity));
	if (text.len) {
		int width = glyph_columns(text.data) < c->width ? glyph_columns(text.data) : c->width;

		cells_put(c, row, c->width - width, width, STYLE_WARNING, text.data);
	}
	strbuf_release(&text);
}

void
foot_tabs(const struct view *v, struct cells *c, int row)
{
	enum tabs how = TABS_COUNTS;
	char text[48];
	int col = 0;

	while (how > TABS_NUMBERS && tabs_width(v, how) > c->width)
		how--;
	cells_fill(c, row, 0, c->width, STYLE_DIM, 0x2500);
	for (size_t i = 0; i < VIEW_PANELS; i++) {
		bool current = i == v->panel;

		if (!is_shown(v, i))
			continue;
		tab_text(v, i, current ? TABS_COUNTS : how, text, sizeof(text));
		col += cells_putf(c, row, col, c->width - col, current ? STYLE_BAR : STYLE_DIM, " %s ", text);
	}
	draw_filters(v, c, row);
}

static void
draw_keys(const struct view *v, struct cells *c, int row)
{
	int col = 0;

	for (size_t i = 0; i < BINDING_COUNT; i++) {
		const struct binding *b = &BINDINGS[i];
		int width;

		if (b->foot == NULL || (b->panel && strcmp(b->panel, PANELS[v->panel]->name) != 0))
			continue;
		width = (int)strcspn(b->shown, " ") + 1 + (int)strlen(b->foot) + 2;
		/* How to get out of it comes last, and must not be the one that is left out. */
		if (b->action != ACTION_QUIT && col + width > c->width - 9)
			continue;
		col += cells_putf(
		    c, row, col, c->width - col, STYLE_STRONG, "%.*s", (int)strcspn(b->shown, " "), b->shown);
		col += cells_putf(c, row, col, c->width - col, STYLE_DIM, " %s  ", b->foot);
	}
}

void
foot_draw(const struct view *v, struct cells *c, int row)
{
	if (v->prompt != PROMPT_NONE)
		cells_putf(c, row, 0, c->width, STYLE_STRONG, "%s: %s_  (Enter keeps it, Esc drops it)",
		    v->prompt == PROMPT_FILTER ? "Filter" : "Search", v->typed);
	else if (*v->note && v->now_ms < v->note_until_ms)
		cells_put(c, row, 0, c->width, STYLE_STRONG, v->note);
	else
		draw_keys(v, c, row);
}
