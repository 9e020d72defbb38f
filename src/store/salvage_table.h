/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a damaged file that are copied, in this order, and what makes a row of them one of ours. Whoever changes the schema changes this. */
#ifndef STORE_SALVAGE_TABLE_H
#define STORE_SALVAGE_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/sample_code.h"

#define SALVAGE_MAX_COLUMNS 10

struct salvage_row {
	sqlite3_stmt *from; /* stands on it */
	const struct sample_names *names;
	unsigned leave_out; /* set by `holds`: columns (bits) that make no sense, and that the row can do without */

	/* scratch */
	struct sample sample;
	struct check_code check;
};

struct salvage_table {
	const char *name, *noun; /* the latter for people */
	bool is_history;         /* people want to know how many were kept */
	const char *key;         /* the INTEGER PRIMARY KEY, or the columns of the key of a table without rowid */
	bool without_rowid;
	const char *columns; /* as they are in the file's rows, the key first */
	/*
	 * What may be in each: i an integer, p one that is not negative and not absurd, w a time, d a node's number (1 in rows from before there were several),
	 * t a text, b a blob, n an integer or NULL, o a blob or NULL.
	 */
	const char *types;
	bool (*holds)(struct salvage_row *row); /* NULL: nothing else to be said of it */
};

extern const struct salvage_table SALVAGE_TABLES[];
extern const unsigned SALVAGE_TABLE_COUNT;

/* salvage_row_holds tells whether the row that stands in row->from is one that this table can have. */
bool salvage_row_holds(const struct salvage_table *t, struct salvage_row *row);

#endif
