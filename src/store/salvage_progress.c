/* SPDX-License-Identifier: Apache-2.0 */
#include "store/salvage_progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/salvage.h"

#define NOTE "salvage"
#define PROGRESS_FORMAT "%" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d"

static int
finish(sqlite3_stmt *st)
{
	int result = sqlite3_step(st);

	sqlite3_finalize(st);
	return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

static int
put_meta(sqlite3 *to, const char *key, const char *value)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(to, "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(st, 2, value, -1, SQLITE_TRANSIENT);
	return finish(st);
}

/* get_meta appends the value, nothing if there is none. */
static int
get_meta(sqlite3 *to, const char *key, struct strbuf *value)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(to, "SELECT value FROM meta WHERE key = ?1", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_TRANSIENT);
	result = sqlite3_step(st);
	if (result == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_TEXT)
		strbuf_adds(value, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

int
salvage_note(sqlite3 *to, const char *suffix)
{
	return put_meta(to, NOTE, suffix);
}

int
salvage_noted(sqlite3 *sql, struct strbuf *suffix)
{
	return get_meta(sql, NOTE, suffix);
}

int
progress_write(sqlite3 *to, const char *table, const struct progress *p)
{
	char key[64], value[160];

	snprintf(key, sizeof(key), NOTE ".%s", table);
	snprintf(value, sizeof(value), PROGRESS_FORMAT, p->next, p->kept, p->senseless, p->lost, p->ragged, p->done);
	return put_meta(to, key, value);
}

int
progress_read(sqlite3 *to, const char *table, struct progress *p)
{
	struct strbuf value = STRBUF_INIT;
	int ragged = 0, done = 0, result;
	char key[64];

	*p = (struct progress) { .next = INT64_MAX };
	snprintf(key, sizeof(key), NOTE ".%s", table);
	result = get_meta(to, key, &value);
	if (sscanf(strbuf_cstr(&value), "%" SCNd64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %d %d", &p->next, &p->kept,
		&p->senseless, &p->lost, &ragged, &done) == 6)
		p->begun = true;
	p->ragged = ragged;
	p->done = done;
	strbuf_release(&value);
	return result;
}

int
progress_forget(sqlite3 *to)
{
	return sqlite3_exec(to, "DELETE FROM meta WHERE key = '" NOTE "' OR key GLOB '" NOTE ".*'", NULL, NULL, NULL);
}
