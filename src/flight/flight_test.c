/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of a simulated node, and what is in the folder afterwards. */
#include "flight/flight.h"

#include <dirent.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "flight/report_files.h"
#include "os/file.h"

#define T0 INT64_C(1700000000000)
#define HOUR_MS 3600000

static char folder[64];
static struct event_base *base;
static struct engine *e;
static struct flight *f;
static struct flight_node *n;
static int64_t now;
static int64_t boot_ms;
static unsigned notices, kept, events;
static char last_notice[600], last_kept[REPORT_ID_SIZE];

static int64_t
on_now(void *arg)
{
	(void)arg;
	return now;
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg;
	(void)warning;
	notices++;
	snprintf(last_notice, sizeof(last_notice), "%s", text);
}

static void
on_keep(void *arg, const char *id, int64_t time_ms, const struct strbuf *json)
{
	assert_ptr_equal(arg, e);
	assert_true(time_ms <= now && json->len > 1000);
	kept++;
	snprintf(last_kept, sizeof(last_kept), "%s", id);
}

static void
on_changed(void *arg)
{
	struct node_event *ev;

	assert_ptr_equal(arg, e);
	while ((ev = engine_next_event(e)) != NULL) {
		events += ev->type == EVENT_NODE && strstr(ev->u.link.detail, "post-mortem") != NULL;
		node_event_unref(ev);
	}
}

static void
start(const char *where)
{
	const struct flight_options o = {
		.folder = where, .now_ms = on_now, .notice = on_notice, .keep = on_keep, .changed = on_changed
	};

	f = flight_new(base, &o);
	n = flight_add(f, e, e);
}

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	evthread_use_pthreads();
	snprintf(folder, sizeof(folder), "/tmp/flight_test_XXXXXX");
	assert_non_null(mkdtemp(folder));
	base = event_base_new();
	e = engine_new("a@elsewhere", &o);
	now = T0;
	boot_ms = T0 - 1000000;
	notices = kept = events = 0;
	start(folder);
	return 0;
}

static int
teardown(void **state)
{
	char command[100];

	(void)state;
	flight_free(f);
	engine_free(e);
	event_base_free(base);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
sample(void)
{
	struct sample s = { .time_ms = now };

	sample_set(&s, METRIC_PROCESS_COUNT, 100);
	sample_set(&s, METRIC_WALLCLOCK, (double)(now - boot_ms));
	engine_feed(e, now, &s);
	flight_sample(n);
}

static void
link_is(enum node_state state, const char *detail, bool gone)
{
	engine_link(e, now, state, detail);
	flight_state(n, state, detail, gone);
}

static void
live(int seconds)
{
	link_is(NODE_UP, "linked", false);
	for (int i = 0; i < seconds; i++) {
		now += 1000;
		sample();
	}
}

/* turn has the loop turn until so many records were kept in all. */
static void
turn(unsigned wanted)
{
	while (kept < wanted)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(kept, wanted);
}

static struct report_head
newest(void)
{
	const struct report_head *heads;

	assert_true(flight_reports(f, &heads) > 0);
	return heads[0];
}

static size_t
count_files(void)
{
	struct report_head *heads = calloc(200, sizeof(*heads));
	size_t count = report_files_list(folder, heads, 200);

	free(heads);
	return count;
}

static void
die(void)
{
	now += 500;
	link_is(NODE_UNREACHABLE, "the connection was closed", false);
	link_is(NODE_UNREACHABLE, "EPMD does not know it", true);
}

/* ---- tests ---- */

static void
test_a_node_that_dies_leaves_a_post_mortem(void **state)
{
	static const char *const endings[] = { "json", "txt", "html" };
	const char *cause = "killed";
	char path[400];
	struct stat st;

	(void)state;
	live(30);
	die();
	turn(1);
	assert_string_equal(newest().cause, cause);
	assert_string_equal(newest().node, "a@elsewhere");
	assert_string_equal(newest().id, last_kept);
	assert_non_null(strstr(last_notice, newest().title));
	assert_int_equal(events, 1);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%.200s.%s", folder, last_kept, endings[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_true(st.st_size > 500);
	}
	/* It is there for the next run, too. */
	flight_free(f);
	start(folder);
	assert_string_equal(newest().cause, cause);
}

static void
test_the_same_vm_back_is_a_lost_link(void **state)
{
	(void)state;
	live(30);
	now += 500;
	link_is(NODE_UNREACHABLE, "the connection was closed", false);
	now += 1500;
	live(1);
	turn(1);
	assert_string_equal(newest().cause, "link_lost");
	assert_non_null(strstr(newest().title, "lived on"));
}

static void
test_a_post_mortem_is_amended_when_the_node_is_back(void **state)
{
	char id[REPORT_ID_SIZE];

	(void)state;
	live(30);
	now += 500;
	link_is(NODE_UNREACHABLE, "the connection was closed", false);
	now += 10000;
	turn(1);
	assert_string_equal(newest().cause, "link_lost");
	snprintf(id, sizeof(id), "%s", newest().id);
	boot_ms = now;
	live(2);
	turn(2);
	assert_string_equal(newest().cause, "killed");
	assert_string_equal(newest().id, id);
	assert_int_equal(count_files(), 1);
	assert_non_null(strstr(last_notice, "post-mortem, amended"));
}

static void
test_a_link_that_flaps_has_one_post_mortem(void **state)
{
	char id[REPORT_ID_SIZE];

	(void)state;
	live(30);
	for (unsigned i = 0; i < 30; i++) {
		now += 500;
		link_is(NODE_UNREACHABLE, "the connection was closed", false);
		live(3);
		turn(i + 1);
		if (i == 0)
			snprintf(id, sizeof(id), "%s", newest().id);
	}
	assert_string_equal(newest().id, id);
	assert_non_null(strstr(newest().title, "repeatedly"));
	assert_int_equal(count_files(), 1);
	/* Both titles were told, once each. */
	assert_int_equal(notices, 2);
}

static void
test_a_node_that_keeps_dying_has_so_many_an_hour(void **state)
{
	(void)state;
	/* Each life but the first amends what the one before it left: as long as that was written at all. */
	for (unsigned i = 0; i < 25; i++) {
		boot_ms = now;
		live(5);
		turn(i <= 20 ? 2 * i : 40);
		die();
		turn(i < 20 ? 2 * i + 1 : 40);
	}
	assert_int_equal(count_files(), 20);
	assert_non_null(strstr(last_notice, "no more post-mortems"));
	now += HOUR_MS;
	boot_ms = now;
	live(5);
	die();
	turn(41);
	assert_int_equal(count_files(), 21);
}

static void
test_an_orderly_stop(void **state)
{
	(void)state;
	live(30);
	flight_stopping(n);
	die();
	turn(1);
	assert_string_equal(newest().cause, "stopped_in_order");
}

static void
test_a_node_that_was_never_seen_has_none(void **state)
{
	(void)state;
	link_is(NODE_UNREACHABLE, "nobody listens", true);
	link_is(NODE_UP, "linked", false);
	die();
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(kept, 0);
	assert_int_equal(count_files(), 0);
}

static void
test_what_is_begun_is_written_at_the_end_of_the_program(void **state)
{
	(void)state;
	live(30);
	now += 500;
	link_is(NODE_UNREACHABLE, "the connection was closed", false);
	flight_free(f);
	assert_int_equal(kept, 1);
	assert_int_equal(count_files(), 1);
	start(folder);
}

static void
test_a_folder_that_cannot_be_written_to_is_told(void **state)
{
	struct err err;
	char path[100];

	(void)state;
	flight_free(f);
	snprintf(path, sizeof(path), "%s/file", folder);
	assert_true(file_write(path, 0600, "x", 1, &err));
	start(path);
	live(30);
	die();
	turn(1);
	assert_int_equal(notices, 2);
	assert_non_null(strstr(last_notice, "post-mortem: "));
}

static void
test_the_newest_100_are_kept(void **state)
{
	(void)state;
	live(30);
	for (int i = 0; i < 105; i++) {
		struct report_range range = { now - 1000, now };
		struct report *r = report_new(e, now, &range, NULL);
		struct strbuf json = STRBUF_INIT;
		struct err err;

		report_id_set(r->id, "b@h", T0 - 1000000 + i * 1000);
		assert_true(report_files_write(folder, r, &json, &err));
		strbuf_release(&json);
		report_free(r);
	}
	die();
	turn(1);
	assert_int_equal(count_files(), REPORT_FILES_KEPT);
	assert_string_equal(newest().node, "a@elsewhere");
}

/* What a user keeps in a folder that is named for reports stays there. */
static void
test_other_files_in_the_folder_are_left_alone(void **state)
{
	static const char *const names[] = { "2024-holiday.json", "1.json", "20240101T000000-x.json" };
	struct strbuf got = STRBUF_INIT;
	struct err err;
	char path[200];

	test_the_newest_100_are_kept(state);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_true(file_write(path, 0600, "{}", 2, &err));
	}
	assert_int_equal(report_files_prune(folder), 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(access(path, F_OK), 0);
	}
	/* Nor is a link followed that somebody else has put there, or a pipe waited for. */
	snprintf(path, sizeof(path), "%s/20990101T000000Z-x@y.json", folder);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(report_files_read(folder, "20990101T000000Z-x@y", FORMAT_JSON, &got, &err));
	assert_non_null(strstr(err.text, "a link"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(report_files_read(folder, "20990101T000000Z-x@y", FORMAT_JSON, &got, &err));
	assert_int_equal(got.len, 0);
	strbuf_release(&got);
}

#define MANY 60

static struct engine *engines[MANY];

static void
lose_many(void)
{
	struct sample s = { .time_ms = now };
	struct engine_options o = engine_defaults();
	char name[32];

	sample_set(&s, METRIC_PROCESS_COUNT, 100);
	for (int i = 0; i < MANY; i++) {
		struct flight_node *node;

		snprintf(name, sizeof(name), "n%d@elsewhere", i);
		engines[i] = engine_new(name, &o);
		node = flight_add(f, engines[i], e);
		flight_state(node, NODE_UP, "linked", false);
		engine_feed(engines[i], now, &s);
		flight_state(node, NODE_UNREACHABLE, "no route to host", false);
		flight_state(node, NODE_UNREACHABLE, "EPMD does not know it", true);
	}
}

static size_t
count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t count = 0;

	assert_non_null(dir);
	for (const struct dirent *d; (d = readdir(dir)) != NULL;)
		count += d->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void
free_many(void)
{
	for (int i = 0; i < MANY; i++)
		engine_free(engines[i]);
}

static void
test_a_lost_network_takes_few_threads(void **state)
{
	size_t before = count_threads();

	(void)state;
	lose_many();
	assert_in_range(count_threads(), 0, before + 4);
	turn(MANY);
	assert_int_equal(count_files(), MANY);
	flight_free(f);
	start(folder);
	free_many();
}

static void
test_what_waits_at_the_end_is_written(void **state)
{
	(void)state;
	lose_many();
	flight_free(f);
	assert_int_equal(kept, MANY);
	start(folder);
	assert_int_equal(count_files(), MANY);
	free_many();
}

/* The loop has not seen yet that the thread is done with the first. */
static void
test_an_end_while_the_last_one_is_written(void **state)
{
	(void)state;
	live(30);
	die();
	boot_ms = now;
	live(3);
	die();
	assert_int_equal(kept, 0);
	/* The first, the first amended as the node was back, the second. */
	turn(3);
	assert_int_equal(count_files(), 2);
	assert_string_equal(newest().id, last_kept);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_node_that_dies_leaves_a_post_mortem),
		TEST(test_the_same_vm_back_is_a_lost_link),
		TEST(test_a_post_mortem_is_amended_when_the_node_is_back),
		TEST(test_a_link_that_flaps_has_one_post_mortem),
		TEST(test_a_node_that_keeps_dying_has_so_many_an_hour),
		TEST(test_an_orderly_stop),
		TEST(test_a_node_that_was_never_seen_has_none),
		TEST(test_what_is_begun_is_written_at_the_end_of_the_program),
		TEST(test_a_folder_that_cannot_be_written_to_is_told),
		TEST(test_the_newest_100_are_kept),
		TEST(test_other_files_in_the_folder_are_left_alone),
		TEST(test_a_lost_network_takes_few_threads),
		TEST(test_what_waits_at_the_end_is_written),
		TEST(test_an_end_while_the_last_one_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
