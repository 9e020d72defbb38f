/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "beam/frame.h"
#include "beam/peer.h"
#include "etf/etf_text.h"
#include "etf/etf_write.h"

#define SELF "<0.1.0>"

/* What the peer did: frames as "control | payload", and the handlers' calls, a line each. */
struct world {
	struct peer peer;
	struct strbuf log;
	struct strbuf in; /* the body being built */
};

static void
log_term(struct world *w, const char *label, struct etf_span term)
{
	struct etf e;

	strbuf_adds(&w->log, label);
	etf_init(&e, term.data, term.len);
	assert_true(etf_text(&e, 1000, &w->log));
	assert_true(etf_done(&e));
}

static void
on_write(void *arg, const void *data, size_t len)
{
	struct world *w = arg;
	struct frame_reader r;
	struct etf_span body;
	struct etf e;

	frame_reader_init(&r);
	frame_feed(&r, data, len);
	if (frame_next(&r, &body, NULL) == FRAME_TICK) {
		strbuf_adds(&w->log, "tick\n");
	} else {
		etf_init_versioned(&e, body.data, body.len);
		log_term(w, "", etf_raw(&e));
		if (!etf_done(&e)) {
			etf_init_versioned(&e, e.p, (size_t)(e.end - e.p));
			log_term(w, " | ", etf_raw(&e));
		}
		assert_true(etf_done(&e));
		strbuf_adds(&w->log, "\n");
	}
	frame_reader_release(&r);
}

static void
on_message(void *arg, struct etf_span message)
{
	log_term(arg, "message ", message);
}

static void
on_down(void *arg, uint64_t monitor, struct etf_span reason)
{
	struct world *w = arg;

	strbuf_addf(&w->log, "down %d ", (int)monitor);
	log_term(w, "", reason);
}

static void
on_exited(void *arg, struct etf_span pid, struct etf_span reason)
{
	log_term(arg, "exited ", pid);
	log_term(arg, " ", reason);
}

static void
on_result(void *arg, enum call_result result, struct etf *value)
{
	struct world *w = arg;

	strbuf_addf(&w->log, "result %d ", (int)result);
	if (result != CALL_TIMED_OUT)
		log_term(w, "", etf_raw(value));
}

static const struct peer_handlers HANDLERS = { on_write, on_message, on_down, on_exited };

static int
set_up(void **state)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	peer_init(&w.peer, "me@x", 7, &HANDLERS, &w);
	*state = &w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	peer_release(&w->peer);
	strbuf_release(&w->log);
	strbuf_release(&w->in);
	return 0;
}

/* Building a control message of the node's. */
static struct strbuf *
control(struct world *w, uint32_t arity, int op)
{
	strbuf_reset(&w->in);
	etf_put_version(&w->in);
	etf_put_tuple(&w->in, arity);
	etf_put_int(&w->in, op);
	return &w->in;
}

static void
put_their_pid(struct strbuf *sb)
{
	etf_put_pid(sb, "a@h", 99, 0, 1);
}

/* Our pid in the encoding of an older release. */
static void
put_our_pid(struct strbuf *sb)
{
	strbuf_add(sb, "\x58\x64\0\4me@x\0\0\0\1\0\0\0\0\0\0\0\7", 20);
}

static void
put_our_ref(struct strbuf *sb, uint32_t number)
{
	const uint32_t word[3] = { number, 0, 0 };

	etf_put_ref(sb, "me@x", 7, word);
}

static bool
deliver(struct world *w, struct err *err)
{
	strbuf_reset(&w->log);
	return peer_frame(&w->peer, (struct etf_span) { (uint8_t *)w->in.data, w->in.len }, err);
}

static void
expect(struct world *w, const char *log)
{
	assert_true(deliver(w, NULL));
	assert_string_equal(strbuf_cstr(&w->log), log);
}

static void
hands_over_messages_to_our_pid(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 3, 2);

	etf_put_atom(sb, "");
	put_our_pid(sb);
	etf_put_version(sb);
	etf_put_atom(sb, "hello");
	expect(w, "message hello");
	/* and drops those to somebody else */
	sb = control(w, 3, 2);
	etf_put_atom(sb, "");
	put_their_pid(sb);
	etf_put_version(sb);
	etf_put_atom(sb, "hello");
	expect(w, "");
}

static void
answers_a_ping(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 4, 6);

	put_their_pid(sb);
	etf_put_atom(sb, "");
	etf_put_atom(sb, "net_kernel");
	etf_put_version(sb);
	etf_put_tuple(sb, 3);
	etf_put_atom(sb, "$gen_call");
	etf_put_tuple(sb, 2);
	put_their_pid(sb);
	etf_put_atom(sb, "tag");
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, "is_auth");
	etf_put_atom(sb, "a@h");
	expect(w, "{2,'',<0.99.0>} | {tag,yes}\n");
}

static void
refuses_io_requests_so_that_nobody_waits(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 3, 2);

	etf_put_atom(sb, "");
	put_our_pid(sb);
	etf_put_version(sb);
	etf_put_tuple(sb, 4);
	etf_put_atom(sb, "io_request");
	put_their_pid(sb);
	etf_put_int(sb, 5);
	etf_put_atom(sb, "getopts");
	expect(w, "{2,'',<0.99.0>} | {io_reply,5,{error,enotsup}}\n");
}

static void
answers_monitors_and_links(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 4, 19);

	put_their_pid(sb);
	etf_put_atom(sb, "net_kernel");
	etf_put_atom(sb, "ref");
	expect(w, "");
	sb = control(w, 4, 19);
	put_their_pid(sb);
	etf_put_atom(sb, "no_such_name");
	etf_put_atom(sb, "ref");
	expect(w, "{21,no_such_name,<0.99.0>,ref,noproc}\n");
	sb = control(w, 3, 1);
	put_their_pid(sb);
	etf_put_pid(sb, "me@x", 2, 0, 7);
	expect(w, "{3,<0.2.0>,<0.99.0>,noproc}\n");
	sb = control(w, 4, 35);
	etf_put_int(sb, 12);
	put_their_pid(sb);
	put_our_pid(sb);
	expect(w, "{36,12," SELF ",<0.99.0>}\n");
	sb = control(w, 4, 20);
	put_their_pid(sb);
	put_our_pid(sb);
	etf_put_atom(sb, "ref");
	expect(w, "");
}

static void
refuses_to_spawn(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 6, 29);

	etf_put_atom(sb, "ref");
	put_their_pid(sb);
	put_their_pid(sb);
	etf_put_tuple(sb, 0);
	etf_put_nil(sb);
	etf_put_version(sb);
	etf_put_nil(sb);
	expect(w, "{31,ref,<0.99.0>,0,notsup}\n");
}

static void
tells_of_exits(void **state)
{
	struct world *w = *state;
	struct strbuf *sb = control(w, 4, 3);

	put_their_pid(sb);
	put_our_pid(sb);
	etf_put_atom(sb, "why");
	expect(w, "exited <0.99.0> why");
}

static void
start_call(struct world *w)
{
	struct strbuf args = STRBUF_INIT;

	etf_put_nil(&args);
	strbuf_reset(&w->log);
	assert_true(peer_call(&w->peer, 1000, 500, "erlang", "now", &args, on_result, w));
	strbuf_release(&args);
}

/* {Ref, How, Value} as the reason of the call's end. */
static void
end_call(struct world *w, uint32_t ref, const char *how)
{
	struct strbuf *sb = control(w, 5, 21);

	put_their_pid(sb);
	put_our_pid(sb);
	put_our_ref(sb, ref);
	etf_put_tuple(sb, 3);
	put_our_ref(sb, ref);
	etf_put_atom(sb, how);
	etf_put_atom(sb, "value");
}

static void
calls(void **state)
{
	struct world *w = *state;
	struct strbuf *sb;

	start_call(w);
	assert_string_equal(w->log.data,
	    "{29,#Ref<0.0.0.1>," SELF "," SELF ",{erpc,execute_call,4},[monitor]} | "
	    "[#Ref<0.0.0.1>,erlang,now,[]]\n");
	sb = control(w, 5, 31);
	put_our_ref(sb, 1);
	put_our_pid(sb);
	etf_put_int(sb, 2);
	put_their_pid(sb);
	expect(w, "");
	end_call(w, 1, "return");
	expect(w, "result 0 value");
	/* a second end of it is nobody's */
	expect(w, "");
}

static void
tells_how_a_call_failed(void **state)
{
	struct world *w = *state;
	struct strbuf *sb;

	start_call(w);
	end_call(w, 1, "error");
	expect(w, "result 1 value");
	start_call(w);
	sb = control(w, 5, 21);
	put_their_pid(sb);
	put_our_pid(sb);
	put_our_ref(sb, 2);
	etf_put_atom(sb, "killed");
	expect(w, "result 1 killed");
	start_call(w);
	sb = control(w, 5, 31);
	put_our_ref(sb, 3);
	put_our_pid(sb);
	etf_put_int(sb, 0);
	etf_put_atom(sb, "badopt");
	expect(w, "result 2 badopt");
}

static void
gives_up_calls_in_time(void **state)
{
	struct world *w = *state;

	assert_true(peer_deadline(&w->peer) == INT64_MAX);
	start_call(w);
	assert_int_equal(peer_deadline(&w->peer), 1500);
	strbuf_reset(&w->log);
	peer_expire(&w->peer, 1499);
	assert_string_equal(strbuf_cstr(&w->log), "");
	peer_expire(&w->peer, 1500);
	assert_string_equal(strbuf_cstr(&w->log), "result 3 ");
	end_call(w, 1, "return");
	expect(w, "");
}

static void
bounds_its_calls(void **state)
{
	struct world *w = *state;
	struct strbuf args = STRBUF_INIT;

	for (int i = 0; i < PEER_MAX_CALLS; i++)
		start_call(w);
	etf_put_nil(&args);
	assert_false(peer_call(&w->peer, 0, 1, "m", "f", &args, on_result, w));
	strbuf_release(&args);
}

static void
monitors(void **state)
{
	struct world *w = *state;
	struct strbuf pid = STRBUF_INIT;
	struct strbuf *sb;

	put_their_pid(&pid);
	assert_int_equal(peer_monitor(&w->peer, (struct etf_span) { (uint8_t *)pid.data, pid.len }), 1);
	assert_string_equal(w->log.data, "{19," SELF ",<0.99.0>,#Ref<0.0.0.1>}\n");
	sb = control(w, 5, 21);
	put_their_pid(sb);
	put_our_pid(sb);
	put_our_ref(sb, 1);
	etf_put_atom(sb, "killed");
	expect(w, "down 1 killed");
	expect(w, "");
	strbuf_release(&pid);
}

static void
ends_at_malformed_control_messages(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *reason;
	} cases[] = {
		{ "", 0, "malformed control" },
		{ "\x83", 1, "malformed control" },
		{ "\x68\1\x61\1", 4, "malformed control" },
		{ "\x83\x68\0", 3, "malformed control" },
		{ "\x83\x68\1\x61\xc8", 5, "unknown type 200" },
		{ "\x83\x68\1\x61\2", 5, "malformed control message of type 2" },
		{ "\x83\x68\3\x61\2\x6a\x6a", 7, "malformed payload" },
		{ "\x83\x68\3\x61\2\x6a\x6a\x83\x6d\0\0\1\0", 13, "malformed payload" },
		{ "\x83\x68\3\x61\4\x6a\x6a\x83\x6a", 9, "malformed payload" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err;

		strbuf_reset(&w->in);
		strbuf_add(&w->in, cases[i].bytes, cases[i].len);
		assert_false(deliver(w, &err));
		assert_non_null(strstr(err.text, cases[i].reason));
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(hands_over_messages_to_our_pid),
		TEST(answers_a_ping),
		TEST(refuses_io_requests_so_that_nobody_waits),
		TEST(answers_monitors_and_links),
		TEST(refuses_to_spawn),
		TEST(tells_of_exits),
		TEST(calls),
		TEST(tells_how_a_call_failed),
		TEST(gives_up_calls_in_time),
		TEST(bounds_its_calls),
		TEST(monitors),
		TEST(ends_at_malformed_control_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
