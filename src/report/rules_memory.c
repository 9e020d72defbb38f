/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and memory: who has grown, and whether a limit was reached. */
#include "report/rules.h"

#include <math.h>
#include <string.h>

#define LONG_QUEUE 5000  /* messages */
#define BY_QUEUE 0.6     /* less than a queue that grows weighs */
#define GROWN_BYTES 32e6 /* a process that has grown by so much, */
#define GROWN_SHARE 0.15 /* and by so much of the VM's memory, is an explanation */
#define OWNER_SIZE 258   /* of what the title of another rule is told in, in a title */

/* No queue is longer than the longest at the end, whatever was ranked, or found, before. */
static double
length_of(const struct report *r, const struct top_process *p)
{
	double ranked = p && isfinite(p->queue_len) ? p->queue_len : p ? p->value : NAN;
	double longest = evidence_at_end(r, METRIC_MQ_MAX);

	return longest < LONG_QUEUE ? 0 : ranked;
}

static bool
is_queue_growing(const struct report *r, const struct top_process *p)
{
	return evidence_growth_of(r, METRIC_MQ_MAX) || evidence_grower_of(r, TOP_MESSAGE_QUEUE, p->pid) ||
	    p->queue_rate > 0 || evidence_found_ms(r, ANOMALY_MESSAGE_QUEUE) != 0;
}

void
rule_queue(const struct report *r, struct opinion *o)
{
	const struct top_process *p = evidence_first_ranked(r, TOP_MESSAGE_QUEUE, ANOMALY_MESSAGE_QUEUE);
	const struct report_grower *g = p ? evidence_grower_of(r, TOP_MESSAGE_QUEUE, p->pid) : NULL;
	char name[PHRASE_NAME], len[QUANTITY_SIZE], text[PHRASE_NAME];
	double length = length_of(r, p);
	double share = p ? p->memory / evidence_at_end(r, METRIC_VM_MEMORY_TOTAL) : NAN;

	if (p == NULL || !(length >= LONG_QUEUE))
		return;
	/* Long, but not longer than it was: a queue that somebody lives with. */
	o->weight = is_queue_growing(r, p) ? 0.62 : 0.32;
	o->weight += length >= 10 * LONG_QUEUE ? 0.1 : 0;
	opinion_title(o, "The message queue of %s grew without bound: %s messages at the end", phrase_process(name, p),
	    quantity_text(len, UNIT_COUNT, length));
	if (g)
		opinion_grower_backs(o, g);
	else
		opinion_growth_backs(r, o, METRIC_MQ_MAX);
	if (p->queue_rate > 0)
		opinion_because(
		    o, "It grew by %s messages a second at last.", quantity_text(len, UNIT_COUNT, p->queue_rate));
	if (p->current_function[0])
		opinion_because(o, "The process was in %s.", phrase_printable(text, sizeof(text), p->current_function));
	if (share >= 0.25) {
		o->weight += 0.1;
		opinion_because(o, "It held %s, %.0f %% of the VM's memory.", quantity_text(len, UNIT_BYTES, p->memory),
		    100 * share);
	}
	opinion_finding_backs(r, o, ANOMALY_MESSAGE_QUEUE);
}

/* The parts of the VM's memory, and who may own them. */
static const struct {
	enum metric_id metric;
	enum top_kind kind; /* the ranking of the owners; TOP_KIND_COUNT: none */
	enum anomaly_type anomaly;
} PARTS[] = {
	{ METRIC_VM_MEMORY_PROCESSES, TOP_MEMORY, ANOMALY_MEMORY },
	{ METRIC_VM_MEMORY_BINARY, TOP_BINARY, ANOMALY_BINARY },
	{ METRIC_VM_MEMORY_ETS, TOP_KIND_COUNT, ANOMALY_ETS },
	{ METRIC_VM_MEMORY_ATOM, TOP_KIND_COUNT, ANOMALY_ATOM },
	{ METRIC_VM_MEMORY_CODE, TOP_KIND_COUNT, ANOMALY_MEMORY },
	{ METRIC_VM_MEMORY_OTHER, TOP_KIND_COUNT, ANOMALY_MEMORY },
};

/* grown_part is the part of the memory that grew most, in bytes; -1: none did. */
static int
grown_part(const struct report *r, double *bytes)
{
	int part = -1;

	*bytes = 0;
	for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
		const struct report_growth *g = evidence_growth_of(r, PARTS[i].metric);

		if (g && g->after - g->before > *bytes) {
			*bytes = g->after - g->before;
			part = (int)i;
		}
	}
	return part;
}

/* Names the process that holds most of what a part grew by; false if none holds a third of it. */
static bool
name_process(const struct report *r, struct opinion *o, int part, double grown)
{
	const struct top_process *p = evidence_first_ranked(r, PARTS[part].kind, PARTS[part].anomaly);
	const struct report_grower *g = p ? evidence_grower_of(r, PARTS[part].kind, p->pid) : NULL;
	double held = p ? PARTS[part].kind == TOP_BINARY ? p->binary : p->memory : NAN;
	char name[PHRASE_NAME], text[PHRASE_NAME], a[QUANTITY_SIZE], b[QUANTITY_SIZE];

	held = p && isnan(held) ? p->value : held;
	if (!(held >= grown / 3))
		return false;
	o->weight += g ? 0.25 : 0.15;
	opinion_title(o, "Memory growth by process %s: it held %s%s, as %s grew by %s", phrase_process(name, p),
	    quantity_text(a, UNIT_BYTES, held), PARTS[part].kind == TOP_BINARY ? " of binaries" : "",
	    phrase_metric(PARTS[part].metric), quantity_text(b, UNIT_BYTES, grown));
	if (g)
		opinion_grower_backs(o, g);
	if (p->current_function[0])
		opinion_because(o, "The process was in %s.", phrase_printable(text, sizeof(text), p->current_function));
	return true;
}

static bool
name_table(const struct report *r, struct opinion *o, double grown)
{
	const struct survey_table *t = NULL;
	char name[PHRASE_NAME], owner[PHRASE_NAME], a[QUANTITY_SIZE], b[QUANTITY_SIZE];

	/* The one that grew fastest, among those that are large enough. */
	for (unsigned i = 0; i < r->table_count; i++)
		if (r->tables[i].memory >= grown / 3 &&
		    (t == NULL || r->tables[i].growth.per_hour > t->growth.per_hour))
			t = &r->tables[i];
	if (t == NULL)
		return false;
	o->weight += 0.2;
	opinion_title(o, "Memory growth by ETS table %s of %s: it held %s, as all tables grew by %s",
	    phrase_printable(name, sizeof(name), t->name), phrase_printable(owner, sizeof(owner), t->owner),
	    quantity_text(a, UNIT_BYTES, t->memory), quantity_text(b, UNIT_BYTES, grown));
	if (t->growth.per_hour > 0)
		opinion_because(o, "It grew by %s an hour, to %s objects.",
		    quantity_text(a, UNIT_BYTES, t->growth.per_hour), quantity_text(b, UNIT_COUNT, t->size));
	return true;
}

/* The process that has grown most in memory, if that is much of the VM's; growers are sorted by how far they have grown. */
static const struct report_grower *
memory_grower(const struct report *r)
{
	double total = evidence_at_end(r, METRIC_VM_MEMORY_TOTAL);

	for (unsigned i = 0; i < r->grower_count; i++) {
		const struct report_grower *g = &r->growers[i];
		double grown = g->process.value - g->first;

		if (phrase_top_unit(g->kind) == UNIT_BYTES && grown >= GROWN_BYTES && !(grown < GROWN_SHARE * total))
			return g;
	}
	return NULL;
}

/* The history may be too short, or the growth too fast, for the metrics to say that they have grown. */
static void
grown_process(const struct report *r, struct opinion *o)
{
	const struct report_grower *g = memory_grower(r);
	char name[PHRASE_NAME], first[QUANTITY_SIZE], last[QUANTITY_SIZE];

	if (g == NULL)
		return;
	o->weight = 0.55;
	opinion_title(o, "Memory growth by process %s: it held %s%s, before that %s", phrase_ranked(name, &g->process),
	    quantity_text(last, UNIT_BYTES, g->process.value), g->kind == TOP_BINARY ? " of binaries" : "",
	    phrase_first(first, g));
	opinion_grower_backs(o, g);
}

/* The process that the title names has a queue that explains its memory. */
static bool
is_by_queue(const struct report *r, const struct opinion *o)
{
	const struct top_process *p = evidence_first_ranked(r, TOP_MESSAGE_QUEUE, ANOMALY_MESSAGE_QUEUE);

	return p && length_of(r, p) >= LONG_QUEUE && is_queue_growing(r, p) && strstr(o->title, p->pid);
}

static void
grown_memory(const struct report *r, struct opinion *o)
{
	const struct report_growth *total = evidence_growth_of(r, METRIC_VM_MEMORY_TOTAL);
	char bytes[QUANTITY_SIZE];
	double grown;
	int part = grown_part(r, &grown);

	if (part < 0) {
		grown_process(r, o);
		return;
	}
	o->weight = total ? 0.5 : 0.35;
	if (!(PARTS[part].kind != TOP_KIND_COUNT && name_process(r, o, part, grown)) &&
	    !(PARTS[part].metric == METRIC_VM_MEMORY_ETS && name_table(r, o, grown)))
		opinion_title(o, "Memory growth: %s grew by %s; no single owner of it was seen",
		    phrase_metric(PARTS[part].metric), quantity_text(bytes, UNIT_BYTES, grown));
	opinion_growth_backs(r, o, PARTS[part].metric);
	if (total)
		opinion_growth_backs(r, o, METRIC_VM_MEMORY_TOTAL);
	opinion_finding_backs(r, o, PARTS[part].anomaly);
}

void
rule_memory(const struct report *r, struct opinion *o)
{
	grown_memory(r, o);
	if (is_by_queue(r, o))
		o->weight = fmin(o->weight, BY_QUEUE);
}

/* The kernel counts those that it has killed, not who they were: it may have been this VM, unless that is known to have ended otherwise. */
static bool
may_be_oom_killed(const struct report_end *end)
{
	return end->oom_kills && evidence_is_dead(end) && !end->stopping && !end->dump_slogan[0];
}

/* The owner is found by the rules for queues and for growth. */
void
rule_memory_limit(const struct report *r, struct opinion *o)
{
	struct opinion owner = { .weight = 0 }, memory = { .weight = 0 };
	double used = evidence_at_end(r, METRIC_MEMORY_UTILIZATION);
	char limit[QUANTITY_SIZE], total[QUANTITY_SIZE], what[OWNER_SIZE];
	bool oom = may_be_oom_killed(&r->end);

	if (!(used >= 92) && !oom)
		return;
	rule_queue(r, &owner);
	rule_memory(r, &memory);
	if (memory.weight > owner.weight)
		owner = memory;
	o->weight = oom ? 0.95 : evidence_has_ended(r) ? 0.8 : 0.7;
	o->weight = fmax(o->weight, fmin(owner.weight + 0.05, 0.95));
	/* A machine whose memory is always full is no news; what the kernel killed in one that had room was not for this VM's sake. */
	if (owner.weight == 0 && !(oom && used >= 80) && evidence_growth_of(r, METRIC_MEMORY_UTILIZATION) == NULL)
		o->weight = oom ? 0.6 : 0.4;
	opinion_title(o, "%s%s%s%s",
	    used >= 92            ? "The memory limit was reached"
		: o->weight > 0.6 ? "The kernel of its host ran out of memory"
				  : "The kernel of its host killed for want of memory, and may have killed this VM",
	    evidence_is_dead(&r->end) && !r->end.stopping && o->weight > 0.6 ? ": killed for it, most likely" : "",
	    owner.title[0] ? "; " : "", phrase_printable(what, sizeof(what), owner.title));
	if (oom)
		opinion_because(o, "The kernel of its host killed a process for want of memory meanwhile.");
	if (isfinite(used))
		opinion_because(o, "%.1f %% of %s were used at the end; the VM itself had allocated %s.", used,
		    quantity_text(limit, UNIT_BYTES, evidence_at_end(r, METRIC_MEMORY_LIMIT)),
		    quantity_text(total, UNIT_BYTES, evidence_at_end(r, METRIC_VM_MEMORY_TOTAL)));
	for (unsigned i = 0; i < owner.reason_count; i++)
		opinion_because(o, "%s", owner.reasons[i]);
}
