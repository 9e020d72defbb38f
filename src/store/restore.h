/* SPDX-License-Identifier: Apache-2.0 */
/* What of a file is read into an engine, and what came of it. For the room's own files. */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "store/pairs.h"
#include "store/sample_code.h"

struct restore_input {
	sqlite3 *sql;
	const struct sample_names *names;
	int64_t node; /* its number in the file */
	const char *name;
	uint64_t session;
	struct pairs *pairs; /* takes the reports that may still meet others; NULL: nobody goes on here */
};

struct restore_outcome {
	uint64_t mark;   /* the session's last; 0: none */
	uint64_t unread; /* rows that make no sense, and were left out */
	int result;      /* SQLITE_OK, or why not all could be read */
};

/*
 * restore_look reads all that restore_run would, into nothing: SQLITE_OK, or the error that it would meet. An engine cannot be restored a second time,
 * so that damage is better known before. shared: what the rows of all nodes share is read, too; once a file is enough.
 */
int restore_look(const struct restore_input *in, const struct engine *e, int64_t now_ms, bool shared);
/* restore_run reads what is there up to now_ms into the new engine, between engine_restore_begin and _end, which it calls. */
struct restore_outcome restore_run(const struct restore_input *in, struct engine *e, int64_t now_ms);

#endif
