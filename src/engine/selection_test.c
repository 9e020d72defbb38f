/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/selection.h"

#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "model/term_fixture.h"

static struct selection *s;

static int
setup(void **state)
{
	(void)state;
	s = selection_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	selection_free(s);
	return 0;
}

static void
add(enum selection_kind kind, bool except, const char *text)
{
	struct term *t = text_term(text);

	selection_term(s, kind, except, t);
	term_unref(t);
}

static bool
wants(const char *supervisor, const char *key, const char *child)
{
	struct restart r = {
		.supervisor = text_term(supervisor), .key = key ? text_term(key) : NULL, .child_id = text_term(child)
	};
	bool wanted = selection_wants_restart(s, &r);

	restart_release(&r);
	return wanted;
}

static void
everything_at_first(void **state)
{
	struct restart nothing = { .kind = RESTART_DONE };

	(void)state;
	assert_true(wants("a", NULL, "x"));
	assert_true(selection_wants_restart(s, &nothing));
	for (int i = 0; i < METRIC_COUNT; i++)
		assert_true(selection_wants_metric(s, (enum metric_id)i));
	selection_free(NULL);
}

static void
only_some_supervisors_and_children(void **state)
{
	struct restart nothing = { .kind = RESTART_DONE };

	(void)state;
	add(SELECT_SUPERVISOR, false, "a");
	assert_true(wants("a", NULL, "x"));
	assert_false(wants("b", NULL, "x"));
	assert_false(selection_wants_restart(s, &nothing));
	add(SELECT_SUPERVISOR, false, "b");
	assert_true(wants("b", NULL, "x"));
	add(SELECT_CHILD, false, "x");
	assert_true(wants("b", NULL, "x"));
	assert_false(wants("b", NULL, "y"));
	assert_false(wants("c", NULL, "x"));
}

static void
all_but_some(void **state)
{
	(void)state;
	add(SELECT_SUPERVISOR, true, "a");
	add(SELECT_CHILD, true, "x");
	assert_false(wants("a", NULL, "y"));
	assert_false(wants("b", NULL, "x"));
	assert_true(wants("b", NULL, "y"));
	/* Both lists: but for those of the first, only those of the second. */
	add(SELECT_SUPERVISOR, false, "a");
	add(SELECT_SUPERVISOR, false, "c");
	assert_false(wants("a", NULL, "y"));
	assert_false(wants("b", NULL, "y"));
	assert_true(wants("c", NULL, "y"));
}

static void
supervisors_are_known_by_their_identity(void **state)
{
	(void)state;
	add(SELECT_SUPERVISOR, true, "registered");
	assert_false(wants("<0.1.0>", "registered", "x"));
	assert_true(wants("registered_too", "other", "x"));
}

static void
metrics_by_name_and_by_group(void **state)
{
	struct err err;

	(void)state;
	assert_true(selection_metric(s, true, "atom_count", &err));
	assert_false(selection_wants_metric(s, METRIC_ATOM_COUNT));
	assert_true(selection_wants_metric(s, METRIC_PORT_COUNT));
	assert_true(selection_metric(s, false, "cpu", &err));
	assert_true(selection_metric(s, false, "memory", &err));
	assert_true(selection_wants_metric(s, METRIC_CPU_UTILIZATION));
	assert_true(selection_wants_metric(s, METRIC_LOAD5));
	assert_true(selection_wants_metric(s, METRIC_MEMORY_LIMIT));
	assert_true(selection_wants_metric(s, METRIC_VM_MEMORY_ETS));
	assert_false(selection_wants_metric(s, METRIC_PORT_COUNT));
	assert_true(selection_metric(s, true, "vm_memory_ets", &err));
	assert_false(selection_wants_metric(s, METRIC_VM_MEMORY_ETS));
}

/* Every group of the seed's shape is one. */
static void
groups_are_the_parts_of_the_seeds_shape(void **state)
{
	struct err err;

	(void)state;
	for (int i = 0; i < METRIC_COUNT; i++) {
		char group[32] = "";

		if (METRICS[i].seed_path[0] == '\0')
			continue;
		strncat(group, METRICS[i].seed_path, strcspn(METRICS[i].seed_path, "."));
		assert_true(selection_metric(s, true, group, &err));
		assert_false(selection_wants_metric(s, (enum metric_id)i));
	}
}

static void
unknown_metrics_are_refused(void **state)
{
	static const char *const wrong[] = { "", "cp", "cpu.", "cpu.utilization", "CPU", "nonsense" };
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_false(selection_metric(s, false, wrong[i], &err));
		assert_non_null(strstr(err.text, wrong[i]));
	}
	assert_true(selection_wants_metric(s, METRIC_PORT_COUNT));
}

/* ---- what the engine makes of it ---- */

static void
engine_leaves_out_what_is_not_wanted(void **state)
{
	struct engine_options o = engine_defaults();
	struct restart r = { .time_ms = 1000, .supervisor = text_term("noisy"), .child_id = text_term("x") };
	struct sample sample = { .time_ms = 1000 };
	struct restart_stats st;
	struct health h;
	struct err err;
	struct engine *e;

	(void)state;
	add(SELECT_SUPERVISOR, true, "noisy");
	assert_true(selection_metric(s, true, "memory_utilization", &err));
	assert_true(selection_metric(s, true, "cpu", &err));
	o.selection = s;
	e = engine_new("a@h", &o);
	engine_restart(e, 1000, &r);
	assert_true(engine_restart_stats(e, 1000, NULL, &st));
	assert_int_equal(st.total, 0);
	assert_null(engine_next_event(e));
	assert_null(engine_restart_at(e, 0));
	sample.scheduler_count = 2;
	sample_set(&sample, METRIC_MEMORY_LIMIT, 100);
	sample_set(&sample, METRIC_MEMORY_AVAILABLE, 1);
	sample_set(&sample, METRIC_RESTART_CAPTURE, 1);
	engine_feed(e, 1000, &sample);
	assert_true(engine_last(e)->present[METRIC_MEMORY_USED]);
	assert_false(engine_last(e)->present[METRIC_MEMORY_UTILIZATION]);
	assert_int_equal(engine_last(e)->scheduler_count, 0);
	engine_health(e, 1000, &h);
	assert_int_equal(h.criteria[CRITERION_MEMORY].level, LEVEL_UNKNOWN);
	restart_release(&r);
	engine_free(e);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_at_first),
		TEST(only_some_supervisors_and_children),
		TEST(all_but_some),
		TEST(supervisors_are_known_by_their_identity),
		TEST(metrics_by_name_and_by_group),
		TEST(groups_are_the_parts_of_the_seeds_shape),
		TEST(unknown_metrics_are_refused),
		TEST(engine_leaves_out_what_is_not_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
