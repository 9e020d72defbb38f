/* SPDX-License-Identifier: Apache-2.0 */
/* Over a socket pair, with a loop that is turned by hand. */
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/testing.h"
#include "beam/link.h"
#include "beam/stream.h"

struct world {
	struct event_base *base;
	struct link *link;
	int node; /* the other end */
	struct strbuf log;
};

static bool
on_frame(void *arg, struct etf_span body, struct err *err)
{
	struct world *w = arg;

	strbuf_addf(&w->log, "frame %.*s\n", (int)body.len, (const char *)body.data);
	return body.len < 3 || memcmp(body.data, "bad", 3) != 0 || err_set(err, "sent nonsense");
}

static void
on_tick(void *arg)
{
	struct world *w = arg;

	link_write(w->link, "\0\0\0\0", 4);
	strbuf_adds(&w->log, "tick\n");
}

static void
on_lost(void *arg, enum node_state state, const char *detail)
{
	strbuf_addf(&((struct world *)arg)->log, "lost %s: %s\n", node_state_name(state), detail);
}

static void
on_turned(void *arg)
{
	(void)arg;
}

static const struct link_handlers HANDLERS = { on_frame, on_tick, on_lost, on_turned };

static void
turn(struct world *w)
{
	for (int i = 0; i < 5; i++)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static void
begin(struct world *w, const char *first, size_t len)
{
	int fds[2];

	memset(w, 0, sizeof(*w));
	signal(SIGPIPE, SIG_IGN);
	w->base = event_base_new();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	w->node = fds[1];
	if (len > 0)
		assert_int_equal(write(w->node, first, len), len);
	w->link = link_new(w->base, stream_new(w->base, fds[0], NULL, "h", NULL), NULL, &HANDLERS, w);
	turn(w);
}

static void
finish(struct world *w)
{
	link_free(w->link);
	event_base_free(w->base);
	if (w->node >= 0)
		close(w->node);
	strbuf_release(&w->log);
}

static void
carries_frames_and_answers_ticks(void **state)
{
	struct world w;
	char answer[8];

	(void)state;
	begin(&w, "\0\0\0\4pabc\0\0", 10);
	assert_string_equal(strbuf_cstr(&w.log), "frame abc\n");
	assert_int_equal(write(w.node, "\0\0\0\0\0\2pd", 8), 8);
	turn(&w);
	assert_string_equal(strbuf_cstr(&w.log), "frame abc\ntick\nframe d\n");
	assert_int_equal(read(w.node, answer, sizeof(answer)), 4);
	assert_memory_equal(answer, "\0\0\0\0", 4);
	assert_int_equal(link_counts(w.link).frames, 2);
	assert_int_equal(link_counts(w.link).bytes_in, 18);
	assert_int_equal(link_counts(w.link).bytes_out, 4);
	finish(&w);
}

static void
ends_when_the_node_closes(void **state)
{
	struct world w;

	(void)state;
	begin(&w, NULL, 0);
	close(w.node);
	w.node = -1;
	turn(&w);
	assert_non_null(strstr(strbuf_cstr(&w.log), "lost unreachable: the connection was closed"));
	finish(&w);
}

static void
ends_at_nonsense_and_hears_nothing_more(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "\0\0\0\4pbad\0\0\0\4pabc", 16);
	assert_string_equal(strbuf_cstr(&w.log), "frame bad\nlost incompatible: sent nonsense\n");
	finish(&w);
	begin(&w, "GET / HTTP/1.1", 14);
	assert_non_null(strstr(strbuf_cstr(&w.log), "lost incompatible: sent what is no distribution protocol"));
	finish(&w);
}

static void
drops_a_node_that_does_not_read(void **state)
{
	char *chunk = xcalloc(1, 1 << 20);
	struct world w;

	(void)state;
	begin(&w, NULL, 0);
	for (int i = 0; i < 12; i++) {
		link_write(w.link, chunk, 1 << 20);
		turn(&w);
	}
	assert_string_equal(strbuf_cstr(&w.log), "lost hanging: does not read what we send: link dropped\n");
	assert_true(link_counts(w.link).bytes_out <= 10 << 20);
	free(chunk);
	finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_frames_and_answers_ticks),
		cmocka_unit_test(ends_when_the_node_closes),
		cmocka_unit_test(ends_at_nonsense_and_hears_nothing_more),
		cmocka_unit_test(drops_a_node_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
