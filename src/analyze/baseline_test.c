/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/baseline.h"

#include "base/testing.h"

static void
feed(struct baseline *b, double v)
{
	baseline_learn(b, v, INFINITY, v - b->mean, INFINITY);
}

static void
starts_as_plain_mean(void **state)
{
	struct baseline b = { 0 };

	(void)state;
	assert_true(baseline_deviation(&b) == 0);
	for (int i = 1; i <= 5; i++)
		feed(&b, i);
	ASSERT_NEAR(b.mean, 3, 1e-12);
}

/* mean += 0.1 (value - mean): the seed's. */
static void
mean_is_the_seeds(void **state)
{
	struct baseline b = { .count = 100, .mean = 50 };

	(void)state;
	feed(&b, 80);
	ASSERT_NEAR(b.mean, 53, 1e-12);
	feed(&b, 80);
	ASSERT_NEAR(b.mean, 55.7, 1e-12);
}

static void
deviation_converges(void **state)
{
	struct baseline b = { 0 };

	(void)state;
	for (int i = 0; i < 2000; i++)
		feed(&b, i % 2 ? 12 : 8);
	ASSERT_NEAR(b.mean, 10, 0.2);
	ASSERT_NEAR(baseline_deviation(&b), 2.1, 0.1);
}

static void
one_wild_value_moves_little(void **state)
{
	struct baseline b = { .count = 100, .mean = 10, .variance = 1 };

	(void)state;
	baseline_learn(&b, 1e9, 4, 1e9, 2);
	ASSERT_NEAR(b.mean, 10.4, 1e-12);
	ASSERT_NEAR(b.variance, 1.06, 1e-12);
}

static void
constant_series_has_no_deviation(void **state)
{
	struct baseline b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		feed(&b, 0.1);
	assert_true(baseline_deviation(&b) < 1e-12);
	ASSERT_NEAR(b.mean, 0.1, 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_as_plain_mean),
		cmocka_unit_test(mean_is_the_seeds),
		cmocka_unit_test(deviation_converges),
		cmocka_unit_test(one_wild_value_moves_little),
		cmocka_unit_test(constant_series_has_no_deviation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
