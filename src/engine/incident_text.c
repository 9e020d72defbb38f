/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/incident_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "model/quantity.h"

#define NAME_MAX_BYTES 60

/* What a finding is of, at the head of a sentence and within one. */
static const struct {
	const char *head, *inside;
	bool plural;
} NOUNS[ANOMALY_TYPE_COUNT] = {
	[ANOMALY_CPU] = { "CPU use", "CPU", false },
	[ANOMALY_MEMORY] = { "Memory", "memory", false },
	[ANOMALY_PROCESS_COUNT] = { "The number of processes", "processes", true },
	[ANOMALY_RESTART] = { "Restarts", "restarts", true },
	[ANOMALY_MESSAGE_QUEUE] = { "Message queue", "message queue", false },
	[ANOMALY_RUN_QUEUE] = { "Run queue", "run queue", false },
	[ANOMALY_ATOM] = { "The number of atoms", "atoms", true },
	[ANOMALY_PORT] = { "The number of ports", "ports", true },
	[ANOMALY_ETS] = { "ETS", "ETS", false },
	[ANOMALY_BINARY] = { "Binary memory", "binaries", true },
	[ANOMALY_IO] = { "Port I/O", "I/O", false },
	[ANOMALY_GC] = { "Garbage collection", "garbage collection", false },
	[ANOMALY_REDUCTIONS] = { "Work done (reductions)", "work done", false },
	[ANOMALY_NODE_DOWN] = { "The node", "the node's end", false },
};

/* What of it, where it is no process itself. */
static const char *
kind_word(enum culprit_kind kind)
{
	switch (kind) {
	case CULPRIT_TABLE:
		return "table ";
	case CULPRIT_PARENT:
		return "processes started by ";
	case CULPRIT_CALL:
		return "processes that began in ";
	case CULPRIT_PORT_OWNER:
		return "ports of ";
	case CULPRIT_PORT_PARENT:
		return "ports of processes started by ";
	case CULPRIT_PROCESS:
	case CULPRIT_KIND_COUNT:
		break;
	}
	return "";
}

static void
add_who(struct strbuf *out, const struct incident_who *w)
{
	strbuf_adds(out, kind_word(w->kind));
	utf8_add_visible(out, w->name[0] ? w->name : w->pid, NAME_MAX_BYTES);
	if (w->name[0] && w->pid[0]) {
		strbuf_addc(out, ' ');
		utf8_add_visible(out, w->pid, NAME_MAX_BYTES);
	}
}

/* A queue that grows says more by how fast than by how long it was just then. */
static void
add_queue(struct strbuf *out, const struct incident_member *m)
{
	strbuf_adds(out, "Message queue of ");
	add_who(out, &m->who[0]);
	strbuf_adds(out, " grows ");
	quantity_add(out, UNIT_COUNT, m->queue_rate);
	strbuf_adds(out, "/s");
}

static void
add_metric(struct strbuf *out, const struct incident_member *m)
{
	const struct metric *metric = &METRICS[m->metric];
	const char *per = metric->watch == WATCH_RATE ? "/s" : "";

	strbuf_addf(out, "%s %s to ", NOUNS[m->type].head, m->current_value < m->baseline_value ? "falls" : "rises");
	quantity_add(out, metric->unit, m->current_value);
	strbuf_addf(out, "%s, usually ", per);
	quantity_add(out, metric->unit, m->baseline_value);
	strbuf_adds(out, per);
	if (m->who_count > 0) {
		strbuf_adds(out, ": ");
		add_who(out, &m->who[0]);
	}
}

void
incident_finding(struct strbuf *out, const struct incident_member *m)
{
	if (m->type == ANOMALY_MESSAGE_QUEUE && m->who_count > 0 && m->queue_rate >= 0.5)
		add_queue(out, m);
	else if (m->metric != METRIC_NONE)
		add_metric(out, m);
	else
		utf8_add_visible(out, m->description, sizeof(m->description));
}

/* others_of lists the types of the other findings, each once, in the order in which they joined. */
static unsigned
others_of(const struct incident *i, enum anomaly_type types[ANOMALY_TYPE_COUNT])
{
	bool seen[ANOMALY_TYPE_COUNT] = { false };
	unsigned count = 0;

	seen[i->members[i->root].type] = seen[ANOMALY_NODE_DOWN] = true;
	for (unsigned k = 0; k < i->member_count; k++) {
		enum anomaly_type type = i->members[k].type;

		if (!seen[type])
			types[count++] = type;
		seen[type] = true;
	}
	return count;
}

void
incident_title(struct strbuf *out, const struct incident *i)
{
	enum anomaly_type types[ANOMALY_TYPE_COUNT];
	unsigned count;

	if (i->member_count == 0)
		return;
	incident_finding(out, &i->members[i->root]);
	count = others_of(i, types);
	for (unsigned k = 0; k < count; k++)
		strbuf_addf(out, "%s%s", k == 0 ? "; " : k + 1 < count ? ", " : " and ", NOUNS[types[k]].inside);
	if (count > 0)
		strbuf_adds(out, count > 1 || NOUNS[types[0]].plural ? " follow" : " follows");
	if (i->node_down && i->members[i->root].type != ANOMALY_NODE_DOWN)
		strbuf_adds(out, "; then the node went down");
}
