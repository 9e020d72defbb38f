/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "beam/genserver_answer.h"
#include "beam/genserver_fixture.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

/* ---- what the router writes ---- */

static struct strbuf packet; /* messages, without the head */
static uint32_t messages;

static struct strbuf *
tuple(const char *tag, uint32_t arity)
{
	messages++;
	etf_put_tuple(&packet, arity);
	etf_put_atom(&packet, tag);
	return &packet;
}

static void
put_key(const char *key)
{
	etf_put_atom(&packet, key);
}

static void
put_wrapped(const char *atom)
{
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "t");
	etf_put_atom(&packet, atom);
}

static void
put_cast(int64_t n, const char *tag, uint32_t arity)
{
	tuple("cast", 4);
	etf_put_int(&packet, n);
	etf_put_int(&packet, 1700000000000 + n);
	etf_put_tuple(&packet, arity);
	etf_put_atom(&packet, tag);
}

static void
put_report(int64_t n)
{
	put_cast(n, "track_restart", 5);
	put_wrapped("my_sup");
	put_wrapped("my_sup");
	put_wrapped("worker_1");
	put_wrapped("killed");
}

static void
put_call(int64_t id, const char *request)
{
	tuple("call", 3);
	etf_put_int(&packet, id);
	etf_put_atom(&packet, request);
}

static void
put_tick_of(int64_t time_ms, int64_t processes)
{
	tuple("probe", 2);
	etf_put_tuple(&packet, 6);
	etf_put_atom(&packet, "arsenal_tick");
	etf_put_int(&packet, 1);
	etf_put_int(&packet, time_ms);
	etf_put_list(&packet, 1);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "process_count");
	etf_put_int(&packet, processes);
	etf_put_nil(&packet);
	etf_put_nil(&packet);
	etf_put_nil(&packet);
}

static void
put_tick(int64_t time_ms)
{
	put_tick_of(time_ms, 40);
}

static void
put_force(void)
{
	messages++;
	etf_put_atom(&packet, "force_health_check");
}

/* Options, all but one (NULL: all), and n more pairs to follow. */
static void
put_init(const char *without, uint32_t more)
{
	static const char *const numbers[] = { "session", "started", "interval", "retention", "threshold",
		"max_history" };
	uint32_t n = 1 + (uint32_t)ARRAY_LEN(numbers) - (without != NULL) + more;

	tuple("init", 2);
	etf_put_map(&packet, n);
	put_key("node");
	etf_put_atom(&packet, "nonode@nohost");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (without == NULL || strcmp(without, numbers[i]) != 0) {
			put_key(numbers[i]);
			etf_put_int(&packet, 5000);
		}
}

/* send hands over what was put, as one packet. */
static void
send(struct fixture *f)
{
	struct strbuf whole = STRBUF_INIT;

	etf_put_version(&whole);
	etf_put_list(&whole, messages);
	strbuf_add(&whole, packet.data, packet.len);
	etf_put_nil(&whole);
	genserver_receive(f->g, (struct etf_span) { (const uint8_t *)whole.data, whole.len }, f->clock_ms);
	genserver_settle(f->g);
	strbuf_release(&whole);
	strbuf_release(&packet);
	messages = 0;
}

/* ---- what the router reads ---- */

static struct strbuf said;

/* {reply | event, X, Term as a binary}: as its text. */
static bool
add_carrier(struct etf e)
{
	struct etf_atom tag;
	struct etf inner;
	struct etf_span s;

	etf_tuple_of(&e, 3);
	etf_atom(&e, &tag);
	if (strcmp(tag.text, "reply") != 0 && strcmp(tag.text, "event") != 0 && strcmp(tag.text, "part") != 0)
		return false;
	strbuf_addf(&said, "%s ", tag.text);
	assert_true(etf_text(&e, 100, &said));
	strbuf_addc(&said, ' ');
	s = etf_binary(&e);
	assert_true(etf_done(&e));
	if (strcmp(tag.text, "part") == 0 || s.data[0] != 131) {
		strbuf_addf(&said, "%zu bytes", s.len);
		return true;
	}
	etf_init_versioned(&inner, s.data, s.len);
	assert_true(etf_text(&inner, 100000, &said) && etf_done(&inner));
	return true;
}

/* what_was_said is every message since the last time, a line each. */
static const char *
what_was_said(struct fixture *f)
{
	struct etf_span ready = packet_ready(&f->out), body;
	struct packet_reader r;

	strbuf_reset(&said);
	packet_reader_init(&r);
	if (ready.len > 0) {
		memcpy(packet_reader_room(&r, ready.len), ready.data, ready.len);
		packet_reader_got(&r, ready.len);
		packet_sent(&f->out, ready.len);
	}
	while (packet_next(&r, &body) == PACKET_WHOLE) {
		struct etf e;
		uint32_t n;

		etf_init_versioned(&e, body.data, body.len);
		n = etf_list(&e);
		for (uint32_t i = 0; i < n; i++, strbuf_addc(&said, '\n')) {
			struct etf_span raw = etf_raw(&e);
			struct etf one;

			etf_init(&one, raw.data, raw.len);
			if (!add_carrier(one))
				assert_true(etf_text(&one, 10000, &said));
		}
		etf_list_end(&e, n);
		assert_true(etf_done(&e));
	}
	packet_reader_release(&r);
	return strbuf_cstr(&said);
}

static void
expect(struct fixture *f, const char *text)
{
	const char *s = what_was_said(f);

	if (strcmp(s, text) != 0)
		fail_msg("said:\n%s\nexpected:\n%s", s, text);
}

static void
expect_part(struct fixture *f, const char *text)
{
	const char *s = what_was_said(f);

	if (strstr(s, text) == NULL)
		fail_msg("said:\n%s\nexpected within:\n%s", s, text);
}

/* ---- the fixture, with an engine ---- */

static struct fixture fixture;

static int
setup(void **state)
{
	fixture_init(&fixture);
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	fixture_release(*state);
	strbuf_release(&said);
	return 0;
}

static void
begin(struct fixture *f)
{
	put_init(NULL, 0);
	send(f);
	what_was_said(f);
}

static void
attach(struct fixture *f)
{
	tuple("attached", 2);
	etf_put_map(&packet, 2);
	put_key("otp_release");
	etf_put_binary(&packet, "25", 2);
	put_key("restart_capture");
	etf_put_atom(&packet, "whole");
	send(f);
}

static void
tick(struct fixture *f)
{
	put_tick(f->clock_ms);
	send(f);
}

/* ---- the beginning ---- */

static void
says_that_it_is_ready(void **state)
{
	struct fixture *f = *state;

	f->last = 17;
	put_init(NULL, 1);
	put_key("http");
	etf_put_binary(&packet, "127.0.0.1:1", 11);
	send(f);
	expect(f, "{ready,17,#{os_pid => 4711,http => <<\"127.0.0.1:1\">>,store => false}}\n");
	assert_string_equal(engine_node(f->engine), "nonode@nohost");
	put_init(NULL, 0);
	send(f);
	expect_part(f, "{log,error,<<\"the router sent a message that is none: {init,");
}

static void
names_the_option_that_is_wrong(void **state)
{
	struct fixture *f = *state;

	put_init("interval", 0);
	put_call(1, "get_system_health");
	send(f);
	expect(f, "{fatal,<<\"option interval is missing\">>}\n");
	assert_true(genserver_failed(f->g));
}

static void
a_metric_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;

	put_init(NULL, 1);
	put_key("only");
	etf_put_map(&packet, 2);
	put_key("children");
	etf_put_string(&packet, "\1\2", 2);
	put_key("metrics");
	etf_put_list(&packet, 1);
	etf_put_atom(&packet, "no_such_metric");
	etf_put_nil(&packet);
	send(f);
	expect_part(f, "no_such_metric");
	assert_true(genserver_failed(f->g));
}

static void
tells_why_it_cannot_start(void **state)
{
	struct fixture *f = *state;

	f->refuses = true;
	put_init(NULL, 0);
	send(f);
	expect(f, "{fatal,<<\"the store cannot be opened\">>}\n");
}

static void
nothing_comes_before_the_options(void **state)
{
	struct fixture *f = *state;

	put_report(1);
	put_force();
	send(f);
	expect(f,
	    "{log,error,<<\"the router sent a message that is none: "
	    "{cast,1,1700000000001,{track_restart,{t,my_sup},{t,my_sup},"
	    "{t,worker_1},{t,killed}}}\">>}\n"
	    "{log,error,<<\"the router sent a message that is none: force_health_check\">>}\n");
}

/* ---- casts ---- */

static void
a_hand_report_is_counted_once_however_often_it_is_sent(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_report(1);
	put_report(2);
	send(f);
	expect(f, "{confirm,2}\n");
	assert_int_equal(f->mark, 2);
	put_report(1);
	put_report(2);
	put_report(3);
	send(f);
	expect(f, "{confirm,3}\n");
	assert_int_equal(f->restarts, 3);
	assert_int_equal(engine_counts(f->engine).restarts, 3);
	assert_true(f->restart.by_hand && !f->restart.caught);
	assert_int_equal(f->restart.time_ms, 1700000000003);
	assert_string_equal(f->restart.supervisor->text, "my_sup");
	assert_null(f->restart.key);
	assert_string_equal(f->restart.child_id->text, "worker_1");
	assert_string_equal(f->restart.reason->text, "killed");
}

static void
with_a_store_only_what_is_on_disk_is_confirmed(void **state)
{
	struct fixture *f = *state;

	f->confirms = true;
	f->last = 5;
	begin(f);
	put_report(5);
	put_report(6);
	send(f);
	expect(f, "");
	assert_int_equal(f->restarts, 1);
	assert_int_equal(f->mark, 6);
	genserver_confirm(f->g, 6);
	expect(f, "{confirm,6}\n");
}

static void
folded_and_caught_ones_keep_their_numbers(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_cast(1, "track_restarts", 7);
	etf_put_int(&packet, 1000);
	etf_put_int(&packet, 1700000000000);
	put_wrapped("sup");
	put_wrapped("registered");
	put_wrapped("w");
	put_wrapped("r");
	put_cast(2, "caught", 3);
	etf_put_int(&packet, 30);
	etf_put_nil(&packet);
	send(f);
	expect(f, "{confirm,2}\n");
	assert_int_equal(f->restart.times, 1000);
	assert_string_equal(f->restart.key->text, "registered");
	assert_int_equal(f->lost, 30);
	assert_int_equal(engine_counts(f->engine).restarts, 1030);
}

static void
a_caught_restart_is_marked_as_such(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_cast(1, "caught", 3);
	etf_put_int(&packet, 0);
	etf_put_list(&packet, 1);
	etf_put_tuple(&packet, 9);
	etf_put_int(&packet, 1700000000000);
	etf_put_atom(&packet, "child_terminated");
	etf_put_atom(&packet, "sup");
	etf_put_pid(&packet, "nonode@nohost", 87, 1, 0);
	put_wrapped("w");
	etf_put_pid(&packet, "nonode@nohost", 88, 1, 0);
	put_wrapped("killed");
	put_wrapped("permanent");
	etf_put_atom(&packet, "undefined");
	etf_put_nil(&packet);
	send(f);
	assert_true(f->restart.caught && !f->restart.by_hand);
	assert_string_equal(f->restart.restart_type, "permanent");
}

static void
a_bad_message_is_logged_and_the_next_one_taken(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_cast(1, "track_restart", 3);
	put_wrapped("sup");
	put_wrapped("key");
	tuple("of_a_later_release", 1);
	put_report(2);
	send(f);
	expect(f,
	    "{log,error,<<\"the router sent a message that is none: "
	    "{cast,1,1700000000001,{track_restart,{t,sup},{t,key}}}\">>}\n"
	    "{log,error,<<\"the router sent a message that is none: {of_a_later_release}\">>}\n"
	    "{confirm,2}\n");
	assert_int_equal(f->restarts, 1);
}

/* Terms that came before are known by their bytes; that must make no good term of a bad one. */
static void
the_router_says_goodbye(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_false(f->goodbye);
	messages++;
	etf_put_atom(&packet, "goodbye");
	send(f);
	assert_true(f->goodbye);
	messages++;
	etf_put_atom(&packet, "farewell");
	send(f);
	expect(f, "{log,error,<<\"the router sent a message that is none: farewell\">>}\n");
}

static void
terms_that_come_again(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (int i = 1; i <= 3; i++) {
		put_cast(2 * i - 1, "track_restart", 5);
		put_wrapped("my_sup");
		put_wrapped("my_sup");
		etf_put_tuple(&packet, 2);
		etf_put_atom(&packet, "y");
		etf_put_atom(&packet, "worker_1");
		put_wrapped("killed");
		put_report(2 * i);
		send(f);
		what_was_said(f);
		assert_non_null(strstr(said.data, "{log,error,"));
		assert_int_equal(f->restarts, i);
	}
	assert_string_equal(f->restart.child_id->text, "worker_1");
	assert_ptr_equal(f->restart.supervisor, restart_key(&f->restart));
}

static void
a_packet_that_is_none_is_logged(void **state)
{
	static const char *const bad[] = { "", "\203", "\203\152x", "\203\154\0\0\0\2\152\152", "\203\153\0\1x",
		"\152" };
	static const size_t lens[] = { 0, 1, 3, 8, 5, 1 };
	struct fixture *f = *state;

	begin(f);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		genserver_receive(f->g, (struct etf_span) { (const uint8_t *)bad[i], lens[i] }, f->clock_ms);
		expect_part(f, "{log,error,<<\"the router sent a packet that is no list of messages\">>}\n");
	}
}

/* ---- calls ---- */

static void
calls_wait_for_the_first_sample(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	put_call(1, "get_system_health");
	put_call(2, "get_performance_metrics");
	tuple("call", 3);
	etf_put_int(&packet, 3);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_restart_statistics");
	etf_put_atom(&packet, "all");
	send(f);
	expect_part(f, "reply 3 {ok,#{");
	assert_int_equal(genserver_deadline(f->g), f->clock_ms + GENSERVER_SAMPLE_MS);
	tick(f);
	what_was_said(f);
	assert_non_null(strstr(said.data, "reply 1 {ok,#{"));
	assert_non_null(strstr(said.data, "reply 2 {ok,#{"));
	assert_true(genserver_deadline(f->g) == INT64_MAX);
}

static void
calls_do_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_call(1, "get_system_health");
	send(f);
	genserver_expire(f->g, f->clock_ms + GENSERVER_SAMPLE_MS - 1);
	expect(f, "");
	genserver_expire(f->g, f->clock_ms + GENSERVER_SAMPLE_MS);
	expect_part(f, "reply 1 {ok,#{");
}

static void
calls_do_not_wait_for_a_probe_that_is_gone(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	put_force();
	put_call(1, "get_system_health");
	send(f);
	expect(f, "collect\n");
	tuple("detached", 2);
	etf_put_atom(&packet, "killed");
	send(f);
	expect_part(f, "reply 1 {ok,#{");
	put_force();
	put_call(2, "get_system_health");
	send(f);
	expect_part(f, "reply 2 {ok,#{");
}

static void
a_call_after_a_forced_check_sees_it(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	tick(f);
	f->clock_ms += 3000;
	put_force();
	put_call(1, "get_system_health");
	send(f);
	expect(f, "collect\n");
	/* This one was under way already. */
	put_tick(f->clock_ms - 1);
	f->clock_ms += 2;
	send(f);
	expect(f, "");
	tick(f);
	expect_part(f, "reply 1 {ok,#{");
}

static void
the_second_tick_is_fresh_whatever_its_time(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	tick(f);
	f->clock_ms += 1000;
	put_force();
	put_call(1, "get_system_health");
	put_tick(f->clock_ms - 900);
	send(f);
	expect(f, "collect\n");
	put_tick(f->clock_ms - 800);
	send(f);
	expect_part(f, "reply 1 {ok,#{");
}

static void
forced_checks_share_a_tick(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	put_force();
	put_call(1, "get_system_health");
	put_force();
	put_force();
	put_call(2, "get_system_health");
	send(f);
	expect(f, "collect\n");
	tick(f);
	expect_part(f, "collect\nreply 1 {ok,#{");
	assert_null(strstr(said.data, "reply 2"));
	tick(f);
	expect_part(f, "reply 2 {ok,#{");
	/* Nobody answers the next question. */
	put_force();
	put_call(3, "get_server_stats");
	put_call(4, "get_system_health");
	send(f);
	expect_part(f, "collect\nreply 3 {error,bad_request}\n");
	assert_int_equal(genserver_deadline(f->g), f->clock_ms + GENSERVER_CHECK_MS);
	genserver_expire(f->g, f->clock_ms + GENSERVER_CHECK_MS);
	expect_part(f, "reply 4 {ok,#{");
}

static void
no_more_calls_are_held_than_there_is_room_for(void **state)
{
	struct fixture *f = *state;
	size_t replies = 0;

	begin(f);
	for (int i = 0; i < GENSERVER_HELD_MAX; i++)
		put_call(i, "get_system_health");
	put_call(99999, "get_system_health");
	send(f);
	expect(f, "reply 99999 {error,overloaded}\n");
	tick(f);
	what_was_said(f);
	/* Not strstr: under AddressSanitizer each call of it goes through all of the rest. */
	for (size_t i = 0; i < said.len; i++)
		replies += (i == 0 || said.data[i - 1] == '\n') && strncmp(said.data + i, "reply ", 6) == 0;
	assert_int_equal(replies, GENSERVER_HELD_MAX);
}

static void
a_bad_request_is_answered(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_call(1, "get_everything");
	tuple("call", 3);
	etf_put_int(&packet, 2);
	etf_put_tuple(&packet, 3);
	etf_put_atom(&packet, "get_historical_data");
	etf_put_int(&packet, 2);
	etf_put_int(&packet, 1);
	tuple("call", 3);
	etf_put_int(&packet, 3);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_restart_statistics");
	etf_put_atom(&packet, "some");
	tuple("call", 3);
	etf_put_int(&packet, 4);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_server_stats");
	etf_put_nil(&packet);
	send(f);
	expect(f,
	    "reply 1 {error,bad_request}\nreply 2 {error,end_before_start}\nreply 3 {error,bad_request}\nreply 4 "
	    "{error,bad_request}\n");
}

static void
statistics_of_one_supervisor(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_report(1);
	put_report(2);
	for (int i = 0; i < 2; i++) {
		tuple("call", 3);
		etf_put_int(&packet, i);
		etf_put_tuple(&packet, 2);
		etf_put_atom(&packet, "get_restart_statistics");
		etf_put_tuple(&packet, 2);
		etf_put_atom(&packet, "key");
		put_wrapped(i ? "another" : "my_sup");
	}
	send(f);
	what_was_said(f);
	assert_non_null(strstr(said.data, "reply 0 {ok,#{total_restarts => 2,"));
	assert_non_null(strstr(said.data, "reply 1 {ok,#{total_restarts => 0,"));
}

static void
patterns_are_a_list(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_call(1, "get_patterns");
	send(f);
	expect(f, "reply 1 {ok,[]}\n");
	for (int i = 1; i <= 6; i++)
		put_report((uint64_t)i);
	put_call(2, "get_patterns");
	send(f);
	expect_part(f, "reply 2 {ok,[#{type => restart_storm,pattern => <<\"");
}

static void
incidents_are_a_list(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_call(1, "get_incidents");
	send(f);
	expect(f, "reply 1 {ok,[]}\n");
	for (int i = 1; i <= 6; i++)
		put_report((uint64_t)i);
	put_call(2, "get_incidents");
	send(f);
	expect_part(f, "reply 2 {ok,[#{id => <<\"");
	assert_non_null(strstr(said.data, ",root => #{type => restart_anomaly,"));
}

static void
foresight(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_call(1, "predict_failures");
	put_call(2, "plan_capacity");
	send(f);
	expect(f, "reply 1 {ok,[]}\n");
	tick(f);
	expect_part(f, "reply 2 {ok,#{processes => #{current => ");
}

/* The same until there is a sample, or a second has passed: what makes it takes a while. */
static void
a_plan_is_made_once_a_sample(void **state)
{
	struct fixture *f = *state;
	char *first;

	begin(f);
	tick(f);
	put_call(1, "plan_capacity");
	send(f);
	first = xstrdup(what_was_said(f));
	f->clock_ms += PLAN_FRESH_MS - 1;
	put_call(1, "plan_capacity");
	send(f);
	assert_string_equal(what_was_said(f), first);
	assert_int_equal(strncmp(first, "reply 1 {ok,#{processes => ", 27), 0);
	put_tick_of(f->clock_ms, 12345);
	put_call(1, "plan_capacity");
	send(f);
	assert_non_null(strstr(what_was_said(f), "processes => #{current => 12345,"));
	free(first);
}

static void
put_top(int64_t id, const char *by, int64_t max)
{
	tuple("call", 3);
	etf_put_int(&packet, id);
	etf_put_tuple(&packet, 3);
	etf_put_atom(&packet, "top_processes");
	etf_put_atom(&packet, by);
	etf_put_int(&packet, max);
}

static void
the_largest_processes(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_top(1, "memory", 3);
	send(f);
	expect(f, "");
	tick(f);
	expect(f, "reply 1 {ok,#{by => memory,processes => []}}\n");
	put_top(2, "queue", 1000);
	put_top(3, "size", 3);
	put_top(4, "memory", 0);
	put_top(5, "memory", 1001);
	send(f);
	expect(f,
	    "reply 2 {ok,#{by => message_queue,processes => []}}\nreply 3 {error,bad_request}\nreply 4 "
	    "{error,bad_request}\nreply 5 {error,bad_request}\n");
}

/* A map with a key twice is no term. */
static void
where_both_know_a_figure_the_routers_counts(void **state)
{
	struct fixture *f = *state;

	begin(f);
	tuple("call", 3);
	etf_put_int(&packet, 1);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_server_stats");
	etf_put_map(&packet, 2);
	put_key("http");
	etf_put_atom(&packet, "the_routers");
	put_key("uptime");
	etf_put_int(&packet, 5);
	tuple("call", 3);
	etf_put_int(&packet, 2);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_state");
	etf_put_map(&packet, 1);
	put_key("event_subscriptions");
	etf_put_nil(&packet);
	send(f);
	what_was_said(f);
	assert_non_null(strstr(said.data, "http => the_routers,uptime => 5}}\n"));
	assert_null(strstr(said.data, "http => nil"));
	assert_non_null(strstr(said.data, "engine_os_pid => 4711"));
	assert_non_null(strstr(said.data, "history => lost_with_engine"));
	assert_non_null(strstr(said.data, "reply 2 {ok,#{'__struct__' => 'Elixir.Arsenal.AnalyticsServer',"));
	assert_non_null(strstr(said.data, "event_subscriptions => []}}\n"));
}

/* ---- the past, in parts ---- */

static void
put_history(int64_t id, int64_t start_ms, int64_t end_ms)
{
	tuple("call", 3);
	etf_put_int(&packet, id);
	etf_put_tuple(&packet, 3);
	etf_put_atom(&packet, "get_historical_data");
	etf_put_int(&packet, start_ms);
	etf_put_int(&packet, end_ms);
}

static void
put_cancel(int64_t id)
{
	tuple("cancel", 2);
	etf_put_int(&packet, id);
}

static void
remember(struct fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		f->clock_ms += 5; /* all within the retention period */
		put_tick(f->clock_ms);
	}
	send(f);
	what_was_said(f);
}

static void
other_calls_are_answered_while_a_large_answer_is_under_way(void **state)
{
	struct fixture *f = *state;
	unsigned turns = 0, answered = 0;

	begin(f);
	remember(f, 500);
	put_history(1, 0, f->clock_ms);
	send(f);
	expect(f, "");
	while (genserver_has_turn(f->g)) {
		genserver_turn(f->g);
		turns++;
		put_call(100 + turns, "get_system_health");
		send(f);
		what_was_said(f);
		answered += strstr(said.data, " {ok,#{") != NULL;
	}
	assert_true(turns > 5);
	assert_int_equal(answered, turns);
	assert_non_null(strstr(said.data, "reply 1 "));
}

static void
who_is_gone_is_written_no_further(void **state)
{
	struct fixture *f = *state;

	begin(f);
	remember(f, 500);
	put_history(1, 0, f->clock_ms);
	put_history(2, 1, 2);
	send(f);
	genserver_turn(f->g);
	expect_part(f, "part 1 ");
	put_cancel(1);
	put_cancel(3);
	send(f);
	genserver_turn(f->g);
	expect_part(f, "reply 2 {ok,#{time_range => ");
	assert_false(genserver_has_turn(f->g));
	tuple("cancel", 2);
	etf_put_atom(&packet, "all");
	send(f);
	expect_part(f, "{log,error,");
}

/* A held one can be cancelled, too; the one behind it is not lost by that. */
static void
who_is_gone_is_held_no_longer(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	put_force();
	put_history(1, 1, 2);
	put_history(2, 1, 2);
	put_cancel(2);
	put_call(3, "get_system_health");
	put_cancel(1);
	send(f);
	genserver_turn(f->g);
	expect(f, "collect\n");
	tick(f);
	assert_false(genserver_has_turn(f->g));
	expect_part(f, "reply 3 {ok,#{");
	assert_null(strstr(said.data, "reply 1"));
}

static void
no_more_large_answers_are_owed_than_there_is_room_for(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (int i = 0; i < 65; i++)
		put_history(i, 1, 2);
	send(f);
	expect(f, "reply 64 {error,overloaded}\n");
}

/* ---- events ---- */

static void
subscribe(const char *type)
{
	tuple("subscriptions", 3);
	etf_put_int(&packet, 1);
	etf_put_list(&packet, 1);
	etf_put_atom(&packet, type);
	etf_put_nil(&packet);
}

static void
events_go_out_to_those_who_want_them(void **state)
{
	struct fixture *f = *state;

	begin(f);
	subscribe("health_alert");
	put_report(1);
	send(f);
	expect(f, "{confirm,1}\n");
	subscribe("restart");
	put_report(2);
	send(f);
	expect_part(f, "event restart #{");
	assert_non_null(strstr(said.data, "child_id => worker_1"));
	subscribe("node");
	attach(f);
	expect(f, "");
}

/* Replies and confirmations are never left out. */
static void
events_are_dropped_when_the_router_is_behind(void **state)
{
	struct fixture *f = *state;

	begin(f);
	subscribe("restart");
	f->is_slow = true;
	put_report(1);
	put_report(2);
	tuple("nonsense", 1);
	tuple("call", 3);
	etf_put_int(&packet, 1);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "get_server_stats");
	etf_put_map(&packet, 0);
	send(f);
	expect_part(f, "engine_events_dropped => 2");
	assert_non_null(strstr(said.data, "{confirm,2}\n"));
	assert_null(strstr(said.data, "{log,"));
}

/* ---- time ---- */

static void
its_time_is_the_vms(void **state)
{
	struct fixture *f = *state;

	begin(f);
	put_tick(f->clock_ms + 3600000);
	send(f);
	assert_int_equal(genserver_now(f->g, f->clock_ms), f->clock_ms + 3600000);
	/* One that was long under way says nothing about the clock. */
	put_tick(f->clock_ms + 3600000 - 80);
	send(f);
	assert_in_range(genserver_now(f->g, f->clock_ms), f->clock_ms + 3600000 - 10, f->clock_ms + 3600000);
	put_tick(f->clock_ms + 3600001);
	send(f);
	assert_int_equal(genserver_now(f->g, f->clock_ms), f->clock_ms + 3600001);
	put_tick(INT64_MAX);
	send(f);
	expect_part(f, "{log,error,");
	assert_int_equal(f->samples, 3);
}

/* Time stood still for as long as it was set back: nothing was judged meanwhile, and all samples were of one instant. */
static void
clock_set_back_does_not_stop_time(void **state)
{
	const int64_t back_ms = 7200000;
	struct fixture *f = *state;
	int64_t last_ms = 0;

	begin(f);
	tick(f);
	what_was_said(f);
	for (int i = 0; i < 3; i++, last_ms = f->clock_ms) {
		f->clock_ms += 5000;
		put_tick(f->clock_ms - back_ms);
		send(f);
		assert_int_equal(genserver_now(f->g, f->clock_ms), f->clock_ms);
		assert_int_equal(engine_last(f->engine)->time_ms, f->clock_ms);
		assert_true(strstr(what_was_said(f), "set back by 7200 s") != NULL || i > 0);
	}
	/* What has a time of the VM's is of ours, too. */
	f->clock_ms = 1700000000000 + back_ms + 30000;
	put_tick(f->clock_ms - back_ms);
	put_report(1);
	send(f);
	assert_int_equal(f->restart.time_ms, 1700000000001 + back_ms);
	what_was_said(f);
	put_history(1, f->clock_ms - back_ms - 1000, f->clock_ms - back_ms);
	send(f);
	genserver_turn(f->g);
	assert_null(strstr(what_was_said(f), "metrics => []"));
	/* When it was right in the first place, it goes on with the VM's time again. */
	put_tick(f->clock_ms);
	send(f);
	assert_int_equal(genserver_now(f->g, f->clock_ms), f->clock_ms);
	f->clock_ms += 5000;
	put_tick(f->clock_ms + 60000);
	send(f);
	assert_int_equal(genserver_now(f->g, f->clock_ms), f->clock_ms + 60000);
	assert_true(last_ms < engine_last(f->engine)->time_ms);
}

/* ---- questions to the probe ---- */

static struct strbuf ended;

static void
on_ended(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	(void)arg;
	strbuf_addf(&ended, "%d ", result);
	if (answer)
		assert_true(etf_text(answer, 100, &ended) && etf_done(answer));
	strbuf_addf(&ended, "%s\n", why);
}

static enum request_result
ask(struct fixture *f)
{
	struct strbuf what = STRBUF_INIT;
	enum request_result result;

	etf_put_atom(&what, "what");
	result = genserver_request(f->g, f->clock_ms, &what, on_ended, NULL);
	strbuf_release(&what);
	return result;
}

static void
expect_ended(const char *text)
{
	assert_string_equal(strbuf_cstr(&ended), text);
	strbuf_release(&ended);
}

/* Ids begin with the time. */
static void
the_probe_is_asked_by_way_of_the_router(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_int_equal(ask(f), REQUEST_NOT_LINKED);
	attach(f);
	what_was_said(f);
	assert_int_equal(ask(f), REQUEST_UNDER_WAY);
	expect(f, "{request,1700000000001,what}\n");
	tuple("probe", 2);
	etf_put_tuple(&packet, 3);
	etf_put_atom(&packet, "arsenal_reply");
	etf_put_int(&packet, 1700000000001);
	etf_put_tuple(&packet, 2);
	etf_put_atom(&packet, "ok");
	etf_put_atom(&packet, "this");
	send(f);
	expect_ended("1 this\n");
	expect(f, "");
}

static void
a_question_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;

	begin(f);
	attach(f);
	assert_int_equal(ask(f), REQUEST_UNDER_WAY);
	assert_int_equal(genserver_deadline(f->g), f->clock_ms + REQUEST_TIMEOUT_MS);
	genserver_expire(f->g, f->clock_ms + REQUEST_TIMEOUT_MS);
	expect_ended("3 the node did not answer in time\n");
	assert_int_equal(ask(f), REQUEST_UNDER_WAY);
	tuple("detached", 2);
	etf_put_atom(&packet, "killed");
	send(f);
	expect_ended("4 the probe has ended: killed\n");
	assert_int_equal(ask(f), REQUEST_NOT_LINKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_that_it_is_ready),
		TEST(names_the_option_that_is_wrong),
		TEST(a_metric_that_is_none_is_refused),
		TEST(tells_why_it_cannot_start),
		TEST(nothing_comes_before_the_options),
		TEST(a_hand_report_is_counted_once_however_often_it_is_sent),
		TEST(with_a_store_only_what_is_on_disk_is_confirmed),
		TEST(folded_and_caught_ones_keep_their_numbers),
		TEST(a_caught_restart_is_marked_as_such),
		TEST(a_bad_message_is_logged_and_the_next_one_taken),
		TEST(the_router_says_goodbye),
		TEST(terms_that_come_again),
		TEST(a_packet_that_is_none_is_logged),
		TEST(calls_wait_for_the_first_sample),
		TEST(calls_do_not_wait_for_ever),
		TEST(calls_do_not_wait_for_a_probe_that_is_gone),
		TEST(a_call_after_a_forced_check_sees_it),
		TEST(the_second_tick_is_fresh_whatever_its_time),
		TEST(forced_checks_share_a_tick),
		TEST(no_more_calls_are_held_than_there_is_room_for),
		TEST(a_bad_request_is_answered),
		TEST(statistics_of_one_supervisor),
		TEST(patterns_are_a_list),
		TEST(incidents_are_a_list),
		TEST(foresight),
		TEST(a_plan_is_made_once_a_sample),
		TEST(the_largest_processes),
		TEST(where_both_know_a_figure_the_routers_counts),
		TEST(other_calls_are_answered_while_a_large_answer_is_under_way),
		TEST(who_is_gone_is_written_no_further),
		TEST(who_is_gone_is_held_no_longer),
		TEST(no_more_large_answers_are_owed_than_there_is_room_for),
		TEST(events_go_out_to_those_who_want_them),
		TEST(events_are_dropped_when_the_router_is_behind),
		TEST(its_time_is_the_vms),
		TEST(clock_set_back_does_not_stop_time),
		TEST(the_probe_is_asked_by_way_of_the_router),
		TEST(a_question_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
