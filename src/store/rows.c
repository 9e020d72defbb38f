/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one transaction, as SQL. */
#include "engine/past.h"
#include "store/state.h"

static void
bind_blob(sqlite3_stmt *st, int at, const void *data, size_t len)
{
	if (len > 0)
		sqlite3_bind_blob(st, at, data, (int)len, SQLITE_STATIC);
}

static int64_t
node_number(const struct writer *w, const struct row *r)
{
	return w->s->db.nodes[r->node].number;
}

static int
write_shared(struct writer *w, const struct row *r)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_SHARED];

	sqlite3_bind_int64(st, 1, (int64_t)r->id);
	sqlite3_bind_int64(st, 2, r->time_ms);
	bind_blob(st, 3, r->data, r->body_len);
	return db_run(&w->s->db, SQL_SHARED);
}

static int
write_sample(struct writer *w, const struct row *r)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_SAMPLE];

	sqlite3_bind_int64(st, 1, db->next_sample++);
	sqlite3_bind_int64(st, 2, node_number(w, r));
	sqlite3_bind_int64(st, 3, r->time_ms);
	bind_blob(st, 4, r->data, r->body_len);
	bind_blob(st, 5, r->data + r->body_len, r->more_len);
	return db_run(db, SQL_SAMPLE);
}

static int
write_restart(struct writer *w, const struct row *r)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_RESTART];

	sqlite3_bind_int64(st, 1, db->next_restart++);
	sqlite3_bind_int64(st, 2, node_number(w, r));
	sqlite3_bind_int64(st, 3, r->time_ms);
	sqlite3_bind_int64(st, 4, (int64_t)db->nodes[r->node].session);
	sqlite3_bind_int(st, 5, r->a);
	sqlite3_bind_int(st, 6, r->b);
	sqlite3_bind_int64(st, 7, (int64_t)r->times);
	sqlite3_bind_int64(st, 8, (int64_t)r->met);
	if (r->id)
		sqlite3_bind_int64(st, 9, (int64_t)r->id);
	bind_blob(st, 10, r->data, r->body_len);
	return db_run(db, SQL_RESTART);
}

static int
write_event(struct writer *w, const struct row *r)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_EVENT];

	sqlite3_bind_int64(st, 1, node_number(w, r));
	sqlite3_bind_int64(st, 2, r->time_ms);
	sqlite3_bind_text(st, 3, event_type_name((enum event_type)r->a), -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, severity_name((enum severity)r->b), -1, SQLITE_STATIC);
	bind_blob(st, 5, r->data, r->body_len);
	return db_run(&w->s->db, SQL_EVENT);
}

/* Only a node's last mark of a transaction means anything. */
static int
note_mark(struct writer *w, const struct row *r)
{
	w->s->db.nodes[r->node].mark = r->id;
	return SQLITE_OK;
}

/* The rows that a block of samples covers are in it. */
static int
delete_covered(struct writer *w, const struct row *r)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_COVERED];

	sqlite3_bind_int64(st, 1, node_number(w, r));
	sqlite3_bind_int64(st, 2, r->time_ms);
	sqlite3_bind_int64(st, 3, r->last_ms);
	sqlite3_bind_int64(st, 4, db->first_sample);
	sqlite3_bind_int64(st, 5, db->nodes[r->node].restored_ms);
	return db_run(db, SQL_COVERED);
}

static int
write_block(struct writer *w, const struct row *r)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_BLOCK];
	int result;

	sqlite3_bind_int64(st, 1, node_number(w, r));
	sqlite3_bind_int(st, 2, r->a);
	sqlite3_bind_int64(st, 3, r->time_ms);
	sqlite3_bind_int64(st, 4, r->last_ms);
	sqlite3_bind_int64(st, 5, (int64_t)r->times);
	bind_blob(st, 6, r->data, r->body_len);
	result = db_run(db, SQL_BLOCK);
	return result == SQLITE_OK && r->a == PAST_SAMPLES ? delete_covered(w, r) : result;
}

static int
write_incident(struct writer *w, const struct row *r)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_INCIDENT];

	sqlite3_bind_int64(st, 1, node_number(w, r));
	sqlite3_bind_int64(st, 2, r->time_ms);
	sqlite3_bind_text(st, 3, row_incident_kind(r), -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, row_incident_id(r), -1, SQLITE_STATIC);
	bind_blob(st, 5, r->data + r->body_len, r->more_len);
	return db_run(&w->s->db, SQL_INCIDENT);
}

static int (*const WRITE[ROW_KIND_COUNT])(struct writer *w, const struct row *r) = {
	[ROW_SHARED] = write_shared,
	[ROW_SAMPLE] = write_sample,
	[ROW_RESTART] = write_restart,
	[ROW_EVENT] = write_event,
	[ROW_MARK] = note_mark,
	[ROW_BLOCK] = write_block,
	[ROW_INCIDENT] = write_incident,
};

/* Each node's session is there before its first row. */
static int
write_sessions(struct writer *w)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_SESSION];
	int result = SQLITE_OK;

	for (size_t i = 0; i < db->node_count && result == SQLITE_OK; i++) {
		db->nodes[i].mark = 0;
		if (db->nodes[i].session_known)
			continue;
		sqlite3_bind_int64(st, 1, db->nodes[i].number);
		sqlite3_bind_int64(st, 2, (int64_t)db->nodes[i].session);
		sqlite3_bind_int64(st, 3, db->next_restart);
		sqlite3_bind_int64(st, 4, w->now_ms);
		result = db_run(db, SQL_SESSION);
	}
	return result;
}

static int
write_marks(struct writer *w)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_MARK];
	int result = SQLITE_OK;

	for (size_t i = 0; i < db->node_count && result == SQLITE_OK; i++) {
		if (db->nodes[i].mark == 0)
			continue;
		sqlite3_bind_int64(st, 1, db->nodes[i].number);
		sqlite3_bind_int64(st, 2, (int64_t)db->nodes[i].session);
		sqlite3_bind_int64(st, 3, (int64_t)db->nodes[i].mark);
		result = db_run(db, SQL_MARK);
	}
	return result;
}

int
rows_write(struct writer *w)
{
	int result = write_sessions(w);

	for (const struct row *r = w->rows.first; r && result == SQLITE_OK; r = r->next)
		result = WRITE[r->kind](w, r);
	return result == SQLITE_OK ? write_marks(w) : result;
}
