/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may happen to a history: the disk fails at any call, the program ends at any moment, bits flip, pages are gone, somebody puts another file there.
 * After each the file opens, and has what was confirmed, or says what is lost.
 */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "engine/fixture.h"
#include "engine/past.h"
#include "etf/etf_term.h"
#include "etf/etf_write.h"
#include "etf/term_fixture.h"
#include "store/aside.h"
#include "store/db.h"
#include "store/faulty_vfs.h"
#include "store/salvage.h"
#include "store/store.h"

#define T0 INT64_C(1700000000000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define SESSION 77
#define PAGE 4096
#define RESTARTS 400
#define SAMPLES 400

static char folder[64], path[96];
static struct event_base *base;
static struct store *store;
static struct store_node *node;
static uint64_t confirmed;
static unsigned warnings;
static char notices[4000];
static bool hostile;     /* what is in it is somebody else's */
static int tell_fd = -1; /* of a child: each confirmed mark */

/* ---- a store ---- */

static void
on_committed(void *arg, struct store_node *n, uint64_t mark)
{
	(void)arg;
	(void)n;
	confirmed = mark;
	if (tell_fd >= 0 && write(tell_fd, &mark, sizeof(mark)) != sizeof(mark))
		_exit(1);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	size_t len = strlen(notices);

	(void)arg;
	warnings += warning;
	snprintf(notices + len, sizeof(notices) - len, "%s\n", text);
}

static bool
open_store(struct err *err)
{
	static const struct store_handlers handlers = { on_committed, on_notice };
	const struct store_options options = {
		.path = path, .retention_ms = DAY_MS, .minute_retention_ms = DAY_MS, .hour_retention_ms = DAY_MS
	};

	confirmed = 0;
	store = store_open(base, &options, &handlers, NULL, err);
	node = store ? store_node(store, "a@h", SESSION, true, err) : NULL;
	return node != NULL;
}

static void
close_store(void)
{
	store_close(store);
	store = NULL;
}

static void
must_open(void)
{
	struct err err = { "" };

	if (!open_store(&err))
		fail_msg("%s", err.text);
}

static void
must_not_open(const char *why)
{
	struct err err = { "" };

	assert_false(open_store(&err));
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("'%s' is not in: %s", why, err.text);
	close_store();
}

static void
put_restart(int64_t time_ms)
{
	struct restart r = { .time_ms = time_ms,
		.caught = true,
		.times = 1,
		.supervisor = atom_term("sup"),
		.child_id = atom_term(time_ms % 2 ? "one" : "two"),
		.child_pid = pid_term("a@h", (uint32_t)(time_ms % 1000)),
		.reason = atom_term("killed") };

	store_restart(node, &r);
	restart_release(&r);
}

static void
put_sample(int64_t time_ms)
{
	static struct sample s;

	memset(&s, 0, sizeof(s));
	s.time_ms = time_ms;
	sample_set(&s, METRIC_PROCESS_COUNT, (double)(time_ms - T0));
	sample_set(&s, METRIC_VM_MEMORY_TOTAL, (double)(time_ms - T0) * 3 + 0.25);
	store_sample(node, &s, NULL);
}

static void
commit(uint64_t mark)
{
	store_mark(node, mark);
	while (confirmed < mark)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

/* ---- the folder ---- */

static unsigned
files_with(const char *part)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	unsigned n = 0;

	while (d && (f = readdir(d)) != NULL)
		n += strstr(f->d_name, part) != NULL;
	closedir(d);
	return n;
}

static void
remove_files(void)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char name[400];

	while (d && (f = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", folder, f->d_name);
		if (f->d_name[0] != '.' && unlink(name) != 0)
			rmdir(name);
	}
	closedir(d);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(
	    folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/durability_test.XXXXXX" : "/tmp/durability_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history.db", folder);
	base = event_base_new();
	warnings = 0;
	hostile = false;
	notices[0] = '\0';
	faulty.fail_at = 0;
	alarm(300);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	close_store();
	event_base_free(base);
	remove_files();
	rmdir(folder);
	return 0;
}

/* ---- what is in it ---- */

struct found {
	uint64_t mark, total, restarts, samples;
};

/* look restores an engine, and requires that each sample is one that was put. */
static struct found
look(void)
{
	struct engine_options o = engine_defaults();
	static struct restart_stats stats;
	struct found found = { 0 };
	const struct past_check *check;
	const struct sample *s;
	struct past_view *view;
	struct engine *e;
	size_t it = 0;

	o.retention_ms = DAY_MS;
	e = engine_new("a@h", &o);
	found.mark = store_restore(node, e, T0 + HOUR_MS);
	assert_true(engine_restart_stats(e, T0 + HOUR_MS, NULL, &stats));
	found.total = stats.total;
	view = engine_past_open(e, 0, INT64_MAX);
	while ((s = past_view_next(view, &check)) != NULL) {
		assert_true(hostile || s->value[METRIC_PROCESS_COUNT] == (double)(s->time_ms - T0));
		assert_true(hostile || s->value[METRIC_VM_MEMORY_TOTAL] == (double)(s->time_ms - T0) * 3 + 0.25);
		found.samples++;
	}
	past_view_free(view);
	while (engine_past_restart(e, 0, INT64_MAX, &it))
		found.restarts++;
	engine_free(e);
	return found;
}

static struct found
open_and_look(void)
{
	struct found found;

	must_open();
	found = look();
	close_store();
	return found;
}

/* ---- the disk fails ---- */

enum { COMMITS = 2 };

/* Two commits and an end as it should be; _exit is the kill. 2: it cannot be opened. */
static void
child(int fd, int first)
{
	struct err err;

	tell_fd = fd;
	atomic_store(&faulty.calls, 0);
	atomic_store(&faulty.failed, 0);
	base = event_base_new();
	if (!open_store(&err))
		_exit(2);
	for (int i = 0; i < COMMITS; i++) {
		put_restart(T0 + first + i);
		put_sample(T0 + first + i);
		store_mark(node, (uint64_t)(first + i + 1));
		while (confirmed < (uint64_t)(first + i + 1) && !(faulty.for_ever && warnings > 0))
			event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
	}
	if (!faulty.for_ever)
		close_store();
	_exit(atomic_load(&faulty.failed) > 0 ? 0 : 3);
}

/* run_child: how it ended; *last is the last mark that it was told is safe. */
static int
run_child(int first, uint64_t *last)
{
	int fds[2], status;
	uint64_t mark;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child(fds[1], first);
	}
	close(fds[1]);
	while (read(fds[0], &mark, sizeof(mark)) == sizeof(mark))
		*last = mark;
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
fail_everywhere(bool for_ever, bool full, int step)
{
	int positions = 0, ended = 0;

	faulty.for_ever = for_ever;
	faulty.full = full;
	for (int at = 1; ended != 3; at += step, positions++) {
		uint64_t last = 0;
		struct found found;

		faulty.fail_at = at;
		ended = run_child(0, &last);
		assert_true(ended == 0 || ended == 2 || ended == 3);
		faulty.fail_at = 0;
		found = open_and_look();
		assert_true(found.mark >= last && found.mark <= COMMITS);
		assert_int_equal(found.total, found.mark);
		assert_true(found.samples >= last);
		assert_int_equal(files_with("damaged"), 0);
		if (!for_ever && ended == 0)
			assert_int_equal(found.mark, COMMITS);
		remove_files();
	}
	assert_true(positions > 40 / step);
}

static void
one_failure_at_any_call_loses_nothing(void **state)
{
	(void)state;
	fail_everywhere(false, false, 1);
}

static void
a_disk_that_fails_for_ever_keeps_what_it_confirmed(void **state)
{
	(void)state;
	fail_everywhere(true, false, 3);
}

static void
a_disk_that_is_full_keeps_what_it_confirmed(void **state)
{
	(void)state;
	fail_everywhere(true, true, 4);
}

/* ---- damage ---- */

static unsigned char *file, *log_file;
static size_t file_len, log_len;

static unsigned char *
read_all(const char *name, size_t *len)
{
	int fd = open(name, O_RDONLY);
	unsigned char *data;
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	data = malloc((size_t)st.st_size + 1);
	*len = (size_t)st.st_size;
	assert_int_equal(read(fd, data, *len), *len);
	close(fd);
	return data;
}

static void
write_all(const char *name, const unsigned char *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void
fill(void)
{
	for (int i = 0; i < RESTARTS; i++) {
		put_restart(T0 + i);
		put_sample(T0 + i);
		if (i % 100 == 99)
			commit((uint64_t)i + 1);
	}
}

/* make_files: the file of a program that has ended, or, with its log, of one that was killed; read into memory. */
static void
make_files(bool killed)
{
	char wal[112];
	int status;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	if (fork() == 0) {
		base = event_base_new();
		must_open();
		fill();
		if (!killed)
			close_store();
		_exit(0);
	}
	assert_true(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	file = read_all(path, &file_len);
	log_file = killed ? read_all(wal, &log_len) : NULL;
	log_len = killed ? log_len : 0;
	remove_files();
}

static void
put_files(void)
{
	char wal[112];

	remove_files();
	warnings = 0;
	notices[0] = '\0';
	snprintf(wal, sizeof(wal), "%s-wal", path);
	write_all(path, file, file_len);
	if (log_file)
		write_all(wal, log_file, log_len);
}

static void
free_files(void)
{
	free(file);
	free(log_file);
	file = log_file = NULL;
}

static bool
is_told(void)
{
	return files_with(".damaged-") == 0 || strstr(notices, "was damaged; it was set aside as") != NULL ||
	    strstr(notices, ".damaged-1: kept are") != NULL;
}

/* It opens, has no more than was put, takes new things, and says so if something was set aside. */
static struct found
survives(void)
{
	struct found found, after;

	must_open();
	found = look();
	put_restart(T0 + RESTARTS + 1);
	commit(RESTARTS + 1);
	close_store();
	assert_true(found.total <= RESTARTS && found.samples <= SAMPLES && found.mark <= RESTARTS);
	if (!is_told())
		fail_msg("files were set aside, and this was said: %s", notices);
	after = open_and_look();
	assert_int_equal(after.mark, RESTARTS + 1);
	assert_int_equal(after.total, found.total + 1);
	assert_int_equal(after.samples, found.samples);
	return found;
}

static void
all_is_kept(struct found found)
{
	assert_int_equal(found.mark, RESTARTS);
	assert_int_equal(found.total, RESTARTS);
	assert_int_equal(found.samples, SAMPLES);
	if (strstr(notices, "nothing that could be found is lost") == NULL)
		fail_msg("this was said: %s", notices);
}

static void
without_its_first_page_all_is_kept(void **state)
{
	(void)state;
	make_files(false);
	memset(file + 100, 0, PAGE - 100);
	put_files();
	all_is_kept(survives());
	memset(file, 0, 100);
	put_files();
	must_not_open("no history of arsenal's");
	write_all(path, file, file_len);
	close(open(strcat(strcpy(notices, path), ".lock"), O_CREAT, 0600));
	notices[0] = '\0';
	all_is_kept(survives());
	free_files();
}

/* Only what was on the page is lost, but for pages on which much else depends. */
static void
any_page_may_be_gone(void **state)
{
	unsigned pages, most = 0;

	(void)state;
	make_files(false);
	pages = (unsigned)(file_len / PAGE);
	for (unsigned page = 1; page < pages; page++) {
		unsigned char copy[PAGE];
		struct found found;

		memcpy(copy, file + (size_t)page * PAGE, PAGE);
		memset(file + (size_t)page * PAGE, page % 2 ? 0 : 0x5A, PAGE);
		put_files();
		memcpy(file + (size_t)page * PAGE, copy, PAGE);
		found = survives();
		most += found.total >= RESTARTS * 3 / 4 && found.samples >= SAMPLES * 3 / 4;
	}
	assert_true(pages > 20 && most * 4 > pages * 3);
	free_files();
}

static void
a_bit_may_flip_anywhere(void **state)
{
	size_t bits, most = 0, rounds = 100;

	(void)state;
	make_files(true);
	bits = (file_len + log_len) * 8;
	for (size_t i = 0; i < rounds; i++) {
		size_t bit = i < 32 ? i * 24 : i * (bits / rounds) + i;
		unsigned char *byte = bit / 8 < file_len ? &file[bit / 8] : &log_file[bit / 8 - file_len];
		struct found found;

		/* "By another program" and "newer" are believed. */
		if (bit / 8 >= 60 && bit / 8 < 72)
			continue;
		*byte ^= (unsigned char)(1 << bit % 8);
		put_files();
		*byte ^= (unsigned char)(1 << bit % 8);
		found = survives();
		most += found.total >= RESTARTS * 3 / 4 && found.samples >= SAMPLES * 3 / 4;
	}
	assert_true(most * 10 > rounds * 8);
	free_files();
}

static void
it_may_be_cut_anywhere(void **state)
{
	(void)state;
	make_files(false);
	for (size_t len = file_len; len > 100; len -= len > 6000 ? 5555 : len > 1300 ? 1111 : 97) {
		size_t whole = file_len;

		file_len = len - 1;
		put_files();
		file_len = whole;
		survives();
	}
	free_files();
}

static void
a_log_may_be_noise_or_gone_or_of_another_file(void **state)
{
	unsigned char *other;
	size_t other_len;

	(void)state;
	make_files(true);
	other = log_file;
	other_len = log_len;
	free(file);
	make_files(true); /* with other salts */
	for (size_t i = 0; i < other_len; i++)
		log_file[i] ^= (unsigned char)(i * 37 + 11);
	put_files();
	survives();
	assert_int_equal(files_with(".damaged-"), 2);
	free(log_file);
	log_file = NULL;
	put_files();
	survives();
	log_file = other;
	log_len = other_len;
	put_files();
	survives();
	free_files();
}

/* ---- the program ends while it copies, or while it exchanges ---- */

static int
exec_sql(const char *name, const char *sql)
{
	sqlite3 *db;
	int result = sqlite3_open(name, &db);

	if (result == SQLITE_OK)
		result = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return result;
}

/* begin_exchange: the damaged file is aside, but its log is not, and the new one is not yet in its place. */
static void
begin_exchange(void)
{
	char fresh[112], aside[112];
	unsigned char *data;
	size_t len;

	must_open();
	close_store();
	assert_int_equal(exec_sql(path,
			     "PRAGMA locking_mode = EXCLUSIVE;"
			     "INSERT INTO meta VALUES ('salvage', '" ASIDE_MARK "1')"),
	    SQLITE_OK);
	data = read_all(path, &len);
	put_files();
	snprintf(fresh, sizeof(fresh), "%s" ASIDE_READY, path);
	write_all(fresh, data, len);
	free(data);
	snprintf(aside, sizeof(aside), "%s" ASIDE_MARK "1", path);
	assert_int_equal(rename(path, aside), 0);
}

static void
an_exchange_that_was_interrupted_is_finished(void **state)
{
	struct found found;

	(void)state;
	make_files(true);
	begin_exchange();
	found = survives();
	all_is_kept(found);
	assert_int_equal(files_with(".damaged-1-wal"), 1);
	assert_int_equal(files_with(ASIDE_READY) + files_with(ASIDE_MAKING), 0);
	free_files();
}

/* ---- not without end ---- */

static void
no_more_than_three_damaged_files_are_kept(void **state)
{
	(void)state;
	make_files(false);
	put_files();
	for (int i = 0; i < 6; i++) {
		unsigned char noise[PAGE] = { 1, 2, 3 };
		int fd = open(path, O_WRONLY);

		assert_int_equal(pwrite(fd, noise, sizeof(noise), 3 * PAGE), PAGE);
		close(fd);
		notices[0] = '\0';
		open_and_look();
		assert_int_equal(files_with(".damaged-"), i < 3 ? i + 1 : 3);
		assert_true(
		    (strstr(notices, "the oldest of those that were set aside, was removed") != NULL) == (i >= 3));
	}
	free_files();
}

/* ---- somebody else has written it ---- */

static void
execute(const char *sql)
{
	char text[1000];

	snprintf(text, sizeof(text), "PRAGMA locking_mode = EXCLUSIVE; %s", sql);
	if (exec_sql(path, text) != SQLITE_OK)
		fail_msg("cannot be done: %s", sql);
}

static void
hostile_contents_are_survived(void **state)
{
	static const char *const contents[] = {
		"UPDATE samples SET time = 9223372036854775807",
		"UPDATE samples SET time = -9223372036854775808",
		"UPDATE samples SET time = 'noon', body = 7, checked = 'text', node = x'00'",
		"UPDATE samples SET body = zeroblob(50000000) WHERE id = 3",
		"UPDATE samples SET checked = zeroblob(50000000) WHERE id = 3",
		"UPDATE samples SET id = -id",
		"UPDATE samples SET id = 9223372036854775807 WHERE id = 400",
		"UPDATE restarts SET time = 9223372036854775807",
		"UPDATE restarts SET time = -9223372036854775808",
		"UPDATE restarts SET time = 9467085600000000, times = 9223372036854775807, met = -1",
		"UPDATE restarts SET times = -9223372036854775808, met = 9223372036854775807, kind = -9, flags = -1, "
		"cause = 'x'",
		"UPDATE restarts SET id = -id, session = 'me', pid = zeroblob(1000)",
		"UPDATE restarts SET id = 9223372036854775807 WHERE id = 400",
		"UPDATE shared SET body = zeroblob(100), time = -1",
		"UPDATE shared SET id = 9223372036854775807 WHERE id = 1",
		"UPDATE sessions SET mark = -1, since = -9223372036854775808, last = 9223372036854775807",
		"UPDATE sessions SET mark = 'x', since = x'00', last = 'y'",
		"DELETE FROM sessions",
		"UPDATE nodes SET name = cast(x'610062' AS TEXT)",
		"UPDATE nodes SET name = x'FF00FF'",
		"UPDATE nodes SET node = -5",
		"UPDATE nodes SET node = 9223372036854775807 WHERE node = 1",
		"DELETE FROM nodes",
		"UPDATE names SET number = number + 500",
		"UPDATE names SET name = name || 'x'",
		"UPDATE names SET name = cast(x'00' AS TEXT) WHERE number = 3",
		"DELETE FROM names",
		"UPDATE names SET number = number + 800",
		"INSERT INTO names VALUES (1023, 'x'); DELETE FROM names WHERE number < 5",
		"INSERT INTO names VALUES (850, 'x'); DELETE FROM names WHERE number < 800",
		"INSERT INTO names VALUES (-1, 'x'), (9223372036854775807, 'y')",
		"INSERT INTO tallies VALUES (1, 77, 0, x'', 9223372036854775807, -9223372036854775808, "
		"9223372036854775807)",
		"INSERT INTO tallies VALUES (1, 77, 99, zeroblob(10), -1, 5, 4), ('a', 'b', 'c', 'd', 'e', 'f', 'g')",
		"INSERT INTO events VALUES (1, -9223372036854775808, 'x', 'y', zeroblob(9), 1), (2, "
		"9223372036854775807, 5, 6, 7, 1)",
		"INSERT INTO blocks VALUES (1, 1, 0, -9223372036854775808, 9223372036854775807, -1, zeroblob(9))",
		"INSERT INTO blocks VALUES (1, 1, 77, 5, 4, 'x', zeroblob(50000000)), (2, 1, 1, 1700000000000, "
		"1700000000001, 1, 'text')",
		"INSERT INTO incidents VALUES (1, 99, -9223372036854775808, cast(x'00' AS TEXT), cast(x'FF00' AS "
		"TEXT), 'text')",
		"INSERT INTO incidents VALUES (-1, 1, 9223372036854775807, zeroblob(9), printf('%.1000c', 'x'), "
		"zeroblob(50000000))",
		"INSERT INTO meta VALUES ('salvage', '/../../../etc/passwd')",
		"INSERT INTO meta VALUES ('salvage', '.damaged-/../../x'), ('salvage.samples', 'x'), ('salvage.', "
		"zeroblob(99))",
		"CREATE TRIGGER t AFTER INSERT ON samples BEGIN DELETE FROM restarts; END",
		"CREATE TRIGGER t BEFORE INSERT ON restarts BEGIN SELECT RAISE(ABORT, 'no'); END",
		"CREATE VIEW v AS SELECT * FROM samples; CREATE TABLE more (x); CREATE TABLE \"a'b;c\" (\"d\"\"e\")",
		"DROP TABLE events; CREATE VIEW events AS SELECT id, time, 'a' AS type, 'b' AS severity, body, node "
		"FROM samples",
		"DROP TABLE samples",
		"ALTER TABLE samples RENAME COLUMN body TO content",
		"ALTER TABLE restarts ADD COLUMN more INTEGER NOT NULL DEFAULT 3",
		"ALTER TABLE restarts ADD COLUMN more CHECK (more > 3) DEFAULT 4; UPDATE restarts SET more = 5",
		"ALTER TABLE events ADD COLUMN more GENERATED ALWAYS AS (time / 0)",
		"CREATE UNIQUE INDEX one ON restarts (session)  WHERE id > 400",
		"CREATE TABLE s2 (id INTEGER PRIMARY KEY, time, body CHECK (length(body) > 100000), checked, node);"
		"DROP TABLE samples; ALTER TABLE s2 RENAME TO samples",
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE samples (nonsense' WHERE "
		"name = 'samples'",
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 4 WHERE name = 'restarts'",
		"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 100000 WHERE name = 'restarts'",
	};

	(void)state;
	make_files(false);
	hostile = true;
	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		struct err err;

		put_files();
		execute(contents[i]);
		if (!open_store(&err))
			fail_msg("after %s: %s", contents[i], err.text);
		look();
		put_restart(T0 + RESTARTS + 1);
		put_sample(T0 + RESTARTS + 1);
		commit(RESTARTS + 1);
		close_store();
		assert_int_equal(open_and_look().mark, RESTARTS + 1);
	}
	free_files();
}

/* ---- what is no file, or may not be used ---- */

static void
what_is_no_file(void **state)
{
	char other[112];

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	must_not_open("no regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	must_not_open("no regular file");
	rmdir(path);
	assert_int_equal(symlink(path, path), 0);
	must_not_open("leads nowhere: Too many levels");
	unlink(path);
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(symlink(other, path), 0);
	must_not_open("leads nowhere: No such file");
	assert_int_equal(files_with(".lock") + files_with(".making"), 0);
}

/* What a link leads to is replaced, not the link. */
static void
a_link_stays_one(void **state)
{
	char link[112];
	struct stat st;

	(void)state;
	make_files(true);
	log_file[32 + 24 + 100] ^= 1;
	put_files();
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink(path, link), 0);
	strcpy(path, link);
	assert_true(survives().total > RESTARTS / 2);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(files_with("history.db.damaged-"), 2);
	free_files();
}

static void
as_nobody(void (*test)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(1);
		base = event_base_new();
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
must_be_denied(void)
{
	struct err err = { "" };

	if (open_store(&err) || strstr(err.text, "Permission denied") == NULL || strstr(err.text, path) == NULL)
		_exit(2);
}

static void
without_permission_nothing_happens(void **state)
{
	size_t len;
	unsigned char *after;

	(void)state;
	if (geteuid() != 0) {
		print_message("only root can become somebody without permission\n");
		skip();
	}
	make_files(false);
	put_files();
	chmod(folder, 0755);
	as_nobody(must_be_denied); /* the file is another's */
	chmod(path, 0644);
	as_nobody(must_be_denied); /* it may be read, and the folder not be written */
	chmod(path, 0666);
	as_nobody(must_be_denied);
	remove_files();
	as_nobody(must_be_denied); /* there is none, and none can be made */
	put_files();
	after = read_all(path, &len);
	assert_int_equal(len, file_len);
	assert_memory_equal(after, file, len);
	free(after);
	free_files();
}

/* durability_test [PATTERN]: the tests whose names fit. */
int
main(int argc, char **argv)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(one_failure_at_any_call_loses_nothing),
		TEST(a_disk_that_fails_for_ever_keeps_what_it_confirmed),
		TEST(a_disk_that_is_full_keeps_what_it_confirmed),
		TEST(without_its_first_page_all_is_kept),
		TEST(any_page_may_be_gone),
		TEST(a_bit_may_flip_anywhere),
		TEST(it_may_be_cut_anywhere),
		TEST(a_log_may_be_noise_or_gone_or_of_another_file),
		TEST(an_exchange_that_was_interrupted_is_finished),
		TEST(no_more_than_three_damaged_files_are_kept),
		TEST(hostile_contents_are_survived),
		TEST(what_is_no_file),
		TEST(a_link_stays_one),
		TEST(without_permission_nothing_happens),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	evthread_use_pthreads();
	faulty_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
