/* SPDX-License-Identifier: Apache-2.0 */
/* A text to read: headings, pairs of a word and what it means, paragraphs. It is broken into lines at the width that there is, and scrolled. */
#ifndef TUI_PAGE_H
#define TUI_PAGE_H

#include "tui/cells.h"

struct page_part {
	char *label; /* NULL: a paragraph */
	char *text;
	enum style style; /* of the text */
};

struct page {
	struct page_part *parts;
	size_t count;
};

void page_reset(struct page *p);
void page_release(struct page *p);

/* All texts are copied, cut where they are unreasonably long; foreign ones may hold anything. */
void page_heading(struct page *p, const char *fmt, ...) PRINTF(2, 3);
void page_text(struct page *p, enum style style, const char *fmt, ...) PRINTF(3, 4);
/* page_pair: a word of ours, and what it is; nothing is added if that is "". */
void page_pair(struct page *p, const char *label, enum style style, const char *fmt, ...) PRINTF(4, 5);
void page_gap(struct page *p);

/* page_line: bytes of the text that go on one line of that width: up to the last space that fits, or as much as fits where there is none. */
size_t page_line(const char *text, int width);

/*
 * page_draw shows the page from its line `first` on in a box of the field. It returns how many lines the page has at this width.
 */
int page_draw(const struct page *p, struct cells *c, int row, int col, int width, int height, int first);

#endif
