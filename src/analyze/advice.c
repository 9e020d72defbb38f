/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

#define HELD 0.9          /* of a threshold: a level that is held by the value alone has more than this */
#define NAME_MAX_BYTES 48 /* of a foreign name, so that the next step always fits */

struct advice_row {
	const char *what;
	enum metric_id used; /* and its limit, as numbers; METRIC_NONE: the value says it all */
	enum top_kind culprits;
	bool names_culprit;
	const char *next_step;
};

static const struct advice_row ADVICE[CRITERION_COUNT] = {
	[CRITERION_MEMORY] = { "Memory", METRIC_MEMORY_USED, TOP_MEMORY, true,
	    "Look at what it holds, or give the VM more memory." },
	[CRITERION_PROCESSES] = { "Processes", METRIC_PROCESS_COUNT, TOP_MEMORY, false,
	    "Find who spawns them (initial calls), or raise +P." },
	[CRITERION_CPU] = { "CPU", METRIC_NONE, TOP_REDUCTIONS, true,
	    "See what it computes, shed load or add schedulers." },
	[CRITERION_RESTARTS] = { "Restarts", METRIC_NONE, TOP_MEMORY, false, "Read its children's exit reasons." },
	[CRITERION_PORTS] = { "Ports", METRIC_PORT_COUNT, TOP_MEMORY, false,
	    "Look for sockets that are not closed, or raise +Q." },
	[CRITERION_ATOMS] = { "Atoms", METRIC_ATOM_COUNT, TOP_MEMORY, false,
	    "Atoms are never freed: find what makes them from data (list_to_atom, binary_to_term); raise +t to gain "
	    "time." },
	[CRITERION_FDS] = { "File descriptors", METRIC_OPEN_FDS, TOP_MEMORY, false,
	    "Look for files and sockets that are not closed, or raise the limit (ulimit -n, LimitNOFILE)." },
	[CRITERION_MESSAGE_QUEUE] = { "Message queue", METRIC_NONE, TOP_MESSAGE_QUEUE, true,
	    "It gets more than it handles: see what it waits for, bound its senders." },
	[CRITERION_RESTART_BUDGET] = { "Restart budget", METRIC_NONE, TOP_MEMORY, false,
	    "Read its children's exit reasons; it gives up with all of them when the budget is spent." },
};

static void
add_name(struct strbuf *out, const char *name)
{
	utf8_add_clean(out, name, strnlen(name, NAME_MAX_BYTES));
	if (strlen(name) > NAME_MAX_BYTES)
		strbuf_adds(out, "...");
}

static void
add_quantity(struct strbuf *out, enum metric_unit unit, double v)
{
	if (unit == UNIT_BYTES)
		strbuf_addf(out, "%.1f MiB", v / 1048576);
	else
		strbuf_addf(out, "%.0f", v);
}

static void
add_number(struct strbuf *out, enum criterion c, const struct criterion_state *s, const struct sample *last)
{
	enum metric_id used = ADVICE[c].used, limit = used == METRIC_NONE ? METRIC_NONE : METRICS[used].limit;
	double threshold;

	strbuf_addf(out, "%s: %.*f %s", ADVICE[c].what, strcmp(CRITERIA[c].unit, "%") == 0, s->value, CRITERIA[c].unit);
	if (limit != METRIC_NONE && last && last->present[used] && last->present[limit]) {
		strbuf_adds(out, " (");
		add_quantity(out, METRICS[used].unit, last->value[used]);
		strbuf_adds(out, " of ");
		add_quantity(out, METRICS[limit].unit, last->value[limit]);
		strbuf_adds(out, ")");
	}
	threshold = s->level == LEVEL_CRITICAL ? s->critical : s->warning;
	strbuf_addf(out, ", %s above %g%s.", level_name(s->level), threshold,
	    c == CRITERION_MESSAGE_QUEUE && s->value < HELD * threshold ? " within a minute" : "");
}

static void
add_share_of(struct strbuf *out, enum top_kind kind, const struct top_process *p)
{
	switch (kind) {
	case TOP_MEMORY:
		strbuf_adds(out, " with ");
		add_quantity(out, UNIT_BYTES, p->memory);
		break;
	case TOP_MESSAGE_QUEUE:
		strbuf_addf(out, " with %.0f messages", p->queue_len);
		if (p->queue_rate >= 0.5)
			strbuf_addf(out, ", %.0f/s more", p->queue_rate);
		break;
	case TOP_BINARY:
		strbuf_adds(out, " with ");
		add_quantity(out, UNIT_BYTES, p->binary);
		strbuf_adds(out, " of binaries");
		break;
	case TOP_REDUCTIONS:
		strbuf_addf(out, " with %.3g reductions/s", p->reductions);
		break;
	case TOP_KIND_COUNT:
		break;
	}
}

static void
add_budget(struct strbuf *out, const struct advice_facts *facts)
{
	uint32_t left = facts->budget_intensity - facts->budget_used;

	strbuf_addc(out, ' ');
	add_name(out, facts->tightest);
	strbuf_addf(out, " used %" PRIu32 " of %" PRIu32 " restarts in %" PRId64 " s, %" PRIu32 " left.",
	    facts->budget_used, facts->budget_intensity, facts->budget_period_ms / 1000, left);
}

static void
add_culprit(struct strbuf *out, enum criterion c, const struct advice_facts *facts)
{
	enum top_kind kind = ADVICE[c].culprits;
	const struct top_process *p = ADVICE[c].names_culprit ? facts->top[kind] : NULL;

	if (p) {
		strbuf_adds(out, " Most: ");
		add_name(out, p->name[0] ? p->name : p->initial_call);
		strbuf_addf(out, " %s", p->pid);
		add_share_of(out, kind, p);
		strbuf_addc(out, '.');
	}
	if (c == CRITERION_RESTARTS && facts->supervisor[0]) {
		strbuf_adds(out, " Most under ");
		add_name(out, facts->supervisor);
		strbuf_addf(out, " (%" PRIu64 ").", facts->supervisor_restarts);
	}
	if (c == CRITERION_RESTART_BUDGET && facts->tightest[0])
		add_budget(out, facts);
}

void
advise(enum criterion c, const struct criterion_state *s, const struct advice_facts *facts, char buf[ADVICE_SIZE])
{
	struct strbuf out = STRBUF_INIT;

	add_number(&out, c, s, facts->last);
	if (c == CRITERION_CPU && facts->last && sample_waited(facts->last) > 0) {
		strbuf_addf(&out,
		    " The host gives it %.0f %% only, for the rest it waits: give it more CPU, or move its neighbours.",
		    facts->last->value[METRIC_CPU_TIME_UTILIZATION]);
	} else {
		add_culprit(&out, c, facts);
		strbuf_addf(&out, " %s", ADVICE[c].next_step);
	}
	snprintf(buf, ADVICE_SIZE, "%s", strbuf_cstr(&out));
	strbuf_release(&out);
}

const char *
advice_next(enum anomaly_type type)
{
	switch (type) {
	case ANOMALY_CPU:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_RUN_QUEUE:
		return ADVICE[CRITERION_CPU].next_step;
	case ANOMALY_MEMORY:
		return ADVICE[CRITERION_MEMORY].next_step;
	case ANOMALY_PROCESS_COUNT:
		return ADVICE[CRITERION_PROCESSES].next_step;
	case ANOMALY_RESTART:
		return ADVICE[CRITERION_RESTARTS].next_step;
	case ANOMALY_MESSAGE_QUEUE:
		return ADVICE[CRITERION_MESSAGE_QUEUE].next_step;
	case ANOMALY_ATOM:
		return ADVICE[CRITERION_ATOMS].next_step;
	case ANOMALY_PORT:
		return ADVICE[CRITERION_PORTS].next_step;
	case ANOMALY_ETS:
		return "See which table grows and who owns it; delete what is no longer needed.";
	case ANOMALY_BINARY:
		return "Who only passes binaries on keeps them until it collects: hibernate it, or copy what it keeps.";
	case ANOMALY_IO:
		return "See which ports and links carry it, and who sends.";
	case ANOMALY_GC:
		return "See who allocates most, and what it makes anew each time.";
	case ANOMALY_NODE_DOWN:
		return "Read the post-mortem (arsenal report) and the crash dump.";
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return "";
}
