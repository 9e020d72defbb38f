/* SPDX-License-Identifier: Apache-2.0 */
/* How far a file has come with what it takes over from a damaged one: rows of its table `meta`, written with the rows that are copied. */
#ifndef STORE_SALVAGE_PROGRESS_H
#define STORE_SALVAGE_PROGRESS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* Of one table. */
struct progress {
	int64_t next; /* rows with higher ids are done */
	bool begun, done;
	uint64_t kept, senseless, lost;
	bool ragged;
	int64_t last_ms; /* of the last row; not kept */
};

/* These return SQLITE_OK, or the error. progress_read: a table of which nothing is known begins at its newest row. */
int progress_read(sqlite3 *to, const char *table, struct progress *p) MUST_CHECK;
int progress_write(sqlite3 *to, const char *table, const struct progress *p) MUST_CHECK;
/* progress_forget: nothing is to be taken over any more. */
int progress_forget(sqlite3 *to) MUST_CHECK;

#endif
