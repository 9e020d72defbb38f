/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one sample costs the engine, with every metric present: CPU time of engine_feed, in ns and as a ratio to copying the sample, measured in
 * the same run, so that figures of two machines can be compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/engine.h"

#define ROUNDS 200000
#define BEST_OF 5

static double
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* next_sample moves every metric a little, so that nothing is found and nothing stands still. */
static void
next_sample(struct sample *s, int i)
{
	s->time_ms += 5000;
	for (int m = 0; m < METRIC_COUNT; m++)
		s->value[m] = METRICS[m].kind == KIND_COUNTER ? s->value[m] + 1e6 : 1000 + (i * 7 + m) % 13;
	for (unsigned k = 0; k < s->scheduler_count; k++) {
		s->scheduler_active[k] += 30;
		s->scheduler_total[k] += 100;
	}
}

static double
measure_copy(struct sample *s, struct sample *to)
{
	double begin = cpu_ns();

	for (int i = 0; i < ROUNDS; i++) {
		next_sample(s, i);
		memcpy(to, s, sizeof(*s));
		__asm__ volatile("" : : "r"(to) : "memory");
	}
	return (cpu_ns() - begin) / ROUNDS;
}

static double
measure_feed(struct sample *s, struct engine *e)
{
	double begin = cpu_ns();

	for (int i = 0; i < ROUNDS; i++) {
		struct node_event *ev;

		next_sample(s, i);
		engine_feed(e, s->time_ms, s);
		while ((ev = engine_next_event(e)) != NULL)
			node_event_unref(ev);
	}
	return (cpu_ns() - begin) / ROUNDS;
}

static double
measure_preparation(struct sample *s)
{
	double begin = cpu_ns();

	for (int i = 0; i < ROUNDS; i++) {
		next_sample(s, i);
		__asm__ volatile("" : : "r"(s) : "memory");
	}
	return (cpu_ns() - begin) / ROUNDS;
}

static double
smaller(double a, double b)
{
	return a < b ? a : b;
}

int
main(void)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("bench@host", &o);
	struct sample *s = xcalloc(1, sizeof(*s)), *to = xcalloc(1, sizeof(*to));
	double prepare = 1e18, copy = 1e18, feed = 1e18;

	s->time_ms = INT64_C(1700000000000);
	s->scheduler_count = 16;
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		s->top_count[kind] = SAMPLE_TOP;
	for (int i = 0; i < METRIC_COUNT; i++)
		s->present[i] = true;
	for (int i = 0; i < BEST_OF; i++) {
		prepare = smaller(prepare, measure_preparation(s));
		copy = smaller(copy, measure_copy(s, to));
		feed = smaller(feed, measure_feed(s, e));
	}
	printf(
	    "engine_feed, %d metrics, 16 schedulers, rankings: %.0f ns; copying its %zu bytes: %.0f ns; ratio %.1f\n",
	    METRIC_COUNT, feed - prepare, sizeof(*s), copy - prepare, (feed - prepare) / (copy - prepare));
	engine_free(e);
	free(s);
	free(to);
	return 0;
}
