/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite takes no locks of its own here (unix-none), and is told that nothing changes the file (immutable), or, where there is a log that must be
 * read along, to keep the log's index in our memory (exclusive mode): so no file appears beside it. What keeps writers away is the lock on
 * PATH.lock.
 */
#include "store/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "store/incident_list.h"
#include "store/judge.h"
#include "store/lock.h"
#include "store/names.h"
#include "store/restore.h"
#include "store/schema.h"

#define NODES_MAX 10000

struct read_node {
	int64_t number;
	char *name;
};

struct store_reader {
	char *path;
	int lock_fd; /* -1: there is no file of that name */
	sqlite3 *sql;
	struct sample_names names;
	struct read_node *nodes;
	size_t node_count;
	struct incident_list incidents;
};

/* ---- may it be read ---- */

static int64_t
size_of(const char *path, const char *part)
{
	struct strbuf name = STRBUF_INIT;
	struct stat st;
	int64_t size = -1;

	strbuf_addf(&name, "%s%s", path, part);
	if (stat(name.data, &st) == 0)
		size = st.st_size;
	strbuf_release(&name);
	return size;
}

static bool
judge(const char *path, struct err *err)
{
	struct file_header h;
	enum condition condition;

	if (size_of(path, "") < 0)
		return err_set(err, "%s: %s", path, strerror(errno));
	if (!judge_read(path, O_RDONLY, &h, err))
		return false;
	condition = judge_header(&h, path, err);
	if (condition == DAMAGED)
		return err_set(err, "%s: is damaged: \"arsenal watch --store\" keeps what can be read of it", path);
	if (condition == GOOD && h.len == 0)
		return err_set(err, "%s: is empty", path);
	if (condition == GOOD && size_of(path, "-journal") > 0)
		return err_set(
		    err, "%s: was left in the middle of a change: \"arsenal watch --store\" takes that back", path);
	return condition == GOOD;
}

/* ---- opening ---- */

/* add_uri writes the path so that SQLite reads it back as it is. */
static void
add_uri(struct strbuf *uri, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

	strbuf_adds(uri, "file:");
	for (; *path; path++) {
		if (strchr(plain, *path))
			strbuf_addc(uri, *path);
		else
			strbuf_addf(uri, "%%%02X", (unsigned char)*path);
	}
}

/* Nothing that a file brings along runs. */
static int
configure(sqlite3 *sql)
{
	sqlite3_extended_result_codes(sql, 1);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return sqlite3_exec(sql,
	    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
	    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048",
	    NULL, NULL, NULL);
}

static int
open_file(struct store_reader *r)
{
	struct strbuf uri = STRBUF_INIT;
	int result;

	add_uri(&uri, r->path);
	strbuf_adds(&uri, size_of(r->path, "-wal") > 0 ? "?mode=ro" : "?mode=ro&immutable=1");
	result = sqlite3_open_v2(
	    uri.data, &r->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, "unix-none");
	strbuf_release(&uri);
	return result == SQLITE_OK ? configure(r->sql) : result;
}

/* copy_to_memory puts a copy in the file's place, which can be changed. */
static int
copy_to_memory(struct store_reader *r)
{
	sqlite3 *copy = NULL;
	sqlite3_backup *backup;
	int result =
	    sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (result == SQLITE_OK)
		result = configure(copy);
	if (result == SQLITE_OK && (backup = sqlite3_backup_init(copy, "main", r->sql, "main")) != NULL) {
		sqlite3_backup_step(backup, -1);
		result = sqlite3_backup_finish(backup);
	}
	sqlite3_close(r->sql);
	r->sql = copy;
	return result;
}

/* ---- what is in it ---- */

/* ask: *answer stays as it is if there is none. ?1 is the number. */
static int
ask(struct store_reader *r, const char *query, int64_t number, int64_t *answer)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(r->sql, query, -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int64(st, 1, number);
	result = sqlite3_step(st);
	if (result == SQLITE_ROW)
		*answer = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int
migrate(struct store_reader *r, int64_t version)
{
	int result = SQLITE_OK;

	if (version < 0 || version >= (int64_t)ARRAY_LEN(SCHEMA_STEPS))
		return SQLITE_OK;
	result = copy_to_memory(r);
	for (; result == SQLITE_OK && version < (int64_t)ARRAY_LEN(SCHEMA_STEPS); version++)
		result = sqlite3_exec(r->sql, SCHEMA_STEPS[version], NULL, NULL, NULL);
	return result;
}

static int
read_nodes(struct store_reader *r)
{
	sqlite3_stmt *st;
	int result = sqlite3_prepare_v2(
	    r->sql, "SELECT node, name FROM nodes WHERE length(name) < ?1 ORDER BY node", -1, &st, NULL);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int(st, 1, NODE_NAME_MAX + 1);
	while ((result = sqlite3_step(st)) == SQLITE_ROW && r->node_count < NODES_MAX) {
		const char *name = (const char *)sqlite3_column_text(st, 1);

		r->nodes = xreallocarray(r->nodes, r->node_count + 1, sizeof(r->nodes[0]));
		r->nodes[r->node_count++] =
		    (struct read_node) { sqlite3_column_int64(st, 0), xstrdup(name ? name : "") };
	}
	sqlite3_finalize(st);
	return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

static int
read_contents(struct store_reader *r)
{
	int64_t version = 0;
	int result = ask(r, "PRAGMA user_version", 0, &version);

	if (result == SQLITE_OK)
		result = migrate(r, version);
	if (result == SQLITE_OK)
		result = names_read(r->sql, &r->names);
	if (result == SQLITE_OK)
		result = read_nodes(r);
	return result == SQLITE_OK ? incident_list_load(&r->incidents, r->sql) : result;
}

struct store_reader *
store_read_open(const char *path, struct err *err)
{
	struct store_reader *r = xcalloc(1, sizeof(*r));
	int result;

	r->path = lock_resolve(path, err);
	r->lock_fd = -1;
	if (r->path == NULL || !judge(r->path, err) || !lock_share(r->path, &r->lock_fd, err)) {
		store_read_close(r);
		return NULL;
	}
	result = open_file(r);
	if (result == SQLITE_OK)
		result = read_contents(r);
	if (result == SQLITE_OK)
		return r;
	err_set(err, "%s: cannot be read: %s", path, r->sql ? sqlite3_errmsg(r->sql) : sqlite3_errstr(result));
	store_read_close(r);
	return NULL;
}

void
store_read_close(struct store_reader *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->node_count; i++)
		free(r->nodes[i].name);
	free(r->nodes);
	incident_list_release(&r->incidents);
	sqlite3_close(r->sql);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
	free(r->path);
	free(r);
}

/* ---- answers ---- */

const char *
store_read_node(const struct store_reader *r, size_t i)
{
	return i < r->node_count ? r->nodes[i].name : NULL;
}

int64_t
store_read_newest_ms(struct store_reader *r, size_t i)
{
	static const char *const newest[] = {
		"SELECT max(time) FROM samples WHERE node = ?1",
		"SELECT max(last) FROM blocks WHERE node = ?1 AND kind = 0",
		"SELECT time FROM restarts WHERE node = ?1 ORDER BY id DESC LIMIT 1",
		"SELECT time FROM events WHERE node = ?1 ORDER BY id DESC LIMIT 1",
	};
	int64_t latest = 0;

	for (size_t k = 0; k < ARRAY_LEN(newest); k++) {
		int64_t time_ms = 0;

		if (ask(r, newest[k], r->nodes[i].number, &time_ms) == SQLITE_OK && time_ms > latest)
			latest = time_ms;
	}
	return latest;
}

bool
store_read_restore(
    struct store_reader *r, size_t i, struct engine *e, int64_t now_ms, uint64_t *unread, struct err *err)
{
	struct restore_input in = {
		.sql = r->sql, .names = &r->names, .node = r->nodes[i].number, .name = r->nodes[i].name
	};
	struct restore_outcome out;
	int64_t session = 0;

	/* Totals are those of the session that was open last. */
	(void)ask(r, "SELECT session FROM sessions WHERE node = ?1 ORDER BY last DESC, since DESC LIMIT 1", in.node,
	    &session);
	in.session = (uint64_t)session;
	out = restore_run(&in, e, now_ms);
	if (unread)
		*unread = out.unread;
	return out.result == SQLITE_OK ||
	    err_set(err, "%s: could not be read to its end: %s", r->path, sqlite3_errstr(out.result));
}

const struct store_incident *
store_read_incident_at(const struct store_reader *r, size_t age)
{
	return incident_list_at(&r->incidents, age);
}

bool
store_read_incident(struct store_reader *r, const char *id, struct strbuf *body, struct err *err)
{
	int result = incident_read(r->sql, id, body);

	if (result == SQLITE_DONE)
		return err_set(err, "%s: has no incident %s", r->path, id);
	return result == SQLITE_ROW ||
	    err_set(err, "%s: incident %s cannot be read: %s", r->path, id, sqlite3_errmsg(r->sql));
}
