/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/restarts.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define MAX_CHILDREN 10

static struct restarts r;

static int
setup(void **state)
{
	(void)state;
	restarts_init(&r, MAX_CHILDREN);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	restarts_release(&r);
	return 0;
}

static struct term *
term(const char *text)
{
	return term_new((const uint8_t *)text, (uint32_t)strlen(text), text, false);
}

static const struct child *
report(
    const char *supervisor, const char *child, const char *reason, enum restart_kind kind, int64_t seconds, bool *rapid)
{
	struct restart report = {
		.kind = kind, .supervisor = term(supervisor), .child_id = term(child), .reason = term(reason)
	};
	const struct child *c = restarts_add(&r, &report, T0 + seconds * 1000, rapid);

	restart_release(&report);
	return c;
}

static bool
restart_at(int64_t seconds)
{
	bool rapid;

	report("sup", "a", "killed", RESTART_DONE, seconds, &rapid);
	return rapid;
}

static void
counts_by_child_and_supervisor(void **state)
{
	bool rapid;

	(void)state;
	report("sup", "a", "killed", RESTART_DONE, 0, &rapid);
	report("sup", "b", "killed", RESTART_DONE, 1, &rapid);
	report("su", "pa", "killed", RESTART_DONE, 2, &rapid);
	assert_int_equal(report("sup", "a", "normal", RESTART_DONE, 3, &rapid)->count, 2);
	report("sup", "a", "x", RESTART_FAILED, 4, &rapid);
	report("sup", "a", "x", RESTART_GAVE_UP, 5, &rapid);
	assert_int_equal(map_len(&r.children), 3);
	assert_int_equal(map_len(&r.supervisors), 2);
	assert_int_equal(r.all.total, 4);
	assert_int_equal(r.all.failed, 1);
	assert_int_equal(r.all.gave_up, 1);
	assert_int_equal(r.reason_count, 2);
	assert_int_equal(r.all.reasons[0], 3);
	assert_int_equal(r.all.last_ms - r.all.first_ms, 3000);
}

static void
missing_terms_are_survived(void **state)
{
	struct restart nothing = { .kind = RESTART_DONE };
	bool rapid;

	(void)state;
	assert_non_null(restarts_add(&r, &nothing, T0, &rapid));
	assert_string_equal(r.reasons[0]->text, "undefined");
}

static void
rapid_cycle_is_told_once(void **state)
{
	(void)state;
	assert_false(restart_at(0) || restart_at(100) || restart_at(200));
	assert_true(restart_at(300));
	for (int i = 301; i < 1000; i++)
		assert_false(restart_at(i));
	/* Calm is five minutes without any; then it is a new one. */
	for (int i = 0; i < 3; i++)
		assert_false(restart_at(2000 + i));
	assert_true(restart_at(2003));
}

static void
slow_restarts_are_none(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		assert_false(restart_at(101 * i));
}

static void
bounds_hold(void **state)
{
	char name[1200];
	bool rapid;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		report(name, name, name, RESTART_DONE, i, &rapid);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	report("0", "0", name, RESTART_DONE, 1000, &rapid);
	assert_int_equal(map_len(&r.children), MAX_CHILDREN);
	assert_int_equal(map_len(&r.supervisors), MAX_CHILDREN);
	assert_int_equal(r.reason_count, RESTARTS_MAX_REASONS);
	assert_int_equal(r.all.reasons[RESTARTS_MAX_REASONS], 901);
	assert_int_equal(r.all.total, 1001);
	assert_null(report("new", "new", "", RESTART_DONE, 1001, &rapid));
}

static void
long_reason_is_cut(void **state)
{
	char reason[3000];
	bool rapid;

	(void)state;
	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	report("s", "c", reason, RESTART_DONE, 0, &rapid);
	assert_int_equal(strlen(r.reasons[0]->text), TERM_TEXT_MAX);
	assert_true(r.reasons[0]->truncated);
}

static void
flood_counts_exactly(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++)
		restart_at(i / 10000);
	restarts_add_lost(&r, T0 + 9000, 23);
	restarts_add_lost(&r, T0 + 9000, 0);
	assert_int_equal(restarts_in(&r, T0 + 9000, RESTARTS_HEALTH_MS), 100023);
	assert_int_equal(restarts_in(&r, T0 + 9000 + RESTARTS_HEALTH_MS, RESTARTS_HEALTH_MS), 0);
	assert_int_equal(restarts_in(&r, T0 + 9000 + RESTARTS_HEALTH_MS, RESTARTS_RATE_MS), 100023);
	assert_int_equal(r.undescribed, 23);
}

static void
worst_supervisor_of_five_minutes(void **state)
{
	uint64_t count;
	bool rapid;

	(void)state;
	assert_null(restarts_worst(&r, T0, &count));
	for (int i = 0; i < 5; i++)
		report("old", "c", "x", RESTART_DONE, 0, &rapid);
	report("new", "c", "x", RESTART_DONE, 600, &rapid);
	assert_string_equal(term_text(restarts_worst(&r, T0, &count)->name), "old");
	assert_int_equal(count, 5);
	assert_string_equal(term_text(restarts_worst(&r, T0 + 601000, &count)->name), "new");
	assert_int_equal(count, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_by_child_and_supervisor, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_terms_are_survived, setup, teardown),
		cmocka_unit_test_setup_teardown(rapid_cycle_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_restarts_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(long_reason_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(flood_counts_exactly, setup, teardown),
		cmocka_unit_test_setup_teardown(worst_supervisor_of_five_minutes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
