/* SPDX-License-Identifier: Apache-2.0 */
/* Histories of a simulated node, each with a fault or none: the verdict names the fault and who did it, and no fault where there was none. */
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define MB 1e6

/* ---- a node ---- */

static struct engine *e;
static int64_t now;
static struct sample s;
static struct report *r;
static struct report_end end;
static uint64_t chance;

static double
noise(void)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (double)(chance >> 40) / (double)(1u << 24) - 0.5;
}

static int
setup(void **state)
{
	const struct node_info info = { .otp_release = "27",
		.erts_version = "15.2",
		.schedulers_online = 4,
		.injected = true,
		.restarts_seen = true };
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("rabbit@host", &o);
	now = T0;
	chance = 1;
	memset(&end, 0, sizeof(end));
	engine_link(e, now, NODE_UP, "linked");
	engine_info(e, &info);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	report_free(r);
	r = NULL;
	engine_free(e);
	return 0;
}

static void
rank(enum top_kind kind, const char *pid, const char *name, double value, double memory, double queue)
{
	struct top_process *p = &s.top[kind][s.top_count[kind]++];

	*p = (struct top_process)TOP_PROCESS_INIT;
	snprintf(p->pid, sizeof(p->pid), "%s", pid);
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->initial_call, sizeof(p->initial_call), "proc_lib:init_p/5");
	snprintf(p->current_function, sizeof(p->current_function), "gen_server:loop/7");
	p->value = value;
	p->memory = memory;
	p->queue_len = queue;
	s.top_told[kind] = true;
}

/* A node at rest: levels with a little noise, and the same processes on top. */
static void
at_rest(void)
{
	static const struct {
		enum metric_id id;
		double level;
	} levels[] = {
		{ METRIC_MEMORY_LIMIT, 8000 * MB },
		{ METRIC_MEMORY_AVAILABLE, 6000 * MB },
		{ METRIC_VM_MEMORY_TOTAL, 200 * MB },
		{ METRIC_VM_MEMORY_PROCESSES, 60 * MB },
		{ METRIC_VM_MEMORY_BINARY, 20 * MB },
		{ METRIC_VM_MEMORY_ETS, 15 * MB },
		{ METRIC_VM_MEMORY_CODE, 40 * MB },
		{ METRIC_VM_MEMORY_ATOM, 2 * MB },
		{ METRIC_RSS, 260 * MB },
		{ METRIC_CPU_UTILIZATION, 20 },
		{ METRIC_RUN_QUEUE, 2 },
		{ METRIC_PROCESS_COUNT, 400 },
		{ METRIC_PORT_COUNT, 30 },
		{ METRIC_ATOM_COUNT, 30000 },
		{ METRIC_MQ_MAX, 3 },
	};

	now += STEP_MS;
	memset(&s, 0, sizeof(s));
	s.time_ms = now;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		sample_set(&s, levels[i].id, levels[i].level * (1 + 0.05 * noise()));
	sample_set(&s, METRIC_PROCESS_LIMIT, 262144);
	sample_set(&s, METRIC_PORT_LIMIT, 65536);
	sample_set(&s, METRIC_ATOM_LIMIT, 1048576);
	sample_set(&s, METRIC_RESTART_CAPTURE, 1);
	sample_set(&s, METRIC_WALLCLOCK, (double)(now - T0 + 3600000));
	rank(TOP_MEMORY, "<0.50.0>", "code_server", 5 * MB, 5 * MB, 0);
	rank(TOP_MEMORY, "<0.60.0>", "rabbit_mgmt", 3 * MB, 3 * MB, 0);
	rank(TOP_MESSAGE_QUEUE, "<0.60.0>", "rabbit_mgmt", 2, 3 * MB, 2);
	rank(TOP_REDUCTIONS, "<0.60.0>", "rabbit_mgmt", 20000, 3 * MB, 2);
}

static void
add(enum metric_id id, double value)
{
	sample_set(&s, id, s.value[id] + value);
}

static void
feed(void)
{
	engine_feed(e, now, &s);
}

static void
rest(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		at_rest();
		feed();
	}
}

/* A process that leads a ranking goes to its front. */
static void
lead(enum top_kind kind, const char *pid, const char *name, double value, double memory, double queue)
{
	s.top_count[kind] = 0;
	rank(kind, pid, name, value, memory, queue);
}

static void
queue_fault(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		double len = 1000.0 * i;

		at_rest();
		sample_set(&s, METRIC_MQ_MAX, len);
		add(METRIC_VM_MEMORY_PROCESSES, 500 * len);
		add(METRIC_VM_MEMORY_TOTAL, 500 * len);
		lead(TOP_MESSAGE_QUEUE, "<0.99.0>", "victim", len, 500 * len, len);
		lead(TOP_MEMORY, "<0.99.0>", "victim", 500 * len + 1, 500 * len + 1, len);
		feed();
	}
}

static void
heap_fault(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		double bytes = 5 * MB * i;

		at_rest();
		add(METRIC_VM_MEMORY_PROCESSES, bytes);
		add(METRIC_VM_MEMORY_TOTAL, bytes);
		lead(TOP_MEMORY, "<0.77.0>", "hoarder", bytes + 1, bytes + 1, 0);
		feed();
	}
}

static void
restart(int64_t time_ms, enum restart_kind kind, const char *sup, const char *child)
{
	const char *reason = kind == RESTART_GAVE_UP ? "reached_max_restart_intensity" : "{badmatch,no}";
	struct restart x = { .time_ms = time_ms,
		.kind = kind,
		.caught = true,
		.times = 1,
		.supervisor = text_term(sup),
		.child_id = text_term(child),
		.reason = text_term(reason) };

	engine_restart(e, time_ms, &x);
	restart_release(&x);
}

/* die: the link is lost, and this is known of it. */
static void
die(enum report_process process)
{
	struct report_range range;

	now += 1000;
	engine_link(e, now, NODE_UNREACHABLE, "the node closed the connection");
	end.time_ms = now;
	end.state = NODE_UNREACHABLE;
	end.process = process;
	end.losses = 1;
	snprintf(end.detail, sizeof(end.detail), "the node closed the connection");
	range = (struct report_range) { now - REPORT_FLIGHT_MS, now };
	r = report_new(e, now, &range, &end);
}

static void
look_back(int minutes)
{
	const struct report_range range = { now - minutes * 60000, now };

	r = report_new(e, now, &range, NULL);
}

static void
judge_again(void)
{
	r->end = end;
	report_judge(r);
}

static void
assert_cause(const char *cause, const char *named)
{
	if (strcmp(r->verdict.cause, cause) != 0 || strstr(r->verdict.title, named) == NULL)
		fail_msg("%s: %s, not %s: …%s…", r->verdict.cause, r->verdict.title, cause, named);
	assert_true(r->verdict.reason_count > 0);
}

/* ---- verdicts ---- */

static void
test_a_queue_that_explodes_names_its_process(void **state)
{
	(void)state;
	rest(40);
	queue_fault(3);
	die(PROCESS_GONE);
	assert_cause("message_queue", "victim <0.99.0>");
	assert_true(r->verdict.confidence > 0.7);
}

/* The queue is the memory: the process that leads both has grown in both. */
static void
test_a_queue_in_a_short_watch_outweighs_the_memory_that_it_takes(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		double len = i < 4 ? 1 : 20000.0 * (i - 3);

		at_rest();
		sample_set(&s, METRIC_MQ_MAX, len);
		add(METRIC_VM_MEMORY_PROCESSES, 600 * len);
		add(METRIC_VM_MEMORY_TOTAL, 600 * len);
		lead(TOP_MESSAGE_QUEUE, "<0.99.0>", "victim", len, 10 * MB, len);
		lead(TOP_MEMORY, "<0.99.0>", "victim", 600 * len + 1, 600 * len + 1, len);
		feed();
	}
	die(PROCESS_GONE);
	assert_cause("message_queue", "victim <0.99.0>");
	assert_string_equal(r->verdict.also, "");
}

/* Rankings come seldom: what they say is of the end only if the readings agree. */
static void
test_what_is_over_at_the_end_is_no_cause(void **state)
{
	(void)state;
	rest(20);
	queue_fault(2);
	heap_fault(6);
	at_rest();
	s.top_count[TOP_MEMORY] = s.top_count[TOP_MESSAGE_QUEUE] = 0;
	s.top_told[TOP_MEMORY] = s.top_told[TOP_MESSAGE_QUEUE] = false;
	feed();
	die(PROCESS_GONE);
	assert_cause("killed", "Killed from outside");
	assert_int_equal(r->grower_count, 0);
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		for (unsigned i = 0; i < r->top[kind].count; i++)
			assert_string_not_equal(r->top[kind].rows[i].name, "hoarder");
}

static void
test_a_queue_is_named_before_it_is_known_how_the_node_ended(void **state)
{
	(void)state;
	rest(20);
	queue_fault(1);
	die(PROCESS_UNKNOWN);
	assert_cause("message_queue", "victim <0.99.0>");
}

static void
test_a_heap_that_grows_names_its_process(void **state)
{
	(void)state;
	rest(40);
	heap_fault(3);
	die(PROCESS_GONE);
	assert_cause("memory_growth", "hoarder <0.77.0>");
}

static void
test_a_table_that_grows_is_named(void **state)
{
	struct survey_table rows[2] = { { .name = "small", .named = true, .owner = "a", .memory = 2 * MB },
		{ .name = "cache", .named = true, .owner = "cache_owner", .memory = 420 * MB, .size = 1e6 } };

	(void)state;
	rest(30);
	for (int i = 0; i < 36; i++) {
		struct survey survey = { .kind = SURVEY_TABLES, .count = 2, .total = 2 };

		at_rest();
		add(METRIC_VM_MEMORY_ETS, 12 * MB * i);
		add(METRIC_VM_MEMORY_TOTAL, 12 * MB * i);
		feed();
		rows[1].memory = 12 * MB * i;
		survey.rows = memcpy(malloc(sizeof(rows)), rows, sizeof(rows));
		engine_survey(e, now, &survey);
	}
	die(PROCESS_GONE);
	assert_cause("memory_growth", "ETS table cache of cache_owner");
}

static void
test_the_memory_limit_names_the_owner(void **state)
{
	(void)state;
	rest(30);
	for (int i = 0; i < 60; i++) {
		double bytes = 95 * MB * i;

		at_rest();
		add(METRIC_VM_MEMORY_PROCESSES, bytes);
		add(METRIC_VM_MEMORY_TOTAL, bytes);
		sample_set(&s, METRIC_MEMORY_AVAILABLE, 6000 * MB - bytes);
		lead(TOP_MEMORY, "<0.77.0>", "hoarder", bytes + 1, bytes + 1, 0);
		feed();
	}
	die(PROCESS_GONE);
	assert_cause("memory_limit", "hoarder <0.77.0>");
}

static void
test_the_kernels_killing_is_evidence(void **state)
{
	(void)state;
	rest(30);
	end.oom_kills = true;
	die(PROCESS_GONE);
	assert_cause("memory_limit", "may have killed this VM");
	assert_true(r->verdict.confidence < 0.75);
	/* Whoever is killed leaves no dump: the kernel has killed somebody else. */
	snprintf(end.dump_slogan, sizeof(end.dump_slogan), "told to end");
	judge_again();
	assert_cause("crashed", "told to end");
}

static void
test_the_kernels_killing_names_the_process_that_grew(void **state)
{
	(void)state;
	rest(30);
	heap_fault(3);
	end.oom_kills = true;
	die(PROCESS_GONE);
	assert_cause("memory_limit", "hoarder <0.77.0>");
	assert_true(r->verdict.confidence > 0.9);
}

/* grow_fast: a process takes 14 MB a second from the middle of a watch of 45 seconds on; sudden: as much within the last five seconds. */
static void
grow_fast(bool sudden)
{
	for (int i = 0; i < 9; i++) {
		double bytes = i < (sudden ? 8 : 5) ? 12e3 : 70 * MB * (i - 4);

		at_rest();
		add(METRIC_VM_MEMORY_PROCESSES, bytes);
		add(METRIC_VM_MEMORY_TOTAL, bytes);
		lead(TOP_MEMORY, "<0.77.0>", "hoarder", bytes, bytes, 0);
		feed();
	}
}

static void
test_growth_within_a_short_watch_counts(void **state)
{
	(void)state;
	grow_fast(false);
	die(PROCESS_GONE);
	assert_cause("memory_growth", "hoarder <0.77.0>");
	assert_true(r->grown_count >= 2 && !r->grown[0].compared);
}

/* One reading alone is no growth of a metric, but the rankings agree with it. */
static void
test_a_process_that_grew_is_named_where_no_metric_has_grown(void **state)
{
	(void)state;
	grow_fast(true);
	die(PROCESS_GONE);
	assert_cause("memory_growth", "hoarder <0.77.0>: it held 267 MiB");
}

static void
test_a_start_is_no_growth(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		at_rest();
		add(METRIC_VM_MEMORY_TOTAL, 4 * MB * i);
		feed();
	}
	die(PROCESS_GONE);
	assert_cause("killed", "too soon after the watch began");
	assert_true(r->verdict.confidence <= 0.5);
}

static void
test_a_supervisor_that_gave_up_is_named(void **state)
{
	(void)state;
	rest(30);
	for (int i = 0; i < 10; i++)
		restart(now - 20000 + i * 1000, RESTART_DONE, "worker_sup", "flaky");
	restart(now - 5000, RESTART_GAVE_UP, "worker_sup", "flaky");
	restart(now - 4000, RESTART_GAVE_UP, "top_sup", "worker_sup");
	die(PROCESS_GONE);
	assert_cause("supervisor_gave_up",
	    "Supervisor worker_sup gave up on its child flaky, which kept ending with {badmatch,no}");
	assert_int_equal(r->gave_up, 2);
}

/* A permanent application that ends takes the node with it in order: that is no reason of its own. */
static void
test_a_stop_after_a_supervisor_gave_up_is_not_just_a_stop(void **state)
{
	(void)state;
	rest(30);
	restart(now - 5000, RESTART_GAVE_UP, "worker_sup", "flaky");
	end.stopping = true;
	die(PROCESS_GONE);
	assert_cause("supervisor_gave_up", "worker_sup");
}

static void
test_a_storm_in_a_range_is_named(void **state)
{
	(void)state;
	rest(30);
	for (int i = 0; i < 30; i++)
		restart(now - 30000 + i * 1000, RESTART_DONE, "worker_sup", "flaky");
	look_back(15);
	assert_cause("restart_storm", "flaky under worker_sup");
	assert_int_equal(r->restarts, 30);
}

static void
test_a_healthy_node_that_was_killed_was_killed(void **state)
{
	(void)state;
	rest(40);
	die(PROCESS_GONE);
	assert_cause("killed", "Killed from outside");
	assert_int_equal(r->grown_count, 0);
	assert_true(r->verdict.confidence >= 0.7);
}

static void
test_a_node_that_was_killed_soon_after_the_watch_began(void **state)
{
	(void)state;
	rest(1);
	die(PROCESS_GONE);
	assert_cause("killed", "Killed from outside");
}

static void
test_an_orderly_stop(void **state)
{
	(void)state;
	rest(20);
	end.stopping = true;
	die(PROCESS_GONE);
	assert_cause("stopped_in_order", "stopped in order");
}

static void
test_a_link_that_is_back_with_the_same_vm(void **state)
{
	(void)state;
	rest(20);
	die(PROCESS_UNKNOWN);
	assert_cause("link_lost", "not known yet");
	assert_true(r->verdict.confidence < 0.5);
	end.returned = RETURN_SAME;
	end.returned_ms = now + 4000;
	end.losses = 3;
	judge_again();
	assert_cause("link_lost", "repeatedly, the node lived on");
	assert_non_null(strstr(r->verdict.reasons[1], "back after 4 s"));
}

static void
test_a_link_that_is_back_with_a_new_vm(void **state)
{
	(void)state;
	rest(20);
	die(PROCESS_UNKNOWN);
	end.returned = RETURN_RESTARTED;
	end.returned_ms = now + 60000;
	judge_again();
	assert_cause("killed", "Killed");
}

static void
test_the_same_vm_back_outweighs_a_fault(void **state)
{
	(void)state;
	rest(20);
	queue_fault(2);
	die(PROCESS_UNKNOWN);
	end.returned = RETURN_SAME;
	end.returned_ms = now + 1000;
	judge_again();
	assert_cause("link_lost", "lived on");
	assert_non_null(strstr(r->verdict.also, "victim"));
}

static void
test_a_full_atom_table(void **state)
{
	(void)state;
	rest(20);
	for (int i = 0; i < 60; i++) {
		at_rest();
		sample_set(&s, METRIC_ATOM_COUNT, 30000 + i * 17200.0);
		feed();
	}
	die(PROCESS_GONE);
	assert_cause("limit_reached", "The limit of atoms");
}

static void
test_a_node_that_stalled(void **state)
{
	(void)state;
	rest(20);
	engine_link(e, now + 500, NODE_STALLED, "no sample for 15 s");
	die(PROCESS_UNKNOWN);
	assert_cause("hung", "stopped answering");
}

static void
test_a_node_that_hangs_and_lives(void **state)
{
	(void)state;
	rest(20);
	die(PROCESS_ALIVE);
	end.state = NODE_HANGING;
	judge_again();
	assert_cause("hung", "stopped answering before");
	end.returned = RETURN_SAME;
	end.returned_ms = now + 20000;
	judge_again();
	assert_cause("hung", "and lived on");
}

static void
test_a_crash_dump_is_named(void **state)
{
	(void)state;
	rest(20);
	die(PROCESS_GONE);
	snprintf(end.dump_path, sizeof(end.dump_path), "/tmp/erl_crash.dump");
	snprintf(end.dump_slogan, sizeof(end.dump_slogan), "told to end");
	judge_again();
	assert_cause("crashed", "told to end");
	snprintf(end.dump_cause, sizeof(end.dump_cause), "out of memory: eater held 3 GiB");
	end.dump_confidence = 0.85;
	judge_again();
	assert_cause("crashed", "eater held 3 GiB");
}

/* One fault, seen from within and from outside. */
static void
test_a_dump_that_names_who_grew_is_backed_by_it(void **state)
{
	bool backed = false;

	(void)state;
	rest(20);
	heap_fault(3);
	die(PROCESS_GONE);
	snprintf(end.dump_slogan, sizeof(end.dump_slogan), "eheap_alloc");
	snprintf(end.dump_cause, sizeof(end.dump_cause), "Out of memory: process hoarder <0.77.0> has 98 %%");
	end.dump_confidence = 0.85;
	judge_again();
	assert_cause("crashed", "hoarder <0.77.0>");
	assert_string_equal(r->verdict.also, "");
	for (unsigned i = 0; i < r->verdict.reason_count; i++)
		backed = backed || strstr(r->verdict.reasons[i], "hoarder <0.77.0>: memory") != NULL;
	assert_true(backed);
}

static void
test_a_quiet_range_says_so(void **state)
{
	(void)state;
	rest(40);
	look_back(15);
	assert_string_equal(r->verdict.cause, "nothing_unusual");
}

static void
test_a_range_without_readings_is_not_clear(void **state)
{
	(void)state;
	now += 3600000;
	look_back(15);
	assert_string_equal(r->verdict.cause, "not_clear");
	ASSERT_NEAR(r->verdict.confidence, 0, 0);
}

static void
allocators(double carriers, double blocks)
{
	at_rest();
	sample_set(&s, METRIC_ALLOC_CARRIERS, carriers);
	sample_set(&s, METRIC_ALLOC_BLOCKS, blocks);
	sample_set(&s, METRIC_ALLOC_EXTERNAL, 0);
	sample_set(&s, METRIC_VM_MEMORY_SYSTEM, s.value[METRIC_VM_MEMORY_TOTAL] - s.value[METRIC_VM_MEMORY_PROCESSES]);
	feed();
}

/* Parts that are larger than their whole help nobody. */
static void
test_what_the_allocators_said_long_ago_is_left_out(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	rest(2);
	allocators(230 * MB, 215 * MB);
	look_back(1);
	assert_false(r->memory_old);
	report_free(r);
	allocators(30 * MB, 20 * MB);
	look_back(1);
	assert_true(r->memory_old);
	report_text(r, &text, false);
	assert_non_null(strstr(text.data, "left out: they were asked last before"));
	assert_null(strstr(text.data, "carriers"));
	strbuf_release(&text);
}

/* Seeds of noise: none of them may look like a fault. */
static void
test_noise_is_no_fault(void **state)
{
	(void)state;
	for (unsigned seed = 2; seed < 22; seed++) {
		chance = seed;
		rest(30);
		look_back(15);
		if (r->grown_count > 0)
			fail_msg("seed %u: %s grew", seed, METRICS[r->grown[0].metric].name);
		report_free(r);
	}
	r = NULL;
}

/* ---- facts ---- */

static void
test_what_grew_and_who(void **state)
{
	bool queue = false;

	(void)state;
	rest(60);
	queue_fault(5);
	look_back(15);
	assert_true(r->grown_count >= 2);
	for (unsigned i = 0; i < r->grown_count; i++)
		if (r->grown[i].metric == METRIC_MQ_MAX) {
			queue = true;
			assert_true(r->grown[i].compared);
			assert_true(llabs(r->grown[i].since_ms - (now - 5 * 60000)) < 60000);
		}
	assert_true(queue);
	assert_true(r->grower_count >= 2);
	assert_string_equal(r->growers[0].process.name, "victim");
	assert_false(r->growers[0].was_ranked);
}

static void
test_columns_have_every_sample_of_the_end(void **state)
{
	(void)state;
	rest(40);
	look_back(30);
	assert_int_equal(r->samples, 30 * 12 + 1);
	assert_int_equal(r->columns.count, 15 * 12 + 1);
	assert_false(r->columns.cut);
	assert_int_equal(r->columns.times[r->columns.count - 1], now);
	assert_true(r->columns.values[METRIC_PROCESS_COUNT][0] > 300);
	assert_null(r->columns.values[METRIC_LOAD1]);
}

static void
test_hostile_names_are_escaped_in_every_form(void **state)
{
	static const char evil[] = "<script>alert(1)</script>\033[2J\"&'\xff\xe2\x80\xae";
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(20);
	for (int i = 0; i < 12; i++) {
		at_rest();
		sample_set(&s, METRIC_MQ_MAX, 1e6);
		lead(TOP_MESSAGE_QUEUE, "<0.9.0>", evil, 1e6, 1 * MB, 1e6);
		feed();
		restart(now, RESTART_DONE, evil, evil);
	}
	die(PROCESS_GONE);
	report_html(r, &out);
	assert_null(strstr(out.data, "<script"));
	assert_null(strchr(out.data, '\033'));
	assert_null(strstr(out.data,
	    "http"
	    "://"));
	assert_null(strstr(out.data, "https:"));
	assert_non_null(strstr(out.data, "&#60;script&#62;"));
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_null(strchr(out.data, '\033'));
	assert_null(strstr(out.data, "\xe2\x80\xae"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_null(strchr(out.data, '\033'));
	assert_non_null(strstr(out.data, "\"cause\":\"message_queue\""));
	strbuf_release(&out);
}

static void
test_everything_is_bounded(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		char child[32];

		at_rest();
		now -= STEP_MS - 100;
		s.time_ms = now;
		feed();
		snprintf(child, sizeof(child), "child%d", i % 700);
		restart(now, i % 50 ? RESTART_DONE : RESTART_GAVE_UP, "sup", child);
	}
	look_back(15);
	assert_int_equal(r->columns.count, REPORT_SAMPLES_MAX);
	assert_true(r->columns.cut);
	assert_int_equal(r->timeline_count, REPORT_RESTARTS_MAX);
	assert_int_equal(r->restart_row_count, REPORT_RESTART_ROWS);
	assert_int_equal(r->restarts + r->gave_up, 6000);
	for (unsigned i = 0; i < r->line_count; i++)
		assert_true(r->lines[i].count <= REPORT_CHART_POINTS + 2);
	report_html(r, &out);
	assert_true(out.len < 2000000);
	strbuf_release(&out);
}

/* flatten makes one space of each gap, so that it does not matter where lines were broken. */
static void
flatten(struct strbuf *text)
{
	size_t to = 0;

	for (size_t i = 0; i < text->len; i++) {
		bool gap = text->data[i] == ' ' || text->data[i] == '\n';

		if (!gap || (to > 0 && text->data[to - 1] != ' '))
			text->data[to++] = gap ? ' ' : text->data[i];
	}
	strbuf_cut(text, to);
}

/* What belongs together is told once, under its root, and not as anomalies beside. */
static void
test_an_incident_is_told_in_every_form(void **state)
{
	static void (*const forms[])(const struct report *, struct strbuf *) = { report_json, report_html };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(40);
	for (int i = 0; i < 48; i++) {
		at_rest();
		sample_set(&s, METRIC_MQ_MAX, 1000 * i);
		add(METRIC_VM_MEMORY_TOTAL, 20 * MB * i);
		lead(TOP_MESSAGE_QUEUE, "<0.99.0>", "victim", 1000 * i, 20 * MB * i, 1000 * i);
		lead(TOP_MEMORY, "<0.99.0>", "victim", 20 * MB * i, 20 * MB * i, 1000 * i);
		feed();
	}
	look_back(15);
	assert_int_equal(r->incident_count, 1);
	assert_int_equal(r->incidents[0].members[r->incidents[0].root].type, ANOMALY_MESSAGE_QUEUE);
	assert_true(r->incidents[0].member_count > 1);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		strbuf_reset(&out);
		forms[i](r, &out);
		assert_non_null(strstr(out.data, r->incidents[0].id));
	}
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "\nIncidents\n"));
	assert_null(strstr(out.data, "nomalies\n"));
	flatten(&out);
	assert_non_null(strstr(out.data, "memory follows"));
	assert_non_null(strstr(out.data, "(the root)"));
	assert_non_null(strstr(out.data, "Next: It gets more than it handles"));
	strbuf_release(&out);
}

static void
headline_is(const char *wanted)
{
	struct strbuf text = STRBUF_INIT;

	report_headline(r, &text);
	assert_string_equal(text.data, wanted);
	strbuf_release(&text);
}

static void
test_a_calm_range_has_a_calm_headline(void **state)
{
	(void)state;
	rest(60);
	look_back(30);
	assert_true(report_is_calm(r));
	headline_is("Healthy at the end. In 30 min: nothing happened.");
}

static void
test_a_range_without_readings_is_not_calm(void **state)
{
	(void)state;
	now += 7200000;
	look_back(5);
	assert_false(report_is_calm(r));
	headline_is("No readings of the node. In 5 min: nothing happened.");
}

/* Restarts of two children, one of which its supervisor gives up; then the VM boots anew. */
static void
test_what_happened_is_in_the_headline_and_on_the_time_line(void **state)
{
	struct strbuf out = STRBUF_INIT;
	unsigned in_bins = 0;

	(void)state;
	rest(60);
	for (int i = 0; i < 3; i++)
		restart(now - 600000 + i * 60000, RESTART_DONE, "shop", "till");
	restart(now - 300000, RESTART_DONE, "shop", "door");
	restart(now - 240000, RESTART_GAVE_UP, "shop", "door");
	for (int i = 0; i < 24; i++) {
		at_rest();
		sample_set(&s, METRIC_WALLCLOCK, 1000.0 * i * STEP_MS / 1000);
		feed();
	}
	look_back(20);
	assert_int_equal(r->boots.boot_count, 1);
	assert_int_equal(r->lane_total, 2);
	/* On whom a supervisor gave up comes first; its last restart was none then. */
	assert_string_equal(term_text(r->lanes[0].child_id), "door");
	assert_int_equal(r->lanes[0].gave_up_ms, now - 240000 - 24 * STEP_MS);
	assert_int_equal(r->lanes[1].count, 3);
	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		in_bins += r->lanes[1].bins[i];
	assert_int_equal(in_bins, 3);
	report_headline(r, &out);
	assert_non_null(strstr(out.data, "of 2 children; 1 supervisor that gave up; 1 boot of the VM"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "aria-label=\"3 restarts from "));
	assert_non_null(strstr(out.data, "<path class=\"gave_up\""));
	assert_non_null(strstr(out.data, "<title>the VM booted</title>"));
	strbuf_reset(&out);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "shop / till: 3, last "));
	assert_non_null(strstr(out.data, "the supervisor gave up"));
	strbuf_release(&out);
}

/* A rhythm is drawn into the lane, told once however often it was found, and what it leads to is ahead. */
static void
test_patterns_and_what_is_ahead(void **state)
{
	struct strbuf out = STRBUF_INIT;
	bool periodic = false;

	(void)state;
	for (int i = 0; i < 40; i++) {
		rest(1);
		restart(now, RESTART_DONE, "shop", "till");
	}
	look_back(30);
	assert_int_equal(r->lane_count, 1);
	for (unsigned i = 0; i < r->lanes[0].span_count; i++)
		periodic = periodic || r->lanes[0].spans[i].type == PATTERN_PERIODIC;
	assert_true(periodic);
	assert_int_equal(r->ahead_ms, now);
	assert_int_equal(r->prediction_count, 1);
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "\nWhat is ahead\n"));
	assert_non_null(strstr(out.data, "No limit is near"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"predictions\":[{\"type\":\"periodic_restart\""));
	assert_non_null(strstr(out.data, "\"capacity\":{\"processes\":{"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "<h2>What is ahead</h2>"));
	assert_non_null(strstr(out.data, "<path class=\"periodic\""));
	strbuf_release(&out);
}

static void
test_a_deploy_is_told_in_every_form(void **state)
{
	struct node_info info = { .otp_release = "27", .applications = "shop 1.4.2\n" };
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(10);
	engine_info(e, &info);
	rest(10);
	snprintf(info.applications, sizeof(info.applications), "shop 1.5.0\n");
	engine_info(e, &info);
	rest(10);
	look_back(30);
	assert_int_equal(r->deploy_count, 1);
	assert_false(report_is_calm(r));
	headline_is("Healthy at the end. In 30 min: 1 deploy.");
	report_text(r, &out, false);
	assert_non_null(strstr(out.data, "deployed: shop 1.4.2 -> 1.5.0\n"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"changed\":1,\"text\":\"shop 1.4.2 -> 1.5.0\"}"));
	strbuf_reset(&out);
	report_html(r, &out);
	assert_non_null(strstr(out.data, "<title>deployed: shop 1.4.2 -&#62; 1.5.0</title>"));
	strbuf_release(&out);
}

/* Incidents tell more than what stands out a little. */
static void
test_a_doubtful_verdict_gives_way_to_incidents(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(30);
	for (int i = 0; i < 8; i++)
		restart(now - 30000 + i * 1000, RESTART_DONE, "shop", "till");
	rest(30);
	look_back(60);
	assert_true(r->incident_count > 0);
	assert_true(r->verdict.confidence < 0.5);
	report_text(r, &out, false);
	assert_null(strstr(out.data, "What stands out"));
	strbuf_reset(&out);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"cause\":\"restart_storm\""));
	strbuf_release(&out);
}

/* Of what is over, nothing is ahead. */
static void
test_an_earlier_range_looks_not_ahead(void **state)
{
	struct report_range range;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(60);
	range = (struct report_range) { now - 3000000, now - 1200000 };
	r = report_new(e, now, &range, NULL);
	assert_int_equal(r->ahead_ms, 0);
	report_json(r, &out);
	assert_non_null(strstr(out.data, "\"predictions\":null,\"capacity\":null"));
	strbuf_release(&out);
}

/* Days are told where there are two of them: a clock alone would say nothing. */
static void
test_a_range_over_midnight_has_days(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	/* T0 is 22:13:20 UTC. */
	rest(1);
	restart(now, RESTART_DONE, "shop", "till");
	rest(120);
	restart(now, RESTART_DONE, "shop", "till");
	look_back(121);
	report_text(r, &out, false);
	flatten(&out);
	assert_non_null(strstr(out.data, "till: {badmatch,no} 11-14 22:14:20 - 11-15 00:14:20"));
	strbuf_release(&out);
}

static size_t
widest_line(const char *text)
{
	size_t widest = 0, width = 0;

	for (; *text; text++) {
		width = *text == '\n' ? 0 : width + (((unsigned char)*text & 0xC0) != 0x80);
		widest = width > widest ? width : widest;
	}
	return widest;
}

static void
test_text_fits_a_terminal_and_a_page_stays_small(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 24 * 60; i++) {
		rest(1);
		restart(now, RESTART_DONE, "shop", i % 7 ? "till" : "door");
	}
	queue_fault(6);
	look_back(24 * 60);
	report_text(r, &out, false);
	assert_true(widest_line(out.data) <= 80);
	strbuf_reset(&out);
	report_html(r, &out);
	assert_true(out.len < 500000);
	strbuf_release(&out);
}

/* With a folder, the three forms of a report are left there to be looked at: REPORT_TEST_DIR=/tmp/x report_test. */
static void
test_all_forms_are_whole(void **state)
{
	static void (*const forms[])(const struct report *, struct strbuf *) = { report_json, report_html };
	const char *dir = getenv("REPORT_TEST_DIR");
	struct strbuf out = STRBUF_INIT;

	(void)state;
	rest(40);
	for (int i = 0; i < 10; i++)
		restart(now - 200000 + i * 9000, RESTART_DONE, "rabbit_sup", "rabbit_connection");
	queue_fault(6);
	end.os_pid = 4711;
	die(PROCESS_GONE);
	report_headline(r, &out);
	assert_non_null(strstr(out.data, "Ended at 2023-11-14 "));
	assert_non_null(strstr(out.data, r->verdict.title));
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		strbuf_reset(&out);
		forms[i](r, &out);
		assert_non_null(strstr(out.data, "victim"));
		assert_non_null(strstr(out.data, i ? "</html>" : "\"samples\":{\"count\":"));
		if (dir) {
			char path[300];
			FILE *f;

			snprintf(path, sizeof(path), "%s/report.%s", dir, i ? "html" : "json");
			f = fopen(path, "w");
			assert_non_null(f);
			fwrite(out.data, 1, out.len, f);
			fclose(f);
		}
	}
	strbuf_reset(&out);
	report_text(r, &out, true);
	assert_non_null(strstr(out.data, "Who grew"));
	if (dir)
		puts(out.data);
	strbuf_release(&out);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_queue_that_explodes_names_its_process),
		TEST(test_a_queue_in_a_short_watch_outweighs_the_memory_that_it_takes),
		TEST(test_what_is_over_at_the_end_is_no_cause),
		TEST(test_a_queue_is_named_before_it_is_known_how_the_node_ended),
		TEST(test_a_heap_that_grows_names_its_process),
		TEST(test_a_table_that_grows_is_named),
		TEST(test_the_memory_limit_names_the_owner),
		TEST(test_the_kernels_killing_is_evidence),
		TEST(test_the_kernels_killing_names_the_process_that_grew),
		TEST(test_growth_within_a_short_watch_counts),
		TEST(test_a_process_that_grew_is_named_where_no_metric_has_grown),
		TEST(test_a_start_is_no_growth),
		TEST(test_a_supervisor_that_gave_up_is_named),
		TEST(test_a_stop_after_a_supervisor_gave_up_is_not_just_a_stop),
		TEST(test_a_storm_in_a_range_is_named),
		TEST(test_a_healthy_node_that_was_killed_was_killed),
		TEST(test_a_node_that_was_killed_soon_after_the_watch_began),
		TEST(test_an_orderly_stop),
		TEST(test_a_link_that_is_back_with_the_same_vm),
		TEST(test_a_link_that_is_back_with_a_new_vm),
		TEST(test_the_same_vm_back_outweighs_a_fault),
		TEST(test_a_full_atom_table),
		TEST(test_a_node_that_stalled),
		TEST(test_a_node_that_hangs_and_lives),
		TEST(test_a_crash_dump_is_named),
		TEST(test_a_dump_that_names_who_grew_is_backed_by_it),
		TEST(test_a_quiet_range_says_so),
		TEST(test_a_range_without_readings_is_not_clear),
		TEST(test_what_the_allocators_said_long_ago_is_left_out),
		TEST(test_noise_is_no_fault),
		TEST(test_what_grew_and_who),
		TEST(test_columns_have_every_sample_of_the_end),
		TEST(test_hostile_names_are_escaped_in_every_form),
		TEST(test_everything_is_bounded),
		TEST(test_an_incident_is_told_in_every_form),
		TEST(test_a_calm_range_has_a_calm_headline),
		TEST(test_a_range_without_readings_is_not_calm),
		TEST(test_what_happened_is_in_the_headline_and_on_the_time_line),
		TEST(test_patterns_and_what_is_ahead),
		TEST(test_a_deploy_is_told_in_every_form),
		TEST(test_a_doubtful_verdict_gives_way_to_incidents),
		TEST(test_an_earlier_range_looks_not_ahead),
		TEST(test_a_range_over_midnight_has_days),
		TEST(test_text_fits_a_terminal_and_a_page_stays_small),
		TEST(test_all_forms_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
