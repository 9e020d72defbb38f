/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/series_detector.h"

#include <string.h>

#include "base/testing.h"

#define INTERVAL_MS 5000

/* noise is the same series for each seed: -1 to 1. */
static double
noise(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (double)(*seed >> 8) / (1 << 23) - 1;
}

static unsigned
feed_level(struct series_detector *d, int samples, double level)
{
	unsigned reports = 0;

	for (int i = 0; i < samples; i++)
		reports += series_detector_feed(d, (int64_t)i * INTERVAL_MS, level).reported;
	return reports;
}

static unsigned
feed_noise(struct series_detector *d, int samples, double level, uint32_t *seed)
{
	unsigned reports = 0;

	for (int i = 0; i < samples; i++)
		reports += series_detector_feed(d, (int64_t)i * INTERVAL_MS, level + noise(seed)).reported;
	return reports;
}

static void
flat_line_is_nothing(void **state)
{
	struct series_detector d;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	assert_int_equal(feed_level(&d, 5000, 42), 0);
}

static void
flat_line_that_moves_is_one_report(void **state)
{
	struct series_detector d;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	feed_level(&d, 1000, 42);
	assert_int_equal(feed_level(&d, 1000, 43), 1);
}

/* Also early on, when the silence after a report is short. */
static void
young_flat_line_that_moves_is_one_report(void **state)
{
	(void)state;
	for (int samples = SERIES_WARM_UP + 1; samples < 900; samples += 7) {
		struct series_detector d;

		series_detector_init(&d, ANOMALY_THRESHOLD);
		feed_level(&d, samples, 42);
		assert_int_equal(feed_level(&d, 300, 50), 1);
	}
}

static void
level_that_stays_is_the_usual_one(void **state)
{
	struct series_detector d;
	uint32_t seed = 1;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	feed_noise(&d, 2000, 100, &seed);
	assert_int_equal(feed_noise(&d, 100, 130, &seed), 1);
	assert_int_equal(feed_noise(&d, 2000, 130, &seed), 0);
}

static void
spike_in_noise_is_one_report(void **state)
{
	struct series_detector d;
	uint32_t seed = 1;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	feed_noise(&d, 2000, 100, &seed);
	assert_true(series_detector_feed(&d, 0, 120).reported);
	assert_int_equal(feed_noise(&d, 500, 100, &seed), 0);
}

static void
nothing_is_said_while_it_warms_up(void **state)
{
	struct series_detector d;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	for (int i = 0; i < SERIES_WARM_UP; i++)
		assert_true(series_detector_feed(&d, 0, i % 17 == 0 ? 1e6 : i).score == 0);
}

/* An order that never came is found, though each value and each step is usual. */
static void
novel_shape_is_reported(void **state)
{
	static const double usual[] = { 0, 10, 0, 0 }, novel[] = { 10, 10, 10, 10 };
	struct series_detector d;
	unsigned reports = 0;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	for (int i = 0; i < 2000; i++)
		assert_false(series_detector_feed(&d, 0, usual[i % 4]).reported);
	for (int i = 0; i < 4; i++)
		reports += series_detector_feed(&d, 0, novel[i]).reported;
	assert_int_equal(reports, 1);
}

static void
gap_is_no_step(void **state)
{
	struct series_detector d;
	uint32_t seed = 1;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	feed_noise(&d, 2000, 100, &seed);
	series_detector_gap(&d);
	assert_false(series_detector_feed(&d, 0, 200).reported);
}

/* Many gaps are many times the same warm-up of the windows, and nothing else. */
static void
gaps_are_never_reported(void **state)
{
	struct series_detector d;
	uint32_t seed = 1;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	feed_noise(&d, 2000, 100, &seed);
	for (int i = 1; i <= 200; i++) {
		series_detector_gap(&d);
		assert_int_equal(feed_noise(&d, i % 3 + 1, 100 + i * 50, &seed), 0);
	}
}

/* feed_week of samples every five minutes, with a spike at one hour: was it reported? */
static bool
feed_week(struct series_detector *d, int week, uint32_t *seed)
{
	bool spike = false;

	for (int i = 0; i < 2016; i++) {
		bool now = i == 1005, reported;

		reported =
		    series_detector_feed(d, (week * INT64_C(2016) + i) * 300000, noise(seed) + (now ? 50 : 0)).reported;
		spike |= now && reported;
	}
	return spike;
}

static void
what_comes_each_week_is_known(void **state)
{
	struct series_detector d;
	uint32_t seed = 1;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	for (int week = 0; week < 2; week++)
		feed_week(&d, week, &seed);
	for (int week = 2; week < 8; week++)
		assert_false(feed_week(&d, week, &seed));
}

static struct series_verdict
feed_scaled(struct series_detector *d, int i, double value, double factor)
{
	return series_detector_feed(d, i * INTERVAL_MS, value * factor);
}

/* By other factors than powers of two values are rounded, so scores differ in the last digits. */
static void
any_scale_changes_next_to_nothing(void **state)
{
	static const double factors[] = { 1e-9, 1 / 3.0, 1000, 1e12, -1, -7e100 };

	(void)state;
	for (unsigned k = 0; k < sizeof(factors) / sizeof(factors[0]); k++) {
		struct series_detector a, b;
		uint32_t seed = 7;

		series_detector_init(&a, ANOMALY_THRESHOLD);
		series_detector_init(&b, ANOMALY_THRESHOLD);
		for (int i = 0; i < 3000; i++) {
			double value = 50 + noise(&seed) * (i % 700 == 0 ? 40 : 1);
			struct series_verdict x = feed_scaled(&a, i, value, 1),
					      y = feed_scaled(&b, i, value, factors[k]);

			ASSERT_NEAR(x.score, y.score, 1e-3);
			assert_int_equal(x.reported, y.reported);
		}
	}
}

/* A power of two is exact, so the verdicts must be the same bit by bit. */
static void
scale_changes_nothing(void **state)
{
	struct series_detector a, b;
	uint32_t seed = 7;

	(void)state;
	series_detector_init(&a, ANOMALY_THRESHOLD);
	series_detector_init(&b, ANOMALY_THRESHOLD);
	for (int i = 0; i < 5000; i++) {
		double value = 50 + noise(&seed) * (i % 700 == 0 ? 40 : 1);
		struct series_verdict x = series_detector_feed(&a, 0, value),
				      y = series_detector_feed(&b, 0, value * 0x1p200);

		assert_true(x.score == y.score);
		assert_int_equal(x.reported, y.reported);
	}
}

static void
any_finite_value_is_taken(void **state)
{
	static const double odd[] = { 1e300, -1e300, 1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -5e-324,
		0, -0.0, 1 };
	struct series_detector d;
	uint32_t seed = 3;

	(void)state;
	series_detector_init(&d, ANOMALY_THRESHOLD);
	for (int i = 0; i < 20000; i++) {
		double value = odd[(unsigned)((noise(&seed) + 1) * 4.5) % 9];
		double score = series_detector_feed(&d, i % 3 ? INT64_MAX : INT64_MIN, value).score;

		assert_true(score >= 0 && score <= 1);
	}
}

static unsigned
reports_at(double threshold)
{
	struct series_detector d;
	uint32_t seed = 11;
	unsigned reports = 0;

	series_detector_init(&d, threshold);
	for (int i = 0; i < 20000; i++) {
		double spread = (seed >> 16) % 97 == 0 ? 5 : 1;

		reports += series_detector_feed(&d, 0, spread * noise(&seed)).reported;
	}
	return reports;
}

static void
larger_threshold_never_reports_more(void **state)
{
	unsigned last = UINT32_MAX;

	(void)state;
	for (double threshold = 0.25; threshold < 20; threshold *= 1.1) {
		unsigned now = reports_at(threshold);

		assert_true(now <= last);
		last = now;
	}
	assert_true(reports_at(0.5) > 0);
	assert_int_equal(last, 0);
}

static void
same_samples_same_verdicts(void **state)
{
	struct series_detector a, b;
	uint32_t seed = 5;

	(void)state;
	/* What lay in the memory before must not matter. */
	memset(&a, 0x55, sizeof(a));
	memset(&b, 0xaa, sizeof(b));
	series_detector_init(&a, ANOMALY_THRESHOLD);
	series_detector_init(&b, ANOMALY_THRESHOLD);
	for (int i = 0; i < 5000; i++) {
		double value = noise(&seed);

		series_detector_feed(&a, i, value);
		series_detector_feed(&b, i, value);
	}
	assert_memory_equal(&a, &b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_line_is_nothing),
		cmocka_unit_test(flat_line_that_moves_is_one_report),
		cmocka_unit_test(young_flat_line_that_moves_is_one_report),
		cmocka_unit_test(level_that_stays_is_the_usual_one),
		cmocka_unit_test(spike_in_noise_is_one_report),
		cmocka_unit_test(nothing_is_said_while_it_warms_up),
		cmocka_unit_test(novel_shape_is_reported),
		cmocka_unit_test(gap_is_no_step),
		cmocka_unit_test(gaps_are_never_reported),
		cmocka_unit_test(what_comes_each_week_is_known),
		cmocka_unit_test(any_scale_changes_next_to_nothing),
		cmocka_unit_test(scale_changes_nothing),
		cmocka_unit_test(any_finite_value_is_taken),
		cmocka_unit_test(larger_threshold_never_reports_more),
		cmocka_unit_test(same_samples_same_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
