/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/genserver_history.h"

#include <string.h>

#include "base/testing.h"
/* After the testing header, which brings what cmocka lacks. */
#include "etf/etf_write.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000

struct world {
	struct engine *e;
	struct packet_writer out;
	struct history_calls calls;
	int64_t now_ms;
	/* of the answer that comes */
	struct strbuf joined;
	unsigned parts;
	unsigned replies;
	int64_t id;
};

static int
setup(void **state)
{
	static struct world w;
	struct engine_options o = engine_defaults();

	memset(&w, 0, sizeof(w));
	w.e = engine_new("a@h", &o);
	w.now_ms = T0;
	packet_writer_init(&w.out);
	history_calls_init(&w.calls, 2000);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	/* What is held of the past may outlive the engine. */
	engine_free(w->e);
	history_calls_release(&w->calls);
	packet_writer_release(&w->out);
	strbuf_release(&w->joined);
	return 0;
}

static void
feed(struct world *w, unsigned n)
{
	struct sample s = { .time_ms = 0 };

	for (unsigned i = 0; i < n; i++) {
		w->now_ms += STEP_MS;
		s.time_ms = w->now_ms;
		sample_set(&s, METRIC_PROCESS_COUNT, 40 + i);
		sample_set(&s, METRIC_VM_MEMORY_TOTAL, 1e6 * i);
		engine_feed(w->e, w->now_ms, &s);
	}
}

static void
restart(struct world *w)
{
	struct restart r = { .time_ms = w->now_ms, .kind = RESTART_DONE, .caught = true };

	r.supervisor = text_term("sup");
	r.child_id = text_term("child");
	r.reason = text_term("killed");
	engine_restart(w->e, w->now_ms, &r);
	restart_release(&r);
}

/* {part | reply, Id, Binary} */
static void
take_message(struct world *w, struct etf *e)
{
	struct etf_atom tag;
	struct etf_span bytes;

	etf_tuple_of(e, 3);
	assert_true(etf_atom(e, &tag));
	w->id = etf_int(e);
	bytes = etf_binary(e);
	assert_true(etf_ok(e));
	strbuf_add(&w->joined, bytes.data, bytes.len);
	if (strcmp(tag.text, "part") == 0)
		w->parts++;
	else
		w->replies++;
}

/* take is the router, which reads all that was sent. */
static void
take(struct world *w)
{
	struct etf_span ready = packet_ready(&w->out), body;
	struct packet_reader r;

	packet_reader_init(&r);
	if (ready.len > 0) {
		memcpy(packet_reader_room(&r, ready.len), ready.data, ready.len);
		packet_reader_got(&r, ready.len);
		packet_sent(&w->out, ready.len);
	}
	while (packet_next(&r, &body) == PACKET_WHOLE) {
		struct etf e;
		uint32_t n;

		etf_init_versioned(&e, body.data, body.len);
		n = etf_list(&e);
		for (uint32_t i = 0; i < n; i++)
			take_message(w, &e);
		etf_list_end(&e, n);
		assert_true(etf_done(&e));
	}
	packet_reader_release(&r);
}

static void
ask(struct world *w, int64_t id, int64_t start_ms, int64_t end_ms)
{
	assert_true(history_calls_add(&w->calls, id, start_ms, end_ms));
}

/* answered is one answer, joined. */
static struct etf_span
answered(struct world *w)
{
	unsigned before = w->replies;

	strbuf_reset(&w->joined);
	while (w->replies == before) {
		assert_true(history_calls_has_turn(&w->calls, &w->out));
		history_calls_turn(&w->calls, w->e, &w->out);
		take(w);
	}
	return (struct etf_span) { (const uint8_t *)w->joined.data, w->joined.len };
}

/* at_once is what answer_history writes. */
static void
at_once(struct world *w, int64_t start_ms, int64_t end_ms, struct strbuf *out)
{
	struct answer_term a;

	etf_put_version(out);
	etf_put_tuple(out, 2);
	etf_put_atom(out, "ok");
	answer_term_init(&a, out);
	answer_history(&a.base, w->e, start_ms, end_ms);
}

static void
is_same(struct etf_span a, const struct strbuf *b)
{
	assert_int_equal(a.len, b->len);
	assert_memory_equal(a.data, b->data, b->len);
}

static void
parts_joined_are_the_answer(void **state)
{
	struct world *w = *state;
	struct strbuf expected = STRBUF_INIT;
	struct etf_span got;

	feed(w, 1000);
	restart(w);
	feed(w, 10);
	at_once(w, T0, w->now_ms, &expected);
	ask(w, 5, T0, w->now_ms);
	got = answered(w);
	assert_int_equal(w->id, 5);
	assert_true(w->parts >= expected.len / HISTORY_PART_BYTES / 2);
	is_same(got, &expected);
	assert_false(history_calls_has_turn(&w->calls, &w->out));
	strbuf_release(&expected);
}

/* And no part is larger than it should be by more than one value of a list. */
static void
inputs_in_between_change_nothing(void **state)
{
	struct world *w = *state;
	struct strbuf expected = STRBUF_INIT;
	int64_t end_ms;

	feed(w, 300);
	restart(w);
	feed(w, 700);
	end_ms = w->now_ms;
	at_once(w, T0, end_ms + 1000000, &expected);
	ask(w, 1, T0, end_ms + 1000000);
	while (w->replies == 0) {
		size_t before = w->joined.len;

		history_calls_turn(&w->calls, w->e, &w->out);
		feed(w, 3);
		restart(w);
		take(w);
		assert_in_range(w->joined.len - before, 1, HISTORY_PART_BYTES + 8192);
	}
	is_same((struct etf_span) { (const uint8_t *)w->joined.data, w->joined.len }, &expected);
	strbuf_release(&expected);
}

/* The engine runs on while the answer is under way, and what it tells of has long expired. */
static void
what_expires_meanwhile_is_in_the_answer(void **state)
{
	struct world *w = *state;
	struct strbuf expected = STRBUF_INIT;

	feed(w, 500);
	restart(w);
	at_once(w, 0, INT64_MAX, &expected);
	ask(w, 1, 0, INT64_MAX);
	history_calls_turn(&w->calls, w->e, &w->out);
	w->now_ms += engine_options(w->e)->retention_ms * 2;
	feed(w, 1);
	assert_int_equal(engine_past_since(w->e), w->now_ms);
	while (w->replies == 0) {
		history_calls_turn(&w->calls, w->e, &w->out);
		take(w);
	}
	is_same((struct etf_span) { (const uint8_t *)w->joined.data, w->joined.len }, &expected);
	strbuf_release(&expected);
}

static void
an_empty_span_has_empty_lists(void **state)
{
	struct world *w = *state;
	struct strbuf expected = STRBUF_INIT;
	struct etf_span got;
	struct etf e;

	at_once(w, 1, 2, &expected);
	ask(w, 1, 1, 2);
	got = answered(w);
	assert_int_equal(w->parts, 0);
	is_same(got, &expected);
	etf_init_versioned(&e, got.data, got.len);
	etf_skip(&e);
	assert_true(etf_done(&e));
	strbuf_release(&expected);
}

/* Nothing more is written than the other side takes, whatever is owed. */
static void
writes_only_as_much_as_is_taken(void **state)
{
	struct world *w = *state;

	feed(w, 2000);
	ask(w, 1, 0, INT64_MAX);
	while (history_calls_has_turn(&w->calls, &w->out))
		history_calls_turn(&w->calls, w->e, &w->out);
	assert_in_range(
	    packet_pending(&w->out), HISTORY_PENDING_BYTES, HISTORY_PENDING_BYTES + HISTORY_PART_BYTES + 8192);
	history_calls_turn(&w->calls, w->e, &w->out);
	assert_in_range(
	    packet_pending(&w->out), HISTORY_PENDING_BYTES, HISTORY_PENDING_BYTES + HISTORY_PART_BYTES + 8192);
	take(w);
	assert_int_equal(w->replies, 0);
	assert_true(history_calls_has_turn(&w->calls, &w->out));
}

static void
one_after_the_other(void **state)
{
	struct world *w = *state;
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;

	feed(w, 500);
	at_once(w, T0, T0 + 400 * STEP_MS, &first);
	at_once(w, T0 + 499 * STEP_MS, T0 + 499 * STEP_MS, &second);
	ask(w, 1, T0, T0 + 400 * STEP_MS);
	ask(w, 2, T0 + 499 * STEP_MS, T0 + 499 * STEP_MS);
	is_same(answered(w), &first);
	assert_int_equal(w->id, 1);
	is_same(answered(w), &second);
	assert_int_equal(w->id, 2);
	strbuf_release(&first);
	strbuf_release(&second);
}

static void
says_that_a_range_is_too_large(void **state)
{
	static const char text[] = "\x83\x68\x02\x77\x05"
				   "error"
				   "\x77\x0F"
				   "range_too_large";
	struct world *w = *state;
	struct etf_span got;

	feed(w, 2001);
	ask(w, 1, 0, INT64_MAX);
	got = answered(w);
	assert_int_equal(got.len, sizeof(text) - 1);
	assert_memory_equal(got.data, text, got.len);
	ask(w, 2, T0 + 2 * STEP_MS, INT64_MAX);
	assert_true(answered(w).len > 100000);
}

static void
a_cancelled_one_goes_no_further(void **state)
{
	struct world *w = *state;

	feed(w, 1000);
	ask(w, 1, 0, INT64_MAX);
	ask(w, 2, 0, INT64_MAX);
	ask(w, 3, 1, 2);
	history_calls_turn(&w->calls, w->e, &w->out);
	take(w);
	assert_int_equal(w->parts, 1);
	history_calls_cancel(&w->calls, 2);
	history_calls_cancel(&w->calls, 1);
	history_calls_cancel(&w->calls, 77);
	answered(w);
	assert_int_equal(w->id, 3);
	ask(w, 4, 1, 2);
	history_calls_cancel(&w->calls, 4);
	assert_false(history_calls_has_turn(&w->calls, &w->out));
	ask(w, 5, 1, 2);
	answered(w);
	assert_int_equal(w->id, 5);
	assert_int_equal(w->parts, 1);
}

static void
only_so_many_wait(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < HISTORY_CALLS_MAX; i++)
		ask(w, i, 1, 2);
	assert_false(history_calls_add(&w->calls, 99, 1, 2));
	answered(w);
	ask(w, 99, 1, 2);
	assert_false(history_calls_add(&w->calls, 100, 1, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_joined_are_the_answer),
		TEST(inputs_in_between_change_nothing),
		TEST(what_expires_meanwhile_is_in_the_answer),
		TEST(an_empty_span_has_empty_lists),
		TEST(writes_only_as_much_as_is_taken),
		TEST(one_after_the_other),
		TEST(says_that_a_range_is_too_large),
		TEST(a_cancelled_one_goes_no_further),
		TEST(only_so_many_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
