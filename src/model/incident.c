/* SPDX-License-Identifier: Apache-2.0 */
#include "model/incident.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/timefmt.h"

const char *const INCIDENT_JOINS[JOIN_COUNT] = {
#define INCIDENT_JOIN_ROW(id, name, help) [JOIN_##id] = name,
	INCIDENT_JOIN_TABLE(INCIDENT_JOIN_ROW)
#undef INCIDENT_JOIN_ROW
};

const char *const INCIDENT_CHANGES[CHANGE_COUNT] = {
#define INCIDENT_CHANGE_ROW(id, name) [CHANGE_##id] = name,
	INCIDENT_CHANGE_TABLE(INCIDENT_CHANGE_ROW)
#undef INCIDENT_CHANGE_ROW
};

/* FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
static uint32_t
fnv(uint32_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return hash;
}

void
incident_identify(char id[INCIDENT_ID_SIZE], const char *node, int64_t opened_ms, unsigned n)
{
	char time[TIME_RFC3339_SIZE], what[64];
	size_t len = 0;
	uint32_t hash;

	snprintf(what, sizeof(what), "@%" PRId64 "#%u", opened_ms, n);
	hash = fnv(fnv(2166136261u, node, strlen(node)), what, strlen(what));
	/* 2026-11-26T10:00:05.120Z: to the second, without what separates. */
	time_rfc3339(time, opened_ms);
	for (const char *p = time; *p && *p != '.' && *p != 'Z' && len < INCIDENT_ID_SIZE - 11; p++)
		if (*p != '-' && *p != ':')
			id[len++] = *p;
	snprintf(id + len, INCIDENT_ID_SIZE - len, "Z-%08" PRIx32, hash);
}

static struct incident_who
who_of(const struct culprit *c)
{
	const struct top_process *p = &c->process;
	struct incident_who w = { .kind = c->kind, .named = p->name[0] != '\0' };

	memcpy(w.pid, p->pid, sizeof(w.pid));
	memcpy(w.name, w.named ? p->name : p->initial_call, sizeof(w.name));
	memcpy(w.application, p->application, sizeof(w.application));
	for (unsigned i = 0; i < p->ancestor_count && i < INCIDENT_ANCESTORS; i++)
		memcpy(w.ancestors[i], p->ancestors[i], sizeof(w.ancestors[i]));
	if (c->kind == CULPRIT_TABLE)
		snprintf(w.ancestors[0], sizeof(w.ancestors[0]), "%.*s", SAMPLE_NAME - 1, c->detail);
	return w;
}

void
incident_member_of(struct incident_member *m, const struct anomaly *a, int64_t since_ms)
{
	*m = (struct incident_member) {
		.since_ms = since_ms < a->time_ms ? since_ms : a->time_ms,
		.time_ms = a->time_ms,
		.seen_ms = a->time_ms,
		.type = a->type,
		.severity = a->severity,
		.metric = a->metric,
		.score = a->score,
		.current_value = a->current_value,
		.baseline_value = a->baseline_value,
		.queue_rate = a->culprit_count > 0 ? a->culprits[0].process.queue_rate : NAN,
		.who_count = a->culprit_count,
		.supervisor = term_ref(a->supervisor),
		.child_id = term_ref(a->child_id),
	};
	for (unsigned i = 0; i < a->culprit_count; i++)
		m->who[i] = who_of(&a->culprits[i]);
	snprintf(m->description, sizeof(m->description), "%.159s", a->description);
}

void
incident_member_release(struct incident_member *m)
{
	term_unref(m->supervisor);
	term_unref(m->child_id);
	m->supervisor = m->child_id = NULL;
}

bool
incident_add(struct incident *i, const struct incident_member *m)
{
	if (i->member_count == INCIDENT_MEMBERS)
		return false;
	i->members = xreallocarray(i->members, i->member_count + 1, sizeof(i->members[0]));
	i->members[i->member_count++] = *m;
	return true;
}

bool
incident_holds(const struct incident *i)
{
	for (unsigned k = 0; k < i->member_count; k++)
		if (i->members[k].ended_ms == 0)
			return true;
	return false;
}

static void
limit(int64_t *ms, int64_t latest_ms)
{
	*ms = *ms < latest_ms ? *ms : latest_ms;
}

void
incident_set_back(struct incident *i, int64_t now_ms)
{
	limit(&i->opened_ms, now_ms);
	limit(&i->last_ms, now_ms);
	limit(&i->ended_ms, now_ms);
	for (unsigned k = 0; k < i->member_count; k++) {
		struct incident_member *m = &i->members[k];

		limit(&m->since_ms, now_ms);
		limit(&m->time_ms, now_ms);
		limit(&m->seen_ms, now_ms);
		limit(&m->ended_ms, now_ms);
	}
}

void
incident_copy(struct incident *to, const struct incident *from)
{
	*to = *from;
	to->members = xcalloc(from->member_count + 1, sizeof(to->members[0]));
	memcpy(to->members, from->members, from->member_count * sizeof(to->members[0]));
	for (unsigned k = 0; k < to->member_count; k++) {
		term_ref(to->members[k].supervisor);
		term_ref(to->members[k].child_id);
	}
}

void
incident_release(struct incident *i)
{
	for (unsigned k = 0; k < i->member_count; k++)
		incident_member_release(&i->members[k]);
	free(i->members);
	memset(i, 0, sizeof(*i));
}
