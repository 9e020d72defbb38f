/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's thread: takes what is ready, writes it as one transaction, tells the loop; in between it deletes what is too old, a few rows
 * at a time. What cannot be written is kept and tried again, as long as the store is open.
 */
#include <stdio.h>
#include <time.h>

#include "os/clock.h"
#include "store/state.h"

#define FLUSH_BYTES (4 << 20) /* so much does not wait for STORE_FLUSH_MS */
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 5000
#define CLOSE_MS 1000   /* for what is queued at the end */
#define EXPIRE_ROWS 500 /* looked at in one step of retention */
#define EXPIRE_EVERY_MS 10000
#define EXPIRE_PAUSE_MS 20
#define SHARED_SPARE_MS 60000

struct writer {
	struct store *s;
	struct rows rows;   /* of the transaction under way, or of the one to be tried again */
	uint64_t mark;      /* the last among them, 0: none */
	int retry_ms;       /* 0: the last one went well */
	int64_t now_ms;     /* the latest time that was put */
	int64_t expired_ms; /* now_ms of the last retention that found nothing more; 0: none yet */
	bool expire_more;
	int64_t close_by_us; /* 0: not closing */
};

/* ---- rows ---- */

static void
bind_blob(sqlite3_stmt *st, int at, const void *data, size_t len)
{
	if (len > 0)
		sqlite3_bind_blob(st, at, data, (int)len, SQLITE_STATIC);
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
	sqlite3_stmt *st = w->s->db.statements[SQL_SAMPLE];

	sqlite3_bind_int64(st, 1, r->time_ms);
	bind_blob(st, 2, r->data, r->body_len);
	bind_blob(st, 3, r->data + r->body_len, r->more_len);
	return db_run(&w->s->db, SQL_SAMPLE);
}

static int
write_restart(struct writer *w, const struct row *r)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_RESTART];

	sqlite3_bind_int64(st, 1, db->next_restart++);
	sqlite3_bind_int64(st, 2, r->time_ms);
	sqlite3_bind_int64(st, 3, (int64_t)w->s->options.session);
	sqlite3_bind_int(st, 4, r->a);
	sqlite3_bind_int(st, 5, r->b);
	sqlite3_bind_int64(st, 6, (int64_t)r->times);
	sqlite3_bind_int64(st, 7, (int64_t)r->met);
	if (r->id)
		sqlite3_bind_int64(st, 8, (int64_t)r->id);
	bind_blob(st, 9, r->data, r->body_len);
	return db_run(db, SQL_RESTART);
}

static int
write_event(struct writer *w, const struct row *r)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_EVENT];

	sqlite3_bind_int64(st, 1, r->time_ms);
	sqlite3_bind_text(st, 2, event_type_name((enum event_type)r->a), -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, severity_name((enum severity)r->b), -1, SQLITE_STATIC);
	bind_blob(st, 4, r->data, r->body_len);
	return db_run(&w->s->db, SQL_EVENT);
}

/* Only the last mark of a transaction means anything. */
static int
note_mark(struct writer *w, const struct row *r)
{
	w->mark = r->id;
	return SQLITE_OK;
}

static int (*const WRITE[ROW_KIND_COUNT])(struct writer *w, const struct row *r) = {
	[ROW_SHARED] = write_shared,
	[ROW_SAMPLE] = write_sample,
	[ROW_RESTART] = write_restart,
	[ROW_EVENT] = write_event,
	[ROW_MARK] = note_mark,
};

static int
write_session(struct writer *w)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_SESSION];

	if (db->session_known)
		return SQLITE_OK;
	sqlite3_bind_int64(st, 1, (int64_t)w->s->options.session);
	sqlite3_bind_int64(st, 2, db->next_restart);
	return db_run(db, SQL_SESSION);
}

static int
write_mark(struct writer *w)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_MARK];

	if (w->mark == 0)
		return SQLITE_OK;
	sqlite3_bind_int64(st, 1, (int64_t)w->s->options.session);
	sqlite3_bind_int64(st, 2, (int64_t)w->mark);
	return db_run(&w->s->db, SQL_MARK);
}

static int
write_rows(struct writer *w)
{
	int result = write_session(w);

	w->mark = 0;
	for (const struct row *r = w->rows.first; r && result == SQLITE_OK; r = r->next)
		result = WRITE[r->kind](w, r);
	return result == SQLITE_OK ? write_mark(w) : result;
}

/* ---- transactions ---- */

/* transact runs one step within a transaction: all of it or nothing. */
static int
transact(struct writer *w, int (*step)(struct writer *w), char *why, size_t size)
{
	struct db *db = &w->s->db;
	int64_t next_restart = db->next_restart;
	int result = db->sql ? db_run(db, SQL_BEGIN) : SQLITE_CORRUPT;

	if (result == SQLITE_OK)
		result = step(w);
	if (result == SQLITE_OK)
		result = db_run(db, SQL_COMMIT);
	if (result == SQLITE_OK)
		return SQLITE_OK;
	snprintf(why, size, "%s", db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(result));
	db->next_restart = next_restart;
	if (db->sql && !sqlite3_get_autocommit(db->sql))
		db_run(db, SQL_ROLLBACK);
	return result;
}

/* What it says once per change: it fails, it goes on. The counts say it first: who hears of it may look at them. */
static void
failed(struct writer *w, const char *why)
{
	struct store *s = w->s;

	pthread_mutex_lock(&s->lock);
	s->counts.failing = true;
	pthread_mutex_unlock(&s->lock);
	if (w->retry_ms == 0)
		store_notice(s, true, "%s: cannot be written: %s; what comes is kept in memory, and tried again",
		    s->options.path, why);
	w->retry_ms = w->retry_ms == 0 ? RETRY_MIN_MS : w->retry_ms * 2 < RETRY_MAX_MS ? w->retry_ms * 2 : RETRY_MAX_MS;
}

/* What was shared in the damaged file is unknown in the new one: the loop shares it anew. */
static bool
replace(struct writer *w, struct err *err)
{
	struct store *s = w->s;
	struct strbuf notice = STRBUF_INIT;
	bool ok = db_replace(&s->db, s->options.node, &notice, err);

	if (notice.len > 0)
		store_notice(s, true, "%s", notice.data);
	strbuf_release(&notice);
	pthread_mutex_lock(&s->lock);
	s->files++;
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static void
committed(struct writer *w)
{
	struct store *s = w->s;
	size_t rows = w->rows.count, bytes = w->rows.bytes;

	rows_free(&w->rows);
	s->db.session_known = true;
	if (w->retry_ms > 0)
		store_notice(s, false, "%s: is written again, nothing that was kept is lost", s->options.path);
	w->retry_ms = 0;
	pthread_mutex_lock(&s->lock);
	queue_written(&s->queue, bytes);
	s->counts.failing = false;
	s->counts.committed += rows;
	s->counts.bytes = db_size(&s->db);
	if (w->mark) {
		s->mark = w->mark;
		s->mark_is_news = true;
	}
	event_active(s->news, EV_TIMEOUT, 0);
	pthread_mutex_unlock(&s->lock);
}

static void
write_batch(struct writer *w)
{
	char why[256] = "";
	struct err err;
	int result = db_is_gone(&w->s->db) ? SQLITE_CORRUPT : transact(w, write_rows, why, sizeof(why));

	if (db_is_damage(result) && !replace(w, &err))
		snprintf(why, sizeof(why), "%.255s", err.text);
	else if (db_is_damage(result))
		result = transact(w, write_rows, why, sizeof(why));
	if (result == SQLITE_OK)
		committed(w);
	else
		failed(w, why);
}

/* ---- retention ---- */

static int
expire(struct writer *w, enum db_statement which, int64_t from_ms, int64_t to_ms)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[which];
	int result;

	sqlite3_bind_int(st, 1, EXPIRE_ROWS);
	sqlite3_bind_int64(st, 2, from_ms);
	sqlite3_bind_int64(st, 3, to_ms);
	result = db_run(db, which);
	w->expire_more = w->expire_more || sqlite3_changes(db->sql) > 0;
	return result;
}

static void
bind_restarts(struct writer *w, sqlite3_stmt *st, int64_t from_ms, int64_t to_ms)
{
	sqlite3_bind_int(st, 1, EXPIRE_ROWS);
	sqlite3_bind_int64(st, 2, from_ms);
	sqlite3_bind_int64(st, 3, to_ms);
	sqlite3_bind_int64(st, 4, w->s->db.next_restart - STORE_MAX_RESTARTS);
}

/* ask steps a statement that returns one row, and gives its first number. */
static int
ask(struct db *db, enum db_statement which, int64_t *answer)
{
	sqlite3_stmt *st = db->statements[which];
	int result = sqlite3_step(st);

	if (result == SQLITE_ROW)
		*answer = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* 2: causes with their reasons, 1: without, 0: all together. */
static int
tally_detail(struct writer *w, int *detail)
{
	struct db *db = &w->s->db;
	int64_t count = 0;
	int result;

	sqlite3_bind_int64(db->statements[SQL_TALLY_COUNT], 1, (int64_t)w->s->options.session);
	result = ask(db, SQL_TALLY_COUNT, &count);
	*detail = count < STORE_MAX_TALLIES ? 2 : count < 2 * STORE_MAX_TALLIES ? 1 : 0;
	return result;
}

static int
fold(struct writer *w, int64_t from_ms, int64_t to_ms)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_FOLD];
	int detail, result = tally_detail(w, &detail);

	if (result != SQLITE_OK)
		return result;
	bind_restarts(w, st, from_ms, to_ms);
	sqlite3_bind_int64(st, 5, (int64_t)w->s->options.session);
	sqlite3_bind_int(st, 6, detail);
	return db_run(&w->s->db, SQL_FOLD);
}

/* What restarts share goes after them: their tallies need it. */
static int
expire_shared(struct writer *w, int64_t from_ms, int64_t to_ms)
{
	return expire(w, SQL_EXPIRE_SHARED, from_ms - STORE_SHARED_MS - SHARED_SPARE_MS, to_ms + STORE_SHARED_MS);
}

static int
expire_restarts(struct writer *w, int64_t from_ms, int64_t to_ms)
{
	struct db *db = &w->s->db;
	int64_t count = 0;
	int result;

	bind_restarts(w, db->statements[SQL_OLDEST_RESTARTS], from_ms, to_ms);
	result = ask(db, SQL_OLDEST_RESTARTS, &count);
	if (result == SQLITE_OK && count > 0)
		result = fold(w, from_ms, to_ms);
	if (result == SQLITE_OK && count > 0) {
		w->expire_more = true;
		bind_restarts(w, db->statements[SQL_EXPIRE_RESTARTS], from_ms, to_ms);
		result = db_run(db, SQL_EXPIRE_RESTARTS);
	}
	return result == SQLITE_OK && count < EXPIRE_ROWS ? expire_shared(w, from_ms, to_ms) : result;
}

static int
expire_sessions(struct writer *w)
{
	struct db *db = &w->s->db;
	int result;

	sqlite3_bind_int64(db->statements[SQL_EXPIRE_SESSIONS], 1, (int64_t)w->s->options.session);
	result = db_run(db, SQL_EXPIRE_SESSIONS);
	return result == SQLITE_OK ? db_run(db, SQL_EXPIRE_TALLIES) : result;
}

/* Rows of the future are from before somebody set the clock back. They stay as long as if they were of now. */
static int
expire_rows(struct writer *w)
{
	int64_t keep = w->s->options.retention_ms, now = w->now_ms;
	int64_t from = now - keep, to = now + keep;
	int result = expire(w, SQL_EXPIRE_SAMPLES, from, to);

	if (result == SQLITE_OK)
		result = expire(w, SQL_EXPIRE_EVENTS, from, to);
	if (result == SQLITE_OK)
		result = expire_restarts(w, from, to);
	if (result == SQLITE_OK && !w->expire_more)
		result = expire_sessions(w);
	return result == SQLITE_OK ? db_run(&w->s->db, SQL_VACUUM) : result;
}

static void
expire_step(struct writer *w)
{
	char why[256];
	int result;

	w->expire_more = false;
	result = transact(w, expire_rows, why, sizeof(why));
	if (!w->expire_more || result != SQLITE_OK)
		w->expired_ms = w->now_ms;
	/* Damage shows here, too; other failures do when something is to be written. */
	if (db_is_damage(result)) {
		struct err err;

		if (!replace(w, &err))
			failed(w, err.text);
	}
}

static bool
expire_is_due(const struct writer *w)
{
	return w->retry_ms == 0 && (w->expire_more || w->now_ms - w->expired_ms >= EXPIRE_EVERY_MS);
}

/* ---- the thread ---- */

static void
wait_ms(struct store *s, int64_t ms)
{
	int64_t until = clock_mono_us() + ms * 1000;
	struct timespec ts = { until / 1000000, until % 1000000 * 1000 };

	pthread_cond_timedwait(&s->wake, &s->lock, &ts);
}

static bool
nothing_waits(const struct writer *w)
{
	const struct queue *q = &w->s->queue;

	return w->rows.first == NULL && q->ready.first == NULL && q->ready_samples.first == NULL;
}

/* wait_flush lets a batch gather: the first row waits for STORE_FLUSH_MS. */
static void
wait_flush(struct store *s)
{
	int64_t until = clock_mono_us() + STORE_FLUSH_MS * 1000, left;

	while (!s->closing && s->queue.ready.bytes + s->queue.ready_samples.bytes < FLUSH_BYTES &&
	    (left = until - clock_mono_us()) > 0)
		wait_ms(s, left / 1000 + 1);
}

/* wait_retry: the time until the next try, unless the store closes. */
static void
wait_retry(struct writer *w)
{
	int64_t until = clock_mono_us() + (w->s->closing ? RETRY_MIN_MS : w->retry_ms) * (int64_t)1000, left;
	bool closing = w->s->closing;

	while (w->s->closing == closing && (left = until - clock_mono_us()) > 0)
		wait_ms(w->s, left / 1000 + 1);
}

/* wait_rows waits until there is something to write (true), or time for retention. */
static bool
wait_rows(struct writer *w)
{
	struct store *s = w->s;

	if (w->retry_ms > 0)
		wait_retry(w);
	while (nothing_waits(w) && !s->closing && !expire_is_due(w))
		pthread_cond_wait(&s->wake, &s->lock);
	if (nothing_waits(w) && !s->closing)
		wait_ms(s, EXPIRE_PAUSE_MS);
	if (nothing_waits(w))
		return false;
	if (w->retry_ms == 0)
		wait_flush(s);
	/* What waits for another try stays a batch of its own: samples behind it can still make room for others. */
	if (w->rows.first == NULL)
		queue_take(&s->queue, &w->rows);
	w->now_ms = s->newest_ms;
	return true;
}

/* take_work: false when the store closes and nothing is left to do, or no time. */
static bool
take_work(struct writer *w, bool *write)
{
	struct store *s = w->s;
	bool go_on;

	pthread_mutex_lock(&s->lock);
	*write = wait_rows(w);
	if (s->closing && w->close_by_us == 0)
		w->close_by_us = clock_mono_us() + CLOSE_MS * 1000;
	go_on = !s->closing || (*write && clock_mono_us() < w->close_by_us);
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

void *
writer_run(void *store)
{
	struct writer w = { .s = store };
	bool write;

	while (take_work(&w, &write)) {
		if (write)
			write_batch(&w);
		/* One step between two batches, however fast they come: what is put every second must also go. */
		if (expire_is_due(&w))
			expire_step(&w);
	}
	pthread_mutex_lock(&w.s->lock);
	w.s->counts.dropped += w.rows.count;
	pthread_mutex_unlock(&w.s->lock);
	rows_free(&w.rows);
	return NULL;
}
