/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a node's life of some hours, in which everything happens that an engine can be told, and something goes wrong. */
#ifndef REPLAY_RECORDING_FIXTURE_H
#define REPLAY_RECORDING_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "model/term_fixture.h"

#define LIFE_T0 INT64_C(1700000000000)
#define LIFE_SAMPLES 1500
#define LIFE_STEP_MS 5000

struct life {
	struct engine *e;
	int64_t now;
	unsigned seed;
};

static inline double
life_noise(struct life *l, double range)
{
	return range * ((double)rand_r(&l->seed) / RAND_MAX - 0.5);
}

static inline void
life_ranking(struct life *l, struct sample *s, unsigned i)
{
	struct top_process p = TOP_PROCESS_INIT;

	/* A name that was cut in the middle of a character, as lies in the nature of arrays. */
	snprintf(p.pid, sizeof(p.pid), "<0.%u.0>", 100 + i % 7);
	snprintf(p.name, sizeof(p.name), "%s", i % 2 ? "queue_\xc3\xa9" : "cut_\xc3");
	snprintf(p.initial_call, sizeof(p.initial_call), "proc_lib:init_p/5");
	snprintf(p.ancestors[0], sizeof(p.ancestors[0]), "sup \"%u\"", i);
	p.ancestor_count = 1;
	p.value = p.queue_len = i > 1000 ? 50000 + i : 3;
	p.memory = 1e6 + life_noise(l, 1e5);
	p.queue_rate = 1.0 / 3;
	s->top_count[TOP_MESSAGE_QUEUE] = s->top_count[TOP_MEMORY] = 1;
	s->top[TOP_MESSAGE_QUEUE][0] = s->top[TOP_MEMORY][0] = p;
	s->top_told[TOP_BINARY] = true;
}

/* Around sample 1000 the queue grows and the memory leaps. */
static inline void
life_sample(struct life *l, unsigned i)
{
	struct sample *s = calloc(1, sizeof(*s));

	s->time_ms = l->now - 3;
	sample_set(s, METRIC_WALLCLOCK, (double)i * LIFE_STEP_MS);
	sample_set(s, METRIC_RUN_QUEUE, 3 + life_noise(l, 4));
	sample_set(s, METRIC_VM_MEMORY_TOTAL, (i > 1000 ? 9e8 : 1e8) + life_noise(l, 1e7));
	sample_set(s, METRIC_PROCESS_COUNT, 400 + life_noise(l, 20));
	sample_set(s, METRIC_PROCESS_LIMIT, 1048576);
	sample_set(s, METRIC_REDUCTIONS, 1e15 + i * 1e7);
	sample_set(s, METRIC_MQ_MAX, i > 1000 ? 50000 + i : life_noise(l, 6) + 3);
	s->scheduler_count = 2;
	for (unsigned k = 0; k < 2; k++) {
		s->scheduler_active[k] = (uint64_t)i * 1000000007u;
		s->scheduler_total[k] = UINT64_MAX / 2 + (uint64_t)i * 5000000000u;
	}
	if (i % 4 == 0)
		life_ranking(l, s, i);
	engine_feed(l->e, l->now, s);
	free(s);
}

static inline void
life_restart(struct life *l, unsigned i)
{
	struct restart r = { .time_ms = l->now - 40,
		.kind = i % 50 == 49 ? RESTART_GAVE_UP : RESTART_DONE,
		.caught = true,
		.supervisor = text_term("{local,sup}"),
		.child_id = text_term(i % 3 ? "worker" : "\"child\\n\""),
		.child_pid = i % 2 ? text_term("<0.1.0>") : NULL,
		.reason = text_term("{badmatch,<<1,2>>}") };

	snprintf(r.restart_type, sizeof(r.restart_type), "permanent");
	(void)engine_restart(l->e, l->now, &r);
	restart_release(&r);
}

static inline void
life_supervisor(struct life *l)
{
	struct supervisor_facts f = { .time_ms = l->now,
		.supervisor = text_term("{local,sup}"),
		.pid = text_term("<0.90.0>"),
		.kind = "supervisor",
		.strategy = ONE_FOR_ALL,
		.known = true,
		.intensity = 10,
		.period_ms = 60000,
		.used = 2,
		.age_count = 2,
		.ages_ms = { 100, 5000 },
		.children = 2,
		.siblings = siblings_new(2) };

	f.siblings->ids[0] = text_term("worker");
	f.siblings->ids[1] = text_term("other");
	engine_supervisor(l->e, l->now, &f);
	supervisor_facts_release(&f);
}

static inline void
life_survey(struct life *l, unsigned i)
{
	struct survey s = { .kind = (enum survey_kind)(i / 30 % SURVEY_KIND_COUNT), .count = 1, .total = 7 };

	s.rows = calloc(1, SURVEYS[s.kind].size);
	if (s.kind == SURVEY_TABLES) {
		struct survey_table *t = s.rows;

		snprintf(t->name, sizeof(t->name), "cache");
		t->count = 1;
		t->memory = 1e6 * i;
	} else if (s.kind == SURVEY_GROUPS) {
		struct survey_group *g = s.rows;

		g->by = GROUP_BY_CALL;
		snprintf(g->name, sizeof(g->name), "m:f/0");
		g->count = i;
	} else if (s.kind == SURVEY_PORTS) {
		struct survey_port_group *g = s.rows;

		g->by = GROUP_BY_OWNER;
		snprintf(g->pid, sizeof(g->pid), "<0.3.0>");
		g->count = i / 10;
	}
	engine_survey(l->e, l->now, &s);
	survey_release(&s);
}

static inline void
life_moment(struct life *l, unsigned i)
{
	l->now += LIFE_STEP_MS;
	life_sample(l, i);
	engine_tick(l->e, l->now + 1000);
	if (i % 30 == 0)
		life_survey(l, i);
	if (i % 200 == 150)
		life_supervisor(l);
	if (i > 1100 && i < 1200)
		life_restart(l, i);
	if (i == 1250)
		engine_lost_restarts(l->e, l->now, 12);
	if (i == 1300)
		engine_link(l->e, l->now, NODE_UNREACHABLE, "the link was lost \"quoted\"");
	if (i == 1310)
		engine_link(l->e, l->now, NODE_UP, NULL);
	if (i == 1320)
		engine_note(l->e, l->now, "post-mortem: %s", "written");
}

/* life_lead tells the engine all of it; each(arg) is called behind every moment. */
static inline void
life_lead(struct engine *e, void (*each)(void *arg), void *arg)
{
	struct life l = { e, LIFE_T0, 1 };
	const struct node_info info = { .otp_release = "25", .injected = true, .restarts_seen = true, .os_pid = 77 };

	engine_link(e, l.now, NODE_CONNECTING, NULL);
	engine_info(e, &info);
	engine_link(e, l.now, NODE_UP, NULL);
	for (unsigned i = 0; i < LIFE_SAMPLES; i++) {
		life_moment(&l, i);
		each(arg);
	}
}

#endif
