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
		cmocka_unit_test_setup(times_are_rfc3339, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
