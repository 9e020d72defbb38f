/* SPDX-License-Identifier: Apache-2.0 */
/* Rankings over time and the link's states: what is kept, how long, and that it stays within its bounds. */
#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"

#define T0 INT64_C(1700000000000)

static struct engine *e;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	return 0;
}

/* feed gives a sample in which one process, the only one ranked, has so many messages. */
static void
feed(int64_t time_ms, const char *pid, const char *name, double queue)
{
	struct sample s = { .time_ms = time_ms };
	struct top_process p = TOP_PROCESS_INIT;

	snprintf(p.pid, sizeof(p.pid), "%s", pid);
	snprintf(p.name, sizeof(p.name), "%s", name);
	snprintf(p.initial_call, sizeof(p.initial_call), "m:f/1");
	p.value = p.queue_len = queue;
	s.top_told[TOP_MESSAGE_QUEUE] = true;
	s.top_count[TOP_MESSAGE_QUEUE] = 1;
	s.top[TOP_MESSAGE_QUEUE][0] = p;
	sample_set(&s, METRIC_MQ_MAX, queue);
	engine_feed(e, time_ms, &s);
}

static size_t
count_rankings(int64_t from_ms, int64_t to_ms)
{
	size_t it = 0, n = 0;

	while (engine_past_ranking(e, from_ms, to_ms, &it))
		n++;
	return n;
}

static void
test_rankings_are_kept_once_a_minute(void **state)
{
	size_t it = 0;
	const struct past_ranking *r;

	(void)state;
	for (int i = 0; i < 60; i++)
		feed(T0 + i * 5000, "<0.1.0>", i < 12 ? "" : "busy", 10 + i);
	assert_int_equal(count_rankings(0, INT64_MAX), 5);
	assert_int_equal(count_rankings(T0 + 60000, T0 + 120000), 2);
	r = engine_past_ranking(e, 0, INT64_MAX, &it);
	assert_int_equal(r->time_ms, T0);
	assert_string_equal(r->rows[TOP_MESSAGE_QUEUE][0].name, "m:f/1");
	r = engine_past_ranking(e, 0, INT64_MAX, &it);
	assert_string_equal(r->rows[TOP_MESSAGE_QUEUE][0].name, "busy");
	ASSERT_NEAR(r->rows[TOP_MESSAGE_QUEUE][0].value, 22, 0);
	assert_int_equal(r->count[TOP_MEMORY], 0);
}

static void
test_rankings_are_bounded_and_reach_back(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		feed(T0 + i * 5000, "<0.1.0>", "busy", i);
	assert_int_equal(count_rankings(0, INT64_MAX), PAST_RANKINGS);
	assert_true(count_rankings(T0 + 1000 * 5000 - 16 * 60000, INT64_MAX) >= 15);
}

static void
test_the_last_ranking_outlives_the_link(void **state)
{
	const struct top_process *top;
	size_t it = 0, n = 0;
	unsigned count;

	(void)state;
	engine_link(e, T0, NODE_UP, "linked");
	feed(T0 + 1000, "<0.1.0>", "busy", 5);
	feed(T0 + 30000, "<0.1.0>", "busy", 50000);
	engine_link(e, T0 + 31000, NODE_UNREACHABLE, "closed");
	(void)engine_top(e, TOP_MESSAGE_QUEUE, &count);
	assert_int_equal(count, 0);
	top = engine_top_at_end(e, TOP_MESSAGE_QUEUE, &count);
	assert_int_equal(count, 1);
	ASSERT_NEAR(top[0].queue_len, 50000, 0);
	assert_int_equal(count_rankings(T0 + 31000, T0 + 31000), 1);
	assert_int_equal(count_rankings(0, INT64_MAX), 2);
	while (engine_past_link(e, 0, INT64_MAX, &it))
		n++;
	assert_int_equal(n, 2);
	it = 0;
	assert_string_equal(engine_past_link(e, T0 + 2000, INT64_MAX, &it)->detail, "closed");
}

static void
test_links_are_bounded(void **state)
{
	size_t it = 0, n = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		engine_link(e, T0 + i, i % 2 ? NODE_UP : NODE_UNREACHABLE, "");
	while (engine_past_link(e, 0, INT64_MAX, &it))
		n++;
	assert_int_equal(n, PAST_LINKS);
	it = 0;
	assert_int_equal(engine_past_link(e, 0, INT64_MAX, &it)->time_ms, T0 + 200 - PAST_LINKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rankings_are_kept_once_a_minute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rankings_are_bounded_and_reach_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_last_ranking_outlives_the_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links_are_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
