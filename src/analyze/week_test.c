/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/week.h"

#include "base/testing.h"

#define HOUR_MS INT64_C(3600000)
#define WEEK_MS (WEEK_HOURS * HOUR_MS)

/* live through a week with a surprise at its hour 9. */
static void
live_week(struct week *w, int64_t begin_ms, double surprise)
{
	for (int hour = 0; hour < WEEK_HOURS; hour++)
		for (int minute = 0; minute < 60; minute++)
			week_learn(
			    w, begin_ms + hour * HOUR_MS + minute * 60000, hour == 9 && minute == 13 ? surprise : 0.5);
}

static void
hour_is_known_after_two_weeks(void **state)
{
	struct week w = { 0 };

	(void)state;
	live_week(&w, 0, 4);
	assert_true(week_usual(&w, WEEK_MS + 9 * HOUR_MS) == 0);
	live_week(&w, WEEK_MS, 4);
	ASSERT_NEAR(week_usual(&w, 2 * WEEK_MS + 9 * HOUR_MS), 4, 0.001);
	ASSERT_NEAR(week_usual(&w, 2 * WEEK_MS + 9 * HOUR_MS + HOUR_MS - 1), 4, 0.001);
	ASSERT_NEAR(week_usual(&w, 2 * WEEK_MS + 10 * HOUR_MS), 0.5, 0.001);
}

static void
what_comes_no_more_is_forgotten(void **state)
{
	struct week w = { 0 };

	(void)state;
	for (int i = 0; i < 5; i++)
		live_week(&w, i * WEEK_MS, 8);
	ASSERT_NEAR(week_usual(&w, 9 * HOUR_MS), 8, 0.001);
	for (int i = 5; i < 15; i++)
		live_week(&w, i * WEEK_MS, 0.5);
	assert_true(week_usual(&w, 9 * HOUR_MS) < 1);
}

static void
it_is_bounded(void **state)
{
	struct week w = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		live_week(&w, i * WEEK_MS, 1e300);
	ASSERT_NEAR(week_usual(&w, 9 * HOUR_MS), WEEK_MOST, 0.001);
}

/* Before the epoch hours of the week go on as behind it. */
static void
time_may_be_anything(void **state)
{
	struct week w = { 0 };

	(void)state;
	live_week(&w, -2 * WEEK_MS, 4);
	live_week(&w, -WEEK_MS, 4);
	ASSERT_NEAR(week_usual(&w, 9 * HOUR_MS), 4, 0.001);
	for (int i = 0; i < 1000; i++) {
		int64_t time_ms = i % 3 == 0 ? INT64_MIN : i % 3 == 1 ? INT64_MAX : -i * HOUR_MS;

		week_learn(&w, time_ms, 1);
		assert_true(week_usual(&w, time_ms) >= 0 && week_usual(&w, time_ms) <= WEEK_MOST);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hour_is_known_after_two_weeks),
		cmocka_unit_test(what_comes_no_more_is_forgotten),
		cmocka_unit_test(it_is_bounded),
		cmocka_unit_test(time_may_be_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
