/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads on a stream that the test plays: what is handed over, and when. */
#include "http/download.h"

#include <string.h>

#include "base/testing.h"

/* More than a part that was full before its last piece. */
#define PART_MAX (80u << 10)

static struct downloads all;
static struct reply reply;

/* ---- the stream ---- */

struct stream {
	const struct reply *of;
	struct strbuf sent;
	unsigned parts;
	size_t largest;
	bool ended;
};

void
stream_send(struct stream *s, const void *data, size_t len)
{
	assert_false(s->ended);
	strbuf_add(&s->sent, data, len);
	s->parts++;
	if (len > s->largest)
		s->largest = len;
}

void
stream_end(struct stream *s)
{
	s->ended = true;
	s->of->stream->closed(s->of->stream_arg);
}

/* ---- the writer ---- */

struct counting {
	unsigned next;
	unsigned last;
	bool pauses; /* after each number */
	bool freed;
};

static enum download_progress
write_number(void *arg, struct jsonw *j)
{
	struct counting *c = arg;

	if (c->next == 0)
		jsonw_array(j);
	jsonw_uint(j, c->next);
	if (c->next == c->last)
		jsonw_end(j);
	if (c->next++ == c->last)
		return DOWNLOAD_ENDS;
	return c->pauses ? DOWNLOAD_PAUSES : DOWNLOAD_GOES_ON;
}

static void
free_counting(void *arg)
{
	struct counting *c = arg;

	assert_false(c->freed);
	c->freed = true;
}

static const struct download_writer WRITER = { write_number, free_counting };

static struct stream
serve(struct counting *c)
{
	reply_init(&reply);
	download_serve(&all, &reply, &WRITER, c);
	return (struct stream) { .of = &reply };
}

/* ---- the tests ---- */

static int
setup(void **state)
{
	(void)state;
	downloads_init(&all, 2);
	return 0;
}

static void
a_short_answer_is_one_part(void **state)
{
	struct counting c = { .last = 3 };
	struct stream s = serve(&c);

	(void)state;
	reply.stream->opened(reply.stream_arg, &s);
	assert_string_equal(strbuf_cstr(&s.sent), "[0,1,2,3]");
	assert_true(s.ended && c.freed);
	assert_int_equal(s.parts, 1);
	strbuf_release(&s.sent);
}

/* Not a byte is made before the client has taken the part before. */
static void
the_next_part_is_made_when_the_last_is_taken(void **state)
{
	struct counting c = { .last = 99999 };
	struct stream s = serve(&c);
	unsigned parts = 1;

	(void)state;
	reply.stream->opened(reply.stream_arg, &s);
	for (; !s.ended; parts++) {
		assert_int_equal(s.parts, parts);
		reply.stream->drained(reply.stream_arg);
	}
	assert_true(s.parts > 5);
	assert_true(s.largest < PART_MAX);
	assert_true(c.freed);
	assert_memory_equal(s.sent.data + s.sent.len - 7, ",99999]", 7);
	assert_int_equal(s.sent.len, 1 + 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5 + 90000 * 6);
	strbuf_release(&s.sent);
}

/* Metrics in a few steps each: all of them, read one after the other, held the loop up for 140 ms. */
static void
pieces_that_take_their_time_have_a_turn_each(void **state)
{
	struct counting c = { .last = 3, .pauses = true };
	struct stream s = serve(&c);

	(void)state;
	reply.stream->opened(reply.stream_arg, &s);
	assert_string_equal(strbuf_cstr(&s.sent), "[0");
	reply.stream->drained(reply.stream_arg);
	assert_string_equal(strbuf_cstr(&s.sent), "[0,1");
	reply.stream->drained(reply.stream_arg);
	reply.stream->drained(reply.stream_arg);
	assert_string_equal(strbuf_cstr(&s.sent), "[0,1,2,3]");
	assert_true(s.ended && c.freed);
	strbuf_release(&s.sent);
}

static void
who_goes_leaves_nothing(void **state)
{
	struct counting never = { .last = 9 }, middle = { .last = 99999 };
	struct stream s = serve(&never);

	(void)state;
	reply.stream->closed(reply.stream_arg);
	assert_true(never.freed);
	s = serve(&middle);
	reply.stream->opened(reply.stream_arg, &s);
	reply.stream->drained(reply.stream_arg);
	reply.stream->closed(reply.stream_arg);
	assert_true(middle.freed && !s.ended);
	strbuf_release(&s.sent);
}

static void
so_many_at_a_time(void **state)
{
	struct counting c[4] = { { .last = 1 }, { .last = 1 }, { .last = 1 }, { .last = 1 } };
	struct reply taken[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		serve(&c[i]);
		taken[i] = reply;
	}
	serve(&c[2]);
	assert_int_equal(reply.status, 503);
	assert_null(reply.stream);
	assert_true(c[2].freed);
	reply_release(&reply);
	taken[0].stream->closed(taken[0].stream_arg);
	serve(&c[3]);
	assert_non_null(reply.stream);
	reply.stream->closed(reply.stream_arg);
	taken[1].stream->closed(taken[1].stream_arg);
	assert_true(c[0].freed && c[1].freed && c[3].freed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_short_answer_is_one_part, setup),
		cmocka_unit_test_setup(the_next_part_is_made_when_the_last_is_taken, setup),
		cmocka_unit_test_setup(pieces_that_take_their_time_have_a_turn_each, setup),
		cmocka_unit_test_setup(who_goes_leaves_nothing, setup),
		cmocka_unit_test_setup(so_many_at_a_time, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
