/* SPDX-License-Identifier: Apache-2.0 */
#include "model/term.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define BINARY_EXT 109 /* followed by the length, 4 bytes */
#define BINARY_HEAD 5

/* One allocation: the struct, the external format, the text. */
struct term *
term_new(const uint8_t *ext, uint32_t ext_len, const char *text, bool truncated)
{
	size_t text_len = strlen(text);
	struct term *t = xmalloc(sizeof(*t) + ext_len + text_len + 1);
	uint8_t *bytes = (uint8_t *)(t + 1);

	if (ext_len)
		memcpy(bytes, ext, ext_len);
	memcpy(bytes + ext_len, text, text_len + 1);
	*t = (struct term) {
		.refs = 1, .truncated = truncated, .ext_len = ext_len, .ext = bytes, .text = (char *)bytes + ext_len
	};
	return t;
}

struct term *
term_ref(struct term *t)
{
	if (t)
		t->refs++;
	return t;
}

void
term_unref(struct term *t)
{
	if (t == NULL)
		return;
	assert(t->refs > 0);
	if (--t->refs == 0)
		free(t);
}

bool
term_same(const struct term *a, const struct term *b)
{
	if (a == NULL || b == NULL || a == b)
		return a == b;
	return a->ext_len == b->ext_len && a->truncated == b->truncated && memcmp(a->ext, b->ext, a->ext_len) == 0;
}

int
term_order(const struct term *a, const struct term *b)
{
	int order;

	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	order = strcmp(a->text, b->text);
	if (order == 0 && a->truncated != b->truncated)
		order = a->truncated ? 1 : -1;
	if (order == 0 && a->ext_len != b->ext_len)
		order = a->ext_len > b->ext_len ? 1 : -1;
	return order ? order : memcmp(a->ext, b->ext, a->ext_len);
}

struct term *
term_cut(const struct term *t)
{
	uint8_t ext[BINARY_HEAD + TERM_TEXT_MAX + 1] = { BINARY_EXT };
	uint32_t len = (uint32_t)strnlen(t->text, TERM_TEXT_MAX + 1);
	char *text = (char *)ext + BINARY_HEAD;

	if (len > TERM_TEXT_MAX)
		for (len = TERM_TEXT_MAX; len > 0 && ((uint8_t)t->text[len] & 0xC0) == 0x80;)
			len--;
	for (int i = 0; i < 4; i++)
		ext[1 + i] = (uint8_t)(len >> (24 - 8 * i));
	memcpy(text, t->text, len);
	return term_new(ext, BINARY_HEAD + len, text, true);
}

const char *
term_text(const struct term *t)
{
	return t ? t->text : "undefined";
}
