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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times),
		cmocka_unit_test(absurd_times_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
