/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of a text as a terminal shows them: how wide they are, and what stands for those that it must not get. */
#ifndef TUI_GLYPH_H
#define TUI_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct glyph {
	uint32_t cp; /* a visible character; "?" for what is none */
	int columns; /* 0 (a mark over the character before it, not shown), 1 or 2 */
};

/*
 * glyph_next reads the character that the text (not empty) begins with, and returns its length in bytes. Bytes that are no UTF-8, control characters and marks
 * that set the direction of text become "?"; a newline or tab becomes a space. Widths are those of the locale (wcwidth).
 */
size_t glyph_next(const char *text, struct glyph *g);
/* glyph_more: something with a width is left in the text. */
bool glyph_more(const char *text);
/* glyph_columns is the width of a text. */
int glyph_columns(const char *text);
/* glyph_ascii is what stands for a character where only ASCII is known. */
uint32_t glyph_ascii(uint32_t cp);

#endif
