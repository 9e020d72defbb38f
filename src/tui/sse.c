/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/sse.h"

#include <string.h>

void
sse_init(struct sse *s, void (*event)(void *arg, const char *id, const char *data, size_t len), void *arg)
{
	*s = (struct sse) { .event = event, .arg = arg };
}

void
sse_restart(struct sse *s)
{
	strbuf_reset(&s->line);
	strbuf_reset(&s->data);
	s->too_long = false;
	s->after_cr = false;
}

void
sse_release(struct sse *s)
{
	strbuf_release(&s->line);
	strbuf_release(&s->data);
	strbuf_release(&s->id);
}

static void
dispatch(struct sse *s)
{
	/* Each line of data ended with a newline, the last one without. */
	if (s->data.len > 0 && !s->too_long) {
		strbuf_cut(&s->data, s->data.len - 1);
		s->event(s->arg, strbuf_cstr(&s->id), strbuf_cstr(&s->data), s->data.len);
	}
	strbuf_reset(&s->data);
	s->too_long = false;
}

static void
take_field(struct sse *s, const char *name, size_t name_len, const char *value, size_t len)
{
	if (name_len == 4 && memcmp(name, "data", 4) == 0) {
		if (s->data.len + len >= SSE_MAX_BYTES) {
			s->too_long = true;
			return;
		}
		strbuf_add(&s->data, value, len);
		strbuf_addc(&s->data, '\n');
	} else if (name_len == 2 && memcmp(name, "id", 2) == 0 && len <= SSE_ID_MAX_BYTES &&
	    memchr(value, '\0', len) == NULL) {
		strbuf_reset(&s->id);
		strbuf_add(&s->id, value, len);
	}
}

/* A line is a field "name: value" (the space does not matter), a comment that begins with a colon, or the empty one that ends an event. */
static void
take_line(struct sse *s)
{
	const char *line = strbuf_cstr(&s->line);
	const char *colon = memchr(line, ':', s->line.len);
	size_t name_len = colon ? (size_t)(colon - line) : s->line.len;
	size_t from = colon ? name_len + 1 : name_len;

	if (s->line.len == 0)
		dispatch(s);
	else if (from < s->line.len && line[from] == ' ')
		from++;
	if (name_len > 0)
		take_field(s, line, name_len, line + from, s->line.len - from);
	strbuf_reset(&s->line);
}

void
sse_feed(struct sse *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char ch = bytes[i];
		bool end = ch == '\r' || (ch == '\n' && !s->after_cr);

		if (end)
			take_line(s);
		else if (ch == '\n')
			; /* of a line that ended with CR LF */
		else if (s->line.len < SSE_MAX_BYTES)
			strbuf_addc(&s->line, ch);
		else
			s->too_long = true;
		s->after_cr = ch == '\r';
	}
}
