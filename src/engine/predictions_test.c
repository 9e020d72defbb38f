/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "engine/foresight.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define MAX 8

static struct engine *e;
static int64_t now;
static struct prediction found[MAX];

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

static void
report(enum restart_kind kind, const char *supervisor)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.caught = true,
		.supervisor = text_term(supervisor),
		.child_id = text_term("child"),
		.reason = text_term("boom") };

	engine_restart(e, now, &r);
	restart_release(&r);
}

static void
tell(const char *supervisor, uint32_t intensity, int64_t period_ms)
{
	struct supervisor_facts f = { .time_ms = now,
		.supervisor = text_term(supervisor),
		.pid = text_term("<0.7.0>"),
		.kind = "supervisor",
		.strategy = ONE_FOR_ONE,
		.known = true,
		.intensity = intensity,
		.period_ms = period_ms,
		.used = 1,
		.age_count = 1,
		.children = 1 };

	engine_supervisor(e, now, &f);
	supervisor_facts_release(&f);
}

/* crash_loop: once a second, and what the supervisor says of itself behind the first. */
static void
crash_loop(const char *supervisor, int times, uint32_t intensity)
{
	for (int i = 0; i < times; i++) {
		now += 1000;
		report(RESTART_DONE, supervisor);
		if (i == 0)
			tell(supervisor, intensity, 60000);
	}
}

static size_t
predict(void)
{
	return engine_predictions(e, now, found, MAX);
}

static void
test_a_budget_about_to_run_out(void **state)
{
	(void)state;
	crash_loop("sup", 15, 20);
	assert_int_equal(predict(), 1);
	assert_int_equal(found[0].kind, PREDICTION_BUDGET);
	assert_string_equal(term_text(found[0].supervisor), "sup");
	assert_null(found[0].child_id);
	assert_int_equal(found[0].budget_intensity, 20);
	assert_int_equal(found[0].budget_left, 5);
	assert_int_equal(found[0].budget_period_ms, 60000);
	ASSERT_NEAR(found[0].expected_ms - now, 6000, 1000);
	assert_true(found[0].earliest_ms <= found[0].expected_ms && found[0].expected_ms <= found[0].latest_ms);
	assert_true(found[0].confidence >= 0.5 && found[0].confidence <= 1);
	assert_non_null(strstr(found[0].text, "sup: 5 of 20 restarts in 60 s left; gives up in 6"));
}

static void
test_a_budget_that_lasts_is_no_prediction(void **state)
{
	(void)state;
	crash_loop("sup", 15, 200);
	assert_int_equal(predict(), 0);
}

static void
test_calm_takes_it_back(void **state)
{
	(void)state;
	crash_loop("sup", 15, 20);
	now += 20000;
	assert_int_equal(predict(), 0);
}

/* What a supervisor spent before it gave up was another one's. */
static void
test_a_supervisor_that_gave_up_begins_anew(void **state)
{
	(void)state;
	crash_loop("sup", 15, 20);
	report(RESTART_GAVE_UP, "sup");
	assert_int_equal(predict(), 0);
}

static void
test_the_first_to_come_is_first(void **state)
{
	(void)state;
	for (int i = 0; i < 15; i++) {
		now += 1000;
		report(RESTART_DONE, "late");
		report(RESTART_DONE, "soon");
		if (i == 0) {
			tell("late", 25, 60000);
			tell("soon", 17, 60000);
		}
	}
	assert_int_equal(predict(), 2);
	assert_string_equal(term_text(found[0].supervisor), "soon");
	assert_string_equal(term_text(found[1].supervisor), "late");
	assert_int_equal(engine_predictions(e, now, found, 1), 1);
	assert_string_equal(term_text(found[0].supervisor), "soon");
	assert_int_equal(engine_predictions(e, now, found, 0), 0);
}

static void
test_of_a_node_that_is_gone_nothing_is_foretold(void **state)
{
	(void)state;
	engine_link(e, now, NODE_UP, "");
	crash_loop("sup", 15, 20);
	assert_int_equal(predict(), 1);
	engine_link(e, now, NODE_UNREACHABLE, "gone");
	assert_int_equal(predict(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_budget_about_to_run_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_budget_that_lasts_is_no_prediction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_calm_takes_it_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_supervisor_that_gave_up_begins_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_first_to_come_is_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_a_node_that_is_gone_nothing_is_foretold, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
