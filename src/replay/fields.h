/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a struct stands in JSON: a table of its fields, for both directions, so that what is written is read back as it was, bit by bit. Fields that are not in
 * an object keep what the struct has already; fields of the object that no table has are passed over, so that later releases may have more.
 */
#ifndef REPLAY_FIELDS_H
#define REPLAY_FIELDS_H

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "model/term.h"

enum field_type {
	FIELD_NUMBER, /* double; NaN is null */
	FIELD_BOOL,
	FIELD_INT64,
	FIELD_UINT64,
	FIELD_UINT32, /* unsigned, too */
	FIELD_SIZE,
	FIELD_TEXT, /* an array of char, terminated */
	FIELD_TERM  /* struct term *, or NULL, which is null */
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	size_t size; /* of a text */
};

#define FIELD(key, type, of, name)                                             \
	{                                                                      \
		key, FIELD_##type, offsetof(of, name), sizeof(((of *)0)->name) \
	}

/* FIELDS_COVER: whoever gives a struct a new field is told that its table wants a row, without which a replay would not know of it. */
#define FIELDS_COVER(type, bytes) \
	static_assert(sizeof(type) == (bytes), "what is new in " #type " needs a row in its table of fields")

/* fields_write adds the pairs to an open object. */
void fields_write(struct jsonw *j, const struct field *fields, size_t count, const void *from);
/* fields_read: terms become the caller's, as they take the place of NULL. False with a reason that names the key: what was read stays. */
bool fields_read(const json_t *object, const struct field *fields, size_t count, void *to, struct err *err) MUST_CHECK;

/* The pieces, for what is no struct. A text that is not UTF-8 is an object {"bytes": hexadecimal}; a whole number beyond 2^63 is a text. */
void field_write_text(struct jsonw *j, const char *text);
bool field_read_text(const json_t *v, char *to, size_t size) MUST_CHECK;
void field_write_term(struct jsonw *j, const struct term *t);
/* field_read_term returns a term that the caller owns, NULL if it is null (*ok stays) or none (*ok is false). */
struct term *field_read_term(const json_t *v, bool *ok);
void field_write_uint(struct jsonw *j, uint64_t v);
bool field_read_uint(const json_t *v, uint64_t *to) MUST_CHECK;

#endif
