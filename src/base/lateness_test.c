/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lateness.h"

#include "base/testing.h"

#define SECOND 1000000

static void
a_punctual_timer_is_not_late(void **state)
{
	struct lateness l;

	(void)state;
	lateness_init(&l, SECOND);
	for (int64_t i = 1; i < 200; i++)
		lateness_ring(&l, i * SECOND);
	assert_int_equal(lateness_recent(&l), 0);
	assert_int_equal(l.worst_us, 0);
}

static void
a_late_ring_is_told_for_a_minute_and_kept_as_the_worst(void **state)
{
	struct lateness l;
	int64_t now = SECOND;

	(void)state;
	lateness_init(&l, SECOND);
	lateness_ring(&l, now);
	lateness_ring(&l, now += SECOND + 70000);
	lateness_ring(&l, now += SECOND - 70000); /* the next one is sooner */
	assert_int_equal(lateness_recent(&l), 70000);
	for (int i = 0; i < LATENESS_KEPT; i++)
		lateness_ring(&l, now += SECOND + 5);
	assert_int_equal(lateness_recent(&l), 5);
	assert_int_equal(l.worst_us, 70000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_punctual_timer_is_not_late),
		cmocka_unit_test(a_late_ring_is_told_for_a_minute_and_kept_as_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
