/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that SQLite has written, whole and damaged: what SQLite would read of them, and what else is in them. */
#include "store/wal.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/file_fixture.h"

#define PAGE 4096
#define FRAME (24 + PAGE)
#define ROWS 40

/* make_log: the copy of a file with its log, as a killed program leaves them: ROWS rows, each a transaction. */
static void
make_log(const char *before, const char *after)
{
	char log[112];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db,
	    "PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
	    "CREATE TABLE t (id INTEGER PRIMARY KEY, body)");
	run(db, before);
	for (int i = 0; i < ROWS; i++)
		run(db, "INSERT INTO t (body) VALUES (zeroblob(3000))");
	run(db, after);
	snprintf(log, sizeof(log), "%s-wal", path);
	copy_file(path, copy);
	copy_file(log, copy_log);
	sqlite3_close(db);
}

static int64_t
size_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

static void
flip(int64_t at)
{
	int fd = open(copy_log, O_RDWR);
	unsigned char byte;

	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* What SQLite itself finds in the copy. */
static int
rows_for_sqlite(void)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int rows = 0;

	assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &st, NULL) == SQLITE_OK) {
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		rows = sqlite3_column_int(st, 0);
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	return rows;
}

static void
a_log_as_it_should_be(void **state)
{
	struct wal w;

	(void)state;
	make_log("", "");
	wal_open(&w, copy_log, PAGE);
	assert_false(wal_is_damaged(&w));
	assert_true(w.frames >= ROWS);
	assert_int_equal(w.frames, (size_of(copy_log) - 32) / FRAME);
	assert_int_equal(w.chained, w.frames);
	assert_int_equal(w.usable, w.frames);
	assert_int_equal(wal_offset(&w, 1), 32 + FRAME + 24);
	wal_release(&w);
	assert_int_equal(rows_for_sqlite(), ROWS);
}

/* Behind the frames of today's log are those of an earlier one. */
static void
the_rest_of_an_earlier_log_is_none(void **state)
{
	struct wal w;

	(void)state;
	make_log("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)"
		 "INSERT INTO t (body) SELECT zeroblob(3000) FROM n; PRAGMA wal_checkpoint(RESTART)",
	    "DELETE FROM t WHERE id < 3");
	wal_open(&w, copy_log, PAGE);
	assert_true(w.chained < w.frames);
	assert_int_equal(w.chained, w.usable);
	assert_false(wal_is_damaged(&w));
	wal_release(&w);
}

/* The program was killed, or the power went, while the last transaction was written. */
static void
a_torn_end_is_no_damage(void **state)
{
	struct wal w;

	(void)state;
	make_log("", "BEGIN; UPDATE t SET body = zeroblob(3500); COMMIT");
	assert_int_equal(truncate(copy_log, size_of(copy_log) - FRAME - 100), 0);
	wal_open(&w, copy_log, PAGE);
	assert_false(wal_is_damaged(&w));
	assert_true(w.usable < w.frames);
	wal_release(&w);
	assert_int_equal(rows_for_sqlite(), ROWS);
}

/* SQLite loses most of the rows, and says nothing. */
static void
a_flipped_bit_is_seen_and_passed(void **state)
{
	struct wal w;

	(void)state;
	make_log("", "");
	flip(32 + 10 * FRAME + 24 + 77);
	wal_open(&w, copy_log, PAGE);
	assert_true(wal_is_damaged(&w));
	assert_true(w.chained <= 10);
	assert_int_equal(w.usable, w.frames);
	assert_int_equal(w.page_of[10], 0);
	assert_true(w.page_of[9] > 0 && w.page_of[11] > 0);
	wal_release(&w);
	assert_true(rows_for_sqlite() < ROWS / 2);
}

/* With its checksum, the frame behind it cannot be checked either; further ones can. */
static void
a_flipped_checksum_costs_two_frames(void **state)
{
	struct wal w;

	(void)state;
	make_log("", "");
	flip(32 + 10 * FRAME + 17);
	wal_open(&w, copy_log, PAGE);
	assert_true(wal_is_damaged(&w));
	assert_true(w.page_of[9] > 0 && w.page_of[10] == 0 && w.page_of[11] == 0 && w.page_of[12] > 0);
	wal_release(&w);
}

/* Wherever in the header: its frames can still be read. */
static void
a_flipped_header_is_made_up_for(void **state)
{
	struct wal w;

	(void)state;
	for (int at = 0; at < 24; at++) {
		make_log("", "");
		flip(at);
		wal_open(&w, copy_log, PAGE);
		assert_true(wal_is_damaged(&w));
		assert_int_equal(w.usable, w.frames);
		assert_int_equal(rows_for_sqlite(), 0);
		wal_release(&w);
		unlink(path);
	}
}

static void
write_log(const void *data, size_t len)
{
	int fd = open(copy_log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void
what_is_no_log(void **state)
{
	static char bytes[100000];
	struct wal w;

	(void)state;
	wal_open(&w, copy_log, PAGE); /* there is none */
	assert_false(wal_is_damaged(&w));
	wal_release(&w);
	write_log(bytes, sizeof(bytes)); /* zeros, as a power cut leaves them */
	wal_open(&w, copy_log, PAGE);
	assert_false(wal_is_damaged(&w));
	assert_int_equal(w.usable, 0);
	wal_release(&w);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 31 + i / 7);
	write_log(bytes, sizeof(bytes));
	wal_open(&w, copy_log, PAGE);
	assert_true(wal_is_damaged(&w));
	assert_int_equal(w.usable, 0);
	wal_release(&w);
	write_log(bytes, 31); /* torn when it was begun */
	wal_open(&w, copy_log, PAGE);
	assert_false(wal_is_damaged(&w));
	wal_release(&w);
}

/* Made for pages of another size: not of this file. */
static void
a_log_of_another_file(void **state)
{
	struct wal w;

	(void)state;
	make_log("", "");
	wal_open(&w, copy_log, 2 * PAGE);
	assert_true(wal_is_damaged(&w));
	assert_int_equal(w.usable, 0);
	wal_release(&w);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_log_as_it_should_be),
		TEST(the_rest_of_an_earlier_log_is_none),
		TEST(a_torn_end_is_no_damage),
		TEST(a_flipped_bit_is_seen_and_passed),
		TEST(a_flipped_checksum_costs_two_frames),
		TEST(a_flipped_header_is_made_up_for),
		TEST(what_is_no_log),
		TEST(a_log_of_another_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
