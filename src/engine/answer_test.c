/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/testing.h"
#include "engine/fixture.h"

#define T0 INT64_C(1705573800000) /* 2024-01-18T10:30:00Z */

static struct engine *e;
static struct sample s;
static int64_t now;
static struct strbuf out;
static struct jsonw j;
static struct answer_json form;
static json_t *root;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("rabbit@h", &o);
	memset(&s, 0, sizeof(s));
	now = T0;
	jsonw_init(&j, &out);
	answer_json_init(&form, &j);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(root);
	root = NULL;
	strbuf_release(&out);
	engine_free(e);
	return 0;
}

/* parse reads what was written, and makes room for the next answer. */
static json_t *
parse(void)
{
	json_error_t err;

	json_decref(root);
	root = json_loads(strbuf_cstr(&out), JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &err);
	if (root == NULL)
		print_message("%s\n%s\n", err.text, strbuf_cstr(&out));
	assert_non_null(root);
	strbuf_reset(&out);
	jsonw_init(&j, &out);
	answer_json_init(&form, &j);
	return root;
}

/* at follows a path of keys: "memory_usage.total". */
static json_t *
at(json_t *o, const char *path)
{
	char copy[128], *key, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((key = strsep(&rest, ".")) != NULL) {
		o = json_object_get(o, key);
		if (o == NULL)
			print_message("no %s in %s\n", key, path);
		assert_non_null(o);
	}
	return o;
}

static const char *
text_at(json_t *o, const char *path)
{
	return json_string_value(at(o, path));
}

static double
number_at(json_t *o, const char *path)
{
	assert_true(json_is_number(at(o, path)));
	return json_number_value(at(o, path));
}

static struct term *
term(const char *text, bool truncated)
{
	return term_new((const uint8_t *)text, (uint32_t)strlen(text), text, truncated);
}

static void
restart(const char *child, const char *reason, enum restart_kind kind, bool truncated)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.supervisor = term("rabbit_sup", false),
		.child_id = term(child, false),
		.child_pid = term("<0.5.0>", false),
		.reason = term(reason, truncated),
		.restart_type = "intrinsic" };

	engine_restart(e, now, &r);
	restart_release(&r);
}

static void
feed_full(int n)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		sample_set(&s, (enum metric_id)i, 1000 + i);
	sample_set(&s, METRIC_MEMORY_LIMIT, 1e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 5e8);
	for (int i = 0; i < n; i++) {
		now += 5000;
		s.scheduler_count = 2;
		for (int k = 0; k < 2; k++) {
			s.scheduler_active[k] += 50;
			s.scheduler_total[k] += 100;
		}
		s.time_ms = now;
		engine_feed(e, now, &s);
	}
}

/* ---- the seed's shapes ---- */

static void
health_has_the_seeds_shape(void **state)
{
	static const char *const fields[] = { "overall_status", "process_count", "memory_usage.total",
		"memory_usage.processes", "memory_usage.system", "memory_usage.atom", "memory_usage.binary",
		"memory_usage.code", "memory_usage.ets", "cpu_usage", "restart_rate", "message_queue_lengths.max",
		"message_queue_lengths.average", "message_queue_lengths.processes_with_long_queues",
		"message_queue_lengths.sampled", "message_queue_lengths.scanned", "anomalies", "recommendations",
		"last_check", "criteria.memory.level", "criteria.cpu.warning", "criteria.restarts.critical",
		"observed.missing" };

	(void)state;
	feed_full(2);
	answer_health(&form.base, e, now);
	parse();
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		at(root, fields[i]);
	ASSERT_NEAR(number_at(root, "cpu_usage"), 50, 1e-6);
	ASSERT_NEAR(number_at(root, "process_count"), 1000 + METRIC_PROCESS_COUNT, 0);
	assert_string_equal(text_at(root, "last_check"), "2024-01-18T10:30:10.000Z");
	assert_true(json_is_array(at(root, "anomalies")));
	assert_string_equal(text_at(root, "criteria.memory.unit"), "%");
	assert_string_equal(text_at(root, "criteria.memory.level"), "healthy");
}

static void
unobserved_is_null(void **state)
{
	(void)state;
	answer_health(&form.base, e, now);
	parse();
	assert_string_equal(text_at(root, "overall_status"), "unknown");
	assert_true(json_is_null(at(root, "process_count")));
	assert_true(json_is_null(at(root, "memory_usage.total")));
	assert_true(json_is_null(at(root, "restart_rate")));
	assert_true(json_is_null(at(root, "last_check")));
	assert_true(json_is_null(at(root, "criteria.cpu.value")));
	assert_int_equal(json_array_size(at(root, "observed.missing")), CRITERION_COUNT);
	answer_performance(&form.base, e);
	parse();
	assert_true(json_is_null(at(root, "cpu.utilization")));
	assert_true(json_is_null(at(root, "timestamp")));
	assert_int_equal(json_object_size(at(root, "metrics")), METRIC_COUNT);
}

static void
performance_has_the_seeds_shape(void **state)
{
	(void)state;
	feed_full(2);
	answer_performance(&form.base, e);
	parse();
	assert_int_equal(json_object_size(at(root, "cpu")), 3);
	assert_int_equal(json_object_size(at(root, "memory")), 5);
	assert_int_equal(json_object_size(at(root, "processes")), 5);
	assert_int_equal(json_object_size(at(root, "io")), 2);
	assert_int_equal(json_object_size(at(root, "gc")), 3);
	assert_int_equal(json_array_size(at(root, "cpu.load_average")), 3);
	assert_int_equal(json_array_size(at(root, "cpu.scheduler_utilization")), 2);
	ASSERT_NEAR(number_at(root, "memory.used"), 5e8, 0);
	ASSERT_NEAR(number_at(root, "metrics.memory_utilization"), 50, 1e-9);
	assert_string_equal(text_at(root, "timestamp"), "2024-01-18T10:30:10.000Z");
}

static void
restarts_have_the_seeds_shape(void **state)
{
	json_t *child, *pattern, *recent;

	(void)state;
	for (int i = 0; i < 6; i++) {
		now += 1000;
		restart("{worker,\"a\"}", "killed", RESTART_DONE, false);
	}
	restart("w2", "{badmatch,…}", RESTART_DONE, true);
	restart("w2", "boom", RESTART_FAILED, false);
	assert_true(answer_restarts(&form.base, e, now, NULL));
	parse();
	ASSERT_NEAR(number_at(root, "total_restarts"), 7, 0);
	ASSERT_NEAR(number_at(root, "restart_rate"), 7, 0);
	ASSERT_NEAR(number_at(root, "restart_reasons.killed"), 6, 0);
	ASSERT_NEAR(number_at(root, "failed_attempts"), 1, 0);
	ASSERT_NEAR(number_at(root, "time_between_restarts"), 5000.0 / 6, 1e-6);
	assert_true(json_is_true(at(root, "observed")));
	assert_true(json_is_true(at(root, "truncated")));
	child = json_array_get(at(root, "most_restarted_children"), 0);
	assert_string_equal(text_at(child, "child_id"), "{worker,\"a\"}");
	ASSERT_NEAR(number_at(child, "count"), 6, 0);
	pattern = json_array_get(at(root, "patterns"), 0);
	assert_string_equal(text_at(pattern, "type"), "restart_storm");
	assert_true(json_is_true(at(pattern, "active")));
	recent = at(root, "recent");
	assert_int_equal(json_array_size(recent), 8);
	assert_string_equal(text_at(json_array_get(recent, 0), "kind"), "start_error");
	assert_true(json_is_true(at(json_array_get(recent, 1), "truncated")));
	assert_null(json_object_get(json_array_get(recent, 2), "truncated"));
	ASSERT_NEAR(number_at(json_array_get(recent, 2), "restart_count"), 6, 0);
	assert_true(answer_restarts(&form.base, e, now, "rabbit_sup"));
	parse();
	assert_false(answer_restarts(&form.base, e, now, "other"));
	assert_int_equal(out.len, 0);
}

static void
restarts_tell_budgets_and_siblings(void **state)
{
	struct supervisor_facts f = { .time_ms = now,
		.supervisor = term("rabbit_sup", false),
		.pid = term("<0.7.0>", false),
		.kind = "supervisor",
		.strategy = ONE_FOR_ALL,
		.known = true,
		.intensity = 3,
		.period_ms = 60000,
		.used = 1,
		.children = 2,
		.siblings = siblings_new(2) };
	json_t *budget, *recent;

	(void)state;
	f.siblings->ids[0] = term("w2", false);
	f.siblings->ids[1] = term("w1", false);
	restart("w1", "killed", RESTART_DONE, false);
	engine_supervisor(e, now, &f);
	restart("w1", "killed", RESTART_DONE, false);
	assert_true(answer_restarts(&form.base, e, now, NULL));
	parse();
	ASSERT_NEAR(number_at(root, "collateral"), 2, 0);
	assert_int_equal(json_array_size(at(root, "budgets")), 1);
	budget = json_array_get(at(root, "budgets"), 0);
	assert_string_equal(text_at(budget, "supervisor"), "rabbit_sup");
	assert_string_equal(text_at(budget, "kind"), "supervisor");
	assert_string_equal(text_at(budget, "strategy"), "one_for_all");
	ASSERT_NEAR(number_at(budget, "intensity"), 3, 0);
	ASSERT_NEAR(number_at(budget, "period"), 60000, 0);
	ASSERT_NEAR(number_at(budget, "used"), 2, 0);
	ASSERT_NEAR(number_at(budget, "left"), 1, 0);
	ASSERT_NEAR(number_at(budget, "children"), 2, 0);
	ASSERT_NEAR(number_at(budget, "collateral"), 2, 0);
	recent = json_array_get(at(root, "recent"), 0);
	ASSERT_NEAR(number_at(recent, "collateral"), 1, 0);
	assert_int_equal(json_array_size(at(recent, "collateral_children")), 1);
	assert_string_equal(json_string_value(json_array_get(at(recent, "collateral_children"), 0)), "w2");
	assert_null(json_object_get(recent, "restarted"));
	supervisor_facts_release(&f);
}

static void
restart_event_has_the_seeds_fields(void **state)
{
	struct node_event *ev;

	(void)state;
	restart("w", "killed", RESTART_DONE, false);
	ev = next_of(e, EVENT_RESTART);
	answer_event(&form.base, ev);
	node_event_unref(ev);
	parse();
	assert_string_equal(text_at(root, "type"), "restart");
	assert_string_equal(text_at(root, "node"), "rabbit@h");
	assert_string_equal(text_at(root, "severity"), "low");
	assert_string_equal(text_at(root, "timestamp"), "2024-01-18T10:30:00.000Z");
	assert_string_equal(text_at(root, "data.supervisor"), "rabbit_sup");
	assert_string_equal(text_at(root, "data.child_id"), "w");
	assert_string_equal(text_at(root, "data.reason"), "killed");
	assert_string_equal(text_at(root, "data.child_pid"), "<0.5.0>");
	ASSERT_NEAR(number_at(root, "data.restart_count"), 1, 0);
	number_at(root, "id");
}

static void
anomaly_event_has_the_seeds_fields(void **state)
{
	struct node_event *ev;
	json_t *culprit;

	(void)state;
	s.top_count[TOP_MEMORY] = 1;
	strcpy(s.top[TOP_MEMORY][0].pid, "<0.9.0>");
	s.top[TOP_MEMORY][0].value = 5;
	feed_full(100);
	s.top[TOP_MEMORY][0].value = 8;
	for (int i = 0; i < 20; i++) {
		sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e8);
		now += 5000;
		s.time_ms = now;
		engine_feed(e, now, &s);
	}
	ev = next_of(e, EVENT_PERFORMANCE_ALERT);
	assert_non_null(ev);
	answer_event(&form.base, ev);
	node_event_unref(ev);
	parse();
	assert_string_equal(text_at(root, "data.type"), "memory_anomaly");
	assert_string_equal(text_at(root, "data.severity"), "high");
	assert_string_equal(text_at(root, "data.metric"), "memory_utilization");
	assert_string_equal(text_at(root, "data.unit"), "percent");
	ASSERT_NEAR(number_at(root, "data.current_value"), 90, 1e-6);
	assert_true(number_at(root, "data.score") > 0.5);
	culprit = json_array_get(at(root, "data.culprits"), 0);
	assert_string_equal(text_at(culprit, "pid"), "<0.9.0>");
	assert_string_equal(text_at(culprit, "kind"), "process");
	ASSERT_NEAR(number_at(culprit, "growth"), 3, 0);
	ASSERT_NEAR(number_at(culprit, "growth_share"), 1, 0);
	assert_int_equal(strlen(text_at(culprit, "growth_since")), strlen("2023-11-14T22:13:20.000Z"));
	answer_anomalies(&form.base, e);
	parse();
	assert_int_equal(json_array_size(root), 1);
	assert_string_equal(text_at(json_array_get(at(json_array_get(root, 0), "top.memory"), 0), "pid"), "<0.9.0>");
	answer_health(&form.base, e, now);
	parse();
	assert_int_equal(json_array_size(at(root, "anomalies")), 1);
}

static void
restart_anomaly_has_the_seeds_fields(void **state)
{
	struct node_event *ev;

	(void)state;
	for (int i = 0; i < 4; i++)
		restart("worker_process", "killed", RESTART_DONE, false);
	ev = next_of(e, EVENT_ANOMALY);
	answer_event(&form.base, ev);
	node_event_unref(ev);
	parse();
	assert_string_equal(text_at(root, "data.type"), "restart_anomaly");
	assert_string_equal(text_at(root, "data.description"), "Rapid restart cycle detected for worker_process");
	assert_string_equal(text_at(root, "data.child_id"), "worker_process");
	assert_string_equal(text_at(root, "data.supervisor"), "rabbit_sup");
	ASSERT_NEAR(number_at(root, "data.restart_count"), 4, 0);
	assert_null(json_object_get(at(root, "data"), "current_value"));
}

static void
health_alert_carries_a_system_health(void **state)
{
	struct node_event *ev;

	(void)state;
	feed_full(1);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e7);
	s.time_ms = now += 5000;
	engine_feed(e, now, &s);
	while ((ev = next_of(e, EVENT_HEALTH_ALERT)) != NULL && ev->u.health.changed != CRITERION_MEMORY)
		node_event_unref(ev);
	assert_non_null(ev);
	answer_event(&form.base, ev);
	node_event_unref(ev);
	parse();
	assert_string_equal(text_at(root, "data.overall_status"), "critical");
	assert_string_equal(text_at(root, "data.changed"), "memory");
	number_at(root, "data.process_count");
	assert_true(json_array_size(at(root, "data.recommendations")) > 0);
}

static void
node_and_top(void **state)
{
	(void)state;
	engine_link(e, now, NODE_HANGING, "it does not speak");
	answer_node(&form.base, e, now);
	parse();
	assert_string_equal(text_at(root, "name"), "rabbit@h");
	assert_string_equal(text_at(root, "state"), "hanging");
	assert_string_equal(text_at(root, "detail"), "it does not speak");
	assert_true(json_is_null(at(root, "info.otp_release")));
	answer_top(&form.base, e, TOP_MEMORY, SAMPLE_TOP);
	parse();
	assert_string_equal(text_at(root, "by"), "memory");
	assert_int_equal(json_array_size(at(root, "processes")), 0);
}

/* glance asks for the node at a glance. */
static void
glance(void)
{
	answer_node(&form.base, e, now);
	assert_true(out.len < 700);
	parse();
}

static void
feed_memory(double available)
{
	sample_set(&s, METRIC_MEMORY_LIMIT, 1e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, available);
	sample_set(&s, METRIC_WALLCLOCK, (double)(now - T0) + 5000);
	s.time_ms = now += 5000;
	engine_feed(e, now, &s);
}

static void
a_node_at_a_glance(void **state)
{
	(void)state;
	glance();
	assert_true(json_is_null(at(root, "overall_since")));
	assert_true(json_is_null(at(root, "worst")));
	assert_true(json_is_null(at(root, "incident")));
	assert_true(json_is_null(at(root, "restarts_5m")));
	assert_true(json_is_null(at(root, "memory_utilization")));
	feed_memory(5e8);
	feed_memory(5e8);
	glance();
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:30:05.000Z");
	assert_true(json_is_null(at(root, "worst")));
	ASSERT_NEAR(number_at(root, "memory_utilization"), 50, 0.1);
	ASSERT_NEAR(number_at(root, "uptime"), 10000, 0);
	feed_memory(5e7);
	feed_memory(4e7);
	glance();
	assert_string_equal(text_at(root, "overall_status"), "critical");
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:30:15.000Z");
	assert_string_equal(text_at(root, "worst.criterion"), "memory");
	ASSERT_NEAR(number_at(root, "worst.value"), 96, 0.1);
	ASSERT_NEAR(number_at(root, "worst.critical"), 90, 0);
	ASSERT_NEAR(number_at(root, "open_incidents"), 0, 0);
}

static void
a_lost_node_at_a_glance(void **state)
{
	(void)state;
	feed_memory(5e8);
	feed_memory(5e8);
	engine_link(e, now, NODE_UP, "linked");
	restart("w1", "killed", RESTART_DONE, false);
	glance();
	ASSERT_NEAR(number_at(root, "restarts_5m"), 1, 0);
	engine_link(e, now += 1000, NODE_UNREACHABLE, "it was lost");
	glance();
	assert_string_equal(text_at(root, "overall_status"), "unknown");
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:30:11.000Z");
	assert_true(json_is_null(at(root, "worst")));
	ASSERT_NEAR(number_at(root, "open_incidents"), 1, 0);
	assert_string_equal(text_at(root, "incident.severity"), "high");
	text_at(root, "incident.id");
	text_at(root, "incident.title");
	assert_true(json_is_null(at(root, "cpu_utilization")));
	assert_true(json_is_null(at(root, "uptime")));
}

/* Who asks between two looks gets what is true at that moment; a time without a look is none in which anything stood. */
static void
since_when_the_health_stands(void **state)
{
	(void)state;
	feed_memory(5e8);
	feed_memory(5e8);
	for (int i = 0; i < 10; i++)
		engine_tick(e, now += 1000);
	glance();
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:30:05.000Z");
	now += 90000;
	glance();
	assert_string_equal(text_at(root, "overall_status"), "unknown");
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:31:50.000Z");
	feed_memory(5e8);
	glance();
	assert_string_equal(text_at(root, "overall_status"), "healthy");
	assert_string_equal(text_at(root, "overall_since"), "2024-01-18T10:31:55.000Z");
}

static void
give_table(double memory)
{
	struct survey tables = {
		.kind = SURVEY_TABLES, .total = 7, .count = 1, .rows = xcalloc(1, sizeof(struct survey_table))
	};
	struct survey_table *t = tables.rows;

	snprintf(t->name, sizeof(t->name), "sessions");
	t->named = true;
	t->memory = memory;
	engine_survey(e, now, &tables);
}

static void
feed_uptime(double wallclock_ms)
{
	sample_set(&s, METRIC_WALLCLOCK, wallclock_ms);
	s.time_ms = now += 5000;
	engine_feed(e, now, &s);
}

static void
surveys_are_told(void **state)
{
	json_t *table;

	(void)state;
	answer_links(&form.base, e);
	parse();
	assert_true(json_is_null(at(root, "timestamp")));
	assert_int_equal(json_array_size(at(root, "links")), 0);
	give_table(1e6);
	answer_tables(&form.base, e);
	parse();
	assert_true(json_is_null(at(json_array_get(at(root, "tables"), 0), "growth_per_hour")));
	now += 60000;
	give_table(2e6);
	answer_tables(&form.base, e);
	parse();
	table = json_array_get(at(root, "tables"), 0);
	ASSERT_NEAR(number_at(root, "total"), 7, 0);
	assert_string_equal(text_at(table, "name"), "sessions");
	ASSERT_NEAR(number_at(table, "memory"), 2e6, 0);
	ASSERT_NEAR(number_at(table, "growth_per_hour"), 60e6, 1);
	assert_string_equal(text_at(table, "growth_since"), "2024-01-18T10:30:00.000Z");
	/* the node begins anew: its tables have not shrunk */
	feed_uptime(1e9);
	assert_non_null(engine_last_survey(e, SURVEY_TABLES));
	feed_uptime(1e3);
	assert_null(engine_last_survey(e, SURVEY_TABLES));
}

static void
groups_are_told(void **state)
{
	struct survey groups = {
		.kind = SURVEY_GROUPS, .total = 2, .count = 2, .rows = xcalloc(2, sizeof(struct survey_group))
	};
	struct survey_group *g = groups.rows;
	json_t *row;

	(void)state;
	g[0] = (struct survey_group) { GROUP_BY_PARENT, "<0.5.0>", "pool_sup", 900, 3, "pool:init/1 gen:loop/7" };
	g[1] = (struct survey_group) { GROUP_BY_CALL, "", "pool:init/1", 901, 0, "" };
	engine_survey(e, now, &groups);
	answer_groups(&form.base, e);
	parse();
	row = json_array_get(at(root, "groups"), 0);
	assert_string_equal(text_at(row, "by"), "parent");
	assert_string_equal(text_at(row, "pid"), "<0.5.0>");
	assert_string_equal(text_at(row, "name"), "pool_sup");
	assert_string_equal(text_at(row, "one"), "pool:init/1 gen:loop/7");
	ASSERT_NEAR(number_at(row, "count"), 900, 0);
	ASSERT_NEAR(number_at(row, "runnable"), 3, 0);
	row = json_array_get(at(root, "groups"), 1);
	assert_string_equal(text_at(row, "by"), "initial_call");
	assert_true(json_is_null(at(row, "pid")) && json_is_null(at(row, "one")));
}

static void
ports_are_told(void **state)
{
	struct survey ports = {
		.kind = SURVEY_PORTS, .total = 1, .count = 1, .rows = xcalloc(1, sizeof(struct survey_port_group))
	};
	json_t *row;

	(void)state;
	answer_ports(&form.base, e);
	parse();
	assert_true(json_is_null(at(root, "total")));
	*(struct survey_port_group *)ports.rows =
	    (struct survey_port_group) { GROUP_BY_OWNER, "<0.9.0>", "listener", 40 };
	engine_survey(e, now, &ports);
	answer_ports(&form.base, e);
	parse();
	row = json_array_get(at(root, "ports"), 0);
	assert_string_equal(text_at(row, "by"), "owner");
	assert_string_equal(text_at(row, "name"), "listener");
	ASSERT_NEAR(number_at(row, "count"), 40, 0);
}

static void
give_allocators(void)
{
	struct survey allocators = {
		.kind = SURVEY_ALLOCATORS, .count = 3, .rows = xcalloc(3, sizeof(struct survey_allocator))
	};
	static const char *const names[] = { "ets_alloc", "eheap_alloc", "eheap_alloc" };

	for (int i = 0; i < 3; i++) {
		struct survey_allocator *row = (struct survey_allocator *)allocators.rows + i;

		snprintf(row->name, sizeof(row->name), "%s", names[i]);
		row->number[ALLOCATOR_CARRIERS_SIZE] = 2000;
		row->number[ALLOCATOR_BLOCKS_SIZE] = 500 + i;
	}
	engine_survey(e, now, &allocators);
}

static void
memory_adds_up_and_names_owners(void **state)
{
	json_t *levels, *level, *part;
	size_t i, k;

	(void)state;
	answer_memory(&form.base, e);
	parse();
	assert_true(json_is_null(at(json_array_get(at(root, "levels"), 0), "bytes")));
	feed_full(1);
	sample_set(&s, METRIC_ALLOC_CARRIERS, 3e8);
	sample_set(&s, METRIC_ALLOC_BLOCKS, 2e8);
	sample_set(&s, METRIC_ALLOC_EXTERNAL, 4e6);
	give_table(1e6);
	give_allocators();
	feed_uptime(1e6);
	answer_memory(&form.base, e);
	parse();
	levels = at(root, "levels");
	assert_int_equal(json_array_size(levels), 4);
	json_array_foreach(levels, i, level)
	{
		double sum = 0;

		json_array_foreach(at(level, "parts"), k, part) sum += number_at(part, "bytes");
		assert_true(sum == number_at(level, "bytes") + number_at(level, "excess"));
	}
	part = json_array_get(at(json_array_get(levels, 2), "parts"), 1);
	assert_string_equal(text_at(part, "name"), "free_in_carriers");
	assert_string_equal(text_at(json_array_get(at(part, "owners"), 0), "allocator"), "eheap_alloc");
	ASSERT_NEAR(number_at(json_array_get(at(part, "owners"), 0), "bytes"), 2997, 0);
	ASSERT_NEAR(number_at(json_array_get(levels, 2), "share"), 100 * 3e8 / s.value[METRIC_RSS], 1e-9);
}

/* ---- for people ---- */

static void
add_text(struct node_event *ev, bool colour)
{
	strbuf_reset(&out);
	answer_event_text(&out, ev, colour);
	node_event_unref(ev);
}

static void
restart_line(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		restart("queue_x", "killed", RESTART_DONE, false);
	node_event_unref(next_of(e, EVENT_RESTART));
	node_event_unref(next_of(e, EVENT_RESTART));
	add_text(next_of(e, EVENT_RESTART), false);
	assert_string_equal(out.data, "10:30:00 restart   rabbit@h  rabbit_sup / queue_x  killed  (3rd restart)");
	restart("queue_x", "killed", RESTART_GAVE_UP, false);
	add_text(next_of(e, EVENT_RESTART), true);
	assert_non_null(strstr(out.data, "gave up"));
	assert_int_equal(strncmp(out.data, "\033[31m10:30:00", 13), 0);
}

/* Colours and cursor movements in a reason must not reach the terminal; neither must a reversal of the text's direction. */
static void
foreign_text_is_made_visible(void **state)
{
	char reason[2000];

	(void)state;
	restart("\033[2J\xC2\x9B\x7F", "a\nb\xE2\x80\xAEz\xFF", RESTART_DONE, false);
	add_text(next_of(e, EVENT_RESTART), false);
	assert_string_equal(out.data, "10:30:00 restart   rabbit@h  rabbit_sup / ?[2J??  a b?z?  (1st restart)");
	memset(reason, 'r', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	restart("w", reason, RESTART_DONE, false);
	add_text(next_of(e, EVENT_RESTART), false);
	assert_true(out.len < 400);
	assert_non_null(strstr(out.data, "rrr..."));
}

static void
other_lines(void **state)
{
	(void)state;
	engine_link(e, now, NODE_UP, "OTP 25");
	add_text(next_of(e, EVENT_NODE), false);
	assert_string_equal(out.data, "10:30:00 node      rabbit@h  up: OTP 25");
	feed_full(1);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e7);
	s.time_ms = now += 5000;
	engine_feed(e, now, &s);
	add_text(next_of(e, EVENT_HEALTH_ALERT), false);
	assert_non_null(strstr(out.data, " health    rabbit@h  critical: "));
	engine_link(e, now, NODE_UNREACHABLE, "");
	add_text(next_of(e, EVENT_ANOMALY), false);
	assert_non_null(strstr(out.data, "anomaly   rabbit@h  Node is not reachable"));
}

static void
metric_anomaly_line(void **state)
{
	struct node_event *ev = node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", T0);
	struct anomaly *a = &ev->u.anomaly;

	(void)state;
	strcpy(a->description, "I/O");
	a->metric = METRIC_IO_INPUT;
	a->current_value = 3 * 1048576;
	a->baseline_value = 512;
	a->culprit_count = 1;
	strcpy(a->culprits[0].process.name, "pump");
	strcpy(a->culprits[0].process.pid, "<0.3.0>");
	add_text(ev, false);
	assert_string_equal(
	    out.data, "10:30:00 anomaly   a@h  I/O: io_input 3 MiB/s, usually 512 B/s  culprits: pump <0.3.0>");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(health_has_the_seeds_shape),
		TEST(unobserved_is_null),
		TEST(performance_has_the_seeds_shape),
		TEST(restarts_have_the_seeds_shape),
		TEST(restarts_tell_budgets_and_siblings),
		TEST(restart_event_has_the_seeds_fields),
		TEST(anomaly_event_has_the_seeds_fields),
		TEST(restart_anomaly_has_the_seeds_fields),
		TEST(health_alert_carries_a_system_health),
		TEST(node_and_top),
		TEST(a_node_at_a_glance),
		TEST(a_lost_node_at_a_glance),
		TEST(since_when_the_health_stands),
		TEST(surveys_are_told),
		TEST(groups_are_told),
		TEST(ports_are_told),
		TEST(memory_adds_up_and_names_owners),
		TEST(restart_line),
		TEST(foreign_text_is_made_visible),
		TEST(other_lines),
		TEST(metric_anomaly_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
