/* SPDX-License-Identifier: Apache-2.0 */
/* Which incidents a file has: all but their bodies. */
#ifndef STORE_INCIDENT_LIST_H
#define STORE_INCIDENT_LIST_H

#include <sqlite3.h>

#include "base/strbuf.h"
#include "store/store.h"

#define INCIDENTS_MAX 10000 /* in a list; of more, the newest */

struct incident_list { /* all zero is an empty one; newest first */
	struct store_incident **rows;
	size_t count;
};

/* incident_list_load fills an empty list from the file: SQLITE_OK, or the error. */
int incident_list_load(struct incident_list *l, sqlite3 *sql);
/* incident_list_at: 0 is the newest; NULL beyond the oldest. */
const struct store_incident *incident_list_at(const struct incident_list *l, size_t age);
void incident_list_release(struct incident_list *l);

/* incident_read appends the body of one: SQLITE_ROW, SQLITE_DONE if there is none, or the error. */
int incident_read(sqlite3 *sql, const char *id, struct strbuf *body);

#endif
