/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/trend.h"

#include "base/testing.h"

#define N TREND_VALUES

/* noise_fill makes a line with AR(1) noise around it; memory 1: a random walk. */
static void
noise_fill(double *v, size_t n, double slope, double memory, struct chance *c)
{
	double around = memory < 1 ? chance_normal(c) / sqrt(1 - memory * memory) : 0;

	for (size_t i = 0; i < n; i++) {
		around = memory * around + chance_normal(c);
		v[i] = 100 + slope * (double)i + around;
	}
}

static void
test_a_line_is_exact(void **state)
{
	struct trend t;
	double v[N];

	(void)state;
	for (size_t i = 0; i < N; i++)
		v[i] = 5 + 2 * (double)i;
	v[3] = v[40] = NAN;
	assert_true(trend_fit(v, N, TREND_LINE, 0, &t));
	assert_int_equal(t.count, N - 2);
	ASSERT_NEAR(t.slope, 2, 1e-9);
	ASSERT_NEAR(t.error, 0, 1e-6);
	ASSERT_NEAR(trend_at(&t, t.term, 0), v[N - 1], 1e-6);
	ASSERT_NEAR(trend_at(&t, t.term, 10), v[N - 1] + 20, 1e-6);
}

static void
test_a_constant_has_no_trend(void **state)
{
	struct trend t;
	double v[TREND_LEAST];

	(void)state;
	for (size_t i = 0; i < TREND_LEAST; i++)
		v[i] = 42;
	assert_true(trend_fit(v, TREND_LEAST, TREND_LINE, 0, &t));
	ASSERT_NEAR(trend_strength(&t), 0, 0);
}

static void
test_too_little_is_known(void **state)
{
	struct trend t;
	double v[TREND_LEAST + 1];

	(void)state;
	for (size_t i = 0; i <= TREND_LEAST; i++)
		v[i] = (double)i;
	assert_false(trend_fit(v, TREND_LEAST - 1, TREND_LINE, 0, &t));
	v[1] = v[2] = NAN;
	assert_false(trend_fit(v, TREND_LEAST + 1, TREND_LINE, 0, &t));
	v[1] = v[2] = 1;
	v[TREND_LEAST] = NAN;
	assert_false(trend_fit(v, TREND_LEAST + 1, TREND_LINE, 0, &t));
	v[TREND_LEAST] = INFINITY;
	assert_false(trend_fit(v, TREND_LEAST + 1, TREND_LINE, 0, &t));
}

static void
test_outliers_do_not_bend_it(void **state)
{
	struct chance c = { 3 };
	struct trend t;
	double v[N];

	(void)state;
	noise_fill(v, N, 0.5, 0, &c);
	v[90] += 1e6;
	v[5] -= 1e6;
	assert_true(trend_fit(v, N, TREND_LINE, 0, &t));
	ASSERT_NEAR(t.slope, 0.5, 0.02);
	assert_true(t.cut[90] > 9e5 && t.cut[5] < -9e5);
	ASSERT_NEAR(t.cut[50], 0, 5);
}

/* strong counts series in which a slope of 0 seems to be one, at three standard errors. */
static unsigned
count_strong(double memory, size_t n, double wave)
{
	struct chance c = { 11 };
	unsigned strong = 0;

	for (int i = 0; i < 400; i++) {
		struct trend t;
		double v[N];

		noise_fill(v, n, 0, memory, &c);
		strong +=
		    trend_fit(v, n, wave > 0 ? TREND_WAVE : TREND_LINE, wave, &t) && fabs(trend_strength(&t)) >= 3;
	}
	return strong;
}

static void
test_noise_of_any_memory_is_no_trend(void **state)
{
	(void)state;
	assert_in_range(count_strong(0, N, 0), 0, 8);
	assert_in_range(count_strong(0.8, N, 0), 0, 8);
	assert_in_range(count_strong(0.97, N, 0), 0, 20);
	assert_in_range(count_strong(1, N, 0), 0, 12);
	assert_in_range(count_strong(1, 24, 0), 0, 16);
	assert_in_range(count_strong(1, 48, 48), 0, 16);
}

static void
test_memory_is_seen(void **state)
{
	struct chance c = { 5 };
	struct trend t;
	double v[N];
	unsigned walks = 0;

	(void)state;
	noise_fill(v, N, 0.1, 0, &c);
	assert_true(trend_fit(v, N, TREND_LINE, 0, &t));
	assert_true(t.memory < 0.4);
	for (int i = 0; i < 100; i++) {
		noise_fill(v, N, 0.1, 1, &c);
		assert_true(trend_fit(v, N, TREND_LINE, 0, &t));
		walks += t.memory == 1;
	}
	assert_in_range(walks, 85, 100);
}

/* The rising part of a wave, which looks like growth. */
static void
test_a_wave_is_no_growth(void **state)
{
	struct chance c = { 8 };
	struct trend line, both;
	double v[48];

	(void)state;
	for (size_t i = 0; i < 48; i++)
		v[i] = 50 * sin(6.283185307179586 * ((double)i - 24) / 96) + chance_normal(&c);
	assert_true(trend_fit(v, 48, TREND_LINE, 0, &line));
	assert_true(trend_strength(&line) > 3);
	assert_true(trend_fit(v, 48, TREND_WAVE, 96, &both));
	assert_true(fabs(trend_strength(&both)) < 3);
	ASSERT_NEAR(trend_at(&both, both.term, 0), v[47], 3);
}

static void
test_a_bend_is_told_by_its_last_slope(void **state)
{
	struct chance c = { 10 };
	struct trend line, bend;
	double v[N], term[TREND_TERMS];

	(void)state;
	for (size_t i = 0; i < N; i++)
		v[i] = 0.01 * (double)(i * i) + 0.1 * chance_normal(&c);
	assert_true(trend_fit(v, N, TREND_LINE, 0, &line));
	assert_true(trend_fit(v, N, TREND_BEND, 0, &bend));
	ASSERT_NEAR(line.slope, 0.95, 0.1);
	ASSERT_NEAR(bend.slope, 1.9, 0.02);
	assert_true(trend_bend_strength(&bend) > 20);
	ASSERT_NEAR(trend_bend_strength(&line), 0, 0);
	/* How far it goes on is not known: between a line and a bit more than a parabola. */
	for (int i = 0; i < 100; i++) {
		trend_draw(&bend, &c, term);
		assert_in_range(trend_at(&bend, term, 20) - v[N - 1], 37, 45);
	}
}

static void
test_draws_are_around_the_estimate(void **state)
{
	struct chance c = { 9 };
	struct trend t;
	double v[N], term[TREND_TERMS], sum = 0, squares = 0;

	(void)state;
	noise_fill(v, N, 0.2, 0, &c);
	assert_true(trend_fit(v, N, TREND_LINE, 0, &t));
	for (int i = 0; i < 4000; i++) {
		trend_draw(&t, &c, term);
		sum += term[1] - t.slope;
		squares += (term[1] - t.slope) * (term[1] - t.slope);
	}
	ASSERT_NEAR(sum / 4000, 0, t.error / 10);
	ASSERT_NEAR(sqrt(squares / 4000), t.error, t.error / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_exact),
		cmocka_unit_test(test_a_constant_has_no_trend),
		cmocka_unit_test(test_too_little_is_known),
		cmocka_unit_test(test_outliers_do_not_bend_it),
		cmocka_unit_test(test_noise_of_any_memory_is_no_trend),
		cmocka_unit_test(test_memory_is_seen),
		cmocka_unit_test(test_a_wave_is_no_growth),
		cmocka_unit_test(test_a_bend_is_told_by_its_last_slope),
		cmocka_unit_test(test_draws_are_around_the_estimate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
