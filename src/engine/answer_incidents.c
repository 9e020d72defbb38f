/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents as answers: what began it, what belongs to it, and what to do next. */
#include "engine/answer_incidents.h"

#include "analyze/advice.h"
#include "engine/answer_parts.h"
#include "engine/incident_text.h"

#define PATTERNS_MAX 20
/* A restart's time is that of the node, and some moments before it is heard of. */
#define HEARD_LATE_MS 5000

/* ---- a finding ---- */

static void
who_part(struct answer *a, const struct incident_who *w)
{
	a->ops->object(a);
	part_word(a, "kind", culprit_kind_name(w->kind));
	part_text(a, "pid", w->pid);
	part_text(a, "name", w->name);
	part_text(a, "application", w->application);
	put_array(a, "ancestors");
	for (unsigned i = 0; i < INCIDENT_ANCESTORS && w->ancestors[i][0]; i++)
		a->ops->text(a, w->ancestors[i]);
	put_end(a);
	put_end(a);
}

static void
value_parts(struct answer *a, const struct incident_member *m)
{
	const struct metric *metric = &METRICS[m->metric];
	struct strbuf unit = STRBUF_INIT;

	strbuf_addf(&unit, "%s%s", metric_unit_name(metric->unit), metric->watch == WATCH_RATE ? "/s" : "");
	part_word(a, "metric", metric->name);
	part_real(a, "current_value", m->current_value);
	part_real(a, "baseline_value", m->baseline_value);
	part_text(a, "unit", strbuf_cstr(&unit));
	strbuf_release(&unit);
}

static void
member_part(struct answer *a, const struct incident *i, unsigned k)
{
	const struct incident_member *m = &i->members[k];
	struct strbuf text = STRBUF_INIT;

	incident_finding(&text, m);
	a->ops->object(a);
	part_word(a, "type", ANOMALIES[m->type].name);
	part_bool(a, "root", k == i->root);
	part_text(a, "description", strbuf_cstr(&text));
	part_word(a, "severity", severity_name(m->severity));
	part_real(a, "score", m->score);
	part_word(a, "joined", INCIDENT_JOINS[m->joined]);
	part_bool(a, "told", m->told);
	part_time(a, "since", m->since_ms);
	part_time(a, "timestamp", m->time_ms);
	part_time(a, "ended", m->ended_ms);
	if (m->metric != METRIC_NONE)
		value_parts(a, m);
	if (m->type == ANOMALY_RESTART) {
		part_term(a, "supervisor", m->supervisor);
		part_term(a, "child_id", m->child_id);
	}
	put_array(a, "culprits");
	for (unsigned w = 0; w < m->who_count; w++)
		who_part(a, &m->who[w]);
	put_end(a);
	put_end(a);
	strbuf_release(&text);
}

/* ---- an incident ---- */

static void
health_part(struct answer *a, const struct incident *i)
{
	put_object(a, "health");
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (i->levels[c] > LEVEL_HEALTHY)
			part_word(a, CRITERIA[c].name, level_name(i->levels[c]));
	put_end(a);
}

void
part_incident_fields(struct answer *a, const struct incident *i)
{
	struct strbuf title = STRBUF_INIT;

	incident_title(&title, i);
	part_text(a, "id", i->id);
	part_text(a, "title", strbuf_cstr(&title));
	part_word(a, "severity", severity_name(i->severity));
	part_bool(a, "open", i->ended_ms == 0);
	part_time(a, "opened", i->opened_ms);
	part_time(a, "last", i->last_ms);
	part_time(a, "ended", i->ended_ms);
	if (i->member_count > 0) {
		a->ops->key(a, "root");
		member_part(a, i, i->root);
		part_text(a, "next_step", advice_next(i->members[i->root].type));
	}
	put_array(a, "members");
	for (unsigned k = 0; k < i->member_count; k++)
		member_part(a, i, k);
	put_end(a);
	part_integer(a, "members_left_out", (double)i->left_out);
	part_integer(a, "restarts", (double)i->restarts);
	health_part(a, i);
	part_bool(a, "node_down", i->node_down);
	strbuf_release(&title);
}

/* A pattern belongs to it if it was going on meanwhile, under a supervisor that the incident names. */
static bool
is_pattern_of(const struct incident *i, const struct pattern *p)
{
	if (p->last_ms < i->opened_ms - HEARD_LATE_MS || (i->ended_ms != 0 && p->first_ms > i->ended_ms))
		return false;
	for (unsigned k = 0; k < i->member_count; k++)
		if (i->members[k].supervisor && pattern_concerns(p, i->members[k].supervisor))
			return true;
	return false;
}

static void
patterns_part(struct answer *a, const struct incident *i, const struct pattern *patterns, size_t count)
{
	put_array(a, "patterns");
	for (size_t k = 0; k < count; k++) {
		if (!is_pattern_of(i, &patterns[k]))
			continue;
		a->ops->object(a);
		part_word(a, "type", PATTERNS[patterns[k].type].name);
		part_term(a, "supervisor", patterns[k].supervisor);
		part_term(a, "child_id", patterns[k].child_id);
		part_text(a, "pattern", patterns[k].text);
		put_end(a);
	}
	put_end(a);
}

void
answer_incidents(struct answer *a, const struct engine *e, int64_t now_ms, enum incidents_wanted wanted)
{
	const struct incident *list[INCIDENTS_KEPT];
	struct pattern patterns[PATTERNS_MAX];
	size_t count = engine_incidents(e, list, INCIDENTS_KEPT);
	size_t pattern_count = engine_patterns(e, now_ms, patterns, PATTERNS_MAX);

	a->ops->array(a);
	for (size_t k = 0; k < count; k++) {
		bool open = list[k]->ended_ms == 0;

		if ((wanted == INCIDENTS_OPEN && !open) || (wanted == INCIDENTS_ENDED && open))
			continue;
		a->ops->object(a);
		part_incident_fields(a, list[k]);
		patterns_part(a, list[k], patterns, pattern_count);
		put_end(a);
	}
	put_end(a);
}
