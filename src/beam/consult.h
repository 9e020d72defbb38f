/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erlang terms in a text, as file:consult/1 reads them: data only, hence no variables, funs or calls. Pure, and bounded by the text's own length. Source:
 * "Erlang Reference Manual", Data Types.
 */
#ifndef BEAM_CONSULT_H
#define BEAM_CONSULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

#define CONSULT_TEXT_MAX (1u << 20) /* bytes */
#define CONSULT_TERMS_MAX 16384
#define CONSULT_DEPTH_MAX 32

enum consult_type {
	CONSULT_ATOM,
	CONSULT_INTEGER,
	CONSULT_STRING, /* "…"; a list of integers is a list */
	CONSULT_BINARY, /* <<"…">> or <<1,2>> */
	CONSULT_TUPLE,
	CONSULT_LIST,
	CONSULT_MAP /* children are key, value, key, value */
};

struct consult_term {
	enum consult_type type;
	unsigned line;
	const char *text; /* of an atom, string or binary; terminated, but may hold NULs */
	size_t len;
	int64_t number;
	unsigned count; /* children */
	const struct consult_term *first;
	const struct consult_term *next; /* the sibling */
};

struct consult {
	const struct consult_term *term; /* the only one */
	/* private */
	struct consult_term *terms;
	size_t term_count;
	size_t term_max;
	char *chars;
	size_t char_count;
	size_t char_max;
};

/* consult_read reads one term and its full stop. False and a reason that begins with "NAME:LINE: ". Release it either way. */
bool consult_read(struct consult *c, const char *name, const char *text, size_t len, struct err *err) MUST_CHECK;
/* consult_release wipes and frees all terms. */
void consult_release(struct consult *c);

/* consult_is: the atom of that name. */
bool consult_is(const struct consult_term *t, const char *atom);
/* consult_chars appends a string, a binary or a list of integers 0…255, as OTP takes either. False if it is none of them, or holds a NUL. */
bool consult_chars(const struct consult_term *t, struct strbuf *out) MUST_CHECK;
/* consult_type_name is "a list", … for messages. */
const char *consult_type_name(const struct consult_term *t);

#endif
