/* SPDX-License-Identifier: Apache-2.0 */
/* A table with holes: whatever pages are zeros, noise, or point where they should not, the walk ends, and has what is on the others. */
#include "store/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/image.h"

#define PAGE 4096
#define ROWS 20000
#define FIRST_ID 5000
#define LEAF 13
#define INTERIOR 5

static char folder[64], path[96];
static unsigned char *file;
static uint32_t pages, root;
static bool there[FIRST_ID + ROWS]; /* by id: the walk gave it */

static uint32_t
word(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned char *
page_at(uint32_t page)
{
	return file + (size_t)(page - 1) * PAGE;
}

static unsigned
cells_of(const unsigned char *p)
{
	return (unsigned)(p[3] << 8 | p[4]);
}

/* id_of_cell: on a leaf; a body's length takes two bytes in front of it, ids here take up to three. */
static int64_t
id_of_cell(const unsigned char *p, unsigned i)
{
	const unsigned char *cell = p + (p[8 + 2 * i] << 8 | p[9 + 2 * i]) + 2;
	int64_t id = 0;

	do
		id = id << 7 | (*cell & 127);
	while (*cell++ & 128);
	return id;
}

static void
make_file(void)
{
	char text[300];
	struct stat st;
	sqlite3 *db;
	int fd;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	snprintf(text, sizeof(text),
	    "PRAGMA page_size = 4096; CREATE TABLE t (id INTEGER PRIMARY KEY, body);"
	    "WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	    "INSERT INTO t SELECT i, printf('%%0200d', i) FROM n",
	    FIRST_ID, FIRST_ID + ROWS - 1);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	fd = open(path, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	file = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, file, (size_t)st.st_size), st.st_size);
	close(fd);
	pages = (uint32_t)(st.st_size / PAGE);
	root = 2;
	assert_int_equal(page_at(root)[0], INTERIOR);
}

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/walk_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.db", folder);
	make_file();
	memset(there, 0, sizeof(there));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(file);
	unlink(path);
	rmdir(folder);
	return 0;
}

/* The leaf page with this row. */
static uint32_t
leaf_with(int64_t id)
{
	for (uint32_t page = 2; page <= pages; page++) {
		const unsigned char *p = page_at(page);

		if (p[0] == LEAF && id_of_cell(p, 0) <= id && id <= id_of_cell(p, cells_of(p) - 1))
			return page;
	}
	fail_msg("no page with row %lld", (long long)id);
	return 0;
}

/* destroy a page; the rows of a leaf are noted, as if the walk had given them. */
static void
destroy(uint32_t page, int byte)
{
	unsigned char *p = page_at(page);

	for (unsigned i = 0; p[0] == LEAF && i < cells_of(p); i++)
		there[id_of_cell(p, i)] = true;
	memset(p, byte, PAGE);
}

struct result {
	unsigned rows;
	uint64_t lost;
	bool ragged;
};

static struct result
walk(void)
{
	const struct image_table table = { "t", "id INTEGER PRIMARY KEY, body", false, root };
	struct result result = { 0 };
	int64_t before = INT64_MAX;
	struct image image;
	char expected[220];
	struct walk w;
	struct err err;
	sqlite3 *sql;
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, file, (size_t)pages * PAGE), (size_t)pages * PAGE);
	close(fd);
	assert_true(image_open(&image, path, &err));
	assert_int_equal(image_show(&image, &table, 1, &sql), SQLITE_OK);
	assert_int_equal(walk_open(&w, sql, "t", "id", "id, body", INT64_MAX), SQLITE_OK);
	while (walk_next(&w)) {
		int64_t id = sqlite3_column_int64(w.rows, 0);

		assert_true(id < before);
		before = id;
		snprintf(expected, sizeof(expected), "%0200lld", (long long)id);
		if (id < FIRST_ID || id >= FIRST_ID + ROWS || sqlite3_column_type(w.rows, 1) != SQLITE_TEXT ||
		    strcmp(expected, (const char *)sqlite3_column_text(w.rows, 1)) != 0)
			continue; /* made of noise */
		there[id] = true;
		result.rows++;
	}
	result.lost = w.lost;
	result.ragged = w.ragged;
	walk_close(&w);
	sqlite3_close(sql);
	image_release(&image);
	return result;
}

static void
all_others_are_there(void)
{
	for (int id = FIRST_ID; id < FIRST_ID + ROWS; id++)
		if (!there[id])
			fail_msg("row %d is missing", id);
}

static void
a_whole_table(void **state)
{
	struct result r;

	(void)state;
	r = walk();
	assert_int_equal(r.rows, ROWS);
	assert_int_equal(r.lost, 0);
	assert_false(r.ragged);
}

static void
holes_in_the_middle(void **state)
{
	static const int64_t ids[] = { 6000, 9000, 9020, 9100, 15000, 15019, 15038, 22222 };
	struct result r;

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (page_at(leaf_with(ids[i]))[0] == LEAF)
			destroy(leaf_with(ids[i]), i % 2 ? 0 : 0xA5);
	r = walk();
	all_others_are_there();
	assert_int_equal(r.rows + r.lost, ROWS);
	assert_true(r.lost >= 8 * 15);
	assert_false(r.ragged);
}

/* Nobody knows how many rows there were. */
static void
holes_at_the_ends(void **state)
{
	struct result r;

	(void)state;
	destroy(leaf_with(FIRST_ID), 0);
	destroy(leaf_with(FIRST_ID + ROWS - 1), 0);
	r = walk();
	all_others_are_there();
	assert_true(r.rows > ROWS - 100 && r.rows < ROWS);
	assert_true(r.ragged);
}

/* What hangs under it is lost, what is beside it is not. */
static void
a_hole_in_the_tree(void **state)
{
	uint32_t interior = word(page_at(root) + (page_at(root)[12 + 2] << 8 | page_at(root)[12 + 3]));
	struct result r;

	(void)state;
	assert_int_equal(page_at(interior)[0], INTERIOR);
	destroy(interior, 0);
	r = walk();
	assert_true(r.rows > ROWS / 3 && r.rows < ROWS);
	assert_int_equal(r.rows + r.lost, ROWS);
}

static void
nothing_can_be_read(void **state)
{
	struct result r;

	(void)state;
	destroy(root, 0);
	r = walk();
	assert_int_equal(r.rows, 0);
	assert_true(r.ragged);
}

/* Pages that point at themselves, at their parents, at each other, at the same leaf: it ends, and rows come once. */
static void
pages_that_point_anywhere(void **state)
{
	unsigned char *copy = malloc((size_t)pages * PAGE);
	unsigned seed = 1;

	(void)state;
	memcpy(copy, file, (size_t)pages * PAGE);
	for (int round = 0; round < 40; round++) {
		memcpy(file, copy, (size_t)pages * PAGE);
		for (uint32_t page = 2; page <= pages; page++) {
			unsigned char *p = page_at(page);

			for (unsigned i = 0; p[0] == INTERIOR && i < cells_of(p); i++) {
				unsigned char *child = p + (p[12 + 2 * i] << 8 | p[13 + 2 * i]);

				seed = seed * 1103515245 + 12345;
				if (seed >> 16 & 7)
					continue;
				child[2] = round % 3 == 0 ? 0 : child[2];
				child[3] = (unsigned char)(round % 3 == 1 ? page : seed >> 8);
			}
		}
		assert_true(walk().rows <= ROWS);
	}
	free(copy);
}

/* A row whose content is on pages of its own that cannot be read costs this row only. */
static void
a_long_row_that_is_cut(void **state)
{
	const struct image_table table = { "t", "id INTEGER PRIMARY KEY, body", false, 2 };
	struct image image;
	struct walk w;
	struct err err;
	sqlite3 *sql;
	int rows = 0;

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql,
			     "PRAGMA page_size = 4096; CREATE TABLE t (id INTEGER PRIMARY KEY, body);"
			     "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (7, zeroblob(100000)), (8, 'c')",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(sql);
	assert_int_equal(truncate(path, 10 * PAGE), 0);
	assert_true(image_open(&image, path, &err));
	assert_int_equal(image_show(&image, &table, 1, &sql), SQLITE_OK);
	assert_int_equal(walk_open(&w, sql, "t", "id", "id, body", INT64_MAX), SQLITE_OK);
	while (walk_next(&w))
		rows++;
	assert_int_equal(rows, 3);
	assert_int_equal(w.lost, 1);
	walk_close(&w);
	sqlite3_close(sql);
	image_release(&image);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_table),
		TEST(holes_in_the_middle),
		TEST(holes_at_the_ends),
		TEST(a_hole_in_the_tree),
		TEST(nothing_can_be_read),
		TEST(pages_that_point_anywhere),
		TEST(a_long_row_that_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
