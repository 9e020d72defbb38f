/* SPDX-License-Identifier: Apache-2.0 */
/* A node's inputs on their way into a real file, and what an engine has that is restored from it. The loop is never turned: time is what it is told. */
#include "recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/testing.h"
#include "engine/past.h"

#define T0 INT64_C(1700000000000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static char folder[64], path[96];
static struct server *srv;
static struct store *store;
static struct recorder recorder;

static int
setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/arsenal-recorder-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history.db", folder);
	return 0;
}

static int
teardown(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	char name[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	return rmdir(folder);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg;
	if (warning)
		fail_msg("%s", text);
}

static void
start(int64_t now_ms)
{
	static const struct server_options server_options = { .max_events = 100 };
	static const struct store_handlers handlers = { NULL, on_notice };
	struct engine_options o = engine_defaults();
	struct server_node *node;
	struct store_node *kept;
	struct err err;

	recorder_options(&o);
	srv = server_new(&server_options);
	node = server_add(srv, "a@h", &o, &err);
	assert_non_null(node);
	store = recorder_open(srv, path, &o, STORE_MAX_BYTES, &handlers, NULL, &err);
	assert_non_null(store);
	kept = store_node(store, "a@h", STORE_WATCH_SESSION, false, &err);
	assert_non_null(kept);
	recorder_init(&recorder, node, kept);
	recorder_restore(&recorder, now_ms);
}

static void
stop(void)
{
	recorder_close(srv, store);
	server_free(srv);
}

static size_t
points(void)
{
	static struct past_point out[1000];

	return engine_past_points(recorder.engine, METRIC_PROCESS_COUNT, INT64_MIN, INT64_MAX, 60000, out, 1000);
}

static void
feed(int64_t from_ms, unsigned n)
{
	struct sample s = { .time_ms = from_ms };

	sample_set(&s, METRIC_PROCESS_COUNT, 40);
	for (unsigned i = 0; i < n; i++, s.time_ms += 5000)
		recorder_sample(&recorder, s.time_ms, &s);
}

static void
samples_come_back(void **state)
{
	size_t n;

	(void)state;
	start(T0);
	feed(T0, 400);
	n = points();
	stop();
	start(T0 + HOUR_MS);
	assert_int_equal(points(), n);
	stop();
}

/* What was sealed as time passed went into the file with the next sample only: of a node that is gone, never. */
static void
minutes_of_a_node_that_is_gone_are_on_disk(void **state)
{
	int64_t now_ms = T0;
	size_t n;

	(void)state;
	start(T0);
	feed(T0, 400);
	for (; now_ms < T0 + 2 * DAY_MS; now_ms += 60000) {
		engine_tick(recorder.engine, now_ms);
		server_node_changed(recorder.node);
	}
	n = points();
	assert_true(n > 30);
	stop();
	start(now_ms);
	assert_int_equal(points(), n);
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(samples_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(minutes_of_a_node_that_is_gone_are_on_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
