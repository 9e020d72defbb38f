/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/quantile.h"

#include <string.h>

#include "analyze/chance.h"
#include "base/testing.h"

static void
test_quantiles_lie_between_neighbours(void **state)
{
	double v[] = { 4, 1, 3, 2, 5 };

	(void)state;
	ASSERT_NEAR(quantile(v, 5, 0), 1, 0);
	ASSERT_NEAR(quantile_of_sorted(v, 5, 1), 5, 0);
	ASSERT_NEAR(quantile_of_sorted(v, 5, 0.5), 3, 0);
	ASSERT_NEAR(quantile_of_sorted(v, 5, 0.1), 1.4, 1e-12);
	ASSERT_NEAR(quantile_of_sorted(v, 1, 0.7), 1, 0);
}

static void
test_infinite_ones_are_kept(void **state)
{
	double v[] = { INFINITY, 1, INFINITY, 2 };

	(void)state;
	ASSERT_NEAR(quantile(v, 4, 0), 1, 0);
	assert_true(isinf(quantile_of_sorted(v, 4, 0.5)));
	assert_true(isinf(quantile_of_sorted(v, 4, 1)));
	assert_false(isnan(quantile_of_sorted(v, 4, 0.9)));
}

static void
test_the_median_is_the_middle_of_any_numbers(void **state)
{
	struct chance c = { 7 };
	double v[101], sorted[101];

	(void)state;
	for (size_t n = 1; n <= 101; n++)
		for (size_t few = 1; few <= 100; few *= 10) {
			for (size_t i = 0; i < n; i++)
				v[i] = (double)chance_below(&c, few);
			memcpy(sorted, v, sizeof(v));
			ASSERT_NEAR(median_of(v, n), quantile(sorted, n, 0.5), 0);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles_lie_between_neighbours),
		cmocka_unit_test(test_infinite_ones_are_kept),
		cmocka_unit_test(test_the_median_is_the_middle_of_any_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
