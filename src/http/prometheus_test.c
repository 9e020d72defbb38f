/* SPDX-License-Identifier: Apache-2.0 */
#include "http/prometheus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/exposition.h"
#include "http/routes.h"
#include "http/site_fixture.h"

static void
feed(int64_t time_ms, uint64_t active)
{
	struct sample *s = calloc(1, sizeof(*s));

	s->time_ms = time_ms;
	sample_set(s, METRIC_PROCESS_COUNT, 42);
	sample_set(s, METRIC_RUNTIME, 1500);
	sample_set(s, METRIC_WALLCLOCK, 7000);
	sample_set(s, METRIC_PROCESS_LIMIT, 50);
	sample_set(s, METRIC_VM_MEMORY_PROCESSES, 1e6);
	sample_set(s, METRIC_VM_MEMORY_SYSTEM, 2.5e6);
	sample_set(s, METRIC_PROBE_COLLECT_US, 250);
	s->top_told[TOP_MEMORY] = true;
	s->top_count[TOP_MEMORY] = 6;
	for (unsigned i = 0; i < 6; i++) {
		struct top_process *p = &s->top[TOP_MEMORY][i];

		*p = (struct top_process)TOP_PROCESS_INIT;
		p->value = 4000 - i;
		/*
		 * The second shares the first one's name; the third has none; of the fourth nothing is known; the last two differ in what is
		 * not shown.
		 */
		snprintf(p->name, sizeof(p->name), "%s", i < 2 ? "cache\"\x01" : "");
		snprintf(p->initial_call, sizeof(p->initial_call), "%s", i < 3 ? "m:f/1" : "");
		if (i >= 4)
			snprintf(p->name, sizeof(p->name), "last%c", (int)i);
	}
	s->scheduler_count = 2;
	for (int i = 0; i < 2; i++) {
		s->scheduler_active[i] = active;
		s->scheduler_total[i] = (uint64_t)time_ms;
	}
	engine_feed(fixture.engines[0], time_ms, s);
	free(s);
}

static const char *
scrape(const char *query)
{
	struct request rq = { .path = "/metrics", .query = query, .authorized = true };

	reply_release(&reply);
	reply_init(&reply);
	site_serve(&site, &rq, &reply);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.type, "text/plain; version=0.0.4; charset=utf-8");
	return reply.body.data;
}

#define HAS(text, piece) assert_non_null(strstr(text, piece))
#define LACKS(text, piece) assert_null(strstr(text, piece))

static void
names_have_base_units(void **state)
{
	static const struct {
		enum metric_id id;
		const char *name;
	} table[] = {
		{ METRIC_CPU_UTILIZATION, "arsenal_cpu_utilization_percent" },
		{ METRIC_RUNTIME, "arsenal_runtime_seconds_total" },
		{ METRIC_GC_TIME, "arsenal_gc_time_seconds_total" },
		{ METRIC_GC_BYTES_RECLAIMED, "arsenal_gc_bytes_reclaimed_total" },
		{ METRIC_GC_WORDS_RECLAIMED, "arsenal_gc_words_reclaimed_total" },
		{ METRIC_RSS, "arsenal_rss_bytes" },
		{ METRIC_VM_MEMORY_TOTAL, "arsenal_vm_memory_total_bytes" },
		{ METRIC_IO_INPUT, "arsenal_io_input_bytes_total" },
		{ METRIC_PROBE_WALK_US, "arsenal_probe_walk_seconds" },
		{ METRIC_PROCESS_COUNT, "arsenal_process_count" },
		{ METRIC_LOAD1, "arsenal_load1" },
		{ METRIC_DIRTY_IO_TOTAL, "arsenal_dirty_io_total" },
	};
	struct strbuf name = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		strbuf_reset(&name);
		prometheus_name(&name, table[i].id);
		assert_string_equal(name.data, table[i].name);
	}
	strbuf_release(&name);
}

static void
scales_by_the_name(void **state)
{
	(void)state;
	ASSERT_NEAR(prometheus_scale(METRIC_RUNTIME, "erlang_vm_statistics_runtime_milliseconds"), 1, 0);
	ASSERT_NEAR(prometheus_scale(METRIC_RUNTIME, "erlang_vm_statistics_runtime_seconds_total"), 1e-3, 0);
	ASSERT_NEAR(prometheus_scale(METRIC_PROBE_WALK_US, "arsenal_probe_walk_seconds"), 1e-6, 0);
	ASSERT_NEAR(prometheus_scale(METRIC_IO_INPUT, "arsenal_io_input_bytes_total"), 1, 0);
}

static void
escapes_labels(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	exposition_escape(&out, "a\"b\\c\nd{}é");
	assert_string_equal(out.data, "a\\\"b\\\\c\\nd{}é");
	strbuf_release(&out);
}

static void
surveys_have_the_names_of_todays_boards(void **state)
{
	struct survey links = { .kind = SURVEY_LINKS, .count = 1, .rows = calloc(1, sizeof(struct survey_link)) };
	struct survey allocators = {
		.kind = SURVEY_ALLOCATORS, .count = 1, .rows = calloc(1, sizeof(struct survey_allocator))
	};
	struct survey_link *l = links.rows;
	struct survey_allocator *row = allocators.rows;
	const char *text;

	(void)state;
	for (int i = 0; i < LINK_NUMBER_COUNT; i++)
		l->number[i] = NAN;
	l->number[LINK_QUEUE] = 5;
	snprintf(l->peer, sizeof(l->peer), "b\"@h");
	snprintf(l->state, sizeof(l->state), "up");
	snprintf(row->name, sizeof(row->name), "ets_alloc");
	snprintf(row->kind, sizeof(row->kind), "mbcs");
	row->number[ALLOCATOR_CARRIERS_SIZE] = 4096;
	row->number[ALLOCATOR_BLOCKS] = NAN;
	engine_survey(fixture.engines[0], FIXTURE_NOW, &links);
	engine_survey(fixture.engines[0], FIXTURE_NOW, &allocators);
	LACKS(scrape("node=a@h"), "erlang_vm_dist");
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text, "\nerlang_vm_dist_node_queue_size_bytes{peer=\"b\\\"@h\"} 5\n");
	HAS(text, "\nerlang_vm_dist_node_state{peer=\"b\\\"@h\"} 3\n");
	LACKS(text, "erlang_vm_dist_recv");
	HAS(text,
	    "\nerlang_vm_allocators{alloc=\"ets_alloc\",instance_no=\"all\",kind=\"mbcs\",usage=\"carriers_size\"} "
	    "4096\n");
	LACKS(text, "usage=\"blocks\"");
}

static void
one_node(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text, "# TYPE erlang_vm_process_count gauge\nerlang_vm_process_count 42\n");
	HAS(text, "# HELP erlang_vm_processes Processes\n# TYPE erlang_vm_processes gauge\nerlang_vm_processes 42\n");
	HAS(text, "# TYPE arsenal_process_count gauge\narsenal_process_count 42\n");
	HAS(text,
	    "# TYPE erlang_vm_statistics_runtime_milliseconds counter\nerlang_vm_statistics_runtime_milliseconds "
	    "1500\n");
	HAS(text, "erlang_vm_statistics_runtime_seconds_total 1.5\n");
	HAS(text, "arsenal_probe_collect_seconds 0.00025\n");
	/* A gauge whose old name says _total stays a gauge, and its rows stand together. */
	HAS(text,
	    "# TYPE erlang_vm_memory_bytes_total gauge\nerlang_vm_memory_bytes_total{kind=\"processes\"} 1000000\n"
	    "erlang_vm_memory_bytes_total{kind=\"system\"} 2500000\n");
	/* What boards call otherwise, and as what they know it. */
	HAS(text, "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 1.5\n");
	HAS(text, "# TYPE process_uptime_seconds gauge\nprocess_uptime_seconds 7\n");
	HAS(text, "\narsenal_node_up 1\n");
	HAS(text, "arsenal_node_info{otp_release=\"25\",erts_version=\"13.1\",elixir=\"\"} 1\n");
	LACKS(text, "node=\"");
	LACKS(text, "arsenal_http_requests_total");
}

static void
what_was_not_observed_has_no_sample(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	LACKS(text, "erlang_vm_port_count");
	LACKS(text, "arsenal_cpu_utilization_percent");
	LACKS(text, "criterion=\"cpu\"");
	LACKS(text, "nan");
	text = scrape("node=b%20c@h");
	HAS(text, "arsenal_node_up 0\n");
	HAS(text, "arsenal_node_state{state=\"refused\"} 1\n");
	LACKS(text, "erlang_vm");
	LACKS(text, "arsenal_restarts_total");
}

static void
a_node_that_went_down_has_no_stale_figures(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	fixture_restart(&fixture, "sup", "w");
	engine_link(fixture.engines[0], FIXTURE_NOW, NODE_UNREACHABLE, "gone");
	text = scrape("node=a@h");
	HAS(text, "arsenal_node_up 0\n");
	HAS(text, "arsenal_restarts_total 1\n");
	LACKS(text, "erlang_vm_process_count");
	LACKS(text, "arsenal_health_level");
}

static void
all_nodes(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	fixture_restart(&fixture, "'s\"up'", "{w,\"\\\\\"}");
	text = scrape(NULL);
	HAS(text, "# TYPE arsenal_node_up gauge\narsenal_node_up{node=\"a@h\"} 1\narsenal_node_up{node=\"b c@h\"} 0\n");
	HAS(text, "erlang_vm_memory_bytes{node=\"a@h\",kind=\"system\"} 2500000\n");
	HAS(text,
	    "arsenal_restarts_by_child_total{node=\"a@h\",supervisor=\"'s\\\"up'\",child=\"{w,\\\"\\\\\\\\\\\"}\"} "
	    "1\n");
	HAS(text, "arsenal_http_requests_total 0\n");
	LACKS(text, "arsenal_store");
	fixture_store_figures = (struct http_store) { 7, 2, 4096, true };
	text = scrape(NULL);
	HAS(text, "# TYPE arsenal_store_committed_total counter\narsenal_store_committed_total 7\n");
	HAS(text, "arsenal_store_dropped_total 2\n");
	HAS(text, "arsenal_store_bytes 4096\n");
	HAS(text, "arsenal_store_failing 1\n");
	fixture_store_figures = (struct http_store) { 0 };
}

static void
report(enum restart_kind kind, const char *pid)
{
	struct restart r = { .time_ms = FIXTURE_NOW,
		.kind = kind,
		.supervisor = text_term("sup"),
		.child_id = text_term("w"),
		.child_pid = text_term(pid),
		.reason = text_term("killed") };

	engine_restart(fixture.engines[0], FIXTURE_NOW, &r);
	restart_release(&r);
}

/* The last restart before a supervisor gives up was none. */
static void
counters_do_not_fall(void **state)
{
	static const char by_child[] = "arsenal_restarts_by_child_total{supervisor=\"sup\",child=\"w\"} 2\n";
	const char *text;

	(void)state;
	report(RESTART_DONE, "<0.1.0>");
	report(RESTART_DONE, "<0.2.0>");
	text = scrape("node=a@h");
	HAS(text, "\narsenal_restarts_total 2\n");
	HAS(text, "\narsenal_restarts_undone_total 0\n");
	HAS(text, by_child);
	report(RESTART_GAVE_UP, "<0.2.0>");
	text = scrape("node=a@h");
	HAS(text, "\narsenal_restarts_total 2\n");
	HAS(text, "\narsenal_restarts_undone_total 1\n");
	HAS(text, by_child);
}

static void
schedulers(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	feed(FIXTURE_NOW + 1000, 250);
	text = scrape("node=a@h");
	HAS(text, "arsenal_scheduler_utilization_percent{scheduler=\"1\"} 25\n");
	HAS(text, "arsenal_scheduler_utilization_percent{scheduler=\"2\"} 25\n");
	HAS(text, "arsenal_cpu_utilization_percent 25\n");
	HAS(text, "arsenal_health_level{criterion=\"cpu\"} 0\n");
}

static void
health_goes_out_with_its_limits(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text, "\narsenal_health_level{criterion=\"processes\"} 1\n");
	HAS(text, "\narsenal_health_value{criterion=\"processes\"} 84\n");
	HAS(text, "\narsenal_health_limit{criterion=\"processes\",level=\"warning\"} 75\n");
	HAS(text, "\narsenal_health_limit{criterion=\"processes\",level=\"critical\"} 90\n");
	LACKS(text, "arsenal_health_value{criterion=\"cpu\"}");
}

static void
processes_go_out_by_name(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text,
	    "# TYPE arsenal_top_process gauge\narsenal_top_process{by=\"memory\",process=\"cache\\\"?\"} 4000\n"
	    "arsenal_top_process{by=\"memory\",process=\"m:f/1\"} 3998\n"
	    "arsenal_top_process{by=\"memory\",process=\"last?\"} 3996\n#");
	engine_link(fixture.engines[0], FIXTURE_NOW, NODE_UNREACHABLE, "gone");
	LACKS(scrape("node=a@h"), "arsenal_top_process");
}

static void
findings(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text, "\narsenal_incidents_open 0\n");
	LACKS(text, "arsenal_anomaly_score");
	HAS(text, "\narsenal_restart_patterns_active{type=\"restart_storm\"} 0\n");
	for (int i = 0; i < 6; i++)
		report(RESTART_DONE, "<0.1.0>");
	engine_tick(fixture.engines[0], FIXTURE_NOW);
	text = scrape("node=a@h");
	HAS(text, "\narsenal_incidents_open 1\n");
	HAS(text, "\narsenal_anomaly_score{type=\"restart_anomaly\"} ");
	HAS(text, "\narsenal_restart_patterns_active{type=\"restart_storm\"} 1\n");
}

static void
outlooks(void **state)
{
	const char *text;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape("node=a@h");
	HAS(text, "\narsenal_resource_used_percent{resource=\"processes\"} 84\n");
	/* Of a single sample nothing is foreseen. */
	LACKS(text, "arsenal_resource_full_timestamp_seconds");
	LACKS(text, "arsenal_next_failure_timestamp_seconds");
	LACKS(scrape("node=b%20c@h"), "arsenal_resource_used_percent");
}

/* Prometheus refuses a family that comes twice. */
static void
each_family_comes_once(void **state)
{
	const char *text;
	char names[400][96];
	size_t count = 0;

	(void)state;
	feed(FIXTURE_NOW, 0);
	text = scrape(NULL);
	for (const char *p = text; (p = strstr(p, "# TYPE ")) != NULL; count++) {
		p += 7;
		assert_true(count < ARRAY_LEN(names));
		snprintf(names[count], sizeof(names[count]), "%.*s", (int)strcspn(p, " "), p);
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(names[i], names[count]);
	}
	assert_true(count > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_base_units),
		cmocka_unit_test(scales_by_the_name),
		cmocka_unit_test(escapes_labels),
		cmocka_unit_test_setup_teardown(surveys_have_the_names_of_todays_boards, setup, teardown),
		cmocka_unit_test_setup_teardown(one_node, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_not_observed_has_no_sample, setup, teardown),
		cmocka_unit_test_setup_teardown(a_node_that_went_down_has_no_stale_figures, setup, teardown),
		cmocka_unit_test_setup_teardown(all_nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(counters_do_not_fall, setup, teardown),
		cmocka_unit_test_setup_teardown(schedulers, setup, teardown),
		cmocka_unit_test_setup_teardown(health_goes_out_with_its_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(processes_go_out_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(findings, setup, teardown),
		cmocka_unit_test_setup_teardown(outlooks, setup, teardown),
		cmocka_unit_test_setup_teardown(each_family_comes_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
