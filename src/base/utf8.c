/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT 0xFFFDu

static bool
is_code_point(uint32_t cp)
{
	return cp <= 0x10FFFF && !(cp >= 0xD800 && cp <= 0xDFFF);
}

size_t
utf8_decode(const uint8_t *p, size_t len, uint32_t *cp)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v;
	size_t n;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	n = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (len < n)
		return 0;
	v = p[0] & (0x7Fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	if (v < smallest[n] || !is_code_point(v))
		return 0;
	*cp = v;
	return n;
}

void
utf8_add(struct strbuf *sb, uint32_t cp)
{
	char out[4];
	size_t n;

	if (!is_code_point(cp))
		cp = REPLACEMENT;
	n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	if (n == 1) {
		strbuf_addc(sb, (char)cp);
		return;
	}
	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (cp & 0x3F));
		cp >>= 6;
	}
	out[0] = (char)((0xF00 >> n & 0xFF) | cp);
	strbuf_add(sb, out, n);
}

static bool
is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

static void
add_clean(struct strbuf *sb, const uint8_t *p, size_t len, bool controls)
{
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		size_t n = utf8_decode(p + i, len - i, &cp);

		if (n == 0)
			utf8_add(sb, REPLACEMENT);
		else if (!controls && is_control(cp))
			strbuf_addc(sb, '.');
		else
			strbuf_add(sb, p + i, n);
		i += n ? n : 1;
	}
}

void
utf8_add_clean(struct strbuf *sb, const void *text, size_t len)
{
	add_clean(sb, text, len, true);
}

void
utf8_add_printable(struct strbuf *sb, const void *text, size_t len)
{
	add_clean(sb, text, len, false);
}

/* C0, DEL and C1, line and paragraph separators, and the marks that set the direction of text (Unicode Technical Report 36). */
static bool
is_visible(uint32_t cp)
{
	if (is_control(cp) || cp == 0x061C || cp == 0xFEFF)
		return false;
	return !(cp >= 0x200B && cp <= 0x200F) && !(cp >= 0x2028 && cp <= 0x202E) && !(cp >= 0x2066 && cp <= 0x2069);
}

void
utf8_add_visible(struct strbuf *sb, const char *text, size_t max)
{
	size_t len = strlen(text), i = 0;

	while (i < len && i < max) {
		uint32_t cp;
		size_t n = utf8_decode((const uint8_t *)text + i, len - i, &cp);

		if (n == 0 || !is_visible(cp))
			strbuf_adds(sb, cp == '\n' && n ? " " : "?");
		else
			strbuf_add(sb, text + i, n);
		i += n ? n : 1;
	}
	if (i < len)
		strbuf_adds(sb, "...");
}
