/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/port.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"
#include "etf/etf_write.h"

struct world {
	struct event_base *loop;
	struct beam_port *port;
	int to;   /* the router's end of what the port reads */
	int from; /* and of what it writes */
	unsigned packets;
	size_t bytes;
	unsigned bursts;
	unsigned written;
	unsigned closed;
};

static void
on_packet(void *arg, struct etf_span body)
{
	struct world *w = arg;

	w->packets++;
	w->bytes += body.len;
}

static void
on_read_all(void *arg)
{
	struct world *w = arg;

	w->bursts++;
}

static void
on_written(void *arg)
{
	struct world *w = arg;

	w->written++;
}

static void
on_closed(void *arg)
{
	struct world *w = arg;

	w->closed++;
}

static int
setup(void **state)
{
	static const struct beam_port_handlers handlers = { on_packet, on_read_all, on_written, on_closed };
	static struct world world;
	struct world *w = &world;
	int in[2], out[2];
	struct err err;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	memset(w, 0, sizeof(*w));
	w->loop = event_base_new();
	w->to = in[1];
	w->from = out[0];
	w->port = beam_port_new(w->loop, in[0], out[1], &handlers, w, &err);
	assert_non_null(w->port);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	beam_port_free(w->port);
	event_base_free(w->loop);
	if (w->to >= 0)
		close(w->to);
	if (w->from >= 0)
		close(w->from);
	return 0;
}

static void
turn(struct world *w)
{
	event_base_loop(w->loop, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
hands_over_what_is_there_in_one_go(void **state)
{
	struct world *w = *state;

	assert_int_equal(write(w->to, "\0\0\0\3abc\0\0\0\2de\0\0", 15), 15);
	turn(w);
	assert_int_equal(w->packets, 2);
	assert_int_equal(w->bytes, 5);
	assert_int_equal(w->bursts, 1);
	assert_int_equal(write(w->to, "\0\1x", 3), 3);
	turn(w);
	assert_int_equal(w->packets, 3);
}

static void
the_end_of_the_input_is_the_end(void **state)
{
	struct world *w = *state;

	assert_int_equal(write(w->to, "\0\0\0\1a", 5), 5);
	close(w->to);
	w->to = -1;
	turn(w);
	turn(w);
	turn(w);
	assert_int_equal(w->packets, 1);
	assert_int_equal(w->closed, 1);
}

static void
a_router_that_reads_no_more_is_the_end(void **state)
{
	struct world *w = *state;

	close(w->from);
	w->from = -1;
	etf_put_atom(packet_message(beam_port_writer(w->port)), "collect");
	beam_port_flush(w->port);
	beam_port_flush(w->port);
	assert_int_equal(w->closed, 1);
	beam_port_finish(w->port, 1000);
}

static size_t
read_away(struct world *w)
{
	static char buf[1 << 20];
	ssize_t n = read(w->from, buf, sizeof(buf));

	return n > 0 ? (size_t)n : 0;
}

/* What a slow router does not take waits; then it is told, then nothing more is read, and all of it goes on as it was. */
static void
a_slow_router_holds_up_nobody(void **state)
{
	static char large[1 << 20];
	struct world *w = *state;
	size_t written = 0, got = 0;

	fcntl(w->from, F_SETFL, O_NONBLOCK);
	assert_false(beam_port_is_slow(w->port));
	for (int i = 0; i < 40; i++) {
		etf_put_binary(packet_message(beam_port_writer(w->port)), large, sizeof(large));
		beam_port_flush(w->port);
		assert_int_equal(
		    beam_port_is_slow(w->port), packet_pending(beam_port_writer(w->port)) > PORT_SLOW_BYTES);
	}
	assert_true(beam_port_is_slow(w->port));
	written = packet_pending(beam_port_writer(w->port));
	assert_int_equal(write(w->to, "\0\0\0\1a", 5), 5);
	turn(w);
	assert_int_equal(w->packets, 0);
	for (int i = 0; i < 1000 && packet_pending(beam_port_writer(w->port)) > 0; i++) {
		got += read_away(w);
		turn(w);
	}
	got += read_away(w);
	assert_true(got > written);
	assert_true(w->written > 1);
	turn(w);
	assert_int_equal(w->packets, 1);
	assert_false(beam_port_is_slow(w->port));
}

/* Whoever waits for room hears of it also when somebody else's flush, in the same turn of the loop, is what made it. */
static void
room_made_by_a_flush_is_told(void **state)
{
	static char large[4 << 20];
	struct world *w = *state;

	fcntl(w->from, F_SETFL, O_NONBLOCK);
	etf_put_binary(packet_message(beam_port_writer(w->port)), large, sizeof(large));
	beam_port_flush(w->port);
	assert_true(packet_pending(beam_port_writer(w->port)) > 0);
	assert_int_equal(w->written, 0);
	while (packet_pending(beam_port_writer(w->port)) > 0) {
		assert_true(read_away(w) > 0);
		beam_port_flush(w->port);
	}
	turn(w);
	assert_true(w->written > 0);
}

static void
a_program_started_by_hand_says_so(void **state)
{
	static const struct beam_port_handlers handlers = { on_packet, on_read_all, on_written, on_closed };
	struct world *w = *state;
	int null = open("/dev/null", O_RDWR);
	struct err err;

	assert_null(beam_port_new(w->loop, null, null, &handlers, w, &err));
	assert_non_null(strstr(err.text, "not by hand"));
	close(null);
	assert_null(beam_port_new(w->loop, null, null, &handlers, w, &err));
	assert_non_null(strstr(err.text, "not by hand"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hands_over_what_is_there_in_one_go),
		TEST(the_end_of_the_input_is_the_end),
		TEST(a_router_that_reads_no_more_is_the_end),
		TEST(a_slow_router_holds_up_nobody),
		TEST(room_made_by_a_flush_is_told),
		TEST(a_program_started_by_hand_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
