/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/passage.h"

#include "base/testing.h"

#define N 48

/* A line that is at 100 at the last place and grows by 1. */
static void
line(struct trend *t, double noise, uint64_t seed)
{
	struct chance c = { seed };
	double v[N];

	for (size_t i = 0; i < N; i++)
		v[i] = 100 - (double)(N - 1 - i) + noise * chance_normal(&c);
	assert_true(trend_fit(v, N, TREND_LINE, 0, t));
}

static void
test_a_line_arrives_in_time(void **state)
{
	struct trend t;
	struct passage_question q = { .trend = &t, .limit = 150, .horizon = 100, .seed = 1 };
	struct passage p;

	(void)state;
	line(&t, 0, 1);
	passage_find(&q, 0.8, &p);
	assert_true(p.low >= 49 && p.low <= p.middle && p.middle <= p.high && p.high <= 51);
	ASSERT_NEAR(p.reached, 1, 0);
}

static void
test_what_is_beyond_the_horizon_has_no_time(void **state)
{
	struct trend t;
	struct passage_question q = { .trend = &t, .limit = 250, .horizon = 100, .seed = 1 };
	struct passage p;

	(void)state;
	line(&t, 0, 1);
	passage_find(&q, 0.8, &p);
	assert_true(isinf(p.low) && isinf(p.middle) && isinf(p.high));
	ASSERT_NEAR(p.reached, 0, 0);
}

static void
test_peaks_and_rhythm_come_on_top(void **state)
{
	static const double peaks[N] = { 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20 };
	static const double rhythm[10] = { 0, 0, 0, 0, 0, 0, 0, 30, 0, 0 };
	struct trend t;
	struct passage_question q = { .trend = &t, .limit = 150, .horizon = 100, .seed = 1 };
	struct passage p;

	(void)state;
	line(&t, 0, 1);
	q.peaks = peaks;
	q.peak_count = 13;
	passage_find(&q, 0.8, &p);
	assert_true(p.low >= 28 && p.high <= 31);
	q.peak_count = 0;
	q.rhythm = rhythm;
	q.rhythm_count = 10;
	passage_find(&q, 0.8, &p);
	assert_true(p.low >= 26 && p.high <= 27);
}

static void
test_more_noise_is_a_wider_interval(void **state)
{
	struct trend calm, noisy;
	struct passage_question q = { .trend = &calm, .limit = 150, .horizon = 200, .seed = 1 };
	struct passage narrow, wide, again;

	(void)state;
	line(&calm, 0.5, 2);
	line(&noisy, 5, 2);
	passage_find(&q, 0.8, &narrow);
	q.trend = &noisy;
	passage_find(&q, 0.8, &wide);
	assert_true(wide.high - wide.low > 3 * (narrow.high - narrow.low));
	passage_find(&q, 0.8, &again);
	ASSERT_NEAR(again.low, wide.low, 0);
	ASSERT_NEAR(again.high, wide.high, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_arrives_in_time),
		cmocka_unit_test(test_what_is_beyond_the_horizon_has_no_time),
		cmocka_unit_test(test_peaks_and_rhythm_come_on_top),
		cmocka_unit_test(test_more_noise_is_a_wider_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
