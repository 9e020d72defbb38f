/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive descent without a separate scanner. Terms and characters lie in two arrays that are as large as the text can need: a term has at least one byte of
 * it, and no character becomes longer than it was written.
 */
#include "beam/consult.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

struct reader {
	struct consult *c;
	const char *name;
	const char *p;
	const char *end;
	unsigned line;
	unsigned depth;
	struct err *err;
};

static bool read_term(struct reader *r, struct consult_term **out);

/* ---- errors ---------------------------------------------------------------------------------------------------------- */

static bool PRINTF(2, 3) bad(struct reader *r, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(r->err, "%s:%u: %s", r->name, r->line, what);
}

/* What stands where something else should. */
static bool
unexpected(struct reader *r, const char *wanted)
{
	unsigned char c;

	if (r->p == r->end)
		return bad(r, "the file ends where %s should come", wanted);
	c = (unsigned char)*r->p;
	if (c > 0x20 && c < 0x7F)
		return bad(r, "'%c' where %s should come", c, wanted);
	return bad(r, "byte 0x%02x where %s should come", c, wanted);
}

/* ---- characters ------------------------------------------------------------------------------------------------------ */

static bool
at(const struct reader *r, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(r->end - r->p) >= len && memcmp(r->p, word, len) == 0;
}

static void
skip_space(struct reader *r)
{
	for (; r->p < r->end; r->p++) {
		if (*r->p == '%')
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		if (r->p == r->end || !isspace((unsigned char)*r->p))
			return;
		if (*r->p == '\n')
			r->line++;
	}
}

/* True, and it is taken, if that comes next. */
static bool
take(struct reader *r, const char *word)
{
	skip_space(r);
	if (!at(r, word))
		return false;
	r->p += strlen(word);
	return true;
}

static void
put(struct reader *r, char c)
{
	assert(r->c->char_count < r->c->char_max);
	r->c->chars[r->c->char_count++] = c;
}

static void
put_code_point(struct reader *r, uint32_t cp)
{
	struct strbuf sb = STRBUF_INIT;

	utf8_add(&sb, cp);
	for (size_t i = 0; i < sb.len; i++)
		put(r, sb.data[i]);
	strbuf_release(&sb);
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* Digits of that base, at most max of them, which go on from *v; false if there are none, or the number is too large. */
static bool
read_digits(struct reader *r, int base, int max, int64_t *v)
{
	const char *from = r->p;

	for (; r->p < r->end && r->p - from < max && digit_of(*r->p) < base; r->p++)
		if (__builtin_mul_overflow(*v, base, v) || __builtin_add_overflow(*v, digit_of(*r->p), v))
			return false;
	return r->p > from;
}

static bool
read_hex(struct reader *r, int64_t *v)
{
	if (r->p < r->end && *r->p == '{') {
		r->p++;
		if (!read_digits(r, 16, 6, v) || r->p == r->end || *r->p != '}')
			return bad(r, "an escape \\x{…} that is none");
		r->p++;
		return true;
	}
	return (read_digits(r, 16, 2, v) && r->p[-2] != 'x') || bad(r, "\\x needs two digits, or {digits}");
}

/* Behind a backslash. */
static bool
read_escape(struct reader *r, int64_t *v)
{
	static const char letters[] = "bdefnrstv0";
	static const char values[] = "\b\177\033\f\n\r \t\v";
	const char *found;

	*v = 0;
	if (r->p == r->end)
		return unexpected(r, "an escaped character");
	if (*r->p >= '0' && *r->p <= '7')
		return read_digits(r, 8, 3, v);
	if (*r->p == 'x') {
		r->p++;
		return read_hex(r, v);
	}
	if (*r->p == '^' && r->p + 1 < r->end) {
		*v = r->p[1] & 31;
		r->p += 2;
		return true;
	}
	found = strchr(letters, *r->p);
	*v = found && *found ? values[found - letters] : (unsigned char)*r->p;
	r->line += *r->p == '\n';
	r->p++;
	return true;
}

/* Up to the closing quote, which is taken. */
static bool
read_quoted(struct reader *r, char quote)
{
	unsigned begin = r->line;
	int64_t v;

	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == quote) {
			r->p++;
			return true;
		}
		if (*r->p == '\\') {
			r->p++;
			if (!read_escape(r, &v))
				return false;
			put_code_point(r, (uint32_t)v);
			r->p--;
			continue;
		}
		r->line += *r->p == '\n';
		put(r, *r->p);
	}
	return bad(r, "the %s of line %u is not closed", quote == '"' ? "string" : "atom", begin);
}

/* ---- terms ----------------------------------------------------------------------------------------------------------- */

static struct consult_term *
new_term(struct reader *r, enum consult_type type)
{
	struct consult_term *t;

	if (r->c->term_count == r->c->term_max)
		return NULL;
	t = &r->c->terms[r->c->term_count++];
	t->type = type;
	t->line = r->line;
	t->text = r->c->chars + r->c->char_count;
	return t;
}

static void
end_text(struct reader *r, struct consult_term *t)
{
	t->len = (size_t)(r->c->chars + r->c->char_count - t->text);
	put(r, '\0');
}

static bool
read_atom(struct reader *r, struct consult_term *t)
{
	t->type = CONSULT_ATOM;
	if (*r->p == '\'') {
		if (!read_quoted(r, '\''))
			return false;
	} else {
		while (r->p < r->end && (isalnum((unsigned char)*r->p) || *r->p == '_' || *r->p == '@'))
			put(r, *r->p++);
	}
	end_text(r, t);
	return strcmp(t->text, "fun") != 0 || bad(r, "a fun: only data can be given here");
}

/* Strings that follow each other are one. */
static bool
read_string(struct reader *r, struct consult_term *t)
{
	t->type = CONSULT_STRING;
	do {
		if (at(r, "\"\"\""))
			return bad(r, "a triple-quoted string: write it in single double quotes");
		if (!read_quoted(r, '"'))
			return false;
		skip_space(r);
	} while (at(r, "\""));
	end_text(r, t);
	return true;
}

/* $c */
static bool
read_character(struct reader *r, int64_t *v)
{
	if (++r->p == r->end)
		return unexpected(r, "a character");
	if (*r->p == '\\') {
		r->p++;
		return read_escape(r, v);
	}
	*v = (unsigned char)*r->p++;
	return true;
}

/* 12, 1_000, 16#ff */
static bool
read_digit_groups(struct reader *r, int64_t *v)
{
	int base = 10;

	*v = 0;
	if (!read_digits(r, base, 64, v))
		return false;
	if (r->p < r->end && *r->p == '#') {
		r->p++;
		base = *v < 2 || *v > 36 ? 0 : (int)*v;
		*v = 0;
		if (!read_digits(r, base, 64, v))
			return false;
	}
	while (r->p + 1 < r->end && *r->p == '_' && digit_of(r->p[1]) < base) {
		r->p++;
		if (!read_digits(r, base, 64, v))
			return false;
	}
	return true;
}

static bool
read_number(struct reader *r, int64_t *v)
{
	bool minus = *r->p == '-';

	if (*r->p == '$')
		return read_character(r, v);
	r->p += minus;
	if (!read_digit_groups(r, v))
		return bad(r, "a number that is none, or too large");
	if (r->p + 1 < r->end && *r->p == '.' && isdigit((unsigned char)r->p[1]))
		return bad(r, "a floating point number, which no option has");
	*v = minus ? -*v : *v;
	return true;
}

/* <<"text">>, <<"text"/utf8>>, <<1, 2, "text">>; the << is taken. */
static bool
read_binary(struct reader *r, struct consult_term *t)
{
	int64_t v;

	t->type = CONSULT_BINARY;
	if (take(r, ">>")) {
		end_text(r, t);
		return true;
	}
	do {
		skip_space(r);
		if (at(r, "\"")) {
			if (!read_quoted(r, '"'))
				return false;
			(void)take(r, "/utf8");
		} else if (r->p < r->end && (isdigit((unsigned char)*r->p) || *r->p == '$')) {
			if (!read_number(r, &v))
				return false;
			if (v > 255)
				return bad(r, "a byte larger than 255");
			put(r, (char)v);
		} else {
			return unexpected(r, "a string or a byte");
		}
	} while (take(r, ","));
	end_text(r, t);
	return take(r, ">>") || unexpected(r, ", or >>");
}

static bool
read_child(struct reader *r, struct consult_term *parent, struct consult_term **last)
{
	struct consult_term *t;

	if (!read_term(r, &t))
		return false;
	if (*last)
		(*last)->next = t;
	else
		parent->first = t;
	*last = t;
	parent->count++;
	return true;
}

/* Up to the closing bracket; the opening one is taken. */
static bool
read_children(struct reader *r, struct consult_term *t, enum consult_type type, const char *close)
{
	struct consult_term *last = NULL;

	t->type = type;
	if (take(r, close))
		return true;
	do {
		if (!read_child(r, t, &last))
			return false;
		if (type != CONSULT_MAP)
			continue;
		if (!take(r, "=>"))
			return unexpected(r, "=>");
		if (!read_child(r, t, &last))
			return false;
	} while (take(r, ","));
	return take(r, close) || unexpected(r, close[0] == ']' ? ", or ]" : ", or }");
}

static bool
read_nested(struct reader *r, struct consult_term *t, enum consult_type type, const char *close)
{
	bool ok;

	if (r->depth == CONSULT_DEPTH_MAX)
		return bad(r, "nested deeper than %d levels", CONSULT_DEPTH_MAX);
	r->depth++;
	ok = read_children(r, t, type, close);
	r->depth--;
	return ok;
}

static bool
read_term(struct reader *r, struct consult_term **out)
{
	struct consult_term *t;
	unsigned char c;

	skip_space(r);
	*out = t = new_term(r, CONSULT_ATOM);
	if (t == NULL)
		return bad(r, "more than %d terms", CONSULT_TERMS_MAX);
	if (take(r, "<<"))
		return read_binary(r, t);
	if (take(r, "#{"))
		return read_nested(r, t, CONSULT_MAP, "}");
	if (take(r, "{"))
		return read_nested(r, t, CONSULT_TUPLE, "}");
	if (take(r, "["))
		return read_nested(r, t, CONSULT_LIST, "]");
	c = r->p < r->end ? (unsigned char)*r->p : 0;
	if (c == '"')
		return read_string(r, t);
	if (c == '\'' || (c >= 'a' && c <= 'z'))
		return read_atom(r, t);
	if (isdigit(c) || c == '-' || c == '$') {
		t->type = CONSULT_INTEGER;
		return read_number(r, &t->number);
	}
	if (isupper(c) || c == '_')
		return bad(r, "a variable: only data can be given here (a text belongs in quotes)");
	return unexpected(r, "a term");
}

/* ---- outside --------------------------------------------------------------------------------------------------------- */

static bool
read_all(struct reader *r)
{
	struct consult_term *t;

	if (!read_term(r, &t))
		return false;
	if (!take(r, "."))
		return unexpected(r, "a full stop");
	skip_space(r);
	if (r->p < r->end)
		return bad(r, "more than one term: only one is read");
	r->c->term = t;
	return true;
}

bool
consult_read(struct consult *c, const char *name, const char *text, size_t len, struct err *err)
{
	struct reader r = { .c = c, .name = name, .p = text, .end = text + len, .line = 1, .err = err };

	memset(c, 0, sizeof(*c));
	if (len > CONSULT_TEXT_MAX)
		return err_set(err, "%s: larger than %u bytes", name, CONSULT_TEXT_MAX);
	c->term_max = len < CONSULT_TERMS_MAX ? len + 1 : CONSULT_TERMS_MAX;
	c->terms = xcalloc(c->term_max, sizeof(*c->terms));
	c->char_max = 2 * len + 2; /* each text has a terminator beside */
	c->chars = xcalloc(1, c->char_max);
	return read_all(&r);
}

void
consult_release(struct consult *c)
{
	if (c->chars)
		explicit_bzero(c->chars, c->char_max);
	free(c->chars);
	free(c->terms);
	memset(c, 0, sizeof(*c));
}

bool
consult_is(const struct consult_term *t, const char *atom)
{
	return t->type == CONSULT_ATOM && strcmp(t->text, atom) == 0;
}

bool
consult_chars(const struct consult_term *t, struct strbuf *out)
{
	if (t->type == CONSULT_STRING || t->type == CONSULT_BINARY) {
		strbuf_add(out, t->text, t->len);
		return memchr(t->text, 0, t->len) == NULL;
	}
	if (t->type != CONSULT_LIST)
		return false;
	for (t = t->first; t; t = t->next) {
		if (t->type != CONSULT_INTEGER || t->number < 1 || t->number > 255)
			return false;
		strbuf_addc(out, (char)t->number);
	}
	return true;
}

const char *
consult_type_name(const struct consult_term *t)
{
	static const char *const names[] = {
		[CONSULT_ATOM] = "an atom",
		[CONSULT_INTEGER] = "an integer",
		[CONSULT_STRING] = "a string",
		[CONSULT_BINARY] = "a binary",
		[CONSULT_TUPLE] = "a tuple",
		[CONSULT_LIST] = "a list",
		[CONSULT_MAP] = "a map",
	};

	return names[t->type];
}
