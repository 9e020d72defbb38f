/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/ceiling.h"

#include "base/testing.h"

#define WARM (CEILING_LONG_BLOCK * CEILING_LONG_RANK)

static void
learn_many(struct ceiling *c, int samples, double evidence)
{
	for (int i = 0; i < samples; i++)
		ceiling_learn(c, evidence);
}

static void
nothing_is_known_at_first(void **state)
{
	struct ceiling c = { 0 };

	(void)state;
	learn_many(&c, CEILING_SHORT_BLOCK * CEILING_SHORT_RANK - 1, 1);
	assert_true(ceiling_ratio(&c, 1e9) == 0);
	/* The short blocks' ceiling first: half of the mean of both. */
	learn_many(&c, 1, 1);
	assert_true(ceiling_ratio(&c, 1e9) == CEILING_MOST / 2);
	assert_true(ceiling_level(&c) == 0);
	learn_many(&c, WARM - CEILING_SHORT_BLOCK * CEILING_SHORT_RANK, 1);
	assert_true(ceiling_ratio(&c, 1e9) == CEILING_MOST);
	assert_true(ceiling_level(&c) > 0.8);
}

static void
what_is_usual_has_a_ratio_of_one(void **state)
{
	struct ceiling c = { 0 };

	(void)state;
	learn_many(&c, 5000, 3);
	/* All maxima are the same, but for what they faded in k blocks. */
	ASSERT_NEAR(ceiling_ratio(&c, 3), 1.1, 0.1);
	ASSERT_NEAR(ceiling_ratio(&c, 6), 2 * ceiling_ratio(&c, 3), 1e-12);
}

/* k - 1 blocks with incidents do not move it. */
static void
a_few_incidents_do_not_move_it(void **state)
{
	struct ceiling c = { 0 };
	double before;

	(void)state;
	learn_many(&c, 5000, 1);
	before = ceiling_level(&c);
	for (int i = 0; i < CEILING_LONG_RANK - 1; i++) {
		learn_many(&c, CEILING_LONG_BLOCK - 1, 1);
		ceiling_learn(&c, 1000);
	}
	assert_true(ceiling_level(&c) <= before);
	learn_many(&c, CEILING_LONG_BLOCK, 1000);
	assert_true(ceiling_level(&c) > 100 * before);
}

static void
what_does_not_come_again_fades(void **state)
{
	struct ceiling c = { 0 };
	double high;

	(void)state;
	learn_many(&c, WARM, 1000);
	high = ceiling_level(&c);
	learn_many(&c, 2000, 0);
	ASSERT_NEAR(ceiling_level(&c) / high, exp(-0.0005 * 2000), 0.01);
}

static void
where_nothing_ever_came_anything_is_most(void **state)
{
	struct ceiling c = { 0 };

	(void)state;
	learn_many(&c, WARM, 0);
	assert_true(ceiling_ratio(&c, 0) == 0);
	assert_true(ceiling_ratio(&c, 5e-324) == CEILING_MOST);
	assert_true(ceiling_ratio(&c, 1e300) == CEILING_MOST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(what_is_usual_has_a_ratio_of_one),
		cmocka_unit_test(a_few_incidents_do_not_move_it),
		cmocka_unit_test(what_does_not_come_again_fades),
		cmocka_unit_test(where_nothing_ever_came_anything_is_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
