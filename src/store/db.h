/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file itself: opened, locked, checked, brought to this release's schema, replaced if it is damaged. One thread at a time uses a
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
#include "store/salvage.h"
#include "store/sample_code.h"

#define DB_SALVAGE_MS 1000 /* so long opening may take for what it copies from a damaged file */
#define DB_PAGE_BYTES 4096

/* Rows outside ?2 to ?3 have expired; ?1 is how many are looked at, from the oldest on. */
#define DB_EXPIRE_SQL(table)                                                                \
	"DELETE FROM " table " WHERE id IN (SELECT id FROM " table " ORDER BY id LIMIT ?1)" \
	" AND NOT time BETWEEN ?2 AND ?3"

/* The statements that are kept prepared: id, SQL. */
#define DB_STATEMENT_TABLE(X)                                                                                         \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                                   \
	X(COMMIT, "COMMIT")                                                                                           \
	X(ROLLBACK, "ROLLBACK")                                                                                       \
	X(SESSION,                                                                                                    \
	    "INSERT INTO sessions (node, session, mark, since, last) VALUES (?1, ?2, 0, ?3, ?4)"                      \
	    " ON CONFLICT (node, session) DO UPDATE SET last = ?4")                                                   \
	X(MARK, "UPDATE sessions SET mark = ?3 WHERE node = ?1 AND session = ?2")                                     \
	X(SHARED, "INSERT OR REPLACE INTO shared (id, time, body) VALUES (?1, ?2, ?3)")                               \
	X(SAMPLE, "INSERT INTO samples (id, node, time, body, checked) VALUES (?1, ?2, ?3, ?4, ?5)")                  \
	X(RESTART,                                                                                                    \
	    "INSERT INTO restarts (id, node, time, session, kind, flags, times, met, cause, pid)"                     \
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                                                      \
	X(EVENT, "INSERT INTO events (node, time, type, severity, body) VALUES (?1, ?2, ?3, ?4, ?5)")                 \
	X(BLOCK, "INSERT INTO blocks (node, kind, first, last, rows, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")          \
	/* What a block covers: rows of this life (from ?4 on), and earlier ones that were restored (up to ?5). */    \
	X(COVERED, "DELETE FROM samples WHERE node = ?1 AND time BETWEEN ?2 AND ?3 AND (id >= ?4 OR time <= ?5)")     \
	X(INCIDENT,                                                                                                   \
	    "INSERT INTO incidents (node, time, kind, name, body) VALUES (?1, ?2, ?3, ?4, ?5)"                        \
	    " ON CONFLICT (name) DO UPDATE SET node = ?1, time = ?2, kind = ?3, body = ?5")                           \
	/* retention by age */                                                                                        \
	X(EXPIRE_SAMPLES, DB_EXPIRE_SQL("samples"))                                                                   \
	X(EXPIRE_EVENTS, DB_EXPIRE_SQL("events"))                                                                     \
	/* ?4: and the oldest beyond so many, whatever their time. */                                                 \
	X(EXPIRE_SHARED,                                                                                              \
	    "DELETE FROM shared WHERE id IN (SELECT id FROM shared ORDER BY id LIMIT ?1)"                             \
	    " AND (id <= (SELECT max(id) FROM shared) - ?4 OR NOT time BETWEEN ?2 AND ?3)")                           \
	X(EXPIRE_BLOCKS,                                                                                              \
	    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE kind = ?4 ORDER BY last LIMIT ?1)"           \
	    " AND last < ?2")                                                                                         \
	/* Of the future: from before somebody set the clock back. */                                                 \
	X(EXPIRE_BLOCKS_AHEAD,                                                                                        \
	    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE kind = ?4 AND last > ?3"                     \
	    " ORDER BY last DESC LIMIT ?1)")                                                                          \
	X(TOUCH_SESSION, "UPDATE sessions SET last = ?3 WHERE node = ?1 AND session = ?2")                            \
	X(EXPIRE_SESSIONS, "DELETE FROM sessions WHERE NOT last BETWEEN ?2 AND ?3 AND NOT is_open(node, session)")    \
	X(EXPIRE_TALLIES,                                                                                             \
	    "DELETE FROM tallies WHERE NOT EXISTS (SELECT 1 FROM sessions AS s"                                       \
	    " WHERE s.node = tallies.node AND s.session = tallies.session)")                                          \
	X(EXPIRE_NODES,                                                                                               \
	    "DELETE FROM nodes WHERE NOT is_open(node)"                                                               \
	    " AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.node = nodes.node)"                               \
	    " AND NOT EXISTS (SELECT 1 FROM samples WHERE samples.node = nodes.node)"                                 \
	    " AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocks.node = nodes.node)"                                   \
	    " AND NOT EXISTS (SELECT 1 FROM restarts WHERE restarts.node = nodes.node)"                               \
	    " AND NOT EXISTS (SELECT 1 FROM events WHERE events.node = nodes.node)"                                   \
	    " AND node NOT IN (SELECT node FROM incidents)")                                                          \
	/* Whose restarts have expired; ?4: those with a lower id, whatever their time. */                            \
	X(OLDEST_RESTARTS,                                                                                            \
	    "SELECT node, session, count(*) FROM (SELECT id, node, session, time FROM restarts ORDER BY id LIMIT ?1)" \
	    " WHERE id < ?4 OR NOT time BETWEEN ?2 AND ?3 GROUP BY node, session")                                    \
	X(TALLY_COUNT, "SELECT count(*) FROM tallies WHERE node = ?1 AND session = ?2")                               \
	X(FOLD,                                                                                                       \
	    "INSERT INTO tallies (node, session, kind, cause, count, first, last)"                                    \
	    " SELECT r.node, r.session, r.kind, tally_cause(s.body, ?7), sum(r.times - r.met), min(r.time), "         \
	    "max(r.time)"                                                                                             \
	    " FROM (SELECT * FROM restarts ORDER BY id LIMIT ?1) AS r LEFT JOIN shared AS s ON s.id = r.cause"        \
	    " WHERE (r.id < ?4 OR NOT r.time BETWEEN ?2 AND ?3) AND r.node = ?5 AND r.session = ?6 AND r.times > "    \
	    "r.met"                                                                                                   \
	    " AND EXISTS (SELECT 1 FROM sessions WHERE node = ?5 AND session = ?6)"                                   \
	    " GROUP BY r.kind, r.cause"                                                                               \
	    " ON CONFLICT (node, session, kind, cause) DO UPDATE SET count = count + excluded.count,"                 \
	    " first = min(first, excluded.first), last = max(last, excluded.last)")                                   \
	X(EXPIRE_RESTARTS,                                                                                            \
	    "DELETE FROM restarts WHERE id IN (SELECT id FROM restarts ORDER BY id LIMIT ?1)"                         \
	    " AND (id < ?4 OR NOT time BETWEEN ?2 AND ?3)")                                                           \
	/* retention by size: the oldest ?1 rows, whatever their age */                                               \
	X(USED,                                                                                                       \
	    "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)") \
	X(EVICT_BLOCKS,                                                                                               \
	    "DELETE FROM blocks WHERE id IN (SELECT id FROM blocks WHERE kind = ?2 ORDER BY last LIMIT ?1)")          \
	X(EVICT_SAMPLES, "DELETE FROM samples WHERE id IN (SELECT id FROM samples ORDER BY id LIMIT ?1)")             \
	X(EVICT_EVENTS, "DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT ?1)")                \
	X(INCIDENT_BYTES, "SELECT coalesce(sum(length(body)), 0) FROM incidents")                                     \
	X(EVICT_INCIDENT,                                                                                             \
	    "DELETE FROM incidents WHERE id IN (SELECT id FROM incidents ORDER BY id LIMIT 1)"                        \
	    " RETURNING name")                                                                                        \
	X(VACUUM, "PRAGMA incremental_vacuum(256)")

enum db_statement {
#define DB_STATEMENT_ENUM(id, ...) SQL_##id,
	DB_STATEMENT_TABLE(DB_STATEMENT_ENUM)
#undef DB_STATEMENT_ENUM
	    SQL_COUNT
};

/* restarts.flags */
enum { RESTART_BY_HAND = 1, RESTART_CAUGHT = 2 };

/* A node that is open: it is written. */
struct db_node {
	int64_t number; /* in the file */
	char *name;
	uint64_t session;
	bool session_known;  /* the session has its row */
	int64_t restored_ms; /* rows up to this time were read into its engine; 0: none */
	uint64_t mark;       /* the writer's: the last of the rows under way, 0: none */
};

struct db {
	char *path;
	int lock_fd;
	sqlite3 *sql;
	sqlite3_stmt *statements[SQL_COUNT];
	struct sample_names names;
	bool names_known;
	int64_t next_restart, next_sample; /* ids to be given */
	int64_t first_sample;              /* of those that were given since the file was opened */
	uint64_t next_shared;
	struct db_node *nodes; /* in a file that replaces a damaged one they keep their numbers */
	size_t node_count;
	int64_t next_node;
	bool reindexed;          /* since it was opened */
	struct salvage *salvage; /* what is still to be taken over from a damaged file, NULL: nothing */
};

/*
 * db_open fills *db. `notice` gets a text if a damaged file was set aside. False with a reason (that names the path) if the file cannot be used;
 * then nothing was changed, and *db needs no db_close.
 */
bool db_open(struct db *db, const char *path, struct strbuf *notice, struct err *err) MUST_CHECK;
/*
 * db_add_node opens a node of the file, which is added if the file does not know it, and returns its index in db->nodes, SIZE_MAX with a
 * reason if the file does not take it. sole: if the file knows one node only, by another name, it is that one, which gets the new name (a
 * notice says so).
 */
size_t db_add_node(
    struct db *db, const char *name, uint64_t session, bool sole, struct strbuf *notice, struct err *err) MUST_CHECK;
/*
 * db_replace sets the file aside, as damaged, and begins a new one, in which names and nodes keep their numbers. What can be read of the damaged
 * one is copied, for DB_SALVAGE_MS; the rest is db_salvage's. After a failure only db_replace and db_close may follow.
 */
bool db_replace(struct db *db, struct strbuf *notice, struct err *err) MUST_CHECK;
/*
 * db_salvage goes on copying for so many ms; db->salvage is NULL when all is done, and the notice says what was kept. It comes before the first new row,
 * which gets an id above all those that were copied. SQLITE_OK, or the error; then it can be done again. Not within a transaction.
 */
int db_salvage(struct db *db, int64_t ms, struct strbuf *notice) MUST_CHECK;
/*
 * db_reindex builds the indexes anew after SQLITE_CORRUPT_INDEX: a bit of a row has changed that an index has right, or the other way round.
 * False if it does not help, or has been done since the file was opened.
 */
bool db_reindex(struct db *db);
void db_close(struct db *db);

/* db_is_gone: somebody has taken the file away; what is written goes nowhere. db_replace begins a new one. */
bool db_is_gone(const struct db *db);
/* db_is_damage: this result of SQLite's means that the file is not what was written. */
bool db_is_damage(int result);
/* db_run steps a statement that returns no rows, and resets it: SQLITE_OK, or the error. */
int db_run(struct db *db, enum db_statement which);
/*
 * db_sync has the disk take what was committed, which until then only outlives the end of any process, not a power cut. After a failed sync the
 * system's copy may be all there is, and count as written: then all of it is written anew, into the file itself. SQLITE_OK, or the error.
 */
int db_sync(struct db *db) MUST_CHECK;
/* db_size is the size of the file and of its WAL, in bytes. */
uint64_t db_size(const struct db *db);

#endif
