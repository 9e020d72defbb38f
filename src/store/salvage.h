/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies what can be read of a damaged file, which has been set aside, into the one that takes its place: table by table, each from its newest
 * row on, every row checked by what reads it otherwise. It goes in small transactions, between which new rows are written; the new file
 * says how far it has come, so that it goes on after the program's end. New rows get higher ids, for the newest of each table are copied first.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "store/sample_code.h"

struct salvage;

/* salvage_note writes into a new file whose rows it is to take over: `suffix` is what the damaged file's name has behind the new one's. */
int salvage_note(sqlite3 *to, const char *suffix) MUST_CHECK;
/* salvage_noted appends that suffix; nothing if there is nothing to be taken over. */
int salvage_noted(sqlite3 *sql, struct strbuf *suffix) MUST_CHECK;
/*
 * salvage_begin goes on with what the file `to` says there is to be taken over; *salvage is NULL if there is nothing. `path` is that of the
 * file itself. A damaged file that is not there any more, or has nothing in it, is told in `notice`, and is nothing.
 */
int salvage_begin(sqlite3 *to, const char *path, struct salvage **salvage, struct strbuf *notice) MUST_CHECK;
/* salvage_names copies the table of names, which comes before all else: *whole tells whether it could be read to its end. */
int salvage_names(struct salvage *s, sqlite3 *to, bool *whole) MUST_CHECK;
/*
 * salvage_run copies rows until then (on clock_mono_us), or a little longer: the newest of each table in any case. Not within a transaction.
 * SQLITE_OK, or the new file's error, after which it can be run again. *done: all is copied, `notice` tells what was kept and what is lost.
 */
int salvage_run(struct salvage *s, sqlite3 *to, const struct sample_names *names, int64_t until_us, bool *done,
    struct strbuf *notice) MUST_CHECK;
void salvage_free(struct salvage *s);

#endif
