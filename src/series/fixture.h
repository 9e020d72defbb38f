/* SPDX-License-Identifier: Apache-2.0 */
/* Included by tests only: what was written, as a person would write it, and to be read again. After base/testing.h. */
#ifndef SERIES_FIXTURE_H
#define SERIES_FIXTURE_H

#include "series/bits.h"

/* bits_text is what was written, as ones and zeros, without the zeros that fill the last byte up: there are `count` bits. */
static inline const char *
bits_text(const struct strbuf *b, unsigned count)
{
	static char text[512];

	assert_true(count < sizeof(text) && count <= 8 * b->len && 8 * b->len < count + 8);
	for (unsigned i = 0; i < count; i++)
		text[i] = (char)('0' + ((unsigned char)b->data[i / 8] >> (7 - i % 8) & 1));
	text[count] = '\0';
	return text;
}

/* reader_of reads what was written; ones follow behind it, which must not be seen. */
static inline struct bit_reader
reader_of(struct strbuf *b)
{
	size_t len = b->len;

	strbuf_add(b, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", BITS_SPARE);
	return bits_open(b->data, len);
}

/* foreign_bytes are len random bytes, with a lot of ones; the caller frees them. */
static inline uint8_t *
foreign_bytes(size_t len)
{
	uint8_t *bytes = xmalloc(len + BITS_SPARE);

	for (size_t i = 0; i < len + BITS_SPARE; i++)
		bytes[i] = (uint8_t)(rand() % 3 ? rand() : 255);
	return bytes;
}

#endif
