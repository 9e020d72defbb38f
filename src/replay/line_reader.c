/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/line_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_ROOM 65536

struct line_reader {
	struct source *source;
	char *buf; /* one byte more than `room`, for the line's end */
	size_t room, start, end;
	size_t seen; /* bytes from start on in which there is no end of a line */
	bool ended;
	bool again;
	struct line last;
	uint64_t number;
};

struct line_reader *
line_reader_new(struct source *s)
{
	struct line_reader *r = xcalloc(1, sizeof(*r));

	r->source = s;
	r->room = FIRST_ROOM;
	r->buf = xmalloc(r->room + 1);
	return r;
}

void
line_reader_free(struct line_reader *r)
{
	if (r == NULL)
		return;
	source_close(r->source);
	free(r->buf);
	free(r);
}

const struct source *
line_reader_source(const struct line_reader *r)
{
	return r->source;
}

static bool
make_room(struct line_reader *r, struct err *err)
{
	size_t len = r->end - r->start;

	if (r->start > 0)
		memmove(r->buf, r->buf + r->start, len);
	r->start = 0;
	r->end = len;
	if (len < r->room)
		return true;
	if (r->room >= LINE_MAX_BYTES)
		return err_set(err, "%s: line %llu: longer than %u bytes", source_name(r->source),
		    (unsigned long long)r->number + 1, LINE_MAX_BYTES);
	r->room *= 2;
	r->buf = xrealloc(r->buf, r->room + 1);
	return true;
}

/* find_end looks for the end of the line that begins at start, and reads on until it is there; NULL at the end of the source. */
static bool
find_end(struct line_reader *r, char **end, struct err *err)
{
	ssize_t n;

	for (;;) {
		*end = memchr(r->buf + r->start + r->seen, '\n', r->end - r->start - r->seen);
		r->seen = r->end - r->start;
		if (*end || r->ended)
			return true;
		if (!make_room(r, err))
			return false;
		n = source_read(r->source, r->buf + r->end, r->room - r->end, err);
		if (n < 0)
			return false;
		r->ended = n == 0;
		r->end += (size_t)n;
	}
}

/* check_text: a tabulator is the only control character that text has within a line. */
static bool
check_text(const struct line_reader *r, const struct line *l, struct err *err)
{
	for (size_t i = 0; i < l->len; i++) {
		unsigned char c = (unsigned char)l->text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return err_set(err, "%s: line %llu, column %zu: byte 0x%02x: this is no text, but binary data",
			    source_name(r->source), (unsigned long long)l->number, i + 1, c);
	}
	return true;
}

static bool
pass_mark(const struct line_reader *r, struct line *l, struct err *err)
{
	if (l->len >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0) {
		l->text += 3;
		l->len -= 3;
	}
	if (l->len >= 2 && (memcmp(l->text, "\xff\xfe", 2) == 0 || memcmp(l->text, "\xfe\xff", 2) == 0))
		return err_set(
		    err, "%s: is UTF-16; convert it first (iconv -f UTF-16 -t UTF-8)", source_name(r->source));
	return true;
}

enum read_result
line_reader_next(struct line_reader *r, struct line *line, struct err *err)
{
	struct line *l = &r->last;
	char *end;

	if (r->again) {
		r->again = false;
		*line = *l;
		return READ_OK;
	}
	if (!find_end(r, &end, err))
		return READ_ERROR;
	if (end == NULL && r->start == r->end)
		return READ_END;
	end = end ? end : r->buf + r->end;
	*l = (struct line) { r->buf + r->start, (size_t)(end - r->buf) - r->start, ++r->number };
	r->start = (size_t)(end - r->buf) + (end < r->buf + r->end);
	r->seen = 0;
	if (l->len > 0 && l->text[l->len - 1] == '\r')
		l->len--;
	l->text[l->len] = '\0';
	if (l->number == 1 && !pass_mark(r, l, err))
		return READ_ERROR;
	if (!check_text(r, l, err))
		return READ_ERROR;
	*line = *l;
	return READ_OK;
}

void
line_reader_again(struct line_reader *r)
{
	r->again = true;
}
