/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "engine/state.h"

static struct engine *e;
static struct sample s;
static struct anomaly a;
static int64_t now;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	now = INT64_C(1700000000000);
	e = engine_new("a@h", &o);
	memset(&s, 0, sizeof(s));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	return 0;
}

/* process puts one into a ranking, largest first. */
static struct top_process *
process(enum top_kind kind, const char *name, double value)
{
	struct top_process *p = &s.top[kind][s.top_count[kind]++];

	*p = (struct top_process)TOP_PROCESS_INIT;
	snprintf(p->pid, sizeof(p->pid), "<0.%s.0>", name);
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->value = value;
	return p;
}

static void
feed(void)
{
	now += 5000;
	s.time_ms = now;
	engine_feed(e, now, &s);
	memset(s.top_count, 0, sizeof(s.top_count));
}

static void
tables(double cache, double sessions)
{
	struct survey survey = { .kind = SURVEY_TABLES, .count = 2, .total = 2 };
	struct survey_table *t = xcalloc(2, sizeof(*t));

	survey.rows = t;
	t[0] = (struct survey_table) {
		.name = "cache", .named = true, .owner = "cache_owner", .count = 1, .memory = cache
	};
	t[1] = (struct survey_table) {
		.name = "sessions", .owner = "<0.7.0> m:f/1", .count = sessions / 100, .memory = sessions
	};
	engine_survey(e, now, &survey);
}

static void
group(struct survey_group *g, enum group_by by, const char *pid, const char *name, double count, double runnable)
{
	*g = (struct survey_group) { .by = by, .count = count, .runnable = runnable };
	snprintf(g->pid, sizeof(g->pid), "%s", pid);
	snprintf(g->name, sizeof(g->name), "%s", name);
	snprintf(g->one, sizeof(g->one), "m:loop/1 in gen:do_call/4");
}

/* groups tells those of a supervisor that has 5,000 children, of one parent, and of one call. */
static void
groups(double parent, double call, double runnable)
{
	struct survey survey = { .kind = SURVEY_GROUPS, .count = 3, .total = 3 };
	struct survey_group *g = xcalloc(3, sizeof(*g));

	survey.rows = g;
	group(&g[0], GROUP_BY_PARENT, "<0.1.0>", "big_sup", 5000, 0);
	group(&g[1], GROUP_BY_PARENT, "<0.2.0>", "<0.2.0> m:server/1", parent, runnable);
	group(&g[2], GROUP_BY_CALL, "", "m:leaked/0", call, runnable);
	engine_survey(e, now, &survey);
}

static void
ports(double owner, double of_parent)
{
	struct survey survey = { .kind = SURVEY_PORTS, .count = 2, .total = 2 };
	struct survey_port_group *g = xcalloc(2, sizeof(*g));

	survey.rows = g;
	g[0] =
	    (struct survey_port_group) { .by = GROUP_BY_OWNER, .pid = "<0.4.0>", .name = "connector", .count = owner };
	g[1] = (struct survey_port_group) {
		.by = GROUP_BY_PARENT, .pid = "<0.5.0>", .name = "acceptors", .count = of_parent
	};
	engine_survey(e, now, &survey);
}

/* name has the culprits of a rise named. */
static const struct culprit *
name(enum anomaly_type type, enum metric_id metric)
{
	a = (struct anomaly) { .type = type, .metric = metric, .current_value = 2, .baseline_value = 1 };
	culprits_name(e, &a);
	return &a.culprits[0];
}

static void
who_grew_is_named_and_not_who_is_large(void **state)
{
	const struct culprit *c;

	(void)state;
	for (int i = 0; i <= 24; i++) {
		process(TOP_MEMORY, "large", 2e9);
		process(TOP_MEMORY, "swings", i % 2 ? 9e8 : 1e8);
		process(TOP_MEMORY, "leaky", i < 22 ? 1e7 : 1e7 + (i - 21) * 3e7);
		process(TOP_MEMORY, "follower", i < 22 ? 1e7 : 1e7 + (i - 21) * 1e7);
		feed();
	}
	c = name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL);
	assert_int_equal(a.culprit_count, 2);
	assert_int_equal(c[0].kind, CULPRIT_PROCESS);
	assert_string_equal(c[0].process.name, "leaky");
	assert_true(c[0].growth == 9e7 && fabs(c[0].share - 0.75) < 1e-9);
	assert_true(c[0].since_ms > 0 && c[0].since_ms < now);
	assert_string_equal(c[1].process.name, "follower");
	assert_true(isnan(c[0].count));
}

static void
who_grew_by_next_to_nothing_of_the_rise_is_not_named(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		process(TOP_BINARY, "small", i < 19 ? 1000 : 5000);
		feed();
	}
	a = (struct anomaly) {
		.type = ANOMALY_BINARY, .metric = METRIC_VM_MEMORY_BINARY, .current_value = 1e8, .baseline_value = 1e6
	};
	culprits_name(e, &a);
	assert_int_equal(a.culprit_count, 0);
}

static void
who_works_next_to_nothing_more_is_not_named(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		process(TOP_REDUCTIONS, "small", i < 19 ? 1000 : 50000);
		feed();
	}
	a = (struct anomaly) {
		.type = ANOMALY_REDUCTIONS, .metric = METRIC_REDUCTIONS, .current_value = 9e7, .baseline_value = 3e4
	};
	culprits_name(e, &a);
	assert_int_equal(a.culprit_count, 0);
	a.current_value = 9e4;
	culprits_name(e, &a);
	assert_string_equal(a.culprits[0].process.name, "small");
}

static void
without_a_past_the_largest_are_named_and_bystanders_not(void **state)
{
	(void)state;
	process(TOP_REDUCTIONS, "busy", 1e7);
	process(TOP_REDUCTIONS, "too", 5e6);
	process(TOP_REDUCTIONS, "idle", 1e5);
	feed();
	assert_string_equal(name(ANOMALY_CPU, METRIC_CPU_UTILIZATION)->process.name, "busy");
	assert_int_equal(a.culprit_count, 2);
	assert_true(isnan(a.culprits[0].growth) && isnan(a.culprits[0].share));
	a = (struct anomaly) { .type = ANOMALY_CPU, .current_value = 1, .baseline_value = 2 };
	culprits_name(e, &a);
	assert_int_equal(a.culprit_count, 0);
}

static void
where_nobody_grew_nobody_is_named_but_for_queues(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		process(TOP_MEMORY, "large", 2e9);
		process(TOP_MESSAGE_QUEUE, "hoarder", 500);
		feed();
	}
	name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL);
	assert_int_equal(a.culprit_count, 0);
	assert_string_equal(name(ANOMALY_MESSAGE_QUEUE, METRIC_MQ_MAX)->process.name, "hoarder");
}

static void
of_atoms_nobody_is_named_and_whoever_works_more_is_a_hint(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		process(TOP_REDUCTIONS, "steady", 1e7);
		process(TOP_REDUCTIONS, "parser", i < 19 ? 1e4 : 1e6);
		feed();
	}
	name(ANOMALY_ATOM, METRIC_ATOM_COUNT);
	assert_int_equal(a.culprit_count, 0);
	assert_string_equal(a.description,
	    "; no process can be named, for the VM does not tell who makes atoms; parser <0.parser.0> works most that "
	    "did not before");
	process(TOP_REDUCTIONS, "steady", 1e7);
	feed();
	name(ANOMALY_ATOM, METRIC_ATOM_COUNT);
	assert_string_equal(a.description, "; no process can be named, for the VM does not tell who makes atoms");
}

static void
a_process_that_does_not_work_on_its_queue_is_told_with_where_it_waits(void **state)
{
	struct top_process *p;

	(void)state;
	for (int i = 0; i < 20; i++)
		feed();
	p = process(TOP_MESSAGE_QUEUE, "stuck", 500);
	p->reductions = 300;
	p->queue_rate = 100;
	snprintf(p->current_function, sizeof(p->current_function), "gen:do_call/4");
	feed();
	assert_string_equal(name(ANOMALY_MESSAGE_QUEUE, METRIC_MQ_MAX)->detail, "which hardly runs, in gen:do_call/4");
}

static void
tables_are_named_by_their_growth(void **state)
{
	const struct culprit *c;

	(void)state;
	for (int i = 0; i < 4; i++) {
		tables(1e9, 1e6);
		feed();
		now += 30000;
	}
	tables(1e9, 5e7);
	feed();
	c = name(ANOMALY_ETS, METRIC_VM_MEMORY_ETS);
	assert_int_equal(a.culprit_count, 1);
	assert_int_equal(c->kind, CULPRIT_TABLE);
	assert_string_equal(c->process.name, "sessions");
	assert_string_equal(c->detail, "<0.7.0> m:f/1");
	assert_true(c->growth == 4.9e7 && c->count == 5e5);
	assert_string_equal(name(ANOMALY_ETS, METRIC_ETS_COUNT)->process.name, "sessions");
	assert_string_equal(name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL)->process.name, "sessions");
}

static void
many_processes_are_named_by_their_parent_or_else_by_what_they_began_with(void **state)
{
	const struct culprit *c;

	(void)state;
	for (int i = 0; i < 20; i++) {
		groups(10, 10, 0);
		feed();
	}
	groups(900, 1000, 0);
	c = name(ANOMALY_PROCESS_COUNT, METRIC_PROCESS_COUNT);
	assert_int_equal(a.culprit_count, 1);
	assert_int_equal(c->kind, CULPRIT_PARENT);
	assert_string_equal(c->process.pid, "<0.2.0>");
	assert_string_equal(c->process.initial_call, "m:server/1");
	assert_string_equal(c->process.name, "");
	assert_string_equal(c->detail, "m:loop/1 in gen:do_call/4");
	assert_true(c->count == 900 && c->growth == 890);
	groups(100, 1000, 0);
	c = name(ANOMALY_PROCESS_COUNT, METRIC_PROCESS_COUNT);
	assert_int_equal(c->kind, CULPRIT_CALL);
	assert_string_equal(c->process.initial_call, "m:leaked/0");
}

static void
their_memory_is_theirs_where_no_process_has_grown_as_much(void **state)
{
	(void)state;
	sample_set(&s, METRIC_VM_MEMORY_PROCESSES, 6e7);
	sample_set(&s, METRIC_PROCESS_COUNT, 6000);
	for (int i = 0; i < 20; i++) {
		groups(10, 10, 0);
		process(TOP_MEMORY, "some", i < 19 ? 1e6 : 2e6);
		feed();
	}
	groups(1010, 1010, 0);
	assert_int_equal(name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL)->kind, CULPRIT_PARENT);
	groups(20, 20, 0);
	assert_string_equal(name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL)->process.name, "some");
}

static void
many_that_wait_for_a_scheduler_come_before_the_busiest(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		groups(100, 100, 2);
		process(TOP_REDUCTIONS, "busy", i < 19 ? 1e5 : 1e6);
		feed();
	}
	groups(100, 100, 5);
	assert_string_equal(name(ANOMALY_RUN_QUEUE, METRIC_RUN_QUEUE)->process.name, "busy");
	groups(100, 100, 90);
	assert_int_equal(name(ANOMALY_RUN_QUEUE, METRIC_RUN_QUEUE)->kind, CULPRIT_PARENT);
	assert_int_equal(name(ANOMALY_CPU, METRIC_CPU_UTILIZATION)->kind, CULPRIT_PARENT);
	assert_true(a.culprits[0].growth == 88);
}

static void
ports_are_named_by_their_owner_or_by_who_started_the_owners(void **state)
{
	const struct culprit *c;

	(void)state;
	for (int i = 0; i < 20; i++) {
		ports(3, 20);
		feed();
	}
	ports(103, 120);
	c = name(ANOMALY_PORT, METRIC_PORT_COUNT);
	assert_int_equal(c->kind, CULPRIT_PORT_OWNER);
	assert_string_equal(c->process.name, "connector");
	assert_true(c->growth == 100 && c->count == 103);
	ports(3, 120);
	c = name(ANOMALY_PORT, METRIC_PORT_COUNT);
	assert_int_equal(c->kind, CULPRIT_PORT_PARENT);
	assert_string_equal(c->process.name, "acceptors");
}

static void
a_node_that_began_anew_has_no_past(void **state)
{
	(void)state;
	sample_set(&s, METRIC_WALLCLOCK, 1e9);
	for (int i = 0; i < 20; i++) {
		process(TOP_MEMORY, "large", 2e9);
		feed();
	}
	sample_set(&s, METRIC_WALLCLOCK, 1000);
	process(TOP_MEMORY, "large", 2e9);
	feed();
	process(TOP_MEMORY, "large", 2e9);
	feed();
	assert_string_equal(name(ANOMALY_MEMORY, METRIC_VM_MEMORY_TOTAL)->process.name, "large");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(who_grew_is_named_and_not_who_is_large),
		TEST(who_grew_by_next_to_nothing_of_the_rise_is_not_named),
		TEST(who_works_next_to_nothing_more_is_not_named),
		TEST(without_a_past_the_largest_are_named_and_bystanders_not),
		TEST(where_nobody_grew_nobody_is_named_but_for_queues),
		TEST(of_atoms_nobody_is_named_and_whoever_works_more_is_a_hint),
		TEST(a_process_that_does_not_work_on_its_queue_is_told_with_where_it_waits),
		TEST(tables_are_named_by_their_growth),
		TEST(many_processes_are_named_by_their_parent_or_else_by_what_they_began_with),
		TEST(their_memory_is_theirs_where_no_process_has_grown_as_much),
		TEST(many_that_wait_for_a_scheduler_come_before_the_busiest),
		TEST(ports_are_named_by_their_owner_or_by_who_started_the_owners),
		TEST(a_node_that_began_anew_has_no_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
