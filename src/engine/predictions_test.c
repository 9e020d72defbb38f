/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
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
report_of(enum restart_kind kind, const char *supervisor, const char *child)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.caught = true,
		.supervisor = text_term(supervisor),
		.child_id = text_term(child),
		.reason = text_term("boom") };

	engine_restart(e, now, &r);
	restart_release(&r);
}

static void
report(enum restart_kind kind, const char *supervisor)
{
	report_of(kind, supervisor, "child");
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

/* ---- periodic ---- */

#define INTERVAL_MS 600000

static void
test_the_next_beat_of_a_periodic_child(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		now += INTERVAL_MS + (i % 3 - 1) * 4000;
		report(RESTART_DONE, "sup");
		engine_tick(e, now);
	}
	now += 60000;
	engine_tick(e, now);
	assert_int_equal(predict(), 1);
	assert_int_equal(found[0].kind, PREDICTION_PERIODIC);
	assert_string_equal(term_text(found[0].child_id), "child");
	ASSERT_NEAR(found[0].expected_ms - now, INTERVAL_MS - 60000, 8000);
	assert_true(found[0].earliest_ms <= found[0].expected_ms && found[0].expected_ms <= found[0].latest_ms);
	assert_true(found[0].latest_ms - found[0].earliest_ms < INTERVAL_MS / 10);
	ASSERT_NEAR(found[0].confidence, 0.8, 0);
	assert_non_null(strstr(found[0].text, "child fails at regular intervals: next in "));
}

/* storm: some children that restart ten times a second, for a second. */
static void
storm(int children)
{
	char name[32];

	for (int i = 0; i < 10; i++, now += 100)
		for (int k = 0; k < children; k++) {
			snprintf(name, sizeof(name), "stormy%d", k);
			report_of(RESTART_DONE, "other", name);
		}
	engine_tick(e, now);
}

static void
test_storms_do_not_hide_a_beat(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		now += INTERVAL_MS + (i % 3 - 1) * 4000;
		report(RESTART_DONE, "sup");
		engine_tick(e, now);
	}
	storm(200);
	now += 60000;
	engine_tick(e, now);
	assert_int_equal(predict(), 1);
	assert_string_equal(term_text(found[0].child_id), "child");
}

/* Of more beats than are looked at, those that come next. */
static void
test_of_many_beats_the_next_are_foretold(void **state)
{
	char name[32];

	(void)state;
	for (int i = 0; i < 10; i++)
		for (int k = 0; k < 300; k++) {
			now += INTERVAL_MS / 300;
			snprintf(name, sizeof(name), "beat%d", k);
			report_of(RESTART_DONE, "sup", name);
			engine_tick(e, now);
		}
	now += 150000;
	engine_tick(e, now);
	assert_int_equal(predict(), MAX);
	for (int i = 0; i < MAX; i++)
		ASSERT_NEAR(found[i].expected_ms - now, i * INTERVAL_MS / 300, INTERVAL_MS / 300);
}

static void
test_what_is_long_overdue_is_not_foretold(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		now += INTERVAL_MS;
		report(RESTART_DONE, "sup");
		engine_tick(e, now);
	}
	now += 20 * INTERVAL_MS;
	engine_tick(e, now);
	assert_int_equal(predict(), 0);
}

/* ---- what follows a resource ---- */

static void
feed(double memory)
{
	struct sample s = { .time_ms = now };

	sample_set(&s, METRIC_VM_MEMORY_TOTAL, memory);
	engine_feed(e, now, &s);
	engine_tick(e, now);
}

/* spikes: every ten minutes a spike of memory, and behind its peak a restart; between them it is calm. */
static void
spikes(int times)
{
	for (int i = 0; i < times * 120; i++) {
		bool peak = i % 120 == 100;

		now += 5000;
		feed(i % 120 >= 98 && i % 120 <= 102 ? (peak ? 9e9 : 8e9) : 2e9 + (i * 7919 % 13) * 1e6);
		if (i % 120 == 101)
			report(RESTART_DONE, "sup");
	}
}

static const struct prediction *
of_resource(size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (found[i].kind == PREDICTION_RESOURCE)
			return &found[i];
	return NULL;
}

static void
test_a_trigger_and_how_far_it_is(void **state)
{
	const struct prediction *p;

	(void)state;
	spikes(10);
	p = of_resource(predict());
	assert_non_null(p);
	assert_int_equal(p->resource, METRIC_VM_MEMORY_TOTAL);
	assert_true(p->threshold > 4e9 && p->threshold <= 9e9);
	ASSERT_NEAR(p->present, 2e9, 2e7);
	ASSERT_NEAR(p->distance, p->threshold - p->present, 1);
	assert_int_equal(p->expected_ms, 0);
	assert_non_null(strstr(p->text, "child fails when vm_memory_total reaches "));
	assert_non_null(strstr(p->text, "when is not foreseeable"));
}

static void
test_a_trend_towards_a_trigger_has_a_time(void **state)
{
	const struct prediction *p;

	(void)state;
	spikes(10);
	for (int i = 0; i < 400; i++) {
		now += 5000;
		feed(2e9 + i * 1e7);
	}
	p = of_resource(predict());
	assert_non_null(p);
	assert_true(p->expected_ms > now);
	ASSERT_NEAR(p->expected_ms - now, (p->threshold - p->present) / 1e7 * 5000, 600000);
	assert_non_null(strstr(p->text, "; there in "));
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
		cmocka_unit_test_setup_teardown(test_the_next_beat_of_a_periodic_child, setup, teardown),
		cmocka_unit_test_setup_teardown(test_storms_do_not_hide_a_beat, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_many_beats_the_next_are_foretold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_long_overdue_is_not_foretold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_trigger_and_how_far_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_trend_towards_a_trigger_has_a_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
