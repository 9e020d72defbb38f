/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/testing.h"
#include "beam/port_packet.h"
#include "etf/etf_write.h"

static void
feed(struct packet_reader *r, const void *data, size_t n)
{
	memcpy(packet_reader_room(r, n), data, n);
	packet_reader_got(r, n);
}

static void
a_packet_in_every_cut(void **state)
{
	static const char bytes[] = "\0\0\0\3abc\0\0\0\0\0\0\0\2de";
	static const char *const whole[] = { "abc", "", "de" };
	const size_t len = sizeof(bytes) - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		struct packet_reader r;
		struct etf_span body;
		size_t n = 0;

		packet_reader_init(&r);
		for (int part = 0; part < 2; part++) {
			feed(&r, part ? bytes + cut : bytes, part ? len - cut : cut);
			for (; packet_next(&r, &body) == PACKET_WHOLE; n++) {
				assert_int_equal(body.len, strlen(whole[n]));
				assert_memory_equal(body.data, whole[n], body.len);
			}
		}
		assert_int_equal(n, ARRAY_LEN(whole));
		packet_reader_release(&r);
	}
}

/* Its bytes go by, however they come, and take no memory; what follows is read. */
static void
one_that_is_too_large_is_skipped(void **state)
{
	static char rest[1 << 16];
	struct packet_reader r;
	struct etf_span body;

	(void)state;
	packet_reader_init(&r);
	feed(&r, "\4\0\0\1xx", 6);
	assert_int_equal(packet_next(&r, &body), PACKET_TOO_LARGE);
	for (uint32_t left = PORT_PACKET_MAX + 1 - 2; left > 0;) {
		size_t n = left < sizeof(rest) ? left : sizeof(rest);

		assert_int_equal(packet_next(&r, &body), PACKET_NONE);
		feed(&r, rest, n);
		left -= (uint32_t)n;
	}
	assert_int_equal(packet_next(&r, &body), PACKET_NONE);
	feed(&r, "\0\0\0\1y", 5);
	assert_int_equal(packet_next(&r, &body), PACKET_WHOLE);
	assert_memory_equal(body.data, "y", 1);
	assert_true(r.in.cap < 8 * sizeof(rest));
	packet_reader_release(&r);
}

/* What was written is read as packets of lists; *messages and *packets count them. */
static void
count_written(const struct strbuf *sent, unsigned *messages, unsigned *packets)
{
	struct packet_reader r;
	struct etf_span body;

	packet_reader_init(&r);
	feed(&r, sent->data, sent->len);
	while (packet_next(&r, &body) == PACKET_WHOLE) {
		struct etf e;
		uint32_t n;

		etf_init_versioned(&e, body.data, body.len);
		n = etf_list(&e);
		for (uint32_t i = 0; i < n; i++)
			assert_true(etf_skip(&e));
		etf_list_end(&e, n);
		assert_true(etf_done(&e));
		*messages += n;
		++*packets;
	}
	assert_int_equal(r.start, r.in.len);
	packet_reader_release(&r);
}

static void
messages_share_packets_up_to_a_size(void **state)
{
	static char large[300000];
	struct strbuf sent = STRBUF_INIT;
	struct packet_writer w;
	unsigned messages = 0, packets = 0, turns = 0;

	(void)state;
	packet_writer_init(&w);
	for (int i = 0; i < 10; i++) {
		etf_put_binary(packet_message(&w), large, sizeof(large));
		etf_put_atom(packet_message(&w), "small");
	}
	/* The other side takes a little at a time, and more comes meanwhile. */
	while (packet_pending(&w) > 0) {
		struct etf_span ready = packet_ready(&w);
		size_t n = ready.len < 99999 ? ready.len : 99999;

		strbuf_add(&sent, ready.data, n);
		packet_sent(&w, n);
		if (++turns <= 20)
			etf_put_atom(packet_message(&w), "later");
	}
	count_written(&sent, &messages, &packets);
	assert_int_equal(messages, 40);
	assert_in_range(packets, 4, 25);
	packet_writer_release(&w);
	strbuf_release(&sent);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_in_every_cut),
		cmocka_unit_test(one_that_is_too_large_is_skipped),
		cmocka_unit_test(messages_share_packets_up_to_a_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
