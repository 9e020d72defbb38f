/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/cells.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "tui/glyph.h"

#define SIZE_MAX_CELLS 1000
#define FORMATTED_SIZE 1024
#define ELLIPSIS 0x2026

static int
bounded(int size)
{
	return size < 1 ? 1 : size > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : size;
}

void
cells_size(struct cells *c, int width, int height)
{
	size_t count;

	c->width = bounded(width);
	c->height = bounded(height);
	count = (size_t)c->width * (size_t)c->height;
	c->at = xreallocarray(c->at, count, sizeof(*c->at));
	for (size_t i = 0; i < count; i++)
		c->at[i] = (struct cell) { .cp = ' ' };
}

void
cells_release(struct cells *c)
{
	free(c->at);
	c->at = NULL;
}

static void
set(struct cells *c, int row, int col, enum style style, uint32_t cp)
{
	struct cell *cell;

	if (row < 0 || row >= c->height || col < 0 || col >= c->width)
		return;
	cell = &c->at[row * c->width + col];
	cell->cp = c->ascii ? glyph_ascii(cp) : cp;
	cell->style = (uint8_t)style;
}

/* put_glyph writes one character; the right half of a wide one follows it. A wide one at the very edge of the field is left out. */
static void
put_glyph(struct cells *c, int row, int col, enum style style, const struct glyph *g)
{
	bool fits = col + g->columns <= c->width;

	set(c, row, col, style, fits ? g->cp : ' ');
	if (g->columns == 2)
		set(c, row, col + 1, style, c->ascii ? ' ' : 0);
}

int
cells_put(struct cells *c, int row, int col, int width, enum style style, const char *text)
{
	int used = 0;
	struct glyph g;

	if (width > c->width - col)
		width = c->width - col;
	for (const char *p = text; *p && used < width;) {
		p += glyph_next(p, &g);
		/* The last column is for the mark of what is cut. */
		if (used + g.columns > width || (*p && used + g.columns == width && glyph_more(p))) {
			set(c, row, col + used, style, ELLIPSIS);
			return used + 1;
		}
		if (g.columns > 0)
			put_glyph(c, row, col + used, style, &g);
		used += g.columns;
	}
	return used;
}

int
cells_putf(struct cells *c, int row, int col, int width, enum style style, const char *fmt, ...)
{
	char text[FORMATTED_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return cells_put(c, row, col, width, style, text);
}

void
cells_put_right(struct cells *c, int row, int col, int width, enum style style, const char *text)
{
	int columns = glyph_columns(text);

	if (columns < width)
		cells_put(c, row, col + width - columns, columns, style, text);
	else
		cells_put(c, row, col, width, style, text);
}

void
cells_fill(struct cells *c, int row, int col, int width, enum style style, uint32_t cp)
{
	for (int i = 0; i < width; i++)
		set(c, row, col + i, style, cp);
}

void
cells_choose(struct cells *c, int row)
{
	for (int col = 0; row >= 0 && row < c->height && col < c->width; col++)
		c->at[row * c->width + col].chosen = true;
}

void
cells_text(const struct cells *c, int row, struct strbuf *out)
{
	const struct cell *cell = &c->at[row * c->width];
	int end = c->width;

	while (end > 0 && cell[end - 1].cp == ' ')
		end--;
	for (int i = 0; i < end; i++)
		if (cell[i].cp)
			utf8_add(out, cell[i].cp);
}
