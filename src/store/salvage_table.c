/* SPDX-License-Identifier: Apache-2.0 */
#include "store/salvage_table.h"

#include <string.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "etf/etf.h"
#include "store/cause_code.h"
#include "store/event_code.h"
#include "store/term_code.h"

#define MAX_TIME_MS INT64_C(253402300799999) /* the end of the year 9999 */
#define MAX_NUMBER (INT64_MAX / 2)           /* of what counts up: ids, marks, restarts */
#define MAX_RESTART_KIND 5                   /* schema.h */

/* ---- columns ---- */

static bool
is_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);
	size_t len = (size_t)sqlite3_column_bytes(st, column);
	uint32_t cp;

	if (text == NULL || len == 0 || strlen(text) != len)
		return false;
	for (size_t at = 0, n; at < len; at += n)
		if ((n = utf8_decode((const uint8_t *)text + at, len - at, &cp)) == 0)
			return false;
	return true;
}

static bool
column_holds(sqlite3_stmt *st, int column, char type)
{
	int is = sqlite3_column_type(st, column);
	int64_t v = is == SQLITE_INTEGER ? sqlite3_column_int64(st, column) : 0;

	switch (type) {
	case 'i':
		return is == SQLITE_INTEGER;
	case 'p':
		return is == SQLITE_INTEGER && v >= 0 && v <= MAX_NUMBER;
	case 'w':
		return is == SQLITE_INTEGER && v >= 0 && v <= MAX_TIME_MS;
	case 'd':
		return is == SQLITE_NULL || (is == SQLITE_INTEGER && v > 0 && v <= UINT32_MAX);
	case 't':
		return is == SQLITE_TEXT && is_text(st, column);
	case 'b':
		return is == SQLITE_BLOB;
	case 'n':
		return is == SQLITE_INTEGER || is == SQLITE_NULL;
	default:
		return is == SQLITE_BLOB || is == SQLITE_NULL;
	}
}

bool
salvage_row_holds(const struct salvage_table *t, struct salvage_row *row)
{
	row->leave_out = 0;
	for (int i = 0; t->types[i]; i++)
		if (!column_holds(row->from, i, t->types[i]))
			return false;
	return t->holds == NULL || t->holds(row);
}

static const void *
blob(sqlite3_stmt *st, int column, size_t *len)
{
	const void *data = sqlite3_column_blob(st, column);

	*len = (size_t)sqlite3_column_bytes(st, column);
	return data ? data : "";
}

/* ---- bodies ---- */

static bool
is_event(const void *data, size_t len)
{
	struct node_event *ev = event_code_read(data, len, "");
	bool is = ev != NULL;

	node_event_unref(ev);
	return is;
}

static bool
is_cause(const void *data, size_t len)
{
	struct restart r;

	if (!cause_code_read(data, len, &r))
		return false;
	restart_release(&r);
	return true;
}

static bool
shared_holds(struct salvage_row *row)
{
	size_t len;
	const void *body = blob(row->from, 2, &len);

	return is_cause(body, len) || is_event(body, len);
}

static bool
restart_holds(struct salvage_row *row)
{
	struct term *pid = NULL;
	struct etf e;
	size_t len;
	const void *body = blob(row->from, 8, &len);

	if (sqlite3_column_int64(row->from, 3) > MAX_RESTART_KIND)
		return false;
	etf_init(&e, body, len);
	pid = len > 0 ? term_code_read(&e) : NULL;
	if (pid == NULL)
		row->leave_out = 1u << 8;
	term_unref(pid);
	return true;
}

static bool
tally_holds(struct salvage_row *row)
{
	size_t len;
	const void *cause = blob(row->from, 3, &len);

	return sqlite3_column_int64(row->from, 2) <= MAX_RESTART_KIND && (len == 0 || is_cause(cause, len));
}

static bool
sample_holds(struct salvage_row *row)
{
	size_t len, check_len;
	const void *body = blob(row->from, 2, &len), *checked;

	if (!sample_code_read(body, len, row->names, 0, &row->sample))
		return false;
	checked = blob(row->from, 3, &check_len);
	if (!check_code_read(checked, check_len, row->names, 0, &row->check))
		row->leave_out = 1u << 3;
	return true;
}

static bool
event_holds(struct salvage_row *row)
{
	size_t len;
	const void *body = blob(row->from, 4, &len);

	return is_event(body, len);
}

static struct node_event *
no_event(void *context UNUSED, uint64_t number UNUSED)
{
	return NULL;
}

static bool
block_holds(struct salvage_row *row)
{
	struct past_names names = past_names_of(row->names);
	struct past_block *b;
	bool holds = false;
	size_t len;
	const void *body = blob(row->from, 6, &len);

	names.event_of_number = no_event;
	b = past_block_read(body, len, &names, NULL);
	if (b)
		holds = past_block_kind(b) == (enum past_block_kind)sqlite3_column_int64(row->from, 2) &&
		    past_block_first_ms(b) == sqlite3_column_int64(row->from, 3) &&
		    past_block_last_ms(b) == sqlite3_column_int64(row->from, 4);
	past_block_unref(b);
	return holds;
}

/* Few and needed first, then what a server reads when it begins, then the rest. */
const struct salvage_table SALVAGE_TABLES[] = {
	{ "nodes", "names of nodes", false, "node", false, "node, name", "dt", NULL },
	{ "sessions", "marks of sessions", false, "node, session", true, "node, session, mark, since, last", "dippw",
	    NULL },
	{ "tallies", "counts of restarts", false, "node, session, kind, cause", true,
	    "node, session, kind, cause, count, first, last", "dipbpww", tally_holds },
	{ "incidents", "incidents", true, "id", false, "id, node, time, kind, name, body", "pdwttb", NULL },
	{ "shared", "causes", false, "id", false, "id, time, body", "pwb", shared_holds },
	{ "restarts", "restarts", true, "id", false, "id, time, session, kind, flags, times, met, cause, pid, node",
	    "pwippppnod", restart_holds },
	{ "samples", "samples", true, "id", false, "id, time, body, checked, node", "pwbod", sample_holds },
	{ "blocks", "blocks of samples", true, "id", false, "id, node, kind, first, last, rows, body", "pdpwwpb",
	    block_holds },
	{ "events", "events", true, "id", false, "id, time, type, severity, body, node", "pwttbd", event_holds },
};

const unsigned SALVAGE_TABLE_COUNT = (unsigned)(sizeof(SALVAGE_TABLES) / sizeof(SALVAGE_TABLES[0]));
