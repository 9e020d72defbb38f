/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one restart costs the engine: CPU time of engine_restart with its event handed over and dropped. In a burst of 100,000, by hand only, by one child
 * and by many; both ways, so that each meets the other. And of 10,000 within a day, by children that fail at random, each of which is looked at for patterns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/engine.h"
#include "model/term_fixture.h"

#define BURST 100000
#define SPACED 10000
#define DAY_MS 86400000
#define BEST_OF 5
#define T0 INT64_C(1700000000000)

static double
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
give(struct engine *e, struct restart *r, bool by_hand, int64_t time_ms)
{
	struct node_event *ev;

	r->by_hand = by_hand;
	r->caught = !by_hand;
	r->time_ms = time_ms;
	engine_restart(e, time_ms, r);
	while ((ev = engine_next_event(e)) != NULL)
		node_event_unref(ev);
}

/* measure is ns per report: a burst of 2 s, by hand, or (both) each of them caught as well, a second later. */
static double
measure(unsigned children, bool both)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("bench@host", &o);
	struct restart *r = calloc(children, sizeof(*r));
	double begin;

	for (unsigned i = 0; r && i < children; i++) {
		char name[32];

		snprintf(name, sizeof(name), "child_%u", i);
		r[i] = (struct restart) { .supervisor = text_term("supervisor"),
			.child_id = text_term(name),
			.reason = text_term("{badmatch,{error,timeout}}") };
	}
	begin = cpu_ns();
	for (int way = 0; r && way < (both ? 2 : 1); way++)
		for (int i = 0; i < BURST; i++)
			give(e, &r[(unsigned)i % children], way == 0, T0 + 1000 * way + i / 50);
	begin = (cpu_ns() - begin) / (both ? 2 : 1) / BURST;
	for (unsigned i = 0; r && i < children; i++)
		restart_release(&r[i]);
	free(r);
	engine_free(e);
	return begin;
}

/* measure_spaced is ns per restart, the looking for patterns included. */
static double
measure_spaced(unsigned children)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("bench@host", &o);
	struct restart r = { .supervisor = text_term("supervisor"), .reason = text_term("timeout") };
	double begin = cpu_ns(), at = T0;

	srand(1);
	for (int i = 0; i < SPACED; i++) {
		char name[32];

		snprintf(name, sizeof(name), "child_%u", (unsigned)rand() % children);
		r.child_id = text_term(name);
		at += 2.0 * DAY_MS / SPACED * rand() / RAND_MAX;
		give(e, &r, false, (int64_t)at);
		term_unref(r.child_id);
	}
	r.child_id = NULL;
	begin = (cpu_ns() - begin) / SPACED;
	restart_release(&r);
	engine_free(e);
	return begin;
}

int
main(void)
{
	static const unsigned CHILDREN[] = { 1, 100, 2000, 4000 };

	for (size_t i = 0; i < sizeof(CHILDREN) / sizeof(CHILDREN[0]); i++) {
		double hand = 1e18, both = 1e18, ns;

		for (int k = 0; k < BEST_OF; k++) {
			hand = (ns = measure(CHILDREN[i], false)) < hand ? ns : hand;
			both = (ns = measure(CHILDREN[i], true)) < both ? ns : both;
		}
		printf("engine_restart, %u children: by hand %.0f ns, by hand and caught %.0f ns\n", CHILDREN[i], hand,
		    both);
	}
	for (unsigned children = 20; children <= 2000; children *= 10)
		printf("engine_restart, 10,000 in a day by %u children: %.1f us\n", children,
		    measure_spaced(children) / 1000);
	return 0;
}
