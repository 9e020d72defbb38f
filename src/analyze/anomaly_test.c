/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/anomaly.h"

#include "base/attr.h"
#include "base/testing.h"

#define FLOOR 10
#define SHARE 0.2

static struct excursions known;
static struct detector d;
static uint32_t seed;

static int
setup(void **state)
{
	(void)state;
	known = (struct excursions) { 0 };
	seed = 1;
	detector_init(&d, FLOOR, SHARE, 2.0, &known);
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

/* raised feeds n samples around a level and returns how many anomalies they raised. */
static unsigned
raised(double level, double scale, int n)
{
	unsigned count = 0;

	for (int i = 0; i < n; i++)
		count += detector_feed(&d, level + scale * noise()) == DETECTOR_RAISED;
	return count;
}

/* raised_at is the number of the sample that raised, or 0. */
static int
raised_at(double level, double slope, int n)
{
	for (int i = 1; i <= n; i++)
		if (detector_feed(&d, level + slope * i + noise()) == DETECTOR_RAISED)
			return i;
	return 0;
}

static void
nothing_is_said_while_warming_up(void **state)
{
	(void)state;
	for (int i = 0; i < DETECTOR_WARM_UP; i++)
		assert_int_equal(detector_feed(&d, i % 2 ? 0 : 1e6), DETECTOR_SAME);
}

static void
noise_raises_nothing(void **state)
{
	(void)state;
	assert_int_equal(raised(100, 1, 20000), 0);
	assert_int_equal(raised(100, 4, 20000), 0);
}

static void
spikes_raise_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(raised(100, 1, 20), 0);
		assert_int_equal(detector_feed(&d, 1e9), DETECTOR_SAME);
		assert_int_equal(detector_feed(&d, 1e9), DETECTOR_SAME);
	}
}

static void
step_is_raised_once_and_adopted(void **state)
{
	int at;

	(void)state;
	raised(100, 1, 1000);
	at = raised_at(150, 0, 100);
	assert_in_range(at, 1, 15);
	assert_int_equal(raised(150, 1, 2000), 0);
	assert_false(detector_is_beyond(&d));
	ASSERT_NEAR(detector_finding(&d).baseline, 150, 2);
}

static void
constant_series_that_moves_once_raises_once(void **state)
{
	(void)state;
	assert_int_equal(raised(100, 0, 500), 0);
	assert_int_equal(raised(200, 0, 5000), 1);
}

static void
fall_is_seen(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_in_range(raised_at(50, 0, 100), 1, 15);
	assert_true(detector_finding(&d).value < detector_finding(&d).baseline);
}

static void
leak_is_found_sooner(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_in_range(raised_at(100, 8, 100), 1, 12);
}

/* leaps_at is the number of the sample that was found sudden, or 0. */
static int
leaps_at(const double *values, int n)
{
	for (int i = 0; i < n; i++)
		if (detector_feed(&d, values[i] + noise()) == DETECTOR_RAISED ||
		    detector_leap(&d, true) == DETECTOR_RAISED)
			return i + 1;
	return 0;
}

static void
warm_up_with_leaps(void)
{
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(detector_feed(&d, 100 + noise()), DETECTOR_SAME);
		assert_int_equal(detector_leap(&d, true), DETECTOR_SAME);
	}
}

static void
what_is_far_is_sudden_at_its_third_sample(void **state)
{
	static const double step[] = { 300, 300, 300, 300 }, part[] = { 130, 300, 300, 300 },
			    pair[] = { 300, 300, 100, 100, 100, 100 };

	(void)state;
	warm_up_with_leaps();
	assert_int_equal(leaps_at(pair, 6), 0);
	assert_int_equal(leaps_at(step, 4), 3);
	setup(NULL);
	warm_up_with_leaps();
	assert_int_equal(leaps_at(part, 4), 3);
	assert_true(detector_finding(&d).score > 0.8);
}

static void
surge_is_not_sudden_unless_extreme(void **state)
{
	static const double step[] = { 250, 250, 250 }, extreme[] = { 600, 600, 600 };

	(void)state;
	warm_up_with_leaps();
	known.kinds = SURGE_KINDS;
	assert_int_equal(leaps_at(step, 3), 0);
	raised(100, 1, 300);
	assert_int_equal(leaps_at(extreme, 3), 3);
}

static void
ramp_is_sudden_before_it_is_far(void **state)
{
	static const double ramp[] = { 114, 128, 142 }, part[] = { 108, 124, 140 }, burst[] = { 125, 128, 130 };

	(void)state;
	warm_up_with_leaps();
	assert_int_equal(leaps_at(burst, 3), 0);
	setup(NULL);
	warm_up_with_leaps();
	assert_int_equal(leaps_at(ramp, 3), 3);
	setup(NULL);
	warm_up_with_leaps();
	assert_int_equal(leaps_at(part, 3), 3);
}

/* What a node is known to do is not sudden. */
static void
highest_known_is_to_be_exceeded(void **state)
{
	static const double step[] = { 300, 300, 300 };

	(void)state;
	warm_up_with_leaps();
	known.highest[1] = 20;
	assert_int_equal(leaps_at(step, 3), 0);
	raised(100, 1, 300);
	known.highest[1] = 0;
	known.highest[0] = 20;
	assert_int_equal(leaps_at((const double[]) { 900, 900, 900 }, 3), 3);
}

static void
known_otherwise_is_raised_at_once(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_int_equal(detector_raise(&d, 60), DETECTOR_RAISED);
	ASSERT_NEAR(detector_finding(&d).baseline, 60, 1e-9);
	assert_true(detector_is_beyond(&d));
}

static void
return_ends_it(void **state)
{
	enum detector_change last = DETECTOR_SAME;

	(void)state;
	raised(100, 1, 1000);
	assert_in_range(raised_at(150, 0, 30), 1, 15);
	assert_true(detector_is_beyond(&d));
	for (int i = 0; i < 10 && last != DETECTOR_ENDED; i++)
		last = detector_feed(&d, 100 + noise());
	assert_int_equal(last, DETECTOR_ENDED);
	ASSERT_NEAR(detector_finding(&d).baseline, 100, 3);
}

/* The incident is not learnt while it lasts: the same again is found again. */
static void
incident_is_not_learnt(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(raised(150, 1, 30), 1);
		assert_int_equal(raised(100, 1, 300), 0);
	}
}

static void
habit_is_known_in_the_end(void **state)
{
	unsigned last = 1;

	(void)state;
	raised(100, 1, 1000);
	for (int i = 0; i < 8; i++) {
		last = raised(150, 1, 30);
		raised(100, 1, 300);
	}
	assert_int_equal(last, 0);
}

static void
return_to_the_former_level_is_none(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_int_equal(raised(200, 1, 300), 1);
	assert_int_equal(raised(100, 1, 300), 0);
	assert_int_equal(raised(200, 1, 300), 1);
}

static void
short_bursts_are_borne_and_known(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(raised(150, 2, 10), 0);
		assert_int_equal(raised(100, 1, 60), 0);
	}
	assert_true(known.longest[1] >= 8);
	/* One that lasts is still found, later. */
	assert_in_range(raised_at(150, 0, 100), 16, 40);
}

static void
long_excursion_that_is_known_is_adopted_silently(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	known.longest[1] = DETECTOR_ADOPT;
	assert_int_equal(raised(150, 1, 400), 0);
	ASSERT_NEAR(detector_finding(&d).baseline, 150, 3);
}

static void
runaway_is_told_again_when_much_worse(void **state)
{
	unsigned count = 0;

	(void)state;
	raised(100, 1, 1000);
	for (int i = 0; i < 700; i++)
		count += detector_feed(&d, 100 + 10 * i) == DETECTOR_RAISED;
	assert_in_range(count, 2, 5);
}

static void
runaway_ends_within_bounds(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	for (int i = 0; i < 800; i++)
		detector_feed(&d, 100 + 10 * i);
	assert_int_equal(raised(8000, 1, 2000), 0);
	assert_false(detector_is_beyond(&d));
}

static void
gap_drops_the_excursion_and_keeps_the_baseline(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_int_equal(detector_interrupt(&d), DETECTOR_SAME);
	raised(150, 1, 30);
	assert_int_equal(detector_interrupt(&d), DETECTOR_ENDED);
	assert_int_equal(raised(100, 1, 100), 0);
	assert_in_range(raised_at(150, 0, 30), 1, 15);
}

static void
reboot_warms_up_again(void **state)
{
	(void)state;
	raised(100, 1, 1000);
	assert_int_equal(detector_restart(&d), DETECTOR_SAME);
	assert_int_equal(raised(20, 1, 500), 0);
}

static unsigned
raised_with(double threshold, double step)
{
	setup(NULL);
	detector_init(&d, 1e-9, 1e-9, threshold, &known);
	raised(100, 1, 1000);
	return raised(100 + step, 1, 50);
}

static void
larger_threshold_finds_no_more(void **state)
{
	static const double thresholds[] = { 0.5, 1, 2, 3, 5, 8 };

	(void)state;
	for (double step = 1; step < 20; step++) {
		unsigned before = 1;

		for (size_t i = 0; i < ARRAY_LEN(thresholds); i++) {
			unsigned now = raised_with(thresholds[i], step) > 0;

			assert_true(now <= before);
			before = now;
		}
	}
}

static void
insignificant_change_is_none(void **state)
{
	(void)state;
	raised(10, 0.001, 1000);
	assert_int_equal(raised(19, 0.001, 1000), 0);
	assert_int_equal(raised(28, 0.001, 1000), 0);
}

static void
score_and_severity_grow_with_distance(void **state)
{
	struct finding far;

	(void)state;
	raised(100, 1, 1000);
	raised(128, 1, 30);
	assert_true(detector_finding(&d).score >= 0.5 && detector_finding(&d).score < 0.6);
	assert_int_equal(detector_finding(&d).severity, SEVERITY_MEDIUM);
	setup(NULL);
	raised(100, 1, 1000);
	raised(200, 1, 30);
	far = detector_finding(&d);
	assert_true(far.score > 0.8 && far.score < 1);
	assert_int_equal(far.severity, SEVERITY_HIGH);
	ASSERT_NEAR(far.value, 200, 5);
	ASSERT_NEAR(far.baseline, 100, 5);
	assert_true(far.deviation < 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_said_while_warming_up, setup),
		cmocka_unit_test_setup(noise_raises_nothing, setup),
		cmocka_unit_test_setup(spikes_raise_nothing, setup),
		cmocka_unit_test_setup(step_is_raised_once_and_adopted, setup),
		cmocka_unit_test_setup(constant_series_that_moves_once_raises_once, setup),
		cmocka_unit_test_setup(fall_is_seen, setup),
		cmocka_unit_test_setup(leak_is_found_sooner, setup),
		cmocka_unit_test_setup(what_is_far_is_sudden_at_its_third_sample, setup),
		cmocka_unit_test_setup(surge_is_not_sudden_unless_extreme, setup),
		cmocka_unit_test_setup(ramp_is_sudden_before_it_is_far, setup),
		cmocka_unit_test_setup(highest_known_is_to_be_exceeded, setup),
		cmocka_unit_test_setup(known_otherwise_is_raised_at_once, setup),
		cmocka_unit_test_setup(return_ends_it, setup),
		cmocka_unit_test_setup(incident_is_not_learnt, setup),
		cmocka_unit_test_setup(habit_is_known_in_the_end, setup),
		cmocka_unit_test_setup(return_to_the_former_level_is_none, setup),
		cmocka_unit_test_setup(short_bursts_are_borne_and_known, setup),
		cmocka_unit_test_setup(long_excursion_that_is_known_is_adopted_silently, setup),
		cmocka_unit_test_setup(runaway_is_told_again_when_much_worse, setup),
		cmocka_unit_test_setup(runaway_ends_within_bounds, setup),
		cmocka_unit_test_setup(gap_drops_the_excursion_and_keeps_the_baseline, setup),
		cmocka_unit_test_setup(reboot_warms_up_again, setup),
		cmocka_unit_test_setup(larger_threshold_finds_no_more, setup),
		cmocka_unit_test_setup(insignificant_change_is_none, setup),
		cmocka_unit_test_setup(score_and_severity_grow_with_distance, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
