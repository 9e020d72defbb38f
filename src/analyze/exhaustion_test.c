/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/exhaustion.h"

#include "base/testing.h"

#define START_MS INT64_C(1700000000000)

static struct exhaustion
find(const int64_t *times, size_t n, uint32_t unlisted, uint32_t intensity, int64_t period_ms, int64_t now_ms)
{
	struct exhaustion x;

	exhaustion_find(times, n, unlisted, intensity, period_ms, now_ms, period_ms, 0.8, &x);
	return x;
}

static void
loop(int64_t *times, size_t n, int64_t gap_ms)
{
	for (size_t i = 0; i < n; i++)
		times[i] = START_MS + (int64_t)i * gap_ms;
}

static void
test_a_crash_loop_spends_it(void **state)
{
	struct exhaustion x;
	int64_t times[20];

	(void)state;
	loop(times, 20, 1000);
	/* 20 within 60 s: 11 more in as many seconds, and it is over. */
	x = find(times, 20, 0, 30, 60000, times[19]);
	assert_true(x.probability > 0.6);
	ASSERT_NEAR(x.middle_ms, 11000, 1);
	assert_true(x.low_ms <= x.middle_ms && x.middle_ms <= x.high_ms);
}

static void
test_a_budget_that_is_large_enough_lasts(void **state)
{
	int64_t times[20];

	(void)state;
	loop(times, 20, 1000);
	ASSERT_NEAR(find(times, 20, 0, 100, 60000, times[19]).probability, 0, 0);
	ASSERT_NEAR(find(times, 20, 0, 5, 4000, times[19]).probability, 0, 0);
}

static void
test_calm_that_lasts_is_believed(void **state)
{
	struct exhaustion soon, late;
	int64_t times[20];

	(void)state;
	loop(times, 20, 1000);
	soon = find(times, 20, 0, 20, 60000, times[19]);
	late = find(times, 20, 0, 20, 60000, times[19] + 30000);
	assert_true(soon.probability > 0.9);
	ASSERT_NEAR(late.probability, 0, 0);
}

static void
test_what_is_used_and_not_listed_counts(void **state)
{
	int64_t times[4];

	(void)state;
	loop(times, 4, 20000);
	ASSERT_NEAR(find(times, 4, 0, 10, 60000, times[3]).probability, 0, 0);
	assert_true(find(times, 4, 8, 10, 60000, times[3]).probability > 0.5);
}

static void
test_of_one_restart_nothing_follows(void **state)
{
	int64_t times[2] = { START_MS, START_MS };

	(void)state;
	ASSERT_NEAR(find(times, 0, 0, 1, 5000, START_MS).probability, 0, 0);
	ASSERT_NEAR(find(times, 1, 0, 1, 5000, START_MS).probability, 0, 0);
	/* All at once, without end. */
	assert_true(find(times, 2, 0, 3, 5000, START_MS).probability >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_crash_loop_spends_it),
		cmocka_unit_test(test_a_budget_that_is_large_enough_lasts),
		cmocka_unit_test(test_calm_that_lasts_is_believed),
		cmocka_unit_test(test_what_is_used_and_not_listed_counts),
		cmocka_unit_test(test_of_one_restart_nothing_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
