/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/growth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_MS INT64_C(60000)

static struct survey_table rows[2][2];

static struct survey
survey_at(int which, int64_t time_ms, double memory)
{
	struct survey_table *t = rows[which];

	memset(t, 0, sizeof(rows[which]));
	snprintf(t[0].name, sizeof(t[0].name), "cache");
	t[0].memory = memory;
	snprintf(t[1].name, sizeof(t[1].name), "other %d", which);
	return (struct survey) { .kind = SURVEY_TABLES, .time_ms = time_ms, .count = 2, .rows = t };
}

static void
a_table_seen_once_has_no_growth(void **state)
{
	struct survey s = survey_at(0, MINUTE_MS, 1e6);

	(void)state;
	growth_of_tables(&s, NULL);
	assert_true(isnan(rows[0][0].growth.per_hour));
	assert_true(rows[0][0].growth.since_ms == MINUTE_MS);
}

static void
growth_is_per_hour_and_goes_by_name(void **state)
{
	struct survey a = survey_at(0, MINUTE_MS, 1e6);
	struct survey b = survey_at(1, 2 * MINUTE_MS, 1.5e6);

	(void)state;
	growth_of_tables(&a, NULL);
	growth_of_tables(&b, &a);
	assert_true(fabs(rows[1][0].growth.per_hour - 30e6) < 1);
	assert_true(isnan(rows[1][1].growth.per_hour));
}

/* An hour of growth, then an hour of none: it is forgotten within 20 minutes. */
static void
old_growth_is_forgotten(void **state)
{
	struct survey before = survey_at(0, 0, 0);
	double memory = 0;

	(void)state;
	growth_of_tables(&before, NULL);
	for (int minute = 1; minute <= 120; minute++) {
		struct survey now;

		memory += minute <= 60 ? 1e6 : 0;
		now = survey_at(minute % 2, minute * MINUTE_MS, memory);
		growth_of_tables(&now, &before);
		if (minute <= 60)
			assert_true(fabs(rows[minute % 2][0].growth.per_hour - 60e6) < 1);
		if (minute >= 80)
			assert_true(rows[minute % 2][0].growth.per_hour == 0);
		assert_true(now.time_ms - rows[minute % 2][0].growth.since_ms <= 20 * MINUTE_MS);
		before = now;
	}
}

/* Two surveys that waited for the same pause to end. */
static void
growth_over_moments_is_not_known(void **state)
{
	struct survey a = survey_at(0, MINUTE_MS, 1e6);
	struct survey b = survey_at(1, MINUTE_MS + 5, 1.5e6);

	(void)state;
	growth_of_tables(&a, NULL);
	growth_of_tables(&b, &a);
	assert_true(isnan(rows[1][0].growth.per_hour));
	a = survey_at(0, MINUTE_MS + 19999, 2e6);
	growth_of_tables(&a, &b);
	assert_true(isnan(rows[0][0].growth.per_hour));
	b = survey_at(1, MINUTE_MS + 20000, 2e6);
	growth_of_tables(&b, &a);
	assert_true(fabs(rows[1][0].growth.per_hour - 180e6) < 1);
}

static void
a_clock_that_stands_divides_nothing(void **state)
{
	struct survey a = survey_at(0, MINUTE_MS, 1e6);
	struct survey b = survey_at(1, MINUTE_MS, 2e6);

	(void)state;
	growth_of_tables(&a, NULL);
	growth_of_tables(&b, &a);
	assert_true(isnan(rows[1][0].growth.per_hour));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_seen_once_has_no_growth),
		cmocka_unit_test(growth_is_per_hour_and_goes_by_name),
		cmocka_unit_test(old_growth_is_forgotten),
		cmocka_unit_test(growth_over_moments_is_not_known),
		cmocka_unit_test(a_clock_that_stands_divides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
