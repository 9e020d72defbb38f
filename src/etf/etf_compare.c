/* SPDX-License-Identifier: Apache-2.0 */
#include "etf/etf_compare.h"

#include <string.h>

static int compare(struct etf *a, struct etf *b, unsigned depth);

/* number < atom < reference < fun < port < pid < tuple < map < nil < list < bit string */
static int
rank(uint8_t tag)
{
	if (etf_is_integer(tag))
		return 0;
	if (tag == ETF_NEW_FLOAT)
		return 1;
	if (etf_is_atom(tag))
		return 2;
	if (etf_is_reference(tag))
		return 3;
	if (tag == ETF_NEW_FUN || tag == ETF_EXPORT)
		return 4;
	if (etf_is_port(tag))
		return 5;
	if (etf_is_pid(tag))
		return 6;
	if (tag == ETF_SMALL_TUPLE || tag == ETF_LARGE_TUPLE)
		return 7;
	if (tag == ETF_MAP)
		return 8;
	if (tag == ETF_NIL)
		return 9;
	return tag == ETF_LIST || tag == ETF_STRING ? 10 : 11;
}

static int
compare_uint(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_bytes(struct etf_span a, struct etf_span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int c = common ? memcmp(a.data, b.data, common) : 0;

	return c ? c : compare_uint(a.len, b.len);
}

/* Canonical bigs have no leading zero bytes, and are larger than any small integer. */
static int
compare_bigs(struct etf_big a, struct etf_big b)
{
	int c = 0;

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	if (a.digits.len != b.digits.len)
		c = compare_uint(a.digits.len, b.digits.len);
	for (size_t i = a.digits.len; c == 0 && i > 0; i--)
		c = compare_uint(a.digits.data[i - 1], b.digits.data[i - 1]);
	return a.negative ? -c : c;
}

static bool
is_big(const struct etf *e)
{
	return etf_peek(e) == ETF_SMALL_BIG || etf_peek(e) == ETF_LARGE_BIG;
}

static int
compare_integers(struct etf *a, struct etf *b)
{
	int64_t x;
	int64_t y;

	if (is_big(a) && is_big(b))
		return compare_bigs(etf_big(a), etf_big(b));
	if (is_big(a))
		return etf_big(a).negative ? -1 : 1;
	if (is_big(b))
		return etf_big(b).negative ? 1 : -1;
	x = etf_int(a);
	y = etf_int(b);
	return (x > y) - (x < y);
}

static int
compare_floats(struct etf *a, struct etf *b)
{
	double x = etf_float(a);
	double y = etf_float(b);

	return (x > y) - (x < y);
}

static int
compare_atoms(struct etf *a, struct etf *b)
{
	struct etf_atom x;
	struct etf_atom y;

	etf_atom(a, &x);
	etf_atom(b, &y);
	return compare_bytes(
	    (struct etf_span) { (uint8_t *)x.text, x.len }, (struct etf_span) { (uint8_t *)y.text, y.len });
}

static int
compare_tuples(struct etf *a, struct etf *b, unsigned depth)
{
	uint32_t n = etf_tuple(a);
	int c = compare_uint(n, etf_tuple(b));

	for (uint32_t i = 0; c == 0 && i < n; i++)
		c = compare(a, b, depth + 1);
	return c;
}

/* A list's elements one by one, whether it is written as LIST_EXT or as STRING_EXT. */
struct walk {
	struct etf *e;
	struct etf_span bytes;
	uint32_t left;
	bool string;
};

static struct walk
walk_start(struct etf *e)
{
	struct walk w = { .e = e, .string = etf_peek(e) == ETF_STRING };

	if (w.string)
		w.bytes = etf_string(e);
	w.left = w.string ? (uint32_t)w.bytes.len : etf_list(e);
	return w;
}

/* The next element; a byte becomes a term in buf. */
static struct etf
walk_next(struct walk *w, uint8_t buf[2])
{
	struct etf element;
	struct etf_span raw = { buf, 2 };

	if (w->string) {
		buf[0] = ETF_SMALL_INTEGER;
		buf[1] = *w->bytes.data++;
	} else {
		raw = etf_raw(w->e);
	}
	w->left--;
	etf_init(&element, raw.data, raw.len);
	return element;
}

static int
compare_lists(struct etf *a, struct etf *b, unsigned depth)
{
	struct walk x = walk_start(a);
	struct walk y = walk_start(b);
	uint8_t byte[2][2];
	int c = 0;

	while (c == 0 && x.left > 0 && y.left > 0) {
		struct etf left = walk_next(&x, byte[0]);
		struct etf right = walk_next(&y, byte[1]);

		c = compare(&left, &right, depth + 1);
	}
	if (c == 0 && x.left != y.left)
		c = x.left > y.left ? 1 : -1;
	/* Equal so far and as long: the tails decide; a string's is []. */
	if (c == 0 && x.string != y.string)
		c = x.string ? rank(ETF_NIL) - rank(etf_peek(b)) : rank(etf_peek(a)) - rank(ETF_NIL);
	if (c == 0 && !x.string && !y.string)
		c = compare(a, b, depth + 1);
	return c;
}

static int
compare_bits(struct etf *a, struct etf *b)
{
	unsigned bits[2];
	struct etf_span x = etf_bits(a, &bits[0]);
	struct etf_span y = etf_bits(b, &bits[1]);
	int c = compare_bytes(x, y);

	return c ? c : (int)bits[0] - (int)bits[1];
}

static int
compare(struct etf *a, struct etf *b, unsigned depth)
{
	int ranks = rank(etf_peek(a)) - rank(etf_peek(b));

	if (ranks != 0 || depth > ETF_MAX_DEPTH)
		return ranks;
	switch (rank(etf_peek(a))) {
	case 0:
		return compare_integers(a, b);
	case 1:
		return compare_floats(a, b);
	case 2:
		return compare_atoms(a, b);
	case 7:
		return compare_tuples(a, b, depth);
	case 10:
		return compare_lists(a, b, depth);
	case 11:
		return compare_bits(a, b);
	default:
		return compare_bytes(etf_raw(a), etf_raw(b));
	}
}

int
etf_compare(struct etf_span a, struct etf_span b)
{
	struct etf x;
	struct etf y;
	int c;

	etf_init(&x, a.data, a.len);
	etf_init(&y, b.data, b.len);
	c = compare(&x, &y, 0);
	/* Never equal unless the very same: the order must not depend on the input's. */
	return c ? c : compare_bytes(a, b);
}
