/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/odds.h"

#include <math.h>

#include "base/testing.h"

static void
the_tail_is_that_of_poisson(void **state)
{
	double e1 = exp(-1.0);

	(void)state;
	ASSERT_NEAR(odds_log_tail(2, 1), log(1 - 2 * e1), 1e-9);
	ASSERT_NEAR(odds_log_tail(3, 1), log(1 - 2.5 * e1), 1e-9);
	/* Far out it is nearly the first term. */
	ASSERT_NEAR(odds_log_tail(4, 0.001), 4 * log(0.001) - 0.001 - log(24) + log(1 + 0.001 / 5), 1e-7);
	assert_true(odds_log_tail(0, 0) == 0);
	assert_true(odds_log_tail(5, 5) == 0);
	assert_true(odds_log_tail(5, 7) == 0);
	assert_true(isinf(odds_log_tail(1, 0)));
	assert_true(odds_log_tail(1000000, 1000) < -1e6);
}

static void
confidence_rises_with_evidence(void **state)
{
	double before = -1;

	(void)state;
	assert_true(odds_confidence(0) == 0);
	assert_true(odds_confidence(-1) == 0);
	for (double log_p = -1.01; log_p > -100; log_p *= 1.5) {
		double c = odds_confidence(log_p);

		assert_true(c == 1 || (c > before && c < 1));
		before = c;
	}
	/* The table of Sellke, Bayarri and Berger: p = 0.05 leaves a probability of 0.289 for chance, p = 0.01 one of 0.111. */
	ASSERT_NEAR(odds_confidence(log(0.05)), 1 - 0.289, 0.001);
	ASSERT_NEAR(odds_confidence(log(0.01)), 1 - 0.111, 0.001);
	assert_true(odds_confidence(-INFINITY) == 1);
}

static void
belief_is_a_likelihood_ratio_s(void **state)
{
	(void)state;
	ASSERT_NEAR(odds_belief(0), 0.5, 1e-12);
	ASSERT_NEAR(odds_belief(log(19)), 0.95, 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tail_is_that_of_poisson),
		cmocka_unit_test(confidence_rises_with_evidence),
		cmocka_unit_test(belief_is_a_likelihood_ratio_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
