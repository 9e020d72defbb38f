/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of a damaged file, read from its newest row to its oldest, around whatever cannot be read. Where SQLite gives an error, the ids
 * below are tried until a row is found, nearby ones first; then the border between what can be read and what cannot is sought by bisection.
 *
 * Ids only fall, so that it ends, however the tree's pages point at each other; and it gives a table up that is nothing but holes.
 */
#ifndef STORE_WALK_H
#define STORE_WALK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define WALK_MAX_HOLES 10000

struct walk {
	sqlite3_stmt *rows, *probe;
	int64_t next; /* rows with higher ids are done */
	bool stands;  /* `rows` stands on a row, or has not begun to look for one */
	bool begun;   /* a row was found */
	bool end;
	/* What was passed over: ids in holes with rows on both sides, and whether there is a hole at an end, of which nobody knows what was in it. */
	uint64_t lost;
	unsigned holes;
	bool ragged;
};

/* walk_open reads `columns` of the table, of which `id` is its INTEGER PRIMARY KEY and the first, from the id `from` on. */
int walk_open(
    struct walk *w, sqlite3 *sql, const char *table, const char *id, const char *columns, int64_t from) MUST_CHECK;
/* walk_next finds the next row, which can be read in w->rows until the next call; false: there is none any more. */
bool walk_next(struct walk *w);
void walk_close(struct walk *w);

#endif
