/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from the router: packets in any cuts, and the messages in them. The first byte chooses: whether the engine is started already by good options,
 * and how the bytes are cut. What is answered must be packets of lists of terms.
 */
#include "beam/genserver_fixture.h"
#include "etf/etf_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
give_options(struct fixture *f)
{
	static const char *const numbers[] = { "session", "started", "interval", "retention", "threshold",
		"max_history" };
	struct strbuf s = STRBUF_INIT;

	etf_put_version(&s);
	etf_put_list(&s, 2);
	etf_put_tuple(&s, 2);
	etf_put_atom(&s, "init");
	etf_put_map(&s, 7);
	etf_put_atom(&s, "node");
	etf_put_atom(&s, "a@h");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		etf_put_atom(&s, numbers[i]);
		etf_put_int(&s, 5000);
	}
	etf_put_tuple(&s, 3);
	etf_put_atom(&s, "subscriptions");
	etf_put_int(&s, 1);
	etf_put_list(&s, 4);
	for (int i = 0; i < EVENT_NODE; i++)
		etf_put_atom(&s, event_type_name((enum event_type)i));
	etf_put_nil(&s);
	etf_put_nil(&s);
	genserver_receive(f->g, (struct etf_span) { (const uint8_t *)s.data, s.len }, f->clock_ms);
	strbuf_release(&s);
}

/* Ids are the input's, so which parts belong together is not known; genserver_history_test joins them. */
static bool in_parts;

static void
check_message(struct etf_span raw)
{
	struct etf e, inner;
	struct etf_atom tag;
	struct etf_span s;

	etf_init(&e, raw.data, raw.len);
	if (etf_is_atom(etf_peek(&e)))
		return;
	etf_tuple(&e);
	if (!etf_atom(&e, &tag))
		abort();
	in_parts = in_parts || strcmp(tag.text, "part") == 0;
	if (strcmp(tag.text, "event") != 0 && (strcmp(tag.text, "reply") != 0 || in_parts))
		return;
	etf_skip(&e);
	s = etf_binary(&e);
	etf_init_versioned(&inner, s.data, s.len);
	etf_skip(&inner);
	if (!etf_done(&e) || !etf_done(&inner))
		abort();
}

static void
check_answers(struct fixture *f)
{
	struct etf_span ready = packet_ready(&f->out), body;
	struct packet_reader r;

	packet_reader_init(&r);
	if (ready.len > 0) {
		memcpy(packet_reader_room(&r, ready.len), ready.data, ready.len);
		packet_reader_got(&r, ready.len);
	}
	while (packet_next(&r, &body) == PACKET_WHOLE) {
		struct etf e;
		uint32_t n;

		etf_init_versioned(&e, body.data, body.len);
		n = etf_list(&e);
		for (uint32_t i = 0; i < n; i++)
			check_message(etf_raw(&e));
		etf_list_end(&e, n);
		if (!etf_done(&e))
			abort();
	}
	if (r.start != r.in.len)
		abort();
	packet_reader_release(&r);
	packet_sent(&f->out, ready.len);
}

/* feed puts the bytes in, `step` at a time, and hands over the packets. */
static void
feed(struct fixture *f, const uint8_t *data, size_t size, size_t step)
{
	struct packet_reader r;
	struct etf_span body;

	packet_reader_init(&r);
	for (size_t at = 0; at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		memcpy(packet_reader_room(&r, n), data + at, n);
		packet_reader_got(&r, n);
		while (packet_next(&r, &body) == PACKET_WHOLE && !genserver_failed(f->g))
			genserver_receive(f->g, body, f->clock_ms += 100);
		genserver_settle(f->g);
		if (!genserver_failed(f->g))
			genserver_turn(f->g);
		check_answers(f);
	}
	packet_reader_release(&r);
}

static void
on_reply(void *arg, enum request_result result, struct etf *answer, const char *why)
{
	(void)arg;
	if ((result == REQUEST_ANSWERED) != (answer != NULL) || why == NULL)
		abort();
}

/* Something is asked of the probe, if it is there by then. */
static void
ask(struct fixture *f)
{
	struct strbuf what = STRBUF_INIT;

	etf_put_atom(&what, "tree");
	(void)genserver_request(f->g, f->clock_ms, &what, on_reply, NULL);
	strbuf_release(&what);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fixture f;

	if (size < 2)
		return 0;
	fixture_init(&f);
	in_parts = false;
	if (data[0] & 1)
		give_options(&f);
	/* Bytes as they come from the pipe, or one packet's: a mutation need not get the length right. */
	if (data[0] & 2)
		feed(&f, data + 1, size - 1, 1 + (size_t)(data[0] >> 2));
	else
		genserver_receive(f.g, (struct etf_span) { data + 1, size - 1 }, f.clock_ms += 100);
	ask(&f);
	if (!genserver_failed(f.g)) {
		genserver_settle(f.g);
		genserver_expire(f.g, f.clock_ms + 5000);
	}
	while (!genserver_failed(f.g) && genserver_has_turn(f.g)) {
		genserver_turn(f.g);
		check_answers(&f);
	}
	check_answers(&f);
	fixture_release(&f);
	return 0;
}
