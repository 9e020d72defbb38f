/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/rhythm.h"

#include "analyze/chance.h"
#include "base/testing.h"

#define CYCLE 12
#define N 60

static void
fill(double *v, double height, double noise, double slope)
{
	struct chance c = { 4 };

	for (size_t i = 0; i < N; i++)
		v[i] = slope * (double)i + (i % CYCLE == 3 ? height : 0) + noise * chance_normal(&c);
}

static void
test_a_rhythm_is_found_around_a_line(void **state)
{
	struct rhythm r;
	double v[N];

	(void)state;
	fill(v, 20, 1, 0.5);
	assert_true(rhythm_find(v, N, CYCLE, 0.5, &r));
	assert_int_equal(r.count, CYCLE);
	for (size_t i = 0; i < CYCLE; i++)
		ASSERT_NEAR(r.at[i], i == 3 ? 20 : 0, 2);
}

static void
test_noise_has_none(void **state)
{
	struct rhythm r;
	double v[N];

	(void)state;
	fill(v, 0, 1, 0.5);
	assert_false(rhythm_find(v, N, CYCLE, 0.5, &r));
	fill(v, 0, 0, 0);
	assert_false(rhythm_find(v, N, CYCLE, 0, &r));
}

static void
test_a_gap_hides_no_rhythm_but_a_place_that_is_never_known_does(void **state)
{
	struct rhythm r;
	double v[N];

	(void)state;
	fill(v, 20, 1, 0);
	for (size_t i = 14; i < 30; i++)
		v[i] = NAN;
	assert_true(rhythm_find(v, N, CYCLE, 0, &r));
	for (size_t i = 5; i < N; i += CYCLE)
		v[i] = NAN;
	assert_false(rhythm_find(v, N, CYCLE, 0, &r));
}

static void
test_less_than_two_cycles_are_too_few(void **state)
{
	struct rhythm r;
	double v[N];

	(void)state;
	fill(v, 20, 0, 0);
	assert_false(rhythm_find(v, 2 * CYCLE - 1, CYCLE, 0, &r));
	assert_true(rhythm_find(v, 2 * CYCLE, CYCLE, 0, &r));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rhythm_is_found_around_a_line),
		cmocka_unit_test(test_noise_has_none),
		cmocka_unit_test(test_a_gap_hides_no_rhythm_but_a_place_that_is_never_known_does),
		cmocka_unit_test(test_less_than_two_cycles_are_too_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
