/* SPDX-License-Identifier: Apache-2.0 */
#include "os/resolve.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/testing.h"
#include "os/watchdog.h"

struct answer {
	struct event_base *loop;
	bool came;
	bool found;
};

static void
on_answer(void *arg, const struct addrinfo *addresses, const char *error)
{
	struct answer *a = arg;

	a->came = true;
	a->found = addresses != NULL;
	assert_true(a->found == (error == NULL));
	event_base_loopexit(a->loop, NULL);
}

static void
address_is_found_on_the_loop(void **state UNUSED)
{
	struct answer a = { event_base_new(), false, false };

	assert_non_null(resolve_start(a.loop, "127.0.0.1", 4369, on_answer, &a));
	event_base_dispatch(a.loop);
	assert_true(a.found);
	event_base_free(a.loop);
}

/* An empty label is refused by every resolver without asking the network. */
static void
bad_name_has_a_reason(void **state UNUSED)
{
	struct answer a = { event_base_new(), false, false };

	assert_non_null(resolve_start(a.loop, "no..such..host", 4369, on_answer, &a));
	event_base_dispatch(a.loop);
	assert_true(a.came);
	assert_false(a.found);
	event_base_free(a.loop);
}

static void
cancelled_look_up_outlives_the_loop(void **state UNUSED)
{
	struct answer a = { event_base_new(), false, false };

	for (int i = 0; i < 20; i++)
		resolve_cancel(resolve_start(a.loop, "127.0.0.1", 4369, on_answer, &a));
	event_base_free(a.loop);
	assert_false(a.came);
}

static void
standing_loop_loses_its_links(void **state UNUSED)
{
	struct event_base *loop = event_base_new();
	struct watchdog *w = watchdog_new(loop, 50);
	int kept[2], cut[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, cut), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, kept), 0);
	watchdog_add(w, kept[0]);
	watchdog_add(w, cut[0]);
	watchdog_remove(w, kept[0]);
	/* The loop does not turn, so the read ends when the watchdog shuts the socket down. */
	assert_int_equal(read(cut[1], &byte, 1), 0);
	assert_int_equal(write(kept[0], "x", 1), 1);
	assert_int_equal(read(kept[1], &byte, 1), 1);
	watchdog_free(w);
	for (int i = 0; i < 2; i++)
		close(kept[i]), close(cut[i]);
	event_base_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_is_found_on_the_loop),
		cmocka_unit_test(bad_name_has_a_reason),
		cmocka_unit_test(cancelled_look_up_outlives_the_loop),
		cmocka_unit_test(standing_loop_loses_its_links),
	};

	evthread_use_pthreads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
