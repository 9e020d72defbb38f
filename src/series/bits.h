/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bits in a row, the most significant first: how the columns of this room are written and read. Reading takes eight bytes at a time, so that a
 * number costs a load, a shift and a comparison; hence BITS_SPARE bytes must be readable behind the end of what is read.
 */
#ifndef SERIES_BITS_H
#define SERIES_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"

#define BITS_SPARE 8
#define BITS_PEEK 57 /* so many are there at once, wherever the reader stands */

struct bit_writer {
	struct strbuf *out;
	uint64_t held; /* not yet in *out: the lowest `count` bits */
	unsigned count;
};

/* A reader that came to the end is `bad`, and stays there. */
struct bit_reader {
	const uint8_t *data;
	size_t end; /* in bits */
	size_t at;
	bool bad;
};

/* bits_needed is how many bits a number takes without leading zeros. */
static inline unsigned
bits_needed(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static inline void
bits_put_few(struct bit_writer *w, uint64_t v, unsigned count)
{
	w->held = w->held << count | v;
	for (w->count += count; w->count >= 8; w->count -= 8)
		strbuf_addc(w->out, (char)(w->held >> (w->count - 8)));
}

/* bits_put writes the lowest `count` bits (0 to 64) of v, in which nothing else is set. */
static inline void
bits_put(struct bit_writer *w, uint64_t v, unsigned count)
{
	if (count > 32) {
		bits_put_few(w, v >> 32, count - 32);
		v &= UINT32_MAX;
		count = 32;
	}
	bits_put_few(w, v, count);
}

/* bits_finish fills the last byte with zeros. */
static inline void
bits_finish(struct bit_writer *w)
{
	if (w->count > 0)
		bits_put_few(w, 0, 8 - w->count);
}

static inline struct bit_reader
bits_open(const void *data, size_t len)
{
	return (struct bit_reader) { .data = data, .end = 8 * len };
}

/* bits_peek: what comes, from the top of the word on; BITS_PEEK bits of it have meaning. */
static inline uint64_t
bits_peek(const struct bit_reader *r)
{
	uint64_t word;

	memcpy(&word, r->data + r->at / 8, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word << r->at % 8;
}

static inline void
bits_skip(struct bit_reader *r, unsigned count)
{
	r->at += count;
	if (r->at > r->end) {
		r->bad = true;
		r->at = r->end;
	}
}

static inline uint64_t
bits_get_few(struct bit_reader *r, unsigned count)
{
	uint64_t v = count > 0 ? bits_peek(r) >> (64 - count) : 0;

	bits_skip(r, count);
	return r->bad ? 0 : v;
}

/* bits_get reads `count` bits, 0 to 64. */
static inline uint64_t
bits_get(struct bit_reader *r, unsigned count)
{
	uint64_t high = 0;

	if (count > 32) {
		high = bits_get_few(r, count - 32) << 32;
		count = 32;
	}
	return high | bits_get_few(r, count);
}

#endif
