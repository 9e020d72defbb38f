/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/storm.h"

#include "base/testing.h"

#define T0 INT64_C(1700000000000)

static struct storm storm;

static int
setup(void **state)
{
	(void)state;
	storm = (struct storm) { 0 };
	return 0;
}

static void
restart_at(int64_t seconds)
{
	storm_feed(&storm, T0 + seconds * 1000, T0 + seconds * 1000, 1);
}

static void
five_in_a_minute_are_a_storm(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		restart_at(15 * i);
	assert_int_equal(storm.restarts, 0);
	restart_at(60);
	assert_int_equal(storm.restarts, 5);
	assert_int_equal(storm.first_ms, T0);
	assert_int_equal(storm.last_ms, T0 + 60000);
	assert_int_equal(storm.detected_ms, T0 + 60000);
	assert_true(storm_is_active(&storm, T0 + 120000));
	assert_false(storm_is_active(&storm, T0 + 120001));
	ASSERT_NEAR(storm_confidence(&storm), 0.75, 1e-9);
}

static void
five_in_more_are_none(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		restart_at(16 * i);
	assert_int_equal(storm.restarts, 0);
	assert_false(storm_is_active(&storm, T0));
	assert_true(storm_confidence(&storm) == 0);
}

static void
storm_goes_on_and_ends(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		restart_at(i);
	/* Three that were too slow belong to it when it comes back in time. */
	restart_at(78);
	restart_at(79);
	restart_at(79);
	assert_int_equal(storm.restarts, 20);
	restart_at(79);
	assert_int_equal(storm.restarts, 24);
	assert_int_equal(storm.detected_ms, T0 + 4000);
	for (int i = 0; i < 5; i++)
		restart_at(1000 + i);
	assert_int_equal(storm.restarts, 5);
	assert_int_equal(storm.first_ms, T0 + 1000000);
}

static void
what_ended_may_begin_anew_with_restarts_in_hand(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		restart_at(i);
	storm_end(&storm);
	assert_false(storm_is_active(&storm, T0 + 9000));
	restart_at(9);
	assert_int_equal(storm.restarts, 5);
}

static void
a_folded_flood_is_one_storm(void **state)
{
	(void)state;
	storm_feed(&storm, T0, T0 + 130000, 1000000);
	assert_int_equal(storm.restarts, 1000000);
	assert_int_equal(storm.last_ms, T0 + 130000);
	/* What was folded is later than what comes next. */
	storm_feed(&storm, T0 + 1000, T0 + 1000, 1);
	storm_feed(&storm, T0 + 131000, T0 + 260000, 1000);
	assert_int_equal(storm.restarts, 1001001);
	assert_int_equal(storm.first_ms, T0);
	assert_int_equal(storm.last_ms, T0 + 260000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(five_in_a_minute_are_a_storm, setup),
		cmocka_unit_test_setup(five_in_more_are_none, setup),
		cmocka_unit_test_setup(storm_goes_on_and_ends, setup),
		cmocka_unit_test_setup(what_ended_may_begin_anew_with_restarts_in_hand, setup),
		cmocka_unit_test_setup(a_folded_flood_is_one_storm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
