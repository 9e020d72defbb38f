/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/handshake.h"

#define PEER_FLAGS "\0\0\0\x0d\x07\xdf\x7f\xbd" /* OTP 25's */
#define CHALLENGE                                               \
	"\0\x16N" PEER_FLAGS "\x01\x02\x03\x04\0\0\0\x09\0\x03" \
	"a@h"
#define CHALLENGE_VALUE 0x01020304u
#define OURS 0x99u

struct talk {
	struct handshake h;
	struct strbuf out;
	struct err err;
	size_t used;
};

static void
begin(struct talk *t, bool replace_own)
{
	const struct handshake_options o = { .local_name = "me@x",
		.cookie = "secret",
		.node = "a@h",
		.creation = 7,
		.challenge = OURS,
		.replace_own = replace_own };

	memset(t, 0, sizeof(*t));
	handshake_init(&t->h, &o, &t->out);
}

static void
finish(struct talk *t)
{
	handshake_release(&t->h);
	strbuf_release(&t->out);
}

static enum handshake_result
feed(struct talk *t, const char *bytes, size_t len)
{
	strbuf_reset(&t->out);
	return handshake_feed(&t->h, bytes, len, &t->used, &t->out, &t->err);
}

#define FEED(t, bytes) feed(t, bytes, sizeof(bytes) - 1)

static void
sends_its_name_hidden(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	/* length, 'N', flags: the figure of research/beam-link.md, which OTP 23 to 29 took; creation, name */
	assert_int_equal(t.out.len, 21);
	assert_memory_equal(t.out.data, "\0\x13N\0\0\0\x0c\x07\x07\x4f\xbc\0\0\0\7\0\4me@x", 21);
	finish(&t);
}

static void
digests_as_otp_does(void **state)
{
	/* erlang:md5("secret" ++ integer_to_list(16#01020304)) */
	static const uint8_t expected[16] = { 0x24, 0xd9, 0x22, 0x02, 0xcd, 0x37, 0x24, 0xfb, 0x37, 0x80, 0x8c, 0x88,
		0x5f, 0x4e, 0x22, 0x98 };
	uint8_t digest[16];

	(void)state;
	handshake_digest("secret", CHALLENGE_VALUE, digest);
	assert_memory_equal(digest, expected, 16);
}

/* The node's last packet, with a good digest or one that is not. */
static struct strbuf
ack(bool good)
{
	struct strbuf sb = STRBUF_INIT;
	uint8_t digest[16];

	handshake_digest(good ? "secret" : "other", OURS, digest);
	strbuf_add(&sb,
	    "\0\x11"
	    "a",
	    3);
	strbuf_add(&sb, digest, 16);
	return sb;
}

static void
shakes_hands_byte_by_byte(void **state)
{
	static const char packets[] = "\0\3sok" CHALLENGE;
	struct strbuf last = ack(true);
	uint8_t digest[16];
	struct talk t;

	(void)state;
	begin(&t, false);
	for (size_t i = 0; i + 1 < sizeof(packets); i++)
		assert_int_equal(feed(&t, packets + i, 1), HANDSHAKE_MORE);
	handshake_digest("secret", CHALLENGE_VALUE, digest);
	assert_int_equal(t.out.len, 23);
	assert_memory_equal(t.out.data, "\0\x15r\0\0\0\x99", 7);
	assert_memory_equal(t.out.data + 7, digest, 16);
	strbuf_adds(&last, "frames");
	assert_int_equal(feed(&t, last.data, last.len), HANDSHAKE_DONE);
	assert_int_equal(t.used, last.len - strlen("frames"));
	assert_string_equal(t.h.peer_name, "a@h");
	assert_int_equal(t.h.peer_creation, 9);
	strbuf_release(&last);
	finish(&t);
}

/* As within TLS. */
static void
shakes_hands_with_lengths_of_four_bytes(void **state)
{
	const struct handshake_options o = {
		.local_name = "me@x", .cookie = "secret", .node = "a@h", .creation = 7, .challenge = OURS, .wide = true
	};
	struct strbuf last = ack(true);
	struct strbuf wide = STRBUF_INIT;
	struct talk t;

	(void)state;
	memset(&t, 0, sizeof(t));
	handshake_init(&t.h, &o, &t.out);
	assert_int_equal(t.out.len, 23);
	assert_memory_equal(t.out.data, "\0\0\0\x13N", 5);
	assert_int_equal(FEED(&t, "\0\0\0\3sok\0\0" CHALLENGE), HANDSHAKE_MORE);
	assert_int_equal(t.out.len, 25);
	assert_memory_equal(t.out.data, "\0\0\0\x15r", 5);
	strbuf_add(&wide, "\0\0", 2);
	strbuf_add(&wide, last.data, last.len);
	assert_int_equal(feed(&t, wide.data, wide.len), HANDSHAKE_DONE);
	assert_int_equal(t.used, wide.len);
	strbuf_release(&wide);
	strbuf_release(&last);
	finish(&t);
}

static void
refuses_a_node_that_does_not_know_the_cookie(void **state)
{
	struct strbuf last = ack(false);
	struct talk t;

	(void)state;
	begin(&t, false);
	assert_int_equal(FEED(&t, "\0\x10sok_simultaneous" CHALLENGE), HANDSHAKE_MORE);
	assert_int_equal(feed(&t, last.data, last.len), HANDSHAKE_FAILED);
	assert_int_equal(t.h.state, NODE_REFUSED);
	assert_non_null(strstr(t.err.text, "cookie rejected"));
	strbuf_release(&last);
	finish(&t);
}

static void
says_why_it_was_turned_away(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum node_state state;
		const char *reason;
	} cases[] = {
		{ "\0\4snok", 6, NODE_REFUSED, "another connection attempt" },
		{ "\0\x0csnot_allowed", 14, NODE_REFUSED, "does not allow" },
		{ "\0\6salive", 8, NODE_REFUSED, "another program uses our node name me@x" },
		{ "\0\7snamed:", 9, NODE_INCOMPATIBLE, "another node name" },
		{ "\0\4swat", 6, NODE_INCOMPATIBLE, "unknown status \"wat\"" },
		{ "HTTP/1.1 400", 12, NODE_INCOMPATIBLE, "no distribution protocol (\"HTTP/1.1 400\")" },
		{ "\x15\3\3\0\2\2\x32", 7, NODE_INCOMPATIBLE, "TLS" },
		{ "\0\0", 2, NODE_INCOMPATIBLE, "no distribution protocol" },
		{ "\0\3sok\0\x0an\0\5\0\0\0\0\0\0\0", 17, NODE_INCOMPATIBLE, "OTP 22" },
		{ "\0\3sok\0\1N", 8, NODE_INCOMPATIBLE, "malformed challenge" },
		{ "\0\3sok\0\x16N\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\0\0\3a@h", 29, NODE_INCOMPATIBLE,
		    "lacks capabilities" },
		{ "\0\3sok\0\x16N" PEER_FLAGS "\0\0\0\0\0\0\0\0\0\3b@h", 29, NODE_REFUSED,
		    "is b@h: watch it by that name" },
		{ "\0\3sok\0\x16N" PEER_FLAGS "\0\0\0\0\0\0\0\0\0\4b@h", 29, NODE_INCOMPATIBLE, "malformed challenge" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct talk t;

		begin(&t, false);
		assert_int_equal(feed(&t, cases[i].bytes, cases[i].len), HANDSHAKE_FAILED);
		assert_int_equal(t.h.state, cases[i].state);
		assert_non_null(strstr(t.err.text, cases[i].reason));
		finish(&t);
	}
}

static void
replaces_only_its_own_lost_link(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	assert_int_equal(FEED(&t, "\0\6salive"), HANDSHAKE_FAILED);
	assert_memory_equal(t.out.data, "\0\6sfalse", 8);
	finish(&t);
	begin(&t, true);
	assert_int_equal(FEED(&t, "\0\6salive"), HANDSHAKE_MORE);
	assert_memory_equal(t.out.data, "\0\5strue", 7);
	assert_int_equal(FEED(&t, CHALLENGE), HANDSHAKE_MORE);
	finish(&t);
}

static void
takes_the_host_in_another_writing(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	assert_int_equal(FEED(&t,
			     "\0\3sok\0\x1bN" PEER_FLAGS "\0\0\0\0\0\0\0\0\0\x08"
			     "a@h.home"),
	    HANDSHAKE_MORE);
	assert_string_equal(t.h.peer_name, "a@h.home");
	finish(&t);
}

static void
explains_an_end_by_its_step(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	handshake_closed(&t.h, true, 5000, &t.err);
	assert_int_equal(t.h.state, NODE_HANGING);
	assert_string_equal(t.err.text, "accepted the connection and said nothing for 5 s");
	handshake_closed(&t.h, false, 5000, &t.err);
	assert_int_equal(t.h.state, NODE_UNREACHABLE);
	FEED(&t, "\0\3sok");
	handshake_closed(&t.h, true, 5000, &t.err);
	assert_int_equal(t.h.state, NODE_HANGING);
	FEED(&t, CHALLENGE);
	handshake_closed(&t.h, false, 5000, &t.err);
	assert_int_equal(t.h.state, NODE_REFUSED);
	assert_non_null(strstr(t.err.text, "cookie rejected"));
	finish(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_its_name_hidden),
		cmocka_unit_test(digests_as_otp_does),
		cmocka_unit_test(shakes_hands_byte_by_byte),
		cmocka_unit_test(shakes_hands_with_lengths_of_four_bytes),
		cmocka_unit_test(refuses_a_node_that_does_not_know_the_cookie),
		cmocka_unit_test(says_why_it_was_turned_away),
		cmocka_unit_test(replaces_only_its_own_lost_link),
		cmocka_unit_test(takes_the_host_in_another_writing),
		cmocka_unit_test(explains_an_end_by_its_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
