/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/unit.h"

#include "base/testing.h"

static void
first_value_is_the_origin(void **state)
{
	struct unit u = { 0 };

	(void)state;
	assert_true(unit_of(&u, 7e9) == 0);
	assert_true(unit_of(&u, 7e9) == 0);
	assert_true(unit_of(&u, 7e9 + 24) == 1.5F);
	assert_true(unit_of(&u, 7e9 - 48) == -3);
	assert_true(unit_of(&u, 7e9) == 0);
}

static void
scale_does_not_matter(void **state)
{
	static const double values[] = { 3, 4.7, -100, 1e7, 3.0001 };
	struct unit small = { 0 }, large = { 0 };

	(void)state;
	for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_true(unit_of(&small, values[i] * 0x1p-500) == unit_of(&large, values[i] * 0x1p500));
}

static void
all_sizes_stay_within_the_range(void **state)
{
	struct unit tiny = { 0 }, huge = { 0 };

	(void)state;
	unit_of(&tiny, 0);
	assert_true(unit_of(&tiny, 5e-324) > 0);
	assert_true(unit_of(&tiny, 1e300) == UNIT_RANGE);
	assert_true(unit_of(&tiny, -1e300) == -UNIT_RANGE);
	unit_of(&huge, -1e300);
	assert_true(unit_of(&huge, 1e300) >= 1 && unit_of(&huge, 1e300) < 2);
	assert_true(unit_of(&huge, 0) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_value_is_the_origin),
		cmocka_unit_test(scale_does_not_matter),
		cmocka_unit_test(all_sizes_stay_within_the_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
