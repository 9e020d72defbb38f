/* SPDX-License-Identifier: Apache-2.0 */
/* The file's table of names: by what numbers the metrics and the criteria of this release stand in it. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/attr.h"
#include "store/sample_code.h"

/* names_read fills *names, all zero before, from a file that is not written: SQLITE_OK, or the error. */
int names_read(sqlite3 *sql, struct sample_names *names) MUST_CHECK;
/* With numbers below this there is room for all of ours above them. */
#define NAMES_MOST ((unsigned)SAMPLE_CODE_NAMES - METRIC_COUNT - CRITERION_COUNT)

/*
 * names_settle fills *names from the file, and gives numbers to those of ours that have none. `known`: *names is filled, as this is a file that takes
 * the place of one in which names had these numbers; then they have them here, too. `skip`: some names in use may be missing from the table, so
 * that new ones get numbers well above. SQLITE_OK, or the error; then *names is as it was.
 */
int names_settle(sqlite3 *sql, struct sample_names *names, bool known, bool skip) MUST_CHECK;

#endif
