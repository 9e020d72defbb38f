/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts reported by hand beside those that are caught: counted once, however the two come in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define HAND true
#define CAUGHT false

static struct engine *e;
static int64_t now;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	now = T0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	return 0;
}

/* A hand report gives the supervisor by its pid. */
static void
report(bool by_hand, const char *child, const char *reason, int64_t ms, uint64_t times)
{
	struct restart r = { .time_ms = T0 + ms,
		.by_hand = by_hand,
		.caught = !by_hand,
		.times = times,
		.supervisor = text_term(by_hand ? "<0.7.0>" : "sup"),
		.key = by_hand ? text_term("sup") : NULL,
		.child_id = text_term(child),
		.child_pid = by_hand ? NULL : text_term("<0.9.0>"),
		.reason = text_term(reason) };

	if (!by_hand)
		snprintf(r.restart_type, sizeof(r.restart_type), "permanent");
	if (T0 + ms > now)
		now = T0 + ms;
	engine_restart(e, now, &r);
	restart_release(&r);
}

static struct restart_stats
stats(void)
{
	struct restart_stats st;

	assert_true(engine_restart_stats(e, now, NULL, &st));
	return st;
}

static unsigned
published(void)
{
	struct node_event *ev;
	unsigned n = 0;

	while ((ev = engine_next_event(e)) != NULL) {
		n += ev->type == EVENT_RESTART;
		node_event_unref(ev);
	}
	return n;
}

static void
is_complete(const struct restart *r)
{
	assert_true(r->by_hand && r->caught);
	assert_string_equal(term_text(r->supervisor), "<0.7.0>");
	assert_string_equal(term_text(restart_key(r)), "sup");
	assert_string_equal(term_text(r->child_pid), "<0.9.0>");
	assert_string_equal(r->restart_type, "permanent");
	assert_string_equal(term_text(r->reason), "by_hand");
	assert_int_equal(r->restart_count, 1);
}

static void
one_restart_reported_twice(bool first)
{
	struct restart_stats st;

	report(first, "w", first == HAND ? "by_hand" : "caught", 0, 1);
	report(!first, "w", first == HAND ? "caught" : "by_hand", 100, 1);
	st = stats();
	assert_int_equal(st.total, 1);
	assert_int_equal(st.child_count, 1);
	assert_int_equal(st.children[0].count, 1);
	assert_string_equal(term_text(st.children[0].supervisor), "sup");
	assert_int_equal(st.reason_count, 1);
	assert_string_equal(term_text(st.reasons[0].reason), "by_hand");
	assert_int_equal(engine_counts(e).restarts, 1);
	assert_int_equal(published(), 1);
	is_complete(engine_restart_at(e, 0));
	assert_null(engine_restart_at(e, 1));
}

static void
hand_first(void **state)
{
	(void)state;
	one_restart_reported_twice(HAND);
}

static void
caught_first(void **state)
{
	(void)state;
	one_restart_reported_twice(CAUGHT);
}

static void
a_reason_that_is_missing_is_completed(void **state)
{
	(void)state;
	report(CAUGHT, "w", "caught", 0, 1);
	report(HAND, "w", NULL, 0, 1);
	assert_string_equal(term_text(engine_restart_at(e, 0)->reason), "caught");
	assert_string_equal(term_text(stats().reasons[0].reason), "caught");
	report(HAND, "x", NULL, 0, 1);
	report(CAUGHT, "x", "caught", 0, 1);
	assert_string_equal(term_text(engine_restart_at(e, 0)->reason), "caught");
}

static void
hand_reports_never_meet_each_other(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		report(HAND, "w", "x", i, 1);
	assert_int_equal(stats().total, 10);
	report(CAUGHT, "w", "x", 10, 1);
	assert_int_equal(stats().total, 10);
	for (int i = 0; i < 12; i++)
		report(CAUGHT, "w", "x", 11, 1);
	assert_int_equal(stats().total, 13);
	assert_int_equal(published(), 13);
}

static void
within_five_seconds_only(void **state)
{
	(void)state;
	report(HAND, "w", "x", 0, 1);
	report(CAUGHT, "w", "x", 5001, 1);
	assert_int_equal(stats().total, 2);
	report(HAND, "w", "x", 10001, 1);
	assert_int_equal(stats().total, 2);
	report(CAUGHT, "other", "x", 10001, 1);
	assert_int_equal(stats().total, 3);
}

static void
what_comes_late_meets_by_its_own_time(void **state)
{
	(void)state;
	report(HAND, "w", "x", 0, 1);
	report(HAND, "w", "x", 20000, 1);
	now = T0 + 40000;
	report(CAUGHT, "w", "x", 19000, 1);
	report(CAUGHT, "w", "x", 1000, 1);
	assert_int_equal(stats().total, 2);
	report(CAUGHT, "w", "x", 1000, 1);
	assert_int_equal(stats().total, 3);
	assert_int_equal(engine_restart_at(e, 1)->time_ms, T0 + 1000);
}

static void
failed_attempts_never_meet(void **state)
{
	struct restart r = { .time_ms = T0,
		.kind = RESTART_FAILED,
		.caught = true,
		.supervisor = text_term("sup"),
		.child_id = text_term("w") };

	(void)state;
	engine_restart(e, now, &r);
	r.kind = RESTART_GAVE_UP;
	engine_restart(e, now, &r);
	report(HAND, "w", "x", 0, 1);
	assert_int_equal(stats().total, 1);
	assert_int_equal(stats().failed, 1);
	assert_int_equal(stats().gave_up, 1);
	restart_release(&r);
}

static void
folded_reports_count_as_many_and_are_told_once(void **state)
{
	(void)state;
	report(CAUGHT, "w", "x", 0, 1);
	report(CAUGHT, "w", "x", 0, 1);
	report(HAND, "w", "x", 1000, 1000);
	assert_int_equal(stats().total, 1000);
	assert_int_equal(published(), 3);
	assert_int_equal(engine_restart_at(e, 0)->times, 998);
	assert_int_equal(engine_restart_at(e, 0)->restart_count, 1000);
	for (int i = 0; i < 1000; i++)
		report(CAUGHT, "w", "x", 1500, 1);
	assert_int_equal(stats().total, 1002);
	report(HAND, "w", "x", 1500, 2);
	assert_int_equal(stats().total, 1002);
	assert_int_equal(published(), 2);
}

/* Far more than the list of restarts holds, the caught ones behind all the others. */
static void
bursts_are_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 50000; i++)
		report(HAND, "w", "x", i / 25, 1);
	for (int i = 0; i < 50000; i++)
		report(CAUGHT, "w", "y", i / 25, 1);
	assert_int_equal(stats().total, 50000);
	assert_int_equal(stats().reasons[0].count, 50000);
	for (int i = 0; i < 300; i++)
		report(CAUGHT, "w", "y", 2000, 1);
	assert_int_equal(stats().total, 50300);
}

/* Both sides mixed at random, from several children: no more than the larger of the two of each. */
static void
mixed_bursts_are_exact(void **state)
{
	unsigned counts[4][2] = { { 0 } };
	uint64_t expected = 0;

	(void)state;
	srand(3);
	for (int i = 0; i < 40000; i++) {
		int child = rand() % 4, side = rand() % 2;
		char name[2] = { (char)('a' + child), 0 };

		counts[child][side]++;
		report(side, name, side ? "by_hand" : "caught", i / 20 + rand() % 100, 1);
	}
	for (int i = 0; i < 4; i++)
		expected += counts[i][0] > counts[i][1] ? counts[i][0] : counts[i][1];
	assert_int_equal(stats().total, expected);
	assert_int_equal(engine_counts(e).restarts, expected);
}

static void
list_is_by_time_whatever_comes_in(void **state)
{
	const struct restart *r;
	const struct node_event *ev;
	int64_t last = 0;
	size_t it = 0, n = 0;

	(void)state;
	srand(4);
	for (int i = 0; i < 15000; i++)
		report(HAND, "w", "x", i + rand() % 3000, 1);
	while ((r = engine_past_restart(e, T0 + 9000, T0 + 14000, &it)) != NULL) {
		assert_true(r->time_ms >= T0 + 9000 && r->time_ms <= T0 + 14000 && r->time_ms >= last);
		last = r->time_ms;
		n++;
	}
	assert_true(n > 4000);
	for (last = 0, it = 0; (ev = engine_past_event(e, INT64_MIN, INT64_MAX, &it)) != NULL; last = ev->time_ms)
		assert_true(ev->time_ms >= last);
	assert_int_equal(it, 10001);
}

/* A child that made room is begun anew; what waited under its name waits no more. */
static void
evicted_children_forget_who_waits(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	engine_free(e);
	o.max_children = 3;
	o.max_restarts = 50;
	e = engine_new("a@h", &o);
	srand(5);
	for (int i = 0; i < 20000; i++) {
		char name[2] = { (char)('a' + rand() % 6), 0 };

		report(rand() % 2, name, name, i, 1 + (uint64_t)(rand() % 3));
	}
	assert_true(stats().total > 1000);
	assert_int_equal(stats().child_count, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hand_first),
		TEST(caught_first),
		TEST(a_reason_that_is_missing_is_completed),
		TEST(hand_reports_never_meet_each_other),
		TEST(within_five_seconds_only),
		TEST(what_comes_late_meets_by_its_own_time),
		TEST(failed_attempts_never_meet),
		TEST(folded_reports_count_as_many_and_are_told_once),
		TEST(bursts_are_exact),
		TEST(mixed_bursts_are_exact),
		TEST(list_is_by_time_whatever_comes_in),
		TEST(evicted_children_forget_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
