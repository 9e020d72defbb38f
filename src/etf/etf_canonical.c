/* SPDX-License-Identifier: Apache-2.0 */
#include "etf/etf_canonical.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "etf/etf_compare.h"
#include "etf/etf_write.h"

#define BYTE_LIST_MAX UINT16_MAX /* longer lists of bytes are lists in the VM's own format, too */

struct writer {
	struct strbuf *out;
	size_t max; /* length that out must not exceed */
};

static void write_term(struct writer *w, struct etf *e, unsigned depth);

static void
check_size(struct writer *w, struct etf *e)
{
	if (w->out->len > w->max)
		etf_fail(e);
}

static void
write_big(struct writer *w, struct etf *e)
{
	struct etf probe = *e;
	int64_t small = etf_int(&probe);
	struct etf_big big;
	size_t len;

	if (etf_ok(&probe)) {
		*e = probe;
		etf_put_int(w->out, small);
		return;
	}
	big = etf_big(e);
	len = big.digits.len;
	while (len > 0 && big.digits.data[len - 1] == 0)
		len--;
	if (!etf_ok(e) || len > w->max) {
		etf_fail(e);
		return;
	}
	strbuf_addc(w->out, (char)(len < 256 ? ETF_SMALL_BIG : ETF_LARGE_BIG));
	for (int shift = len < 256 ? 0 : 24; shift >= 0; shift -= 8)
		strbuf_addc(w->out, (char)(len >> shift));
	strbuf_addc(w->out, big.negative);
	strbuf_add(w->out, big.digits.data, len);
}

static void
write_atom(struct writer *w, struct etf *e)
{
	struct etf_atom atom;

	if (etf_atom(e, &atom))
		etf_put_atomn(w->out, atom.text, atom.len);
}

static void
write_tuple(struct writer *w, struct etf *e, unsigned depth)
{
	uint32_t n = etf_tuple(e);

	if (etf_ok(e))
		etf_put_tuple(w->out, n);
	for (uint32_t i = 0; i < n && etf_ok(e); i++)
		write_term(w, e, depth + 1);
}

/* Whether n bytes, in whatever encoding, and a [] come next. */
static bool
all_bytes(struct etf e, uint32_t n)
{
	if (n > BYTE_LIST_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		int64_t v = etf_is_integer(etf_peek(&e)) ? etf_int(&e) : -1;

		if (v < 0 || v > 255)
			return false;
	}
	return etf_peek(&e) == ETF_NIL;
}

static void
write_bytes(struct writer *w, struct etf *e, uint32_t n)
{
	strbuf_addc(w->out, (char)ETF_STRING);
	strbuf_addc(w->out, (char)(n >> 8));
	strbuf_addc(w->out, (char)n);
	for (uint32_t i = 0; i < n; i++)
		strbuf_addc(w->out, (char)etf_int(e));
	etf_list_end(e, n);
}

static void
write_list(struct writer *w, struct etf *e, unsigned depth)
{
	uint32_t n = etf_list(e);

	if (n == 0) {
		etf_put_nil(w->out);
		return;
	}
	if (all_bytes(*e, n)) {
		write_bytes(w, e, n);
		return;
	}
	etf_put_list(w->out, n);
	for (uint32_t i = 0; i < n && etf_ok(e); i++)
		write_term(w, e, depth + 1);
	/* A tail that is a list is a longer list in a form that no VM writes. */
	if (etf_peek(e) == ETF_LIST || etf_peek(e) == ETF_STRING)
		etf_fail(e);
	write_term(w, e, depth + 1);
}

static void
write_string(struct writer *w, struct etf *e)
{
	struct etf_span s = etf_string(e);

	if (etf_ok(e))
		etf_put_string(w->out, s.data, s.len);
}

/* ---- maps ------------------------------------------------------------------------------------------------------------ */

struct pair {
	size_t start; /* offsets into the buffer of all pairs */
	size_t value;
	size_t end;
};

static int
compare_pairs(const void *a, const void *b, void *buffer)
{
	const struct pair *x = a;
	const struct pair *y = b;
	const uint8_t *bytes = buffer;

	return etf_compare((struct etf_span) { bytes + x->start, x->value - x->start },
	    (struct etf_span) { bytes + y->start, y->value - y->start });
}

static void
write_pairs(struct strbuf *out, struct pair *pairs, uint32_t n, struct strbuf *buffer)
{
	qsort_r(pairs, n, sizeof(*pairs), compare_pairs, buffer->data);
	for (uint32_t i = 0; i < n; i++)
		strbuf_add(out, buffer->data + pairs[i].start, pairs[i].end - pairs[i].start);
}

static void
write_map(struct writer *w, struct etf *e, unsigned depth)
{
	uint32_t n = etf_map(e);
	struct strbuf buffer = STRBUF_INIT;
	struct writer inner = { &buffer, w->max };
	struct pair *pairs;

	if (!etf_ok(e) || n > w->max) {
		etf_fail(e);
		return;
	}
	pairs = xcalloc(n ? n : 1, sizeof(*pairs));
	for (uint32_t i = 0; i < n && etf_ok(e); i++) {
		pairs[i].start = buffer.len;
		write_term(&inner, e, depth + 1);
		pairs[i].value = buffer.len;
		write_term(&inner, e, depth + 1);
		pairs[i].end = buffer.len;
	}
	etf_put_map(w->out, n);
	if (etf_ok(e) && n > 0)
		write_pairs(w->out, pairs, n, &buffer);
	free(pairs);
	strbuf_release(&buffer);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

/* Of funs, pids and the like there is one form for each release, and none is shorter: as they come. */
static void
write_raw(struct writer *w, struct etf *e)
{
	struct etf_span raw = etf_raw(e);

	if (w->out->len + raw.len > w->max)
		etf_fail(e);
	else
		etf_put_raw(w->out, raw);
}

static void
write_float(struct writer *w, struct etf *e)
{
	double v = etf_float(e);

	if (etf_ok(e))
		etf_put_float(w->out, v);
}

static void
write_any(struct writer *w, struct etf *e, unsigned depth)
{
	uint8_t tag = etf_peek(e);

	if (etf_is_integer(tag))
		write_big(w, e);
	else if (etf_is_atom(tag))
		write_atom(w, e);
	else if (tag == ETF_NEW_FLOAT || tag == ETF_FLOAT)
		write_float(w, e);
	else if (tag == ETF_SMALL_TUPLE || tag == ETF_LARGE_TUPLE)
		write_tuple(w, e, depth);
	else if (tag == ETF_LIST || tag == ETF_NIL)
		write_list(w, e, depth);
	else if (tag == ETF_STRING)
		write_string(w, e);
	else if (tag == ETF_MAP)
		write_map(w, e, depth);
	else
		write_raw(w, e);
}

static void
write_term(struct writer *w, struct etf *e, unsigned depth)
{
	if (depth > ETF_MAX_DEPTH)
		etf_fail(e);
	if (!etf_ok(e))
		return;
	write_any(w, e, depth);
	check_size(w, e);
}

bool
etf_canonical(struct etf *e, size_t max, struct strbuf *out)
{
	size_t before = out->len;
	struct writer w = { out, before + max };

	write_term(&w, e, 0);
	if (!etf_ok(e))
		strbuf_cut(out, before);
	return etf_ok(e);
}
