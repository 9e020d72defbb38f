/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/budget.h"

#include <string.h>

#include "base/testing.h"

#define T0 INT64_C(1700000000000)

static struct supervisor_facts
facts(uint32_t intensity, int64_t period_s, int64_t time_ms, uint32_t used, int64_t age_ms)
{
	struct supervisor_facts f = {
		.time_ms = time_ms, .known = true, .intensity = intensity, .period_ms = period_s * 1000, .used = used
	};

	for (uint32_t i = 0; i < used && i < SUPERVISOR_AGES_MAX; i++)
		f.ages_ms[f.age_count++] = age_ms * (i + 1);
	return f;
}

static void
restarts_count_for_their_period(void **state)
{
	struct supervisor_facts f = facts(3, 5, T0, 1, 0);
	struct budget b = { 0 };

	(void)state;
	budget_spend(&b, T0, 5); /* of an unknown budget nothing is kept */
	budget_learn(&b, &f);
	assert_int_equal(budget_used(&b, T0), 1);
	assert_int_equal(budget_left(&b, T0), 2);
	budget_spend(&b, T0 + 2000, 2);
	assert_int_equal(budget_left(&b, T0 + 2000), 0);
	/* Both ends are in the period. */
	assert_int_equal(budget_used(&b, T0 + 5000), 3);
	assert_int_equal(budget_used(&b, T0 + 6000), 2);
	assert_int_equal(budget_used(&b, T0 + 8000), 0);
	budget_release(&b);
}

static void
what_was_seen_is_not_added_again(void **state)
{
	struct supervisor_facts f = facts(10, 60, T0, 1, 0);
	struct budget b = { 0 };

	(void)state;
	budget_learn(&b, &f);
	budget_spend(&b, T0 + 1000, 2);
	f = facts(10, 60, T0 + 1000, 3, 0);
	budget_learn(&b, &f);
	assert_int_equal(budget_used(&b, T0 + 1000), 3);
	/* Two more were not seen; the oldest of the list, 50 s ago, leave the period first. */
	f = facts(10, 60, T0 + 1000, 5, 10000);
	budget_learn(&b, &f);
	assert_int_equal(budget_used(&b, T0 + 1000), 5);
	assert_int_equal(budget_used(&b, T0 + 13000), 4);
	assert_int_equal(budget_used(&b, T0 + 23000), 3);
	budget_release(&b);
}

static void
renewed_and_changed_ones_begin_anew(void **state)
{
	struct supervisor_facts f = facts(3, 5, T0, 3, 0);
	struct budget b = { 0 };

	(void)state;
	budget_renew(&b);
	budget_learn(&b, &f);
	budget_renew(&b);
	assert_true(b.known);
	assert_int_equal(budget_left(&b, T0), 3);
	f = facts(4, 5, T0, 1, 0);
	budget_learn(&b, &f);
	assert_int_equal(budget_left(&b, T0), 3);
	budget_release(&b);
}

static void
extremes_are_borne(void **state)
{
	struct supervisor_facts f = facts(UINT32_MAX, 1000000000, T0, UINT32_MAX > 5000 ? 5000 : 0, 1);
	struct budget b = { 0 };

	(void)state;
	budget_learn(&b, &f);
	assert_int_equal(budget_used(&b, T0), 5000);
	budget_spend(&b, T0 - 5, 1);
	budget_spend(&b, 0, 1);
	assert_int_equal(budget_used(&b, T0), 5001);
	budget_release(&b);
	f = facts(0, 1, T0, 1, 0);
	budget_learn(&b, &f);
	assert_int_equal(budget_used(&b, T0), 0);
	assert_int_equal(budget_left(&b, T0), 0);
	ASSERT_NEAR(budget_share(&b, T0), 0, 0);
	budget_release(&b);
	/* Whatever a node says was used, nobody counts up to it. */
	f = facts(UINT32_MAX, 100, T0, 0, 0);
	f.used = UINT32_MAX;
	f.ages_ms[f.age_count++] = 10000;
	budget_learn(&b, &f);
	assert_int_equal(budget_left(&b, T0), 0);
	assert_int_equal(budget_left(&b, T0 + 90000), 0);
	assert_int_equal(budget_left(&b, T0 + 92000), UINT32_MAX);
	budget_release(&b);
}

static void
a_single_restart_is_no_share(void **state)
{
	struct supervisor_facts f = facts(1, 5, T0, 1, 0);
	struct budget b = { 0 };

	(void)state;
	ASSERT_NEAR(budget_share(&b, T0), 0, 0);
	budget_learn(&b, &f);
	ASSERT_NEAR(budget_share(&b, T0), 0, 0);
	f = facts(4, 5, T0, 3, 0);
	budget_learn(&b, &f);
	ASSERT_NEAR(budget_share(&b, T0), 75, 0);
	budget_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restarts_count_for_their_period),
		cmocka_unit_test(what_was_seen_is_not_added_again),
		cmocka_unit_test(renewed_and_changed_ones_begin_anew),
		cmocka_unit_test(extremes_are_borne),
		cmocka_unit_test(a_single_restart_is_no_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
