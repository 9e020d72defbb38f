/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file itself: opened, locked, checked, brought to this release's schema, set aside if it is damaged. One thread at a time uses a
 * struct db.
 *
 * A lock of ours on PATH.lock, which the system gives up when its holder ends, however it ends, keeps two programs apart. SQLite holds the
 * file in its exclusive mode: then its index of the WAL is in our memory, not in a shared mapping, where a full disk would be a SIGBUS.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "store/sample_code.h"

#define DB_APPLICATION_ID 0x6172736e /* "arsn" */
#define DB_LOCK_WAIT_MS 1000

/* The statements that are kept prepared: id, SQL. */
#define DB_STATEMENT_TABLE(X)                                                                                      \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                                \
	X(COMMIT, "COMMIT")                                                                                        \
	X(ROLLBACK, "ROLLBACK")                                                                                    \
	X(SESSION, "INSERT OR IGNORE INTO sessions (session, mark, since) VALUES (?1, 0, ?2)")                     \
	X(MARK, "UPDATE sessions SET mark = ?2 WHERE session = ?1")                                                \
	X(SHARED, "INSERT OR REPLACE INTO shared (id, time, body) VALUES (?1, ?2, ?3)")                            \
	X(SAMPLE, "INSERT INTO samples (time, body, checked) VALUES (?1, ?2, ?3)")                                 \
	X(RESTART,                                                                                                 \
	    "INSERT INTO restarts (id, time, session, kind, flags, times, met, cause, pid)"                        \
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                                        \
	X(EVENT, "INSERT INTO events (time, type, severity, body) VALUES (?1, ?2, ?3, ?4)")                        \
	/* retention: ?1 is how many rows from the oldest on are looked at, times outside ?2 to ?3 have expired */ \
	X(EXPIRE_SAMPLES,                                                                                          \
	    "DELETE FROM samples WHERE id IN (SELECT id FROM samples ORDER BY id LIMIT ?1)"                        \
	    " AND NOT time BETWEEN ?2 AND ?3")                                                                     \
	X(EXPIRE_EVENTS,                                                                                           \
	    "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?1)"                          \
	    " AND NOT time BETWEEN ?2 AND ?3")                                                                     \
	X(EXPIRE_SHARED,                                                                                           \
	    "DELETE FROM shared WHERE id IN (SELECT id FROM shared ORDER BY id LIMIT ?1)"                          \
	    " AND NOT time BETWEEN ?2 AND ?3")                                                                     \
	X(EXPIRE_SESSIONS,                                                                                         \
	    "DELETE FROM sessions WHERE session <> ?1"                                                             \
	    " AND since < (SELECT coalesce(min(id), 9223372036854775807) FROM restarts)")                          \
	X(EXPIRE_TALLIES, "DELETE FROM tallies WHERE session NOT IN (SELECT session FROM sessions)")               \
	/* ?4: restarts with a lower id have expired whatever their time */                                        \
	X(OLDEST_RESTARTS,                                                                                         \
	    "SELECT count(*) FROM (SELECT id, time FROM restarts ORDER BY id LIMIT ?1)"                            \
	    " WHERE id < ?4 OR NOT time BETWEEN ?2 AND ?3")                                                        \
	X(TALLY_COUNT, "SELECT count(*) FROM tallies WHERE session = ?1")                                          \
	X(FOLD,                                                                                                    \
	    "INSERT INTO tallies (session, kind, cause, count, first, last)"                                       \
	    " SELECT r.session, r.kind, tally_cause(s.body, ?6), sum(r.times - r.met), min(r.time), max(r.time)"   \
	    " FROM (SELECT * FROM restarts ORDER BY id LIMIT ?1) AS r LEFT JOIN shared AS s ON s.id = r.cause"     \
	    " WHERE (r.id < ?4 OR NOT r.time BETWEEN ?2 AND ?3) AND r.session = ?5 AND r.times > r.met"            \
	    " GROUP BY r.kind, r.cause"                                                                            \
	    " ON CONFLICT (session, kind, cause) DO UPDATE SET count = count + excluded.count,"                    \
	    " first = min(first, excluded.first), last = max(last, excluded.last)")                                \
	X(EXPIRE_RESTARTS,                                                                                         \
	    "DELETE FROM restarts WHERE id IN (SELECT id FROM restarts ORDER BY id LIMIT ?1)"                      \
	    " AND (id < ?4 OR NOT time BETWEEN ?2 AND ?3)")                                                        \
	X(VACUUM, "PRAGMA incremental_vacuum(256)")

enum db_statement {
#define DB_STATEMENT_ENUM(id, ...) SQL_##id,
	DB_STATEMENT_TABLE(DB_STATEMENT_ENUM)
#undef DB_STATEMENT_ENUM
	    SQL_COUNT
};

/* restarts.flags */
enum { RESTART_BY_HAND = 1, RESTART_CAUGHT = 2 };

struct db {
	char *path;
	int lock_fd;
	sqlite3 *sql;
	sqlite3_stmt *statements[SQL_COUNT];
	struct sample_names names;
	bool names_known;
	int64_t next_restart; /* ids to be given */
	uint64_t next_shared;
	bool session_known; /* the session has its row */
	bool beginning;     /* what is at the path is a new file that could not be begun yet */
};

/*
 * db_open fills *db. `notice` gets a text if a damaged file was set aside or the file held another node's history. False with a reason
 * (that names the path) if the file cannot be used; then nothing was changed, and *db needs no db_close.
 */
bool db_open(struct db *db, const char *path, const char *node, struct strbuf *notice, struct err *err) MUST_CHECK;
/* db_replace sets the file aside, as damaged, and begins a new one; the names keep their numbers. After a failure only db_replace and db_close may follow. */
bool db_replace(struct db *db, const char *node, struct strbuf *notice, struct err *err) MUST_CHECK;
void db_close(struct db *db);

/* db_is_gone: somebody has taken the file away; what is written goes nowhere. db_replace begins a new one. */
bool db_is_gone(const struct db *db);
/* db_is_damage: this result of SQLite's means that the file is not what was written. */
bool db_is_damage(int result);
/* db_run steps a statement that returns no rows, and resets it: SQLITE_OK, or the error. */
int db_run(struct db *db, enum db_statement which);
/* db_size is the size of the file and of its WAL, in bytes. */
uint64_t db_size(const struct db *db);

#endif
