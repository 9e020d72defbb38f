/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/fields.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

#define TERM_BYTES_MAX (1u << 20)

/* ---- bytes ---- */

static void
write_hex(struct jsonw *j, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	struct strbuf hex = STRBUF_INIT;

	strbuf_reserve(&hex, 2 * len);
	for (size_t i = 0; i < len; i++) {
		strbuf_addc(&hex, digits[bytes[i] >> 4]);
		strbuf_addc(&hex, digits[bytes[i] & 15]);
	}
	jsonw_strn(j, strbuf_cstr(&hex), hex.len);
	strbuf_release(&hex);
}

static int
nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* read_hex returns the length, or SIZE_MAX if these are no such digits, or more than max bytes. */
static size_t
read_hex(const json_t *v, uint8_t *to, size_t max)
{
	const char *p = json_string_value(v);
	size_t len = json_string_length(v) / 2;

	if (p == NULL || json_string_length(v) % 2 || len > max)
		return SIZE_MAX;
	for (size_t i = 0; i < len; i++) {
		int high = nibble(p[2 * i]), low = nibble(p[2 * i + 1]);

		if (high < 0 || low < 0)
			return SIZE_MAX;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return len;
}

/* ---- texts ---- */

static bool
is_utf8(const char *text)
{
	size_t len = strlen(text), n;
	uint32_t cp;

	for (; len > 0; text += n, len -= n)
		if ((n = utf8_decode((const uint8_t *)text, len, &cp)) == 0)
			return false;
	return true;
}

void
field_write_text(struct jsonw *j, const char *text)
{
	if (is_utf8(text)) {
		jsonw_str(j, text);
		return;
	}
	jsonw_object(j);
	jsonw_key(j, "bytes");
	write_hex(j, (const uint8_t *)text, strlen(text));
	jsonw_end(j);
}

bool
field_read_text(const json_t *v, char *to, size_t size)
{
	const char *text = json_string_value(v);
	size_t len;

	if (text && json_string_length(v) < size && strlen(text) == json_string_length(v)) {
		strcpy(to, text);
		return true;
	}
	len = read_hex(json_object_get(v, "bytes"), (uint8_t *)to, size - 1);
	to[len < size ? len : 0] = '\0';
	return len < size;
}

/* ---- terms ---- */

void
field_write_term(struct jsonw *j, const struct term *t)
{
	if (t == NULL) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_key(j, "text");
	field_write_text(j, t->text);
	jsonw_key(j, "term");
	write_hex(j, t->ext, t->ext_len);
	if (t->truncated) {
		jsonw_key(j, "truncated");
		jsonw_bool(j, true);
	}
	jsonw_end(j);
}

struct term *
field_read_term(const json_t *v, bool *ok)
{
	const json_t *hex = json_object_get(v, "term");
	size_t max = json_string_length(hex) / 2, len;
	char text[TERM_TEXT_MAX + 1];
	struct term *t = NULL;
	uint8_t *ext;

	if (v == NULL || json_is_null(v))
		return NULL;
	if (max > TERM_BYTES_MAX || !field_read_text(json_object_get(v, "text"), text, sizeof(text))) {
		*ok = false;
		return NULL;
	}
	ext = xmalloc(max + 1);
	len = read_hex(hex, ext, max);
	if (len <= max)
		t = term_new(ext, (uint32_t)len, text, json_is_true(json_object_get(v, "truncated")));
	free(ext);
	*ok = *ok && t;
	return t;
}

/* ---- whole numbers ---- */

void
field_write_uint(struct jsonw *j, uint64_t v)
{
	char text[24];

	if (v <= INT64_MAX) {
		jsonw_uint(j, v);
		return;
	}
	snprintf(text, sizeof(text), "%" PRIu64, v);
	jsonw_str(j, text);
}

bool
field_read_uint(const json_t *v, uint64_t *to)
{
	const char *text = json_string_value(v);
	char *end;

	if (json_is_integer(v) && json_integer_value(v) >= 0) {
		*to = (uint64_t)json_integer_value(v);
		return true;
	}
	if (text == NULL || *text < '0' || *text > '9')
		return false;
	errno = 0;
	*to = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/* ---- structs ---- */

static void
write_field(struct jsonw *j, enum field_type type, const void *at)
{
	switch (type) {
	case FIELD_NUMBER:
		jsonw_double(j, *(const double *)at);
		break;
	case FIELD_BOOL:
		jsonw_bool(j, *(const bool *)at);
		break;
	case FIELD_INT64:
		jsonw_int(j, *(const int64_t *)at);
		break;
	case FIELD_UINT64:
		field_write_uint(j, *(const uint64_t *)at);
		break;
	case FIELD_UINT32:
		jsonw_uint(j, *(const uint32_t *)at);
		break;
	case FIELD_SIZE:
		field_write_uint(j, *(const size_t *)at);
		break;
	case FIELD_TEXT:
		field_write_text(j, at);
		break;
	case FIELD_TERM:
		field_write_term(j, *(struct term *const *)at);
		break;
	}
}

void
fields_write(struct jsonw *j, const struct field *fields, size_t count, const void *from)
{
	for (size_t i = 0; i < count; i++) {
		jsonw_key(j, fields[i].key);
		write_field(j, fields[i].type, (const char *)from + fields[i].offset);
	}
}

static bool
read_number(const json_t *v, double *to)
{
	*to = json_is_null(v) ? NAN : json_number_value(v);
	return json_is_number(v) || json_is_null(v);
}

static bool
read_term(const json_t *v, struct term **to)
{
	bool ok = true;

	*to = field_read_term(v, &ok);
	return ok;
}

static bool
read_field(const json_t *v, const struct field *f, void *at)
{
	uint64_t number = 0;
	bool ok;

	switch (f->type) {
	case FIELD_NUMBER:
		return read_number(v, at);
	case FIELD_BOOL:
		*(bool *)at = json_is_true(v);
		return json_is_boolean(v);
	case FIELD_INT64:
		*(int64_t *)at = json_integer_value(v);
		return json_is_integer(v);
	case FIELD_UINT64:
		return field_read_uint(v, at);
	case FIELD_UINT32:
		ok = field_read_uint(v, &number) && number <= UINT32_MAX;
		*(uint32_t *)at = ok ? (uint32_t)number : 0;
		return ok;
	case FIELD_SIZE:
		ok = field_read_uint(v, &number);
		*(size_t *)at = (size_t)number;
		return ok;
	case FIELD_TEXT:
		return field_read_text(v, at, f->size);
	case FIELD_TERM:
		return read_term(v, at);
	}
	return false;
}

bool
fields_read(const json_t *object, const struct field *fields, size_t count, void *to, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *v = json_object_get(object, fields[i].key);

		if (v && !read_field(v, &fields[i], (char *)to + fields[i].offset))
			return err_set(err, "\"%s\" is not what it should be", fields[i].key);
	}
	return true;
}
