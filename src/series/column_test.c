/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of values: the examples at the head of column.h, and any values at all, bit by bit. */
#include "series/column.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "series/fixture.h"

#define ROUNDS 20000

static struct strbuf
written(const double *v, unsigned n, const double *foretold)
{
	struct strbuf b = STRBUF_INIT;
	struct bit_writer w = { .out = &b };

	column_write(&w, v, n, foretold);
	bits_finish(&w);
	return b;
}

/* round_trip returns how many bytes it took. */
static size_t
round_trip(const double *v, unsigned n, const double *foretold)
{
	struct strbuf b = written(v, n, foretold);
	double back[SERIES_ROWS];
	size_t len = b.len;
	struct bit_reader r = reader_of(&b);

	column_read(&r, back, n, foretold);
	assert_false(r.bad);
	assert_true(r.end - r.at < 8);
	assert_memory_equal(v, back, n * sizeof(v[0]));
	strbuf_release(&b);
	return len;
}

static void
the_examples_are_written(void **state)
{
	const double ones[] = { 1, 1, 1 }, thirds[] = { 1 / 3.0, 1 / 3.0, 2 / 3.0 };
	struct strbuf b = written(ones, 3, NULL), c = written(thirds, 3, NULL);

	(void)state;
	assert_string_equal(bits_text(&b, 12),
	    "00"
	    "1"
	    "0000010"
	    "10");
	assert_string_equal(bits_text(&c, 2 + 64 + 1 + 16),
	    "10"
	    "0011111111010101010101010101010101010101010101010101010101010101"
	    "0"
	    "11"
	    "001010"
	    "000001"
	    "11");
	strbuf_release(&b);
	strbuf_release(&c);
}

static void
decimals_are_integers(void **state)
{
	double load[SERIES_ROWS], share[SERIES_ROWS], single[SERIES_ROWS];

	(void)state;
	srand(1);
	for (int i = 0; i < SERIES_ROWS; i++) {
		load[i] = (100 + rand() % 16) / 100.0;
		share[i] = (rand() % 16) / 1000.0;
		single[i] = (double)(float)((100 + rand() % 16) / 100.0);
	}
	assert_true(round_trip(load, SERIES_ROWS, NULL) <= SERIES_ROWS * 5 / 8 + 20);
	assert_true(round_trip(share, SERIES_ROWS, NULL) <= SERIES_ROWS * 5 / 8 + 20);
	assert_true(round_trip(single, SERIES_ROWS, NULL) <= SERIES_ROWS * 5 / 8 + 20);
}

/* A guess that is right takes next to nothing; one that is wrong does no harm. */
static void
guesses_help_or_do_no_harm(void **state)
{
	double v[SERIES_ROWS], wrong[SERIES_ROWS];

	(void)state;
	srand(2);
	for (int i = 0; i < SERIES_ROWS; i++) {
		v[i] = rand();
		wrong[i] = i % 4 == 0 ? NAN : i % 4 == 1 ? INFINITY : i % 4 == 2 ? -1e300 : rand() / 3.0;
	}
	assert_true(round_trip(v, SERIES_ROWS, v) <= 12);
	round_trip(v, SERIES_ROWS, wrong);
}

static double
any_value(void)
{
	static const double odd[] = { 0, -0.0, 1e300, -1e300, 0.1, 9007199254740991.0, -9007199254740991.0,
		9007199254740992.0, 9007199254740993.0, 5e-324, -5e-324, DBL_MAX, 1, -1, 0.000001, 1e15, NAN, -NAN,
		INFINITY, -INFINITY };

	switch (rand() % 4) {
	case 0:
		return odd[(size_t)rand() % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return rand() / 1000.0;
	case 2:
		return (double)(float)(rand() / 7.0);
	default:
		return (double)(rand() % 100000) * (rand() % 2 ? 1 : 1e7);
	}
}

/* any_values stay among a few of one sort for long, or are all over the place. */
static unsigned
any_values(double *v)
{
	unsigned n = 1 + (unsigned)rand() % SERIES_ROWS, often = 1 + (unsigned)rand() % 40;
	double now = any_value();

	for (unsigned i = 0; i < n; i++) {
		if ((unsigned)rand() % often == 0)
			now = rand() % 3 ? now + rand() % 100 : any_value();
		v[i] = now;
	}
	return n;
}

static void
any_values_come_back(void **state)
{
	double v[SERIES_ROWS], foretold[SERIES_ROWS];

	(void)state;
	srand(3);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned n = any_values(v), told = any_values(foretold);

		round_trip(v, n, NULL);
		round_trip(v, n < told ? n : told, foretold);
	}
}

/* All bits of a NaN, too. */
static void
any_doubles_come_back(void **state)
{
	double v[SERIES_ROWS];

	(void)state;
	srand(4);
	for (int i = 0; i < ROUNDS / 10; i++) {
		for (int k = 0; k < SERIES_ROWS; k++) {
			uint64_t u = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();

			memcpy(&v[k], &u, sizeof(u));
		}
		assert_true(round_trip(v, SERIES_ROWS, NULL) <= SERIES_ROWS * 10);
	}
}

static void
any_bits_are_read(void **state)
{
	double v[SERIES_ROWS], foretold[SERIES_ROWS] = { 0 };

	(void)state;
	srand(5);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = (size_t)rand() % 60;
		uint8_t *bytes = foreign_bytes(len);
		struct bit_reader r = bits_open(bytes, len);

		column_read(&r, v, 1 + (unsigned)rand() % SERIES_ROWS, rand() % 2 ? foretold : NULL);
		assert_true(r.at <= r.end);
		free(bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_are_written),
		cmocka_unit_test(decimals_are_integers),
		cmocka_unit_test(guesses_help_or_do_no_harm),
		cmocka_unit_test(any_values_come_back),
		cmocka_unit_test(any_doubles_come_back),
		cmocka_unit_test(any_bits_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
