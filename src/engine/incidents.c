/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's incidents: findings go into them (analyze/grouping.h), and what becomes of them is published, which is also how they are kept on disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

static void
publish_change(struct engine *e, const struct incident *i)
{
	struct node_event *ev = node_event_new(EVENT_INCIDENT, i->severity, e->node, e->now_ms);

	incident_copy(&ev->u.incident, i);
	engine_publish(e, ev);
}

/* ---- findings ---- */

static void
stamp(struct anomaly *a, const struct incident *i, bool root)
{
	snprintf(a->incident, sizeof(a->incident), "%s", i->id);
	a->root = root;
}

struct taken
incidents_take(struct engine *e, struct node_event *ev, int64_t since_ms, bool promised)
{
	struct grouped g;

	incidents_time(e);
	g = grouping_take(&e->grouping, &ev->u.anomaly, since_ms, promised);
	stamp(&ev->u.anomaly, g.incident, g.root);
	if (g.change == CHANGE_OPENED)
		g.incident->anew = e->restoring;
	if (g.anew)
		publish_change(e, g.incident);
	return (struct taken) { g.tell, g.told };
}

void
incidents_restart(struct engine *e, const struct restart *r)
{
	if (r->kind == RESTART_DONE)
		grouping_restart(&e->grouping, r->time_ms, r->supervisor, r->child_id, r->child_pid, r->times);
}

void
incidents_level(struct engine *e, enum criterion c, enum level level)
{
	grouping_level(&e->grouping, e->now_ms, c, level);
}

/* ---- time ---- */

/* Of restarts it is known when the last one was: that nothing came since is what tells that they have ended. */
static void
end_members(struct engine *e, struct incident *i)
{
	for (unsigned k = 0; k < i->member_count; k++) {
		const struct incident_member *m = &i->members[k];

		if (m->ended_ms == 0 && !anomalies_hold(e, m))
			grouping_end(i, k, m->type == ANOMALY_RESTART ? m->seen_ms : e->now_ms);
	}
}

/* While restoring, what was told may be ahead of what is judged again. */
void
incidents_time(struct engine *e)
{
	struct incident *i;

	for (size_t age = 0; (i = grouping_at(&e->grouping, age)) != NULL; age++)
		if (i->ended_ms == 0 && (!e->restoring || i->anew))
			end_members(e, i);
	while ((i = grouping_next_over(&e->grouping, e->now_ms)) != NULL)
		publish_change(e, i);
}

/* ---- an earlier run ---- */

void
incidents_restore(struct engine *e, const struct incident *i)
{
	struct incident *copy = xmalloc(sizeof(*copy));

	incident_copy(copy, i);
	grouping_restore(&e->grouping, copy);
}

/* What ended while nothing ran ended when it was seen last. */
static void
resume(struct engine *e, struct incident *i)
{
	for (unsigned k = 0; k < i->member_count; k++) {
		struct incident_member *m = &i->members[k];

		if (anomalies_hold(e, m))
			m->ended_ms = 0;
		else if (m->ended_ms == 0)
			grouping_end(i, k, i->last_ms);
		anomalies_settle(e, m, i->id, k == i->root);
	}
}

/*
 * Of what was made while restoring stays what holds, and what was told: the rest nobody has heard of, or has under another id, as its finding was
 * made a sample earlier or later then. The clock may have been set back meanwhile: what is of a time that has not come would be open until then.
 */
void
incidents_restored(struct engine *e)
{
	struct incident *i;

	for (size_t age = 0; (i = grouping_at(&e->grouping, age)) != NULL;)
		if (i->anew && (i->ended_ms != 0 || grouping_has(&e->grouping, i)))
			grouping_drop(&e->grouping, age);
		else
			age++;
	for (size_t age = 0; (i = grouping_at(&e->grouping, age)) != NULL; age++) {
		incident_set_back(i, e->now_ms);
		if (i->ended_ms == 0)
			resume(e, i);
	}
}

/* ---- answers ---- */

size_t
engine_incidents(const struct engine *e, const struct incident **out, size_t max)
{
	size_t n = 0;

	for (const struct incident *i; n < max && (i = grouping_at(&e->grouping, n)) != NULL;)
		out[n++] = i;
	return n;
}

/* ---- how many kinds of metrics are beyond their limits ---- */

/* family_of is the type that stands for those that load, or memory, shows in at once. */
static enum anomaly_type
family_of(enum anomaly_type type)
{
	switch (type) {
	case ANOMALY_RUN_QUEUE:
	case ANOMALY_REDUCTIONS:
	case ANOMALY_GC:
	case ANOMALY_IO:
		return ANOMALY_CPU;
	case ANOMALY_BINARY:
	case ANOMALY_ETS:
		return ANOMALY_MEMORY;
	case ANOMALY_PORT:
		return ANOMALY_PROCESS_COUNT;
	case ANOMALY_CPU:
	case ANOMALY_MEMORY:
	case ANOMALY_PROCESS_COUNT:
	case ANOMALY_MESSAGE_QUEUE:
	case ANOMALY_ATOM:
	case ANOMALY_RESTART:
	case ANOMALY_NODE_DOWN:
	case ANOMALY_TYPE_COUNT:
		break;
	}
	return type;
}

unsigned
incidents_kinds_beyond(const struct engine *e)
{
	bool beyond[ANOMALY_TYPE_COUNT] = { false };
	unsigned count = 0;

	for (unsigned i = 0; i < e->watched_count; i++)
		if (detector_is_beyond(&e->watched[i].detector))
			beyond[family_of(METRICS[e->watched[i].metric].anomaly)] = true;
	for (int type = 0; type < ANOMALY_TYPE_COUNT; type++)
		count += beyond[type];
	return count;
}
