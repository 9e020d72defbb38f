/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of files that SQLite wrote: a folder with one of them, and its copy, with the log as a killed program leaves it. */
#ifndef STORE_FILE_FIXTURE_H
#define STORE_FILE_FIXTURE_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/testing.h"

static char folder[64], path[96], copy[96], copy_log[112];

static int
setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/store_file.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a.db", folder);
	snprintf(copy, sizeof(copy), "%s/b.db", folder);
	snprintf(copy_log, sizeof(copy_log), "%s-wal", copy);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(copy);
	unlink(copy_log);
	unlink(path);
	rmdir(folder);
	return 0;
}

static void
copy_file(const char *from, const char *to)
{
	static char bytes[8 << 20];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = read(in, bytes, sizeof(bytes));

	assert_true(n >= 0 && n < (ssize_t)sizeof(bytes));
	assert_int_equal(write(out, bytes, (size_t)n), n);
	close(in);
	close(out);
}

static void
run(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

#endif
