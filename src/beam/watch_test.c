/* SPDX-License-Identifier: Apache-2.0 */
/* Its options; what it does with nodes is shown by test/system against real ones. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "beam/watch.h"

static void
on_state(void *arg, enum node_state state, const char *detail)
{
	(void)arg, (void)state, (void)detail;
}

static const struct beam_watch_handlers HANDLERS = { .state = on_state };

static struct beam_watch_options
good(void)
{
	return (struct beam_watch_options) { .node = "a@localhost:1",
		.local_name = "arsenal-00000000@h",
		.creation = 9,
		.cookie = "c",
		.interval_ms = 1000 };
}

static void
expect_refusal(const struct beam_watch_options *o, const char *reason)
{
	struct event_base *base = event_base_new();
	struct err err;

	assert_null(beam_watch_new(base, o, &HANDLERS, NULL, &err));
	assert_non_null(strstr(err.text, reason));
	event_base_free(base);
}

static void
checks_its_options(void **state)
{
	struct beam_watch_options o = good();
	char cookie[300];

	(void)state;
	o.node = "nonsense";
	expect_refusal(&o, "no node name");
	o = good();
	o.local_name = "arsenal";
	expect_refusal(&o, "no node name");
	o = good();
	o.cookie = "";
	expect_refusal(&o, "cookie is empty");
	o.cookie = "two\nlines";
	expect_refusal(&o, "control character at byte 4");
	memset(cookie, 'c', sizeof(cookie) - 1);
	cookie[sizeof(cookie) - 1] = '\0';
	o.cookie = cookie;
	expect_refusal(&o, "longer than 255");
	o = good();
	o.interval_ms = 49;
	expect_refusal(&o, "interval of 49 ms");
	setenv("ERL_EPMD_PORT", "http", 1);
	o = good();
	expect_refusal(&o, "ERL_EPMD_PORT=http");
	unsetenv("ERL_EPMD_PORT");
}

static void
can_be_freed_at_any_time(void **state)
{
	struct beam_watch_options o = good();
	struct err err;

	(void)state;
	for (int turns = 0; turns < 4; turns++) {
		struct event_base *base = event_base_new();
		struct beam_watch *w = beam_watch_new(base, &o, &HANDLERS, NULL, &err);

		assert_non_null(w);
		assert_string_equal(beam_watch_node(w), "a@localhost");
		for (int i = 0; i < turns; i++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		beam_watch_retry(w);
		beam_watch_free(w);
		event_base_free(base);
	}
	beam_watch_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_its_options),
		cmocka_unit_test(can_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
