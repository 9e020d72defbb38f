/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table over time, read row by row: CSV (a header or none; the column of times is the first, or the one whose name says so) or JSON lines (objects with
 * a time and numbers). What is wrong in it goes by replay/flaws.h.
 *
 *	struct table *t = table_new(line_reader_new(source), &flaws, &err);
 *	while ((r = table_next(t, &row, &err)) == READ_OK)
 *		if (row->usable) …row->cells[i]…
 */
#ifndef REPLAY_TABLE_H
#define REPLAY_TABLE_H

#include "replay/flaws.h"
#include "replay/line_reader.h"

#define TABLE_MAX_COLUMNS 1024

struct table;

/* A row. Rows that were left out are given, too, so that somebody can account for each line; of lines that cannot be read the texts are "". */
struct table_row {
	uint64_t line;
	int64_t time_ms;       /* later than that of any usable row before, unless it is the first */
	bool usable;           /* else it was left out, and only the texts have a meaning */
	bool gap;              /* samples are missing before it */
	const char *time_text; /* as they are in the file; value_text of the first column */
	const char *value_text;
	size_t count;        /* of cells: columns known so far */
	const double *cells; /* NaN: missing; else finite */
};

/* table_new takes over the lines, and reads the first one: NULL with a reason if the file is empty or that is none of a table. */
struct table *table_new(struct line_reader *lines, struct flaws *flaws, struct err *err) MUST_CHECK;
void table_free(struct table *t);
/* table_columns: how many columns there are beside the times; of JSON lines more may come. */
size_t table_columns(const struct table *t);
/* table_column is the name of a column: of CSV without a header "value", or "column 3". */
const char *table_column(const struct table *t, size_t i);
enum read_result table_next(struct table *t, const struct table_row **row, struct err *err) MUST_CHECK;
/* table_again gives the last row once more at the next call. */
void table_again(struct table *t);

#endif
