/* SPDX-License-Identifier: Apache-2.0 */
#include "model/term.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

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

const char *
term_text(const struct term *t)
{
	return t ? t->text : "undefined";
}
