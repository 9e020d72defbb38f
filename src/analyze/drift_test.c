/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/drift.h"

#include <math.h>

#include "base/attr.h"
#include "base/testing.h"

#define LIMIT 1000.0
#define HOUR 720 /* samples */
#define DAY (24 * HOUR)

static struct drift d;
static uint32_t seed;

static int
setup(void **state)
{
	(void)state;
	seed = 1;
	drift_init(&d, 2.0);
	return 0;
}

/* A small repeatable noise around 0, of deviation about 1. */
static double
noise(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += (double)((seed = seed * 1664525 + 1013904223) >> 8) / 16777216.0;
	return sum - 6;
}

static bool
feed(double value)
{
	struct drift_bounds b = { .limit = LIMIT, .room = LIMIT - value, .change = 40 };

	return drift_feed(&d, value, &b);
}

static unsigned
level(double value, int samples)
{
	unsigned found = 0;

	while (samples-- > 0)
		found += feed(value + noise());
	return found;
}

/* found_at is how much of the limit is eaten when the leak is found; 1: it never is. */
static double
found_at(double from, double per_hour)
{
	double eaten = 0;

	while (from + eaten < LIMIT) {
		eaten += per_hour / HOUR;
		if (feed(from + eaten + noise()))
			return eaten / LIMIT;
	}
	return 1;
}

static void
leaks_are_found_before_a_tenth_is_eaten(void **state)
{
	(void)state;
	for (double per_hour = 50; per_hour < 2000; per_hour *= 1.7) {
		setup(NULL);
		assert_int_equal(level(400, HOUR), 0);
		assert_true(found_at(400, per_hour) < 0.1);
		assert_true(drift_start(&d) < 420);
	}
}

/* A node that has shown a day is extrapolated by a week. */
static void
slow_leak_is_found_once_a_day_is_known(void **state)
{
	(void)state;
	assert_int_equal(level(400, 25 * HOUR), 0);
	assert_true(found_at(400, 10) < 0.1);
}

static void
noise_is_no_drift(void **state)
{
	double walk = 0;

	(void)state;
	for (int i = 0; i < 3 * DAY; i++) {
		walk = 0.99 * walk + noise();
		assert_false(feed(400 + walk));
	}
}

static void
rise_that_levels_off_is_none(void **state)
{
	(void)state;
	level(100, HOUR);
	for (int i = 0; i < DAY; i++)
		assert_false(feed(100 + 60 * (1 - exp(-i / 60.0)) + noise()));
}

static void
step_is_none(void **state)
{
	(void)state;
	assert_int_equal(level(100, HOUR) + level(300, DAY) + level(500, DAY), 0);
}

static void
daily_rhythm_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < 4 * DAY; i++)
		assert_false(feed(400 - 100 * cos(6.283185307179586 * i / DAY) + noise()));
}

static void
it_is_told_again_after_another_tenth(void **state)
{
	unsigned found = 0;

	(void)state;
	level(100, HOUR);
	for (int i = 0; i < 4 * HOUR; i++)
		found += feed(100 + 120.0 * i / HOUR + noise());
	assert_in_range(found, 3, 5);
}

static void
reboot_ends_it_and_the_next_one_is_found(void **state)
{
	(void)state;
	level(400, HOUR);
	assert_true(found_at(400, 500) < 0.1);
	drift_restart(&d);
	assert_int_equal(level(200, HOUR), 0);
	assert_true(found_at(200, 500) < 0.35);
}

static unsigned
found_with(double threshold, double per_hour)
{
	unsigned found = 0;

	setup(NULL);
	drift_init(&d, threshold);
	level(100, HOUR);
	for (int i = 0; i < HOUR; i++)
		found += feed(100 + per_hour * i / HOUR + noise());
	return found > 0;
}

static void
larger_threshold_finds_no_more(void **state)
{
	static const double thresholds[] = { 1, 2, 3, 5, 10, 40 };

	(void)state;
	for (double per_hour = 20; per_hour < 800; per_hour *= 1.5)
		for (size_t i = 1; i < ARRAY_LEN(thresholds); i++)
			assert_true(found_with(thresholds[i], per_hour) <= found_with(thresholds[i - 1], per_hour));
	assert_int_equal(found_with(2, 400), 1);
	assert_int_equal(found_with(40, 400), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaks_are_found_before_a_tenth_is_eaten, setup),
		cmocka_unit_test_setup(slow_leak_is_found_once_a_day_is_known, setup),
		cmocka_unit_test_setup(noise_is_no_drift, setup),
		cmocka_unit_test_setup(rise_that_levels_off_is_none, setup),
		cmocka_unit_test_setup(step_is_none, setup),
		cmocka_unit_test_setup(daily_rhythm_is_none, setup),
		cmocka_unit_test_setup(it_is_told_again_after_another_tenth, setup),
		cmocka_unit_test_setup(reboot_ends_it_and_the_next_one_is_found, setup),
		cmocka_unit_test_setup(larger_threshold_finds_no_more, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
