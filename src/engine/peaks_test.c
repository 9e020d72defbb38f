/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/peaks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define STEP_MS 5000

static struct peaks p;
static int64_t now;

static int
setup(void **state)
{
	(void)state;
	p = (struct peaks) { .rows = NULL };
	now = 1000000;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	peaks_release(&p);
	return 0;
}

static void
look(double least)
{
	now += STEP_MS;
	peaks_begin(&p, now, least);
}

/* look_for lets time pass in which `key` has `value`. */
static void
look_for(int64_t ms, const char *key, double value, double least)
{
	for (int64_t end = now + ms; now < end;) {
		look(least);
		peaks_note(&p, key, value);
	}
}

static double
recent(const char *key, double value)
{
	return peaks_recent(&p, key, value).growth;
}

static double
all(const char *key, double value)
{
	return peaks_long(&p, key, value).growth;
}

static void
nothing_is_known_before_a_span_is_over(void **state)
{
	(void)state;
	assert_true(isnan(recent("a", 5)));
	assert_int_equal(peaks_long(&p, "a", 5).since_ms, 0);
	look_for(STEP_MS, "a", 5, 0);
	assert_true(isnan(recent("a", 5)) && isnan(all("a", 5)));
	look_for(20000, "a", 5, 0);
	assert_true(recent("a", 7) == 2);
	assert_true(peaks_recent(&p, "a", 7).since_ms > 1000000);
}

static void
what_stays_has_not_grown_and_what_swings_neither(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		look(0);
		peaks_note(&p, "large", 1e9);
		peaks_note(&p, "swings", i % 5 ? 100 : 900);
	}
	assert_true(recent("large", 1e9) == 0 && all("large", 1e9) == 0);
	assert_true(recent("swings", 900) == 0 && all("swings", 900) == 0);
	assert_true(recent("swings", 100) < 0);
}

static void
a_change_of_long_ago_is_no_recent_growth(void **state)
{
	(void)state;
	look_for(3600000, "a", 100, 0);
	look_for(3600000, "a", 500, 0);
	assert_true(recent("a", 500) == 0);
	assert_true(all("a", 500) == 400);
}

static void
a_slow_leak_has_grown_over_hours(void **state)
{
	double value = 100;

	(void)state;
	for (int i = 0; i < 720 * 2; i++) {
		look(0);
		peaks_note(&p, "slow", value);
		value += 1;
	}
	assert_true(recent("slow", value) > 100 && recent("slow", value) < 400);
	assert_true(all("slow", value) > 1000);
}

static void
a_fast_growth_over_the_end_of_a_span_is_measured_from_before_it(void **state)
{
	(void)state;
	look_for(300000, "a", 100, 0);
	/* Through any phase of the spans. */
	for (double value = 200; value <= 1200; value += 100) {
		look_for(STEP_MS, "a", value, 0);
		assert_true(recent("a", value) == value - 100);
	}
}

static void
who_was_not_among_the_largest_had_less_than_they(void **state)
{
	(void)state;
	look_for(300000, "a", 100, 40);
	assert_true(recent("new", 90) == 50);
	assert_true(recent("new", 30) == -10);
	look_for(100000, "a", 100, 0);
	assert_true(recent("new", 90) == 90);
}

static void
more_than_there_is_room_for(void **state)
{
	char key[32];

	(void)state;
	for (int round = 0; round < 100; round++) {
		look(10);
		for (int i = 0; i < PEAKS_MAX / 2; i++) {
			snprintf(key, sizeof(key), "%d", round % 10 * PEAKS_MAX + i);
			peaks_note(&p, key, 20);
		}
		peaks_note(&p, "stays", 50);
	}
	assert_int_equal(p.count, PEAKS_MAX);
	assert_true(recent("stays", 50) == 0);
	assert_true(recent("never seen", 20) == 10);
}

static void
a_gap_in_time_is_no_growth(void **state)
{
	(void)state;
	look_for(120000, "a", 100, 0);
	now += 86400000;
	look_for(60000, "a", 100, 0);
	assert_true(recent("a", 100) == 0 && all("a", 100) == 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known_before_a_span_is_over),
		TEST(what_stays_has_not_grown_and_what_swings_neither),
		TEST(a_change_of_long_ago_is_no_recent_growth),
		TEST(a_slow_leak_has_grown_over_hours),
		TEST(a_fast_growth_over_the_end_of_a_span_is_measured_from_before_it),
		TEST(who_was_not_among_the_largest_had_less_than_they),
		TEST(more_than_there_is_room_for),
		TEST(a_gap_in_time_is_no_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
