/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void
strbuf_release(struct strbuf *sb)
{
	free(sb->data);
	*sb = (struct strbuf)STRBUF_INIT;
}

void
strbuf_cut(struct strbuf *sb, size_t len)
{
	if (len < sb->len) {
		sb->len = len;
		sb->data[len] = '\0';
	}
}

void
strbuf_reset(struct strbuf *sb)
{
	strbuf_cut(sb, 0);
}

void
strbuf_reserve(struct strbuf *sb, size_t n)
{
	size_t need = sb->len + n + 1;

	if (need <= sb->cap)
		return;
	sb->cap = need < 2 * sb->cap ? 2 * sb->cap : need;
	sb->data = xrealloc(sb->data, sb->cap);
	sb->data[sb->len] = '\0';
}

void
strbuf_grown(struct strbuf *sb, size_t n)
{
	assert(sb->len + n < sb->cap);
	sb->len += n;
	sb->data[sb->len] = '\0';
}

void
strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (len == 0)
		return;
	strbuf_reserve(sb, len);
	memcpy(sb->data + sb->len, data, len);
	sb->len += len;
	sb->data[sb->len] = '\0';
}

void
strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

void
strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void
strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	strbuf_reserve(sb, (size_t)len);
	va_start(ap, fmt);
	vsnprintf(sb->data + sb->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	sb->len += (size_t)len;
}

const char *
strbuf_cstr(const struct strbuf *sb)
{
	return sb->data ? sb->data : "";
}

char *
strbuf_detach(struct strbuf *sb)
{
	char *data = sb->data ? sb->data : xstrdup("");

	*sb = (struct strbuf)STRBUF_INIT;
	return data;
}

void
strbuf_add_varint(struct strbuf *sb, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	strbuf_add(sb, bytes, n);
}

bool
varint_read(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		*v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return shift < 63 || byte < 2;
	}
	return false;
}
