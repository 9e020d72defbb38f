/* SPDX-License-Identifier: Apache-2.0 */
/* A history is read and nothing else: whatever it is and wherever it lies, afterwards there is what was there before. */
#include "store/reader.h"

#include <dirent.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "engine/past.h"
#include "etf/etf_term.h"
#include "etf/etf_write.h"
#include "etf/term_fixture.h"
#include "store/judge.h"
#include "store/schema.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define SAMPLES 400

static char folder[64], path[96];
static struct event_base *base;
static uint64_t confirmed;

static void
on_committed(void *arg UNUSED, struct store_node *node UNUSED, uint64_t mark)
{
	confirmed = mark;
}

static void
on_notice(void *arg UNUSED, bool warning UNUSED, const char *text)
{
	fail_msg("%s", text);
}

static int
setup(void **state UNUSED)
{
	/* '%' and '#' mean something in SQLite's URIs. */
	strcpy(folder, "/tmp/reader_test%41#.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history.db", folder);
	base = event_base_new();
	confirmed = 0;
	alarm(120);
	return 0;
}

/* files: how many there are; remove: afterwards none. */
static unsigned
files(bool remove)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char name[400];
	unsigned n = 0;

	while (d && (f = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", folder, f->d_name);
		if (f->d_name[0] == '.')
			continue;
		n++;
		if (remove)
			unlink(name);
	}
	closedir(d);
	return n;
}

static int
teardown(void **state UNUSED)
{
	chmod(folder, 0700);
	files(true);
	rmdir(folder);
	event_base_free(base);
	return 0;
}

/* ---- what is read ---- */

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.blocks = true;
	return engine_new("a@h", &o);
}

static void
put_sample(struct store_node *n, struct engine *e, int64_t time_ms)
{
	static struct sample s;
	const struct sample *last;
	struct past_block *b;
	size_t it = 0;

	s.time_ms = time_ms;
	sample_set(&s, METRIC_PROCESS_COUNT, (double)(time_ms / STEP_MS % 100));
	engine_feed(e, time_ms, &s);
	store_sample(n, engine_last(e), engine_past_check(e, time_ms, time_ms, &it, &last));
	while ((b = engine_next_block(e)) != NULL) {
		store_block(n, b);
		past_block_unref(b);
	}
}

static void
put_restart(struct store_node *n, int64_t time_ms)
{
	struct restart r = { .time_ms = time_ms,
		.caught = true,
		.times = 1,
		.supervisor = atom_term("sup"),
		.child_id = atom_term("child"),
		.reason = atom_term("killed") };

	store_restart(n, &r);
	restart_release(&r);
}

/* written puts samples of a@h, restarts of both nodes, and an incident; the store is open. */
static struct store *
written(void)
{
	static const struct store_handlers handlers = { on_committed, on_notice };
	const struct store_options o = { .path = path, .retention_ms = 86400000 };
	struct engine *e = new_engine();
	struct store_node *a, *b;
	struct store *s;
	struct err err;

	s = store_open(base, &o, &handlers, NULL, &err);
	assert_non_null(s);
	a = store_node(s, "a@h", STORE_WATCH_SESSION, false, &err);
	b = store_node(s, "b@h", STORE_WATCH_SESSION, false, &err);
	assert_true(a && b);
	for (int i = 1; i <= SAMPLES; i++)
		put_sample(a, e, T0 + i * STEP_MS);
	for (int i = 0; i < 5; i++)
		put_restart(i < 3 ? a : b, T0 + i);
	assert_true(store_incident(b, T0 + 9, "death", "b-9", "{\"why\":1}", 9));
	store_mark(a, 1);
	while (confirmed < 1)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
	engine_free(e);
	return s;
}

static struct store_reader *
opened(void)
{
	struct err err = { "" };
	struct store_reader *r = store_read_open(path, &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

static size_t
samples_of(const struct engine *e)
{
	struct past_view *v = engine_past_open(e, 0, INT64_MAX);
	size_t n = past_view_samples(v);

	past_view_free(v);
	return n;
}

static void
check_contents(void)
{
	static struct restart_stats stats;
	struct store_reader *r = opened();
	struct engine *e = new_engine();
	struct strbuf body = STRBUF_INIT;
	uint64_t unread = 1;
	struct err err;

	assert_string_equal(store_read_node(r, 0), "a@h");
	assert_string_equal(store_read_node(r, 1), "b@h");
	assert_null(store_read_node(r, 2));
	assert_int_equal(store_read_newest_ms(r, 0), T0 + SAMPLES * STEP_MS);
	assert_int_equal(store_read_newest_ms(r, 1), T0 + 4);
	assert_true(store_read_restore(r, 0, e, T0 + SAMPLES * STEP_MS, &unread, &err));
	assert_int_equal(unread, 0);
	assert_int_equal(samples_of(e), SAMPLES);
	assert_true(engine_restart_stats(e, T0 + SAMPLES * STEP_MS, NULL, &stats));
	assert_int_equal(stats.total, 3);
	assert_string_equal(store_read_incident_at(r, 0)->id, "b-9");
	assert_string_equal(store_read_incident_at(r, 0)->node, "b@h");
	assert_true(store_read_incident(r, "b-9", &body, &err));
	assert_string_equal(strbuf_cstr(&body), "{\"why\":1}");
	assert_false(store_read_incident(r, "b-10", &body, &err));
	assert_non_null(strstr(err.text, "has no incident b-10"));
	strbuf_release(&body);
	engine_free(e);
	store_read_close(r);
}

static void
must_not_open(const char *why)
{
	struct err err = { "" };

	assert_null(store_read_open(path, &err));
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("'%s' is not in: %s", why, err.text);
}

static void
execute(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* ---- tests ---- */

static void
a_closed_file_is_read(void **state UNUSED)
{
	unsigned before;

	store_close(written());
	before = files(false);
	check_contents();
	check_contents();
	assert_int_equal(files(false), before);
}

/* what_was_left makes the folder as a program leaves it that was killed: much is in the log alone. */
static void
what_was_left(void)
{
	char command[400];
	struct store *s = written();

	snprintf(command, sizeof(command), "cd '%s' && mkdir left && cp history.db history.db-wal left", folder);
	assert_int_equal(system(command), 0);
	store_close(s);
	snprintf(command, sizeof(command), "cd '%s' && rm history.db* && mv left/* . && rmdir left", folder);
	assert_int_equal(system(command), 0);
}

static int64_t
size_of_log(void)
{
	char name[128];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", path);
	return stat(name, &st) == 0 ? st.st_size : 0;
}

static void
a_log_is_read_along_and_left_alone(void **state UNUSED)
{
	int64_t size;

	what_was_left();
	size = size_of_log();
	assert_true(size > 0);
	check_contents();
	assert_int_equal(size_of_log(), size);
	assert_int_equal(files(false), 2);
	check_contents();
}

/* As somebody who may read and nothing else. */
static void
read_by_another_user(void)
{
	char command[200];
	pid_t child;
	int status;

	snprintf(command, sizeof(command), "chmod 444 '%s'/*", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(chmod(folder, 0555), 0);
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		check_contents();
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	chmod(folder, 0700);
}

static void
no_permission_to_write_is_needed(void **state UNUSED)
{
	store_close(written());
	read_by_another_user();
	files(true);
	confirmed = 0;
	what_was_left();
	read_by_another_user();
}

static void
a_running_program_keeps_its_file(void **state UNUSED)
{
	struct store *s = written();
	char pid[32];

	snprintf(pid, sizeof(pid), "(process %ld)", (long)getpid());
	must_not_open(pid);
	must_not_open("over HTTP");
	store_close(s);
	check_contents();
}

static void
a_file_of_version_1_is_read_as_it_is(void **state UNUSED)
{
	static const char *const rows[] = {
		"INSERT INTO meta VALUES ('node', 'old@h')",
		"INSERT INTO sessions VALUES (77, 3, 1)",
		"INSERT INTO restarts VALUES (1, 1700000000000, 77, 0, 2, 4, 0, NULL, NULL)",
	};
	static struct restart_stats stats;
	struct store_reader *r;
	struct engine *e = new_engine();
	sqlite3 *db;
	char sql[96];
	struct err err;

	execute(SCHEMA_STEPS[0]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		execute(rows[i]);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = 1; PRAGMA journal_mode = WAL",
	    JUDGE_APPLICATION_ID);
	execute(sql);
	r = opened();
	assert_string_equal(store_read_node(r, 0), "old@h");
	assert_int_equal(store_read_newest_ms(r, 0), T0);
	assert_true(store_read_restore(r, 0, e, T0, NULL, &err));
	assert_true(engine_restart_stats(e, T0, NULL, &stats));
	assert_int_equal(stats.total, 4);
	store_read_close(r);
	engine_free(e);
	assert_int_equal(files(false), 1);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT session, mark, since FROM sessions", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT node FROM nodes", NULL, NULL, NULL), SQLITE_ERROR);
	sqlite3_close(db);
}

static void
what_cannot_be_read_is_told(void **state UNUSED)
{
	int fd;

	must_not_open("No such file");
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	must_not_open("is empty");
	assert_int_equal(write(fd, "notes of somebody else, longer than some", 40), 40);
	close(fd);
	must_not_open("no history of arsenal's");
	unlink(path);
	execute("CREATE TABLE mine (x)");
	must_not_open("another program's");
	unlink(path);
	store_close(written());
	execute("PRAGMA user_version = 99");
	must_not_open("newer");
	files(true);
	confirmed = 0;
	store_close(written());
	assert_int_equal(truncate(path, 50), 0);
	must_not_open("damaged");
}

/* Damage within shows when it is read; what comes before is in the engine, and nothing crashes. */
static void
damage_within_is_told(void **state UNUSED)
{
	static unsigned char noise[4096];
	struct stat st;

	memset(noise, 0x5A, sizeof(noise));
	for (off_t page = 1; page < 40; page++) {
		struct store_reader *r;
		struct err err = { "" };
		int fd;

		confirmed = 0;
		store_close(written());
		assert_int_equal(stat(path, &st), 0);
		if (page * 4096 >= st.st_size)
			break;
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, noise, sizeof(noise), page * 4096), sizeof(noise));
		close(fd);
		r = store_read_open(path, &err);
		assert_true(r || strstr(err.text, path));
		for (size_t i = 0; r && store_read_node(r, i); i++) {
			struct engine *e = new_engine();

			if (!store_read_restore(r, i, e, T0 + SAMPLES * STEP_MS, NULL, &err))
				assert_non_null(strstr(err.text, path));
			engine_free(e);
		}
		store_read_close(r);
		files(true);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_closed_file_is_read),
		TEST(a_log_is_read_along_and_left_alone),
		TEST(no_permission_to_write_is_needed),
		TEST(a_running_program_keeps_its_file),
		TEST(a_file_of_version_1_is_read_as_it_is),
		TEST(what_cannot_be_read_is_told),
		TEST(damage_within_is_told),
	};

	evthread_use_pthreads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
