/* SPDX-License-Identifier: Apache-2.0 */
#include "store/incident_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static struct store_incident *
copy_row(const struct store_incident *from)
{
	struct store_incident *row = xmalloc(sizeof(*row));

	*row = (struct store_incident) {
		.time_ms = from->time_ms,
		.node = xstrdup(from->node),
		.kind = xstrdup(from->kind),
		.id = xstrdup(from->id),
		.bytes = from->bytes,
	};
	return row;
}

static void
free_row(struct store_incident *row)
{
	if (row == NULL)
		return;
	free((char *)row->node);
	free((char *)row->kind);
	free((char *)row->id);
	free(row);
}

const struct store_incident *
incident_list_at(const struct incident_list *l, size_t age)
{
	return age < l->count ? l->rows[age] : NULL;
}

void
incident_list_release(struct incident_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free_row(l->rows[i]);
	free(l->rows);
	memset(l, 0, sizeof(*l));
}

/* ---- the file: texts in it may be anybody's ---- */

static const char *
text_of(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? text : "";
}

int
incident_list_load(struct incident_list *l, sqlite3 *sql)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(sql,
	    "SELECT i.time, coalesce(n.name, ''), i.kind, i.name, length(i.body) FROM incidents AS i"
	    " LEFT JOIN nodes AS n ON n.node = i.node"
	    " WHERE length(i.kind) < ?1 AND length(i.name) < ?1 ORDER BY i.id DESC LIMIT ?2",
	    -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int(st, 1, STORE_INCIDENT_ID);
	sqlite3_bind_int(st, 2, INCIDENTS_MAX);
	l->rows = xcalloc(INCIDENTS_MAX, sizeof(l->rows[0]));
	while ((result = sqlite3_step(st)) == SQLITE_ROW && l->count < INCIDENTS_MAX) {
		const struct store_incident row = { sqlite3_column_int64(st, 0), text_of(st, 1), text_of(st, 2),
			text_of(st, 3), (uint64_t)sqlite3_column_int64(st, 4) };

		l->rows[l->count++] = copy_row(&row);
	}
	sqlite3_finalize(st);
	l->rows = xreallocarray(l->rows, l->count + 1, sizeof(l->rows[0]));
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

int
incident_read(sqlite3 *sql, const char *id, struct strbuf *body)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(sql, "SELECT body FROM incidents WHERE name = ?1", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	result = sqlite3_step(st);
	if (result == SQLITE_ROW)
		strbuf_add(body, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	sqlite3_finalize(st);
	return result;
}
