/* SPDX-License-Identifier: Apache-2.0 */
/* What restarts mean for their supervisors: those that were none, siblings, budgets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "engine/fixture.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)

static struct engine *e;
static int64_t now;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	o.records = true;
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

static void
report_to(
    struct engine *to, enum restart_kind kind, const char *child, const char *pid, const char *reason, bool by_hand)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.by_hand = by_hand,
		.caught = !by_hand,
		.supervisor = text_term("sup"),
		.child_id = text_term(child),
		.child_pid = text_term(pid),
		.reason = text_term(reason) };

	engine_restart(to, now, &r);
	restart_release(&r);
}

static void
report(enum restart_kind kind, const char *child, const char *pid, const char *reason)
{
	report_to(e, kind, child, pid, reason, false);
}

/* A flood's: no process is named. */
static void
report_folded(struct engine *to, const char *child, uint64_t times)
{
	struct restart r = { .time_ms = now,
		.caught = true,
		.times = times,
		.supervisor = text_term("sup"),
		.child_id = text_term(child),
		.reason = text_term("boom") };

	engine_restart(to, now, &r);
	restart_release(&r);
}

static struct restart_stats
stats_of(const struct engine *of)
{
	struct restart_stats st;

	assert_true(engine_restart_stats(of, now, NULL, &st));
	return st;
}

static uint64_t
reason_count(const struct restart_stats *st, const char *reason)
{
	for (unsigned i = 0; i < st->reason_count; i++)
		if (strcmp(term_text(st->reasons[i].reason), reason) == 0)
			return st->reasons[i].count;
	return 0;
}

/* The children of `sup`, the last started first. */
static struct supervisor_facts
facts(enum strategy strategy, uint32_t intensity, uint32_t used)
{
	static const char *const ids[] = { "d", "c", "b", "a" };
	struct supervisor_facts f = { .time_ms = now,
		.supervisor = text_term("sup"),
		.pid = text_term("<0.7.0>"),
		.kind = "supervisor",
		.strategy = strategy,
		.known = true,
		.intensity = intensity,
		.period_ms = 10000,
		.used = used,
		.children = 4 };

	if (strategy == ONE_FOR_ALL || strategy == REST_FOR_ONE)
		f.siblings = siblings_new(4);
	for (unsigned i = 0; f.siblings && i < 4; i++)
		f.siblings->ids[i] = text_term(ids[i]);
	return f;
}

static void
tell(enum strategy strategy, uint32_t intensity, uint32_t used)
{
	struct supervisor_facts f = facts(strategy, intensity, used);

	engine_supervisor(e, now, &f);
	supervisor_facts_release(&f);
}

static const struct restart *
published(void)
{
	static struct restart last;
	struct node_event *ev;

	restart_release(&last);
	while ((ev = engine_next_event(e)) != NULL) {
		if (ev->type == EVENT_RESTART) {
			restart_release(&last);
			restart_copy(&last, &ev->u.restart);
		}
		node_event_unref(ev);
	}
	return &last;
}

/* ---- supervisors that gave up ---- */

static void
the_last_restart_was_none(void **state)
{
	struct restart_stats st;

	(void)state;
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	now += 10;
	report(RESTART_DONE, "b", "<0.2.0>", "bang");
	now += 10;
	report(RESTART_DONE, "a", "<0.3.0>", "boom");
	report(RESTART_GAVE_UP, "a", "<0.3.0>", "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 2);
	assert_int_equal(st.undone, 1);
	assert_int_equal(st.gave_up, 1);
	ASSERT_NEAR(st.rate, 2, 0);
	ASSERT_NEAR(st.mean_interval_ms, 10, 0);
	assert_int_equal(st.child_count, 2);
	assert_int_equal(st.children[0].count, 1);
	assert_int_equal(st.children[1].count, 1);
	assert_int_equal(st.children[0].undone + st.children[1].undone, 1);
	assert_int_equal(reason_count(&st, "boom"), 1);
	assert_int_equal(engine_counts(e).restarts, 2);
	/* In the list it is marked; the report of the end stands beside it. */
	assert_int_equal(engine_restart_at(e, 0)->kind, RESTART_GAVE_UP);
	assert_int_equal(engine_restart_at(e, 0)->restart_count, 1);
	assert_true(engine_restart_at(e, 1)->undone);
	assert_false(engine_restart_at(e, 2)->undone);
	/* Once: a second report of that end takes nothing more. */
	report(RESTART_GAVE_UP, "a", "<0.3.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 2);
}

static void
only_that_childs_end_is_meant(void **state)
{
	(void)state;
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	report(RESTART_DONE, "b", "<0.2.0>", "bang");
	/* The report of <0.9.0>'s end was lost. */
	report(RESTART_GAVE_UP, "a", "<0.9.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 2);
	/* A first start is no earlier end. */
	report(RESTART_GAVE_UP, "a", NULL, "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 2);
}

/* b's end brings all down, a cannot be started again, and its report names no process. */
static void
with_siblings_it_may_be_another_child(void **state)
{
	struct restart_stats st;

	(void)state;
	report(RESTART_DONE, "b", "<0.2.0>", "bang");
	tell(ONE_FOR_ALL, 2, 1);
	report(RESTART_FAILED, "a", NULL, "no");
	report(RESTART_FAILED, "a", NULL, "no");
	report(RESTART_GAVE_UP, "a", NULL, "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 0);
	assert_int_equal(st.failed, 2);
	assert_int_equal(st.collateral, 0);
	assert_int_equal(st.reason_count, 0);
	assert_int_equal(st.child_count, 0);
}

static void
one_of_a_storm_is_taken_out(void **state)
{
	struct restart_stats st;
	char pid[24];

	(void)state;
	for (int i = 1; i <= 7; i++) {
		snprintf(pid, sizeof(pid), "<0.%d.0>", i);
		report(RESTART_DONE, "a", pid, "boom");
		now += 100;
	}
	report(RESTART_GAVE_UP, "a", "<0.7.0>", "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.pattern_count, 1);
	assert_int_equal(st.patterns[0].frequency, 6);
	assert_int_equal(st.patterns[0].last_ms, T0 + 500);
	report(RESTART_DONE, "a", "<0.8.0>", "boom");
	assert_int_equal(stats_of(e).patterns[0].frequency, 7);
}

static void
it_may_be_among_folded_ones(void **state)
{
	struct restart_stats st;

	(void)state;
	report_folded(e, "a", 5);
	report(RESTART_DONE, "b", "<0.2.0>", "bang");
	report(RESTART_GAVE_UP, "a", "<0.9.0>", "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 5);
	assert_int_equal(st.undone, 1);
	assert_int_equal(st.children[0].count, 4);
	assert_int_equal(reason_count(&st, "boom"), 4);
	assert_int_equal(engine_counts(e).restarts, 5);
	assert_int_equal(engine_restart_at(e, 2)->times, 4);
	assert_false(engine_restart_at(e, 1)->undone || engine_restart_at(e, 2)->undone);
	/* Those of another child are not meant. */
	report_folded(e, "a", 2);
	report(RESTART_GAVE_UP, "b", "<0.8.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 7);
	/* The very process comes first. */
	report(RESTART_DONE, "a", "<0.3.0>", "boom");
	report_folded(e, "a", 3);
	report(RESTART_GAVE_UP, "a", "<0.3.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 10);
	assert_int_equal(engine_restart_at(e, 1)->times, 3);
	assert_true(engine_restart_at(e, 2)->undone);
}

static void
with_siblings_it_may_be_among_folded_ones(void **state)
{
	struct restart_stats st;

	(void)state;
	report(RESTART_DONE, "b", "<0.2.0>", "bang");
	tell(ONE_FOR_ALL, 9, 1);
	report_folded(e, "a", 5);
	report(RESTART_GAVE_UP, "c", NULL, "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 5);
	assert_int_equal(st.collateral, 15);
	assert_int_equal(engine_restart_at(e, 1)->times, 4);
	assert_false(engine_restart_at(e, 2)->undone);
}

static void
hand_reports_meet_it_all_the_same(void **state)
{
	struct restart_stats st;

	(void)state;
	/* Before the end, in either order, and after it. */
	report_to(e, RESTART_DONE, "a", NULL, "said", true);
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	report(RESTART_GAVE_UP, "a", "<0.1.0>", "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 0);
	assert_int_equal(st.reason_count, 0);
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	report_to(e, RESTART_DONE, "b", NULL, "said", true);
	report(RESTART_GAVE_UP, "b", "<0.2.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).total, 0);
	report(RESTART_DONE, "c", "<0.3.0>", "boom");
	report(RESTART_GAVE_UP, "c", "<0.3.0>", "reached_max_restart_intensity");
	report_to(e, RESTART_DONE, "c", NULL, "said", true);
	st = stats_of(e);
	assert_int_equal(st.total, 0);
	assert_int_equal(st.reason_count, 0);
	/* It has met its report; the next one is another restart. */
	report_to(e, RESTART_DONE, "c", NULL, "said", true);
	assert_int_equal(stats_of(e).total, 1);
	assert_int_equal(engine_counts(e).restarts, 1);
}

static void
a_reason_without_a_place_of_its_own_goes_too(void **state)
{
	struct restart_stats st;
	char reason[24], pid[24];

	(void)state;
	for (int i = 0; i < 103; i++) {
		snprintf(reason, sizeof(reason), "r%d", i);
		snprintf(pid, sizeof(pid), "<0.%d.0>", i);
		report(RESTART_DONE, "a", pid, reason);
	}
	report(RESTART_GAVE_UP, "a", pid, "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 102);
	assert_int_equal(st.reason_count, 101);
	assert_int_equal(st.reasons[100].count, 2);
}

/* ---- siblings ---- */

static void
all_siblings_are_collateral(void **state)
{
	const struct restart *r;
	struct restart_stats st;

	(void)state;
	/* The first one is published before anything is known of the supervisor, and completed in the list. */
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	assert_false(published()->collateral_known);
	tell(ONE_FOR_ALL, 5, 1);
	r = engine_restart_at(e, 0);
	assert_true(r->collateral_known);
	assert_int_equal(r->collateral, 3);
	assert_int_equal(stats_of(e).collateral, 3);
	tell(ONE_FOR_ALL, 5, 1);
	assert_int_equal(stats_of(e).collateral, 3);
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	r = published();
	assert_int_equal(r->collateral, 3);
	assert_int_equal(r->sibling_count, 4);
	st = stats_of(e);
	assert_int_equal(st.total, 2);
	assert_int_equal(st.collateral, 6);
	assert_int_equal(st.budget_count, 1);
	assert_int_equal(st.budgets[0].collateral, 6);
	/* One that was not among them, a temporary one for instance, is followed by all. */
	report(RESTART_DONE, "x", "<0.9.0>", "boom");
	assert_int_equal(published()->collateral, 4);
}

static void
of_rest_for_one_those_started_later(void **state)
{
	const struct restart *r;

	(void)state;
	report(RESTART_DONE, "d", "<0.4.0>", "boom");
	tell(REST_FOR_ONE, 5, 1);
	assert_int_equal(stats_of(e).collateral, 0);
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	r = published();
	assert_int_equal(r->collateral, 2);
	assert_int_equal(r->sibling_count, 2);
	assert_string_equal(term_text(r->siblings->ids[0]), "d");
	assert_string_equal(term_text(r->siblings->ids[1]), "c");
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	assert_int_equal(published()->collateral, 3);
	assert_int_equal(stats_of(e).collateral, 5);
}

static void
one_for_one_has_none(void **state)
{
	(void)state;
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	tell(ONE_FOR_ONE, 5, 1);
	report(RESTART_DONE, "b", "<0.3.0>", "boom");
	assert_true(published()->collateral_known);
	assert_int_equal(published()->collateral, 0);
	assert_int_equal(stats_of(e).collateral, 0);
}

static void
a_restart_that_was_none_had_no_siblings(void **state)
{
	struct restart_stats st;

	(void)state;
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	tell(ONE_FOR_ALL, 1, 1);
	report(RESTART_DONE, "b", "<0.3.0>", "boom");
	report(RESTART_GAVE_UP, "b", "<0.3.0>", "reached_max_restart_intensity");
	st = stats_of(e);
	assert_int_equal(st.total, 1);
	assert_int_equal(st.collateral, 3);
	/* Neither had one whose siblings were not known yet. */
	engine_free(e);
	setup(NULL);
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	report(RESTART_GAVE_UP, "b", "<0.2.0>", "reached_max_restart_intensity");
	tell(ONE_FOR_ALL, 1, 1);
	assert_int_equal(stats_of(e).collateral, 0);
}

/* ---- restored ---- */

static void
restored_counts_are_the_same(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *again = engine_new("a@h", &o);
	struct restart record;
	struct restart_stats a, b;
	unsigned records = 0;

	(void)state;
	engine_restore_begin(again);
	report(RESTART_DONE, "b", "<0.2.0>", "boom");
	tell(ONE_FOR_ALL, 2, 1);
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	report(RESTART_DONE, "b", "<0.3.0>", "bang");
	report(RESTART_GAVE_UP, "b", "<0.3.0>", "reached_max_restart_intensity");
	report_to(again, RESTART_DONE, "b", "<0.2.0>", "boom", false);
	report_to(again, RESTART_DONE, "a", "<0.1.0>", "boom", false);
	report_to(again, RESTART_DONE, "b", "<0.3.0>", "bang", false);
	for (; engine_next_record(e, &record); records++) {
		engine_restart(again, now, &record);
		restart_release(&record);
	}
	report_to(again, RESTART_GAVE_UP, "b", "<0.3.0>", "reached_max_restart_intensity", false);
	engine_restore_end(again, now);
	assert_int_equal(records, 5);
	a = stats_of(e);
	b = stats_of(again);
	same_statistics(&a, &b);
	assert_int_equal(b.total, 2);
	assert_int_equal(b.undone, 1);
	assert_int_equal(b.collateral, 6);
	assert_true(engine_restart_at(again, 1)->undone);
	/* A report of the same end that comes late takes nothing back that was taken back already. */
	report_to(again, RESTART_GAVE_UP, "b", "<0.3.0>", "reached_max_restart_intensity", false);
	assert_int_equal(stats_of(again).total, 2);
	engine_free(again);
}

static void
restored_folded_ones_are_as_many(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *again = engine_new("a@h", &o);
	struct restart record;
	struct restart_stats a, b;

	(void)state;
	engine_restore_begin(again);
	report_folded(e, "a", 5);
	report(RESTART_GAVE_UP, "a", "<0.9.0>", "reached_max_restart_intensity");
	report_folded(again, "a", 5);
	while (engine_next_record(e, &record)) {
		engine_restart(again, now, &record);
		restart_release(&record);
	}
	report_to(again, RESTART_GAVE_UP, "a", "<0.9.0>", "reached_max_restart_intensity", false);
	engine_restore_end(again, now);
	a = stats_of(e);
	b = stats_of(again);
	same_statistics(&a, &b);
	assert_int_equal(b.total, 4);
	assert_int_equal(engine_restart_at(again, 1)->times, 4);
	assert_false(engine_restart_at(again, 1)->undone);
	engine_free(again);
}

static void
tallies_take_back_too(void **state)
{
	struct restart r = {
		.supervisor = text_term("sup"), .child_id = text_term("a"), .reason = text_term("boom"), .caught = true
	};
	struct restart_stats st;

	(void)state;
	engine_restore_begin(e);
	r.time_ms = T0 - 5;
	engine_restore_tally(e, &r, 10, T0 - 1000);
	r.kind = RESTART_COLLATERAL;
	engine_restore_tally(e, &r, 30, T0 - 1000);
	r.kind = RESTART_UNDONE;
	engine_restore_tally(e, &r, 2, T0 - 1000);
	r.kind = RESTART_COLLATERAL_UNDONE;
	engine_restore_tally(e, &r, 6, T0 - 1000);
	engine_restore_end(e, now);
	st = stats_of(e);
	assert_int_equal(st.total, 8);
	assert_int_equal(st.collateral, 24);
	assert_int_equal(st.children[0].count, 8);
	assert_int_equal(st.undone, 2);
	assert_int_equal(st.children[0].undone, 2);
	assert_int_equal(reason_count(&st, "boom"), 8);
	assert_int_equal(engine_counts(e).restarts, 8);
	restart_release(&r);
}

/* ---- budgets ---- */

static void
feed_sample(void)
{
	struct node_info info = { .injected = true, .restarts_seen = true };
	struct sample s = { .time_ms = now };

	engine_info(e, &info);
	sample_set(&s, METRIC_RESTART_CAPTURE, 1);
	engine_feed(e, now, &s);
}

static struct criterion_state
budget_criterion(struct health *h)
{
	engine_health(e, now, h);
	return h->criteria[CRITERION_RESTART_BUDGET];
}

static void
a_budget_is_spent_and_comes_back(void **state)
{
	struct restart_stats st;
	struct health h;

	(void)state;
	feed_sample();
	assert_int_equal(budget_criterion(&h).level, LEVEL_HEALTHY);
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	tell(ONE_FOR_ONE, 4, 1);
	assert_int_equal(budget_criterion(&h).level, LEVEL_HEALTHY);
	/* Failed attempts are spent, too. */
	now += 1000;
	report(RESTART_DONE, "a", "<0.2.0>", "boom");
	report(RESTART_FAILED, "a", "<0.2.0>", "no");
	report(RESTART_FAILED, "a", "<0.2.0>", "no");
	st = stats_of(e);
	assert_int_equal(st.budget_count, 1);
	assert_int_equal(st.budgets[0].intensity, 4);
	assert_int_equal(st.budgets[0].period_ms, 10000);
	assert_int_equal(st.budgets[0].used, 4);
	assert_int_equal(st.budgets[0].left, 0);
	assert_int_equal(budget_criterion(&h).level, LEVEL_CRITICAL);
	assert_int_equal(h.overall, LEVEL_CRITICAL);
	assert_non_null(strstr(h.recommendations[0], "sup used 4 of 4 restarts in 10 s, 0 left."));
	now += 12000;
	feed_sample();
	assert_int_equal(budget_criterion(&h).level, LEVEL_HEALTHY);
	assert_int_equal(stats_of(e).budgets[0].left, 4);
}

static void
one_that_gave_up_begins_anew(void **state)
{
	struct health h;

	(void)state;
	feed_sample();
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	tell(ONE_FOR_ONE, 2, 1);
	report(RESTART_DONE, "a", "<0.2.0>", "boom");
	assert_int_equal(budget_criterion(&h).level, LEVEL_CRITICAL);
	report(RESTART_DONE, "a", "<0.3.0>", "boom");
	report(RESTART_GAVE_UP, "a", "<0.3.0>", "reached_max_restart_intensity");
	assert_int_equal(stats_of(e).budgets[0].left, 2);
	assert_int_equal(budget_criterion(&h).level, LEVEL_HEALTHY);
	assert_int_equal(stats_of(e).total, 2);
}

static void
what_is_unknown_is_left_out(void **state)
{
	struct supervisor_facts f;
	struct health h;

	(void)state;
	assert_int_equal(budget_criterion(&h).level, LEVEL_UNKNOWN);
	tell(ONE_FOR_ONE, 2, 1); /* of a supervisor that nothing was heard of */
	assert_int_equal(stats_of(e).budget_count, 0);
	report(RESTART_DONE, "a", "<0.1.0>", "boom");
	f = facts(STRATEGY_UNKNOWN, 0, 0);
	f.kind = "other";
	f.known = false;
	engine_supervisor(e, now, &f);
	supervisor_facts_release(&f);
	assert_int_equal(stats_of(e).budget_count, 0);
	assert_false(engine_restart_at(e, 0)->collateral_known);
	report(RESTART_DONE, "a", "<0.2.0>", "boom");
	assert_false(published()->collateral_known);
	assert_int_equal(stats_of(e).total, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_restart_was_none),
		TEST(only_that_childs_end_is_meant),
		TEST(with_siblings_it_may_be_another_child),
		TEST(one_of_a_storm_is_taken_out),
		TEST(it_may_be_among_folded_ones),
		TEST(with_siblings_it_may_be_among_folded_ones),
		TEST(hand_reports_meet_it_all_the_same),
		TEST(a_reason_without_a_place_of_its_own_goes_too),
		TEST(all_siblings_are_collateral),
		TEST(of_rest_for_one_those_started_later),
		TEST(one_for_one_has_none),
		TEST(a_restart_that_was_none_had_no_siblings),
		TEST(restored_counts_are_the_same),
		TEST(restored_folded_ones_are_as_many),
		TEST(tallies_take_back_too),
		TEST(a_budget_is_spent_and_comes_back),
		TEST(one_that_gave_up_begins_anew),
		TEST(what_is_unknown_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
