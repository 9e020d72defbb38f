/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a screen shows, as a field of character cells in memory: panels draw into it, the terminal is brought up to it (screen.h), and tests read it. Text is
 * taken as it comes from a node: it is clipped by columns, and whatever is no visible character is shown as "?".
 */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/strbuf.h"

/* What a text is; the terminal decides what that looks like. */
enum style {
	STYLE_PLAIN,
	STYLE_DIM,
	STYLE_STRONG,
	STYLE_BAR, /* head line, titles of columns */
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_CRITICAL,
	STYLE_UNKNOWN,
	STYLE_CHART,
	STYLE_COUNT
};

struct cell {
	uint32_t cp; /* 0: the right half of a wide character */
	uint8_t style;
	bool chosen; /* under the cursor */
};

struct cells {
	int width, height;
	bool ascii; /* the terminal knows no other characters */
	struct cell *at;
};

/* cells_size empties the field and gives it a size of at least 1 by 1, at most 1000 by 1000; a zeroed struct is fine at first. */
void cells_size(struct cells *c, int width, int height);
void cells_release(struct cells *c);

/*
 * cells_put writes UTF-8 text at a place, over at most `width` columns: what is longer is cut, with "…" for the rest. What lies beyond the field is left out. Returns
 * the columns that it took.
 */
int cells_put(struct cells *c, int row, int col, int width, enum style style, const char *text);
int cells_putf(struct cells *c, int row, int col, int width, enum style style, const char *fmt, ...) PRINTF(6, 7);
/* cells_put_right does so flush right. */
void cells_put_right(struct cells *c, int row, int col, int width, enum style style, const char *text);
/* cells_fill writes one character over `width` columns. */
void cells_fill(struct cells *c, int row, int col, int width, enum style style, uint32_t cp);
/* cells_choose marks a whole row as the one under the cursor. */
void cells_choose(struct cells *c, int row);
/* cells_text appends a row as text, without the blanks at its end. */
void cells_text(const struct cells *c, int row, struct strbuf *out);

#endif
