/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/stamp.h"

#include "base/attr.h"
#include "base/testing.h"

static void
times_are_read(void **state)
{
	static const struct {
		const char *text;
		enum stamp_unit unit;
		int64_t ms;
	} table[] = {
		{ "2014-04-01 00:00:00", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01T00:00:00", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01 00:00", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01 00:00:00.250000", STAMP_GUESS, 1396310400250 },
		{ "2014-04-01T02:00:00+02:00", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01T02:00:00+0200", STAMP_GUESS, 1396310400000 },
		{ "2014-04-01T00:00:00Z", STAMP_MS, 1396310400000 },
		{ "1396310400", STAMP_GUESS, 1396310400000 },
		{ "1396310400.5", STAMP_GUESS, 1396310400500 },
		{ "1396310400.123", STAMP_GUESS, 1396310400123 },
		{ "1396310400.999", STAMP_S, 1396310400999 },
		{ "1396310400123", STAMP_GUESS, 1396310400123 },
		{ "1396310400123456", STAMP_GUESS, 1396310400123 },
		{ "1396310400123456789", STAMP_GUESS, 1396310400123 },
		{ "1.3963104e9", STAMP_GUESS, 1396310400000 },
		{ "0", STAMP_GUESS, 0 },
		{ "5000", STAMP_MS, 5000 },
		{ "5000", STAMP_GUESS, 5000000 },
		{ "-5", STAMP_S, -5000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t ms = -1;

		if (!stamp_parse(table[i].text, table[i].unit, &ms) || ms != table[i].ms)
			fail_msg("%s: %lld", table[i].text, (long long)ms);
	}
}

static void
what_is_no_time_is_refused(void **state)
{
	static const char *const table[] = { "", "x", "timestamp", "nan", "inf", "-inf", "1e30", "2014-13-01",
		"2014-02-30", "2014-04-01 25:00:00", "2014-04-01 00", "2014-04-01 00:00:00 and more",
		"20140401T000000Z", "0x10", "1e", "--1", "12:30:00", "1396310400 ", "9223372036854775808000000",
		"2014-04-01 00:00:00.00000000000000000000000000000000000000000000" };
	int64_t ms = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (stamp_parse(table[i], STAMP_GUESS, &ms))
			fail_msg("%s was taken for %lld", table[i], (long long)ms);
	assert_int_equal(ms, -1);
}

static void
names_tell_of_times(void **state)
{
	(void)state;
	assert_true(stamp_is_name("timestamp"));
	assert_true(stamp_is_name("Time"));
	assert_true(stamp_is_name("t_ms"));
	assert_true(stamp_is_name("time_ns"));
	assert_true(stamp_is_name("@timestamp"));
	assert_false(stamp_is_name("value"));
	assert_false(stamp_is_name("temperature"));
	assert_false(stamp_is_name("gc_time_ms"));
	assert_false(stamp_is_name("t_rex"));
	assert_int_equal(stamp_unit_of_name("t_ms"), STAMP_MS);
	assert_int_equal(stamp_unit_of_name("time_us"), STAMP_US);
	assert_int_equal(stamp_unit_of_name("time_s"), STAMP_S);
	assert_int_equal(stamp_unit_of_name("time"), STAMP_GUESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(names_tell_of_times),
	};

	return cmocka_run_group_tests_name("replay/stamp", tests, NULL, NULL);
}
