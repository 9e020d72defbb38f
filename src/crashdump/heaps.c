/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is inside of processes. Of every process: the $initial_call in its dictionary. Of those in a ranking: their label, ancestors, stack, oldest message, and what
 * kinds of terms their heap consists of.
 */
#include <stdio.h>
#include <string.h>

#include "crashdump/state.h"

#define LABEL_DEPTH 4
#define PRINT_MAX 140
#define LATE_MAX 4096 /* bytes of a term with parts that come later */

void
begin_details(struct crashdump *c, const char *argument, size_t len)
{
	struct details *d = &c->details;

	if (len < sizeof(d->pid) && strlen(d->pid) == len && memcmp(d->pid, argument, len) == 0)
		return;
	memset(d, 0, sizeof(*d));
	field_copy(d->pid, sizeof(d->pid), argument, len);
	d->ranked = map_get(&c->ranked, argument, len);
	terms_reset(&c->terms);
}

static void
print_field(const struct terms *t, const char *element, size_t len, char *to)
{
	struct strbuf out = STRBUF_INIT;

	terms_print(t, element, len, PRINT_MAX, &out);
	field_copy(to, CRASH_TEXT, strbuf_cstr(&out), out.len);
	strbuf_release(&out);
}

/* Prints the term, and keeps what is there of it if parts are missing. */
static void
print_or_keep(const struct terms *t, const char *element, size_t len, char *to, struct late_term *late)
{
	print_field(t, element, len, to);
	strbuf_reset(&late->lines);
	if (len < sizeof(late->element) && terms_export(t, element, len, LATE_MAX, &late->lines))
		field_copy(late->element, sizeof(late->element), element, len);
	else
		strbuf_release(&late->lines);
}

/* "H7FD4C2944770:N" is a message and its trace token. The first one is enough. */
void
message_line(struct crashdump *c, const char *line, size_t len)
{
	struct details *d = &c->details;
	uint64_t address = terms_pointer(line, len);

	lines_skip(&c->lines, true);
	if (d->ranked == NULL)
		return;
	if (address) {
		field_copy(d->message, sizeof(d->message), line, len);
		terms_want(&c->terms, address, LABEL_DEPTH);
	} else if (len > 0 && *line == 'D') {
		field_copy(d->ranked->p.message, CRASH_TEXT, "from another node, not decoded yet", 34);
	} else {
		print_field(&c->terms, line, len, d->ranked->p.message);
	}
}

/* Each line is an entry: a pointer to a pair. */
void
dictionary_line(struct crashdump *c, const char *line, size_t len)
{
	uint64_t address = terms_pointer(line, len);

	if (address)
		terms_want(&c->terms, address, 0);
}

void
begin_process_stack(struct crashdump *c, const char *argument, size_t len)
{
	begin_details(c, argument, len);
	lines_skip(&c->lines, c->details.ranked == NULL);
}

void
process_stack_line(struct crashdump *c, const char *line, size_t len)
{
	if (c->details.ranked)
		stack_line(&c->details.ranked->p.stack, line, len);
}

static enum crash_term
kind_of_term(char tag)
{
	switch (tag) {
	case 'l':
		return CRASH_LIST_CELLS;
	case 't':
		return CRASH_TUPLES;
	case 'M':
		return CRASH_MAPS;
	case 'Y':
		return CRASH_BINARIES;
	default:
		return CRASH_OTHER_TERMS;
	}
}

static bool
is_key(const char *key, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(key, wanted, len) == 0;
}

/* What an entry of the dictionary says is wanted only now, when its key is known. */
static void
want_value(struct crashdump *c, const char *body, size_t len)
{
	const char *key;
	const char *value;
	size_t key_len;
	size_t value_len;
	uint64_t address;

	if (!terms_pair(body, len, &key, &key_len, &value, &value_len) ||
	    (address = terms_pointer(value, value_len)) == 0)
		return;
	if (is_key(key, key_len, "$initial_call"))
		terms_want(&c->terms, address, 0);
	else if (c->details.ranked && (is_key(key, key_len, "$ancestors") || is_key(key, key_len, "$process_label")))
		terms_want(&c->terms, address, LABEL_DEPTH);
}

void
heap_line(struct crashdump *c, const char *line, size_t len)
{
	size_t digits;
	uint64_t address = field_hex(line, len, &digits);
	const char *body = line + digits + 1;

	if (digits == 0 || digits + 1 >= len || line[digits] != ':')
		return;
	len -= digits + 1;
	if (c->details.ranked)
		c->details.ranked->p.terms[kind_of_term(*body)]++;
	if (*body == 'Y')
		refer(c, body, len);
	if (terms_may_want(&c->terms, address)) {
		terms_line(&c->terms, address, body, len);
		if (*body == 't')
			want_value(c, body, len);
	}
}

static void
take_initial_call(struct crashdump *c, const char *value, size_t len)
{
	struct strbuf call = STRBUF_INIT;

	if (terms_mfa(&c->terms, value, len, &call)) {
		kinds_resolve(&c->kinds, c->details.pid, strbuf_cstr(&call));
		if (c->details.ranked)
			field_copy(c->details.ranked->p.initial_call, CRASH_TEXT, strbuf_cstr(&call), call.len);
	}
	strbuf_release(&call);
}

static void
take_ancestors(struct crashdump *c, const char *value, size_t len)
{
	struct strbuf out = STRBUF_INIT;

	terms_list(&c->terms, value, len, PRINT_MAX, &out);
	field_copy(c->details.ranked->p.ancestors, CRASH_TEXT, strbuf_cstr(&out), out.len);
	strbuf_release(&out);
}

static void
take_entry(void *arg, const char *body, size_t len)
{
	struct crashdump *c = arg;
	const char *key;
	const char *value;
	size_t key_len;
	size_t value_len;

	if (!terms_pair(body, len, &key, &key_len, &value, &value_len))
		return;
	if (is_key(key, key_len, "$initial_call"))
		take_initial_call(c, value, value_len);
	else if (c->details.ranked && is_key(key, key_len, "$process_label"))
		print_or_keep(&c->terms, value, value_len, c->details.ranked->p.label, &c->details.ranked->label);
	else if (c->details.ranked && is_key(key, key_len, "$ancestors"))
		take_ancestors(c, value, value_len);
}

/* A fun is best named by the outermost function of ours on its stack. */
static void
name_fun(struct crash_process *p)
{
	if (strcmp(p->initial_call, "erlang:apply/2") != 0)
		return;
	if (*p->stack.outermost)
		field_copy(p->initial_call, CRASH_TEXT, p->stack.outermost, strlen(p->stack.outermost));
	else if (*p->current)
		memcpy(p->initial_call, p->current, CRASH_TEXT);
}

void
heap_end(struct crashdump *c)
{
	struct ranked *r = c->details.ranked;

	if (c->details.done)
		return;
	c->details.done = true;
	terms_each(&c->terms, take_entry, c);
	if (r == NULL)
		return;
	r->p.heap_seen = true;
	if (*c->details.message)
		print_or_keep(
		    &c->terms, c->details.message, strcspn(c->details.message, ":"), r->p.message, &r->message);
}

/* ---- literals: parts of terms that were compiled into a module ------------------------------------------------------------- */

static void
want_late(struct terms *t, const struct late_term *late)
{
	if (*late->element)
		terms_import(
		    t, late->element, strlen(late->element), LABEL_DEPTH, strbuf_cstr(&late->lines), late->lines.len);
}

static void
print_late(const struct terms *t, const struct late_term *late, char *to)
{
	if (*late->element)
		print_field(t, late->element, strlen(late->element), to);
}

/* In the order of the rankings, for what is wanted is bounded. */
static void
each_ranked(struct crashdump *c, void (*each)(struct crashdump *c, struct ranked *r))
{
	for (int by = 0; by < CRASH_RANKS; by++)
		for (size_t i = 0; i < c->s.by_count[by]; i++)
			each(c, (struct ranked *)c->s.by[by][i]);
}

static void
want_parts(struct crashdump *c, struct ranked *r)
{
	want_late(&c->terms, &r->label);
	want_late(&c->terms, &r->message);
}

static void
print_parts(struct crashdump *c, struct ranked *r)
{
	print_late(&c->terms, &r->label, r->p.label);
	print_late(&c->terms, &r->message, r->p.message);
}

void
begin_literals(struct crashdump *c, const char *argument, size_t len)
{
	(void)argument;
	(void)len;
	terms_reset(&c->terms);
	memset(&c->details, 0, sizeof(c->details));
	each_ranked(c, want_parts);
	lines_skip(&c->lines, c->terms.count == 0);
}

void
literal_line(struct crashdump *c, const char *line, size_t len)
{
	size_t digits;
	uint64_t address = field_hex(line, len, &digits);

	if (digits > 0 && digits + 1 < len && line[digits] == ':')
		terms_line(&c->terms, address, line + digits + 1, len - digits - 1);
}

void
literals_end(struct crashdump *c)
{
	each_ranked(c, print_parts);
	terms_reset(&c->terms);
}

static void
name_ranked(struct crashdump *c, struct ranked *r)
{
	(void)c;
	name_fun(&r->p);
}

void
heaps_finish(struct crashdump *c)
{
	each_ranked(c, name_ranked);
}
