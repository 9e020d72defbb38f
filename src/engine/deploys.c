/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/deploys.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define NAMED 4 /* applications, the others are counted */
#define WORD_MAX_BYTES 40

/* A line "Name Version" of a list. */
struct line {
	const char *text; /* NULL: there is none */
	size_t len;
	size_t name_len;
};

static struct line
line_at(const char *text)
{
	struct line l = { text, strcspn(text, "\n"), 0 };

	l.name_len = strcspn(text, " \n");
	return l;
}

static const char *
next_of(const struct line *l)
{
	return l->text + l->len + (l->text[l->len] == '\n');
}

/* find is the line of the same name. */
static struct line
find(const char *list, const struct line *like)
{
	for (const char *p = list; *p;) {
		struct line l = line_at(p);

		if (l.name_len == like->name_len && memcmp(l.text, like->text, l.name_len) == 0)
			return l;
		p = next_of(&l);
	}
	return (struct line) { NULL, 0, 0 };
}

static bool
same(const struct line *a, const struct line *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* What does not fit into a list is at its end, which is an empty line then. */
static bool
is_cut(const char *list)
{
	size_t len = strlen(list);

	return len >= 2 && list[len - 1] == '\n' && list[len - 2] == '\n';
}

static struct line
last_of(const char *list)
{
	struct line last = { NULL, 0, 0 };

	for (const char *p = list; *p;) {
		struct line l = line_at(p);

		if (l.name_len > 0)
			last = l;
		p = next_of(&l);
	}
	return last;
}

/* may_hold: the list has a line of that name, or may have had one beyond its end: it is in order. */
static bool
may_hold(const char *list, const struct line *l)
{
	struct line last = last_of(list);
	size_t shorter = l->name_len < last.name_len ? l->name_len : last.name_len;
	int order = last.text ? memcmp(l->text, last.text, shorter) : 1;

	return find(list, l).text || (is_cut(list) && (order > 0 || (order == 0 && l->name_len > last.name_len)));
}

/* ---- text ---- */

static void
add_part(struct strbuf *out, const char *text, size_t len)
{
	char part[4 * WORD_MAX_BYTES];

	snprintf(part, sizeof(part), "%.*s", (int)(len < sizeof(part) ? len : sizeof(part) - 1), text);
	utf8_add_visible(out, part, WORD_MAX_BYTES);
}

static void
add_version(struct strbuf *out, const struct line *l)
{
	if (l->name_len < l->len)
		add_part(out, l->text + l->name_len + 1, l->len - l->name_len - 1);
}

struct changes {
	struct strbuf *out;
	unsigned count;
};

/* tell tells of one application; before or after may be none, not both. */
static void
tell(struct changes *c, const struct line *before, const struct line *after)
{
	const struct line *l = after->text ? after : before;

	if (c->count++ >= NAMED)
		return;
	if (c->count > 1)
		strbuf_adds(c->out, ", ");
	add_part(c->out, l->text, l->name_len);
	strbuf_addc(c->out, ' ');
	if (before->text && after->text) {
		add_version(c->out, before);
		strbuf_adds(c->out, " -> ");
	}
	add_version(c->out, l);
	if (before->text == NULL || after->text == NULL)
		strbuf_adds(c->out, after->text ? " (new)" : " (gone)");
}

/* tell_of_list: those of the list that are in the other one, too, and differ there; or those that are not. */
static void
tell_of_list(struct changes *c, const char *list, const char *other, bool in_both, bool list_is_after)
{
	for (const char *p = list; *p;) {
		struct line l = line_at(p), o = find(other, &l);

		p = next_of(&l);
		if (l.name_len == 0 || (in_both ? o.text == NULL || same(&l, &o) : may_hold(other, &l)))
			continue;
		tell(c, list_is_after ? &o : &l, list_is_after ? &l : &o);
	}
}

unsigned
deploys_compare(struct strbuf *out, const char *before, const char *after)
{
	struct changes c = { out, 0 };

	tell_of_list(&c, after, before, true, true);
	tell_of_list(&c, after, before, false, true);
	tell_of_list(&c, before, after, false, false);
	if (c.count > NAMED)
		strbuf_addf(out, " and %u more", c.count - NAMED);
	return c.count;
}
