/* SPDX-License-Identifier: Apache-2.0 */
/* Included by this room's unit tests only: a simulated node, at rest or with a fault, and the report of it. */
#ifndef REPORT_FIXTURE_H
#define REPORT_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
/* After the testing header, which brings what cmocka lacks. */
#include "model/term_fixture.h"
#include "report/report.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define MB 1e6

static struct engine *e;
static int64_t now;
static struct sample s;
static struct report *r;
static struct report_end end;
static uint64_t chance;

static inline double
noise(void)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return (double)(chance >> 40) / (double)(1u << 24) - 0.5;
}

static inline int
setup(void **state)
{
	const struct node_info info = { .otp_release = "27",
		.erts_version = "15.2",
		.schedulers_online = 4,
		.injected = true,
		.restarts_seen = true };
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("rabbit@host", &o);
	now = T0;
	chance = 1;
	memset(&end, 0, sizeof(end));
	engine_link(e, now, NODE_UP, "linked");
	engine_info(e, &info);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	report_free(r);
	r = NULL;
	engine_free(e);
	return 0;
}

static inline void
rank(enum top_kind kind, const char *pid, const char *name, double value, double memory, double queue)
{
	struct top_process *p = &s.top[kind][s.top_count[kind]++];

	*p = (struct top_process)TOP_PROCESS_INIT;
	snprintf(p->pid, sizeof(p->pid), "%s", pid);
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->initial_call, sizeof(p->initial_call), "proc_lib:init_p/5");
	snprintf(p->current_function, sizeof(p->current_function), "gen_server:loop/7");
	p->value = value;
	p->memory = memory;
	p->queue_len = queue;
	s.top_told[kind] = true;
}

/* A node at rest: levels with a little noise, and the same processes on top. */
static inline void
at_rest(void)
{
	static const struct {
		enum metric_id id;
		double level;
	} levels[] = {
		{ METRIC_MEMORY_LIMIT, 8000 * MB },
		{ METRIC_MEMORY_AVAILABLE, 6000 * MB },
		{ METRIC_VM_MEMORY_TOTAL, 200 * MB },
		{ METRIC_VM_MEMORY_PROCESSES, 60 * MB },
		{ METRIC_VM_MEMORY_BINARY, 20 * MB },
		{ METRIC_VM_MEMORY_ETS, 15 * MB },
		{ METRIC_VM_MEMORY_CODE, 40 * MB },
		{ METRIC_VM_MEMORY_ATOM, 2 * MB },
		{ METRIC_RSS, 260 * MB },
		{ METRIC_CPU_UTILIZATION, 20 },
		{ METRIC_RUN_QUEUE, 2 },
		{ METRIC_PROCESS_COUNT, 400 },
		{ METRIC_PORT_COUNT, 30 },
		{ METRIC_ATOM_COUNT, 30000 },
		{ METRIC_MQ_MAX, 3 },
	};

	now += STEP_MS;
	memset(&s, 0, sizeof(s));
	s.time_ms = now;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		sample_set(&s, levels[i].id, levels[i].level * (1 + 0.05 * noise()));
	sample_set(&s, METRIC_PROCESS_LIMIT, 262144);
	sample_set(&s, METRIC_PORT_LIMIT, 65536);
	sample_set(&s, METRIC_ATOM_LIMIT, 1048576);
	sample_set(&s, METRIC_RESTART_CAPTURE, 1);
	sample_set(&s, METRIC_WALLCLOCK, (double)(now - T0 + 3600000));
	rank(TOP_MEMORY, "<0.50.0>", "code_server", 5 * MB, 5 * MB, 0);
	rank(TOP_MEMORY, "<0.60.0>", "rabbit_mgmt", 3 * MB, 3 * MB, 0);
	rank(TOP_MESSAGE_QUEUE, "<0.60.0>", "rabbit_mgmt", 2, 3 * MB, 2);
	rank(TOP_REDUCTIONS, "<0.60.0>", "rabbit_mgmt", 20000, 3 * MB, 2);
}

static inline void
add(enum metric_id id, double value)
{
	sample_set(&s, id, s.value[id] + value);
}

static inline void
feed(void)
{
	engine_feed(e, now, &s);
}

static inline void
rest(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		at_rest();
		feed();
	}
}

/* A process that leads a ranking goes to its front. */
static inline void
lead(enum top_kind kind, const char *pid, const char *name, double value, double memory, double queue)
{
	s.top_count[kind] = 0;
	rank(kind, pid, name, value, memory, queue);
}

static inline void
queue_fault(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		double len = 1000.0 * i;

		at_rest();
		sample_set(&s, METRIC_MQ_MAX, len);
		add(METRIC_VM_MEMORY_PROCESSES, 500 * len);
		add(METRIC_VM_MEMORY_TOTAL, 500 * len);
		lead(TOP_MESSAGE_QUEUE, "<0.99.0>", "victim", len, 500 * len, len);
		lead(TOP_MEMORY, "<0.99.0>", "victim", 500 * len + 1, 500 * len + 1, len);
		feed();
	}
}

static inline void
heap_fault(int minutes)
{
	for (int i = 0; i < minutes * 60000 / STEP_MS; i++) {
		double bytes = 5 * MB * i;

		at_rest();
		add(METRIC_VM_MEMORY_PROCESSES, bytes);
		add(METRIC_VM_MEMORY_TOTAL, bytes);
		lead(TOP_MEMORY, "<0.77.0>", "hoarder", bytes + 1, bytes + 1, 0);
		feed();
	}
}

static inline void
restart(int64_t time_ms, enum restart_kind kind, const char *sup, const char *child)
{
	const char *reason = kind == RESTART_GAVE_UP ? "reached_max_restart_intensity" : "{badmatch,no}";
	struct restart x = { .time_ms = time_ms,
		.kind = kind,
		.caught = true,
		.times = 1,
		.supervisor = text_term(sup),
		.child_id = text_term(child),
		.reason = text_term(reason) };

	engine_restart(e, time_ms, &x);
	restart_release(&x);
}

/* die: the link is lost, and this is known of it. */
static inline void
die(enum report_process process)
{
	struct report_range range;

	now += 1000;
	engine_link(e, now, NODE_UNREACHABLE, "the node closed the connection");
	end.time_ms = now;
	end.state = NODE_UNREACHABLE;
	end.process = process;
	end.losses = 1;
	snprintf(end.detail, sizeof(end.detail), "the node closed the connection");
	range = (struct report_range) { now - REPORT_FLIGHT_MS, now };
	r = report_new(e, now, &range, &end);
}

static inline void
look_back(int minutes)
{
	const struct report_range range = { now - minutes * 60000, now };

	r = report_new(e, now, &range, NULL);
}

static inline void
judge_again(void)
{
	r->end = end;
	report_judge(r);
}

static inline void
assert_cause(const char *cause, const char *named)
{
	if (strcmp(r->verdict.cause, cause) != 0 || strstr(r->verdict.title, named) == NULL)
		fail_msg("%s: %s, not %s: …%s…", r->verdict.cause, r->verdict.title, cause, named);
	assert_true(r->verdict.reason_count > 0);
}

#endif
