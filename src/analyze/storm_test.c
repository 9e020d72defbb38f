/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/storm.h"

#include "base/testing.h"

#define T0 INT64_C(1700000000000)

static struct recent_restarts recent;
static struct storm storm;

static int
setup(void **state)
{
	(void)state;
	recent = (struct recent_restarts) { 0 };
	storm = (struct storm) { 0 };
	return 0;
}

static void
restart_at(int64_t seconds)
{
	recent_restarts_add(&recent, T0 + seconds * 1000);
	storm_update(&storm, &recent);
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
	char text[160];

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
	storm_describe(&storm, "worker", text, sizeof(text));
	assert_string_equal(text, "24 restarts in 79 s: worker");
	for (int i = 0; i < 5; i++)
		restart_at(1000 + i);
	assert_int_equal(storm.restarts, 5);
	assert_int_equal(storm.first_ms, T0 + 1000000);
}

static void
times_do_not_go_back(void **state)
{
	(void)state;
	restart_at(100);
	restart_at(50);
	assert_int_equal(recent.time_ms[0], T0 + 100000);
	assert_true(recent_restarts_within(&recent, 2, 0));
	assert_false(recent_restarts_within(&recent, 3, 1000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(five_in_a_minute_are_a_storm, setup),
		cmocka_unit_test_setup(five_in_more_are_none, setup),
		cmocka_unit_test_setup(storm_goes_on_and_ends, setup),
		cmocka_unit_test_setup(times_do_not_go_back, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
