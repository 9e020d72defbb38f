/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/fake_node.h"
#include "beam/probe.h"

#define REQUEST(ref) "{29,#Ref<0.0.0." ref ">,<0.1.0>,<0.1.0>,{erpc,execute_call,4},[monitor]} | [#Ref<0.0.0." ref ">,"
#define CHECK(ref) REQUEST(ref) "erlang,module_loaded,[arsenal_probe_x]]\n"
#define LOAD_AND_ATTACH(ref)                                                              \
	REQUEST(ref)                                                                      \
	"lists,zipwith3,[fun erlang:apply/3,[code,arsenal_probe_x],[load_binary,attach]," \
	"[[arsenal_probe_x,\"arsenal_probe_x.beam\",<<\"BEAM\">>],[<0.1.0>,#{interval => 1000}]]]]\n"
#define LOAD(ref) REQUEST(ref) "code,load_binary,[arsenal_probe_x,\"arsenal_probe_x.beam\",<<\"BEAM\">>]]\n"
#define ATTACH(ref) REQUEST(ref) "arsenal_probe_x,attach,[<0.1.0>,#{interval => 1000}]]\n"

static const struct embedded_file FILE_OF_PROBE = {
	.name = "arsenal_probe_x.beam", .data = (const unsigned char *)"BEAM", .len = 4
};

static int
set_up(void **state)
{
	static struct fake_node n;

	fake_init(&n);
	n.collector = probe_new(&n.peer, 1000, &FILE_OF_PROBE, &FAKE_OWNER, &n);
	n.collector->ops->start(n.collector);
	fake_expect(&n, CHECK("1"));
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
return_atom(struct fake_node *n, uint64_t ref, const char *atom)
{
	struct strbuf sb = fake_atom(atom);

	fake_return(n, ref, &sb);
}

static void
return_pair(struct fake_node *n, uint64_t ref, const char *a, const char *b)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, a);
	etf_put_atom(&sb, b);
	fake_return(n, ref, &sb);
}

static void
put_holder(struct strbuf *sb)
{
	etf_put_tuple(sb, 3);
	etf_put_atom(sb, "ok");
	etf_put_pid(sb, "a@h", 500, 0, 1);
	etf_put_map(sb, 2);
	etf_put_atom(sb, "otp_release");
	etf_put_binary(sb, "25", 2);
	etf_put_atom(sb, "restart_capture");
	etf_put_atom(sb, "whole");
}

static void
return_holder(struct fake_node *n, uint64_t ref)
{
	struct strbuf sb = STRBUF_INIT;

	put_holder(&sb);
	fake_return(n, ref, &sb);
}

/* What loading and attaching in one call return. */
static void
return_both(struct fake_node *n, uint64_t ref)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_list(&sb, 2);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "module");
	etf_put_atom(&sb, "arsenal_probe_x");
	put_holder(&sb);
	etf_put_nil(&sb);
	fake_return(n, ref, &sb);
}

/* The second call of the two in one raises: a list of one result is as little an answer as an exception. */
static void
return_half(struct fake_node *n, uint64_t ref)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_list(&sb, 1);
	etf_put_atom(&sb, "undef");
	etf_put_nil(&sb);
	fake_return(n, ref, &sb);
}

static void
send_tick(struct fake_node *n, int64_t seq)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_tuple(&sb, 6);
	etf_put_atom(&sb, "arsenal_tick");
	etf_put_int(&sb, seq);
	etf_put_int(&sb, 5);
	etf_put_list(&sb, 1);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "restart_capture");
	etf_put_int(&sb, 1);
	etf_put_nil(&sb);
	etf_put_nil(&sb);
	etf_put_nil(&sb);
	fake_send(n, &sb);
}

static void
send_capture(struct fake_node *n, const char *capture, const char *note)
{
	struct strbuf sb = STRBUF_INIT;

	etf_put_tuple(&sb, 4);
	etf_put_atom(&sb, "arsenal_capture");
	etf_put_atom(&sb, capture);
	etf_put_atom(&sb, "log_filter");
	etf_put_binary(&sb, note, strlen(note));
	fake_send(n, &sb);
}

static void
tick_at(struct fake_node *n, int64_t now_ms)
{
	n->now_ms = now_ms;
	n->collector->ops->tick(n->collector, now_ms);
}

/* The monitor gets number 3. */
static void
attach(struct fake_node *n)
{
	return_atom(n, 1, "true");
	fake_expect(n, ATTACH("2"));
	return_holder(n, 2);
	fake_expect(n, "{19,<0.1.0>,<0.500.0>,#Ref<0.0.0.3>}\ninfo otp 25 injected 1 seen 1 note \"\"\n");
}

static void
loads_what_is_not_there_and_attaches(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "false");
	fake_expect(n, LOAD_AND_ATTACH("2"));
	return_both(n, 2);
	fake_expect(n, "{19,<0.1.0>,<0.500.0>,#Ref<0.0.0.3>}\ninfo otp 25 injected 1 seen 1 note \"\"\n");
}

static void
loads_alone_where_both_at_once_fail(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "false");
	fake_expect(n, LOAD_AND_ATTACH("2"));
	return_half(n, 2);
	fake_expect(n, LOAD("3"));
	return_pair(n, 3, "module", "arsenal_probe_x");
	fake_expect(n, ATTACH("4"));
}

static void
acknowledges_every_tick(void **state)
{
	struct fake_node *n = *state;

	attach(n);
	send_tick(n, 1);
	fake_expect(n, "{2,'',<0.500.0>} | {ack,<0.1.0>,1}\nsample\n");
	assert_int_equal(n->last.time_ms, 5);
	assert_int_equal(n->collector->ops->awaited_since(n->collector), n->now_ms);
}

static void
acknowledges_a_tick_that_overtook_the_attach(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "true");
	fake_expect(n, ATTACH("2"));
	send_tick(n, 1);
	fake_expect(n, "sample\n");
	return_holder(n, 2);
	fake_expect(n,
	    "{19,<0.1.0>,<0.500.0>,#Ref<0.0.0.3>}\ninfo otp 25 injected 1 seen 1 note \"\"\n"
	    "{2,'',<0.500.0>} | {ack,<0.1.0>,1}\n");
}

static void
tells_when_restarts_are_no_longer_seen(void **state)
{
	struct fake_node *n = *state;

	attach(n);
	send_capture(n, "blind", "restarts are not seen: a reason");
	fake_expect(n, "info otp 25 injected 1 seen 0 note \"restarts are not seen: a reason\"\n");
	send_capture(n, "partial", "some");
	fake_expect(n, "info otp 25 injected 1 seen 0 note \"some\"\n");
	send_capture(n, "whole", "");
	fake_expect(n, "info otp 25 injected 1 seen 1 note \"\"\n");
}

/* The canary may be quicker than the answer to the attach. */
static void
keeps_what_was_told_before_the_answer(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "true");
	fake_expect(n, ATTACH("2"));
	send_capture(n, "blind", "why");
	return_holder(n, 2);
	fake_expect(n, "{19,<0.1.0>,<0.500.0>,#Ref<0.0.0.3>}\ninfo otp 25 injected 1 seen 0 note \"why\"\n");
}

static void
attaches_again_when_the_holder_dies(void **state)
{
	struct fake_node *n = *state;
	struct strbuf reason = fake_atom("killed");

	attach(n);
	fake_exit(n, 3, &reason);
	fake_expect(n, "notice 1 the probe has ended (killed): it is attached again\n");
	assert_int_equal(n->collector->ops->deadline(n->collector), 100500);
	tick_at(n, 100499);
	fake_expect(n, "");
	tick_at(n, 100500);
	fake_expect(n, CHECK("4"));
	strbuf_release(&reason);
}

static void
tries_again_while_the_module_is_leaving(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "true");
	fake_expect(n, ATTACH("2"));
	return_pair(n, 2, "error", "leaving");
	fake_expect(n, "");
	tick_at(n, 100500);
	fake_expect(n, CHECK("3"));
}

static void
gives_up_where_loading_is_forbidden(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "false");
	fake_expect(n, LOAD_AND_ATTACH("2"));
	return_half(n, 2);
	fake_expect(n, LOAD("3"));
	return_pair(n, 3, "error", "sticky_directory");
	fake_expect(n, "no probe: the probe could not be loaded there ({error,sticky_directory})\n");
	assert_true(n->collector->ops->deadline(n->collector) == INT64_MAX);
}

static void
gives_up_where_the_code_server_does_not_answer(void **state)
{
	struct fake_node *n = *state;

	return_atom(n, 1, "false");
	fake_expect(n, LOAD_AND_ATTACH("2"));
	peer_expire(&n->peer, n->now_ms + 30000);
	fake_expect(n, "no probe: the probe could not be loaded there (no answer in time)\n");
}

static void
calls_a_node_that_does_not_answer_hanging(void **state)
{
	struct fake_node *n = *state;

	peer_expire(&n->peer, n->now_ms + 10000);
	fake_expect(n, "failed hanging: is linked, but does not answer a call within 10 s\n");
}

static void
drops_what_it_does_not_know(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = fake_atom("hello");

	attach(n);
	fake_send(n, &sb);
	fake_expect(n, "bad a message that is none of the probe's\n");
	etf_put_tuple(&sb, 6);
	etf_put_atom(&sb, "arsenal_tick");
	for (int i = 0; i < 5; i++)
		etf_put_nil(&sb);
	fake_send(n, &sb);
	fake_expect(n, "bad a malformed arsenal_tick\n");
}

static void
tells_of_lost_restarts(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = STRBUF_INIT;

	attach(n);
	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_restarts");
	etf_put_int(&sb, 12);
	etf_put_nil(&sb);
	fake_send(n, &sb);
	fake_expect(n, "lost 12\n");
}

/* ---- requests ---- */

static void
on_request_ended(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	struct fake_node *n = arg;

	strbuf_addf(&n->log, "request %d: ", result);
	if (answer)
		assert_true(etf_text(answer, 100, &n->log));
	strbuf_addf(&n->log, "%s\n", why);
}

static enum request_result
request(struct fake_node *n)
{
	struct strbuf what = fake_atom("what");
	enum request_result result = n->collector->ops->request(n->collector, &what, on_request_ended, n);

	strbuf_release(&what);
	return result;
}

/* Ids begin with the time: 100000. */
static void
asks_the_holder(void **state)
{
	struct fake_node *n = *state;
	struct strbuf sb = STRBUF_INIT;

	assert_int_equal(request(n), REQUEST_NOT_LINKED);
	attach(n);
	assert_int_equal(request(n), REQUEST_UNDER_WAY);
	fake_expect(n, "{2,'',<0.500.0>} | {request,<0.1.0>,100001,what}\n");
	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_reply");
	etf_put_int(&sb, 100001);
	etf_put_tuple(&sb, 2);
	etf_put_atom(&sb, "ok");
	etf_put_atom(&sb, "this");
	fake_send(n, &sb);
	fake_expect(n, "request 1: this\n");
	etf_put_tuple(&sb, 3);
	etf_put_atom(&sb, "arsenal_reply");
	etf_put_nil(&sb);
	etf_put_nil(&sb);
	fake_send(n, &sb);
	fake_expect(n, "bad a malformed arsenal_reply\n");
}

static void
a_request_ends_by_time(void **state)
{
	struct fake_node *n = *state;

	attach(n);
	request(n);
	fake_expect(n, "{2,'',<0.500.0>} | {request,<0.1.0>,100001,what}\n");
	assert_int_equal(n->collector->ops->deadline(n->collector), n->now_ms + REQUEST_TIMEOUT_MS);
	tick_at(n, n->now_ms + REQUEST_TIMEOUT_MS);
	fake_expect(n, "request 3: the node did not answer in time\n");
	assert_true(n->collector->ops->deadline(n->collector) == INT64_MAX);
}

static void
a_request_ends_with_the_holder(void **state)
{
	struct fake_node *n = *state;
	struct strbuf reason = fake_atom("killed");

	attach(n);
	request(n);
	strbuf_reset(&n->log);
	fake_exit(n, 3, &reason);
	fake_expect(n,
	    "notice 1 the probe has ended (killed): it is attached again\n"
	    "request 4: the probe ended before it answered\n");
	assert_int_equal(request(n), REQUEST_NOT_LINKED);
	strbuf_release(&reason);
}

static void
a_request_ends_with_the_link(void **state)
{
	struct fake_node *n = *state;

	attach(n);
	for (int i = 0; i < REQUESTS_MAX; i++)
		assert_int_equal(request(n), REQUEST_UNDER_WAY);
	assert_int_equal(request(n), REQUEST_REFUSED);
	strbuf_reset(&n->log);
	n->collector->ops->free(n->collector);
	fake_expect(n,
	    "request 4: the link to the node was lost before it answered\n"
	    "request 4: the link to the node was lost before it answered\n"
	    "request 4: the link to the node was lost before it answered\n"
	    "request 4: the link to the node was lost before it answered\n");
	n->collector = probe_new(&n->peer, 1000, &FILE_OF_PROBE, &FAKE_OWNER, n);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(loads_what_is_not_there_and_attaches),
		TEST(loads_alone_where_both_at_once_fail),
		TEST(acknowledges_every_tick),
		TEST(acknowledges_a_tick_that_overtook_the_attach),
		TEST(tells_when_restarts_are_no_longer_seen),
		TEST(keeps_what_was_told_before_the_answer),
		TEST(attaches_again_when_the_holder_dies),
		TEST(tries_again_while_the_module_is_leaving),
		TEST(gives_up_where_loading_is_forbidden),
		TEST(gives_up_where_the_code_server_does_not_answer),
		TEST(calls_a_node_that_does_not_answer_hanging),
		TEST(drops_what_it_does_not_know),
		TEST(tells_of_lost_restarts),
		TEST(asks_the_holder),
		TEST(a_request_ends_by_time),
		TEST(a_request_ends_with_the_holder),
		TEST(a_request_ends_with_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
