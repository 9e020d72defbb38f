/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "store/aside.h"
#include "store/cause_code.h"
#include "store/judge.h"
#include "store/lock.h"
#include "store/names.h"
#include "store/schema.h"

#define SCHEMA_VERSION ((int)ARRAY_LEN(SCHEMA_STEPS))
/* A file up to this size is looked through at each start (some ms); damage in a larger one shows when it is read. */
#define QUICK_CHECK_BYTES (4 << 20)
/* No file of ours has given an id above it. */
#define MAX_ID (INT64_MAX / 2)

static const char *const STATEMENTS[SQL_COUNT] = {
#define DB_STATEMENT_TEXT(id, text) [SQL_##id] = text,
	DB_STATEMENT_TABLE(DB_STATEMENT_TEXT)
#undef DB_STATEMENT_TEXT
};

/* ---- SQL ---- */

bool
db_is_gone(const struct db *db)
{
	return access(db->path, F_OK) != 0 && errno == ENOENT;
}

bool
db_is_damage(int result)
{
	/* Constraints that we do not have, or never violate, are somebody else's, as are tables in which ours are not found. */
	switch (result) {
	case SQLITE_ERROR:
	case SQLITE_CONSTRAINT_CHECK:
	case SQLITE_CONSTRAINT_NOTNULL:
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_MISMATCH:
		return true;
	default:
		return (result & 0xFF) == SQLITE_CORRUPT || (result & 0xFF) == SQLITE_NOTADB;
	}
}

static int
run_sql(struct db *db, const char *sql)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL);
}

bool
db_reindex(struct db *db)
{
	bool again = db->reindexed;

	db->reindexed = true;
	return !again && run_sql(db, "REINDEX") == SQLITE_OK;
}

int
db_run(struct db *db, enum db_statement which)
{
	sqlite3_stmt *st = db->statements[which];
	int result = sqlite3_step(st);

	while (result == SQLITE_ROW)
		result = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* condition_of turns a result into what there is to say of the file. */
static enum condition
condition_of(struct db *db, int result, struct err *err)
{
	if (result == SQLITE_OK)
		return GOOD;
	if (db_is_damage(result))
		return DAMAGED;
	err_set(err, "%s: %s", db->path, db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(result));
	return REFUSED;
}

/* ask_int runs a statement whose answer is one integer; *answer stays as it is if there is none. */
static int
ask_int(struct db *db, const char *sql, int64_t *answer)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	result = sqlite3_step(st);
	if (result == SQLITE_ROW)
		*answer = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/*
 * tally_cause(body, detail) is what a restart's cause becomes in the tallies: itself, without its reason (detail 1), nothing (0), so that
 * reasons that never repeat do not make as many tallies.
 */
static void
tally_cause(sqlite3_context *context, int argc UNUSED, sqlite3_value **argv)
{
	const void *body = sqlite3_value_blob(argv[0]);
	size_t len = (size_t)sqlite3_value_bytes(argv[0]);
	struct strbuf coarse = STRBUF_INIT;
	int detail = sqlite3_value_int(argv[1]);

	if (body && detail > 1)
		sqlite3_result_value(context, argv[0]);
	else if (body && detail == 1 && cause_code_coarse(body, len, &coarse))
		sqlite3_result_blob(context, coarse.data, (int)coarse.len, SQLITE_TRANSIENT);
	else
		sqlite3_result_zeroblob(context, 0);
	strbuf_release(&coarse);
}

/* is_open(node) and is_open(node, session): whether this program writes it at present. */
static void
is_open(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	const struct db *db = sqlite3_user_data(context);
	int64_t number = sqlite3_value_int64(argv[0]), session = argc > 1 ? sqlite3_value_int64(argv[1]) : 0;
	bool found = false;

	for (size_t i = 0; i < db->node_count && !found; i++)
		found = db->nodes[i].number == number && (argc == 1 || (int64_t)db->nodes[i].session == session);
	sqlite3_result_int(context, found);
}

/* ---- opening ---- */

/* Nothing that a file brings along runs: no triggers, no views. */
static int
configure(struct db *db)
{
	sqlite3_extended_result_codes(db->sql, 1);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_create_function(
	    db->sql, "tally_cause", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, tally_cause, NULL, NULL);
	sqlite3_create_function(db->sql, "is_open", -1, SQLITE_UTF8, db, is_open, NULL, NULL);
	/* The lock's mode comes before anything that reads the file, or there is a shared mapping after all. */
	return run_sql(db,
	    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
	    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024; PRAGMA synchronous = NORMAL;"
	    "PRAGMA journal_size_limit = 8388608;");
}

/* The file's version may be in the WAL only, where the header did not show it. */
static enum condition
check_version(struct db *db, int64_t *version, struct err *err)
{
	int64_t application = 0, tables = 0;
	int result;

	*version = 0;
	if ((result = ask_int(db, "PRAGMA user_version", version)) != SQLITE_OK ||
	    (result = ask_int(db, "PRAGMA application_id", &application)) != SQLITE_OK ||
	    (result = ask_int(db, "SELECT count(*) FROM sqlite_schema", &tables)) != SQLITE_OK)
		return condition_of(db, result, err);
	if (*version >= 0 && *version <= SCHEMA_VERSION && (application == JUDGE_APPLICATION_ID || tables == 0))
		return GOOD;
	sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	err_set(err,
	    "%s: is another program's, or a newer arsenal's (schema %lld, this one knows %d); it was left alone",
	    db->path, (long long)*version, SCHEMA_VERSION);
	return REFUSED;
}

static int
migrate(struct db *db, int64_t version)
{
	char sql[96];
	int result;

	if (version == SCHEMA_VERSION)
		return SQLITE_OK;
	/* Of effect in a new file only; and it writes, so that no other could be opened on a full disk. */
	result = version == 0 ? run_sql(db, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL") : SQLITE_OK;
	if (result == SQLITE_OK)
		result = run_sql(db, "BEGIN IMMEDIATE");
	for (; result == SQLITE_OK && version < SCHEMA_VERSION; version++)
		result = run_sql(db, SCHEMA_STEPS[version]);
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", JUDGE_APPLICATION_ID,
	    SCHEMA_VERSION);
	return result == SQLITE_OK ? run_sql(db, sql) : result;
}

/* An old schema becomes the new one in the file itself before WAL mode: the header tells the truth from then on. */
static enum condition
prepare_schema(struct db *db, struct err *err)
{
	int64_t version;
	enum condition condition = check_version(db, &version, err);
	int result;

	if (condition != GOOD)
		return condition;
	result = migrate(db, version);
	if (result == SQLITE_OK)
		result = run_sql(db, "PRAGMA journal_mode = WAL");
	/* main: after a table was renamed, the temporary schema cannot be. */
	if (result == SQLITE_OK && version != SCHEMA_VERSION)
		result = run_sql(db, "PRAGMA main.wal_checkpoint(TRUNCATE)");
	return condition_of(db, result, err);
}

static enum condition
quick_check(struct db *db, struct err *err)
{
	sqlite3_stmt *st;
	int result;
	bool ok;

	if (db_size(db) > QUICK_CHECK_BYTES)
		return GOOD;
	result = sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (result != SQLITE_OK)
		return condition_of(db, result, err);
	result = sqlite3_step(st);
	ok = result == SQLITE_ROW && sqlite3_column_type(st, 0) == SQLITE_TEXT &&
	    strcmp((const char *)sqlite3_column_text(st, 0), "ok") == 0;
	sqlite3_finalize(st);
	if (result != SQLITE_ROW)
		return condition_of(db, result, err);
	return ok ? GOOD : DAMAGED;
}

/* ---- the nodes ---- */

/* run_named runs a statement with a number and a name. */
static int
run_named(struct db *db, const char *sql, int64_t number, const char *name)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(db->sql, sql, -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int64(st, 1, number);
	sqlite3_bind_text(st, 2, name, -1, SQLITE_STATIC);
	result = sqlite3_step(st);
	sqlite3_finalize(st);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int
write_node(struct db *db, int64_t number, const char *name)
{
	return run_named(db, "INSERT OR REPLACE INTO nodes (node, name) VALUES (?1, ?2)", number, name);
}

/* find_node: *number becomes that of the node with this name, or stays. */
static int
find_node(struct db *db, const char *name, int64_t *number)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(db->sql, "SELECT node FROM nodes WHERE name = ?1", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	result = sqlite3_step(st);
	if (result == SQLITE_ROW)
		*number = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* rename_sole gives the file's only node another name; *number stays 0 if it has none, or several. */
static int
rename_sole(struct db *db, const char *name, int64_t *number, struct strbuf *notice)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(
	    db->sql, "SELECT node, name FROM nodes WHERE (SELECT count(*) FROM nodes) = 1", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	result = sqlite3_step(st);
	if (result == SQLITE_ROW) {
		const char *before = (const char *)sqlite3_column_text(st, 1);

		*number = sqlite3_column_int64(st, 0);
		strbuf_addf(notice, "%s: the history so far is of node %s, from now on of %s", db->path,
		    before ? before : "?", name);
	}
	sqlite3_finalize(st);
	if (result != SQLITE_ROW)
		return result == SQLITE_DONE ? SQLITE_OK : result;
	return run_named(db, "UPDATE nodes SET name = ?2 WHERE node = ?1", *number, name);
}

/* An application's node gets a new name with many a deployment; it is its history all the same. */
static int
settle_node(struct db *db, const char *name, bool sole, int64_t *number, struct strbuf *notice)
{
	int result;

	*number = 0;
	result = find_node(db, name, number);
	if (result == SQLITE_OK && *number == 0 && sole)
		result = rename_sole(db, name, number, notice);
	if (result != SQLITE_OK || *number != 0)
		return result;
	*number = db->next_node++;
	return write_node(db, *number, name);
}

/* A file that takes a damaged one's place gets the nodes that are open. */
static int
settle_nodes(struct db *db)
{
	int64_t newest = 0;
	int result = ask_int(db, "SELECT coalesce(max(node), 0) FROM nodes", &newest);

	if (newest > MAX_ID)
		return SQLITE_CORRUPT;
	if (newest >= db->next_node)
		db->next_node = newest + 1;
	for (size_t i = 0; i < db->node_count && result == SQLITE_OK; i++)
		result = write_node(db, db->nodes[i].number, db->nodes[i].name);
	return result;
}

size_t
db_add_node(struct db *db, const char *name, uint64_t session, bool sole, struct strbuf *notice, struct err *err)
{
	struct db_node node = { .session = session };
	int result = settle_node(db, name, sole, &node.number, notice);

	if (db_is_damage(result) && !db_replace(db, notice, err))
		return SIZE_MAX;
	if (db_is_damage(result))
		result = settle_node(db, name, sole, &node.number, notice);
	if (result != SQLITE_OK) {
		err_set(err, "%s: node %s cannot be added: %s", db->path, name, sqlite3_errmsg(db->sql));
		return SIZE_MAX;
	}
	node.name = xstrdup(name);
	db->nodes = xreallocarray(db->nodes, db->node_count + 1, sizeof(*db->nodes));
	db->nodes[db->node_count] = node;
	return db->node_count++;
}

static int
settle_ids(struct db *db)
{
	int64_t restart = 0, session = 0, shared = 0, sample = 0;
	int result;

	if ((result = ask_int(db, "SELECT coalesce(max(id), 0) FROM restarts", &restart)) != SQLITE_OK ||
	    (result = ask_int(db, "SELECT coalesce(max(since), 0) FROM sessions", &session)) != SQLITE_OK ||
	    (result = ask_int(db, "SELECT coalesce(max(id), 0) FROM shared", &shared)) != SQLITE_OK ||
	    (result = ask_int(db, "SELECT coalesce(max(id), 0) FROM samples", &sample)) != SQLITE_OK)
		return result;
	if (restart > MAX_ID || session > MAX_ID || shared > MAX_ID || sample > MAX_ID)
		return SQLITE_CORRUPT;
	/* In a file that replaces another numbers go on: what is on its way has some. */
	restart = restart >= session ? restart : session;
	if (restart >= db->next_restart)
		db->next_restart = restart + 1;
	if (sample >= db->next_sample)
		db->next_sample = sample + 1;
	if (db->first_sample == 0)
		db->first_sample = db->next_sample;
	if ((uint64_t)shared >= db->next_shared)
		db->next_shared = (uint64_t)shared + 1;
	return SQLITE_OK;
}

static int
prepare_statements(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		int result =
		    sqlite3_prepare_v3(db->sql, STATEMENTS[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL);

		if (result != SQLITE_OK)
			return result;
	}
	return SQLITE_OK;
}

static void
detach(struct db *db)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(db->statements[i]);
		db->statements[i] = NULL;
	}
	salvage_free(db->salvage);
	db->salvage = NULL;
	sqlite3_close(db->sql);
	db->sql = NULL;
	db->reindexed = false;
	for (size_t i = 0; i < db->node_count; i++)
		db->nodes[i].session_known = false;
}

/* ---- what is taken over from a damaged file ---- */

int
db_salvage(struct db *db, int64_t ms, struct strbuf *notice)
{
	bool done = false;
	int result = SQLITE_OK;

	if (db->salvage)
		result = salvage_run(db->salvage, db->sql, &db->names, clock_mono_us() + ms * 1000, &done, notice);
	if (done) {
		salvage_free(db->salvage);
		db->salvage = NULL;
	}
	return result == SQLITE_OK ? settle_ids(db) : result;
}

static int
begin_salvage(struct db *db, bool *whole, struct strbuf *notice)
{
	int result = salvage_begin(db->sql, db->path, &db->salvage, notice);

	*whole = true;
	return result == SQLITE_OK && db->salvage ? salvage_names(db->salvage, db->sql, whole) : result;
}

/* ---- opening, all of it ---- */

static int
settle(struct db *db, struct strbuf *notice)
{
	bool whole;
	int result = begin_salvage(db, &whole, notice);

	if (result == SQLITE_OK)
		result = names_settle(db->sql, &db->names, db->names_known, !whole);
	db->names_known = db->names_known || result == SQLITE_OK;
	if (result == SQLITE_OK)
		result = db_salvage(db, DB_SALVAGE_MS, notice);
	/* What finds no room now is tried again by whoever writes. */
	if (db->salvage && !db_is_damage(result))
		result = SQLITE_OK;
	if (result == SQLITE_OK)
		result = settle_nodes(db);
	return result == SQLITE_OK ? prepare_statements(db) : result;
}

static enum condition
attach_steps(struct db *db, struct strbuf *notice, struct err *err)
{
	int result = sqlite3_open_v2(db->path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	enum condition condition;

	if (result == SQLITE_OK)
		result = configure(db);
	condition = condition_of(db, result, err);
	if (condition == GOOD)
		condition = prepare_schema(db, err);
	if (condition == GOOD)
		condition = quick_check(db, err);
	return condition == GOOD ? condition_of(db, settle(db, notice), err) : condition;
}

static enum condition
attach(struct db *db, struct strbuf *notice, struct err *err)
{
	enum condition condition = attach_steps(db, notice, err);

	if (condition != GOOD)
		detach(db);
	return condition;
}

/* ---- a damaged file ---- */

/* write_new makes PATH.making an empty history that says what it is to take over; no suffix: nothing. */
static int
write_new(struct db *db, const char *path, const char *suffix, struct err *err)
{
	int result = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result == SQLITE_OK)
		result = configure(db);
	if (result == SQLITE_OK && prepare_schema(db, err) != GOOD)
		result = SQLITE_ERROR;
	if (result == SQLITE_OK && suffix)
		result = salvage_note(db->sql, suffix);
	/* All of it is in the file itself, which alone is renamed. */
	return result == SQLITE_OK ? run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)") : result;
}

/* Nothing has happened to the damaged file before the new one is complete. */
static bool
make_new(struct db *db, const char *suffix, struct err *err)
{
	struct strbuf path = STRBUF_INIT;
	int result;

	if (!aside_prepare(db->path, err))
		return false;
	strbuf_addf(&path, "%s" ASIDE_MAKING, db->path);
	result = write_new(db, path.data, suffix, err);
	if (result != SQLITE_OK)
		err_set(err, "%s: cannot be begun: %s", path.data,
		    db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(result));
	strbuf_release(&path);
	detach(db);
	return result == SQLITE_OK && aside_ready(db->path, err);
}

static bool
exchange(struct db *db, struct strbuf *notice, struct err *err)
{
	struct strbuf suffix = STRBUF_INIT;
	bool gone = db_is_gone(db), ok;
	const char *as;

	aside_suffix(db->path, &suffix);
	as = gone ? NULL : suffix.data;
	ok = make_new(db, as, err) && aside_exchange(db->path, as, err);
	if (ok && gone)
		strbuf_addf(notice, "%s: was taken away; a new history is begun", db->path);
	else if (ok)
		strbuf_addf(notice, "%s: was damaged; it was set aside as %s%s, and a new history is begun", db->path,
		    db->path, suffix.data);
	if (ok)
		aside_limit(db->path, notice);
	strbuf_release(&suffix);
	return ok;
}

bool
db_replace(struct db *db, struct strbuf *notice, struct err *err)
{
	enum condition condition;

	detach(db);
	if (!exchange(db, notice, err))
		return false;
	condition = attach(db, notice, err);
	if (condition == DAMAGED)
		err_set(err, "%s: is damaged again as soon as it is written", db->path);
	return condition == GOOD;
}

/* The last program ended in the middle of a replacement: what is left to do is what PATH.replacing says. */
static bool
finish_exchange(struct db *db, struct err *err)
{
	struct strbuf path = STRBUF_INIT, suffix = STRBUF_INIT;
	int result;
	bool ok;

	if (!aside_is_half_done(db->path))
		return true;
	strbuf_addf(&path, "%s" ASIDE_READY, db->path);
	result = sqlite3_open_v2(path.data, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (result == SQLITE_OK)
		result = configure(db);
	if (result == SQLITE_OK)
		result = salvage_noted(db->sql, &suffix);
	detach(db);
	if (result != SQLITE_OK)
		aside_suffix(db->path, &suffix);
	ok = aside_exchange(db->path, suffix.len > 0 ? suffix.data : NULL, err);
	strbuf_release(&path);
	strbuf_release(&suffix);
	return ok;
}

/* begin makes the first file there. */
static bool
begin(struct db *db, struct err *err)
{
	return make_new(db, NULL, err) && aside_exchange(db->path, NULL, err);
}

static bool
open_locked(struct db *db, struct strbuf *notice, struct err *err)
{
	enum condition condition;
	struct file_header h;

	if (!finish_exchange(db, err) || !judge_read(db->path, O_RDWR, &h, err))
		return false;
	condition = judge_header(&h, db->path, err);
	if (condition == GOOD)
		condition = judge_log(&h, db->path);
	if (condition == GOOD && h.len == 0 && !begin(db, err))
		return false;
	if (condition == GOOD)
		condition = attach(db, notice, err);
	return condition == DAMAGED ? db_replace(db, notice, err) : condition == GOOD;
}

bool
db_open(struct db *db, const char *path, struct strbuf *notice, struct err *err)
{
	struct file_header h;

	memset(db, 0, sizeof(*db));
	db->lock_fd = -1;
	db->next_shared = 1;
	db->next_node = 1;
	db->path = lock_resolve(path, err);
	/* Before the lock's file appears beside it: what is not ours is left alone. */
	if (db->path && judge_read(db->path, O_RDONLY, &h, err) && judge_header(&h, db->path, err) != REFUSED &&
	    (db->lock_fd = lock_take(db->path, err)) >= 0 && open_locked(db, notice, err))
		return true;
	db_close(db);
	return false;
}

void
db_close(struct db *db)
{
	detach(db);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	for (size_t i = 0; i < db->node_count; i++)
		free(db->nodes[i].name);
	free(db->nodes);
	free(db->path);
	memset(db, 0, sizeof(*db));
	db->lock_fd = -1;
}

int
db_sync(struct db *db)
{
	sqlite3_file *log = NULL;
	int result = sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (result == SQLITE_OK && log && log->pMethods)
		result = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
	return result == SQLITE_OK ? SQLITE_OK : run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

static uint64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t
db_size(const struct db *db)
{
	struct strbuf wal = STRBUF_INIT;
	uint64_t size;

	strbuf_addf(&wal, "%s-wal", db->path);
	size = size_of(db->path) + size_of(wal.data);
	strbuf_release(&wal);
	return size;
}
