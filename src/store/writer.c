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
#define CLOSE_MS 1000 /* for what is queued at the end */
#define EXPIRE_EVERY_MS 10000
#define EXPIRE_PAUSE_MS 20
#define SYNC_MS 4000  /* what was committed waits so long at most for the disk to take it */
#define SALVAGE_MS 20 /* at a time, for what is taken over from a damaged file */

/* ---- transactions ---- */

/* transact runs one step within a transaction: all of it or nothing. */
static int
transact(struct writer *w, int (*step)(struct writer *w), char *why, size_t size)
{
	struct db *db = &w->s->db;
	int64_t next_restart = db->next_restart, next_sample = db->next_sample;
	int result = db->sql ? db_run(db, SQL_BEGIN) : SQLITE_CORRUPT;

	if (result == SQLITE_OK)
		result = step(w);
	if (result == SQLITE_OK)
		result = db_run(db, SQL_COMMIT);
	if (result == SQLITE_OK)
		return SQLITE_OK;
	snprintf(why, size, "%s", db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(result));
	db->next_restart = next_restart;
	db->next_sample = next_sample;
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
	snprintf(s->counts.failure, sizeof(s->counts.failure), "%s", why);
	pthread_mutex_unlock(&s->lock);
	if (w->retry_ms == 0)
		store_notice(s, true, "%s: cannot be written: %s; what comes is kept in memory, and tried again",
		    s->options.path, why);
	w->retry_ms = w->retry_ms == 0 ? RETRY_MIN_MS : w->retry_ms * 2 < RETRY_MAX_MS ? w->retry_ms * 2 : RETRY_MAX_MS;
}

/* What was shared in the damaged file is unknown in the new one: the loop shares it anew. */
static bool
begin_anew(struct writer *w, struct err *err)
{
	struct store *s = w->s;
	struct strbuf notice = STRBUF_INIT;
	bool ok = db_replace(&s->db, &notice, err);

	if (notice.len > 0)
		store_notice(s, true, "%s", notice.data);
	strbuf_release(&notice);
	pthread_mutex_lock(&s->lock);
	s->files++;
	pthread_mutex_unlock(&s->lock);
	return ok;
}

/* mend makes the file one that can be written, after this result. */
static bool
mend(struct writer *w, int result, struct err *err)
{
	struct store *s = w->s;

	if (result != SQLITE_CORRUPT_INDEX || !db_reindex(&s->db))
		return begin_anew(w, err);
	store_notice(s, true, "%s: an index was damaged, and was built anew; nothing is lost", s->options.path);
	return true;
}

/* note_marks: under the lock. */
static void
note_marks(struct store *s)
{
	for (size_t i = 0; i < s->db.node_count; i++) {
		struct db_node *n = &s->db.nodes[i];

		n->session_known = true;
		if (n->mark == 0)
			continue;
		s->nodes[i]->mark = n->mark;
		s->nodes[i]->mark_is_news = true;
	}
}

static void
committed(struct writer *w)
{
	struct store *s = w->s;
	size_t rows = w->rows.count, bytes = w->rows.bytes;
	uint64_t size = db_size(&s->db);

	rows_free(&w->rows);
	if (w->retry_ms > 0)
		store_notice(s, false, "%s: is written again, nothing that was kept is lost", s->options.path);
	w->retry_ms = 0;
	w->salvage_waits = false;
	if (w->sync_at_us == 0)
		w->sync_at_us = clock_mono_us() + SYNC_MS * 1000;
	pthread_mutex_lock(&s->lock);
	queue_written(&s->queue, bytes);
	s->counts.failing = false;
	s->counts.failure[0] = '\0';
	s->counts.committed += rows;
	s->counts.bytes = size;
	note_marks(s);
	store_wake_loop(s);
	pthread_mutex_unlock(&s->lock);
}

/* A little of what is still to be taken over from a damaged file: before new rows, which get higher ids. */
static int
salvage_some(struct writer *w, char *why, size_t size)
{
	struct store *s = w->s;
	struct strbuf notice = STRBUF_INIT;
	int result = SQLITE_OK;

	if (s->db.salvage)
		result = db_salvage(&s->db, SALVAGE_MS, &notice);
	if (result != SQLITE_OK)
		snprintf(why, size, "%s", sqlite3_errmsg(s->db.sql));
	if (notice.len > 0)
		store_notice(s, true, "%s", notice.data);
	strbuf_release(&notice);
	return result;
}

static int
write_once(struct writer *w, char *why, size_t size)
{
	int result = db_is_gone(&w->s->db) ? SQLITE_CORRUPT : salvage_some(w, why, size);

	return result == SQLITE_OK ? transact(w, rows_write, why, size) : result;
}

static void
write_batch(struct writer *w)
{
	char why[256] = "";
	struct err err;
	int result = write_once(w, why, sizeof(why));

	if (db_is_damage(result) && !mend(w, result, &err))
		snprintf(why, sizeof(why), "%.255s", err.text);
	else if (db_is_damage(result))
		result = write_once(w, why, sizeof(why));
	if (result == SQLITE_OK)
		committed(w);
	else
		failed(w, why);
}

/* ---- a power cut loses no more than SYNC_MS ---- */

static bool
sync_is_due(const struct writer *w)
{
	return w->sync_at_us != 0 && clock_mono_us() >= w->sync_at_us;
}

static void
sync_step(struct writer *w)
{
	struct store *s = w->s;
	int result = s->db.sql ? db_sync(&s->db) : SQLITE_OK;

	w->sync_at_us = result == SQLITE_OK ? 0 : clock_mono_us() + SYNC_MS * 1000;
	if (result != SQLITE_OK && !w->sync_fails)
		store_notice(s, true, "%s: the disk does not confirm what was written, which a power cut may lose: %s",
		    s->options.path, sqlite3_errmsg(s->db.sql));
	else if (result == SQLITE_OK && w->sync_fails)
		store_notice(s, false, "%s: the disk has confirmed what was written", s->options.path);
	w->sync_fails = result != SQLITE_OK;
}

/* ---- in between: retention, and what is taken over from a damaged file ---- */

static void
tell_evicted(struct writer *w)
{
	store_notice(
	    w->s, true, "%s: is full of incidents: the oldest, %s, had to go", w->s->options.path, w->evicted.data);
}

static void
expire_step(struct writer *w)
{
	char why[256];
	int result;

	w->expire_more = false;
	strbuf_reset(&w->evicted);
	result = transact(w, retention_step, why, sizeof(why));
	if (result == SQLITE_OK && w->evicted.len > 0)
		tell_evicted(w);
	if (!w->expire_more || result != SQLITE_OK)
		w->expired_ms = w->now_ms;
	/* Damage shows here, too; other failures do when something is to be written. */
	if (db_is_damage(result)) {
		struct err err;

		if (!mend(w, result, &err))
			failed(w, err.text);
	}
}

static bool
expire_is_due(const struct writer *w)
{
	return w->expire_more || w->now_ms - w->expired_ms >= EXPIRE_EVERY_MS;
}

/* What did not go well is tried with the next rows. */
static bool
salvage_is_due(const struct writer *w)
{
	return w->s->db.salvage && !w->salvage_waits;
}

static void
salvage_step(struct writer *w)
{
	char why[256] = "";
	struct err err;
	int result = salvage_some(w, why, sizeof(why));

	w->salvage_waits = result != SQLITE_OK;
	if (db_is_damage(result) && !mend(w, result, &err))
		failed(w, err.text);
}

/* Before the first row the file is the loop's. Retention waits until all that is to be taken over is there: it goes by what is oldest. */
static bool
step_is_due(const struct writer *w)
{
	return w->now_ms != 0 && w->retry_ms == 0 && (w->s->db.salvage ? salvage_is_due(w) : expire_is_due(w));
}

static void
step(struct writer *w)
{
	if (w->s->db.salvage)
		salvage_step(w);
	else
		expire_step(w);
}

/* ---- the thread ---- */

static void
wait_ms(struct store *s, int64_t ms)
{
	int64_t until = clock_mono_us() + ms * 1000;
	struct timespec ts = { until / 1000000, until % 1000000 * 1000 };

	pthread_cond_timedwait(&s->wake, &s->lock, &ts);
}

/* wait_news waits until somebody has something, or a sync is due. */
static void
wait_news(struct writer *w)
{
	int64_t left = w->sync_at_us - clock_mono_us();

	if (w->sync_at_us == 0)
		pthread_cond_wait(&w->s->wake, &w->s->lock);
	else if (left > 0)
		wait_ms(w->s, left / 1000 + 1);
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

/* wait_rows waits until there is something to write (true), or time for a step of something else. */
static bool
wait_rows(struct writer *w)
{
	struct store *s = w->s;

	if (w->retry_ms > 0)
		wait_retry(w);
	while (nothing_waits(w) && !s->closing && !step_is_due(w) && !sync_is_due(w))
		wait_news(w);
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

void
writer_run(struct store *s)
{
	struct writer w = { .s = s };
	bool write;

	while (take_work(&w, &write)) {
		if (write)
			write_batch(&w);
		/* One step between two batches, however fast they come: what is put every second must also go. */
		if (step_is_due(&w))
			step(&w);
		if (sync_is_due(&w))
			sync_step(&w);
	}
	pthread_mutex_lock(&s->lock);
	s->counts.dropped += w.rows.count;
	pthread_mutex_unlock(&s->lock);
	rows_free(&w.rows);
	strbuf_release(&w.evicted);
}
