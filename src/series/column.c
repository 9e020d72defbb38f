/* SPDX-License-Identifier: Apache-2.0 */
#include "series/column.h"

#include <assert.h>
#include <math.h>

#define EXACT 9007199254740992.0 /* 2^53: integers up to here are exact in a double */
#define PLACES 6                 /* tried at most */

enum mode { SAME, INTEGERS, XOR };

/* How integers stand for values. */
struct scale {
	unsigned places;
	bool single;
};

static const double TENS[16] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

static uint64_t
bits_of(double v)
{
	uint64_t u;

	memcpy(&u, &v, sizeof(u));
	return u;
}

static double
of_bits(uint64_t u)
{
	double v;

	memcpy(&v, &u, sizeof(v));
	return v;
}

static double
value_of(int64_t x, struct scale s)
{
	double v = s.places > 0 ? (double)x / TENS[s.places] : (double)x;

	return s.single ? (double)(float)v : v;
}

/* integer_near: 0 for what is none. */
static int64_t
integer_near(double v, struct scale s)
{
	double x = v * TENS[s.places];

	return fabs(x) < EXACT ? (int64_t)rint(x) : 0;
}

static bool
to_integers(const double *v, unsigned n, struct scale s, int64_t *x)
{
	for (unsigned i = 0; i < n; i++) {
		x[i] = integer_near(v[i], s);
		if (bits_of(value_of(x[i], s)) != bits_of(v[i]))
			return false;
	}
	return true;
}

/* find_scale: false if the values are no integers, nor decimals of few places. */
static bool
find_scale(const double *v, unsigned n, struct scale *s, int64_t *x)
{
	for (int single = 0; single < 2; single++)
		for (unsigned places = 0; places <= PLACES; places++) {
			*s = (struct scale) { places, single };
			if (to_integers(v, n, *s, x))
				return true;
		}
	return false;
}

/* ---- all the same ---- */

static bool
all_same(const double *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (bits_of(v[i]) != bits_of(v[0]))
			return false;
	return true;
}

static void
put_same(struct bit_writer *w, double v)
{
	struct scale whole = { 0, false };
	int64_t x;

	bits_put(w, SAME, 2);
	if (to_integers(&v, 1, whole, &x)) {
		bits_put(w, 1, 1);
		integer_put(w, x);
	} else {
		bits_put(w, 0, 1);
		bits_put(w, bits_of(v), 64);
	}
}

static void
get_same(struct bit_reader *r, double *v, unsigned n)
{
	double same = bits_get(r, 1) ? (double)integer_get(r) : of_bits(bits_get(r, 64));

	for (unsigned i = 0; i < n; i++)
		v[i] = same;
}

/* ---- integers ---- */

static void
take_off(int64_t *x, const double *foretold, unsigned n, struct scale s)
{
	for (unsigned i = 0; i < n; i++)
		x[i] = (int64_t)((uint64_t)x[i] - (uint64_t)integer_near(foretold[i], s));
}

static void
put_integers(struct bit_writer *w, const int64_t *x, unsigned n, struct scale s, bool foretold)
{
	bits_put(w, INTEGERS, 2);
	bits_put(w, s.places, 4);
	bits_put(w, s.single, 1);
	bits_put(w, foretold, 1);
	integers_write(w, x, n);
}

static void
get_integers(struct bit_reader *r, double *v, unsigned n, const double *foretold)
{
	struct scale s = { .places = (unsigned)bits_get(r, 4) };
	int64_t x[SERIES_ROWS];
	bool told;

	s.single = bits_get(r, 1);
	told = bits_get(r, 1);
	integers_read(r, x, n);
	if (told && foretold == NULL)
		r->bad = true;
	if (told && foretold)
		for (unsigned i = 0; i < n; i++)
			x[i] = (int64_t)((uint64_t)x[i] + (uint64_t)integer_near(foretold[i], s));
	for (unsigned i = 0; i < n; i++)
		v[i] = value_of(x[i], s);
}

/* ---- anything else ---- */

/* Where the bits that differ lie: so many zeros before them, and their number. */
struct window {
	unsigned leading, length;
};

static void
put_xor(struct bit_writer *w, uint64_t differ, struct window *last)
{
	unsigned leading, trailing;

	if (differ == 0) {
		bits_put(w, 0, 1);
		return;
	}
	leading = (unsigned)__builtin_clzll(differ);
	trailing = (unsigned)__builtin_ctzll(differ);
	if (leading >= last->leading && 64 - trailing <= last->leading + last->length) {
		bits_put(w, 2, 2);
	} else {
		*last = (struct window) { leading, 64 - leading - trailing };
		bits_put(w, 3, 2);
		bits_put(w, last->leading, 6);
		bits_put(w, last->length - 1, 6);
	}
	bits_put(w, differ >> (64 - last->leading - last->length), last->length);
}

static void
put_xors(struct bit_writer *w, const double *v, unsigned n)
{
	struct window last = { 64, 0 };

	bits_put(w, XOR, 2);
	bits_put(w, bits_of(v[0]), 64);
	for (unsigned i = 1; i < n; i++)
		put_xor(w, bits_of(v[i]) ^ bits_of(v[i - 1]), &last);
}

static uint64_t
get_xor(struct bit_reader *r, struct window *last)
{
	if (bits_get(r, 1) == 0)
		return 0;
	if (bits_get(r, 1) == 1) {
		last->leading = (unsigned)bits_get(r, 6);
		last->length = (unsigned)bits_get(r, 6) + 1;
	}
	if (last->length == 0 || last->leading + last->length > 64) {
		r->bad = true;
		return 0;
	}
	return bits_get(r, last->length) << (64 - last->leading - last->length);
}

static void
get_xors(struct bit_reader *r, double *v, unsigned n)
{
	struct window last = { 64, 0 };
	uint64_t u = bits_get(r, 64);

	v[0] = of_bits(u);
	for (unsigned i = 1; i < n; i++)
		v[i] = of_bits(u ^= get_xor(r, &last));
}

/* ---- columns ---- */

void
column_write(struct bit_writer *w, const double *v, unsigned n, const double *foretold)
{
	int64_t x[SERIES_ROWS];
	struct scale s;

	assert(n > 0 && n <= SERIES_ROWS);
	if (all_same(v, n)) {
		put_same(w, v[0]);
	} else if (find_scale(v, n, &s, x)) {
		if (foretold)
			take_off(x, foretold, n, s);
		put_integers(w, x, n, s, foretold != NULL);
	} else {
		put_xors(w, v, n);
	}
}

void
column_read(struct bit_reader *r, double *v, unsigned n, const double *foretold)
{
	assert(n > 0 && n <= SERIES_ROWS);
	switch (bits_get(r, 2)) {
	case SAME:
		get_same(r, v, n);
		break;
	case INTEGERS:
		get_integers(r, v, n, foretold);
		break;
	case XOR:
		get_xors(r, v, n);
		break;
	default:
		r->bad = true;
		memset(v, 0, n * sizeof(*v));
	}
}
