/* SPDX-License-Identifier: Apache-2.0 */
/* What the history on disk costs: a burst of restarts (the writer's CPU, the loop's), a day of samples, and reading both back. */
#include <event2/event.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "engine/past.h"
#include "etf/etf_term.h"
#include "etf/etf_write.h"
#include "etf/term_fixture.h"
#include "os/clock.h"
#include "store/store.h"

#define T0 INT64_C(1700000000000)
#define BURST 100000
#define DAY_SAMPLES 17280
#define LISTED 10000

static uint64_t confirmed;
static struct store_node *kept;

static void
on_committed(void *arg, struct store_node *node, uint64_t mark)
{
	(void)arg;
	(void)node;
	confirmed = mark;
}

static void
on_notice(void *arg, bool warning, const char *text)
{
	(void)arg;
	(void)warning;
	fprintf(stderr, "bench_store: %s\n", text);
}

static double
cpu_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void
wait_for(struct event_base *base, uint64_t mark)
{
	while (confirmed < mark)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

static struct store *
open_store(struct event_base *base, const char *path)
{
	static const struct store_handlers handlers = { on_committed, on_notice };
	struct store_options o = { .path = path, .retention_ms = 24 * 3600000 };
	struct store *s;
	struct err err;

	s = store_open(base, &o, &handlers, NULL, &err);
	kept = s ? store_node(s, "app@host", 1, true, &err) : NULL;
	if (kept == NULL) {
		fprintf(stderr, "bench_store: %s\n", err.text);
		exit(1);
	}
	return s;
}

/* put_restarts puts n restarts of 10 children, with one pid each, and with a reason each if `unique`. */
static void
put_restarts(int64_t from_ms, int64_t step_ms, int n, bool unique, double *loop_us)
{
	struct restart r = {
		.caught = true, .times = 1, .supervisor = binary_term("my_supervisor"), .restart_type = "permanent"
	};
	double start;

	for (int i = 0; i < n; i++) {
		char text[200];

		snprintf(text, sizeof(text), "child_%d", i % 10);
		r.child_id = binary_term(text);
		snprintf(text, sizeof(text),
		    "{{badmatch,%d},[{my_module,handle_call,3,[{file,\"src/my_module.erl\"},{line,42}]}]}",
		    unique ? i : i % 5);
		r.reason = binary_term(text);
		r.child_pid = pid_term("app@host", i);
		r.time_ms = from_ms + i * step_ms;
		start = cpu_us(CLOCK_THREAD_CPUTIME_ID);
		store_restart(kept, &r);
		*loop_us += cpu_us(CLOCK_THREAD_CPUTIME_ID) - start;
		term_unref(r.child_id);
		term_unref(r.reason);
		term_unref(r.child_pid);
	}
	term_unref(r.supervisor);
}

/* All CPU but this thread's is the writer's. */
static double
writer_us(void)
{
	return cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu_us(CLOCK_THREAD_CPUTIME_ID);
}

static void
bench_burst(struct event_base *base, bool unique, uint64_t mark)
{
	double loop_us = 0, writer = writer_us();
	int64_t start = clock_mono_us();

	for (int i = 0; i < 100; i++) {
		put_restarts(T0 + i, 0, BURST / 100, unique, &loop_us);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	store_mark(kept, mark);
	wait_for(base, mark);
	printf("store: %d restarts%s: %.2f us of the loop, %.2f us of the writer each; on disk after %.0f ms\n", BURST,
	    unique ? ", a reason each" : "", loop_us / BURST, (writer_us() - writer) / BURST,
	    (double)(clock_mono_us() - start) / 1e3);
}

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.records = o.blocks = true;
	return engine_new("app@host", &o);
}

/* A metric of a loaded node: a counter, bytes, a share, or what hardly ever changes. */
static double
reading(int i, int m)
{
	uint32_t noise = ((uint32_t)i * 2654435761u) ^ ((uint32_t)m * 40503u * 65537u);

	switch (m % 4) {
	case 0:
		return i * 1000.0 + noise % 1000;
	case 1:
		return 1e9 + (noise >> 8) % 1000000;
	case 2:
		return (noise >> 4) % 10000 / 100.0;
	default:
		return m * 12345.0 + i / 1000;
	}
}

static void
make_sample(struct sample *s, int i)
{
	s->time_ms = T0 + i * 5000;
	for (int m = 0; m < METRIC_COUNT; m++)
		sample_set(s, (enum metric_id)m, reading(i, m));
	s->scheduler_count = 8;
	for (int k = 0; k < 8; k++) {
		s->scheduler_active[k] = (uint64_t)i * 123456789u;
		s->scheduler_total[k] = (uint64_t)i * 5000000000u;
	}
}

/* keep puts the engine's last sample and what it sealed, as the program does. */
static void
keep(struct engine *e, double *loop_us)
{
	double start = cpu_us(CLOCK_THREAD_CPUTIME_ID);
	const struct sample *last = engine_last(e), *of;
	struct past_block *b;
	size_t it = 0;

	store_sample(kept, last, engine_past_check(e, last->time_ms, last->time_ms, &it, &of));
	while ((b = engine_next_block(e)) != NULL) {
		store_block(kept, b);
		past_block_unref(b);
	}
	*loop_us += cpu_us(CLOCK_THREAD_CPUTIME_ID) - start;
}

static void
put_day(struct event_base *base, struct store *s)
{
	static struct sample sample;
	struct engine *e = new_engine();
	double loop_us = 0, writer = writer_us();

	for (int i = 0; i < DAY_SAMPLES; i++) {
		make_sample(&sample, i);
		engine_feed(e, sample.time_ms, &sample);
		keep(e, &loop_us);
		if (i % 10 == 0)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	store_mark(kept, 1);
	wait_for(base, 1);
	printf("store: a day of samples: %.2f us of the loop each, %.2f us of the writer, %llu bytes\n",
	    loop_us / DAY_SAMPLES, (writer_us() - writer) / DAY_SAMPLES,
	    (unsigned long long)store_counts(s).bytes / DAY_SAMPLES);
	engine_free(e);
}

static void
bench_restore(struct event_base *base, const char *path)
{
	struct engine *e = new_engine();
	int64_t start = clock_mono_us();
	struct store *s = open_store(base, path);
	int64_t opened = clock_mono_us();
	double cpu = cpu_us(CLOCK_THREAD_CPUTIME_ID);

	(void)store_restore(kept, e, T0 + (int64_t)DAY_SAMPLES * 5000);
	printf("store: opened in %.1f ms, %llu samples and %llu restarts read in %.1f ms of CPU\n",
	    (double)(opened - start) / 1e3, (unsigned long long)engine_counts(e).samples,
	    (unsigned long long)engine_counts(e).restarts, (cpu_us(CLOCK_THREAD_CPUTIME_ID) - cpu) / 1e3);
	store_close(s);
	engine_free(e);
}

static void
remove_store(const char *path)
{
	static const char *const parts[] = { "", "-wal", ".lock" };
	char name[128];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, parts[i]);
		unlink(name);
	}
}

int
main(void)
{
	char folder[] = "/tmp/bench_store.XXXXXX", path[64];
	struct event_base *base;
	struct store *s;
	double loop_us = 0;

	evthread_use_pthreads();
	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/history.db", folder);
	base = event_base_new();
	s = open_store(base, path);
	put_day(base, s);
	put_restarts(T0, 5000, LISTED, false, &loop_us);
	store_close(s);
	bench_restore(base, path);
	remove_store(path);
	confirmed = 0;
	s = open_store(base, path);
	bench_burst(base, false, 1);
	bench_burst(base, true, 2);
	store_close(s);
	remove_store(path);
	rmdir(folder);
	event_base_free(base);
	return 0;
}
