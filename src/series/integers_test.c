/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of integers, and the Rice codes below: the examples at the heads of both, and any row at all. */
#include "series/integers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "series/fixture.h"
#include "series/rice.h"

#define ROUNDS 20000

static void
bits_come_back(void **state)
{
	struct strbuf b = STRBUF_INIT;
	struct bit_writer w = { .out = &b };
	struct bit_reader r;

	(void)state;
	for (unsigned count = 0; count <= 64; count++)
		bits_put(&w, count ? UINT64_MAX >> (64 - count) & UINT64_C(0xA5A5A5A5A5A5A5A5) : 0, count);
	bits_finish(&w);
	r = reader_of(&b);
	for (unsigned count = 0; count <= 64; count++)
		assert_true(
		    bits_get(&r, count) == (count ? UINT64_MAX >> (64 - count) & UINT64_C(0xA5A5A5A5A5A5A5A5) : 0));
	assert_false(r.bad);
	assert_int_equal(bits_get(&r, 8), 0);
	assert_true(r.bad);
	strbuf_release(&b);
}

static void
rice_writes_the_examples(void **state)
{
	const uint64_t numbers[] = { 0, 3, 4, 9, 1000 }, mostly_zeros[] = { 0, 0, 0, 0, 5, 0, 0 };
	struct rice plan = { .k = 2, .wide = 10 }, runs = { .runs = true, .run_k = 1, .k = 2, .wide = 3 };
	struct strbuf b = STRBUF_INIT;
	struct bit_writer w = { .out = &b };

	(void)state;
	rice_write(&w, &plan, numbers, 5);
	bits_finish(&w);
	assert_string_equal(bits_text(&b, 13 + 3 + 3 + 4 + 5 + 22),
	    "0000010001001" /* no runs, k 2, 10 bits */
	    "000"
	    "011"
	    "1000"
	    "11001"
	    "1111111111111111101000");
	strbuf_reset(&b);
	w = (struct bit_writer) { .out = &b };
	rice_write(&w, &runs, mostly_zeros, 7);
	bits_finish(&w);
	assert_string_equal(bits_text(&b, 17 + 4 + 4 + 3),
	    "10000100000100001" /* runs, k 2, 3 bits, runs' k 1 */
	    "1100"
	    "1000"
	    "100");
	strbuf_release(&b);
}

static void
round_trip(const int64_t *x, unsigned n)
{
	struct strbuf b = STRBUF_INIT;
	struct bit_writer w = { .out = &b };
	struct bit_reader r;
	int64_t back[SERIES_ROWS];

	integers_write(&w, x, n);
	bits_finish(&w);
	r = reader_of(&b);
	integers_read(&r, back, n);
	assert_false(r.bad);
	assert_true(r.end - r.at < 8);
	assert_memory_equal(x, back, n * sizeof(x[0]));
	strbuf_release(&b);
}

static unsigned
size_of(const int64_t *x, unsigned n)
{
	struct strbuf b = STRBUF_INIT;
	struct bit_writer w = { .out = &b };

	integers_write(&w, x, n);
	bits_finish(&w);
	round_trip(x, n);
	strbuf_release(&b);
	return (unsigned)b.len;
}

static void
the_examples_come_back(void **state)
{
	const int64_t counter[] = { 1000, 1010, 1021, 1029 }, steady[] = { 1000, 1010, 1020, 1030 };
	const int64_t pages[] = { 4096, 8192, 4096, 8192 }, one[] = { -7 };
	const int64_t far[] = { INT64_MIN, INT64_MAX, 0, -1, INT64_MIN, INT64_MIN, INT64_MAX };

	(void)state;
	round_trip(counter, 4);
	round_trip(steady, 4);
	round_trip(pages, 4);
	round_trip(one, 1);
	round_trip(far, 7);
}

/* A full row of each kind takes what the code's theory says, and a little for its head. */
static void
rows_are_short(void **state)
{
	int64_t steady[SERIES_ROWS], noisy[SERIES_ROWS], pages[SERIES_ROWS], jump[SERIES_ROWS];

	(void)state;
	srand(1);
	for (int i = 0; i < SERIES_ROWS; i++) {
		steady[i] = INT64_C(1700000000000) + i * 5000;
		noisy[i] = 1000000 + rand() % 256;
		pages[i] = (rand() % 256) * INT64_C(4096);
		jump[i] = i < 60 ? 0 : INT64_C(1) << 50;
	}
	assert_true(size_of(steady, SERIES_ROWS) <= 18);
	assert_true(size_of(noisy, SERIES_ROWS) <= SERIES_ROWS * 9 / 8 + 15);
	assert_true(size_of(pages, SERIES_ROWS) <= SERIES_ROWS * 9 / 8 + 15);
	assert_true(size_of(jump, SERIES_ROWS) <= 30);
}

static int64_t
any_integer(void)
{
	int64_t wide = (int64_t)((uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand());

	return rand() % 2 ? wide >> rand() % 64 : (int64_t)((uint64_t)wide << rand() % 64);
}

/* any_row moves in one way for a while, then in another. */
static unsigned
any_row(int64_t *x)
{
	unsigned n = 1 + (unsigned)rand() % SERIES_ROWS;
	uint64_t now = (uint64_t)any_integer(), step = (uint64_t)any_integer();

	for (unsigned i = 0; i < n; i++) {
		x[i] = (int64_t)now;
		if (rand() % 20 == 0)
			step = rand() % 2 ? (uint64_t)any_integer() : 0;
		now += step;
		if (rand() % 30 == 0)
			now = (uint64_t)any_integer();
	}
	return n;
}

static void
any_row_comes_back(void **state)
{
	int64_t x[SERIES_ROWS];

	(void)state;
	srand(2);
	for (int i = 0; i < ROUNDS; i++)
		round_trip(x, any_row(x));
}

/* Reading ends, and reads nothing but what it was given (AddressSanitizer looks on). */
static void
any_bits_are_read(void **state)
{
	int64_t x[SERIES_ROWS];
	unsigned bad = 0;

	(void)state;
	srand(3);
	for (int i = 0; i < ROUNDS; i++) {
		size_t len = (size_t)rand() % 60;
		uint8_t *bytes = foreign_bytes(len);
		struct bit_reader r = bits_open(bytes, len);

		integers_read(&r, x, 1 + (unsigned)rand() % SERIES_ROWS);
		assert_true(r.at <= r.end);
		bad += r.bad;
		free(bytes);
	}
	assert_true(bad > ROUNDS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_come_back),
		cmocka_unit_test(rice_writes_the_examples),
		cmocka_unit_test(the_examples_come_back),
		cmocka_unit_test(rows_are_short),
		cmocka_unit_test(any_row_comes_back),
		cmocka_unit_test(any_bits_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
