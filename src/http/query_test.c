/* SPDX-License-Identifier: Apache-2.0 */
#include "http/query.h"

#include <string.h>

#include "base/testing.h"

static void
decodes(const char *text, bool plus, const char *want)
{
	char buf[64];
	struct err err;

	assert_true(percent_decode(buf, text, strlen(text), plus, &err));
	assert_string_equal(buf, want);
}

static void
refuses(const char *text)
{
	char buf[64];
	struct err err = { "" };

	assert_false(percent_decode(buf, text, strlen(text), true, &err));
	assert_true(*err.text);
}

static void
escapes(void **state)
{
	(void)state;
	decodes("", true, "");
	decodes("rabbit%40host", false, "rabbit@host");
	decodes("a+b%2Bc", true, "a b+c");
	decodes("a+b", false, "a+b");
	decodes("%E2%82%ac", false, "\xE2\x82\xAC");
	refuses("%");
	refuses("%4");
	refuses("%zz");
	refuses("a%00b");
	refuses("%ff");
	refuses("%C3");
	refuses("%ED%A0%80"); /* a surrogate */
}

static void
parameters(void **state)
{
	struct query q;
	struct err err;

	(void)state;
	assert_true(query_parse(&q, "types=restart,anomaly&node=a%40h&&x&supervisor=%7bx%2c1%7d=", &err));
	assert_int_equal(q.count, 4);
	assert_string_equal(query_get(&q, "types"), "restart,anomaly");
	assert_string_equal(query_get(&q, "node"), "a@h");
	assert_string_equal(query_get(&q, "x"), "");
	assert_string_equal(query_get(&q, "supervisor"), "{x,1}=");
	assert_null(query_get(&q, "y"));
	query_release(&q);
	assert_true(query_parse(&q, NULL, &err));
	assert_int_equal(q.count, 0);
	query_release(&q);
}

static void
bad_parameters(void **state)
{
	static const char *const bad[] = { "a=1&a=2", "a=1&%61=2", "=1", "a=%", "%=1", "a=%FF",
		"a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q" };
	struct query q;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { "" };

		assert_false(query_parse(&q, bad[i], &err));
		assert_true(*err.text);
		query_release(&q);
	}
}

static void
numbers(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_true(number_parse("0", 10, &v) && v == 0);
	assert_true(number_parse("0010", 10, &v) && v == 10);
	assert_true(number_parse("18446744073709551615", UINT64_MAX, &v) && v == UINT64_MAX);
	assert_false(number_parse("18446744073709551616", UINT64_MAX, &v));
	assert_false(number_parse("11", 10, &v));
	assert_false(number_parse("3", 2, &v));
	assert_false(number_parse("", 10, &v));
	assert_false(number_parse("-1", 10, &v));
	assert_false(number_parse("1 ", 10, &v));
	assert_false(number_parse("0x1", 10, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(parameters),
		cmocka_unit_test(bad_parameters),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
