/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/glyph.h"

#include <string.h>
#include <wchar.h>

#include "base/attr.h"
#include "base/utf8.h"

#define UTF8_MAX_BYTES 4
#define UNKNOWN '?'

/* Marks that set the direction of text, separators of lines: they have no width, and must not get to the terminal. */
static bool
is_unruly(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x061C || cp == 0xFEFF ||
	    (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) ||
	    (cp >= 0xFFF9 && cp <= 0xFFFB) || cp >= 0xE0000;
}

size_t
glyph_next(const char *text, struct glyph *g)
{
	size_t n = utf8_decode((const uint8_t *)text, strnlen(text, UTF8_MAX_BYTES), &g->cp);

	if (n == 1 && (g->cp == '\n' || g->cp == '\t'))
		g->cp = ' ';
	g->columns = n && g->cp >= 0x80 ? wcwidth((wchar_t)g->cp) : 1;
	/* Where the locale knows ASCII only our own signs have counterparts. */
	if (n && g->columns < 0 && glyph_ascii(g->cp) != UNKNOWN)
		g->columns = 1;
	if (n == 0 || is_unruly(g->cp) || g->columns < 0 || g->columns > 2) {
		g->cp = UNKNOWN;
		g->columns = 1;
	}
	return n ? n : 1;
}

bool
glyph_more(const char *text)
{
	struct glyph g = { 0 };

	while (*text && g.columns == 0)
		text += glyph_next(text, &g);
	return g.columns > 0;
}

int
glyph_columns(const char *text)
{
	int columns = 0;
	struct glyph g;

	while (*text) {
		text += glyph_next(text, &g);
		columns += g.columns;
	}
	return columns;
}

/* Our own signs have counterparts; of foreign text there is no telling. */
uint32_t
glyph_ascii(uint32_t cp)
{
	static const struct {
		uint32_t cp, ascii;
	} table[] = { { 0x2026, '~' }, { 0x00B7, '-' }, { 0x2500, '-' }, { 0x2502, '|' }, { 0x25BC, 'v' },
		{ 0x25B2, '^' }, { 0x2013, '-' }, { 0x00D7, 'x' }, { 0x25B8, '+' }, { 0x25BE, '-' }, { 0x25CF, '*' },
		{ 0x2581, '_' }, { 0x2582, '.' }, { 0x2583, ':' }, { 0x2584, '-' }, { 0x2585, '=' }, { 0x2586, '+' },
		{ 0x2587, '*' }, { 0x2588, '#' }, { 0x00B5, 'u' }, { 0x2019, '\'' } };

	if (cp < 0x80)
		return cp;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].cp == cp)
			return table[i].ascii;
	return UNKNOWN;
}
