/* SPDX-License-Identifier: Apache-2.0 */
/* Copying from a damaged file in steps: between them new rows come and the program ends; at the end each row that could be read is there once. */
#include "store/salvage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"
#include "os/clock.h"
#include "store/db.h"

#define SUFFIX ".damaged-1"
#define RESTARTS 30000

static char folder[64], path[96], damaged[112];
static struct db db;
static struct strbuf notice;

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/salvage_test.XXXXXX" : "/tmp/salvage_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.db", folder);
	snprintf(damaged, sizeof(damaged), "%s" SUFFIX, path);
	return 0;
}

static int
teardown(void **state)
{
	char lock[112];

	(void)state;
	db_close(&db);
	strbuf_release(&notice);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	unlink(path);
	unlink(damaged);
	rmdir(folder);
	return 0;
}

static void
open_db(void)
{
	struct err err = { "" };

	strbuf_reset(&notice);
	if (!db_open(&db, path, &notice, &err))
		fail_msg("%s", err.text);
}

static void
run(const char *sql)
{
	if (sqlite3_exec(db.sql, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db.sql), sql);
}

static int64_t
ask(const char *sql)
{
	sqlite3_stmt *st;
	int64_t answer;

	assert_int_equal(sqlite3_prepare_v2(db.sql, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	answer = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return answer;
}

/* make_damaged: a file that is aside, and a new one that is to take over what is in it. */
static void
make_damaged(void)
{
	char sql[300];

	open_db();
	snprintf(sql, sizeof(sql),
	    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    "INSERT INTO restarts SELECT i, 1700000000000 + i, 7, 0, 2, 1, 0, NULL, NULL, 1 FROM n",
	    RESTARTS);
	run(sql);
	run("INSERT INTO nodes VALUES (1, 'a@h'); INSERT INTO sessions VALUES (1, 7, 123, 1, 1700000000000);"
	    "INSERT INTO tallies VALUES (1, 7, 0, x'', 5, 1, 2); INSERT INTO incidents VALUES (9, 1, 5, 'lost', 'one', "
	    "x'7B7D');"
	    "INSERT INTO meta VALUES ('not', 'copied'); DELETE FROM names WHERE number = 3; INSERT INTO names VALUES "
	    "(900, 'of_another_release')");
	db_close(&db);
	assert_int_equal(rename(path, damaged), 0);
	open_db();
	assert_int_equal(salvage_note(db.sql, SUFFIX), SQLITE_OK);
}

static struct salvage *
begin(void)
{
	struct salvage *s;
	bool whole;

	assert_int_equal(salvage_begin(db.sql, path, &s, &notice), SQLITE_OK);
	if (s)
		assert_int_equal(salvage_names(s, db.sql, &whole), SQLITE_OK);
	return s;
}

static bool
step(struct salvage *s, int64_t us)
{
	bool done;

	assert_int_equal(salvage_run(s, db.sql, &db.names, clock_mono_us() + us, &done, &notice), SQLITE_OK);
	return done;
}

static void
all_is_there_once(void)
{
	assert_int_equal(ask("SELECT count(*) FROM restarts WHERE session = 7"), RESTARTS);
	assert_int_equal(ask("SELECT sum(id) FROM restarts WHERE session = 7"), (int64_t)RESTARTS * (RESTARTS + 1) / 2);
	assert_int_equal(ask("SELECT mark FROM sessions WHERE node = 1 AND session = 7"), 123);
	assert_int_equal(ask("SELECT sum(count) FROM tallies"), 5);
	assert_int_equal(ask("SELECT count(*) FROM incidents WHERE name = 'one'"), 1);
	assert_int_equal(ask("SELECT count(*) FROM nodes WHERE name = 'a@h'"), 1);
	assert_int_equal(ask("SELECT number FROM names WHERE name = 'of_another_release'"), 900);
	assert_int_equal(ask("SELECT count(*) FROM meta"), 0);
}

static void
all_at_once(void **state)
{
	struct salvage *s;

	(void)state;
	make_damaged();
	s = begin();
	assert_true(step(s, 60000000));
	salvage_free(s);
	all_is_there_once();
	assert_non_null(
	    strstr(notice.data, SUFFIX ": kept are 1 incidents, 30000 restarts; nothing that could be found is lost"));
	assert_null(begin());
}

/* No time at all is enough for the newest rows: those that come now get higher ids. */
static void
new_rows_come_in_between(void **state)
{
	struct salvage *s;
	int steps = 0;

	(void)state;
	make_damaged();
	s = begin();
	assert_false(step(s, 0));
	assert_int_equal(ask("SELECT max(id) FROM restarts"), RESTARTS);
	do
		run("INSERT INTO restarts (time, session, kind, flags, times, met) VALUES (1800000000000, 8, 0, 2, 1, "
		    "0)");
	while (steps++ < 100000 && !step(s, 1));
	assert_true(steps > 20);
	salvage_free(s);
	all_is_there_once();
	assert_int_equal(ask("SELECT min(id) FROM restarts WHERE session = 8"), RESTARTS + 1);
	assert_int_equal(ask("SELECT count(*) FROM restarts WHERE session = 8"), steps);
}

static void
it_goes_on_after_the_programs_end(void **state)
{
	struct salvage *s;
	bool done = false;
	int lives = 0;

	(void)state;
	make_damaged();
	while (!done && lives++ < 1000) {
		s = begin();
		done = step(s, lives % 3 ? 1 : 0);
		salvage_free(s);
	}
	assert_true(done && lives > 10);
	all_is_there_once();
	assert_non_null(strstr(notice.data, "kept are 1 incidents, 30000 restarts; nothing"));
}

/* Opening does as much as it has time for, and is not kept from it by a file that has gone. */
static void
a_damaged_file_that_has_gone_is_told(void **state)
{
	(void)state;
	make_damaged();
	db_close(&db);
	assert_int_equal(unlink(damaged), 0);
	open_db();
	assert_null(db.salvage);
	assert_non_null(strstr(notice.data, "No such file or directory; nothing is taken over from it"));
	assert_int_equal(ask("SELECT count(*) FROM meta"), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_at_once),
		TEST(new_rows_come_in_between),
		TEST(it_goes_on_after_the_programs_end),
		TEST(a_damaged_file_that_has_gone_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
