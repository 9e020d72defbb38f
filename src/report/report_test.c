/* SPDX-License-Identifier: Apache-2.0 */
/* Histories of a simulated node, each with a fault or none: the verdict names the fault and who did it, and no fault where there was none. */
#include "report/fixture.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
