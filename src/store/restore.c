/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading: samples, restarts and events go into the engine as they came, by time, each from where on the engine keeps them. Samples of the
 * last hour are fed again, so that it knows what is usual; older ones only become its history.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "engine/history.h"
#include "store/cause_code.h"
#include "store/db.h"
#include "store/event_code.h"
#include "store/restore.h"
#include "store/term_code.h"

#define REPLAY_MS 3600000
#define CACHE_MAX 4096
#define SPARE_SAMPLES 1000  /* forced checks come beside the interval's */
#define MIN_SAMPLE_BYTES 64 /* the engine does not keep one in less */

#define DENSE 4 /* samples in blocks may be so many times as many: who forces checks all the time */

/* What is of the same time goes in this order. A block comes when its last sample does. */
enum source { RESTARTS, HOURS, MINUTES, BLOCKS, SAMPLES, EVENTS, SOURCE_COUNT };

struct cursor {
	sqlite3_stmt *st;
	bool more; /* it stands on a row */
	int64_t time_ms;
};

struct restore {
	const struct restore_input *in;
	struct engine *e;
	int64_t now_ms;
	int64_t first_listed; /* restarts from this id on are in the engine's list */
	struct cursor cursors[SOURCE_COUNT];
	sqlite3_stmt *shared;
	struct map causes, findings; /* by id: struct restart, struct node_event */
	int64_t blocks_left;         /* of samples, to be read at most: each is judged again */
	struct restore_outcome out;  /* result: the first error of SQLite's */
	struct sample sample;
	struct check_code check;
};

/* ---- SQL ---- */

static sqlite3_stmt *
prepare(struct restore *r, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (r->out.result == SQLITE_OK)
		r->out.result = sqlite3_prepare_v2(r->in->sql, sql, -1, &st, NULL);
	return st;
}

/* step: true if there is a row. */
static bool
step(struct restore *r, sqlite3_stmt *st)
{
	int result = st && r->out.result == SQLITE_OK ? sqlite3_step(st) : SQLITE_DONE;

	if (result != SQLITE_ROW && result != SQLITE_DONE)
		r->out.result = result;
	return result == SQLITE_ROW;
}

/* ask returns an integer; fallback if there is none. ?1 is the node, ?2 a number. */
static int64_t
ask(struct restore *r, const char *sql, int64_t number, int64_t fallback)
{
	sqlite3_stmt *st = prepare(r, sql);
	int64_t answer = fallback;

	sqlite3_bind_int64(st, 1, r->in->node);
	sqlite3_bind_int64(st, 2, number);
	if (step(r, st) && sqlite3_column_type(st, 0) == SQLITE_INTEGER)
		answer = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return answer;
}

/* column_number: counts are not negative, whatever the file says. */
static uint64_t
column_number(sqlite3_stmt *st, int column)
{
	int64_t v = sqlite3_column_int64(st, column);

	return v > 0 ? (uint64_t)v : 0;
}

/* ---- what rows share ---- */

static void
free_cause(void *p)
{
	restart_release(p);
	free(p);
}

static void
free_finding(void *p)
{
	node_event_unref(p);
}

static void *
read_cause(struct restore *r UNUSED, const void *body, size_t len)
{
	struct restart *cause = xmalloc(sizeof(*cause));

	if (cause_code_read(body, len, cause))
		return cause;
	free(cause);
	return NULL;
}

static void *
read_finding(struct restore *r, const void *body, size_t len)
{
	struct node_event *ev = event_code_read(body, len, r->in->name);

	if (ev && (ev->type == EVENT_ANOMALY || ev->type == EVENT_PERFORMANCE_ALERT))
		return ev;
	node_event_unref(ev);
	return NULL;
}

/* find_shared reads the shared row with this id, or takes it from the cache; NULL if it is not there or makes no sense. */
static void *
find_shared(struct restore *r, struct map *cache, int64_t id,
    void *(*read)(struct restore *r, const void *body, size_t len), void (*release)(void *p))
{
	void *found = map_get(cache, &id, sizeof(id));

	if (found)
		return found;
	sqlite3_reset(r->shared);
	sqlite3_bind_int64(r->shared, 1, id);
	if (step(r, r->shared))
		found = read(r, sqlite3_column_blob(r->shared, 0), (size_t)sqlite3_column_bytes(r->shared, 0));
	if (found == NULL)
		return NULL;
	if (map_len(cache) >= CACHE_MAX) {
		map_release(cache, release);
		map_init(cache);
	}
	map_put(cache, &id, sizeof(id), found);
	return found;
}

/* ---- restarts: id, time, session, kind, flags, times, cause, pid ---- */

static bool
read_kind(int64_t number, enum restart_kind *kind)
{
	*kind = (enum restart_kind)number;
	return number >= RESTART_DONE && number < RESTART_KIND_COUNT;
}

static struct term *
read_pid(sqlite3_stmt *st)
{
	struct etf e;

	etf_init(&e, sqlite3_column_blob(st, 7), (size_t)sqlite3_column_bytes(st, 7));
	return sqlite3_column_bytes(st, 7) > 0 ? term_code_read(&e) : NULL;
}

static void
give_restart(struct restore *r, const struct restart *restart, int64_t id, bool ours)
{
	if (!ours) {
		if (id >= r->first_listed)
			engine_restore_restart(r->e, restart);
		return;
	}
	if (r->in->pairs && restart->time_ms >= r->now_ms - 2 * PAIRING_LATE_MS)
		pairs_meet(r->in->pairs, restart);
	engine_restart(r->e, restart->time_ms, restart);
}

/* Nobody restarts in the future: then the clock was set back, and of the time nothing is known but that it is past. */
static int64_t
past(const struct restore *r, int64_t time_ms)
{
	return time_ms < 0 ? 0 : time_ms < r->now_ms ? time_ms : r->now_ms;
}

static void
give_restart_row(struct restore *r, sqlite3_stmt *st)
{
	bool ours = sqlite3_column_int64(st, 2) == (int64_t)r->in->session;
	const struct restart *cause = NULL;
	struct restart restart;
	int64_t flags = sqlite3_column_int64(st, 4), time_ms = past(r, sqlite3_column_int64(st, 1));
	enum restart_kind kind;

	if (sqlite3_column_type(st, 6) == SQLITE_INTEGER)
		cause = find_shared(r, &r->causes, sqlite3_column_int64(st, 6), read_cause, free_cause);
	if (!read_kind(sqlite3_column_int64(st, 3), &kind)) {
		r->out.unread++;
		return;
	}
	if (cause == NULL) {
		if (ours && kind == RESTART_DONE)
			engine_lost_restarts(r->e, time_ms, column_number(st, 5));
		return;
	}
	restart = *cause;
	restart.time_ms = time_ms;
	restart.kind = kind;
	restart.by_hand = flags & RESTART_BY_HAND;
	restart.caught = flags & RESTART_CAUGHT;
	restart.times = column_number(st, 5);
	restart.child_pid = read_pid(st);
	give_restart(r, &restart, sqlite3_column_int64(st, 0), ours);
	term_unref(restart.child_pid);
}

static void
give_tally(struct restore *r, sqlite3_stmt *st)
{
	uint64_t count = column_number(st, 2);
	int64_t first_ms = past(r, sqlite3_column_int64(st, 3)), last_ms = past(r, sqlite3_column_int64(st, 4));
	struct restart restart;
	enum restart_kind kind;

	if (!read_kind(sqlite3_column_int64(st, 0), &kind) || count == 0) {
		r->out.unread++;
		return;
	}
	/* Of an unknown cause (empty, or without sense) the restart is an empty one: it counts in all totals. */
	(void)!cause_code_read(sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), &restart);
	restart.kind = kind;
	restart.time_ms = last_ms;
	engine_restore_tally(r->e, &restart, count, first_ms < last_ms ? first_ms : last_ms);
	restart_release(&restart);
}

static void
give_tallies(struct restore *r)
{
	sqlite3_stmt *st = prepare(r,
	    "SELECT kind, cause, count, first, last FROM tallies WHERE node = ?1 AND session = ?2"
	    " ORDER BY kind > 2, last");

	sqlite3_bind_int64(st, 1, r->in->node);
	sqlite3_bind_int64(st, 2, (int64_t)r->in->session);
	while (step(r, st))
		give_tally(r, st);
	sqlite3_finalize(st);
}

/* ---- samples: time, body, checked ---- */

static const struct past_check *
read_check(struct restore *r, sqlite3_stmt *st, int64_t time_ms, struct node_event **anomalies)
{
	struct check_code *c = &r->check;
	unsigned n = 0;

	if (!check_code_read(sqlite3_column_blob(st, 2), (size_t)sqlite3_column_bytes(st, 2), r->in->names, time_ms, c))
		return NULL;
	for (unsigned i = 0; i < c->finding_count; i++) {
		struct node_event *ev =
		    find_shared(r, &r->findings, (int64_t)c->findings[i], read_finding, free_finding);

		if (ev)
			anomalies[n++] = node_event_ref(ev);
	}
	c->check.anomalies = anomalies;
	c->check.anomaly_count = n;
	return &c->check;
}

static void
give_sample_row(struct restore *r, sqlite3_stmt *st)
{
	struct node_event *anomalies[HEALTH_MAX_ANOMALIES];
	int64_t time_ms = sqlite3_column_int64(st, 0);
	const struct past_check *check;

	if (!sample_code_read(
		sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), r->in->names, time_ms, &r->sample)) {
		r->out.unread++;
		return;
	}
	if (time_ms > r->now_ms - REPLAY_MS) {
		engine_feed(r->e, time_ms, &r->sample);
		return;
	}
	check = read_check(r, st, time_ms, anomalies);
	engine_restore_sample(r->e, &r->sample, check);
	for (unsigned i = 0; check && i < check->anomaly_count; i++)
		node_event_unref(anomalies[i]);
}

/* ---- blocks: last, body ---- */

static struct node_event *
event_of_number(void *context, uint64_t number)
{
	struct node_event *ev =
	    find_shared(context, &((struct restore *)context)->findings, (int64_t)number, read_finding, free_finding);

	return ev ? node_event_ref(ev) : NULL;
}

static void
give_block_row(struct restore *r, sqlite3_stmt *st)
{
	struct past_names names = past_names_of(r->in->names);
	struct past_block *b;
	bool fits;

	names.event_of_number = event_of_number;
	names.context = r;
	b = past_block_read(sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), &names, NULL);
	fits = b && (past_block_kind(b) != PAST_SAMPLES || r->blocks_left-- > 0);
	if (fits) {
		engine_restore_block(r->e, b);
		return;
	}
	past_block_unref(b);
	r->out.unread++;
}

/* ---- events: time, body ---- */

static void
give_event_row(struct restore *r, sqlite3_stmt *st)
{
	struct node_event *ev =
	    event_code_read(sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), r->in->name);

	if (ev)
		engine_restore_event(r->e, ev);
	else
		r->out.unread++;
}

/* ---- all of them, by time ---- */

#define BLOCKS_OF(kind)                                                  \
	"SELECT last, body FROM blocks WHERE node = ?1 AND kind = " kind \
	" AND last >= ?2 AND first <= ?3 ORDER BY last, id"

static const struct {
	const char *sql; /* ?1: the node; ?2: the first id, or time; ?3: the last time */
	int time_column;
	void (*give)(struct restore *r, sqlite3_stmt *st);
} SOURCES[SOURCE_COUNT] = {
	[RESTARTS] = { "SELECT id, time, session, kind, flags, times, cause, pid FROM restarts"
		       " WHERE node = ?1 AND id >= ?2 ORDER BY id",
	    1, give_restart_row },
	[HOURS] = { BLOCKS_OF("2"), 0, give_block_row },
	[MINUTES] = { BLOCKS_OF("1"), 0, give_block_row },
	[BLOCKS] = { BLOCKS_OF("0"), 0, give_block_row },
	[SAMPLES] = { "SELECT time, body, checked FROM samples WHERE node = ?1 AND time BETWEEN ?2 AND ?3"
		      " ORDER BY time, id",
	    0, give_sample_row },
	[EVENTS] = { "SELECT time, body FROM events WHERE node = ?1 AND id >= ?2 AND time BETWEEN ?4 AND ?3 ORDER BY "
		     "id",
	    0, give_event_row },
};

static void
advance(struct restore *r, enum source i)
{
	struct cursor *c = &r->cursors[i];

	c->more = step(r, c->st);
	c->time_ms = c->more ? sqlite3_column_int64(c->st, SOURCES[i].time_column) : 0;
}

static int64_t
oldest_kept(const struct restore *r)
{
	return r->now_ms - engine_options(r->e)->retention_ms;
}

static void
open_cursor(struct restore *r, enum source i, int64_t first)
{
	sqlite3_stmt *st = prepare(r, SOURCES[i].sql);

	r->cursors[i].st = st;
	if (st) {
		sqlite3_bind_int64(st, 1, r->in->node);
		sqlite3_bind_int64(st, 2, first);
		sqlite3_bind_int64(st, 3, r->now_ms);
		sqlite3_bind_int64(st, 4, oldest_kept(r));
	}
	advance(r, i);
}

static int64_t
max_samples(const struct engine_options *o)
{
	int64_t by_time = 2 * (o->retention_ms / o->interval_ms) + SPARE_SAMPLES;
	int64_t by_size = (int64_t)(o->max_history_bytes / MIN_SAMPLE_BYTES) + SPARE_SAMPLES;

	return by_time < by_size ? by_time : by_size;
}

/* The node's last rows, so many of them, begin here. */
static int64_t
first_id(struct restore *r, const char *sql, size_t count)
{
	return count > 0 ? ask(r, sql, (int64_t)count - 1, 0) : INT64_MAX;
}

static int64_t
first_sample_ms(struct restore *r)
{
	int64_t bound = ask(r, "SELECT time FROM samples WHERE node = ?1 ORDER BY time DESC LIMIT 1 OFFSET ?2",
	    max_samples(engine_options(r->e)), INT64_MIN);

	return bound > oldest_kept(r) ? bound : oldest_kept(r);
}

/* The newest blocks begin here: the engine fills them before it seals them, so more are of shorter intervals, or somebody else's. */
static int64_t
first_block_ms(struct restore *r)
{
	int64_t bound =
	    ask(r, "SELECT last FROM blocks WHERE node = ?1 AND kind = 0 ORDER BY last DESC LIMIT 1 OFFSET ?2",
		r->blocks_left - 1, INT64_MIN);

	return bound > oldest_kept(r) ? bound : oldest_kept(r);
}

static void
open_cursors(struct restore *r)
{
	const struct engine_options *o = engine_options(r->e);
	int64_t since =
	    ask(r, "SELECT since FROM sessions WHERE node = ?1 AND session = ?2", (int64_t)r->in->session, INT64_MAX);

	r->first_listed =
	    first_id(r, "SELECT id FROM restarts WHERE node = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2", o->max_restarts);
	r->blocks_left = DENSE * max_samples(o) / HISTORY_ROWS;
	r->shared = prepare(r, "SELECT body FROM shared WHERE id = ?1");
	open_cursor(r, RESTARTS, since < r->first_listed ? since : r->first_listed);
	open_cursor(r, HOURS, r->now_ms - o->hour_retention_ms);
	open_cursor(r, MINUTES, r->now_ms - o->minute_retention_ms);
	open_cursor(r, BLOCKS, first_block_ms(r));
	open_cursor(r, SAMPLES, first_sample_ms(r));
	open_cursor(r, EVENTS,
	    first_id(
		r, "SELECT id FROM events WHERE node = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2", o->max_past_events));
}

static struct cursor *
earliest(struct restore *r, enum source *which)
{
	struct cursor *first = NULL;

	for (int i = 0; i < SOURCE_COUNT; i++) {
		struct cursor *c = &r->cursors[i];

		if (!c->more || (first && c->time_ms >= first->time_ms))
			continue;
		first = c;
		*which = (enum source)i;
	}
	return first;
}

static void
give_all(struct restore *r)
{
	struct cursor *c;
	enum source which = RESTARTS;

	while ((c = earliest(r, &which)) != NULL) {
		SOURCES[which].give(r, c->st);
		advance(r, which);
	}
}

static void
close_cursors(struct restore *r)
{
	for (int i = 0; i < SOURCE_COUNT; i++)
		sqlite3_finalize(r->cursors[i].st);
	sqlite3_finalize(r->shared);
	map_release(&r->causes, free_cause);
	map_release(&r->findings, free_finding);
}

static struct restore *
restore_new(const struct restore_input *in, struct engine *e, int64_t now_ms)
{
	struct restore *r = xcalloc(1, sizeof(*r));

	*r = (struct restore) { .in = in, .e = e, .now_ms = now_ms };
	map_init(&r->causes);
	map_init(&r->findings);
	return r;
}

/* look_through reads each column: long ones lie on pages of their own. */
static void
look_through(struct restore *r, sqlite3_stmt *st)
{
	while (step(r, st))
		for (int i = 0; i < sqlite3_column_count(st); i++)
			(void)sqlite3_column_blob(st, i);
}

static void
look_through_table(struct restore *r, const char *sql)
{
	sqlite3_stmt *st = prepare(r, sql);

	sqlite3_bind_int64(st, 1, r->in->node);
	look_through(r, st);
	sqlite3_finalize(st);
}

int
restore_look(const struct restore_input *in, const struct engine *e, int64_t now_ms, bool shared)
{
	struct restore *r = restore_new(in, (struct engine *)(uintptr_t)e, now_ms);
	int result;

	open_cursors(r);
	for (int i = 0; i < SOURCE_COUNT; i++)
		look_through(r, r->cursors[i].st);
	look_through_table(r, "SELECT * FROM tallies WHERE node = ?1");
	if (shared)
		look_through_table(r, "SELECT * FROM shared");
	close_cursors(r);
	result = r->out.result;
	free(r);
	return result;
}

struct restore_outcome
restore_run(const struct restore_input *in, struct engine *e, int64_t now_ms)
{
	struct restore *r = restore_new(in, e, now_ms);
	struct restore_outcome out;

	engine_restore_begin(e);
	r->out.mark =
	    (uint64_t)ask(r, "SELECT mark FROM sessions WHERE node = ?1 AND session = ?2", (int64_t)in->session, 0);
	give_tallies(r);
	open_cursors(r);
	give_all(r);
	engine_restore_end(e, now_ms);
	close_cursors(r);
	out = r->out;
	free(r);
	return out;
}
