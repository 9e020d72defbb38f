/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's side: what is put becomes rows in the queue, what the writer has to say becomes calls of the handlers. */
#include "store/store.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/past.h"
#include "store/cause_code.h"
#include "store/event_code.h"
#include "store/restore.h"
#include "store/state.h"
#include "store/term_code.h"

#define SHARED_MAX_BYTES (4 << 20)
/* A report whose time is so far ahead of all before has it from a clock that is wrong: it must not make the whole history old. */
#define FUTURE_MS (7 * 24 * 3600000LL)
#define INCIDENT_MAX_BYTES (16 << 20)
#define JOIN_S 2 /* for a disk that does not answer at all */

/* ---- news: from the writer to the loop ---- */

void
store_wake_loop(struct store *s)
{
	if (!s->abandoned)
		event_active(s->news, EV_TIMEOUT, 0);
}

void
store_notice(struct store *s, bool warning, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&s->lock);
	if (s->notice_count < STORE_NOTICES) {
		struct notice *n = &s->notices[s->notice_count++];

		n->warning = warning;
		vsnprintf(n->text, sizeof(n->text), fmt, ap);
	}
	store_wake_loop(s);
	pthread_mutex_unlock(&s->lock);
	va_end(ap);
}

/* take_mark: true if a mark of the node has been committed since the last call. */
static bool
take_mark(struct store_node *n, uint64_t *mark)
{
	bool is_news;

	pthread_mutex_lock(&n->s->lock);
	is_news = n->mark_is_news;
	*mark = n->mark;
	n->mark_is_news = false;
	pthread_mutex_unlock(&n->s->lock);
	return is_news;
}

static void
on_news(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct store *s = arg;
	struct notice notices[STORE_NOTICES];
	unsigned count;
	uint64_t mark;

	pthread_mutex_lock(&s->lock);
	count = s->notice_count;
	memcpy(notices, s->notices, count * sizeof(notices[0]));
	s->notice_count = 0;
	pthread_mutex_unlock(&s->lock);
	for (unsigned i = 0; i < count; i++)
		s->handlers.notice(s->arg, notices[i].warning, notices[i].text);
	for (size_t i = 0; s->handlers.committed && i < s->node_count; i++)
		if (take_mark(s->nodes[i], &mark))
			s->handlers.committed(s->arg, s->nodes[i], mark);
}

/* ---- life ---- */

static void
on_turn(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct store *s = arg;

	s->turn_waits = false;
	pthread_mutex_lock(&s->lock);
	queue_end_turn(&s->queue);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static void
init_lock(struct store *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
}

static void
node_free(struct store_node *n)
{
	pairs_release(&n->pairs);
	free(n->name);
	free(n);
}

static void
free_events(struct store *s)
{
	event_free(s->turn);
	event_free(s->news);
}

/* All but the events, which are the loop's. */
static void
store_free(struct store *s)
{
	queue_release(&s->queue);
	map_release(&s->shared.ids, free);
	for (size_t i = 0; i < s->node_count; i++)
		node_free(s->nodes[i]);
	free(s->nodes);
	strbuf_release(&s->body);
	strbuf_release(&s->more);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free((char *)s->options.path);
	free(s);
}

static struct store *
store_new(
    struct event_base *base, const struct store_options *options, const struct store_handlers *handlers, void *arg)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->options = *options;
	s->options.path = xstrdup(options->path);
	s->handlers = *handlers;
	s->arg = arg;
	s->limits = store_limits_of(options->max_bytes);
	s->queue.max_bytes = STORE_QUEUE_BYTES;
	map_init(&s->shared.ids);
	init_lock(s);
	s->turn = event_new(base, -1, 0, on_turn, s);
	s->news = event_new(base, -1, 0, on_news, s);
	return s;
}

/* The thread. It also closes the file, which may take as long as any write. */
static void *
run(void *store)
{
	struct store *s = store;
	bool abandoned;

	writer_run(s);
	db_close(&s->db);
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	abandoned = s->abandoned;
	pthread_mutex_unlock(&s->lock);
	if (abandoned)
		store_free(s);
	return NULL;
}

struct store *
store_open(struct event_base *base, const struct store_options *options, const struct store_handlers *handlers,
    void *arg, struct err *err)
{
	struct store *s = store_new(base, options, handlers, arg);
	struct strbuf notice = STRBUF_INIT;
	bool ok = db_open(&s->db, s->options.path, &notice, err);

	if (ok && notice.len > 0)
		store_notice(s, true, "%s", notice.data);
	strbuf_release(&notice);
	if (ok) {
		s->next_shared = s->db.next_shared;
		s->counts.bytes = db_size(&s->db);
	}
	if (ok && pthread_create(&s->thread, NULL, run, s) != 0) {
		db_close(&s->db);
		ok = err_set(err, "%s: no thread can be had to write it", s->options.path);
	}
	if (ok)
		return s;
	free_events(s);
	store_free(s);
	return NULL;
}

struct store_node *
store_node(struct store *s, const char *name, uint64_t session, bool sole, struct err *err)
{
	struct strbuf notice = STRBUF_INIT;
	struct store_node *n;
	size_t index;

	assert(!s->begun);
	index = db_add_node(&s->db, name, session, sole, &notice, err);
	if (notice.len > 0)
		store_notice(s, true, "%s", notice.data);
	strbuf_release(&notice);
	if (index == SIZE_MAX)
		return NULL;
	s->next_shared = s->db.next_shared;
	n = xcalloc(1, sizeof(*n));
	*n = (struct store_node) { .s = s, .index = index, .name = xstrdup(name), .session = session };
	map_init(&n->pairs.children);
	s->nodes = xreallocarray(s->nodes, index + 1, sizeof(*s->nodes));
	s->nodes[index] = n;
	s->node_count = index + 1;
	return n;
}

static void
replace_damaged(struct store *s)
{
	struct strbuf notice = STRBUF_INIT;
	struct err err;

	if (!db_replace(&s->db, &notice, &err))
		strbuf_addf(&notice, "%s%s", notice.len ? "; " : "", err.text);
	store_notice(s, true, "%s", strbuf_cstr(&notice));
	s->next_shared = s->db.next_shared;
	strbuf_release(&notice);
}

/* What was read stays in the engine, also when the rest cannot be. */
static void
tell_trouble(struct store_node *n, const struct restore_outcome *out)
{
	struct store *s = n->s;

	if (db_is_damage(out->result))
		replace_damaged(s);
	else if (out->result != SQLITE_OK)
		store_notice(
		    s, true, "%s: could not be read to its end: %s", s->options.path, sqlite3_errstr(out->result));
	if (out->unread > 0)
		store_notice(s, true, "%s: %llu rows of node %s make no sense and were left out", s->options.path,
		    (unsigned long long)out->unread, n->name);
}

static struct restore_input
restore_input(struct store_node *n)
{
	struct store *s = n->s;

	return (struct restore_input) {
		.sql = s->db.sql,
		.names = &s->db.names,
		.node = s->db.nodes[n->index].number,
		.name = n->name,
		.session = n->session,
		.pairs = &n->pairs,
	};
}

uint64_t
store_restore(struct store_node *n, struct engine *e, int64_t now_ms)
{
	struct store *s = n->s;
	struct restore_input in = restore_input(n);
	struct restore_outcome out;

	assert(!s->begun);
	s->now_ms = now_ms;
	s->db.nodes[n->index].restored_ms = now_ms;
	if (db_is_damage(restore_look(&in, e, now_ms, !s->looked)))
		replace_damaged(s);
	s->looked = true;
	/* Where not even a new file can be begun there is nothing to read. */
	if (s->db.sql == NULL)
		return 0;
	in = restore_input(n);
	out = restore_run(&in, e, now_ms);
	tell_trouble(n, &out);
	return out.mark;
}

/* abandon leaves the store to the thread; false if that has just ended. */
static bool
abandon(struct store *s)
{
	pthread_t thread = s->thread;
	bool abandoned;

	pthread_mutex_lock(&s->lock);
	abandoned = s->abandoned = !s->ended;
	if (abandoned)
		free_events(s);
	pthread_mutex_unlock(&s->lock);
	if (abandoned)
		pthread_detach(thread);
	return abandoned;
}

/* A disk that does not answer at all must not keep the program from ending: then the store is left to the thread, and false returned. */
static bool
join(struct store *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += JOIN_S;
	return pthread_timedjoin_np(s->thread, NULL, &until) == 0 ||
	    (!abandon(s) && pthread_join(s->thread, NULL) == 0);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	queue_end_turn(&s->queue);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (join(s)) {
		on_news(-1, 0, s);
		free_events(s);
		store_free(s);
	}
}

struct store_counts
store_counts(const struct store *s)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&s->lock;
	struct store_counts counts;

	pthread_mutex_lock(lock);
	counts = s->counts;
	counts.queued = queue_bytes(&s->queue);
	counts.queued_max = s->queue.max_bytes;
	pthread_mutex_unlock(lock);
	return counts;
}

/* ---- what rows share ---- */

struct shared_id {
	uint64_t id;
	int64_t time_ms;
};

static void
forget_shared(struct store *s)
{
	map_release(&s->shared.ids, free);
	map_init(&s->shared.ids);
	s->shared.bytes = 0;
}

static void
remember_shared(struct store *s, const struct row *r)
{
	struct shared_id *known = xmalloc(sizeof(*known));

	if (map_len(&s->shared.ids) >= s->limits.remembered || s->shared.bytes + r->body_len > SHARED_MAX_BYTES)
		forget_shared(s);
	*known = (struct shared_id) { r->id, r->time_ms };
	free(map_put(&s->shared.ids, r->data, r->body_len, known));
	s->shared.bytes += r->body_len;
}

/* share returns the id that these bytes have in the file. If they have none yet, a row with them is added to `rows`. */
static uint64_t
share(struct store *s, const struct strbuf *body, struct rows *rows)
{
	const struct shared_id *known = map_get(&s->shared.ids, body->data, body->len);
	struct row *r;

	if (known && s->now_ms - known->time_ms <= STORE_SHARED_MS)
		return known->id;
	r = row_new(ROW_SHARED, s->now_ms, body->data, body->len, NULL, 0);
	r->id = s->next_shared++;
	rows_add(rows, r);
	return r->id;
}

/* ---- putting ---- */

static void
begin_put(struct store *s, int64_t time_ms)
{
	unsigned files;

	if (time_ms > s->now_ms && (s->now_ms == 0 || time_ms - s->now_ms <= FUTURE_MS))
		s->now_ms = time_ms;
	pthread_mutex_lock(&s->lock);
	files = s->files;
	pthread_mutex_unlock(&s->lock);
	if (files != s->files_seen)
		forget_shared(s);
	s->files_seen = files;
	s->begun = true;
	strbuf_reset(&s->body);
	strbuf_reset(&s->more);
}

static void
arm_turn(struct store *s)
{
	if (s->turn_waits)
		return;
	s->turn_waits = true;
	event_active(s->turn, EV_TIMEOUT, 0);
}

/* forget_ids gives back those of shared rows that are not queued: retention goes by them. */
static void
forget_ids(struct store *s, const struct rows *rows)
{
	for (const struct row *r = rows->first; r; r = r->next)
		s->next_shared -= r->kind == ROW_SHARED;
}

/* put queues all of the rows, or, if there is no room, none. */
static bool
put(struct store_node *n, struct rows *rows)
{
	struct store *s = n->s;
	struct row *r;
	bool fits;

	pthread_mutex_lock(&s->lock);
	s->counts.dropped += queue_room(&s->queue, rows->bytes, &fits);
	s->counts.dropped += fits ? 0 : rows->count;
	while (fits && (r = rows_take(rows)) != NULL) {
		r->node = n->index;
		if (r->kind == ROW_SHARED)
			remember_shared(s, r);
		queue_add(&s->queue, r);
	}
	s->newest_ms = s->now_ms;
	pthread_mutex_unlock(&s->lock);
	forget_ids(s, rows);
	rows_free(rows);
	arm_turn(s);
	return fits;
}

/* The first that finds no room is told, and the first mark behind which nothing is missing any more. */
static void
lose(struct store_node *n, uint64_t count)
{
	struct store *s = n->s;

	if (!n->full && s->full++ == 0)
		store_notice(s, true,
		    "%s: so much waits to be written that there is no room for more; restarts are only counted",
		    s->options.path);
	n->full = true;
	n->lost += count;
}

static struct row *
unknown_restarts(int64_t time_ms, uint64_t n)
{
	struct row *r = row_new(ROW_RESTART, time_ms, NULL, 0, NULL, 0);

	r->a = RESTART_DONE;
	r->times = n;
	return r;
}

static struct row *
restart_row(struct store_node *n, const struct restart *report, struct rows *rows)
{
	struct store *s = n->s;
	struct row *r;
	uint64_t cause;

	cause_code_write(&s->body, report);
	if (report->child_pid)
		term_code_write(&s->more, report->child_pid);
	cause = share(s, &s->body, rows);
	r = row_new(ROW_RESTART, report->time_ms, s->more.data, s->more.len, NULL, 0);
	r->id = cause;
	r->a = report->kind;
	r->b = (report->by_hand ? RESTART_BY_HAND : 0) | (report->caught ? RESTART_CAUGHT : 0);
	r->times = report->times ? report->times : 1;
	r->met = pairs_meet(&n->pairs, report);
	return r;
}

void
store_restart(struct store_node *n, const struct restart *report)
{
	struct rows rows = { 0 };
	struct row *r;
	uint64_t counts;

	begin_put(n->s, report->time_ms);
	r = restart_row(n, report, &rows);
	counts = report->kind == RESTART_DONE ? r->times - r->met : 0;
	rows_add(&rows, r);
	if (!put(n, &rows))
		lose(n, counts);
}

void
store_lost_restarts(struct store_node *n, int64_t time_ms, uint64_t count)
{
	struct rows rows = { 0 };

	if (count == 0)
		return;
	begin_put(n->s, time_ms);
	rows_add(&rows, unknown_restarts(time_ms, count));
	if (!put(n, &rows))
		lose(n, count);
}

/* put_lost has what was lost written as a number, if there is room for that. */
static bool
put_lost(struct store_node *n)
{
	struct store *s = n->s;
	struct rows rows = { 0 };

	if (!n->full)
		return true;
	if (n->lost > 0)
		rows_add(&rows, unknown_restarts(s->now_ms, n->lost));
	if (!put(n, &rows))
		return false;
	store_notice(s, false, "%s: there is room again; %llu restarts are in it as a number only", s->options.path,
	    (unsigned long long)n->lost);
	n->lost = 0;
	n->full = false;
	s->full--;
	return true;
}

/*
 * A mark that finds no room is not confirmed, nor one behind which restarts are missing: not before their number is in the queue, so that
 * the total that goes with the mark is right.
 */
void
store_mark(struct store_node *n, uint64_t mark)
{
	struct store *s = n->s;
	bool fits;

	s->begun = true;
	if (!put_lost(n))
		return;
	pthread_mutex_lock(&s->lock);
	s->counts.dropped += queue_room(&s->queue, sizeof(struct row), &fits);
	if (fits)
		queue_mark(&s->queue, n->index, mark);
	pthread_mutex_unlock(&s->lock);
	arm_turn(s);
}

void
store_sample(struct store_node *n, const struct sample *sample, const struct past_check *check)
{
	uint64_t findings[HEALTH_MAX_ANOMALIES];
	struct store *s = n->s;
	struct rows rows = { 0 };
	struct past_check bounded;

	begin_put(s, sample->time_ms);
	/* Its time is the program's own: if that has jumped, so it is. */
	if (sample->time_ms > s->now_ms)
		s->now_ms = sample->time_ms;
	if (check) {
		bounded = *check;
		if (bounded.anomaly_count > HEALTH_MAX_ANOMALIES)
			bounded.anomaly_count = HEALTH_MAX_ANOMALIES;
		for (unsigned i = 0; i < bounded.anomaly_count; i++) {
			strbuf_reset(&s->body);
			event_code_write(&s->body, bounded.anomalies[i]);
			findings[i] = share(s, &s->body, &rows);
		}
		check_code_write(&s->more, &bounded, findings, &s->db.names);
	}
	strbuf_reset(&s->body);
	sample_code_write(&s->body, sample, &s->db.names);
	rows_add(&rows, row_new(ROW_SAMPLE, sample->time_ms, s->body.data, s->body.len, s->more.data, s->more.len));
	if (put(n, &rows))
		(void)put_lost(n);
}

void
store_event(struct store_node *n, struct node_event *ev)
{
	struct store *s = n->s;
	struct rows rows = { 0 };
	struct row *r;

	if (ev->type == EVENT_RESTART || ev->type == EVENT_NODE)
		return;
	begin_put(s, ev->time_ms);
	event_code_write(&s->body, ev);
	r = row_new(ROW_EVENT, ev->time_ms, s->body.data, s->body.len, NULL, 0);
	r->a = ev->type;
	r->b = ev->severity;
	rows_add(&rows, r);
	(void)put(n, &rows);
}

/* ---- blocks ---- */

struct block_writing {
	struct store *s;
	struct rows rows;
};

static uint64_t
number_of_event(void *context, const struct node_event *ev)
{
	struct block_writing *w = context;

	strbuf_reset(&w->s->more);
	event_code_write(&w->s->more, ev);
	return share(w->s, &w->s->more, &w->rows);
}

void
store_block(struct store_node *n, const struct past_block *b)
{
	struct store *s = n->s;
	struct block_writing w = { .s = s };
	struct past_names names = past_names_of(&s->db.names);
	struct row *r;

	begin_put(s, past_block_last_ms(b));
	names.number_of_event = number_of_event;
	names.context = &w;
	past_block_write(b, &names, &s->body);
	r = row_new(ROW_BLOCK, past_block_first_ms(b), s->body.data, s->body.len, NULL, 0);
	r->last_ms = past_block_last_ms(b);
	r->a = past_block_kind(b);
	r->times = past_block_rows(b);
	rows_add(&w.rows, r);
	(void)put(n, &w.rows);
}

bool
store_incident(struct store_node *n, int64_t time_ms, const char *kind, const char *id, const void *body, size_t len)
{
	struct store *s = n->s;
	struct rows rows = { 0 };

	assert(strlen(kind) < STORE_INCIDENT_ID && strlen(id) < STORE_INCIDENT_ID);
	if (len > INCIDENT_MAX_BYTES)
		return false;
	begin_put(s, time_ms);
	strbuf_add(&s->body, kind, strlen(kind) + 1);
	strbuf_add(&s->body, id, strlen(id) + 1);
	rows_add(&rows, row_new(ROW_INCIDENT, time_ms, s->body.data, s->body.len, body, len));
	return put(n, &rows);
}
