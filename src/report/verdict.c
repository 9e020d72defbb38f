/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The most likely cause. Each rule looks for its evidence, gives a weight from 0 to 1, and writes the reasons; the heaviest is the verdict, and the next
 * one is named beside it. The weights are not probabilities that were measured: they say how direct the evidence is. What an end tells by itself
 * (an orderly stop, the same VM back) outweighs what was seen before it, a limit that is reached outweighs growth towards it, and a healthy node
 * was killed only if no rule for a fault has found anything.
 */
#include "report/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/phrases.h"

#define LEAST 0.3  /* a lighter rule explains nothing */
#define ALSO 0.45  /* from here on the next one is named */
#define FAULT 0.45 /* from here on a node was not healthy */
#define SHORTLY_MS 120000
#define LONG_QUEUE 5000   /* messages */
#define OWNER_SIZE 258    /* of what the title of another rule is told in, in a title */
#define GROWN_BYTES 32e6  /* a process that has grown by so much, */
#define GROWN_SHARE 0.15  /* and by so much of the VM's memory, is an explanation */
#define WATCHED_MS 120000 /* of less, nothing is known of what is usual */

const struct verdict_row VERDICTS[VERDICT_COUNT] = {
#define VERDICT_ROW(id, word, help) [VERDICT_##id] = { word, help },
	VERDICT_TABLE(VERDICT_ROW)
#undef VERDICT_ROW
};

struct opinion {
	double weight;
	char title[REPORT_SENTENCE];
	unsigned reason_count;
	char reasons[REPORT_REASONS_MAX][REPORT_SENTENCE];
};

/* A rule leaves the weight 0 if it has found nothing. */
typedef void rule(const struct report *r, struct opinion *o);

/* end_whole takes away what was left of a character where a text was cut. */
static void
end_whole(char *text)
{
	size_t len = strlen(text), at = len;

	while (at > 0 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)text[at - 1] >= 0xC0)
		text[at - 1] = '\0';
}

static void PRINTF(2, 3) title(struct opinion *o, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(o->title, sizeof(o->title), fmt, args) >= (int)sizeof(o->title))
		end_whole(o->title);
	va_end(args);
}

static void PRINTF(2, 3) because(struct opinion *o, const char *fmt, ...)
{
	va_list args;

	if (o->reason_count == REPORT_REASONS_MAX)
		return;
	va_start(args, fmt);
	if (vsnprintf(o->reasons[o->reason_count], REPORT_SENTENCE, fmt, args) >= REPORT_SENTENCE)
		end_whole(o->reasons[o->reason_count]);
	o->reason_count++;
	va_end(args);
}

/* ---- evidence ---- */

static double
at_end(const struct report *r, enum metric_id id)
{
	return r->last && r->last->present[id] ? r->last->value[id] : NAN;
}

static const struct report_growth *
growth_of(const struct report *r, enum metric_id id)
{
	for (unsigned i = 0; i < r->grown_count; i++)
		if (r->grown[i].metric == id)
			return &r->grown[i];
	return NULL;
}

static bool
has_ended(const struct report *r)
{
	return r->end.time_ms != 0;
}

/* The VM is known to be gone, not only the link to it. */
static bool
is_dead(const struct report_end *end)
{
	return end->process == PROCESS_GONE || end->unregistered || end->returned == RETURN_RESTARTED ||
	    (end->inside && end->process != PROCESS_ALIVE) || end->dump_slogan[0];
}

static const struct anomaly *
newest_finding(const struct report *r, enum anomaly_type type)
{
	for (unsigned i = r->finding_count; i-- > 0;)
		if (r->findings[i]->u.anomaly.type == type)
			return &r->findings[i]->u.anomaly;
	return NULL;
}

static void
finding_backs(const struct report *r, struct opinion *o, enum anomaly_type type)
{
	const struct anomaly *a = newest_finding(r, type);
	char clock[16];

	if (a == NULL)
		return;
	o->weight += 0.1;
	because(o, "%s was reported at %s.", ANOMALIES[type].name, phrase_clock(clock, a->time_ms));
}

/* first_ranked is who leads a ranking at the end; of a range of which no rankings are kept, the culprit of the last anomaly. */
static const struct top_process *
first_ranked(const struct report *r, enum top_kind kind, enum anomaly_type type)
{
	const struct anomaly *a = newest_finding(r, type);

	if (r->top[kind].count > 0)
		return &r->top[kind].rows[0];
	return a && a->culprit_count > 0 ? &a->culprits[0] : NULL;
}

static const struct report_grower *
grower_of(const struct report *r, enum top_kind kind, const char *pid)
{
	for (unsigned i = 0; i < r->grower_count; i++)
		if (r->growers[i].kind == kind && strcmp(r->growers[i].process.pid, pid) == 0)
			return &r->growers[i];
	return NULL;
}

static void
growth_backs(const struct report *r, struct opinion *o, enum metric_id id)
{
	const struct report_growth *g = growth_of(r, id);
	char before[QUANTITY_SIZE], after[QUANTITY_SIZE], clock[16];

	if (g)
		because(o, "%s: %s at the end, %s before; growing since %s.", phrase_metric(id),
		    quantity_text(after, METRICS[id].unit, g->after),
		    quantity_text(before, METRICS[id].unit, g->before), phrase_clock(clock, g->since_ms));
}

static void
grower_backs(struct opinion *o, const struct report_grower *g)
{
	enum metric_unit unit = phrase_top_unit(g->kind);
	char first[QUANTITY_SIZE], last[QUANTITY_SIZE], took[QUANTITY_SIZE], name[PHRASE_NAME];

	because(o, "%s: %s %s, %s %s before.", phrase_ranked(name, &g->process), phrase_top(g->kind),
	    quantity_text(last, unit, g->process.value), phrase_first(first, g),
	    duration_text(took, g->last_ms - g->first_ms));
}

static void
ending_backs(const struct report *r, struct opinion *o)
{
	char text[REPORT_SENTENCE];

	phrase_ending(text, &r->end);
	if (*text)
		because(o, "%s", text);
}

/* ---- what an end tells by itself ---- */

static void
link_lost(const struct report *r, struct opinion *o)
{
	const struct report_end *end = &r->end;

	if (!has_ended(r) || is_dead(end) || end->stopping)
		return;
	if (end->returned == RETURN_SAME) {
		o->weight = 0.97;
		title(o, "The link was lost%s, the node lived on", end->losses > 1 ? " repeatedly" : "");
		if (end->losses > 1)
			because(o, "The link was lost %u times in a row.", end->losses);
	} else if (end->process == PROCESS_ALIVE) {
		o->weight = 0.85;
		title(o, "The link was lost, the VM's process lives");
	} else {
		o->weight = 0.4;
		title(o, "The link was lost; whether the node lives is not known yet");
	}
}

static bool
gave_up_shortly(const struct report *r)
{
	for (unsigned i = r->timeline_count; i-- > 0;)
		if (r->timeline[i].kind == RESTART_GAVE_UP && r->timeline[i].time_ms >= r->range.to_ms - SHORTLY_MS)
			return true;
	return false;
}

static void
stopped(const struct report *r, struct opinion *o)
{
	if (!r->end.stopping)
		return;
	/* A supervisor that gives up takes a permanent application with it, and that the node, in order. */
	o->weight = gave_up_shortly(r) ? 0.6 : 0.98;
	title(o, "The node was stopped in order");
}

/* A process that was seen to grow before, and that the dump names. */
static const struct report_grower *
grower_in_dump(const struct report *r)
{
	for (unsigned i = 0; i < r->grower_count; i++)
		if (strstr(r->end.dump_cause, r->growers[i].process.pid))
			return &r->growers[i];
	return NULL;
}

static void
crashed(const struct report *r, struct opinion *o)
{
	const struct report_end *end = &r->end;

	if (!end->dump_slogan[0])
		return;
	o->weight = end->dump_cause[0] ? end->dump_confidence : 0.62;
	if (end->dump_cause[0])
		title(o, "%s", end->dump_cause);
	else
		title(o, "The VM ended by itself: %s", end->dump_slogan);
	if (grower_in_dump(r))
		grower_backs(o, grower_in_dump(r));
}

/* The dump is evidence for whatever the verdict is. */
static void
dump_backs(const struct report *r, struct opinion *o)
{
	if (!r->end.dump_slogan[0])
		return;
	because(o, "It left a crash dump: \"%s\".", r->end.dump_slogan);
	if (r->end.dump_cause[0] && strcmp(o->title, r->end.dump_cause) != 0)
		because(o, "The dump shows: %s", r->end.dump_cause);
}

/* ---- restarts ---- */

static const struct report_restarts *
busiest_under(const struct report *r, const struct term *supervisor)
{
	for (unsigned i = 0; i < r->restart_row_count; i++)
		if (r->restart_rows[i].kind == RESTART_DONE &&
		    (supervisor == NULL || term_same(r->restart_rows[i].supervisor, supervisor)))
			return &r->restart_rows[i];
	return NULL;
}

/* The first to give up within the last minutes: those above it follow. Its own reason says only that it gave up; the child's is that of its restarts. */
static void
gave_up(const struct report *r, struct opinion *o)
{
	char sup[PHRASE_NAME], child[PHRASE_NAME], reason[PHRASE_NAME], clock[16];
	const struct restart *first = NULL;
	const struct report_restarts *row;
	unsigned followed = 0;

	for (unsigned i = 0; i < r->timeline_count; i++)
		if (r->timeline[i].kind == RESTART_GAVE_UP && r->timeline[i].time_ms >= r->range.to_ms - SHORTLY_MS) {
			followed += first != NULL;
			first = first ? first : &r->timeline[i];
		}
	if (first == NULL)
		return;
	o->weight = has_ended(r) ? 0.88 : 0.75;
	row = busiest_under(r, first->supervisor);
	title(o, "Supervisor %s gave up on its child %s%s%s", phrase_term(sup, first->supervisor),
	    phrase_term(child, first->child_id), row ? ", which kept ending with " : "",
	    row ? phrase_term(reason, row->reason) : "");
	because(o, "%s reached its restart intensity at %s.", sup, phrase_clock(clock, first->time_ms));
	if (followed > 0)
		because(o, "%u more supervisor%s gave up after it.", followed, followed > 1 ? "s" : "");
	if (row)
		because(o, "Under it %s was restarted %" PRIu64 " times in the range.",
		    phrase_term(child, row->child_id), row->count);
}

static void
storm(const struct report *r, struct opinion *o)
{
	const struct restart_pattern *worst = NULL;
	char sup[PHRASE_NAME], child[PHRASE_NAME], from[16], to[16];
	const struct report_restarts *row;

	for (unsigned i = 0; i < r->pattern_count; i++)
		if (worst == NULL || r->patterns[i].frequency > worst->frequency)
			worst = &r->patterns[i];
	if (worst == NULL)
		return;
	o->weight = worst->last_ms >= r->range.to_ms - SHORTLY_MS ? 0.6 : 0.4;
	title(o, "%s under %s kept being restarted: %" PRIu64 " times", phrase_term(child, worst->child_id),
	    phrase_term(sup, worst->supervisor), worst->frequency);
	because(o, "Its restarts came from %s to %s.", phrase_clock(from, worst->first_ms),
	    phrase_clock(to, worst->last_ms));
	row = busiest_under(r, worst->supervisor);
	if (row)
		because(o, "The reason most often: %s", phrase_term(child, row->reason));
}

/* ---- queues and memory ---- */

static void
queue(const struct report *r, struct opinion *o)
{
	const struct top_process *p = first_ranked(r, TOP_MESSAGE_QUEUE, ANOMALY_MESSAGE_QUEUE);
	const struct report_grower *g = p ? grower_of(r, TOP_MESSAGE_QUEUE, p->pid) : NULL;
	char name[PHRASE_NAME], len[QUANTITY_SIZE], text[PHRASE_NAME];
	double length = p && isfinite(p->queue_len) ? p->queue_len : p ? p->value : NAN;
	double share = p ? p->memory / at_end(r, METRIC_VM_MEMORY_TOTAL) : NAN;

	if (p == NULL || !(length >= LONG_QUEUE))
		return;
	/* Long, but not longer than it was: a queue that somebody lives with. */
	o->weight = growth_of(r, METRIC_MQ_MAX) || g || p->queue_rate > 0 || newest_finding(r, ANOMALY_MESSAGE_QUEUE)
	    ? 0.62
	    : 0.32;
	o->weight += length >= 10 * LONG_QUEUE ? 0.1 : 0;
	title(o, "The message queue of %s grew without bound: %s messages at the end", phrase_process(name, p),
	    quantity_text(len, UNIT_COUNT, length));
	if (g)
		grower_backs(o, g);
	else
		growth_backs(r, o, METRIC_MQ_MAX);
	if (p->queue_rate > 0)
		because(o, "It grew by %s messages a second at last.", quantity_text(len, UNIT_COUNT, p->queue_rate));
	if (p->current_function[0])
		because(o, "The process was in %s.", phrase_printable(text, sizeof(text), p->current_function));
	if (share >= 0.25) {
		o->weight += 0.1;
		because(o, "It held %s, %.0f %% of the VM's memory.", quantity_text(len, UNIT_BYTES, p->memory),
		    100 * share);
	}
	finding_backs(r, o, ANOMALY_MESSAGE_QUEUE);
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
		const struct report_growth *g = growth_of(r, PARTS[i].metric);

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
	const struct top_process *p = first_ranked(r, PARTS[part].kind, PARTS[part].anomaly);
	const struct report_grower *g = p ? grower_of(r, PARTS[part].kind, p->pid) : NULL;
	double held = p ? PARTS[part].kind == TOP_BINARY ? p->binary : p->memory : NAN;
	char name[PHRASE_NAME], text[PHRASE_NAME], a[QUANTITY_SIZE], b[QUANTITY_SIZE];

	held = p && isnan(held) ? p->value : held;
	if (!(held >= grown / 3))
		return false;
	o->weight += g ? 0.25 : 0.15;
	title(o, "Memory growth by process %s: it held %s%s, as %s grew by %s", phrase_process(name, p),
	    quantity_text(a, UNIT_BYTES, held), PARTS[part].kind == TOP_BINARY ? " of binaries" : "",
	    phrase_metric(PARTS[part].metric), quantity_text(b, UNIT_BYTES, grown));
	if (g)
		grower_backs(o, g);
	if (p->current_function[0])
		because(o, "The process was in %s.", phrase_printable(text, sizeof(text), p->current_function));
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
	title(o, "Memory growth by ETS table %s of %s: it held %s, as all tables grew by %s",
	    phrase_printable(name, sizeof(name), t->name), phrase_printable(owner, sizeof(owner), t->owner),
	    quantity_text(a, UNIT_BYTES, t->memory), quantity_text(b, UNIT_BYTES, grown));
	if (t->growth.per_hour > 0)
		because(o, "It grew by %s an hour, to %s objects.", quantity_text(a, UNIT_BYTES, t->growth.per_hour),
		    quantity_text(b, UNIT_COUNT, t->size));
	return true;
}

/* The process that has grown most in memory, if that is much of the VM's; growers are sorted by how far they have grown. */
static const struct report_grower *
memory_grower(const struct report *r)
{
	double total = at_end(r, METRIC_VM_MEMORY_TOTAL);

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
	title(o, "Memory growth by process %s: it held %s%s, before that %s", phrase_ranked(name, &g->process),
	    quantity_text(last, UNIT_BYTES, g->process.value), g->kind == TOP_BINARY ? " of binaries" : "",
	    phrase_first(first, g));
	grower_backs(o, g);
}

static void
memory(const struct report *r, struct opinion *o)
{
	const struct report_growth *total = growth_of(r, METRIC_VM_MEMORY_TOTAL);
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
		title(o, "Memory growth: %s grew by %s; no single owner of it was seen",
		    phrase_metric(PARTS[part].metric), quantity_text(bytes, UNIT_BYTES, grown));
	growth_backs(r, o, PARTS[part].metric);
	if (total)
		growth_backs(r, o, METRIC_VM_MEMORY_TOTAL);
	finding_backs(r, o, PARTS[part].anomaly);
}

/* The kernel counts those that it has killed, not who they were: it may have been this VM, unless that is known to have ended otherwise. */
static bool
may_be_oom_killed(const struct report_end *end)
{
	return end->oom_kills && is_dead(end) && !end->stopping && !end->dump_slogan[0];
}

/* The owner is found by the rules for queues and for growth. */
static void
memory_limit(const struct report *r, struct opinion *o)
{
	struct opinion owner = { .weight = 0 };
	double used = at_end(r, METRIC_MEMORY_UTILIZATION);
	char limit[QUANTITY_SIZE], total[QUANTITY_SIZE], what[OWNER_SIZE];
	bool oom = may_be_oom_killed(&r->end);

	if (!(used >= 92) && !oom)
		return;
	memory(r, &owner);
	if (owner.weight == 0)
		queue(r, &owner);
	o->weight = oom ? 0.95 : has_ended(r) ? 0.8 : 0.7;
	o->weight = fmax(o->weight, fmin(owner.weight + 0.05, 0.95));
	/* A machine whose memory is always full is no news; what the kernel killed in one that had room was not for this VM's sake. */
	if (owner.weight == 0 && !(oom && used >= 80) && growth_of(r, METRIC_MEMORY_UTILIZATION) == NULL)
		o->weight = oom ? 0.6 : 0.4;
	title(o, "%s%s%s%s",
	    used >= 92            ? "The memory limit was reached"
		: o->weight > 0.6 ? "The kernel of its host ran out of memory"
				  : "The kernel of its host killed for want of memory, and may have killed this VM",
	    is_dead(&r->end) && !r->end.stopping && o->weight > 0.6 ? ": killed for it, most likely" : "",
	    owner.title[0] ? "; " : "", phrase_printable(what, sizeof(what), owner.title));
	if (oom)
		because(o, "The kernel of its host killed a process for want of memory meanwhile.");
	if (isfinite(used))
		because(o, "%.1f %% of %s were used at the end; the VM itself had allocated %s.", used,
		    quantity_text(limit, UNIT_BYTES, at_end(r, METRIC_MEMORY_LIMIT)),
		    quantity_text(total, UNIT_BYTES, at_end(r, METRIC_VM_MEMORY_TOTAL)));
	for (unsigned i = 0; i < owner.reason_count; i++)
		because(o, "%s", owner.reasons[i]);
}

/* ---- limits and load ---- */

static void
table_full(const struct report *r, struct opinion *o)
{
	static const enum metric_id tables[] = { METRIC_ATOM_COUNT, METRIC_PROCESS_COUNT, METRIC_PORT_COUNT,
		METRIC_OPEN_FDS };
	char used[QUANTITY_SIZE], limit[QUANTITY_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		double share = at_end(r, tables[i]) / at_end(r, METRICS[tables[i]].limit);

		if (!(share >= 0.9) || o->weight > 0)
			continue;
		o->weight = share >= 0.97 ? 0.85 : 0.65;
		title(o, "The limit of %s was reached: %s of %s", phrase_metric(tables[i]),
		    quantity_text(used, UNIT_COUNT, at_end(r, tables[i])),
		    quantity_text(limit, UNIT_COUNT, at_end(r, METRICS[tables[i]].limit)));
		growth_backs(r, o, tables[i]);
		if (tables[i] == METRIC_ATOM_COUNT)
			because(o, "A VM whose atom table is full ends.");
	}
}

static void
overload(const struct report *r, struct opinion *o)
{
	const struct report_growth *cpu = growth_of(r, METRIC_CPU_UTILIZATION);
	const struct report_growth *waiting = growth_of(r, METRIC_RUN_QUEUE);
	const struct top_process *p = first_ranked(r, TOP_REDUCTIONS, ANOMALY_CPU);
	char name[PHRASE_NAME], rate[QUANTITY_SIZE];

	if (!(cpu && cpu->after > 85) && !waiting)
		return;
	o->weight = cpu && waiting ? 0.5 : 0.36;
	title(o, "The schedulers were overloaded");
	growth_backs(r, o, METRIC_CPU_UTILIZATION);
	growth_backs(r, o, METRIC_RUN_QUEUE);
	if (p)
		because(o, "%s did most of the work: %s reductions a second.", phrase_process(name, p),
		    quantity_text(rate, UNIT_COUNT, isnan(p->reductions) ? p->value : p->reductions));
}

static void
hung(const struct report *r, struct opinion *o)
{
	char clock[16];

	if (!has_ended(r) || is_dead(&r->end))
		return;
	for (unsigned i = r->link_count; i-- > 0 && o->weight == 0;)
		if (r->links[i].state == NODE_STALLED && r->links[i].time_ms >= r->range.to_ms - SHORTLY_MS) {
			o->weight = 0.55;
			because(
			    o, "From %s on it was linked, but sent nothing.", phrase_clock(clock, r->links[i].time_ms));
		}
	if (r->end.state == NODE_HANGING && r->end.returned == RETURN_SAME) {
		o->weight = 0.98;
		title(o, "The node stopped answering, and lived on: overloaded, suspended, or cut off for a while");
	} else if (o->weight > 0 || r->end.state == NODE_HANGING) {
		/* A link that we gave up, of a process that lives. */
		o->weight = r->end.state == NODE_HANGING && r->end.process == PROCESS_ALIVE ? 0.9 : 0.55;
		title(o, "The node stopped answering before it was lost: overloaded, suspended, or cut off");
	}
}

/* ---- what is left ---- */

static bool
is_watch_short(const struct report *r)
{
	return (int64_t)r->samples * r->interval_ms < WATCHED_MS;
}

static void
killed(const struct report *r, struct opinion *o)
{
	unsigned findings = 0;

	if (!has_ended(r) || !is_dead(&r->end) || r->end.stopping || r->samples == 0)
		return;
	for (unsigned i = 0; i < r->finding_count; i++)
		findings += r->findings[i]->u.anomaly.type != ANOMALY_NODE_DOWN;
	o->weight = 0.44;
	title(o, "Killed from outside (SIGKILL, the OOM killer, a lost machine) or halted, %s",
	    r->overall > LEVEL_HEALTHY ? "and what was not healthy before does not explain it"
		: is_watch_short(r)    ? "too soon after the watch began to say more"
				       : "while it was healthy");
	because(o, "Health at the last check: %s; %u anomal%s in the range; %s.", level_name(r->overall), findings,
	    findings == 1 ? "y" : "ies", r->grown_count ? "what grew explains it hardly" : "nothing grew");
	if (r->grower_count > 0)
		grower_backs(o, &r->growers[0]);
	if (!r->end.dump_path[0])
		because(o, "No crash dump was found.");
}

static void
calm(const struct report *r, struct opinion *o)
{
	if (has_ended(r) || r->finding_count > 0 || r->samples == 0 || r->overall > LEVEL_HEALTHY)
		return;
	o->weight = LEAST;
	title(o, "Nothing stands out: healthy, no anomaly, nothing grew");
}

static void
not_clear(const struct report *r, struct opinion *o)
{
	o->weight = LEAST;
	if (r->samples == 0) {
		title(o, "Not clear: there are no readings of the range");
		return;
	}
	title(o, "Not clear: nothing that was seen explains it");
	if (r->finding_count > 0)
		because(o, "%u anomalies were found in the range; see them below.", r->finding_count);
}

static rule *const RULES[VERDICT_COUNT] = {
	[VERDICT_LINK_LOST] = link_lost,
	[VERDICT_STOPPED] = stopped,
	[VERDICT_CRASHED] = crashed,
	[VERDICT_GAVE_UP] = gave_up,
	[VERDICT_STORM] = storm,
	[VERDICT_MEMORY_LIMIT] = memory_limit,
	[VERDICT_QUEUE] = queue,
	[VERDICT_MEMORY] = memory,
	[VERDICT_TABLE_FULL] = table_full,
	[VERDICT_OVERLOAD] = overload,
	[VERDICT_HUNG] = hung,
	[VERDICT_KILLED] = killed,
	[VERDICT_CALM] = calm,
	[VERDICT_NOT_CLEAR] = not_clear,
};

/* A queue that fills makes its process's memory grow: one fault, told once. So is what the dump says of a process that grew. */
static bool
same_fault(const struct report *r, int a, int b)
{
	bool memory_a = a == VERDICT_QUEUE || a == VERDICT_MEMORY || a == VERDICT_MEMORY_LIMIT;
	bool memory_b = b == VERDICT_QUEUE || b == VERDICT_MEMORY || b == VERDICT_MEMORY_LIMIT;

	return (memory_a && memory_b) || (a == VERDICT_CRASHED && memory_b && grower_in_dump(r)) ||
	    (a == VERDICT_GAVE_UP && b == VERDICT_STORM) || (a == VERDICT_STORM && b == VERDICT_GAVE_UP);
}

static bool
is_about_the_end(int id)
{
	return id == VERDICT_LINK_LOST || id == VERDICT_STOPPED || id == VERDICT_KILLED;
}

/* next_best is the heaviest beside the first, of which it says nothing; -1: none worth naming. */
static int
next_best(const struct report *r, const struct opinion opinions[VERDICT_COUNT], int first)
{
	int next = -1;

	for (int i = 0; i < VERDICT_COUNT; i++)
		if (i != first && !same_fault(r, first, i) && !is_about_the_end(i) && opinions[i].weight >= ALSO &&
		    (next < 0 || opinions[i].weight > opinions[next].weight))
			next = i;
	return next;
}

/* That nothing was wrong with it is worth more the more is known of the end. */
static void
weigh_killed(const struct report *r, struct opinion opinions[VERDICT_COUNT])
{
	struct opinion *o = &opinions[VERDICT_KILLED];

	for (int i = 0; i < VERDICT_COUNT; i++)
		if (i != VERDICT_KILLED && opinions[i].weight >= FAULT)
			return;
	if (o->weight > 0)
		o->weight = r->overall > LEVEL_HEALTHY || r->grower_count > 0 || is_watch_short(r) ? 0.5
		    : r->end.process == PROCESS_GONE                                               ? 0.8
												   : 0.7;
}

void
report_judge(struct report *r)
{
	struct opinion opinions[VERDICT_COUNT] = { { 0 } };
	struct report_verdict *v = &r->verdict;
	int best = VERDICT_NOT_CLEAR, next;

	for (int i = 0; i < VERDICT_COUNT; i++)
		RULES[i](r, &opinions[i]);
	weigh_killed(r, opinions);
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (opinions[i].weight >= LEAST && opinions[i].weight > opinions[best].weight)
			best = i;
	/* Equal weights: what comes first in the table is more direct, and "not clear" is the last. */
	if (opinions[VERDICT_CALM].weight >= LEAST && best == VERDICT_NOT_CLEAR)
		best = VERDICT_CALM;
	next = next_best(r, opinions, best);
	*v = (struct report_verdict) { .cause = VERDICTS[best].word };
	ending_backs(r, &opinions[best]);
	dump_backs(r, &opinions[best]);
	v->confidence = best == VERDICT_NOT_CLEAR ? 0 : fmin(opinions[best].weight, 0.98);
	memcpy(v->title, opinions[best].title, sizeof(v->title));
	v->reason_count = opinions[best].reason_count;
	memcpy(v->reasons, opinions[best].reasons, sizeof(v->reasons));
	if (next >= 0)
		memcpy(v->also, opinions[next].title, sizeof(v->also));
}
