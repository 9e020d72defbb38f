/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plot_terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"
#include "base/utf8.h"

#define LABEL 11 /* columns of the axis, its line not counted */
#define NAME_MAX_BYTES 200
#define STAMP 16 /* "2014-04-11 09:00" */
#define TICKS 6  /* the least and the most alone are labelled */
#define DOTS_X 2
#define DOTS_Y 4
#define BRAILLE 0x2800

struct canvas {
	unsigned columns, rows; /* of characters */
	uint8_t *cells;
};

/* The bits of a Braille character, by column and row of its dots (Unicode, block U+2800). */
static const uint8_t DOTS[DOTS_X][DOTS_Y] = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } };

static void
set_dot(struct canvas *c, unsigned x, unsigned y)
{
	c->cells[y / DOTS_Y * c->columns + x / DOTS_X] |= DOTS[x % DOTS_X][y % DOTS_Y];
}

/* height_of is the dot of a value, from the top. */
static unsigned
height_of(const struct canvas *c, const struct plot_scale *s, double v)
{
	unsigned dots = c->rows * DOTS_Y;
	double part = (v - s->low) / (s->high - s->low);

	return (unsigned)lround((1 - fmin(fmax(part, 0), 1)) * (dots - 1));
}

static int64_t
time_of(const struct plot_line *l, unsigned x, unsigned dots)
{
	return l->first_ms + (int64_t)((double)(l->last_ms - l->first_ms + 1) * x / dots);
}

static void
draw_line(struct canvas *c, const struct plot_line *l, const struct plot_scale *s)
{
	unsigned dots = c->columns * DOTS_X;
	unsigned before = UINT32_MAX;

	for (unsigned x = 0; x < dots; x++) {
		double low, high;
		unsigned top, bottom;

		if (!plot_line_range(l, time_of(l, x, dots), time_of(l, x + 1, dots), &low, &high)) {
			before = UINT32_MAX;
			continue;
		}
		top = height_of(c, s, high);
		bottom = height_of(c, s, low);
		/* Steps are joined. */
		if (before != UINT32_MAX && before < top)
			top = before + 1;
		if (before != UINT32_MAX && before > bottom)
			bottom = before - 1;
		for (unsigned y = top; y <= bottom; y++)
			set_dot(c, x, y);
		before = height_of(c, s, low + (high - low) / 2);
	}
}

static void
add_label(struct strbuf *out, const struct plot_line *l, double v, bool shown)
{
	char text[QUANTITY_SIZE];

	strbuf_addf(out, "%*.*s ", LABEL, LABEL, shown ? plot_line_label(text, l, v) : "");
	utf8_add(out, shown ? 0x2524 : 0x2502); /* ┤ │ */
}

static void
add_rows(struct strbuf *out, const struct canvas *c, const struct plot_line *l, const struct plot_scale *s, bool colour)
{
	for (unsigned r = 0; r < c->rows; r++) {
		double v = s->high - (s->high - s->low) * r / (c->rows - 1);
		bool shown = r == 0 || r == c->rows - 1 || (c->rows % 2 == 1 && r == c->rows / 2);

		add_label(out, l, v, shown);
		if (colour)
			strbuf_adds(out, "\033[36m");
		for (unsigned i = 0; i < c->columns; i++)
			utf8_add(out, BRAILLE + c->cells[r * c->columns + i]);
		strbuf_adds(out, colour ? "\033[0m\n" : "\n");
	}
}

static void
add_marks(struct strbuf *out, const struct plot_line *l, unsigned columns, bool colour)
{
	char *row = xmalloc(columns + 1);
	double span = (double)(l->last_ms - l->first_ms + 1);

	memset(row, ' ', columns);
	row[columns] = '\0';
	for (size_t i = 0; i < l->mark_count; i++) {
		double at = (double)(l->marks_ms[i] - l->first_ms) / span * columns;

		row[(unsigned)fmin(fmax(at, 0), columns - 1)] = '^';
	}
	strbuf_addf(out, "%*s  %s%s%s\n", LABEL, "", colour ? "\033[31m" : "", row, colour ? "\033[0m" : "");
	free(row);
}

static void
add_times(struct strbuf *out, const struct plot_line *l, unsigned columns)
{
	char first[TIME_RFC3339_SIZE], last[TIME_RFC3339_SIZE];

	time_rfc3339(first, l->first_ms)[10] = ' ';
	time_rfc3339(last, l->last_ms)[10] = ' ';
	strbuf_addf(out, "%*s  %.*s", LABEL, "", STAMP, first);
	if (columns >= 2 * STAMP + 2)
		strbuf_addf(out, "%*.*s", (int)columns - STAMP, STAMP, last);
	strbuf_addc(out, '\n');
}

void
plot_terminal(struct strbuf *out, const struct plot_line *l, unsigned columns, unsigned rows, bool colour)
{
	unsigned width = (columns > PLOT_TERMINAL_LEAST ? columns : PLOT_TERMINAL_LEAST) - LABEL - 2;
	struct plot_scale s = plot_line_scale(l, TICKS);
	struct canvas c = { width, rows, xcalloc((size_t)width * rows, 1) };

	strbuf_addf(out, "%*s  ", LABEL, "");
	utf8_add_visible(out, l->name, NAME_MAX_BYTES);
	strbuf_addc(out, '\n');
	draw_line(&c, l, &s);
	add_rows(out, &c, l, &s, colour);
	add_marks(out, l, width, colour);
	add_times(out, l, width);
	free(c.cells);
}
