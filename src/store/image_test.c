/* SPDX-License-Identifier: Apache-2.0 */
/* Files that SQLite itself would not open, read as images: without a first page, cut, with a log. */
#include "store/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/file_fixture.h"

#define PAGE 4096
#define ROWS 500

static struct image image;
static uint32_t root_of_t, root_of_u;

static uint32_t
ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	uint32_t answer;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	answer = (uint32_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return answer;
}

#define FILL                                                                             \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)" \
	"INSERT INTO t (body) SELECT printf('%0300d', i) FROM n;"                        \
	"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)" \
	"INSERT INTO u SELECT i + (SELECT count(*) FROM u), i, 'the first column is the key' FROM n;"

/* make_file: the copy of a file of which half the rows are in its log. */
static void
make_file(void)
{
	char log[112];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db,
	    "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA locking_mode = EXCLUSIVE;"
	    "PRAGMA journal_mode = WAL; CREATE TABLE other (x);"
	    "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT NOT NULL CHECK (length(body) > 1));"
	    "CREATE TABLE u (a INTEGER, b INTEGER, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;");
	run(db, FILL);
	run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	run(db, FILL);
	root_of_t = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 't'");
	root_of_u = ask(db, "SELECT rootpage FROM sqlite_schema WHERE name = 'u'");
	snprintf(log, sizeof(log), "%s-wal", path);
	copy_file(path, copy);
	copy_file(log, copy_log);
	sqlite3_close(db);
}

static sqlite3 *
show(void)
{
	const struct image_table tables[] = { { "t", "id INTEGER PRIMARY KEY, body", false, root_of_t },
		{ "u", "a, b, c, PRIMARY KEY (a, b)", true, root_of_u } };
	struct err err;
	sqlite3 *db;

	if (!image_open(&image, copy, &err))
		fail_msg("%s", err.text);
	assert_int_equal(image_show(&image, tables, 2, &db), SQLITE_OK);
	return db;
}

static void
hide(sqlite3 *db)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	image_release(&image);
}

static void
write_over(const char *name, int64_t at, size_t len)
{
	static const unsigned char zeros[PAGE];
	int fd = open(name, O_RDWR);

	assert_int_equal(pwrite(fd, zeros, len, at), len);
	close(fd);
}

static void
all_is_there(void **state)
{
	sqlite3 *db;

	(void)state;
	make_file();
	db = show();
	assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE length(body) = 300"), ROWS);
	assert_int_equal(ask(db, "SELECT max(id) FROM t"), ROWS);
	assert_int_equal(ask(db, "SELECT count(*) FROM u WHERE a > 0 AND b > 0 AND length(c) = 27"), ROWS);
	assert_int_equal(ask(db, "SELECT b FROM u WHERE a = 251"), 1);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM t", NULL, NULL, NULL), SQLITE_READONLY);
	hide(db);
}

static void
a_first_page_of_zeros_does_not_matter(void **state)
{
	sqlite3 *db;

	(void)state;
	make_file();
	unlink(copy_log);
	write_over(copy, 0, PAGE);
	db = show();
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), ROWS / 2);
	assert_int_equal(ask(db, "SELECT count(*) FROM u"), ROWS / 2);
	hide(db);
}

/* The rows before the cut are there, then there is an error, and no crash. */
static void
a_file_that_was_cut_gives_what_is_before(void **state)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int rows = 0, result;

	(void)state;
	make_file();
	unlink(copy_log);
	assert_int_equal(truncate(copy, 15 * PAGE + 1000), 0);
	db = show();
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT id, body FROM t", -1, &st, NULL), SQLITE_OK);
	while ((result = sqlite3_step(st)) == SQLITE_ROW)
		/* Of the page that was cut SQLite makes rows without sense. */
		rows += sqlite3_column_int(st, 0) == rows + 1;
	assert_int_equal(result, SQLITE_CORRUPT);
	assert_true(rows > 50 && rows < ROWS / 2);
	sqlite3_finalize(st);
	hide(db);
}

static void
the_schema_that_was_there_can_be_read(void **state)
{
	const struct image_table tables[] = { { IMAGE_SCHEMA, IMAGE_SCHEMA_COLUMNS, false, 0 } };
	struct err err;
	sqlite3 *db;

	(void)state;
	make_file();
	assert_true(image_open(&image, copy, &err));
	assert_int_equal(image_show(&image, tables, 1, &db), SQLITE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM " IMAGE_SCHEMA), 3);
	assert_int_equal(
	    ask(db, "SELECT rootpage FROM " IMAGE_SCHEMA " WHERE type = 'table' AND name = 't'"), root_of_t);
	hide(db);
}

static void
what_cannot_be_an_image(void **state)
{
	struct err err;

	(void)state;
	assert_false(image_open(&image, copy, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(mkfifo(copy, 0600), 0);
	assert_false(image_open(&image, copy, &err));
	assert_non_null(strstr(err.text, "no regular file"));
	unlink(copy);
	close(open(copy, O_WRONLY | O_CREAT, 0600));
	assert_false(image_open(&image, copy, &err));
	assert_non_null(strstr(err.text, "has nothing in it"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_is_there),
		TEST(a_first_page_of_zeros_does_not_matter),
		TEST(a_file_that_was_cut_gives_what_is_before),
		TEST(the_schema_that_was_there_can_be_read),
		TEST(what_cannot_be_an_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
