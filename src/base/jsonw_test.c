/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <math.h>
#include <stdlib.h>

#include "base/testing.h"

static struct strbuf out;
static struct jsonw j;

static int
setup(void **state)
{
	(void)state;
	strbuf_release(&out);
	jsonw_init(&j, &out);
	return 0;
}

static void
places_commas(void **state)
{
	(void)state;
	jsonw_object(&j);
	jsonw_key(&j, "a");
	jsonw_array(&j);
	jsonw_int(&j, -1);
	jsonw_uint(&j, UINT64_MAX);
	jsonw_object(&j);
	jsonw_end(&j);
	jsonw_array(&j);
	jsonw_end(&j);
	jsonw_end(&j);
	jsonw_key(&j, "b");
	jsonw_bool(&j, true);
	jsonw_key(&j, "c");
	jsonw_str(&j, NULL);
	jsonw_end(&j);
	assert_string_equal(out.data, "{\"a\":[-1,18446744073709551615,{},[]],\"b\":true,\"c\":null}");
}

static void
escapes_strings(void **state)
{
	(void)state;
	jsonw_strn(&j, "\"\\\n\t\x01\x7f/\0é\xff", 11);
	assert_string_equal(out.data, "\"\\\"\\\\\\n\\t\\u0001\\u007f/\\u0000é\xEF\xBF\xBD\"");
}

static void
number(double v, const char *text)
{
	setup(NULL);
	jsonw_double(&j, v);
	assert_string_equal(out.data, text);
}

static void
numbers_are_short_and_exact(void **state)
{
	static const double round_trip[] = { 1.0 / 3, 1e300, 5e-324, 123456789.123456789, -2.5e-7 };

	(void)state;
	number(0, "0");
	number(-0.0, "0");
	number(42, "42");
	number(-1e14, "-100000000000000");
	number(0.1, "0.1");
	number(NAN, "null");
	number(-INFINITY, "null");
	for (size_t i = 0; i < ARRAY_LEN(round_trip); i++) {
		setup(NULL);
		jsonw_double(&j, round_trip[i]);
		assert_true(strtod(out.data, NULL) == round_trip[i]);
	}
}

static void
rounded(double v, const char *text)
{
	setup(NULL);
	jsonw_rounded(&j, v);
	assert_string_equal(out.data, text);
}

/* Within half of the last digit, whatever the size. */
static void
rounded_numbers_are_near(void **state)
{
	uint64_t random = 1;

	(void)state;
	rounded(0, "0");
	rounded(NAN, "null");
	rounded(-17, "-17");
	rounded(0.1, "0.1");
	rounded(-0.001, "-0.001");
	rounded(1.0 / 3, "0.333333333333");
	rounded(200.0 / 3, "66.6666666667");
	rounded(1e11 + 0.25, "100000000000");
	rounded(1e10 + 0.25, "10000000000.3");
	rounded(0.9999999999999, "1");
	rounded(9.99999999999999, "10");
	rounded(12.050, "12.05");
	rounded(1e12 + 0.5, "1000000000000.5");
	rounded(1e-9, "1e-09");
	rounded(2251799813685249.5, "2251799813685249.5");
	for (int i = 0; i < 100000; i++) {
		double v, near;

		random = random * 6364136223846793005u + 1442695040888963407u;
		v = (double)(random >> 11) / 1e5 / pow(10, (double)(random % 16));
		setup(NULL);
		jsonw_rounded(&j, v);
		near = strtod(out.data, NULL);
		assert_true(fabs(near - v) <= 5.1e-12 * fmax(v, 0.1));
	}
}

static void
digits(double v, unsigned n, const char *text)
{
	setup(NULL);
	jsonw_digits(&j, v, n);
	assert_string_equal(out.data, text);
}

/* Within half of the last significant digit, whatever the size. */
static void
so_many_digits_are_significant(void **state)
{
	uint64_t random = 1;

	(void)state;
	digits(0, 6, "0");
	digits(-0.0, 6, "0");
	digits(NAN, 6, "null");
	digits(17, 6, "17");
	digits(-17.000001, 6, "-17");
	digits(1.0 / 3, 6, "0.333333");
	digits(1.0 / 300, 6, "0.00333333");
	digits(200.0 / 3, 3, "66.7");
	digits(123456789, 6, "123457000");
	digits(123456.7, 6, "123457");
	digits(999999.6, 6, "1000000");
	digits(0.9999999, 6, "1");
	digits(99.999, 1, "100");
	digits(1e-9 / 3, 6, "3.33333e-10");
	digits(1.23456789e15, 6, "1.23457e+15");
	for (int i = 0; i < 100000; i++) {
		unsigned n = 1 + (unsigned)i % 12;
		double v, near;

		random = random * 6364136223846793005u + 1442695040888963407u;
		v = (double)(random >> 11) * pow(10, (double)(random % 31) - 24);
		setup(NULL);
		jsonw_digits(&j, v, n);
		near = strtod(out.data, NULL);
		assert_true(fabs(near - v) <= 0.5001 * pow(10, floor(log10(v)) + 1 - n));
	}
}

static void
whole_numbers_are_exact(void **state)
{
	(void)state;
	for (double v = 1; v < 1e15; v = v * 3 + 1) {
		setup(NULL);
		jsonw_double(&j, -v);
		assert_true(strtod(out.data, NULL) == -v);
	}
	setup(NULL);
	jsonw_array(&j);
	jsonw_int(&j, INT64_MIN);
	jsonw_int(&j, INT64_MAX);
	jsonw_int(&j, 0);
	jsonw_end(&j);
	assert_string_equal(out.data, "[-9223372036854775808,9223372036854775807,0]");
}

static void
times_are_rfc3339(void **state)
{
	(void)state;
	jsonw_time(&j, 1705573800000);
	assert_string_equal(out.data, "\"2024-01-18T10:30:00.000Z\"");
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&out);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(places_commas, setup),
		cmocka_unit_test_setup(escapes_strings, setup),
		cmocka_unit_test(numbers_are_short_and_exact),
		cmocka_unit_test(rounded_numbers_are_near),
		cmocka_unit_test(so_many_digits_are_significant),
		cmocka_unit_test(whole_numbers_are_exact),
		cmocka_unit_test_setup(times_are_rfc3339, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
