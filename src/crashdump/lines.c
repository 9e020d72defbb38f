/* SPDX-License-Identifier: Apache-2.0 */
#include "crashdump/lines.h"

#include <string.h>

void
lines_init(struct lines *l, lines_fn *on_line, void *arg)
{
	*l = (struct lines) { .on_line = on_line, .arg = arg };
}

void
lines_release(struct lines *l)
{
	strbuf_release(&l->partial);
}

void
lines_skip(struct lines *l, bool skip)
{
	l->skip = skip;
}

static void
give(struct lines *l, const char *line, size_t len)
{
	if (len > LINES_MAX)
		len = LINES_MAX;
	else if (len > 0 && line[len - 1] == '\r')
		len--;
	l->in_line = false;
	l->on_line(l->arg, line, len);
}

static void
keep(struct lines *l, const char *p, size_t len)
{
	size_t room = LINES_MAX + 1 - l->partial.len;

	strbuf_add(&l->partial, p, len < room ? len : room);
	l->in_line = true;
}

/* The line at p, up to its end or the piece's. */
static const char *
take(struct lines *l, const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', (size_t)(end - p));

	if (newline == NULL || l->partial.len > 0)
		keep(l, p, (size_t)((newline ? newline : end) - p));
	if (newline == NULL)
		return end;
	if (l->partial.len == 0) {
		give(l, p, (size_t)(newline - p));
	} else {
		give(l, l->partial.data, l->partial.len);
		strbuf_reset(&l->partial);
	}
	return newline + 1;
}

/* The next '=' at the beginning of a line, or the end. '=' is seldom in what is passed over, newlines are not. */
static const char *
pass(struct lines *l, const char *p, const char *end)
{
	const char *at = p;

	while ((at = memchr(at, '=', (size_t)(end - at))) != NULL) {
		if (at > p ? at[-1] == '\n' : !l->passing) {
			l->passing = false;
			return at;
		}
		at++;
	}
	l->passing = end[-1] != '\n';
	return end;
}

void
lines_feed(struct lines *l, const char *data, size_t len)
{
	const char *p = data;
	const char *end = data + len;

	while (p < end) {
		if (l->skip && !l->in_line && (p = pass(l, p, end)) == end)
			break;
		p = take(l, p, end);
	}
}

void
lines_end(struct lines *l)
{
	if (l->in_line)
		give(l, strbuf_cstr(&l->partial), l->partial.len);
	strbuf_reset(&l->partial);
}
