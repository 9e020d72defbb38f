/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a damaged file, as a file that SQLite can read, whatever has happened to its first page: that is made here, of the tables that
 * one wants to read. Pages come from the log if it has them, else from the file; nothing is ever written.
 *
 * The file's own first page, which says what tables there are and where they begin, can be read as the table IMAGE_SCHEMA.
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include <sqlite3.h>

#include "base/attr.h"
#include "base/err.h"
#include "store/wal.h"

#define IMAGE_SCHEMA "schema_was"
#define IMAGE_SCHEMA_COLUMNS "type, name, tbl_name, rootpage"
#define IMAGE_MAX_TABLES 24

struct image_table {
	const char *name, *columns; /* as in CREATE TABLE; columns without types take any value */
	bool without_rowid;         /* the tree of an index, read as a table */
	uint32_t root;              /* its page; of IMAGE_SCHEMA: any */
};

struct image { /* private */
	sqlite3_vfs vfs;
	char vfs_name[40];
	int fd;
	struct wal wal;
	uint32_t page_size, pages;
	uint32_t *frame_of;            /* by page: frame of the log + 1, or 0 */
	unsigned char *first, *schema; /* the page that is made, the one that was there */
};

/* image_open opens the file and the log beside it (PATH-wal). False with a reason; then there is nothing to be released. */
bool image_open(struct image *image, const char *path, struct err *err) MUST_CHECK;
/*
 * image_show says which tables the file is to have (their definitions fit a page), and opens it for reading: *sql is to be closed before the
 * next image_show and before image_release.
 */
int image_show(struct image *image, const struct image_table *tables, unsigned count, sqlite3 **sql) MUST_CHECK;
void image_release(struct image *image);

#endif
