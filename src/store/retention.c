/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retention, in small steps between two transactions: what is too old goes, and beyond the file's bound the oldest of what matters least. What
 * a step frees is given back to the disk by the steps that follow (incremental vacuum).
 */
#include "engine/past.h"
#include "store/state.h"

#define STEP_ROWS 500 /* looked at in one step */
#define STEP_BLOCKS 100
#define SHARED_SPARE_MS 60000
#define PAST_KINDS (PAST_HOURS + 1)
#define LEAST_RESTARTS 500
#define MOST_RESTARTS 200000
#define MOST_TALLIES 20000
#define MOST_REMEMBERED 4096

/* A restart takes some 500 bytes with its cause, seldom more than 2 KB: they are to be a tenth of the file, and a quarter at worst. */
struct store_limits
store_limits_of(uint64_t max_bytes)
{
	uint64_t fit = max_bytes == 0 ? MOST_RESTARTS : max_bytes / 8192;
	int64_t restarts = fit < LEAST_RESTARTS ? LEAST_RESTARTS : fit > MOST_RESTARTS ? MOST_RESTARTS : (int64_t)fit;

	return (struct store_limits) {
		.restarts = restarts,
		.shared = 2 * restarts,
		.tallies = restarts < MOST_TALLIES ? restarts : MOST_TALLIES,
		.remembered = restarts / 4 < MOST_REMEMBERED ? (size_t)restarts / 4 : MOST_REMEMBERED,
	};
}

/* What has expired is outside of this span. Rows of the future are from before somebody set the clock back: they stay as long as if they
   were of now. */
struct span {
	int64_t from_ms, to_ms;
};

static struct span
span_of(const struct writer *w, int64_t keep_ms)
{
	return (struct span) { w->now_ms - keep_ms, w->now_ms + keep_ms };
}

/* note_changes: what was deleted says that there may be more. */
static int
note_changes(struct writer *w, int result)
{
	w->expire_more = w->expire_more || sqlite3_changes(w->s->db.sql) > 0;
	return result;
}

static int
expire(struct writer *w, enum db_statement which, struct span span)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[which];

	sqlite3_bind_int(st, 1, STEP_ROWS);
	sqlite3_bind_int64(st, 2, span.from_ms);
	sqlite3_bind_int64(st, 3, span.to_ms);
	return note_changes(w, db_run(db, which));
}

/* ---- blocks ---- */

static int
expire_kind(struct writer *w, enum db_statement which, int kind, struct span span)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[which];

	sqlite3_bind_int(st, 1, STEP_BLOCKS);
	sqlite3_bind_int64(st, 2, span.from_ms);
	sqlite3_bind_int64(st, 3, span.to_ms);
	sqlite3_bind_int(st, 4, kind);
	return note_changes(w, db_run(db, which));
}

static int
expire_blocks(struct writer *w)
{
	const struct store_options *o = &w->s->options;
	const int64_t keep_ms[PAST_KINDS] = {
		[PAST_SAMPLES] = o->retention_ms,
		[PAST_MINUTES] = o->minute_retention_ms,
		[PAST_HOURS] = o->hour_retention_ms,
	};
	int result = SQLITE_OK;

	for (int kind = 0; kind < PAST_KINDS && result == SQLITE_OK; kind++) {
		result = expire_kind(w, SQL_EXPIRE_BLOCKS, kind, span_of(w, keep_ms[kind]));
		if (result == SQLITE_OK)
			result = expire_kind(w, SQL_EXPIRE_BLOCKS_AHEAD, kind, span_of(w, keep_ms[kind]));
	}
	return result;
}

/* ---- restarts: before they go, those of sessions that go on are counted ---- */

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

static void
bind_restarts(struct writer *w, sqlite3_stmt *st, struct span span)
{
	sqlite3_bind_int(st, 1, STEP_ROWS);
	sqlite3_bind_int64(st, 2, span.from_ms);
	sqlite3_bind_int64(st, 3, span.to_ms);
	sqlite3_bind_int64(st, 4, w->s->db.next_restart - w->s->limits.restarts);
}

/* 2: causes with their reasons, 1: without, 0: all together. */
static int
tally_detail(struct writer *w, int64_t node, int64_t session, int *detail)
{
	struct db *db = &w->s->db;
	int64_t most = w->s->limits.tallies;
	int64_t count = 0;
	int result;

	sqlite3_bind_int64(db->statements[SQL_TALLY_COUNT], 1, node);
	sqlite3_bind_int64(db->statements[SQL_TALLY_COUNT], 2, session);
	result = ask(db, SQL_TALLY_COUNT, &count);
	*detail = count < most ? 2 : count < 2 * most ? 1 : 0;
	return result;
}

static int
fold(struct writer *w, int64_t node, int64_t session, struct span span)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_FOLD];
	int detail, result = tally_detail(w, node, session, &detail);

	if (result != SQLITE_OK)
		return result;
	bind_restarts(w, st, span);
	sqlite3_bind_int64(st, 5, node);
	sqlite3_bind_int64(st, 6, session);
	sqlite3_bind_int(st, 7, detail);
	return db_run(db, SQL_FOLD);
}

/* fold_all: *count becomes how many restarts are to go. */
static int
fold_all(struct writer *w, struct span span, int64_t *count)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_OLDEST_RESTARTS];
	int result, folded = SQLITE_OK;

	bind_restarts(w, st, span);
	while (folded == SQLITE_OK && (result = sqlite3_step(st)) == SQLITE_ROW) {
		*count += sqlite3_column_int64(st, 2);
		folded = fold(w, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), span);
	}
	sqlite3_reset(st);
	return folded != SQLITE_OK ? folded : result == SQLITE_DONE ? SQLITE_OK : result;
}

/* What restarts share goes after them: their tallies need it. */
static int
expire_shared(struct writer *w, struct span span)
{
	sqlite3_bind_int64(w->s->db.statements[SQL_EXPIRE_SHARED], 4, w->s->limits.shared);
	return expire(w, SQL_EXPIRE_SHARED,
	    (struct span) { span.from_ms - STORE_SHARED_MS - SHARED_SPARE_MS, span.to_ms + STORE_SHARED_MS });
}

static int
expire_restarts(struct writer *w, struct span span)
{
	struct db *db = &w->s->db;
	int64_t count = 0;
	int result = fold_all(w, span, &count);

	if (result == SQLITE_OK && count > 0) {
		w->expire_more = true;
		bind_restarts(w, db->statements[SQL_EXPIRE_RESTARTS], span);
		result = db_run(db, SQL_EXPIRE_RESTARTS);
	}
	return result == SQLITE_OK && count < STEP_ROWS ? expire_shared(w, span) : result;
}

/* ---- sessions, and nodes of which nothing is left ---- */

static int
touch_sessions(struct writer *w)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_TOUCH_SESSION];
	int result = SQLITE_OK;

	for (size_t i = 0; i < db->node_count && result == SQLITE_OK; i++) {
		sqlite3_bind_int64(st, 1, db->nodes[i].number);
		sqlite3_bind_int64(st, 2, (int64_t)db->nodes[i].session);
		sqlite3_bind_int64(st, 3, w->now_ms);
		result = db_run(db, SQL_TOUCH_SESSION);
	}
	return result;
}

static int
expire_sessions(struct writer *w, struct span span)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[SQL_EXPIRE_SESSIONS];
	int result = touch_sessions(w);

	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int64(st, 2, span.from_ms);
	sqlite3_bind_int64(st, 3, span.to_ms);
	result = db_run(db, SQL_EXPIRE_SESSIONS);
	if (result == SQLITE_OK && sqlite3_changes(db->sql) > 0)
		result = db_run(db, SQL_EXPIRE_TALLIES);
	return result == SQLITE_OK ? db_run(db, SQL_EXPIRE_NODES) : result;
}

static int
expire_by_age(struct writer *w)
{
	struct span span = span_of(w, w->s->options.retention_ms);
	int result = expire(w, SQL_EXPIRE_SAMPLES, span);

	if (result == SQLITE_OK)
		result = expire(w, SQL_EXPIRE_EVENTS, span);
	if (result == SQLITE_OK)
		result = expire_blocks(w);
	if (result == SQLITE_OK)
		result = expire_restarts(w, span);
	return result == SQLITE_OK && !w->expire_more ? expire_sessions(w, span) : result;
}

/* ---- size ---- */

static int
evict_rows(struct writer *w, enum db_statement which, int kind, int *gone)
{
	struct db *db = &w->s->db;
	sqlite3_stmt *st = db->statements[which];
	int result;

	sqlite3_bind_int(st, 1, which == SQL_EVICT_BLOCKS ? STEP_BLOCKS / 10 : STEP_ROWS / 2);
	if (which == SQL_EVICT_BLOCKS)
		sqlite3_bind_int(st, 2, kind);
	result = db_run(db, which);
	*gone = sqlite3_changes(db->sql);
	return result;
}

/* One at a time, and it is said which. */
static int
evict_incident(struct writer *w, int *gone)
{
	sqlite3_stmt *st = w->s->db.statements[SQL_EVICT_INCIDENT];
	int result = sqlite3_step(st);

	*gone = result == SQLITE_ROW;
	if (result == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(st, 0);

		strbuf_adds(&w->evicted, name ? name : "?");
		result = sqlite3_step(st);
	}
	sqlite3_reset(st);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

static void
tell_full(struct writer *w)
{
	if (!w->full)
		store_notice(w->s, true,
		    "%s: has reached its bound of %llu MiB: the oldest samples go before their time",
		    w->s->options.path, (unsigned long long)w->s->options.max_bytes >> 20);
	w->full = true;
}

/* What matters least goes first. Restarts are bounded by their number already. */
static int
evict_in_order(struct writer *w, int *gone)
{
	static const struct {
		enum db_statement which;
		int kind;
	} order[] = {
		{ SQL_EVICT_BLOCKS, PAST_SAMPLES },
		{ SQL_EVICT_SAMPLES, 0 },
		{ SQL_EVICT_BLOCKS, PAST_MINUTES },
		{ SQL_EVICT_BLOCKS, PAST_HOURS },
		{ SQL_EVICT_EVENTS, 0 },
	};
	int result = SQLITE_OK;

	for (size_t i = 0; i < ARRAY_LEN(order) && result == SQLITE_OK && *gone == 0; i++)
		result = evict_rows(w, order[i].which, order[i].kind, gone);
	return result;
}

/* Incidents go when they alone take half of the room: then what comes now would have to go at once. */
static int
evict(struct writer *w)
{
	int64_t bytes = 0;
	int gone = 0, result = ask(&w->s->db, SQL_INCIDENT_BYTES, &bytes);

	if (result != SQLITE_OK)
		return result;
	if ((uint64_t)bytes > w->s->options.max_bytes / 2)
		result = evict_incident(w, &gone);
	else
		result = evict_in_order(w, &gone);
	w->expire_more = w->expire_more || gone > 0;
	return result;
}

static int
expire_by_size(struct writer *w)
{
	int64_t pages = 0;
	int result = ask(&w->s->db, SQL_USED, &pages);

	if (result != SQLITE_OK || w->s->options.max_bytes == 0 ||
	    (uint64_t)pages * DB_PAGE_BYTES <= w->s->options.max_bytes)
		return result;
	tell_full(w);
	return evict(w);
}

int
retention_step(struct writer *w)
{
	int result = expire_by_age(w);

	if (result == SQLITE_OK)
		result = expire_by_size(w);
	return result == SQLITE_OK ? db_run(&w->s->db, SQL_VACUUM) : result;
}
