/* SPDX-License-Identifier: Apache-2.0 */
/*
 * day_store FILE NODE [END]: writes a history of a whole day, for tests of what shows one. `arsenal watch --store FILE NODE` serves it at once, whether NODE is up or not.
 *
 * The day ends at END (milliseconds since 1970; now) and has every metric at 5 s, with a rhythm; by its hours:
 *
 *	all day	 shop_sup/nightly_export restarts every half an hour; shop_sup's database, cache and api fall one after the other every three hours; session_sup's
 *		 sessions some 120 times; pool_sup (rest_for_one) restarts conn_b and conn_c with conn_a
 *	2:00	 demo_cache leaks memory for 50 minutes: memory becomes critical
 *	7:00	 mailer does not work on its queue for 10 minutes
 *	11:00	 a storm of payment_sup/gateway: 40 restarts in two minutes, then payment_sup gives up
 *	15:00	 shop_sup/ftp_client does not start, ten times
 *	18:00	 the node goes down for 70 s, and comes back as a new VM
 *	21:00	 report_builder takes all CPU for 5 minutes
 *	23:30	 processes leak, until the end: an incident is open
 */
#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/world.h"
#include "etf/term_fixture.h"
#include "os/clock.h"
#include "recorder.h"

#define HOUR 720 /* samples */
#define MINUTE 12
#define DOWN_BEGIN (18 * HOUR)
#define DOWN_SAMPLES 14
#define CONFIRM 200 /* samples that are put before the disk has them */

struct day {
	struct server *srv;
	struct recorder recorder;
	struct store_node *kept;
	uint64_t committed;
	int64_t start_ms, now_ms;
	int at; /* sample of the day */
	struct world world;
	struct chance chance;
	double counters[METRIC_COUNT], noise[METRIC_COUNT], runtime_ms;
};

static const struct load SHOP = { .name = "shop", .persistence = 0.9, .rhythm = 0.4 };

static void
fail(const char *what)
{
	fprintf(stderr, "day_store: %s\n", what);
	exit(1);
}

/* ---- restarts ---- */

static void
report(struct day *d, int64_t time_ms, const char *supervisor, const char *child, const char *reason,
    enum restart_kind kind)
{
	struct restart r = {
		.time_ms = time_ms, .kind = kind, .caught = true, .times = 1, .restart_type = "permanent"
	};

	r.supervisor = atom_term(supervisor);
	r.child_id = atom_term(child);
	r.reason = atom_term(reason);
	r.child_pid = pid_term("shop@host", (uint32_t)(time_ms / 100 % 100000));
	r.group = strcmp(supervisor, "session_sup") == 0;
	recorder_restart(&d->recorder, time_ms, &r);
	restart_release(&r);
}

static void
tell_pool(struct day *d)
{
	struct supervisor_facts f = { .time_ms = d->now_ms,
		.kind = "supervisor",
		.strategy = REST_FOR_ONE,
		.known = true,
		.intensity = 10,
		.period_ms = 60000,
		.children = 3 };

	f.supervisor = atom_term("pool_sup");
	f.pid = pid_term("shop@host", 77);
	f.siblings = siblings_new(3);
	f.siblings->ids[0] = atom_term("conn_c");
	f.siblings->ids[1] = atom_term("conn_b");
	f.siblings->ids[2] = atom_term("conn_a");
	recorder_supervisor(&d->recorder, d->now_ms, &f);
	supervisor_facts_release(&f);
}

/* What comes again and again. */
static void
beats(struct day *d)
{
	int64_t now_ms = d->now_ms;

	if (d->at % (HOUR / 2) == 7 * MINUTE)
		report(d, now_ms, "shop_sup", "nightly_export", "timeout", RESTART_DONE);
	if (d->at % (3 * HOUR) == 17 * MINUTE) {
		report(d, now_ms, "shop_sup", "database", "tcp_closed", RESTART_DONE);
		report(d, now_ms + 900, "shop_sup", "cache", "noproc", RESTART_DONE);
		report(d, now_ms + 1700, "shop_sup", "api", "noproc", RESTART_DONE);
	}
	if (d->at % (4 * HOUR) == 29 * MINUTE) {
		report(d, now_ms, "pool_sup", "conn_a", "tcp_closed", RESTART_DONE);
		tell_pool(d);
	}
	if (uniform(&d->chance) < 120.0 / WORLD_DAY)
		report(d, now_ms, "session_sup", "session", uniform(&d->chance) < 0.8 ? "killed" : "badmatch",
		    RESTART_DONE);
}

/* What comes once. */
static void
storm(struct day *d)
{
	int since = d->at - 11 * HOUR;

	if (since >= 0 && since < 20)
		for (int i = 0; i < 2; i++)
			report(d, d->now_ms + i * 2500, "payment_sup", "gateway", "econnrefused", RESTART_DONE);
	if (since == 20) {
		report(d, d->now_ms, "payment_sup", "gateway", "econnrefused", RESTART_GAVE_UP);
		report(d, d->now_ms + 100, "shop_sup", "payment_sup", "shutdown", RESTART_DONE);
	}
	if (d->at >= 15 * HOUR && d->at < 15 * HOUR + 10)
		report(d, d->now_ms, "shop_sup", "ftp_client", "nxdomain", RESTART_FAILED);
}

/* ---- samples ---- */

/* A trouble of the day, by the name of a fault of world.h, and who is behind it: `grows` by so much a sample in that ranking. */
static const struct trouble {
	int begin, length;
	const char *fault;
	enum top_kind ranking;
	const char *name;
	double at_once, grows;
} TROUBLES[] = {
	{ 2 * HOUR, 50 * MINUTE, "memory leak, 1 % a minute", TOP_MEMORY, "demo_cache", 0, 1.33e7 },
	{ 7 * HOUR, 10 * MINUTE, "stuck process, 200 messages a second", TOP_MESSAGE_QUEUE, "mailer", 0, 1000 },
	{ 21 * HOUR, 5 * MINUTE, "CPU hog", TOP_REDUCTIONS, "report_builder", 2e8, 0 },
	{ 24 * HOUR - 30 * MINUTE, 30 * MINUTE, "process leak, 10 a second", TOP_MEMORY, "acceptor", 0, 2e5 },
};

static const struct trouble *
trouble_at(int at)
{
	for (size_t i = 0; i < ARRAY_LEN(TROUBLES); i++)
		if (at >= TROUBLES[i].begin && at < TROUBLES[i].begin + TROUBLES[i].length)
			return &TROUBLES[i];
	return NULL;
}

static const struct effect *
effects_of(const struct trouble *t)
{
	for (size_t i = 0; t && i < ARRAY_LEN(FAULTS); i++)
		if (strcmp(FAULTS[i].name, t->fault) == 0)
			return FAULTS[i].effects;
	if (t)
		fail("a fault that is none");
	return NULL;
}

static void
rank(const struct day *d, struct sample *s, enum top_kind kind, const struct trouble *t)
{
	static const char *const names[] = { "shop_router", "mailer", "demo_cache", "report_builder", "acceptor",
		"logger", "code_server" };
	static const double usual[TOP_KIND_COUNT] = { 3, 4e6, 1e5, 1e6 };

	s->top_told[kind] = true;
	s->top_count[kind] = ARRAY_LEN(names);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct top_process *p = &s->top[kind][i];
		double value = usual[kind] * (double)(ARRAY_LEN(names) - i);

		*p = (struct top_process)TOP_PROCESS_INIT;
		snprintf(p->pid, sizeof(p->pid), "<0.%zu.0>", 100 + i);
		snprintf(p->name, sizeof(p->name), "%s", names[i]);
		snprintf(p->initial_call, sizeof(p->initial_call), "gen_server:init_it/6");
		snprintf(p->application, sizeof(p->application), "shop");
		if (t && t->ranking == kind && strcmp(t->name, names[i]) == 0)
			value += t->at_once + t->grows * (d->at - t->begin);
		p->value = value;
		p->queue_len = kind == TOP_MESSAGE_QUEUE ? value : 0;
		p->queue_rate = kind == TOP_MESSAGE_QUEUE && t && t->ranking == kind ? t->grows / 5 : 0;
		p->memory = kind == TOP_MEMORY ? value : 1e6;
	}
}

/* The largest comes first. */
static int
by_value(const void *a, const void *b)
{
	double x = ((const struct top_process *)a)->value, y = ((const struct top_process *)b)->value;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* What a VM of eight schedulers has, and what would contradict it by chance. */
static const struct {
	enum metric_id metric;
	double value;
} FACTS[] = {
	{ METRIC_SCHEDULERS, 8 },
	{ METRIC_SCHEDULERS_ONLINE, 8 },
	{ METRIC_DIRTY_CPU_SCHEDULERS, 8 },
	{ METRIC_DIRTY_CPU_SCHEDULERS_ONLINE, 8 },
	{ METRIC_DIRTY_IO_SCHEDULERS, 10 },
	{ METRIC_LOGICAL_PROCESSORS, 8 },
	{ METRIC_WORDSIZE, 8 },
	{ METRIC_ETS_LIMIT, 8192 },
	{ METRIC_RESTART_CAPTURE, 1 },
	{ METRIC_RESTART_CAPTURE_PARTIAL, 0 },
};

/* The VM gets the CPU time that its schedulers are busy. */
static void
set_facts(struct day *d, struct sample *s, uint64_t busy)
{
	for (size_t i = 0; i < ARRAY_LEN(FACTS); i++)
		sample_set(s, FACTS[i].metric, FACTS[i].value);
	d->runtime_ms += (double)busy / 1e6 * 8 * WORLD_INTERVAL_MS;
	sample_set(s, METRIC_RUNTIME, floor(d->runtime_ms));
}

static double
level_of_unit(enum metric_id id)
{
	if (METRICS[id].unit == UNIT_BYTES)
		return 1e7 + 1e6 * id;
	return METRICS[id].unit == UNIT_LOAD ? 1.5 : 10 + id;
}

/* fill gives a value to every metric that the simulated node does not have. */
static void
fill(struct day *d, struct sample *s)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		double level = level_of_unit((enum metric_id)i);

		d->noise[i] = 0.95 * d->noise[i] + 0.3 * gauss(&d->chance);
		d->counters[i] += fmax(0, level * (1 + 0.1 * d->noise[i]));
		if (s->present[i])
			continue;
		level = METRICS[i].kind == KIND_COUNTER ? d->counters[i] : fmax(0, level * (1 + 0.05 * d->noise[i]));
		sample_set(s, (enum metric_id)i, METRICS[i].unit == UNIT_LOAD ? level : round(level));
	}
}

static void
feed(struct day *d)
{
	static struct sample s;
	const struct trouble *t = trouble_at(d->at);
	uint64_t busy = d->world.busy;

	world_sample(&d->world, &s, effects_of(t), t ? d->at - t->begin + 1 : 0);
	s.time_ms = d->now_ms;
	set_facts(d, &s, d->world.busy - busy);
	fill(d, &s);
	if (d->at % MINUTE == 0)
		for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
			rank(d, &s, (enum top_kind)kind, t);
			qsort(s.top[kind], s.top_count[kind], sizeof(s.top[kind][0]), by_value);
		}
	recorder_sample(&d->recorder, d->now_ms, &s);
}

/* ---- the day ---- */

static void
change_link(struct day *d, enum node_state state, const char *detail)
{
	engine_link(d->recorder.engine, d->now_ms, state, detail);
	server_node_changed(d->recorder.node);
}

static void
come_up(struct day *d)
{
	struct node_info info = { .otp_release = "26",
		.erts_version = "14.2.5",
		.schedulers_online = 8,
		.injected = true,
		.restarts_seen = true };

	engine_info(d->recorder.engine, &info);
	change_link(d, NODE_UP, "linked, the probe is attached");
}

/* A VM that begins anew counts from 0. */
static void
boot(struct day *d)
{
	d->world.booted = d->world.tick;
	memset(d->world.counter, 0, sizeof(d->world.counter));
	memset(d->counters, 0, sizeof(d->counters));
	d->runtime_ms = 0;
	come_up(d);
}

static void
live_on(struct day *d)
{
	if (d->at == 0)
		come_up(d);
	if (d->at == DOWN_BEGIN)
		change_link(d, NODE_UNREACHABLE, "the node closed the connection");
	if (d->at == DOWN_BEGIN + DOWN_SAMPLES)
		boot(d);
	if (d->at >= DOWN_BEGIN && d->at < DOWN_BEGIN + DOWN_SAMPLES) {
		d->world.tick++;
		return;
	}
	feed(d);
	beats(d);
	storm(d);
}

static void
on_committed(void *arg, struct store_node *node, uint64_t mark)
{
	(void)node;
	((struct day *)arg)->committed = mark;
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg;
	if (warning)
		fail(text);
}

/* confirm waits until all is on disk: what is put faster than that is dropped. */
static void
confirm(struct day *d)
{
	uint64_t mark = (uint64_t)d->at + 1;

	store_mark(d->kept, mark);
	while (d->committed < mark)
		event_base_loop(server_loop(d->srv), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

static int64_t
now_of(void *arg)
{
	return ((const struct day *)arg)->now_ms;
}

static struct store *
open_day(struct day *d, const char *path, const char *name)
{
	static const struct store_handlers handlers = { on_committed, on_notice };
	struct server_options so = { .max_events = 100, .now_ms = now_of, .arg = d };
	struct engine_options o = engine_defaults();
	struct server_node *node;
	struct store *store;
	struct err err;

	recorder_options(&o);
	d->srv = server_new(&so);
	node = server_add(d->srv, name, &o, &err);
	store = node ? recorder_open(d->srv, path, &o, STORE_MAX_BYTES, &handlers, d, &err) : NULL;
	d->kept = store ? store_node(store, name, STORE_WATCH_SESSION, false, &err) : NULL;
	if (d->kept == NULL)
		fail(err.text);
	recorder_init(&d->recorder, node, d->kept);
	recorder_restore(&d->recorder, d->now_ms);
	return store;
}

int
main(int argc, char **argv)
{
	static struct day d;
	struct store *store;

	if (argc < 3 || argc > 4)
		fail("usage: day_store FILE NODE [END]");
	evthread_use_pthreads();
	d.start_ms = (argc > 3 ? strtoll(argv[3], NULL, 10) : clock_now_ms()) - WORLD_DAY * INT64_C(5000);
	d.now_ms = d.start_ms;
	d.chance.state = 4711;
	world_init(&d.world, &SHOP, 42);
	store = open_day(&d, argv[1], argv[2]);
	for (; d.at < WORLD_DAY; d.at++) {
		d.now_ms = d.start_ms + d.at * INT64_C(5000);
		live_on(&d);
		event_base_loop(server_loop(d.srv), EVLOOP_NONBLOCK);
		if (d.at % CONFIRM == CONFIRM - 1)
			confirm(&d);
	}
	confirm(&d);
	recorder_close(d.srv, store);
	server_free(d.srv);
	return 0;
}
