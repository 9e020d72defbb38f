/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The view: what of the model is on the screen, and what keys change about that. It knows neither a terminal nor a network: keys go in, cells come out, and it
 * says which questions it wants answered.
 */
#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "tui/list.h"
#include "tui/model.h"
#include "tui/page.h"

#define VIEW_PANELS 8
#define VIEW_NOTE_SIZE 400

enum view_mode { MODE_LIST, MODE_DETAIL, MODE_HELP };
enum view_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_SEARCH };

/* What a key has made necessary. */
enum view_effect { EFFECT_NONE = 0, EFFECT_ASK = 1, EFFECT_QUIT = 2, EFFECT_TREE = 4, EFFECT_REDRAW = 8 };

struct view {
	struct model *model;
	size_t panel; /* in PANELS */
	struct list_choice choices[VIEW_PANELS];
	struct list list;
	enum view_mode mode;
	struct page page;
	int page_top, page_lines, page_height;
	json_t *detail_of; /* what the detail shows, kept after it is gone */
	char detail_id[LIST_ID_SIZE];
	bool detail_gone;
	enum view_prompt prompt;
	char typed[LIST_FILTER_SIZE], search[LIST_FILTER_SIZE];
	bool paused;
	bool whole;                     /* everything is printed once: nothing is chosen, and there is no foot line */
	int event_type, event_severity; /* filters of the events; 0: all */
	json_t *folded;                 /* ids of branches of the tree, as keys */
	int64_t refresh_ms;
	int64_t now_ms;
	int64_t memory_key_ms; /* when "m" was hit: a "q" right behind it is no wish to quit */
	char note[VIEW_NOTE_SIZE];
	int64_t note_until_ms;
	char origin[128]; /* whom we ask, for the head line */
	int list_height;  /* rows of the list that were on the screen last */
};

struct panel {
	const char *name; /* as --panel takes it */
	const char *title;
	unsigned needs;  /* bits by enum ask */
	bool everywhere; /* also of all nodes */
	const struct column *columns;
	size_t column_count;
	int sort; /* column at first; -1: as it is filled */
	void (*fill)(struct view *v, struct list *l);
	/* why there are no rows, in plain words */
	const char *(*empty)(const struct view *v);
	/* what there is to say of a row; `of` may be of any shape */
	void (*detail)(const struct view *v, const json_t *of, struct page *p);
	/* figure beside the title; negative: none. NULL: none */
	int (*count)(const struct view *v);
};

extern const struct panel PANEL_NODES, PANEL_PROCESSES, PANEL_RESTARTS, PANEL_INCIDENTS, PANEL_EVENTS, PANEL_TREE,
    PANEL_AHEAD, PANEL_MEMORY;
extern const struct panel *const PANELS[VIEW_PANELS]; /* the nodes first */

void view_init(struct view *v, struct model *m);
void view_release(struct view *v);
/* view_open shows a panel by its name, of the selected node if there is one; false if there is none of that name. */
bool view_open(struct view *v, const char *panel);
/* view_select shows a node's first panel, or with "" all nodes. */
void view_select(struct view *v, const char *node);
/* view_key takes a key (keys.h); enum view_effect, as bits. */
unsigned view_key(struct view *v, int key);
/* view_note shows a line at the foot for a few seconds. */
void view_note(struct view *v, const char *fmt, ...) PRINTF(2, 3);
/* view_wants: the questions, as bits by enum ask, whose answers are on the screen; those that are slow are not among them. */
unsigned view_wants(const struct view *v);
/* view_draw draws the whole screen into the field, whatever its size. */
void view_draw(struct view *v, struct cells *c);

/* ---- for the panels ---- */

/* view_head draws what stands above the panels: which node, since when, who, what next. It returns the rows that it took, at most `height`. */
int view_head(struct view *v, struct cells *c, int row, int height);

#endif
