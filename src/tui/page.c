/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "tui/glyph.h"

#define TEXT_MAX_BYTES 4000
#define LABEL_COLUMNS 18
#define PARTS_MAX 4000

void
page_reset(struct page *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->parts[i].label);
		free(p->parts[i].text);
	}
	p->count = 0;
}

void
page_release(struct page *p)
{
	page_reset(p);
	free(p->parts);
	*p = (struct page) { 0 };
}

static void PRINTF(4, 0) add(struct page *p, const char *label, enum style style, const char *fmt, va_list ap)
{
	char text[TEXT_MAX_BYTES];

	if (p->count == PARTS_MAX)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (label && *text == '\0')
		return;
	p->parts = xreallocarray(p->parts, p->count + 1, sizeof(*p->parts));
	p->parts[p->count++] = (struct page_part) { label ? xstrdup(label) : NULL, xstrdup(text), style };
}

void
page_heading(struct page *p, const char *fmt, ...)
{
	va_list ap;

	if (p->count)
		page_gap(p);
	va_start(ap, fmt);
	add(p, NULL, STYLE_STRONG, fmt, ap);
	va_end(ap);
}

void
page_text(struct page *p, enum style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, NULL, style, fmt, ap);
	va_end(ap);
}

void
page_pair(struct page *p, const char *label, enum style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, label, style, fmt, ap);
	va_end(ap);
}

void
page_gap(struct page *p)
{
	page_text(p, STYLE_PLAIN, "%s", "");
}

/* ---- lines ---------------------------------------------------------------------------------------------------------- */

size_t
page_line(const char *text, int width)
{
	size_t at = 0, space = 0;
	int used = 0;
	struct glyph g;

	while (text[at]) {
		size_t n = glyph_next(text + at, &g);

		if (used + g.columns > width)
			return space ? space : at ? at : n;
		if (g.cp == ' ')
			space = at + n;
		used += g.columns;
		at += n;
	}
	return at;
}

struct box {
	struct cells *cells;
	int row, col, width, height;
	int skip; /* lines that are scrolled away */
	int lines;
};

static void
draw_line(struct box *b, int indent, enum style style, const char *text, size_t len)
{
	char *line = xstrndup(text, len);
	int at = b->lines++ - b->skip;

	if (at >= 0 && at < b->height)
		cells_put(b->cells, b->row + at, b->col + indent, b->width - indent, style, line);
	free(line);
}

static void
draw_part(struct box *b, const struct page_part *part)
{
	bool narrow = b->width < 3 * LABEL_COLUMNS;
	int indent = part->label == NULL ? 0 : narrow ? 2 : LABEL_COLUMNS;
	int width = b->width - indent > 1 ? b->width - indent : 1;
	const char *p = part->text;

	if (part->label) {
		draw_line(b, 0, STYLE_DIM, part->label, strlen(part->label));
		/* What it is stands beside it, or on the next line if there is little room. */
		b->lines -= narrow ? 0 : 1;
	}
	do {
		size_t len = page_line(p, width);

		draw_line(b, indent, part->style, p, len);
		p += len;
	} while (*p);
}

int
page_draw(const struct page *p, struct cells *c, int row, int col, int width, int height, int first)
{
	struct box b = { c, row, col, width, height, first, 0 };

	for (size_t i = 0; i < p->count; i++)
		draw_part(&b, &p->parts[i]);
	return b.lines;
}
