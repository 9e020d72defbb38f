/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "beam/clock_offset.h"

static void
takes_the_quickest_message(void **state)
{
	static const int64_t delays[] = { 40, 3, 900, 12 };
	struct clock_offset c = { .count = 0 };

	(void)state;
	assert_int_equal(clock_offset_apply(&c, 123, 1000), 1000);
	/* the node's clock is 5000 behind */
	for (int i = 0; i < 4; i++)
		clock_offset_add(&c, 1000 * i, 1000 * i + 5000 + delays[i]);
	assert_int_equal(clock_offset_apply(&c, 3000, 9000), 8003);
	/* never in the future */
	assert_int_equal(clock_offset_apply(&c, 3000, 8001), 8001);
}

static void
follows_a_clock_that_was_set(void **state)
{
	struct clock_offset c = { .count = 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		clock_offset_add(&c, 1000 * i, 1000 * i);
	/* forward by an hour: at once */
	clock_offset_add(&c, 100000 + 3600000, 100000);
	assert_int_equal(clock_offset_apply(&c, 100000 + 3600000, 100000), 100000);
	/* back again: after a few */
	for (int i = 101; i < 101 + 8; i++)
		clock_offset_add(&c, 1000 * i, 1000 * i);
	assert_int_equal(clock_offset_apply(&c, 108000, 108000), 108000);
}

static void
ignores_absurd_times(void **state)
{
	struct clock_offset c = { .count = 0 };

	(void)state;
	clock_offset_add(&c, INT64_MIN, 1000);
	clock_offset_add(&c, INT64_MAX, 1000);
	assert_int_equal(c.count, 0);
	clock_offset_add(&c, 0, 1000);
	assert_int_equal(clock_offset_apply(&c, INT64_MIN, 2000), 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_quickest_message),
		cmocka_unit_test(follows_a_clock_that_was_set),
		cmocka_unit_test(ignores_absurd_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
