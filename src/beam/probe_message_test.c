/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "beam/probe_message.h"
#include "etf/etf_write.h"

static void
put_metric(struct strbuf *sb, const char *name, double value)
{
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, name);
	etf_put_float(sb, value);
}

static void
put_process(struct strbuf *sb, const char *name)
{
	etf_put_map(sb, 9);
	etf_put_atom(sb, "pid");
	etf_put_pid(sb, "a@h", 87, 1, 2);
	etf_put_atom(sb, "name");
	etf_put_binary(sb, name, strlen(name));
	etf_put_atom(sb, "value");
	etf_put_int(sb, 1000);
	etf_put_atom(sb, "current_function");
	etf_put_binary(sb, "m:loop/2", 8);
	etf_put_atom(sb, "of_a_later_release");
	etf_put_binary(sb, "x", 1);
	etf_put_atom(sb, "message_queue_len");
	etf_put_int(sb, 3);
	etf_put_atom(sb, "binary");
	etf_put_int(sb, 4096);
	etf_put_atom(sb, "reductions");
	etf_put_int(sb, 55);
	etf_put_atom(sb, "ancestors");
	etf_put_list(sb, 7);
	for (int i = 0; i < 7; i++)
		etf_put_binary(sb, "a_sup", 5);
	etf_put_nil(sb);
}

static struct strbuf
tick(void)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_tuple(&sb, 6);
	etf_put_atom(&sb, "arsenal_tick");
	etf_put_int(&sb, 42);
	etf_put_int(&sb, 1700000000000);
	etf_put_list(&sb, 3);
	put_metric(&sb, "run_queue", 5);
	put_metric(&sb, "of_a_later_release", 1);
	put_metric(&sb, "load1", 0.5);
	etf_put_nil(&sb);
	etf_put_list(&sb, 1);
	etf_put_tuple(&sb, 3);
	etf_put_int(&sb, 2);
	etf_put_int(&sb, 10);
	etf_put_int(&sb, 100);
	etf_put_nil(&sb);
	etf_put_list(&sb, 2);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "memory");
	etf_put_list(&sb, SAMPLE_TOP + 1);
	for (int i = 0; i < SAMPLE_TOP + 1; i++)
		put_process(&sb, i ? "other" : "a_server");
	etf_put_nil(&sb);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "of_a_later_release");
	etf_put_nil(&sb);
	etf_put_nil(&sb);
	return sb;
}

static void
reads_a_tick(void **state)
{
	struct strbuf sb = tick();
	struct sample *s = xmalloc(sizeof(*s));
	struct etf e;
	int64_t seq;

	(void)state;
	etf_init(&e, sb.data, sb.len);
	assert_int_equal(probe_message_open(&e), PROBE_TICK);
	assert_true(probe_read_tick(&e, &seq, s));
	assert_int_equal(seq, 42);
	assert_int_equal(s->time_ms, 1700000000000);
	assert_true(s->present[METRIC_RUN_QUEUE] && s->value[METRIC_RUN_QUEUE] == 5);
	assert_true(s->value[METRIC_LOAD1] == 0.5);
	assert_false(s->present[METRIC_PROCESS_COUNT]);
	assert_int_equal(s->scheduler_count, 2);
	assert_int_equal(s->scheduler_active[1], 10);
	assert_int_equal(s->scheduler_total[0], 0);
	assert_int_equal(s->top_count[TOP_MEMORY], SAMPLE_TOP);
	assert_string_equal(s->top[TOP_MEMORY][0].name, "a_server");
	assert_string_equal(s->top[TOP_MEMORY][0].pid, "<0.87.1>");
	assert_string_equal(s->top[TOP_MEMORY][0].current_function, "m:loop/2");
	assert_true(s->top[TOP_MEMORY][0].binary == 4096 && s->top[TOP_MEMORY][0].reductions == 55);
	assert_true(isnan(s->top[TOP_MEMORY][0].memory) && isnan(s->top[TOP_MEMORY][0].queue_rate));
	assert_int_equal(s->top[TOP_MEMORY][0].ancestor_count, SAMPLE_ANCESTORS);
	assert_string_equal(s->top[TOP_MEMORY][0].ancestors[SAMPLE_ANCESTORS - 1], "a_sup");
	assert_true(sample_has_top(s, TOP_MEMORY) && !sample_has_top(s, TOP_BINARY));
	free(s);
	strbuf_release(&sb);
}

static void
refuses_every_truncated_tick(void **state)
{
	struct strbuf sb = tick();
	struct sample *s = xmalloc(sizeof(*s));

	(void)state;
	for (size_t len = 0; len < sb.len; len++) {
		uint8_t *copy = xmemdup(sb.data, len);
		struct etf e;
		int64_t seq;

		etf_init(&e, copy, len);
		if (probe_message_open(&e) == PROBE_TICK)
			assert_false(probe_read_tick(&e, &seq, s));
		free(copy);
	}
	free(s);
	strbuf_release(&sb);
}

static void
put_wrapped(struct strbuf *sb, const char *atom)
{
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, "t");
	etf_put_atom(sb, atom);
}

static void
put_restart(struct strbuf *sb, const char *kind, const char *child)
{
	etf_put_tuple(sb, 9);
	etf_put_int(sb, 1700000000001);
	etf_put_atom(sb, kind);
	etf_put_atom(sb, "my_sup");
	etf_put_pid(sb, "a@h", 50, 0, 2);
	put_wrapped(sb, child);
	etf_put_pid(sb, "a@h", 60, 0, 2);
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, "x");
	etf_put_binary(sb, "{huge,...", 9);
	put_wrapped(sb, "intrinsic");
	etf_put_tuple(sb, 3);
	etf_put_atom(sb, "m");
	etf_put_atom(sb, "start_link");
	etf_put_int(sb, 2);
}

static struct strbuf
restarts(uint32_t n, int64_t lost, const char *kind, const char *child)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_restarts");
	etf_put_int(&sb, lost);
	etf_put_list(&sb, n);
	for (uint32_t i = 0; i < n; i++)
		put_restart(&sb, kind, child);
	etf_put_nil(&sb);
	return sb;
}

struct seen {
	unsigned count;
	struct restart last;
};

static void
on_restart(void *arg, struct restart *r)
{
	struct seen *s = arg;

	if (s->count++)
		restart_release(&s->last);
	restart_copy(&s->last, r);
}

static bool
read_restarts(struct strbuf *sb, struct seen *seen, uint64_t *lost)
{
	struct etf e;
	bool ok;

	*seen = (struct seen) { .count = 0 };
	etf_init(&e, sb->data, sb->len);
	assert_int_equal(probe_message_open(&e), PROBE_RESTARTS);
	ok = probe_read_restarts(&e, lost, on_restart, seen);
	strbuf_release(sb);
	return ok;
}

/* {arsenal_restarts, 0, [Restart]} with one that stands for many. */
static struct strbuf
folded(int64_t times)
{
	struct strbuf one = STRBUF_INIT;
	struct strbuf sb = STRBUF_INIT;

	put_restart(&one, "child_terminated", "worker");
	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_restarts");
	etf_put_int(&sb, 0);
	etf_put_list(&sb, 1);
	etf_put_tuple(&sb, 10);
	strbuf_add(&sb, one.data + 2, one.len - 2); /* after its own tuple's head */
	etf_put_int(&sb, times);
	etf_put_nil(&sb);
	strbuf_release(&one);
	return sb;
}

static void
reads_folded_restarts(void **state)
{
	struct strbuf sb = folded(70000);
	struct seen seen;
	uint64_t lost;

	(void)state;
	assert_true(read_restarts(&sb, &seen, &lost));
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.last.times, 70000);
	assert_string_equal(seen.last.child_id->text, "worker");
	restart_release(&seen.last);
	sb = folded(0);
	assert_false(read_restarts(&sb, &seen, &lost));
}

static void
reads_restarts(void **state)
{
	struct strbuf sb = restarts(2, 7, "child_terminated", "worker");
	struct seen seen;
	uint64_t lost;

	(void)state;
	assert_true(read_restarts(&sb, &seen, &lost));
	assert_int_equal(seen.count, 2);
	assert_int_equal(lost, 7);
	assert_int_equal(seen.last.kind, RESTART_DONE);
	assert_string_equal(seen.last.supervisor->text, "my_sup");
	assert_string_equal(seen.last.child_id->text, "worker");
	assert_string_equal(seen.last.child_pid->text, "<0.60.0>");
	assert_string_equal(seen.last.reason->text, "{huge,...");
	assert_true(seen.last.reason->truncated);
	assert_string_equal(seen.last.restart_type, "intrinsic");
	assert_false(seen.last.group);
	restart_release(&seen.last);
}

static void
takes_a_child_without_id_as_a_group(void **state)
{
	struct strbuf sb = restarts(1, 0, "gave_up", "undefined");
	struct seen seen;
	uint64_t lost;

	(void)state;
	assert_true(read_restarts(&sb, &seen, &lost));
	assert_int_equal(seen.last.kind, RESTART_GAVE_UP);
	assert_true(seen.last.group);
	assert_string_equal(seen.last.child_id->text, "{m,start_link,2}");
	restart_release(&seen.last);
}

static void
counts_what_is_over_the_bound(void **state)
{
	struct strbuf sb = restarts(PROBE_RESTARTS_MAX + 30, 5, "start_error", "worker");
	struct seen seen;
	uint64_t lost;

	(void)state;
	assert_true(read_restarts(&sb, &seen, &lost));
	assert_int_equal(seen.count, PROBE_RESTARTS_MAX);
	assert_int_equal(lost, 35);
	restart_release(&seen.last);
}

static void
refuses_an_unknown_kind(void **state)
{
	struct strbuf sb = restarts(1, 0, "wat", "worker");
	struct seen seen;
	uint64_t lost;

	(void)state;
	assert_false(read_restarts(&sb, &seen, &lost));
	assert_int_equal(seen.count, 0);
}

static void
reads_notices(void **state)
{
	char text[PROBE_NOTICE_SIZE];
	struct strbuf sb = STRBUF_INIT;
	struct etf e;
	bool warning;

	(void)state;
	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_notice");
	etf_put_atom(&sb, "warning");
	etf_put_binary(&sb, "mind this", 9);
	etf_init(&e, sb.data, sb.len);
	assert_int_equal(probe_message_open(&e), PROBE_NOTICE);
	assert_true(probe_read_notice(&e, &warning, text));
	assert_true(warning);
	assert_string_equal(text, "mind this");
	strbuf_release(&sb);
}

static void
reads_that_the_node_stops(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct etf e;

	(void)state;
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "arsenal_stopping");
	etf_put_int(&sb, 1700000000000);
	etf_init(&e, sb.data, sb.len);
	assert_int_equal(probe_message_open(&e), PROBE_STOPPING);
	assert_true(probe_read_stopping(&e));
	etf_put_nil(&sb);
	etf_init(&e, sb.data, sb.len);
	assert_int_equal(probe_message_open(&e), PROBE_STOPPING);
	assert_false(probe_read_stopping(&e));
	strbuf_release(&sb);
}

static void
reads_info(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct node_info info;
	struct etf e;

	(void)state;
	etf_put_map(&sb, 7);
	etf_put_atom(&sb, "applications");
	etf_put_binary(&sb, "kernel 8.5\nshop 1.4.2\n", 22);
	etf_put_atom(&sb, "otp_release");
	etf_put_binary(&sb, "25", 2);
	etf_put_atom(&sb, "restart_capture");
	etf_put_atom(&sb, "blind");
	etf_put_atom(&sb, "schedulers_online");
	etf_put_int(&sb, 8);
	etf_put_atom(&sb, "os_pid");
	etf_put_int(&sb, 4711);
	etf_put_atom(&sb, "crash_dump");
	etf_put_binary(&sb, "/tmp/erl_crash.dump", 19);
	etf_put_atom(&sb, "of_a_later_release");
	etf_put_nil(&sb);
	etf_init(&e, sb.data, sb.len);
	assert_true(probe_read_info(&e, &info));
	assert_string_equal(info.otp_release, "25");
	assert_string_equal(info.elixir, "");
	assert_int_equal(info.schedulers_online, 8);
	assert_false(info.restarts_seen);
	assert_int_equal(info.os_pid, 4711);
	assert_string_equal(info.crash_dump, "/tmp/erl_crash.dump");
	assert_string_equal(info.applications, "kernel 8.5\nshop 1.4.2\n");
	strbuf_release(&sb);
}

static void
knows_nothing_else(void **state)
{
	struct etf e;

	(void)state;
	etf_init(&e, "\x68\1\x77\1a", 5);
	assert_int_equal(probe_message_open(&e), PROBE_UNKNOWN);
	etf_init(&e, "", 0);
	assert_int_equal(probe_message_open(&e), PROBE_UNKNOWN);
	/* the tag, but not its arity */
	etf_init(&e,
	    "\x68\3\x77\x0c"
	    "arsenal_tick\x61\1\x61\1",
	    20);
	assert_int_equal(probe_message_open(&e), PROBE_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_tick),
		cmocka_unit_test(refuses_every_truncated_tick),
		cmocka_unit_test(reads_restarts),
		cmocka_unit_test(reads_folded_restarts),
		cmocka_unit_test(takes_a_child_without_id_as_a_group),
		cmocka_unit_test(counts_what_is_over_the_bound),
		cmocka_unit_test(refuses_an_unknown_kind),
		cmocka_unit_test(reads_notices),
		cmocka_unit_test(reads_that_the_node_stops),
		cmocka_unit_test(reads_info),
		cmocka_unit_test(knows_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
