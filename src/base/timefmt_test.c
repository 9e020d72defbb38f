/* SPDX-License-Identifier: Apache-2.0 */
#include "base/timefmt.h"

#include <string.h>

#include "base/attr.h"
#include "base/testing.h"

static void
known_times(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1705573800123, "2024-01-18T10:30:00.123Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char buf[TIME_RFC3339_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_string_equal(time_rfc3339(buf, table[i].ms), table[i].text);
}

static void
absurd_times_are_survived(void **state)
{
	char buf[TIME_RFC3339_SIZE];

	(void)state;
	assert_true(strlen(time_rfc3339(buf, INT64_MAX)) < sizeof(buf));
	assert_true(strlen(time_rfc3339(buf, INT64_MIN)) < sizeof(buf));
	assert_int_equal(buf[strlen(buf) - 1], 'Z');
	assert_non_null(strchr(buf, 'T'));
}

static void
times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} table[] = {
		{ "0", 0 },
		{ "1705573800123", 1705573800123 },
		{ "-1", -1 },
		{ "2024-01-18T10:30:00Z", 1705573800000 },
		{ "2024-01-18t10:30:00z", 1705573800000 },
		{ "2024-01-18 10:30:00.5Z", 1705573800500 },
		{ "2024-01-18T10:30:00.1234567Z", 1705573800123 },
		{ "2024-01-18T12:30:00+02:00", 1705573800000 },
		{ "2024-01-18T12:30:00 02:00", 1705573800000 },
		{ "2024-01-18T07:00:00-03:30", 1705573800000 },
		{ "2000-02-29T00:00:00Z", 951782400000 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
		{ "0000-01-01T00:00:00Z", -62167219200000 },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_true(time_parse(table[i].text, &ms));
		assert_int_equal(ms, table[i].ms);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const table[] = { "", "-", "now", "1705573800123x", "1e3", "9999999999999999",
		"253402300800000", "2024-01-18", "2024-01-18T10:30Z", "2024-01-18T10:30:00", "2024-01-18T10:30:00.Z",
		"2024-01-18T10:30:00Zx", "2024-13-18T10:30:00Z", "2023-02-29T10:30:00Z", "1900-02-29T10:30:00Z",
		"2024-00-18T10:30:00Z", "2024-01-00T10:30:00Z", "2024-01-18T24:30:00Z", "2024-01-18T10:60:00Z",
		"2024-01-18T10:30:61Z", "2024-01-18T10:30:00+2:00", "2024-01-18T10:30:00+24:00",
		"+2024-01-18T10:30:00Z", " 0", "0000-01-01T00:00:00+00:01" };
	int64_t ms = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_false(time_parse(table[i], &ms));
	assert_int_equal(ms, 7);
}

static void
test_times_ago(void **state)
{
	static const char *const bad[] = { "", "h", "1w", "1hh", "-1h", "1 h", "1234567890d", "h1" };
	const int64_t now = INT64_C(1700000000000);
	int64_t ms = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(time_parse_moment(bad[i], now, &ms));
	assert_int_equal(ms, 5);
	assert_true(time_parse_moment("90s", now, &ms));
	assert_int_equal(ms, now - 90000);
	assert_true(time_parse_moment("2h", now, &ms));
	assert_int_equal(ms, now - 7200000);
	assert_true(time_parse_moment("7d", now, &ms));
	assert_int_equal(ms, now - 7 * 86400000LL);
	assert_true(time_parse_moment("2024-01-18T10:30:00Z", now, &ms));
	assert_int_equal(ms, INT64_C(1705573800000));
}

/* 1700000000 is 2023-11-14T22:13:20Z. */
static void
test_moments_as_people_say_them(void **state)
{
	static const struct {
		const char *text, *means;
	} table[] = {
		{ "today", "2023-11-14T00:00:00.000Z" },
		{ "yesterday", "2023-11-13T00:00:00.000Z" },
		{ "2023-11-02", "2023-11-02T00:00:00.000Z" },
		{ "18:00", "2023-11-14T18:00:00.000Z" },
		{ "22:13:20", "2023-11-14T22:13:20.000Z" },
		{ "22:13:21", "2023-11-13T22:13:21.000Z" },
		{ "23:59", "2023-11-13T23:59:00.000Z" },
		{ "today 23:59", "2023-11-14T23:59:00.000Z" },
		{ "yesterday 18:00", "2023-11-13T18:00:00.000Z" },
		{ "yesterdayT18:00:30", "2023-11-13T18:00:30.000Z" },
		{ "2023-11-02 09:05", "2023-11-02T09:05:00.000Z" },
		{ "2024-02-29", "2024-02-29T00:00:00.000Z" },
	};
	static const char *const bad[] = { "yesterday18:00", "yesterday ", "tomorrow", "24:00", "9:05", "18:60",
		"18:00:60", "18:00 today", "2023-02-29", "2023-11-02 9:05", "today 18", "18:00x" };
	const int64_t now = INT64_C(1700000000000);
	char buf[TIME_RFC3339_SIZE];
	int64_t ms = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(time_parse_moment(bad[i], now, &ms));
	assert_int_equal(ms, 5);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(time_parse_moment(table[i].text, now, &ms));
		assert_string_equal(time_rfc3339(buf, ms), table[i].means);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_ago),
		cmocka_unit_test(test_moments_as_people_say_them),
		cmocka_unit_test(known_times),
		cmocka_unit_test(absurd_times_are_survived),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
