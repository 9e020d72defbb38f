/* SPDX-License-Identifier: Apache-2.0 */
/* Marks: all is gathered when the answer is made, with references to what is shared, and written value by value. */
#include "engine/answer_marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "engine/answer_parts.h"
#include "engine/boots.h"
#include "engine/incident_text.h"
#include "engine/past.h"
#include "engine/restart_rows.h"

#define ANOMALIES_MAX 300
#define HEALTH_MAX 200
#define PATTERNS_MAX 50
#define PATTERNS_READ 500
#define ROWS_MAX 100
#define TEXT_MAX_BYTES 240

/* Events, the newest of them. */
struct event_list {
	struct node_event **events;
	size_t count, max;
};

enum list {
	LIST_BOOTS,
	LIST_UNSEEN,
	LIST_LINKS,
	LIST_DEPLOYS,
	LIST_INCIDENTS,
	LIST_ANOMALIES,
	LIST_HEALTH,
	LIST_PATTERNS,
	LIST_ROWS,
	LIST_COUNT
};

struct marks_answer {
	int64_t start_ms, end_ms;
	struct boots boots;
	struct past_link links[PAST_LINKS];
	struct past_deploy deploys[PAST_DEPLOYS];
	struct incident incidents[INCIDENTS_KEPT];
	struct event_list anomalies, health;
	struct pattern patterns[PATTERNS_MAX];
	struct restart_rows rows;
	int64_t restarts_since_ms; /* 0: all are there */
	size_t count[LIST_COUNT];
	size_t left_out[LIST_COUNT];
	bool begun;
	int list;
	size_t at; /* in that list */
};

/* ---- events ---- */

static void
hold_event(struct event_list *l, const struct node_event *ev, size_t *left_out)
{
	if (l->count == l->max) {
		node_event_unref(l->events[0]);
		memmove(&l->events[0], &l->events[1], (l->max - 1) * sizeof(l->events[0]));
		l->count--;
		++*left_out;
	}
	l->events[l->count++] = node_event_ref((struct node_event *)ev);
}

/* is_change: the criterion's level is another than the last alert of it said; a critical one is told again and again. */
static bool
is_change(const struct health *h, enum level last[CRITERION_COUNT])
{
	enum level level;

	if (h->changed >= CRITERION_COUNT)
		return false;
	level = h->criteria[h->changed].level;
	if (last[h->changed] == level)
		return false;
	last[h->changed] = level;
	return true;
}

static void
hold_events(struct marks_answer *m, const struct engine *e)
{
	enum level last[CRITERION_COUNT] = { LEVEL_UNKNOWN };
	const struct node_event *ev;
	size_t it = 0;

	m->anomalies = (struct event_list) { xcalloc(ANOMALIES_MAX, sizeof(ev)), 0, ANOMALIES_MAX };
	m->health = (struct event_list) { xcalloc(HEALTH_MAX, sizeof(ev)), 0, HEALTH_MAX };
	while ((ev = engine_past_event(e, m->start_ms, m->end_ms, &it)) != NULL)
		if (ev->type == EVENT_ANOMALY)
			hold_event(&m->anomalies, ev, &m->left_out[LIST_ANOMALIES]);
		else if (ev->type == EVENT_HEALTH_ALERT && is_change(&ev->u.health, last))
			hold_event(&m->health, ev, &m->left_out[LIST_HEALTH]);
	m->count[LIST_ANOMALIES] = m->anomalies.count;
	m->count[LIST_HEALTH] = m->health.count;
}

static void
release_events(struct event_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		node_event_unref(l->events[i]);
	free(l->events);
}

/* ---- what else it holds ---- */

static void
hold_links(struct marks_answer *m, const struct engine *e)
{
	const struct past_deploy *deploy;
	const struct past_link *link;
	size_t it = 0;

	while ((link = engine_past_link(e, m->start_ms, m->end_ms, &it)) != NULL)
		m->links[m->count[LIST_LINKS]++] = *link;
	it = 0;
	while ((deploy = engine_past_deploy(e, m->start_ms, m->end_ms, &it)) != NULL)
		m->deploys[m->count[LIST_DEPLOYS]++] = *deploy;
}

static void
hold_incidents(struct marks_answer *m, const struct engine *e)
{
	const struct incident *list[INCIDENTS_KEPT];
	size_t n = engine_incidents(e, list, INCIDENTS_KEPT);

	while (n-- > 0)
		if (list[n]->opened_ms <= m->end_ms && (list[n]->ended_ms == 0 || list[n]->ended_ms >= m->start_ms))
			incident_copy(&m->incidents[m->count[LIST_INCIDENTS]++], list[n]);
}

/*
 * One that goes on reaches to now: what came in the last minutes is not judged yet. The engine has the latest first: those for which there is no room are the
 * oldest.
 */
static void
hold_patterns(struct marks_answer *m, const struct engine *e, int64_t now_ms)
{
	struct pattern *all = xcalloc(PATTERNS_READ, sizeof(*all));
	size_t n = engine_patterns(e, now_ms, all, PATTERNS_READ), *count = &m->count[LIST_PATTERNS];

	for (size_t i = 0; i < n; i++) {
		int64_t until_ms = all[i].active ? now_ms : all[i].last_ms;

		if (all[i].first_ms > m->end_ms || until_ms < m->start_ms)
			continue;
		if (*count < PATTERNS_MAX)
			pattern_copy(&m->patterns[(*count)++], &all[i]);
		else
			m->left_out[LIST_PATTERNS]++;
	}
	free(all);
}

static void
hold_restarts(struct marks_answer *m, const struct engine *e)
{
	const struct restart *r, *oldest = engine_restart_at(e, engine_options(e)->max_restarts - 1);
	size_t it = 0;

	restart_rows_init(&m->rows, m->start_ms, m->end_ms);
	while ((r = engine_past_restart(e, m->start_ms, m->end_ms, &it)) != NULL)
		restart_rows_add(&m->rows, r);
	restart_rows_rank(&m->rows);
	m->restarts_since_ms = oldest && oldest->time_ms > m->start_ms ? oldest->time_ms : 0;
	m->count[LIST_ROWS] = m->rows.count < ROWS_MAX ? m->rows.count : ROWS_MAX;
	m->left_out[LIST_ROWS] = m->rows.count - m->count[LIST_ROWS];
}

struct marks_answer *
marks_answer_new(const struct engine *e, int64_t now_ms, int64_t start_ms, int64_t end_ms)
{
	struct marks_answer *m = xcalloc(1, sizeof(*m));

	m->start_ms = start_ms;
	m->end_ms = end_ms;
	boots_find(e, now_ms, start_ms, end_ms, &m->boots);
	m->count[LIST_BOOTS] = m->boots.boot_count;
	m->left_out[LIST_BOOTS] = m->boots.boots_left_out;
	m->count[LIST_UNSEEN] = m->boots.unseen_count;
	m->left_out[LIST_UNSEEN] = m->boots.unseen_left_out;
	hold_links(m, e);
	hold_incidents(m, e);
	hold_events(m, e);
	hold_patterns(m, e, now_ms);
	hold_restarts(m, e);
	return m;
}

void
marks_answer_free(struct marks_answer *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->count[LIST_INCIDENTS]; i++)
		incident_release(&m->incidents[i]);
	for (size_t i = 0; i < m->count[LIST_PATTERNS]; i++)
		pattern_release(&m->patterns[i]);
	release_events(&m->anomalies);
	release_events(&m->health);
	restart_rows_release(&m->rows);
	free(m);
}

/* ---- one value of a list, within its object ---- */

static void
part_sentence(struct answer *a, const char *key, const struct strbuf *text)
{
	struct strbuf shown = STRBUF_INIT;

	utf8_add_visible(&shown, text->len ? text->data : "", TEXT_MAX_BYTES);
	part_text(a, key, shown.len ? shown.data : "");
	strbuf_release(&shown);
}

static void
write_boot(struct marks_answer *m, struct answer *a)
{
	const struct boot *b = &m->boots.boots[m->at];

	part_time(a, "booted", b->booted_ms);
	part_time(a, "lost", b->lost_ms);
	part_time(a, "seen", b->seen_ms);
}

static void
write_unseen(struct marks_answer *m, struct answer *a)
{
	part_time(a, "start", m->boots.unseen[m->at].start_ms);
	part_time(a, "end", m->boots.unseen[m->at].end_ms);
}

static void
write_link(struct marks_answer *m, struct answer *a)
{
	part_time(a, "timestamp", m->links[m->at].time_ms);
	part_word(a, "state", node_state_name(m->links[m->at].state));
	part_text(a, "detail", m->links[m->at].detail);
}

static void
write_deploy(struct marks_answer *m, struct answer *a)
{
	part_time(a, "timestamp", m->deploys[m->at].time_ms);
	part_integer(a, "changed", m->deploys[m->at].changed);
	part_text(a, "text", m->deploys[m->at].text);
}

static void
write_incident(struct marks_answer *m, struct answer *a)
{
	const struct incident *i = &m->incidents[m->at];
	const struct incident_member *root = i->member_count > 0 ? &i->members[i->root] : NULL;
	struct strbuf title = STRBUF_INIT;

	incident_title(&title, i);
	part_text(a, "id", i->id);
	part_sentence(a, "title", &title);
	part_word(a, "severity", severity_name(i->severity));
	part_time(a, "opened", i->opened_ms);
	part_time(a, "ended", i->ended_ms);
	part_word(a, "type", root ? ANOMALIES[root->type].name : "");
	part_text(a, "culprit",
	    root == NULL || root->who_count == 0 ? ""
		: root->who[0].name[0]           ? root->who[0].name
						 : root->who[0].pid);
	strbuf_release(&title);
}

static void
write_anomaly(struct marks_answer *m, struct answer *a)
{
	const struct node_event *ev = m->anomalies.events[m->at];
	const struct anomaly *anomaly = &ev->u.anomaly;
	struct strbuf text = STRBUF_INIT;

	answer_event_body(&text, ev);
	part_time(a, "timestamp", anomaly->time_ms);
	part_word(a, "type", ANOMALIES[anomaly->type].name);
	part_word(a, "severity", severity_name(anomaly->severity));
	part_word(a, "metric", anomaly->metric == METRIC_NONE ? "" : METRICS[anomaly->metric].name);
	part_text(a, "incident", anomaly->incident);
	part_bool(a, "root", anomaly->root);
	part_sentence(a, "text", &text);
	strbuf_release(&text);
}

static void
write_health(struct marks_answer *m, struct answer *a)
{
	const struct node_event *ev = m->health.events[m->at];
	const struct health *h = &ev->u.health;

	part_time(a, "timestamp", ev->time_ms);
	part_word(a, "overall_status", level_name(h->overall));
	part_word(a, "criterion", CRITERIA[h->changed].name);
	part_word(a, "level", level_name(h->criteria[h->changed].level));
	part_real(a, "value", h->criteria[h->changed].value);
}

/* The oldest first, as the other lists are. */
static void
write_pattern(struct marks_answer *m, struct answer *a)
{
	const struct pattern *p = &m->patterns[m->count[LIST_PATTERNS] - 1 - m->at];

	part_pattern_fields(a, p);
	if (p->type == PATTERN_PERIODIC)
		part_time(a, "next", p->active ? p->last_ms + llround(p->interval_ms) : 0);
}

static void
times_part(struct answer *a, const struct restart_row *row, enum row_kind kind)
{
	put_array(a, ROW_KINDS[kind]);
	for (unsigned i = 0; i < row->time_count; i++)
		if (row->times[i].kind == kind)
			a->ops->integer(a, (double)row->times[i].time_ms);
	put_end(a);
}

static void
steps_part(struct answer *a, const struct restart_rows *rows, const struct restart_row *row, enum row_kind kind)
{
	size_t steps = (size_t)((rows->end_ms - rows->start_ms) / rows->step_ms) + 1;

	put_array(a, ROW_KINDS[kind]);
	for (size_t i = 0; i < steps && i < RESTART_ROW_STEPS; i++)
		a->ops->integer(a, row->steps[kind][i]);
	put_end(a);
}

static void
write_row(struct marks_answer *m, struct answer *a)
{
	const struct restart_row *row = m->rows.rows[m->at];

	part_term(a, "supervisor", row->supervisor);
	part_term(a, "child_id", row->child_id);
	part_bool(a, "group", row->group);
	part_cut(a, row->child_id, row->supervisor);
	for (int k = 0; k < ROW_KIND_COUNT; k++)
		part_integer(a, ROW_KINDS[k], (double)row->count[k]);
	part_time(a, "first", row->first_ms);
	part_time(a, "last", row->last_ms);
	put_object(a, row->stepped ? "counts" : "times");
	for (int k = 0; k < ROW_KIND_COUNT; k++)
		if (row->count[k] > 0 && row->stepped)
			steps_part(a, &m->rows, row, (enum row_kind)k);
		else if (row->count[k] > 0)
			times_part(a, row, (enum row_kind)k);
	put_end(a);
}

static const struct {
	const char *name;
	void (*write)(struct marks_answer *m, struct answer *a);
} LISTS[LIST_COUNT] = {
	[LIST_BOOTS] = { "boots", write_boot },
	[LIST_UNSEEN] = { "unseen", write_unseen },
	[LIST_LINKS] = { "links", write_link },
	[LIST_DEPLOYS] = { "deploys", write_deploy },
	[LIST_INCIDENTS] = { "incidents", write_incident },
	[LIST_ANOMALIES] = { "anomalies", write_anomaly },
	[LIST_HEALTH] = { "health", write_health },
	[LIST_PATTERNS] = { "patterns", write_pattern },
	[LIST_ROWS] = { "rows", write_row },
};

/* ---- the whole ---- */

/* open_list opens the list, that of the rows within "restarts". */
static void
open_list(struct marks_answer *m, struct answer *a, int list)
{
	m->list = list;
	m->at = 0;
	if (list == LIST_ROWS) {
		put_object(a, "restarts");
		for (int k = 0; k < ROW_KIND_COUNT; k++)
			part_integer(a, ROW_KINDS[k], (double)m->rows.total[k]);
		part_time(a, "since", m->restarts_since_ms);
		part_integer(a, "step", (double)(m->rows.step_ms / 1000));
	}
	put_array(a, LISTS[list].name);
}

static void
begin(struct marks_answer *m, struct answer *a)
{
	m->begun = true;
	a->ops->object(a);
	put_object(a, "time_range");
	a->ops->key(a, "start");
	a->ops->instant(a, m->start_ms);
	a->ops->key(a, "end");
	a->ops->instant(a, m->end_ms);
	put_end(a);
	open_list(m, a, 0);
}

/* What is left out of the rows is counted in restarts, too. */
static uint64_t
restarts_left_out(const struct marks_answer *m)
{
	uint64_t n = m->rows.left_out;

	for (size_t i = m->count[LIST_ROWS]; i < m->rows.count; i++)
		for (int k = 0; k < ROW_KIND_COUNT; k++)
			n += m->rows.rows[i]->count[k];
	return n;
}

static void
end(struct marks_answer *m, struct answer *a)
{
	put_object(a, "left_out");
	part_integer(a, "rows", (double)m->left_out[LIST_ROWS]);
	part_integer(a, "restarts", (double)restarts_left_out(m));
	put_end(a);
	put_end(a);
	put_object(a, "left_out");
	for (int l = 0; l < LIST_ROWS; l++)
		part_integer(a, LISTS[l].name, (double)m->left_out[l]);
	put_end(a);
	put_end(a);
}

/* close_list goes on to the next one, or ends the answer. */
static bool
close_list(struct marks_answer *m, struct answer *a)
{
	put_end(a);
	if (m->list + 1 < LIST_COUNT) {
		open_list(m, a, m->list + 1);
		return true;
	}
	end(m, a);
	m->list = LIST_COUNT;
	return false;
}

bool
marks_answer_write(struct marks_answer *m, struct answer *a)
{
	if (m->list == LIST_COUNT)
		return false;
	if (!m->begun) {
		begin(m, a);
		return true;
	}
	if (m->at == m->count[m->list])
		return close_list(m, a);
	a->ops->object(a);
	LISTS[m->list].write(m, a);
	put_end(a);
	m->at++;
	return true;
}
