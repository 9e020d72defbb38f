/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "etf/etf_write.h"
#include "lib/handle.h"

/* No struct of ours will ever be as large; a size that is, is no size. */
#define STRUCT_MAX 65536

int
struct_check(struct arsenal *a, const void *p, size_t size)
{
	if (p == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "a struct is NULL");
	if (size == 0 || size > STRUCT_MAX)
		return fail(a, ARSENAL_ERR_ARGUMENT, "a struct of %zu bytes: size is not its sizeof", size);
	return ARSENAL_OK;
}

int
take_struct(struct arsenal *a, void *to, size_t to_size, const void *from, size_t size)
{
	int code = struct_check(a, from, size);

	if (code != ARSENAL_OK)
		return code;
	if (size < to_size)
		return fail(a, ARSENAL_ERR_ARGUMENT, "a struct of %zu bytes, where every version has %zu at least",
		    size, to_size);
	for (size_t i = to_size; i < size; i++)
		if (((const unsigned char *)from)[i] != 0)
			return fail(a, ARSENAL_ERR_ARGUMENT,
			    "a struct of %zu bytes has fields that this version (%s) does not know, and they are not "
			    "zero",
			    size, ARSENAL_VERSION_STRING);
	memcpy(to, from, to_size);
	return ARSENAL_OK;
}

int
give_struct(struct arsenal *a, void *to, size_t size, const void *from, size_t from_size)
{
	int code = struct_check(a, to, size);

	if (code != ARSENAL_OK)
		return code;
	memset(to, 0, size);
	memcpy(to, from, size < from_size ? size : from_size);
	return ARSENAL_OK;
}

/* valid_length is how many of the bytes, from the first on, are UTF-8. */
static size_t
valid_length(const char *text, size_t len)
{
	size_t at = 0, n;
	uint32_t cp;

	while (at < len && (n = utf8_decode((const uint8_t *)text + at, len - at, &cp)) > 0)
		at += n;
	return at;
}

int
text_check(struct arsenal *a, const char *what, const char *text, size_t max)
{
	size_t len, valid;

	if (text == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "%s: it is NULL", what);
	len = strnlen(text, max + 1);
	if (len == 0)
		return fail(a, ARSENAL_ERR_TEXT, "%s: it is empty", what);
	if (len > max)
		return fail(a, ARSENAL_ERR_TEXT, "%s: it is longer than %zu bytes", what, max);
	valid = valid_length(text, len);
	if (valid < len)
		return fail(a, ARSENAL_ERR_TEXT, "%s: it is not UTF-8 at byte %zu", what, valid);
	return ARSENAL_OK;
}

int
ranking_check(struct arsenal *a, const char *by, enum top_kind *kind)
{
	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (by == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "by: it is NULL");
	*kind = top_kind_find(by);
	if (*kind == TOP_KIND_COUNT)
		return fail(
		    a, ARSENAL_ERR_UNKNOWN, "by: \"%.64s\" is none of message_queue, memory, reductions, binary", by);
	return ARSENAL_OK;
}

struct term *
text_term(const char *text, size_t len, bool truncated)
{
	struct strbuf ext = STRBUF_INIT, copy = STRBUF_INIT;
	struct term *t;

	etf_put_binary(&ext, text, len);
	strbuf_add(&copy, text, len);
	t = term_new((const uint8_t *)ext.data, (uint32_t)ext.len, strbuf_cstr(&copy), truncated);
	strbuf_release(&copy);
	strbuf_release(&ext);
	return t;
}
