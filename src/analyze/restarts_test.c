/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/restarts.h"

#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "model/term_fixture.h"

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

static const struct child *
report(
    const char *supervisor, const char *child, const char *reason, enum restart_kind kind, int64_t seconds, bool *rapid)
{
	struct restart report = { .time_ms = T0 + seconds * 1000,
		.kind = kind,
		.supervisor = text_term(supervisor),
		.child_id = text_term(child),
		.reason = text_term(reason) };
	struct child *c = restarts_child(&r, &report);

	*rapid = restarts_count(&r, c, &report);
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

static uint64_t
reasons_of(const struct child *c)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < c->reasons.count; i++)
		sum += c->reasons.entries[i].count;
	return sum;
}

static void
counts_by_child_and_supervisor(void **state)
{
	const struct child *c;
	bool rapid;

	(void)state;
	report("sup", "a", "killed", RESTART_DONE, 0, &rapid);
	report("sup", "b", "killed", RESTART_DONE, 1, &rapid);
	report("su", "pa", "killed", RESTART_DONE, 2, &rapid);
	c = report("sup", "a", "normal", RESTART_DONE, 3, &rapid);
	assert_int_equal(c->count, 2);
	report("sup", "a", "x", RESTART_FAILED, 4, &rapid);
	report("sup", "a", "x", RESTART_GAVE_UP, 5, &rapid);
	assert_int_equal(map_len(&r.children), 3);
	assert_int_equal(map_len(&r.supervisors), 2);
	assert_int_equal(r.all.total, 4);
	assert_int_equal(r.all.failed, 1);
	assert_int_equal(r.all.gave_up, 1);
	assert_int_equal(c->under->tally.total, 3);
	assert_int_equal(c->reasons.count, 2);
	assert_int_equal(r.reasons.count, 2);
	assert_int_equal(r.all.last_ms - r.all.first_ms, 3000);
}

static void
missing_terms_are_survived(void **state)
{
	struct restart nothing = { .kind = RESTART_DONE };
	struct child *c = restarts_child(&r, &nothing);

	(void)state;
	restarts_count(&r, c, &nothing);
	assert_ptr_equal(restarts_child(&r, &nothing), c);
	assert_string_equal(c->reasons.entries[0].reason->term->text, "undefined");
	assert_ptr_equal(restarts_supervisor(&r, NULL), c->under);
}

/* A supervisor is known by its key, however it is called in a report. */
static void
identity_is_the_key(void **state)
{
	struct restart by_pid = {
		.supervisor = text_term("<0.1.0>"), .key = text_term("sup"), .child_id = text_term("a")
	};
	struct restart cut = { .supervisor = text_term("sup"), .child_id = text_term("a") };
	const struct child *c;
	bool rapid;

	(void)state;
	c = report("sup", "a", "x", RESTART_DONE, 0, &rapid);
	assert_ptr_equal(restarts_child(&r, &by_pid), c);
	cut.child_id->truncated = true;
	assert_ptr_not_equal(restarts_child(&r, &cut), c);
	restart_release(&by_pid);
	restart_release(&cut);
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
	char name[32];
	bool rapid;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		report(name, name, name, RESTART_DONE, i, &rapid);
		report("one", name, name, RESTART_DONE, i, &rapid);
	}
	assert_int_equal(map_len(&r.children), MAX_CHILDREN);
	assert_int_equal(map_len(&r.supervisors), MAX_CHILDREN);
	assert_int_equal(r.all.total, 2000);
	assert_true(r.reasons.count <= MAX_CHILDREN);
}

/* Who restarted longest ago makes room; the supervisor's total stays. */
static void
oldest_child_makes_room(void **state)
{
	struct restart b = { .supervisor = text_term("sup"), .child_id = text_term("1") };
	const struct child *c = NULL;
	char name[32];
	bool rapid;

	(void)state;
	for (int i = 0; i < MAX_CHILDREN; i++) {
		snprintf(name, sizeof(name), "%d", i);
		c = report("sup", name, name, RESTART_DONE, i, &rapid);
	}
	report("sup", "0", "0", RESTART_DONE, 100, &rapid);
	report("sup", "new", "0", RESTART_DONE, 101, &rapid);
	assert_int_equal(c->under->tally.total, MAX_CHILDREN + 2);
	assert_int_equal(report("sup", "0", "0", RESTART_DONE, 102, &rapid)->count, 3);
	assert_int_equal(restarts_child(&r, &b)->count, 0);
	restart_release(&b);
}

/* A supervisor goes with its children: its name never has fewer restarts than they. */
static void
oldest_supervisor_goes_with_its_children(void **state)
{
	struct term *gone = text_term("0");
	char name[32];
	bool rapid;

	(void)state;
	for (int i = 0; i < 4; i++)
		report("0", &"abcd"[i], "x", RESTART_DONE, 0, &rapid);
	for (int i = 1; i <= MAX_CHILDREN; i++) {
		snprintf(name, sizeof(name), "%d", i);
		report(name, "a", "x", RESTART_DONE, i, &rapid);
	}
	assert_null(restarts_supervisor(&r, gone));
	assert_int_equal(map_len(&r.children), MAX_CHILDREN);
	assert_int_equal(report("0", "a", "x", RESTART_DONE, 20, &rapid)->under->tally.total, 1);
	assert_int_equal(r.all.total, MAX_CHILDREN + 5);
	term_unref(gone);
}

static void
held_child_outlives_its_place(void **state)
{
	struct child *c;
	char name[32];
	bool rapid;

	(void)state;
	for (int i = 0; i < 4; i++)
		report("sup", "a", "x", RESTART_DONE, 0, &rapid);
	c = child_hold((struct child *)(uintptr_t)report("sup", "a", "x", RESTART_DONE, 0, &rapid));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		report("sup", name, "x", RESTART_DONE, 1, &rapid);
	}
	assert_null(c->under);
	assert_true(child_still_rapid(c, T0 + 1000));
	assert_false(child_still_rapid(c, T0 + 301000));
	child_release(c);
}

static void
hundred_reasons_of_a_child(void **state)
{
	const struct child *c = NULL;
	char name[32];
	bool rapid;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i % 200);
		c = report("sup", "a", name, RESTART_DONE, i, &rapid);
	}
	assert_int_equal(c->reasons.count, RESTARTS_MAX_REASONS);
	assert_int_equal(reasons_of(c), 500);
	assert_int_equal(c->count, 1000);
	report("sup", "b", "1", RESTART_DONE, 1000, &rapid);
	assert_int_equal(r.reasons.count, RESTARTS_MAX_REASONS);
}

/* Children by the thousand, each with its own large reasons: there is an end to it. */
static void
reasons_of_all_are_bounded(void **state)
{
	char reason[1001];
	bool rapid;

	(void)state;
	restarts_release(&r);
	restarts_init(&r, 2000);
	for (int i = 0; i < 30000; i++) {
		char child[32];

		snprintf(child, sizeof(child), "%d", i % 300);
		memset(reason, 'r', sizeof(reason) - 1);
		reason[sizeof(reason) - 1] = '\0';
		reason[snprintf(reason, sizeof(reason), "%d", i)] = 'r';
		report("sup", child, reason, RESTART_DONE, i, &rapid);
		assert_true(r.reasons.bytes <= REASONS_MAX_BYTES);
	}
	assert_true(r.reasons.count > 10000);
	assert_int_equal(r.all.total, 30000);
}

static void
long_reason_is_cut(void **state)
{
	const struct child *c = NULL;
	char reason[3000];
	bool rapid;

	(void)state;
	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	for (int i = 0; i < 2; i++)
		c = report("s", "c", reason, RESTART_DONE, 0, &rapid);
	assert_int_equal(c->reasons.count, 1);
	assert_int_equal(strlen(c->reasons.entries[0].reason->term->text), TERM_TEXT_MAX);
	assert_true(c->reasons.entries[0].reason->term->truncated);
}

static void
reason_is_corrected(void **state)
{
	struct term *killed = text_term("killed"), *better = text_term("better"), *none = text_term("none");
	struct child *c;
	bool rapid;

	(void)state;
	report("s", "c", "killed", RESTART_DONE, 0, &rapid);
	c = (struct child *)(uintptr_t)report("s", "c", "killed", RESTART_DONE, 0, &rapid);
	restarts_correct(&r, c, killed, better, 1);
	assert_int_equal(c->reasons.count, 2);
	restarts_correct(&r, c, killed, better, 1);
	assert_int_equal(c->reasons.count, 1);
	assert_string_equal(c->reasons.entries[0].reason->term->text, "better");
	assert_int_equal(c->reasons.entries[0].count, 2);
	restarts_correct(&r, c, better, NULL, 1);
	restarts_correct(&r, c, none, none, 1);
	assert_int_equal(reasons_of(c), 2);
	assert_int_equal(r.reasons.count, 2);
	term_unref(killed);
	term_unref(better);
	term_unref(none);
}

static void
folded_ones_count_as_many(void **state)
{
	struct restart folded = {
		.time_ms = T0, .times = 1000, .supervisor = text_term("s"), .child_id = text_term("c")
	};
	struct child *c = restarts_child(&r, &folded);

	(void)state;
	assert_true(restarts_count(&r, c, &folded));
	assert_int_equal(c->count, 1000);
	assert_int_equal(restarts_in(&r, T0, RESTARTS_RATE_MS), 1000);
	assert_false(restarts_count(&r, c, &folded));
	restarts_count_past(&r, c, &folded, 7, T0 - 5000);
	assert_int_equal(r.all.total, 2007);
	assert_int_equal(r.all.first_ms, T0 - 5000);
	assert_int_equal(reasons_of(c), 2007);
	restart_release(&folded);
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
		cmocka_unit_test_setup_teardown(identity_is_the_key, setup, teardown),
		cmocka_unit_test_setup_teardown(bounds_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(oldest_child_makes_room, setup, teardown),
		cmocka_unit_test_setup_teardown(oldest_supervisor_goes_with_its_children, setup, teardown),
		cmocka_unit_test_setup_teardown(held_child_outlives_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(hundred_reasons_of_a_child, setup, teardown),
		cmocka_unit_test_setup_teardown(reasons_of_all_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(long_reason_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(reason_is_corrected, setup, teardown),
		cmocka_unit_test_setup_teardown(folded_ones_count_as_many, setup, teardown),
		cmocka_unit_test_setup_teardown(flood_counts_exactly, setup, teardown),
		cmocka_unit_test_setup_teardown(worst_supervisor_of_five_minutes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
