/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store against real files in a folder of its own: what was put comes back, whatever happens to the program, the file and the disk. The loop is
 * a real one; tests wait for the handlers, never for time.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "engine/fixture.h"
#include "engine/history.h"
#include "engine/past.h"
#include "etf/etf_term.h"
#include "etf/etf_write.h"
#include "etf/term_fixture.h"
#include "os/clock.h"
#include "store/db.h"
#include "store/judge.h"
#include "store/reader.h"
#include "store/schema.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define SESSION 0xFEDCBA9876543210u

static char folder[64], path[96];
static struct event_base *base;
static struct store *store;
static struct store_node *kept; /* a@h in it */
static uint64_t confirmed;
static unsigned warnings, calms;
static char last_notice[700];
static bool blocks; /* engines hand them over */
static uint64_t max_bytes;

static int commits_fd = -1; /* of a child that is to be killed: a byte for each commit */

/* ---- the loop and its handlers ---- */

static void
on_committed(void *arg, struct store_node *node, uint64_t mark)
{
	(void)arg;
	assert_ptr_equal(node, kept);
	assert_true(mark >= confirmed);
	confirmed = mark;
	if (commits_fd >= 0 && write(commits_fd, "", 1) != 1)
		_exit(1);
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg;
	warnings += warning;
	calms += !warning;
	snprintf(last_notice, sizeof(last_notice), "%s", text);
}

static const struct store_handlers HANDLERS = { on_committed, on_notice };

static struct store_options
options(void)
{
	return (struct store_options) { .path = path,
		.retention_ms = DAY_MS,
		.minute_retention_ms = 14 * DAY_MS,
		.hour_retention_ms = 90 * DAY_MS,
		.max_bytes = max_bytes };
}

static void
open_file(void)
{
	struct store_options o = options();
	struct err err = { "" };

	confirmed = 0;
	store = store_open(base, &o, &HANDLERS, NULL, &err);
	if (store == NULL)
		fail_msg("%s", err.text);
}

static struct store_node *
open_node(const char *name, uint64_t session, bool sole)
{
	struct err err = { "" };
	struct store_node *n = store_node(store, name, session, sole, &err);

	if (n == NULL)
		fail_msg("%s", err.text);
	return n;
}

static void
open_session(uint64_t session)
{
	open_file();
	kept = open_node("a@h", session, true);
}

static void
must_not_open(const char *why)
{
	struct store_options o = options();
	struct err err = { "" };

	assert_null(store_open(base, &o, &HANDLERS, NULL, &err));
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("'%s' is not in: %s", why, err.text);
}

/* A test that waits for ever is stopped by alarm(2). */
static void
wait_for(uint64_t mark)
{
	while (confirmed < mark)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

static void
wait_warnings(unsigned n)
{
	while (warnings < n)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

static void
commit(uint64_t mark)
{
	store_mark(kept, mark);
	wait_for(mark);
}

static void
close_store(void)
{
	store_close(store);
	store = NULL;
}

/* ---- the folder ---- */

static void
remove_files(void)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	char name[400];

	while (d && (f = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", folder, f->d_name);
		if (f->d_name[0] != '.' && unlink(name) != 0)
			rmdir(name);
	}
	closedir(d);
}

static unsigned
files_with(const char *part)
{
	DIR *d = opendir(folder);
	struct dirent *f;
	unsigned n = 0;

	while (d && (f = readdir(d)) != NULL)
		n += strstr(f->d_name, part) != NULL;
	closedir(d);
	return n;
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static int
setup(void **state)
{
	(void)state;
	/* A disk that takes seconds for a sync, as others keep it busy, is not what is tested here. */
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/store_test.XXXXXX" : "/tmp/store_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/history.db", folder);
	base = event_base_new();
	confirmed = 0;
	blocks = true;
	max_bytes = 0;
	warnings = calms = 0;
	last_notice[0] = '\0';
	alarm(300);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	limit_files(RLIM_INFINITY);
	close_store();
	event_base_free(base);
	remove_files();
	rmdir(folder);
	return 0;
}

/* query answers with one number from the closed file. */
static int64_t
query(const char *sql)
{
	sqlite3_stmt *st;
	int64_t answer;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	answer = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return answer;
}

static void
execute(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* ---- what is put ---- */

static struct restart
restart(int64_t time_ms, const char *child, const char *reason)
{
	return (struct restart) { .time_ms = time_ms,
		.caught = true,
		.times = 1,
		.supervisor = atom_term("sup"),
		.child_id = atom_term(child),
		.child_pid = pid_term("a@h", (uint32_t)(time_ms % 1000)),
		.reason = atom_term(reason),
		.restart_type = "permanent" };
}

static void
put_restart(struct engine *e, struct restart r)
{
	struct restart record;

	if (e)
		engine_restart(e, r.time_ms, &r);
	while (e && engine_next_record(e, &record)) {
		store_restart(kept, &record);
		restart_release(&record);
	}
	store_restart(kept, &r);
	restart_release(&r);
}

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.retention_ms = DAY_MS;
	o.records = true;
	o.blocks = blocks;
	return engine_new("a@h", &o);
}

static void
put_events(struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL) {
		store_event(kept, ev);
		node_event_unref(ev);
	}
}

static void
put_blocks(struct engine *e)
{
	struct past_block *b;

	while ((b = engine_next_block(e)) != NULL) {
		store_block(kept, b);
		past_block_unref(b);
	}
}

/* put_sample feeds the engine and keeps what it made of it, as the program does. */
static void
put_sample(struct engine *e, int64_t time_ms, double memory)
{
	static struct sample s;
	const struct past_check *check;
	const struct sample *last;
	size_t it = 0;

	memset(&s, 0, sizeof(s));
	s.time_ms = time_ms;
	sample_set(&s, METRIC_MEMORY_LIMIT, 100e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 100e9 - memory);
	sample_set(&s, METRIC_PROCESS_COUNT, 100);
	sample_set(&s, METRIC_PROCESS_LIMIT, 1000);
	sample_set(&s, METRIC_VM_MEMORY_TOTAL, memory + 0.5);
	engine_feed(e, time_ms, &s);
	check = engine_past_check(e, time_ms, time_ms, &it, &last);
	store_sample(kept, engine_last(e), check);
	put_blocks(e);
	put_events(e);
}

static struct engine *
restored(uint64_t session, int64_t now_ms, uint64_t mark)
{
	struct engine *e = new_engine();

	open_session(session);
	assert_int_equal(store_restore(kept, e, now_ms), mark);
	return e;
}

static uint64_t
total(const struct engine *e, int64_t now_ms)
{
	static struct restart_stats stats;

	assert_true(engine_restart_stats(e, now_ms, NULL, &stats));
	return stats.total;
}

/* ---- tests ---- */

static void
a_new_file_is_the_owners_only(void **state)
{
	struct stat st;

	(void)state;
	open_session(SESSION);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_mark(kept, 1);
	wait_for(1);
	assert_true(store_counts(store).committed >= 1 && store_counts(store).bytes > 0);
	assert_int_equal(warnings, 0);
}

static void
same_restarts(const struct engine *a, const struct engine *b)
{
	size_t ia = 0, ib = 0, n = 0;
	const struct restart *x, *y;

	for (;; n++) {
		x = engine_past_restart(a, 0, INT64_MAX, &ia);
		y = engine_past_restart(b, 0, INT64_MAX, &ib);
		assert_true((x == NULL) == (y == NULL));
		if (x == NULL)
			break;
		assert_int_equal(x->time_ms, y->time_ms);
		assert_int_equal(x->kind, y->kind);
		assert_int_equal(x->by_hand, y->by_hand);
		assert_int_equal(x->caught, y->caught);
		assert_int_equal(x->times, y->times);
		assert_int_equal(x->group, y->group);
		assert_int_equal(x->restart_count, y->restart_count);
		assert_int_equal(x->undone, y->undone);
		assert_string_equal(x->restart_type, y->restart_type);
		assert_true(term_same(x->supervisor, y->supervisor) && term_same(x->key, y->key));
		assert_true(term_same(x->child_id, y->child_id) && term_same(x->child_pid, y->child_pid));
		assert_true(term_same(x->reason, y->reason));
	}
	assert_true(n > 0);
}

static void
same_samples(const struct engine *a, const struct engine *b, int64_t replayed_ms)
{
	const struct past_check *cx, *cy;
	const struct sample *x, *y;
	static struct sample copy;
	size_t ia = 0, ib = 0;

	for (;;) {
		cx = engine_past_check(a, 0, INT64_MAX, &ia, &x);
		if (cx)
			copy = *x;
		cy = engine_past_check(b, 0, INT64_MAX, &ib, &y);
		assert_true((cx == NULL) == (cy == NULL));
		if (cx == NULL)
			break;
		assert_int_equal(copy.time_ms, y->time_ms);
		assert_memory_equal(copy.present, y->present, sizeof(copy.present));
		for (int i = 0; i < METRIC_COUNT; i++)
			assert_true(!copy.present[i] || copy.value[i] == y->value[i]);
		assert_int_equal(cx->overall, cy->overall);
		assert_memory_equal(cx->levels, cy->levels, sizeof(cx->levels));
		assert_int_equal(cx->anomaly_count, cy->anomaly_count);
		/* Those of the last hour are judged anew, and the engine does not word each check's advice anew. */
		if (copy.time_ms <= replayed_ms)
			assert_string_equal(cx->recommendations, cy->recommendations);
	}
}

static void
same_points(const struct engine *a, const struct engine *b, enum metric_id metric, int64_t step_ms)
{
	static struct past_point x[5000], y[5000];
	size_t n = engine_past_points(a, metric, 0, INT64_MAX, step_ms, x, ARRAY_LEN(x));

	assert_int_equal(engine_past_points(b, metric, 0, INT64_MAX, step_ms, y, ARRAY_LEN(y)), n);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(x[i].time_ms, y[i].time_ms);
		assert_int_equal(x[i].count, y[i].count);
		assert_true(x[i].min == y[i].min && x[i].max == y[i].max && x[i].last == y[i].last);
		ASSERT_NEAR(x[i].mean, y[i].mean, 1e-9 * fabs(x[i].mean));
	}
}

static void
same_events(const struct engine *a, const struct engine *b)
{
	const struct node_event *x, *y;
	size_t ia = 0, ib = 0;

	do {
		x = engine_past_event(a, 0, INT64_MAX, &ia);
		y = engine_past_event(b, 0, INT64_MAX, &ib);
		assert_true((x == NULL) == (y == NULL));
		assert_true(
		    x == NULL || (x->type == y->type && x->time_ms == y->time_ms && x->severity == y->severity));
	} while (x);
}

static struct restart
given_by_hand(int64_t time_ms)
{
	struct restart r = restart(time_ms, "hand", "said");
	struct term *cut = term_cut(r.reason);

	r.by_hand = true;
	r.caught = false;
	r.times = 3;
	r.key = atom_term("key");
	term_unref(r.reason);
	r.reason = cut;
	term_unref(r.child_pid);
	r.child_pid = NULL;
	return r;
}

static void
put_all_kinds(struct engine *e, int64_t time_ms, int i)
{
	struct restart r = restart(time_ms, i % 3 ? "one" : "two", i % 5 ? "killed" : "shutdown");

	r.kind = i % 7 == 0 ? RESTART_FAILED : i % 11 == 0 ? RESTART_GAVE_UP : RESTART_DONE;
	r.group = i % 13 == 0;
	put_restart(e, r);
	if (i % 10 == 0) {
		put_restart(e, given_by_hand(time_ms));
		/* one restart, reported from both sides */
		put_restart(e, restart(time_ms + 10, "hand", "seen"));
	}
	if (i % 50 == 0) {
		engine_lost_restarts(e, time_ms + 10, 2);
		store_lost_restarts(kept, time_ms + 10, 2);
	}
}

static void
a_restored_engine_is_as_the_one_before(void **state)
{
	struct engine *e = new_engine(), *again;
	static struct restart_stats a, b;
	int64_t now = T0;
	double mean, deviation, mean_again, deviation_again;

	(void)state;
	open_session(SESSION);
	assert_int_equal(store_restore(kept, e, now), 0);
	for (int i = 1; i <= 1500; i++) {
		now += STEP_MS;
		if (i % 4 == 0)
			put_all_kinds(e, now - 100, i / 4);
		put_sample(e, now, i >= 1300 && i < 1400 ? 95e9 : 10e9 + i % 10 * 1e6);
	}
	store_mark(kept, 77);
	close_store();
	assert_int_equal(confirmed, 77);
	again = restored(SESSION, now, 77);
	assert_true(engine_restart_stats(e, now, NULL, &a) && engine_restart_stats(again, now, NULL, &b));
	assert_true(a.total > 300 && a.failed > 0 && a.gave_up > 0 && a.undescribed > 0);
	same_statistics(&a, &b);
	same_restarts(e, again);
	same_samples(e, again, now - HOUR_MS);
	same_events(e, again);
	assert_true(engine_baseline(e, METRIC_PROCESS_COUNT, &mean, &deviation));
	assert_true(engine_baseline(again, METRIC_PROCESS_COUNT, &mean_again, &deviation_again));
	ASSERT_NEAR(mean, mean_again, 1e-9);
	assert_null(engine_next_event(again));
	assert_int_equal(warnings, 0);
	engine_free(e);
	engine_free(again);
}

static void
another_session_has_the_history_but_counts_from_zero(void **state)
{
	struct engine *e;
	size_t it = 0;

	(void)state;
	open_session(SESSION);
	put_restart(NULL, restart(T0, "one", "killed"));
	store_mark(kept, 5);
	close_store();
	e = restored(SESSION + 1, T0 + 1000, 0);
	assert_int_equal(total(e, T0 + 1000), 0);
	assert_non_null(engine_past_restart(e, 0, INT64_MAX, &it));
	put_restart(e, restart(T0 + 1000, "one", "killed"));
	store_mark(kept, 1);
	close_store();
	engine_free(e);
	e = restored(SESSION + 1, T0 + 1000, 1);
	assert_int_equal(total(e, T0 + 1000), 1);
	engine_free(e);
	close_store();
	/* and the first one goes on, should it come back */
	e = restored(SESSION, T0 + 1000, 5);
	assert_int_equal(total(e, T0 + 1000), 1);
	engine_free(e);
}

static void
a_node_with_a_new_name_goes_on_with_its_history(void **state)
{
	struct engine *e;

	(void)state;
	open_session(SESSION);
	put_restart(NULL, restart(T0, "one", "killed"));
	commit(1);
	close_store();
	open_file();
	kept = open_node("a@elsewhere", SESSION, true);
	wait_warnings(1);
	assert_non_null(strstr(last_notice, "of node a@h, from now on of a@elsewhere"));
	e = new_engine();
	assert_int_equal(store_restore(kept, e, T0 + 1), 1);
	assert_int_equal(total(e, T0 + 1), 1);
	engine_free(e);
	close_store();
	/* a program of several nodes renames none */
	open_file();
	kept = open_node("a@h", SESSION, false);
	close_store();
	assert_int_equal(query("SELECT count(*) FROM nodes"), 2);
	assert_int_equal(query("SELECT count(*) FROM restarts JOIN nodes USING (node) WHERE name = 'a@elsewhere'"), 1);
}

/* ---- several nodes ---- */

static void
nodes_of_one_file_do_not_meet(void **state)
{
	struct engine *a = new_engine(), *b = new_engine(), *again;
	struct store_node *of_a, *of_b;
	int64_t now = T0;

	(void)state;
	open_file();
	of_a = open_node("a@h", STORE_WATCH_SESSION, false);
	of_b = open_node("b@h", STORE_WATCH_SESSION, false);
	for (int i = 1; i <= 300; i++) {
		now += STEP_MS;
		kept = i % 3 ? of_a : of_b;
		put_restart(kept == of_a ? a : b, restart(now, "one", i % 3 ? "killed" : "shutdown"));
		put_sample(kept == of_a ? a : b, now, i % 3 ? 10e9 : 95e9);
	}
	kept = of_b;
	commit(7);
	close_store();
	open_file();
	of_b = open_node("b@h", STORE_WATCH_SESSION, false);
	of_a = open_node("a@h", STORE_WATCH_SESSION, false);
	again = new_engine();
	assert_int_equal(store_restore(of_a, again, now), 0);
	assert_int_equal(total(again, now), 200);
	same_restarts(a, again);
	same_samples(a, again, now - HOUR_MS);
	same_events(a, again);
	engine_free(again);
	again = new_engine();
	assert_int_equal(store_restore(of_b, again, now), 7);
	assert_int_equal(total(again, now), 100);
	same_restarts(b, again);
	same_samples(b, again, now - HOUR_MS);
	same_events(b, again);
	engine_free(again);
	engine_free(a);
	engine_free(b);
	assert_int_equal(warnings, 0);
}

/* A node that is not watched keeps its history until that has expired, then nothing of it is left. */
static void
a_node_that_is_not_watched_expires(void **state)
{
	struct engine *e = new_engine();
	int64_t now = T0;
	uint64_t mark = 0;

	(void)state;
	open_file();
	kept = open_node("b@h", STORE_WATCH_SESSION, false);
	for (int i = 0; i < 10; i++)
		put_restart(NULL, restart(now += 10, "one", "killed"));
	put_sample(e, now, 10e9);
	commit(1);
	close_store();
	open_file();
	kept = open_node("a@h", STORE_WATCH_SESSION, false);
	for (int i = 0; i < 5; i++) {
		put_restart(NULL, restart(now += 20000, "one", "killed"));
		commit(++mark);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM restarts JOIN nodes USING (node) WHERE name = 'b@h'"), 10);
	assert_int_equal(query("SELECT count(*) FROM samples"), 1);
	open_file();
	kept = open_node("a@h", STORE_WATCH_SESSION, false);
	now += DAY_MS + HOUR_MS;
	mark = 0;
	for (int i = 0; i < 5; i++) {
		put_restart(NULL, restart(now += 20000, "one", "killed"));
		commit(++mark);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM nodes WHERE name = 'b@h'"), 0);
	assert_int_equal(query("SELECT count(*) FROM sessions"), 1);
	assert_int_equal(query("SELECT sum(count) FROM tallies"), 5);
	assert_int_equal(query("SELECT count(*) FROM samples"), 0);
	engine_free(e);
}

/* ---- the file of an earlier version ---- */

static void
fill_file(void)
{
	struct engine *e = new_engine();

	open_session(SESSION);
	for (int i = 0; i < 300; i++) {
		put_restart(e, restart(T0 + i * 100, "one", "killed"));
		put_sample(e, T0 + i * 100 + 50, 10e9);
	}
	store_mark(kept, 9);
	close_store();
	engine_free(e);
	confirmed = 0;
}

/* make_version_1 makes the file one of schema 1 with the same rows. */
static void
make_version_1(void)
{
	char newer[128], sql[1024];

	snprintf(newer, sizeof(newer), "%s.2", path);
	assert_int_equal(rename(path, newer), 0);
	execute(SCHEMA_STEPS[0]);
	snprintf(sql, sizeof(sql),
	    "ATTACH '%s' AS newer;"
	    "INSERT INTO meta VALUES ('node', 'a@h');"
	    "INSERT INTO names SELECT * FROM newer.names;"
	    "INSERT INTO sessions SELECT session, mark, since FROM newer.sessions;"
	    "INSERT INTO shared SELECT * FROM newer.shared;"
	    "INSERT INTO samples SELECT id, time, body, checked FROM newer.samples;"
	    "INSERT INTO restarts SELECT id, time, session, kind, flags, times, met, cause, pid FROM newer.restarts;"
	    "INSERT INTO events SELECT id, time, type, severity, body FROM newer.events;"
	    "INSERT INTO tallies (session, kind, cause, count, first, last)"
	    " SELECT session, kind, cause, count, first, last FROM newer.tallies;"
	    "PRAGMA application_id = %d; PRAGMA user_version = 1",
	    newer, JUDGE_APPLICATION_ID);
	execute(sql);
	unlink(newer);
}

static void
a_file_of_version_1_keeps_all_its_rows(void **state)
{
	static const char *const tables[] = { "samples", "restarts", "events", "shared", "sessions", "names" };
	int64_t now = T0, before[ARRAY_LEN(tables)];
	struct engine *e, *again;
	char sql[128];

	(void)state;
	blocks = false;
	e = new_engine();
	open_session(SESSION);
	for (int i = 1; i <= 1000; i++) {
		now += STEP_MS;
		if (i % 4 == 0)
			put_all_kinds(e, now - 100, i / 4);
		put_sample(e, now, i >= 800 && i < 900 ? 95e9 : 10e9 + i % 10 * 1e6);
	}
	commit(5);
	close_store();
	execute("INSERT INTO tallies SELECT 1, session, 0, x'', 3, 1, 2 FROM sessions");
	make_version_1();
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		before[i] = query(sql);
		assert_true(before[i] > 0);
	}
	again = restored(SESSION, now, 5);
	assert_int_equal(total(again, now), total(e, now) + 3);
	same_restarts(e, again);
	same_samples(e, again, now - HOUR_MS);
	same_events(e, again);
	close_store();
	assert_int_equal(warnings, 0);
	assert_int_equal(query("PRAGMA user_version"), ARRAY_LEN(SCHEMA_STEPS));
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
		assert_int_equal(query(sql), before[i]);
	}
	assert_int_equal(query("SELECT count(*) FROM tallies"), 1);
	engine_free(e);
	engine_free(again);
}

/* What version 1 had as rows becomes blocks with the first sample of the new program. */
static void
rows_of_version_1_become_blocks(void **state)
{
	struct engine *e;
	int64_t now = T0;

	(void)state;
	blocks = false;
	e = new_engine();
	open_session(SESSION);
	for (int i = 1; i <= 3000; i++)
		put_sample(e, now += STEP_MS, 10e9 + i % 10 * 1e6);
	commit(1);
	close_store();
	make_version_1();
	engine_free(e);
	blocks = true;
	e = restored(SESSION, now, 1);
	put_sample(e, now += STEP_MS, 10e9);
	commit(2);
	close_store();
	assert_true(query("SELECT sum(rows) FROM blocks WHERE kind = 0") >= 3000 - HISTORY_ROWS);
	assert_int_equal(
	    query("SELECT sum(rows) FROM blocks WHERE kind = 0") + query("SELECT count(*) FROM samples"), 3001);
	assert_true(query("SELECT sum(rows) FROM blocks WHERE kind = 1") >= 120);
	assert_int_equal(warnings, 0);
	engine_free(e);
}

/* Migration is one transaction: what cannot be finished leaves the file as it was. */
static void
a_migration_that_fails_leaves_version_1(void **state)
{
	(void)state;
	fill_file();
	make_version_1();
	signal(SIGXFSZ, SIG_IGN);
	limit_files(100000);
	must_not_open("");
	limit_files(RLIM_INFINITY);
	assert_int_equal(query("PRAGMA user_version"), 1);
	assert_int_equal(query("SELECT count(*) FROM restarts"), 300);
	assert_int_equal(files_with("damaged"), 0);
}

/* ---- kill -9 ---- */

/* The child puts seven restarts and their mark in each turn of the loop. */
struct burst {
	struct event *again;
	int64_t n;
};

static const struct timeval BURST_EVERY = { 0, 500 };

static void
on_burst(evutil_socket_t fd, short what, void *arg)
{
	struct burst *b = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < 7; i++) {
		struct restart r = restart(T0 + b->n, b->n % 2 ? "one" : "two", "killed");

		b->n++;
		store_restart(kept, &r);
		restart_release(&r);
	}
	store_mark(kept, (uint64_t)b->n);
	event_add(b->again, &BURST_EVERY);
}

static void
child_to_be_killed(int64_t first, int tell_fd)
{
	struct store_options o = options();
	struct burst b = { .n = first };
	struct err err;

	commits_fd = tell_fd;
	base = event_base_new();
	/* A failure of cmocka's would go on with the next test here. */
	store = store_open(base, &o, &HANDLERS, NULL, &err);
	kept = store ? store_node(store, "a@h", SESSION, true, &err) : NULL;
	if (kept == NULL)
		_exit(1);
	b.again = event_new(base, -1, 0, on_burst, &b);
	event_add(b.again, &BURST_EVERY);
	event_base_dispatch(base);
	_exit(1);
}

/* The moments: when it has committed so often, and then some. */
static void
kill_a_child(int round, int64_t first)
{
	pid_t child;
	int fds[2];
	char byte;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		child_to_be_killed(first, fds[1]);
	}
	close(fds[1]);
	for (int i = 0; i < 1 + round % 6; i++)
		assert_int_equal(read(fds[0], &byte, 1), 1);
	usleep((useconds_t)(round * 7919 % 23) * 1000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fds[0]);
}

/* Whenever it is killed, there are exactly the restarts up to the mark. */
static void
after_a_kill_rows_and_mark_agree(void **state)
{
	struct engine *e;
	uint64_t mark = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		int64_t before = (int64_t)mark;

		kill_a_child(round, before);
		e = new_engine();
		open_session(SESSION);
		mark = store_restore(kept, e, T0 + HOUR_MS);
		assert_true((int64_t)mark >= before && mark % 7 == 0);
		assert_int_equal(total(e, T0 + HOUR_MS), mark);
		engine_free(e);
		close_store();
	}
	assert_true(mark > 0);
	assert_int_equal(files_with("damaged"), 0);
}

/* The child goes on with what is there, and puts some samples and their mark in each turn: the number of samples there are. */
struct sampling {
	struct event *again;
	struct engine *e;
	int64_t n;
};

static void
on_sampling(evutil_socket_t fd, short what, void *arg)
{
	struct sampling *g = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < 11; i++) {
		g->n++;
		put_sample(g->e, T0 + g->n * STEP_MS, 10e9 + (double)(g->n % 100) * 1e6);
	}
	store_mark(kept, (uint64_t)g->n);
	event_add(g->again, &BURST_EVERY);
}

static void
sampling_child_to_be_killed(int64_t n)
{
	struct sampling g = { .n = n, .e = new_engine() };

	base = event_base_new();
	open_session(SESSION);
	store_restore(kept, g.e, T0 + n * STEP_MS);
	g.again = event_new(base, -1, 0, on_sampling, &g);
	event_add(g.again, &BURST_EVERY);
	event_base_dispatch(base);
	_exit(1);
}

/* all_samples checks that they are there one by one, none twice, and returns how many there are. */
static int64_t
all_samples(const struct engine *e)
{
	struct past_view *v = engine_past_open(e, 0, INT64_MAX);
	const struct past_check *check;
	const struct sample *s;
	int64_t n = 0;

	while ((s = past_view_next(v, &check)) != NULL)
		assert_int_equal(s->time_ms, T0 + ++n * STEP_MS);
	past_view_free(v);
	return n;
}

/* all_from is how many samples there are from that time on. */
static size_t
all_from(const struct engine *e, int64_t from_ms)
{
	struct past_view *v = engine_past_open(e, from_ms, INT64_MAX);
	size_t n = past_view_samples(v);

	past_view_free(v);
	return n;
}

/* Whenever it is killed, also while rows become a block: each sample up to the mark is there, once. */
static void
after_a_kill_each_sample_is_there_once(void **state)
{
	int64_t n = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		int64_t now = T0 + (n + 10000) * STEP_MS, grown = 0;
		struct stat st = { 0 };
		struct engine *e;
		char wal[128];
		pid_t child = fork();

		if (child == 0)
			sampling_child_to_be_killed(n);
		snprintf(wal, sizeof(wal), "%s-wal", path);
		for (int64_t size = 0; grown < 1 + round % 4; size = st.st_size)
			if (usleep(300), stat(wal, &st) == 0 && st.st_size != size)
				grown++;
		usleep((useconds_t)(round * 7919 % 17) * 1000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		e = new_engine();
		open_session(SESSION);
		assert_true((int64_t)store_restore(kept, e, now) >= n);
		n = all_samples(e);
		engine_free(e);
		close_store();
		assert_int_equal(n, query("SELECT coalesce(max(mark), 0) FROM sessions"));
		assert_int_equal(query("SELECT coalesce(sum(rows), 0) FROM blocks WHERE kind = 0") +
			query("SELECT count(*) FROM samples"),
		    n);
	}
	assert_true(query("SELECT count(*) FROM blocks WHERE kind = 0") > 5);
	assert_int_equal(files_with("damaged"), 0);
}

/* ---- files that are not as they should be ---- */

static void
write_file(const char *name, const void *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

static void
works_anew(void)
{
	struct engine *e = new_engine();

	open_session(SESSION);
	store_restore(kept, e, T0 + HOUR_MS);
	put_restart(e, restart(T0 + HOUR_MS, "one", "killed"));
	commit(10);
	close_store();
	engine_free(e);
	assert_int_equal(query("SELECT count(*) FROM restarts WHERE time = 1700003600000"), 1);
}

static void
a_truncated_file_is_set_aside(void **state)
{
	static const off_t sizes[] = { 1, 50, 99, 100, 4096, 5000, 12288, 20000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill_file();
		assert_int_equal(truncate(path, sizes[i]), 0);
		warnings = 0;
		confirmed = 0;
		works_anew();
		assert_true(warnings > 0);
		assert_non_null(strstr(last_notice, "set aside"));
		assert_int_equal(files_with("damaged"), 1);
		remove_files();
	}
}

static void
a_file_of_zero_length_is_a_new_one(void **state)
{
	(void)state;
	write_file(path, "", 0);
	works_anew();
	assert_int_equal(warnings, 0);
}

/* Whatever bit flips: it opens, works, and what was damaged is kept aside. A header that says "newer" is believed. */
static void
a_flipped_bit_does_not_stop_it(void **state)
{
	struct stat st;

	(void)state;
	fill_file();
	assert_int_equal(stat(path, &st), 0);
	for (off_t i = 0; i < 60; i++) {
		off_t at = i < 20 ? i * 2 : i * st.st_size / 60 + i;
		unsigned char byte;
		int fd;

		remove_files();
		fill_file();
		fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (unsigned char)(1 << i % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		works_anew();
		assert_true(files_with("damaged") == 0 || warnings > 0);
	}
}

/* A flaw in a large file is not looked for at the start: it shows when it is read, or written. */
static void
damage_that_shows_later_is_set_aside_too(void **state)
{
	static unsigned char noise[4096];
	struct engine *e;
	uint64_t before;
	struct stat st;
	int fd;

	(void)state;
	open_session(SESSION);
	for (int i = 1; i <= 60000; i++) {
		char reason[64];

		snprintf(reason, sizeof(reason), "a_reason_of_its_own_that_takes_some_room_%d", i);
		put_restart(NULL, restart(T0 + i, "one", reason));
		if (i % 10000 == 0)
			commit((uint64_t)i);
	}
	close_store();
	confirmed = 0;
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 4 << 20);
	memset(noise, 0x5A, sizeof(noise));
	fd = open(path, O_RDWR);
	for (off_t at = st.st_size / 4096 / 2; at < st.st_size / 4096; at += 50)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at * 4096), sizeof(noise));
	close(fd);
	/* What the new file has of it is in the engine, too, and nothing twice. */
	e = new_engine();
	open_session(SESSION);
	store_restore(kept, e, T0 + HOUR_MS);
	before = engine_counts(e).restarts;
	engine_free(e);
	close_store();
	assert_int_equal(files_with("damaged"), 1);
	/* How many, depends on how much is copied within the second that opening may take: the newest at least. */
	assert_true(before > 0);
	assert_int_equal(query("SELECT count(*) FROM restarts"), before);
	works_anew();
	assert_true(warnings > 0);
	assert_int_equal(files_with("damaged"), 1);
}

static void
a_file_that_was_taken_away_is_begun_anew(void **state)
{
	(void)state;
	open_session(SESSION);
	put_restart(NULL, restart(T0, "one", "killed"));
	commit(1);
	assert_int_equal(unlink(path), 0);
	put_restart(NULL, restart(T0 + 1, "one", "killed"));
	commit(2);
	assert_non_null(strstr(last_notice, "taken away"));
	put_restart(NULL, restart(T0 + 2, "one", "killed"));
	commit(3);
	close_store();
	assert_int_equal(query("SELECT count(*) FROM restarts"), 2);
	/* the first of the new file was on its way already; the next shares its cause anew */
	assert_int_equal(query("SELECT count(*) FROM restarts JOIN shared ON shared.id = cause"), 1);
}

static void
what_is_not_ours_is_left_alone(void **state)
{
	static const char text[] =
	    "these are the notes of somebody else, and they are longer than a header of SQLite's, which "
	    "has one hundred bytes";
	char read_back[sizeof(text)];
	int fd;

	(void)state;
	write_file(path, text, sizeof(text));
	must_not_open("no history of arsenal's");
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, read_back, sizeof(read_back)), sizeof(text));
	close(fd);
	assert_memory_equal(read_back, text, sizeof(text));
	write_file(path, "short", 5);
	must_not_open("no history of arsenal's");
	unlink(path);
	execute("CREATE TABLE mine (x); INSERT INTO mine VALUES (42)");
	must_not_open("another program's");
	assert_int_equal(query("SELECT x FROM mine"), 42);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	must_not_open("no regular file");
	assert_int_equal(files_with(".lock") + files_with("damaged"), 0);
}

static void
a_newer_version_is_left_alone(void **state)
{
	(void)state;
	fill_file();
	execute("PRAGMA user_version = 999");
	must_not_open("newer");
	assert_int_equal(query("SELECT count(*) FROM restarts"), 300);
	assert_int_equal(files_with("damaged"), 0);
}

static void
a_path_that_cannot_be_is_told(void **state)
{
	char good[96];

	(void)state;
	strcpy(good, path);
	snprintf(path, sizeof(path), "%s/none/history.db", folder);
	must_not_open("No such file or directory");
	strcpy(path, good);
	if (geteuid() == 0)
		return;
	write_file(path, "", 0);
	chmod(path, 0);
	must_not_open("Permission denied");
}

static void
two_programs_do_not_share_a_file(void **state)
{
	struct store *first;

	(void)state;
	open_session(SESSION);
	first = store;
	must_not_open("in use by another arsenal");
	store = first;
	commit(1);
}

/* The predecessor ends while we wait for it. */
static void
a_predecessor_that_is_ending_is_waited_for(void **state)
{
	int ready[2];
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		base = event_base_new();
		open_session(SESSION);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		usleep(100000);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	open_session(SESSION);
	commit(1);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

/* ---- a disk that does not take it ---- */

static void
put_many(struct engine *e, int from, int n)
{
	for (int i = from; i < from + n; i++) {
		struct restart r = restart(T0 + i, i % 2 ? "one" : "two", "killed");

		engine_restart(e, r.time_ms, &r);
		store_restart(kept, &r);
		restart_release(&r);
	}
}

static void
what_a_full_disk_does_not_take_is_kept(void **state)
{
	struct store_counts counts;
	struct engine *e = new_engine(), *again;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	put_many(e, 0, 10);
	commit(10);
	limit_files(100000);
	put_many(e, 10, 20000);
	store_mark(kept, 20010);
	wait_warnings(1);
	assert_non_null(strstr(last_notice, "cannot be written"));
	counts = store_counts(store);
	assert_true(counts.failing && counts.failure[0] && counts.queued > 0 && counts.queued < counts.queued_max);
	assert_int_equal(confirmed, 10);
	limit_files(RLIM_INFINITY);
	wait_for(20010);
	counts = store_counts(store);
	assert_true(!counts.failing && !counts.failure[0]);
	assert_int_equal(warnings, 1);
	assert_int_equal(calms, 1);
	assert_int_equal(store_counts(store).dropped, 0);
	close_store();
	again = restored(SESSION, T0 + HOUR_MS, 20010);
	assert_int_equal(total(again, T0 + HOUR_MS), 20010);
	engine_free(e);
	engine_free(again);
}

/* Nothing is written by opening a file that is as it should be, and nothing of it is mapped. */
static void
a_full_disk_does_not_keep_it_from_opening(void **state)
{
	struct engine *e;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	fill_file();
	limit_files(1);
	e = restored(SESSION, T0 + HOUR_MS, 9);
	assert_int_equal(files_with("-shm"), 0);
	limit_files(RLIM_INFINITY);
	assert_int_equal(total(e, T0 + HOUR_MS), 300);
	assert_int_equal(warnings, 0);
	engine_free(e);
}

/* No memory without end: restarts that find no room are counted, no mark is confirmed before that number is on disk, and totals stay right. */
static void
a_full_queue_keeps_the_totals(void **state)
{
	struct engine *e = new_engine(), *again;
	char reason[32];
	int n = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	put_many(e, 0, 10);
	commit(10);
	limit_files(100000);
	put_sample(e, T0 + 5, 10e9);
	for (n = 10; store_counts(store).dropped < 5000; n += 1000)
		put_many(e, n, 1000);
	assert_true(n < 1000000);
	store_mark(kept, (uint64_t)n);
	wait_warnings(2);
	assert_int_equal(confirmed, 10);
	for (int i = 0; i < 300; i++, n++) {
		snprintf(reason, sizeof(reason), "reason_%d", i);
		put_restart(NULL, restart(T0 + n, "one", reason));
	}
	limit_files(RLIM_INFINITY);
	while (store_counts(store).committed < 1000)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
	commit((uint64_t)n);
	put_restart(NULL, restart(T0 + n++, "one", "afterwards"));
	commit((uint64_t)n);
	close_store();
	assert_true(calms >= 2);
	/* Retention goes by their numbers: those that found no room took none. */
	assert_int_equal(query("SELECT max(id) FROM shared"), query("SELECT count(*) FROM shared"));
	again = restored(SESSION, T0 + HOUR_MS, (uint64_t)n);
	assert_int_equal(total(again, T0 + HOUR_MS), n);
	engine_free(e);
	engine_free(again);
}

/* Taken away, and no room for a new one: said once, however often it is tried; then it is complete at once. */
static void
a_new_file_that_finds_no_room_is_tried_again(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	commit(1);
	assert_int_equal(unlink(path), 0);
	limit_files(5000);
	put_restart(NULL, restart(T0, "one", "killed"));
	store_mark(kept, 2);
	wait_warnings(1);
	limit_files(RLIM_INFINITY);
	wait_for(2);
	assert_int_equal(warnings, 2);
	close_store();
	assert_int_equal(files_with("damaged") + files_with("replacing"), 0);
	assert_int_equal(query("SELECT count(*) FROM restarts"), 1);
	assert_true(query("SELECT count(*) FROM names") >= METRIC_COUNT);
}

static void
closing_takes_no_longer_than_it_may(void **state)
{
	struct engine *e = new_engine();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	commit(1);
	limit_files(100);
	put_many(e, 0, 1000);
	close_store();
	limit_files(RLIM_INFINITY);
	assert_int_equal(confirmed, 1);
	engine_free(e);
	works_anew();
}

/* ---- blocks ---- */

static size_t
samples_of(struct engine *e)
{
	struct past_view *v = engine_past_open(e, 0, INT64_MAX);
	size_t n = past_view_samples(v);

	past_view_free(v);
	return n;
}

/* Each sample is in a block, or a row, and never in both. */
static void
a_block_takes_the_place_of_its_samples(void **state)
{
	static const char covered[] = "SELECT count(*) FROM samples AS s JOIN blocks AS b"
				      " ON b.kind = 0 AND b.node = s.node AND s.time BETWEEN b.first AND b.last";
	struct engine *e = new_engine(), *again;
	int64_t now = T0;

	(void)state;
	open_session(SESSION);
	for (int i = 1; i <= 5000; i++) {
		put_sample(e, now += STEP_MS, 10e9 + i % 100 * 1e6);
		if (i % 97 == 0)
			commit((uint64_t)i);
	}
	store_mark(kept, 5001);
	close_store();
	assert_int_equal(
	    query("SELECT sum(rows) FROM blocks WHERE kind = 0") + query("SELECT count(*) FROM samples"), 5000);
	assert_int_equal(query("SELECT count(*) FROM blocks WHERE kind = 0"), 5000 / HISTORY_ROWS);
	assert_int_equal(query(covered), 0);
	assert_true(query("SELECT count(*) FROM blocks WHERE kind = 1") >= 3);
	/* where the time is to the hour's end does not matter: open minutes and hours are made again */
	again = restored(SESSION, now, 5001);
	same_samples(e, again, now - HOUR_MS);
	same_points(e, again, METRIC_MEMORY_AVAILABLE, 60000);
	same_points(e, again, METRIC_MEMORY_AVAILABLE, HOUR_MS);
	engine_free(e);
	engine_free(again);
}

/* A file with the same hour a thousand times over does not keep a program from starting: it reads no more than could be of one day. */
static void
no_more_blocks_are_read_than_there_can_be(void **state)
{
	struct engine *e = new_engine();
	int64_t now = T0;

	(void)state;
	open_session(SESSION);
	for (int i = 1; i <= 400; i++)
		put_sample(e, now += STEP_MS, 10e9);
	commit(1);
	close_store();
	engine_free(e);
	execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
		" INSERT INTO blocks (node, kind, first, last, rows, body)"
		" SELECT node, kind, first, last, rows, body FROM blocks, n WHERE kind = 0");
	assert_true(query("SELECT sum(rows) FROM blocks WHERE kind = 0") > 300000);
	e = restored(SESSION, now, 1);
	assert_in_range(engine_counts(e).samples, 400, 4 * (2 * DAY_MS / STEP_MS + 2000));
	assert_true(samples_of(e) >= 120);
	engine_free(e);
	close_store();
}

/* Weeks are there again, although the samples that they were made of are gone. */
static void
roll_ups_outlive_samples_and_restarts(void **state)
{
	struct engine *e = new_engine(), *again;
	int64_t now = T0;

	(void)state;
	open_session(SESSION);
	for (int i = 1; i <= 3 * 1440 * 6 / 10; i++)
		put_sample(e, now += 100000, 10e9 + i % 100 * 1e6);
	commit(1);
	close_store();
	assert_true(query("SELECT sum(rows) FROM blocks WHERE kind = 0") < 2 * DAY_MS / 100000);
	again = restored(SESSION, now, 1);
	same_points(e, again, METRIC_MEMORY_AVAILABLE, HOUR_MS);
	same_points(e, again, METRIC_MEMORY_AVAILABLE, 10 * 60000);
	engine_free(e);
	engine_free(again);
}

/* A row that was left in the future by a clock that was set back is in no block of the time after. */
static void
a_block_covers_what_it_has_alone(void **state)
{
	struct engine *e = new_engine();
	int64_t now = T0 - 10 * HOUR_MS;

	(void)state;
	open_session(SESSION);
	put_sample(e, T0, 10e9);
	commit(1);
	close_store();
	engine_free(e);
	e = restored(SESSION, now, 1);
	for (uint64_t i = 1; now < T0 + HOUR_MS; i++)
		put_sample(e, now += STEP_MS, 10e9);
	commit(2);
	close_store();
	assert_int_equal(query("SELECT count(*) FROM samples WHERE id = 1"), 1);
	assert_true(query("SELECT max(last) FROM blocks WHERE kind = 0") > T0);
	engine_free(e);
}

/* While the disk takes nothing, blocks take far less room than what they cover. */
static void
samples_that_wait_become_blocks(void **state)
{
	struct engine *e = new_engine(), *again;
	int64_t now = T0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	commit(1);
	limit_files(100);
	put_sample(e, now += STEP_MS, 10e9);
	store_mark(kept, 2);
	wait_warnings(1);
	for (int i = 0; i < 60000; i++)
		put_sample(e, now += 1000, 10e9 + i % 100 * 1e6);
	assert_int_equal(store_counts(store).dropped, 0);
	limit_files(RLIM_INFINITY);
	commit(3);
	close_store();
	assert_int_equal(
	    query("SELECT sum(rows) FROM blocks WHERE kind = 0") + query("SELECT count(*) FROM samples"), 60001);
	again = restored(SESSION, now, 3);
	assert_int_equal(samples_of(again), samples_of(e));
	engine_free(e);
	engine_free(again);
}

/* ---- incidents ---- */

/* What a reader of the closed file says of the incident with this id, or "none". */
static const char *
record_of(const char *id)
{
	static struct strbuf body = STRBUF_INIT;
	struct store_reader *r;
	struct err err;

	r = store_read_open(path, &err);
	assert_non_null(r);
	strbuf_reset(&body);
	if (!store_read_incident(r, id, &body, &err))
		strbuf_adds(&body, "none");
	store_read_close(r);
	return strbuf_cstr(&body);
}

static void
incidents_are_listed_and_read_back(void **state)
{
	const struct store_incident *i;
	struct store_reader *r;
	struct err err;

	(void)state;
	open_session(SESSION);
	assert_true(store_incident(kept, T0, "death", "a-1", "{\"a\":1}", 7));
	commit(1);
	assert_true(store_incident(kept, T0 + 1, "loss", "a-2", "{}", 2));
	/* what is known later takes its place */
	assert_true(store_incident(kept, T0, "death", "a-1", "{\"a\":12}", 8));
	close_store();
	assert_string_equal(record_of("a-1"), "{\"a\":12}");
	assert_string_equal(record_of("a-2"), "{}");
	assert_string_equal(record_of("a-3"), "none");
	r = store_read_open(path, &err);
	assert_non_null(r);
	assert_string_equal(store_read_incident_at(r, 0)->id, "a-2");
	i = store_read_incident_at(r, 1);
	assert_string_equal(i->id, "a-1");
	assert_string_equal(i->kind, "death");
	assert_string_equal(i->node, "a@h");
	assert_int_equal(i->time_ms, T0);
	assert_int_equal(i->bytes, 8);
	assert_null(store_read_incident_at(r, 2));
	store_read_close(r);
}

static void
incidents_outlive_retention_and_a_failing_disk(void **state)
{
	struct engine *e = new_engine();
	int64_t now = T0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_session(SESSION);
	assert_true(store_incident(kept, now, "death", "old", "{}", 2));
	commit(1);
	limit_files(1);
	assert_true(store_incident(kept, now, "death", "new", "[]", 2));
	store_mark(kept, 2);
	wait_warnings(1);
	limit_files(RLIM_INFINITY);
	wait_for(2);
	now += 400 * DAY_MS;
	for (uint64_t mark = 3; mark < 8; mark++) {
		put_sample(e, now += 20000, 10e9);
		commit(mark);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM incidents"), 2);
	assert_string_equal(record_of("new"), "[]");
	engine_free(e);
}

/* ---- size ---- */

static int64_t
used_bytes(void)
{
	return (query("PRAGMA page_count") - query("PRAGMA freelist_count")) * 4096;
}

static void
beyond_its_bound_the_oldest_goes_incidents_last(void **state)
{
	static char record[150000];
	struct engine *e = new_engine();
	int64_t now = T0;
	uint64_t mark = 0;

	(void)state;
	memset(record, 'x', sizeof(record));
	max_bytes = 600 << 10;
	open_session(SESSION);
	assert_true(store_incident(kept, now, "death", "first", record, sizeof(record)));
	/* Values that do not repeat take some room. */
	for (int i = 0; i < 16000; i++) {
		put_sample(e, now += STEP_MS, 10e9 + (double)((uint64_t)i * 2654435761u % 99999) * 1.000123);
		if (i % 200 == 0)
			commit(++mark);
	}
	for (int i = 0; i < 40; i++) {
		put_sample(e, now += 20000, 10e9);
		commit(++mark);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM incidents"), 1);
	assert_true((uint64_t)used_bytes() < max_bytes + 200000);
	assert_true(query("SELECT min(first) FROM blocks WHERE kind = 0") > T0 + HOUR_MS);
	assert_true(query("SELECT min(first) FROM blocks WHERE kind = 1") < T0 + HOUR_MS);
	assert_true(query("SELECT count(*) FROM blocks WHERE kind = 0") > 5);
	assert_int_equal(warnings, 1);
	assert_non_null(strstr(last_notice, "oldest samples go before their time"));
	/* Incidents that leave room for nothing else go, too, the oldest first, and it is said. */
	open_session(SESSION);
	assert_int_equal(store_restore(kept, e, now), mark);
	for (int i = 0; i < 4; i++) {
		char id[32];

		snprintf(id, sizeof(id), "more-%d", i);
		assert_true(store_incident(kept, now, "death", id, record, sizeof(record)));
	}
	for (int i = 0; i < 60; i++) {
		put_sample(e, now += 20000, 10e9);
		commit(++mark);
	}
	assert_non_null(strstr(last_notice, "had to go"));
	close_store();
	assert_true(query("SELECT count(*) FROM incidents") >= 2);
	assert_string_equal(record_of("first"), "none");
	assert_int_equal(strlen(record_of("more-3")), sizeof(record));
	assert_true((uint64_t)used_bytes() < max_bytes + 200000);
	engine_free(e);
}

/* Reasons that never repeat (they hold a pid, a reference, a request) do not push out what else there is. */
static void
restarts_without_end_leave_room_for_the_rest(void **state)
{
	struct engine *e = new_engine();
	char reason[200];
	int64_t now = T0;
	uint64_t mark = 0;

	(void)state;
	max_bytes = 4 << 20;
	open_session(SESSION);
	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	for (int i = 0; i < 2000; i++) {
		put_sample(e, now += STEP_MS, 10e9 + i);
		for (int k = 0; k < 20; k++) {
			reason[snprintf(reason, sizeof(reason), "%d", i * 20 + k)] = '_';
			put_restart(NULL, restart(now + k, "one", reason));
		}
		if (i % 20 == 0)
			commit(++mark);
	}
	for (int i = 0; i < 60; i++) {
		put_sample(e, now += 20000, 10e9);
		commit(++mark);
	}
	close_store();
	assert_true((uint64_t)used_bytes() < max_bytes);
	assert_int_equal(query("SELECT min(first) FROM blocks WHERE kind = 0"), T0 + STEP_MS);
	assert_int_equal(warnings, 0);
	/* The newest are there with their reasons, and all of them count. */
	assert_true(query("SELECT count(*) FROM restarts") >= 500);
	assert_int_equal(query("SELECT count(*) FROM restarts WHERE cause NOT IN (SELECT id FROM shared)"), 0);
	engine_free(e);
	e = new_engine();
	open_session(SESSION);
	assert_int_equal(store_restore(kept, e, now), mark);
	assert_int_equal(engine_counts(e).restarts, 40000);
	engine_free(e);
}

/* Who watched at 250 ms and does at 5 s now has more than such an engine would ever make: the oldest is left out, and it is not called damage. */
static void
of_more_than_an_engine_makes_the_newest_is_read(void **state)
{
	struct engine *e = new_engine();
	struct engine_options o = engine_defaults();
	int64_t now = T0;

	(void)state;
	open_session(SESSION);
	for (int i = 1; i <= 14000; i++) {
		put_sample(e, now += 250, 10e9 + i);
		if (i % 500 == 0)
			commit((uint64_t)i);
	}
	engine_free(e);
	close_store();
	o.retention_ms = HOUR_MS;
	e = engine_new("a@h", &o);
	open_session(SESSION);
	assert_int_equal(store_restore(kept, e, now), 14000);
	assert_int_equal(engine_last(e)->time_ms, now);
	assert_true(all_from(e, now - 2000 * 250) >= 2000);
	assert_int_equal(warnings, 0);
	engine_free(e);
}

/* ---- a disk that hangs ---- */

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER;

static ssize_t
waiting_pwrite(int fd, const void *data, size_t len, off_t at)
{
	pthread_mutex_lock(&disk);
	pthread_mutex_unlock(&disk);
	return pwrite(fd, data, len, at);
}

/* Returns whether somebody holds the lock on the file. */
static bool
is_locked(void)
{
	char name[160];
	bool locked;
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR);
	assert_true(fd >= 0);
	locked = flock(fd, LOCK_EX | LOCK_NB) != 0;
	close(fd);
	return locked;
}

static void
a_disk_that_hangs_keeps_nobody_from_ending(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	int64_t began;

	(void)state;
	open_session(SESSION);
	put_restart(NULL, restart(T0, "one", "killed"));
	commit(1);
	vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)waiting_pwrite);
	vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)waiting_pwrite);
	pthread_mutex_lock(&disk);
	put_restart(NULL, restart(T0 + 1, "one", "killed"));
	began = clock_mono_us();
	close_store();
	assert_true(clock_mono_us() - began < 10000000);
	event_base_free(base);
	base = NULL;
	assert_true(is_locked());
	/* When it answers at last there is no loop, and the rest goes. */
	pthread_mutex_unlock(&disk);
	while (is_locked())
		usleep(1000);
	vfs->xSetSystemCall(vfs, NULL, NULL);
	base = event_base_new();
	assert_int_equal(query("SELECT count(*) FROM restarts"), 2);
	assert_int_equal(query("SELECT max(mark) FROM sessions"), 1);
}

/* ---- retention ---- */

static void
what_expires_is_counted_on(void **state)
{
	struct engine *e = new_engine(), *again;
	static struct restart_stats a, b;
	int64_t now = T0;
	uint64_t mark = 0;

	(void)state;
	open_session(SESSION);
	store_restore(kept, e, now);
	for (int i = 0; i < 3000; i++)
		put_all_kinds(e, now += 20, i);
	put_sample(e, now, 10e9);
	commit(++mark);
	now += DAY_MS + HOUR_MS;
	/* one step of retention between two transactions */
	for (int i = 0; i < 12; i++) {
		put_restart(e, restart(now += 20000, "three", "killed"));
		put_sample(e, now, 10e9);
		commit(++mark);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM restarts"), 12);
	assert_int_equal(query("SELECT count(*) FROM samples"), 12);
	assert_true(query("SELECT count(*) FROM tallies") < 40);
	/* all that is not known is what was lost */
	assert_int_equal(query("SELECT sum(count) FROM tallies WHERE cause = x''"), 120);
	again = restored(SESSION, now, mark);
	assert_true(engine_restart_stats(e, now, NULL, &a) && engine_restart_stats(again, now, NULL, &b));
	assert_int_equal(a.total, b.total);
	assert_int_equal(a.failed, b.failed);
	assert_int_equal(a.gave_up, b.gave_up);
	assert_int_equal(a.undescribed, b.undescribed);
	for (unsigned i = 0; i < a.child_count; i++)
		assert_int_equal(a.children[i].count, b.children[i].count);
	engine_free(e);
	engine_free(again);
}

/* When there are too many causes, only how many of each kind there were is kept: totals stay right. */
static void
tallies_without_a_cause_count_by_their_kind(void **state)
{
	static struct restart_stats a, b;
	struct engine *e = new_engine(), *again;

	(void)state;
	open_session(SESSION);
	for (int i = 0; i < 10; i++)
		put_restart(e, restart(T0 + i, "one", "killed"));
	commit(1);
	close_store();
	execute("INSERT INTO tallies SELECT node, session, kind, x'', count, 1, 2 FROM sessions,"
		" (SELECT 0 AS kind, 20 AS count UNION VALUES (1, 11), (2, 12), (3, 13), (4, 14), (5, 5))");
	again = restored(SESSION, T0 + 10, 1);
	assert_true(engine_restart_stats(e, T0 + 10, NULL, &a) && engine_restart_stats(again, T0 + 10, NULL, &b));
	assert_int_equal(b.total, a.total + 20 - 13);
	assert_int_equal(b.failed, 11);
	assert_int_equal(b.gave_up, 12);
	assert_int_equal(b.undone, 13);
	assert_int_equal(b.collateral, 14 - 5);
	assert_int_equal(warnings, 0);
	engine_free(e);
	engine_free(again);
}

/* Causes go by age, too, but not while a restart that is kept names them. */
static void
a_cause_lives_as_long_as_its_restarts(void **state)
{
	struct engine *e = new_engine(), *again;
	int64_t now = T0;
	uint64_t mark = 0;

	(void)state;
	open_session(SESSION);
	store_restore(kept, e, now);
	for (int i = 0; i < 60; i++) {
		put_restart(e, restart(now += HOUR_MS, "one", "killed"));
		commit(++mark);
	}
	close_store();
	assert_true(query("SELECT count(*) FROM shared") < 30);
	assert_int_equal(query("SELECT count(*) FROM restarts WHERE cause NOT IN (SELECT id FROM shared)"), 0);
	assert_true(query("SELECT count(*) FROM restarts") < 30);
	again = restored(SESSION, now, mark);
	assert_int_equal(total(again, now), 60);
	engine_free(e);
	engine_free(again);
}

/* ---- the clock ---- */

static void
a_clock_that_was_set_back_loses_nothing(void **state)
{
	struct engine *e = new_engine(), *again;
	int64_t earlier = T0 - 10 * HOUR_MS;
	const struct restart *r;
	size_t it = 0;

	(void)state;
	open_session(SESSION);
	put_restart(e, restart(T0, "one", "killed"));
	put_sample(e, T0 + 1, 10e9);
	store_mark(kept, 1);
	close_store();
	engine_free(e);
	e = restored(SESSION, earlier, 1);
	assert_int_equal(total(e, earlier), 1);
	put_restart(e, restart(earlier + 1, "one", "killed"));
	put_sample(e, earlier + 2, 10e9);
	store_mark(kept, 2);
	close_store();
	again = restored(SESSION, earlier + 10, 2);
	assert_int_equal(total(again, earlier + 10), 2);
	while ((r = engine_past_restart(again, 0, INT64_MAX, &it)) != NULL)
		assert_true(r->time_ms <= earlier + 10);
	engine_free(e);
	engine_free(again);
}

/* A report with a wrong time does not make the whole history old. */
static void
a_time_far_ahead_expires_nothing(void **state)
{
	struct engine *e = new_engine();

	(void)state;
	open_session(SESSION);
	store_restore(kept, e, T0);
	put_sample(e, T0 + 1, 10e9);
	put_restart(NULL, restart(T0 + 1000 * DAY_MS, "one", "killed"));
	for (uint64_t i = 1; i < 4; i++) {
		put_restart(NULL, restart(T0 + 20000 * (int64_t)i, "one", "killed"));
		commit(i);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM samples"), 1);
	engine_free(e);
}

/* A device without a battery begins in the past, until somebody tells it the time. */
static void
a_clock_that_is_set_far_ahead_is_followed(void **state)
{
	struct engine *e = new_engine();

	(void)state;
	open_session(SESSION);
	store_restore(kept, e, T0);
	put_sample(e, T0 + 1, 10e9);
	for (uint64_t i = 1; i < 4; i++) {
		put_sample(e, T0 + 1000 * DAY_MS + 20000 * (int64_t)i, 10e9);
		commit(i);
	}
	close_store();
	assert_int_equal(query("SELECT count(*) FROM samples"), 3);
	engine_free(e);
}

/* ---- contents that somebody else wrote ---- */

static void
rows_without_sense_are_left_out(void **state)
{
	struct engine *e;

	(void)state;
	fill_file();
	execute("INSERT INTO samples (time, body) VALUES (1700000000001, x'0102030405');"
		"INSERT INTO samples (time, body, checked) VALUES (1700000000002, 'text', 'text');"
		"INSERT INTO events (time, type, severity, body) VALUES (1700000000003, 'anomaly', 'low', x'68');"
		"INSERT INTO shared VALUES (100000, 1700000000003, x'6A');"
		"INSERT INTO restarts SELECT 100000, time, session, 99, -1, -5, 0, 1, x'FF', 1 FROM restarts LIMIT 1;"
		"INSERT INTO restarts SELECT 100001, time, session, 0, 2, 1, 0, 100000, x'FF', 1 FROM restarts LIMIT 1;"
		"INSERT INTO tallies (node, session, kind, cause, count, first, last)"
		" SELECT 1, session, 77, x'', -1, 5, 4 FROM sessions LIMIT 1;");
	e = restored(SESSION, T0 + HOUR_MS, 9);
	assert_int_equal(total(e, T0 + HOUR_MS), 301);
	wait_warnings(1);
	assert_non_null(strstr(last_notice, "make no sense"));
	engine_free(e);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_the_owners_only),
		TEST(a_restored_engine_is_as_the_one_before),
		TEST(another_session_has_the_history_but_counts_from_zero),
		TEST(a_node_with_a_new_name_goes_on_with_its_history),
		TEST(nodes_of_one_file_do_not_meet),
		TEST(a_node_that_is_not_watched_expires),
		TEST(a_file_of_version_1_keeps_all_its_rows),
		TEST(a_migration_that_fails_leaves_version_1),
		TEST(after_a_kill_rows_and_mark_agree),
		TEST(after_a_kill_each_sample_is_there_once),
		TEST(a_truncated_file_is_set_aside),
		TEST(a_file_of_zero_length_is_a_new_one),
		TEST(a_flipped_bit_does_not_stop_it),
		TEST(damage_that_shows_later_is_set_aside_too),
		TEST(a_file_that_was_taken_away_is_begun_anew),
		TEST(what_is_not_ours_is_left_alone),
		TEST(a_newer_version_is_left_alone),
		TEST(a_path_that_cannot_be_is_told),
		TEST(two_programs_do_not_share_a_file),
		TEST(a_predecessor_that_is_ending_is_waited_for),
		TEST(what_a_full_disk_does_not_take_is_kept),
		TEST(a_full_disk_does_not_keep_it_from_opening),
		TEST(a_full_queue_keeps_the_totals),
		TEST(a_new_file_that_finds_no_room_is_tried_again),
		TEST(closing_takes_no_longer_than_it_may),
		TEST(rows_of_version_1_become_blocks),
		TEST(a_block_takes_the_place_of_its_samples),
		TEST(no_more_blocks_are_read_than_there_can_be),
		TEST(roll_ups_outlive_samples_and_restarts),
		TEST(a_block_covers_what_it_has_alone),
		TEST(samples_that_wait_become_blocks),
		TEST(beyond_its_bound_the_oldest_goes_incidents_last),
		TEST(restarts_without_end_leave_room_for_the_rest),
		TEST(incidents_are_listed_and_read_back),
		TEST(incidents_outlive_retention_and_a_failing_disk),
		TEST(of_more_than_an_engine_makes_the_newest_is_read),
		TEST(a_disk_that_hangs_keeps_nobody_from_ending),
		TEST(what_expires_is_counted_on),
		TEST(tallies_without_a_cause_count_by_their_kind),
		TEST(a_cause_lives_as_long_as_its_restarts),
		TEST(a_clock_that_was_set_back_loses_nothing),
		TEST(a_time_far_ahead_expires_nothing),
		TEST(a_clock_that_is_set_far_ahead_is_followed),
		TEST(rows_without_sense_are_left_out),
	};

	evthread_use_pthreads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
