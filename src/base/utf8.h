/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 * utf8_decode reads one code point from p (len > 0 bytes). It returns its length in bytes and sets *cp, or returns 0 on
 * an invalid, overlong, surrogate or cut sequence (RFC 3629).
 */
size_t utf8_decode(const uint8_t *p, size_t len, uint32_t *cp);
/* utf8_add appends code point cp, or U+FFFD if cp is none. */
void utf8_add(struct strbuf *sb, uint32_t cp);
/* utf8_add_clean appends the text with every invalid byte replaced by U+FFFD. */
void utf8_add_clean(struct strbuf *sb, const void *text, size_t len);
/* utf8_add_printable does so, too, and puts a dot for every control character: for messages to a person. */
void utf8_add_printable(struct strbuf *sb, const void *text, size_t len);
/*
 * utf8_add_visible appends a C string for a terminal or a page, at most max bytes of it and "..." behind what was cut: whatever is not a visible
 * character becomes "?", a newline a space, so that nothing in it moves the cursor, changes colours or reverses the text.
 */
void utf8_add_visible(struct strbuf *sb, const char *text, size_t max);

#endif
