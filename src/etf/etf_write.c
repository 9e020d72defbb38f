/* SPDX-License-Identifier: Apache-2.0 */
#include "etf/etf_write.h"

#include <assert.h>
#include <string.h>

static void
put_uint(struct strbuf *out, uint64_t v, unsigned bytes)
{
	char b[8];

	for (unsigned i = 0; i < bytes; i++)
		b[i] = (char)(v >> 8 * (bytes - 1 - i));
	strbuf_add(out, b, bytes);
}

static void
put_tag(struct strbuf *out, enum etf_tag tag)
{
	strbuf_addc(out, (char)tag);
}

/* The tag and a number behind it, in one go. */
static void
put_head(struct strbuf *out, enum etf_tag tag, uint64_t v, unsigned bytes)
{
	char b[9] = { (char)tag };

	for (unsigned i = 0; i < bytes; i++)
		b[1 + i] = (char)(v >> 8 * (bytes - 1 - i));
	strbuf_add(out, b, 1 + (size_t)bytes);
}

void
etf_put_version(struct strbuf *out)
{
	put_tag(out, ETF_VERSION);
}

static void
put_big(struct strbuf *out, int64_t v)
{
	uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	size_t at = out->len;

	put_tag(out, ETF_SMALL_BIG);
	strbuf_addc(out, 0);
	strbuf_addc(out, v < 0);
	for (; magnitude; magnitude >>= 8) {
		strbuf_addc(out, (char)magnitude);
		out->data[at + 1]++;
	}
}

void
etf_put_int(struct strbuf *out, int64_t v)
{
	if (v >= 0 && v <= 255) {
		put_head(out, ETF_SMALL_INTEGER, (uint64_t)v, 1);
	} else if (v >= INT32_MIN && v <= INT32_MAX) {
		put_head(out, ETF_INTEGER, (uint32_t)v, 4);
	} else {
		put_big(out, v);
	}
}

void
etf_put_float(struct strbuf *out, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_head(out, ETF_NEW_FLOAT, bits, 8);
}

void
etf_put_atomn(struct strbuf *out, const char *text, size_t len)
{
	assert(len < ETF_ATOM_SIZE);
	put_head(out, len < 256 ? ETF_SMALL_ATOM_UTF8 : ETF_ATOM_UTF8, len, len < 256 ? 1 : 2);
	strbuf_add(out, text, len);
}

void
etf_put_atom(struct strbuf *out, const char *text)
{
	etf_put_atomn(out, text, strlen(text));
}

void
etf_put_binary(struct strbuf *out, const void *data, size_t len)
{
	assert(len <= UINT32_MAX);
	put_head(out, ETF_BINARY, len, 4);
	strbuf_add(out, data, len);
}

void
etf_put_string(struct strbuf *out, const void *data, size_t len)
{
	assert(len <= UINT16_MAX);
	if (len == 0) {
		etf_put_nil(out);
		return;
	}
	put_head(out, ETF_STRING, len, 2);
	strbuf_add(out, data, len);
}

void
etf_put_tuple(struct strbuf *out, uint32_t arity)
{
	put_head(out, arity < 256 ? ETF_SMALL_TUPLE : ETF_LARGE_TUPLE, arity, arity < 256 ? 1 : 4);
}

void
etf_put_list(struct strbuf *out, uint32_t n)
{
	assert(n > 0);
	put_head(out, ETF_LIST, n, 4);
}

void
etf_put_nil(struct strbuf *out)
{
	put_tag(out, ETF_NIL);
}

void
etf_put_map(struct strbuf *out, uint32_t pairs)
{
	put_head(out, ETF_MAP, pairs, 4);
}

void
etf_put_pid(struct strbuf *out, const char *node, uint32_t id, uint32_t serial, uint32_t creation)
{
	put_tag(out, ETF_NEW_PID);
	etf_put_atom(out, node);
	put_uint(out, id, 4);
	put_uint(out, serial, 4);
	put_uint(out, creation, 4);
}

void
etf_put_ref(struct strbuf *out, const char *node, uint32_t creation, const uint32_t word[3])
{
	put_head(out, ETF_NEWER_REFERENCE, 3, 2);
	etf_put_atom(out, node);
	put_uint(out, creation, 4);
	for (int i = 0; i < 3; i++)
		put_uint(out, word[i], 4);
}

void
etf_put_export(struct strbuf *out, const char *module, const char *function, uint8_t arity)
{
	put_tag(out, ETF_EXPORT);
	etf_put_atom(out, module);
	etf_put_atom(out, function);
	etf_put_int(out, arity);
}

void
etf_put_raw(struct strbuf *out, struct etf_span term)
{
	strbuf_add(out, term.data, term.len);
}
