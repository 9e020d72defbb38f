/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/fake_node.h"
#include "beam/plain.h"

#define READINGS 29

/* The holder of the flag is number 1, the question what the node is number 2. */
static int
set_up(void **state)
{
	static struct fake_node n;

	fake_init(&n);
	n.collector = plain_new(&n.peer, 1000, "", &FAKE_OWNER, &n);
	n.collector->ops->start(n.collector);
	*state = &n;
	return 0;
}

static int
tear_down(void **state)
{
	fake_release(*state);
	return 0;
}

static void
return_info(struct fake_node *n)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_list(&sb, 6);
	etf_put_string(&sb, "25", 2);
	etf_put_string(&sb, "13.1.5", 6);
	etf_put_int(&sb, 2);
	etf_put_atom(&sb, "undefined");
	etf_put_int(&sb, -5000);   /* start_time, native */
	etf_put_int(&sb, 1000000); /* native units a second */
	etf_put_nil(&sb);
	strbuf_reset(&n->log);
	fake_return(n, 2, &sb);
}

static void
put_pair(struct strbuf *sb, int64_t a, int64_t b)
{
	etf_put_tuple(sb, 2);
	etf_put_int(sb, a);
	etf_put_int(sb, b);
}

static void
put_named(struct strbuf *sb, const char *name, int64_t value)
{
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, name);
	etf_put_int(sb, value);
}

/* The answers in the table's order. */
static struct strbuf
readings(void)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_list(&sb, READINGS);
	etf_put_int(&sb, 1700000000000);
	etf_put_int(&sb, 1); /* schedulers_online */
	etf_put_list(&sb, 2);
	for (int id = 1; id <= 2; id++) {
		etf_put_tuple(&sb, 3);
		etf_put_int(&sb, id);
		etf_put_int(&sb, 10 * id);
		etf_put_int(&sb, 100);
	}
	etf_put_nil(&sb);
	etf_put_list(&sb, 2);
	put_named(&sb, "total", 1000);
	put_named(&sb, "atom_used", 50);
	etf_put_nil(&sb);
	etf_put_tuple(&sb, 2);
	put_named(&sb, "input", 7);
	put_named(&sb, "output", 8);
	etf_put_tuple(&sb, 3);
	etf_put_int(&sb, 9);
	etf_put_int(&sb, 900);
	etf_put_int(&sb, 0);
	for (int i = 0; i < 8; i++)
		etf_put_int(&sb, 100 + i);
	etf_put_string(&sb, "\0\1\2\3", 4); /* run queues: two schedulers, dirty CPU, dirty I/O */
	etf_put_int(&sb, 1);
	etf_put_int(&sb, 4);
	put_pair(&sb, 5000, 50);
	put_pair(&sb, 60, 0);
	put_pair(&sb, 70, 1);
	etf_put_int(&sb, 995); /* monotonic_time */
	etf_put_list(&sb, 1);
	etf_put_atom(&sb, "x@y");
	etf_put_nil(&sb);
	for (int i = 0; i < 4; i++)
		etf_put_int(&sb, 2);
	etf_put_atom(&sb, "unknown"); /* logical_processors */
	etf_put_int(&sb, 8);
	etf_put_int(&sb, 1);
	etf_put_nil(&sb);
	return sb;
}

static void
tick_at(struct fake_node *n, int64_t now_ms)
{
	n->now_ms = now_ms;
	strbuf_reset(&n->log);
	n->collector->ops->tick(n->collector, now_ms);
}

static void
begins_with_the_flag_and_the_info(void **state)
{
	struct fake_node *n = *state;

	assert_non_null(strstr(n->log.data,
	    "{29,#Ref<0.0.0.1>,<0.1.0>,<0.1.0>,{lists,zipwith3,4},[link]} | [fun erlang:apply/3,"
	    "[erlang,timer],[system_flag,sleep],[[scheduler_wall_time,true],[infinity]]]\n"));
	return_info(n);
	fake_expect(n,
	    "info otp 25 injected 0 seen 0 note \"plain calls only: restarts, message queues and the processes behind "
	    "a finding "
	    "are not seen\"\n");
	assert_int_equal(n->collector->ops->deadline(n->collector), n->now_ms);
}

static void
reads_all_in_one_call(void **state)
{
	struct fake_node *n = *state;
	const struct sample *s = &n->last;
	struct strbuf sb = readings();

	return_info(n);
	tick_at(n, 100000);
	fake_return(n, 4, &sb); /* 3 are the files */
	assert_non_null(strstr(n->log.data, "sample\n"));
	assert_null(strstr(n->log.data, "bad"));
	assert_int_equal(s->time_ms, 1700000000000);
	assert_int_equal(s->scheduler_count, 1);
	assert_int_equal(s->scheduler_active[0], 10);
	assert_true(s->value[METRIC_VM_MEMORY_TOTAL] == 1000 && s->value[METRIC_VM_MEMORY_ATOM_USED] == 50);
	assert_true(s->value[METRIC_IO_INPUT] == 7 && s->value[METRIC_IO_OUTPUT] == 8);
	assert_true(s->value[METRIC_GC_WORDS_RECLAIMED] == 900);
	assert_true(s->value[METRIC_PROCESS_COUNT] == 100 && s->value[METRIC_ETS_LIMIT] == 107);
	assert_true(s->value[METRIC_DIRTY_CPU_RUN_QUEUE] == 2 && s->value[METRIC_DIRTY_IO_RUN_QUEUE] == 3);
	assert_true(s->value[METRIC_RUN_QUEUE] == 1 && s->value[METRIC_ACTIVE_TASKS] == 4);
	assert_true(s->value[METRIC_REDUCTIONS] == 5000 && s->value[METRIC_RUNTIME] == 70);
	assert_true(s->value[METRIC_WALLCLOCK] == 1000);
	assert_true(s->value[METRIC_DIST_LINKS] == 1);
	assert_false(s->present[METRIC_LOGICAL_PROCESSORS]);
	assert_true(s->value[METRIC_THREAD_POOL_SIZE] == 1);
	assert_false(s->present[METRIC_MQ_MAX]);
}

static void
never_has_two_calls_of_a_kind_under_way(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = readings();

	return_info(n);
	tick_at(n, 100000);
	assert_int_equal(n->collector->ops->awaited_since(n->collector), 100000);
	assert_true(n->collector->ops->deadline(n->collector) == INT64_MAX);
	tick_at(n, 103500);
	fake_expect(n, "");
	fake_return(n, 4, &sb);
	assert_true(n->collector->ops->awaited_since(n->collector) == INT64_MAX);
	/* the next one is due at once, and the one after it on the beat */
	tick_at(n, 103500);
	assert_non_null(strstr(n->log.data, "scheduler_wall_time"));
	assert_null(strstr(n->log.data, "read_file"));
	sb = readings();
	fake_return(n, 5, &sb);
	assert_int_equal(n->collector->ops->deadline(n->collector), 104000);
}

static void
put_file(struct strbuf *sb, const char *text)
{
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, text ? "ok" : "error");
	if (text)
		etf_put_binary(sb, text, strlen(text));
	else
		etf_put_atom(sb, "enoent");
}

static void
put_files(struct strbuf *sb, uint32_t n)
{
	etf_put_list(sb, n);
	put_file(sb, "0.5 1.5 2.5 1/2 3\n");
	put_file(sb, "MemTotal: 1000 kB\nMemAvailable: 700 kB\n");
	put_file(sb, "VmRSS:\t 10 kB\n");
	put_file(sb, NULL);
}

static void
finds_the_memory_limit_of_its_group(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = STRBUF_INIT;

	return_info(n);
	tick_at(n, 100000);
	assert_non_null(strstr(n->log.data, "\"/proc/self/cgroup\""));
	put_files(&sb, 5);
	put_file(&sb, "0::/\n");
	etf_put_nil(&sb);
	fake_return(n, 3, &sb);
	sb = readings();
	fake_return(n, 4, &sb);
	assert_true(n->last.value[METRIC_LOAD5] == 1.5 && n->last.value[METRIC_RSS] == 10240);
	assert_true(n->last.value[METRIC_MEMORY_LIMIT] == 1024000 && n->last.value[METRIC_MEMORY_AVAILABLE] == 716800);
	assert_false(n->last.present[METRIC_MAX_FDS]);
	tick_at(n, 101000);
	put_files(&sb, 7);
	put_file(&sb, "500000\n");
	put_file(&sb, "400000\n");
	put_file(&sb, "anon 1\ninactive_file 150000\n");
	etf_put_nil(&sb);
	fake_return(n, 5, &sb);
	sb = readings();
	fake_return(n, 6, &sb);
	assert_true(n->last.value[METRIC_MEMORY_LIMIT] == 500000 && n->last.value[METRIC_MEMORY_AVAILABLE] == 250000);
	/* and now no sooner than in five seconds */
	tick_at(n, 102000);
	assert_null(strstr(n->log.data, "read_file"));
}

static void
survives_answers_that_make_no_sense(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = fake_atom("nonsense");

	return_info(n);
	tick_at(n, 100000);
	strbuf_reset(&n->log);
	fake_return(n, 3, &sb);
	fake_expect(n, "bad a malformed answer of file:read_file/1\n");
	sb = fake_atom("nonsense");
	fake_return(n, 4, &sb);
	fake_expect(n, "bad a malformed answer to plain calls\n");
	tick_at(n, 101000);
	strbuf_reset(&n->log);
	sb = fake_atom("badarg");
	fake_exit(n, 5, &sb);
	fake_expect(n, "bad reading by plain calls failed: badarg\n");
	strbuf_release(&sb);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(begins_with_the_flag_and_the_info),
		TEST(reads_all_in_one_call),
		TEST(never_has_two_calls_of_a_kind_under_way),
		TEST(finds_the_memory_limit_of_its_group),
		TEST(survives_answers_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
