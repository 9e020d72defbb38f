/* SPDX-License-Identifier: Apache-2.0 */
#include "report/wrap.h"

#include <string.h>

#define HANG 2

/* width_of is the number of columns of the first len bytes: characters, without "ESC [ … m". */
static size_t
width_of(const char *p, size_t len)
{
	size_t width = 0;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '\033')
			while (i < len && p[i] != 'm')
				i++;
		else
			width += ((unsigned char)p[i] & 0xC0) != 0x80;
	}
	return width;
}

static void
add_spaces(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_addc(out, ' ');
}

/* A line, wrapped; its spaces between words stay as they are where it is not broken. */
static void
wrap_line(struct strbuf *out, const char *line, size_t len)
{
	size_t indent = strspn(line, " "), width = 0, at = 0;

	if (width_of(line, len) <= WRAP_WIDTH) {
		strbuf_add(out, line, len);
		return;
	}
	indent = indent + HANG < WRAP_WIDTH / 2 ? indent + HANG : WRAP_WIDTH / 2;
	while (at < len) {
		size_t gap = strspn(line + at, " "), word = strcspn(line + at + gap, " \n");
		size_t columns = width_of(line + at + gap, word);

		if (at > 0 && width + gap + columns > WRAP_WIDTH) {
			strbuf_addc(out, '\n');
			add_spaces(out, indent);
			width = indent + columns;
		} else {
			add_spaces(out, gap);
			width += gap + columns;
		}
		strbuf_add(out, line + at + gap, word);
		at += gap + word;
	}
}

void
wrap_lines(struct strbuf *out, size_t start)
{
	struct strbuf text = STRBUF_INIT;
	const char *line;

	if (out->len == start)
		return;
	strbuf_add(&text, out->data + start, out->len - start);
	strbuf_cut(out, start);
	for (line = text.data; *line;) {
		size_t len = strcspn(line, "\n");

		wrap_line(out, line, len);
		line += len;
		if (*line) {
			strbuf_addc(out, '\n');
			line++;
		}
	}
	strbuf_release(&text);
}
