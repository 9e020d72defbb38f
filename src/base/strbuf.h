/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer. `data` is NULL or NUL-terminated at `len`; embedded NULs are allowed. Read the fields freely,
 * change them only through these functions.
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct strbuf {
	char *data;
	size_t len;
	size_t cap;
};

#define STRBUF_INIT        \
	{                  \
		NULL, 0, 0 \
	}

void strbuf_release(struct strbuf *sb);
/* strbuf_reset empties the buffer and keeps its memory. */
void strbuf_reset(struct strbuf *sb);
/* strbuf_reserve makes room for at least n more bytes. */
void strbuf_reserve(struct strbuf *sb, size_t n);
/* strbuf_grown says that n bytes were written behind the end, into room that was reserved. */
void strbuf_grown(struct strbuf *sb, size_t n);
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_adds(struct strbuf *sb, const char *s);
void strbuf_addc(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) PRINTF(2, 3);
/* strbuf_cut shortens to len bytes (no effect if it is shorter). */
void strbuf_cut(struct strbuf *sb, size_t len);
/* strbuf_cstr is the content as a C string, "" if empty; valid until the next change. */
const char *strbuf_cstr(const struct strbuf *sb);
/* strbuf_detach hands over the content (free() it; never NULL) and leaves the buffer empty. */
char *strbuf_detach(struct strbuf *sb);
/* strbuf_add_varint appends a number in base 128, the least significant seven bits first, the top bit of a byte saying that more follow. */
void strbuf_add_varint(struct strbuf *sb, uint64_t v);
/* varint_read reads such a number and moves *p behind it. False if there is none before end, or it takes more than 64 bits; *p is anywhere up to end then. */
bool varint_read(const uint8_t **p, const uint8_t *end, uint64_t *v) MUST_CHECK;

#endif
