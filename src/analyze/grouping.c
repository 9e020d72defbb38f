/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/grouping.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/grouping_rules.h"
#include "base/alloc.h"
#include "base/attr.h"
#include "model/cause.h"
#include "model/kinship.h"

void
grouping_init(struct grouping *g, const char *node, int64_t interval_ms)
{
	memset(g, 0, sizeof(*g));
	g->node = node;
	g->interval_ms = interval_ms;
}

static void
free_incident(struct incident *i)
{
	incident_release(i);
	free(i);
}

void
grouping_release(struct grouping *g)
{
	for (unsigned k = 0; k < g->count; k++)
		free_incident(g->kept[k]);
	g->count = 0;
}

struct incident *
grouping_at(const struct grouping *g, size_t age)
{
	return age < g->count ? g->kept[g->count - 1 - age] : NULL;
}

/* ---- the list ---- */

void
grouping_drop(struct grouping *g, size_t age)
{
	size_t k = g->count - 1 - age;

	free_incident(g->kept[k]);
	memmove(&g->kept[k], &g->kept[k + 1], (--g->count - k) * sizeof(g->kept[0]));
}

/* What is open goes last, though it must go, too, when there is nothing else: whoever opens incidents without end gets no memory without end. */
static void
make_room(struct grouping *g)
{
	unsigned k = 0;

	if (g->count < INCIDENTS_KEPT)
		return;
	while (k < g->count && g->kept[k]->ended_ms == 0)
		k++;
	grouping_drop(g, g->count - 1 - (k < g->count ? k : 0));
}

static void
put(struct grouping *g, struct incident *i)
{
	unsigned at = g->count;

	while (at > 0 && g->kept[at - 1]->opened_ms > i->opened_ms)
		at--;
	memmove(&g->kept[at + 1], &g->kept[at], (g->count++ - at) * sizeof(g->kept[0]));
	g->kept[at] = i;
}

static struct incident *
open_incident(struct grouping *g, int64_t time_ms)
{
	struct incident *i = xcalloc(1, sizeof(*i));
	unsigned n = 0;

	make_room(g);
	for (unsigned k = 0; k < g->count; k++)
		n += g->kept[k]->opened_ms == time_ms;
	incident_identify(i->id, g->node, time_ms, n);
	i->opened_ms = i->last_ms = time_ms;
	put(g, i);
	return i;
}

void
grouping_restore(struct grouping *g, struct incident *i)
{
	for (unsigned k = 0; k < g->count; k++)
		if (strcmp(g->kept[k]->id, i->id) == 0) {
			free_incident(g->kept[k]);
			g->kept[k] = i;
			return;
		}
	make_room(g);
	put(g, i);
}

/* ---- the rules ---- */

/* rule_for is the first rule by which m joins the incident, JOIN_COUNT if none. What only began together may be two strangers' troubles. */
static enum incident_join
rule_for(const struct grouping *g, const struct incident *i, const struct incident_member *m)
{
	bool stranger = kinship_of(m, &i->members[i->root]) == KINSHIP_STRANGERS;
	enum incident_join best = JOIN_COUNT;

	if (m->type == ANOMALY_NODE_DOWN)
		return JOIN_END;
	for (unsigned k = 0; k < i->member_count; k++) {
		enum incident_join rule = rule_between(g->interval_ms, m, &i->members[k]);

		best = rule < best ? rule : best;
	}
	return best == JOIN_TIME && stranger ? JOIN_COUNT : best;
}

/* is_better: who may take a node's end is the most severe, else who was heard of last. */
static bool
is_better(enum incident_join rule, const struct incident *i, enum incident_join best_rule, const struct incident *best)
{
	if (best == NULL || rule != best_rule)
		return rule < best_rule;
	if (rule == JOIN_END && i->severity != best->severity)
		return i->severity > best->severity;
	return i->last_ms >= best->last_ms;
}

static struct incident *
find_home(const struct grouping *g, const struct incident_member *m, enum incident_join *rule)
{
	struct incident *home = NULL;

	*rule = JOIN_COUNT;
	for (unsigned k = 0; k < g->count; k++) {
		struct incident *i = g->kept[k];
		enum incident_join r = i->ended_ms == 0 ? rule_for(g, i, m) : JOIN_COUNT;

		if (r == JOIN_COUNT || !is_better(r, i, *rule, home))
			continue;
		home = i;
		*rule = r;
	}
	return home;
}

static bool
is_cause(const struct grouping *g, const struct incident_member *m, const struct incident_member *of)
{
	return within_samples(m->since_ms - of->since_ms, g->interval_ms, GROUPING_LAG) &&
	    is_explained(g->interval_ms, of, m);
}

/* is_deeper: m takes the root's place. What the incident has a cause of is no root, whatever it explains. */
static bool
is_deeper(const struct grouping *g, const struct incident_member *m, const struct incident *i)
{
	if (!is_cause(g, m, &i->members[i->root]))
		return false;
	for (unsigned k = 0; k < i->member_count; k++)
		if (k != i->root && is_cause(g, &i->members[k], m))
			return false;
	return true;
}

/* is_somebody_else: it is known who is behind m, and that none of those is who are known to be behind the others. */
static bool
is_somebody_else(const struct incident *i, const struct incident_member *m)
{
	bool others = false;

	for (unsigned k = 0; k < i->member_count; k++) {
		enum kinship kin = kinship_of(m, &i->members[k]);

		if (kin == KINSHIP_KIN)
			return false;
		others = others || kin != KINSHIP_UNKNOWN;
	}
	return others;
}

/* ---- taking a finding ---- */

static bool
is_same_finding(const struct incident_member *m, const struct incident_member *other)
{
	return m->type == other->type && m->metric == other->metric && term_same(m->supervisor, other->supervisor) &&
	    term_same(m->child_id, other->child_id);
}

static unsigned
find_member(const struct incident *i, const struct incident_member *m)
{
	unsigned k = 0;

	while (k < i->member_count && !is_same_finding(m, &i->members[k]))
		k++;
	return k;
}

/* holder_of is the open incident in which the very finding holds already: it became worse. */
static struct incident *
holder_of(const struct grouping *g, const struct incident_member *m, unsigned *member)
{
	for (unsigned k = g->count; k-- > 0;) {
		struct incident *i = g->kept[k];
		unsigned at = i->ended_ms == 0 ? find_member(i, m) : i->member_count;

		if (at == i->member_count || i->members[at].ended_ms != 0)
			continue;
		*member = at;
		return i;
	}
	return NULL;
}

bool
grouping_has(const struct grouping *g, const struct incident *i)
{
	for (unsigned k = 0; k < g->count; k++)
		for (unsigned m = 0; m < i->member_count && g->kept[k] != i && g->kept[k]->ended_ms == 0; m++)
			if (find_member(g->kept[k], &i->members[m]) < g->kept[k]->member_count)
				return true;
	return false;
}

static void
notice(struct incident *i, const struct incident_member *m)
{
	i->last_ms = m->seen_ms > i->last_ms ? m->seen_ms : i->last_ms;
	i->severity = m->severity > i->severity ? m->severity : i->severity;
	i->node_down = i->node_down || m->type == ANOMALY_NODE_DOWN;
}

/* is_relief: what had risen falls, and is no trouble any more. Of rates a fall is one of its own: traffic stops. */
static bool
is_relief(const struct incident_member *old, const struct incident_member *m)
{
	return m->metric != METRIC_NONE && METRICS[m->metric].watch == WATCH_LEVEL &&
	    old->current_value > old->baseline_value && m->current_value < m->baseline_value;
}

/* relieve keeps what the incident says of the finding: who made it rise is still who was behind it. */
static struct grouped
relieve(struct incident *i, unsigned k, struct incident_member *m, bool promised)
{
	struct incident_member *old = &i->members[k];

	old->seen_ms = m->seen_ms;
	old->ended_ms = 0;
	old->told = old->told || promised;
	i->last_ms = m->seen_ms > i->last_ms ? m->seen_ms : i->last_ms;
	incident_member_release(m);
	return (struct grouped) {
		.incident = i, .change = CHANGE_JOINED, .root = k == i->root, .tell = promised, .told = old->told
	};
}

/* refresh brings a finding that is in the incident already up to date: it came again, or became worse. */
static struct grouped
refresh(struct incident *i, unsigned k, struct incident_member *m, bool promised)
{
	struct incident_member *old = &i->members[k];
	bool root = k == i->root, tell = promised || (root && m->severity > old->severity);

	if (is_relief(old, m))
		return relieve(i, k, m, promised);
	m->since_ms = old->since_ms;
	m->time_ms = old->time_ms;
	m->joined = old->joined;
	m->told = old->told || tell;
	incident_member_release(old);
	*old = *m;
	notice(i, m);
	return (struct grouped) { .incident = i, .change = CHANGE_JOINED, .root = root, .tell = tell, .told = m->told };
}

/* join: of findings for which there is no room it is counted that they were. */
static struct grouped
join(const struct grouping *g, struct incident *i, struct incident_member *m, bool promised)
{
	bool first = i->member_count == 0, root = first || is_deeper(g, m, i);
	struct grouped out = { .incident = i,
		.change = first ? CHANGE_OPENED
		    : root      ? CHANGE_ROOT
				: CHANGE_JOINED,
		.anew = true,
		.root = root,
		.tell = root || promised || (m->severity == SEVERITY_HIGH && is_somebody_else(i, m)) };

	m->told = out.told = out.tell;
	notice(i, m);
	if (incident_add(i, m)) {
		i->root = root ? i->member_count - 1 : i->root;
		return out;
	}
	i->left_out++;
	incident_member_release(m);
	out.anew = out.root = false;
	out.change = CHANGE_JOINED;
	return out;
}

/* ---- health and restarts ---- */

/* The findings that a criterion goes with. */
static const enum anomaly_type KINDRED[CRITERION_COUNT] = {
	[CRITERION_MEMORY] = ANOMALY_MEMORY,
	[CRITERION_PROCESSES] = ANOMALY_PROCESS_COUNT,
	[CRITERION_CPU] = ANOMALY_CPU,
	[CRITERION_RESTARTS] = ANOMALY_RESTART,
	[CRITERION_PORTS] = ANOMALY_PORT,
	[CRITERION_ATOMS] = ANOMALY_ATOM,
	[CRITERION_FDS] = ANOMALY_PORT,
	[CRITERION_MESSAGE_QUEUE] = ANOMALY_MESSAGE_QUEUE,
	[CRITERION_RESTART_BUDGET] = ANOMALY_RESTART,
};

static bool
is_kindred(const struct incident *i, enum criterion c)
{
	for (unsigned k = 0; k < i->member_count; k++)
		if (i->members[k].type == KINDRED[c] || cause_between(i->members[k].type, KINDRED[c]) != CAUSE_NONE)
			return true;
	return false;
}

static void
raise_level(struct incident *i, enum criterion c, enum level level)
{
	i->levels[c] = level > i->levels[c] ? level : i->levels[c];
}

void
grouping_level(struct grouping *g, int64_t time_ms, enum criterion c, enum level level)
{
	g->risen[c].time_ms = time_ms;
	g->risen[c].level = level;
	for (unsigned k = g->count; k-- > 0;)
		if (g->kept[k]->ended_ms == 0 && is_kindred(g->kept[k], c)) {
			raise_level(g->kept[k], c, level);
			return;
		}
}

/* A level is often passed before what lies behind it is found. */
static void
take_levels(struct grouping *g, struct incident *i, int64_t now_ms)
{
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (g->risen[c].time_ms != 0 &&
		    within_samples(now_ms - g->risen[c].time_ms, g->interval_ms, GROUPING_LAG) &&
		    is_kindred(i, (enum criterion)c))
			raise_level(i, (enum criterion)c, g->risen[c].level);
}

/* How well a restart under this supervisor fits: 2 if the incident names it, 1 if it names none, else 0. */
static int
restart_fits(const struct incident *i, const struct term *supervisor)
{
	int fits = 1;

	for (unsigned k = 0; k < i->member_count; k++) {
		const struct term *named = i->members[k].supervisor;

		if (named && term_same(named, supervisor))
			return 2;
		fits = named ? 0 : fits;
	}
	return fits;
}

static struct incident *
restart_home(const struct grouping *g, int64_t time_ms, const struct term *supervisor)
{
	struct incident *home = NULL;
	int best = 0;

	for (unsigned k = 0; k < g->count; k++) {
		struct incident *i = g->kept[k];
		bool open = i->ended_ms == 0 && time_ms >= i->opened_ms;
		int fits = open ? restart_fits(i, supervisor) : 0;

		if (fits == 0 || fits < best || (fits == best && i->last_ms < home->last_ms))
			continue;
		home = i;
		best = fits;
	}
	return home;
}

/* learn_supervisor: a process that is too busy to be asked is known by its end. */
static void
learn_supervisor(struct incident_member *m, const struct term *supervisor, const struct term *pid)
{
	for (unsigned i = 0; i < m->who_count; i++) {
		struct incident_who *w = &m->who[i];

		if (w->ancestors[0][0] == '\0' && strcmp(w->pid, term_text(pid)) == 0)
			snprintf(
			    w->ancestors[0], sizeof(w->ancestors[0]), "%.*s", SAMPLE_NAME - 1, term_text(supervisor));
	}
}

static void
learn_from_restart(struct grouping *g, const struct term *supervisor, const struct term *pid)
{
	for (unsigned k = 0; k < g->count; k++)
		for (unsigned m = 0; m < g->kept[k]->member_count && g->kept[k]->ended_ms == 0; m++)
			learn_supervisor(&g->kept[k]->members[m], supervisor, pid);
}

void
grouping_restart(struct grouping *g, int64_t time_ms, const struct term *supervisor, const struct term *child,
    const struct term *pid, uint64_t n)
{
	struct incident *home = restart_home(g, time_ms, supervisor);

	if (pid)
		learn_from_restart(g, supervisor, pid);
	if (home == NULL)
		return;
	home->restarts += n;
	home->last_ms = time_ms > home->last_ms ? time_ms : home->last_ms;
	for (unsigned k = 0; k < home->member_count; k++) {
		struct incident_member *m = &home->members[k];

		if (m->type == ANOMALY_RESTART && term_same(m->supervisor, supervisor) && term_same(m->child_id, child))
			m->seen_ms = time_ms > m->seen_ms ? time_ms : m->seen_ms;
	}
}

/* ---- its course ---- */

struct grouped
grouping_take(struct grouping *g, const struct anomaly *a, int64_t since_ms, bool promised)
{
	enum incident_join rule = JOIN_FIRST;
	struct incident_member m;
	struct grouped out;
	struct incident *i;
	unsigned at = 0;

	incident_member_of(&m, a, since_ms);
	i = holder_of(g, &m, &at);
	i = i ? i : find_home(g, &m, &rule);
	m.joined = i ? rule : JOIN_FIRST;
	i = i ? i : open_incident(g, m.time_ms);
	at = find_member(i, &m);
	out = at < i->member_count ? refresh(i, at, &m, promised) : join(g, i, &m, promised);
	/* The restarts that made a cycle came before it was found. */
	if (out.change == CHANGE_OPENED && since_ms < a->time_ms)
		i->restarts = a->restart_count;
	take_levels(g, i, a->time_ms);
	i->change = out.change;
	return out;
}

void
grouping_end(struct incident *i, unsigned member, int64_t ended_ms)
{
	struct incident_member *m = &i->members[member];

	m->ended_ms = ended_ms > m->time_ms ? ended_ms : m->time_ms;
	i->last_ms = m->ended_ms > i->last_ms ? m->ended_ms : i->last_ms;
}

static int64_t
last_end(const struct incident *i)
{
	int64_t last_ms = 0;

	for (unsigned k = 0; k < i->member_count; k++)
		last_ms = i->members[k].ended_ms > last_ms ? i->members[k].ended_ms : last_ms;
	return last_ms;
}

struct incident *
grouping_next_over(struct grouping *g, int64_t now_ms)
{
	for (unsigned k = 0; k < g->count; k++) {
		struct incident *i = g->kept[k];

		if (i->ended_ms != 0 || incident_holds(i) ||
		    within_samples(now_ms - last_end(i), g->interval_ms, GROUPING_CALM))
			continue;
		i->ended_ms = last_end(i);
		i->change = CHANGE_ENDED;
		return i;
	}
	return NULL;
}
