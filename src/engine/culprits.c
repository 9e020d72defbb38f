/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who made an anomaly. Whoever has grown in what the anomaly is about is to blame, not whoever is large: of a leak of 10 MB in a
 * process of 20 MB, the healthy process of 2 GB is no culprit. What each had before is known from rankings and surveys of earlier (engine/growths.c). Whoever has
 * grown a tenth as much as the first is a bystander; and for too little nobody is to blame.
 *
 * Who has grown lately comes first; if nobody has by a twentieth of what it has, it is who has grown in the hours before (a slow leak). Where no past is known
 * yet, in the first moments, the largest is named. If a past is known and nobody has grown, nobody is named.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/state.h"

#define BYSTANDER 0.1
#define GROWN 0.05 /* of what it has now, by which somebody must have grown */
#define STILL \
	1000 /* reductions a second, as being asked how it is costs a process that waits for something else than its messages */
#define EXPLAINS 0.05    /* of the rise that the first culprit must have grown by */
#define BUSIEST_PART 0.5 /* of all work that has grown, which somebody must have for a hint */
#define RUNNABLE_LEAST 8 /* processes of one kind that run or wait to run, to be worth a word */
#define PARENT_PART 0.5  /* of the growth by first call that one parent's must be, to be named instead */

struct suspect {
	enum culprit_kind kind;
	const void *row;
	double value;
	struct peak_growth grown;
};

struct suspects {
	struct suspect best[ANOMALY_MAX_CULPRITS]; /* those that grew most, the first first */
	unsigned count;
	double total;  /* growth of all that grew */
	bool is_known; /* of somebody it is known whether it grew */
};

/* ---- who has grown ---- */

static void
offer(struct suspects *s, struct suspect one)
{
	unsigned at = s->count;

	if (isnan(one.grown.growth))
		return;
	s->is_known = true;
	if (one.grown.growth <= 0)
		return;
	s->total += one.grown.growth;
	while (at > 0 && s->best[at - 1].grown.growth < one.grown.growth)
		at--;
	if (at == ANOMALY_MAX_CULPRITS)
		return;
	s->count += s->count < ANOMALY_MAX_CULPRITS;
	memmove(&s->best[at + 1], &s->best[at], (s->count - at - 1) * sizeof(s->best[0]));
	s->best[at] = one;
}

static void
offer_ranking(struct suspects *s, const struct engine *e, enum top_kind kind, bool recent)
{
	for (unsigned i = 0; i < e->top_count[kind]; i++) {
		const struct top_process *p = &e->top[kind][i];

		offer(s, (struct suspect) { CULPRIT_PROCESS, p, p->value, growths_of_process(e, kind, p, recent) });
	}
}

static void
offer_tables(struct suspects *s, const struct engine *e, bool by_count, bool recent)
{
	const struct survey *survey = &e->surveys[SURVEY_TABLES];

	for (unsigned i = 0; i < survey->count; i++) {
		const struct survey_table *t = &survey_tables(survey)[i];

		offer(s,
		    (struct suspect) {
			CULPRIT_TABLE, t, by_count ? t->count : t->memory, growths_of_table(e, t, by_count, recent) });
	}
}

static void
offer_groups(struct suspects *s, const struct engine *e, enum group_by by, bool runnable, bool recent)
{
	const struct survey *survey = &e->surveys[SURVEY_GROUPS];

	for (unsigned i = 0; i < survey->count; i++) {
		const struct survey_group *g = &survey_groups(survey)[i];

		if (g->by == by)
			offer(s,
			    (struct suspect) { by == GROUP_BY_CALL ? CULPRIT_CALL : CULPRIT_PARENT, g,
				runnable ? g->runnable : g->count, growths_of_group(e, g, runnable, recent) });
	}
}

static void
offer_ports(struct suspects *s, const struct engine *e, enum group_by by, bool recent)
{
	const struct survey *survey = &e->surveys[SURVEY_PORTS];

	for (unsigned i = 0; i < survey->count; i++) {
		const struct survey_port_group *g = &survey_port_groups(survey)[i];

		if (g->by == by)
			offer(s,
			    (struct suspect) { by == GROUP_BY_OWNER ? CULPRIT_PORT_OWNER : CULPRIT_PORT_PARENT, g,
				g->count, growths_of_ports(e, g, recent) });
	}
}

/* narrower is the first if it has most of what the second has grown, which all that the first counts is in. */
static struct suspects
narrower(struct suspects first, struct suspects second)
{
	first.is_known |= second.is_known;
	if (second.count == 0 ||
	    (first.count > 0 && first.best[0].grown.growth >= PARENT_PART * second.best[0].grown.growth))
		return first;
	return second;
}

static struct suspects
by_processes(const struct engine *e, bool runnable, bool recent)
{
	struct suspects parents = { .count = 0 }, calls = { .count = 0 };

	offer_groups(&parents, e, GROUP_BY_PARENT, runnable, recent);
	offer_groups(&calls, e, GROUP_BY_CALL, runnable, recent);
	return narrower(parents, calls);
}

static struct suspects
by_ports(const struct engine *e, bool recent)
{
	struct suspects owners = { .count = 0 }, parents = { .count = 0 };

	offer_ports(&owners, e, GROUP_BY_OWNER, recent);
	offer_ports(&parents, e, GROUP_BY_PARENT, recent);
	return narrower(owners, parents);
}

/* Many small processes that wait for a scheduler are in no ranking: they are named together. */
static struct suspects
by_work(const struct engine *e, bool recent)
{
	struct suspects many = by_processes(e, true, recent), s = { .count = 0 };

	if (many.count > 0 && many.best[0].grown.growth >= RUNNABLE_LEAST)
		return many;
	offer_ranking(&s, e, TOP_REDUCTIONS, recent);
	return s;
}

/* What many processes took together, which each by itself have little: as much as the mean of all. */
static double
mean_process_memory(const struct engine *e)
{
	const struct sample *s = e->last;

	if (!s->present[METRIC_VM_MEMORY_PROCESSES] || !s->present[METRIC_PROCESS_COUNT] ||
	    s->value[METRIC_PROCESS_COUNT] < 1)
		return 0;
	return s->value[METRIC_VM_MEMORY_PROCESSES] / s->value[METRIC_PROCESS_COUNT];
}

static struct suspects
by_memory(const struct engine *e, bool recent)
{
	struct suspects s = { .count = 0 }, many = by_processes(e, false, recent);

	offer_ranking(&s, e, TOP_MEMORY, recent);
	offer_ranking(&s, e, TOP_BINARY, recent);
	offer_tables(&s, e, false, recent);
	if (many.count > 0 &&
	    (s.count == 0 || many.best[0].grown.growth * mean_process_memory(e) > s.best[0].grown.growth))
		return many;
	return s;
}

static struct suspects
by_binaries(const struct engine *e, bool recent)
{
	struct suspects s = { .count = 0 };

	/* Not everybody who watches knows who holds binaries. */
	offer_ranking(&s, e, e->top_count[TOP_BINARY] > 0 ? TOP_BINARY : TOP_MEMORY, recent);
	return s;
}

static struct suspects
suspects_of(const struct engine *e, const struct anomaly *a, bool recent)
{
	struct suspects s = { .count = 0 };

	switch (a->type) {
	case ANOMALY_MEMORY:
		return by_memory(e, recent);
	case ANOMALY_BINARY:
		return by_binaries(e, recent);
	case ANOMALY_MESSAGE_QUEUE:
		offer_ranking(&s, e, TOP_MESSAGE_QUEUE, recent);
		return s;
	case ANOMALY_CPU:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_RUN_QUEUE:
	case ANOMALY_GC:
		return by_work(e, recent);
	case ANOMALY_PROCESS_COUNT:
		return by_processes(e, false, recent);
	case ANOMALY_PORT:
		return by_ports(e, recent);
	case ANOMALY_ETS:
		offer_tables(&s, e, a->metric == METRIC_ETS_COUNT, recent);
		return s;
	case ANOMALY_ATOM: /* the VM does not know who made an atom */
	case ANOMALY_IO:
	case ANOMALY_RESTART:
	case ANOMALY_NODE_DOWN:
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return s;
}

static bool
has_grown(const struct suspects *s)
{
	return s->count > 0 && s->best[0].grown.growth >= GROWN * s->best[0].value;
}

/* is_comparable: who has grown, and the metric, are in one unit: bytes, or reductions a second. */
static bool
is_comparable(const struct anomaly *a, enum culprit_kind kind)
{
	if (a->metric == METRIC_REDUCTIONS)
		return kind == CULPRIT_PROCESS;
	return a->metric != METRIC_NONE && METRICS[a->metric].unit == UNIT_BYTES &&
	    METRICS[a->metric].watch == WATCH_LEVEL && (kind == CULPRIT_PROCESS || kind == CULPRIT_TABLE);
}

/* Who has grown by next to nothing of the metric's rise is not who made it; but whoever did is not known yet. */
static bool
explains(const struct anomaly *a, const struct suspect *first)
{
	return !is_comparable(a, first->kind) ||
	    first->grown.growth >= EXPLAINS * (a->current_value - a->baseline_value);
}

/* ---- naming them ---- */

/* One without a name is told as its pid and its first call. */
static void
name_group(struct top_process *p, const char *pid, const char *name)
{
	size_t len = strlen(pid);

	snprintf(p->pid, sizeof(p->pid), "%s", pid);
	if (len > 0 && strncmp(name, pid, len) == 0)
		snprintf(
		    p->initial_call, sizeof(p->initial_call), "%s", name[len] == ' ' ? name + len + 1 : name + len);
	else
		snprintf(p->name, sizeof(p->name), "%s", name);
}

static void
describe_process(struct culprit *c, enum anomaly_type type, const struct top_process *p)
{
	bool stuck = type == ANOMALY_MESSAGE_QUEUE && p->reductions < STILL && p->queue_rate > 0;

	c->process = *p;
	if (stuck && p->current_function[0])
		snprintf(c->detail, sizeof(c->detail), "which hardly runs, in %.60s", p->current_function);
}

static void
describe_table(struct culprit *c, const struct survey_table *t)
{
	snprintf(c->process.name, sizeof(c->process.name), "%s", t->name);
	snprintf(c->detail, sizeof(c->detail), "%s", t->owner);
	c->process.value = t->memory;
	c->count = t->count;
}

static void
describe_group(struct culprit *c, const struct survey_group *g)
{
	if (g->by == GROUP_BY_CALL)
		snprintf(c->process.initial_call, sizeof(c->process.initial_call), "%s", g->name);
	else
		name_group(&c->process, g->pid, g->name);
	snprintf(c->detail, sizeof(c->detail), "%s", g->one);
	c->process.value = c->count = g->count;
}

static void
describe_ports(struct culprit *c, const struct survey_port_group *g)
{
	name_group(&c->process, g->pid, g->name);
	c->process.value = c->count = g->count;
}

static void
name_one(struct anomaly *a, enum culprit_kind kind, const void *row, struct peak_growth grown, double total)
{
	struct culprit *c = &a->culprits[a->culprit_count++];

	*c = (struct culprit) { .kind = kind,
		.process = TOP_PROCESS_INIT,
		.count = NAN,
		.growth = grown.growth,
		.share = grown.growth / total,
		.since_ms = grown.since_ms };
	switch (kind) {
	case CULPRIT_PROCESS:
		describe_process(c, a->type, row);
		break;
	case CULPRIT_TABLE:
		describe_table(c, row);
		break;
	case CULPRIT_PARENT:
	case CULPRIT_CALL:
		describe_group(c, row);
		break;
	case CULPRIT_PORT_OWNER:
	case CULPRIT_PORT_PARENT:
		describe_ports(c, row);
		break;
	case CULPRIT_KIND_COUNT:
		break;
	}
}

/* One process may be in two rankings of bytes. */
static bool
is_named(const struct anomaly *a, const struct suspect *one)
{
	const struct top_process *p = one->row;

	for (unsigned i = 0; one->kind == CULPRIT_PROCESS && i < a->culprit_count; i++)
		if (strcmp(a->culprits[i].process.pid, p->pid) == 0)
			return true;
	return false;
}

static void
name_grown(struct anomaly *a, const struct suspects *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct suspect *one = &s->best[i];

		if (one->grown.growth > BYSTANDER * s->best[0].grown.growth && !is_named(a, one))
			name_one(a, one->kind, one->row, one->grown, s->total);
	}
}

/* largest_ranking: where nothing is known of earlier; TOP_KIND_COUNT: no ranking tells. */
static enum top_kind
largest_ranking(const struct engine *e, enum anomaly_type type)
{
	switch (type) {
	case ANOMALY_MEMORY:
		return TOP_MEMORY;
	case ANOMALY_BINARY:
		return e->top_count[TOP_BINARY] > 0 ? TOP_BINARY : TOP_MEMORY;
	case ANOMALY_MESSAGE_QUEUE:
		return TOP_MESSAGE_QUEUE;
	case ANOMALY_CPU:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_RUN_QUEUE:
	case ANOMALY_GC:
		return TOP_REDUCTIONS;
	case ANOMALY_PROCESS_COUNT:
	case ANOMALY_RESTART:
	case ANOMALY_ATOM:
	case ANOMALY_PORT:
	case ANOMALY_ETS:
	case ANOMALY_IO:
	case ANOMALY_NODE_DOWN:
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return TOP_KIND_COUNT;
}

static void
name_largest(const struct engine *e, struct anomaly *a)
{
	enum top_kind kind = largest_ranking(e, a->type);

	if (kind == TOP_KIND_COUNT)
		return;
	for (unsigned i = 0; i < e->top_count[kind] && a->culprit_count < ANOMALY_MAX_CULPRITS; i++) {
		const struct top_process *p = &e->top[kind][i];

		if (!(p->value > BYSTANDER * e->top[kind][0].value))
			break;
		name_one(a, CULPRIT_PROCESS, p, (struct peak_growth) { NAN, 0 }, NAN);
	}
}

/* The VM does not know who made an atom. Whoever has come to do most of the work meanwhile may have, which is worth a word, and no more. */
static void
tell_of_atoms(const struct engine *e, struct anomaly *a)
{
	struct suspects s = { .count = 0 };
	size_t len = strlen(a->description);
	const struct top_process *p;

	len += (size_t)snprintf(a->description + len, sizeof(a->description) - len,
	    "; no process can be named, for the VM does not tell who makes atoms");
	offer_ranking(&s, e, TOP_REDUCTIONS, true);
	if (!has_grown(&s) || s.best[0].grown.growth < BUSIEST_PART * s.total || len >= sizeof(a->description))
		return;
	p = s.best[0].row;
	snprintf(a->description + len, sizeof(a->description) - len, "; %.60s %.31s works most that did not before",
	    p->name[0] ? p->name : p->initial_call, p->pid);
}

void
culprits_name(const struct engine *e, struct anomaly *a)
{
	struct suspects s;

	if (a->current_value < a->baseline_value)
		return;
	if (a->type == ANOMALY_ATOM) {
		tell_of_atoms(e, a);
		return;
	}
	s = suspects_of(e, a, true);
	if (!has_grown(&s))
		s = suspects_of(e, a, false);
	/* The longest queue is what the finding is of, grown or not. */
	if (has_grown(&s) && explains(a, &s.best[0]))
		name_grown(a, &s);
	else if (!s.is_known || a->type == ANOMALY_MESSAGE_QUEUE)
		name_largest(e, a);
}
