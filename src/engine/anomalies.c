/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From detectors and restart statistics to anomalies that people see: each once, with its culprits, listed while it
 * holds. What another one explains is not told beside it: total memory and used memory tell the same story.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"
#include "model/cause.h"

void
anomalies_init(struct engine *e)
{
	ring_init(&e->recent, RECENT_ANOMALIES);
	for (int i = 0; i < METRIC_COUNT; i++) {
		struct watched *w = &e->watched[e->watched_count];

		if (METRICS[i].watch == WATCH_NONE)
			continue;
		w->metric = (enum metric_id)i;
		detector_init(
		    &w->detector, METRICS[i].floor, METRICS[i].share, e->options.anomaly_threshold, &e->excursions);
		drift_init(&w->drift, e->options.anomaly_threshold);
		scores_init(w, e->options.anomaly_threshold);
		e->watched_count++;
	}
}

static void
rankings_unref(struct rankings *r)
{
	if (r && --r->refs == 0)
		free(r);
}

static void
free_recent(void *p)
{
	struct recent_anomaly *a = p;

	if (a == NULL)
		return;
	node_event_unref(a->event);
	rankings_unref(a->top);
	free(a);
}

static void
end_standing(struct engine *e, unsigned i)
{
	node_event_unref(e->standing[i].event);
	if (e->standing[i].child)
		child_release(e->standing[i].child);
	e->standing_count--;
	memmove(&e->standing[i], &e->standing[i + 1], (e->standing_count - i) * sizeof(e->standing[0]));
}

void
anomalies_release(struct engine *e)
{
	while (e->standing_count > 0)
		end_standing(e, e->standing_count - 1);
	for (unsigned i = 0; i < e->watched_count; i++)
		scores_release(&e->watched[i]);
	ring_release(&e->recent, free_recent);
	anomalies_forget_top(e);
}

static struct rankings *
copy_rankings(const struct engine *e)
{
	unsigned total = 0, at = 0;
	struct rankings *r;

	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		total += e->top_count[kind];
	if (total == 0)
		return NULL;
	r = xmalloc(sizeof(*r) + total * sizeof(r->rows[0]));
	r->refs = 1;
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		r->count[kind] = e->top_count[kind];
		memcpy(&r->rows[at], e->top[kind], e->top_count[kind] * sizeof(r->rows[0]));
		at += e->top_count[kind];
	}
	return r;
}

static struct rankings *
rankings_of_now(struct engine *e)
{
	if (e->restoring)
		return NULL;
	if (e->top_kept == NULL)
		e->top_kept = copy_rankings(e);
	if (e->top_kept)
		e->top_kept->refs++;
	return e->top_kept;
}

void
anomalies_forget_top(struct engine *e)
{
	rankings_unref(e->top_kept);
	e->top_kept = NULL;
}

void
anomalies_keep(struct engine *e, struct node_event *ev)
{
	struct recent_anomaly *a = xmalloc(sizeof(*a));

	e->counts.anomalies++;
	a->event = node_event_ref(ev);
	a->top = rankings_of_now(e);
	recall_rankings(e, true);
	free_recent(ring_push(&e->recent, a));
}

/* ---- the list of those that hold, newest first ---- */

static void
end_metric(struct engine *e, enum metric_id metric)
{
	for (unsigned i = e->standing_count; i-- > 0;)
		if (e->standing[i].event->u.anomaly.metric == metric)
			end_standing(e, i);
}

static void
stand(struct engine *e, struct node_event *ev, struct child *child, int64_t until_ms)
{
	if (e->standing_count == HEALTH_MAX_ANOMALIES)
		end_standing(e, HEALTH_MAX_ANOMALIES - 1);
	memmove(&e->standing[1], &e->standing[0], e->standing_count * sizeof(e->standing[0]));
	e->standing[0] = (struct standing) { node_event_ref(ev), child ? child_hold(child) : NULL, until_ms };
	e->standing_count++;
}

void
anomalies_expire(struct engine *e)
{
	for (unsigned i = e->standing_count; i-- > 0;) {
		const struct standing *s = &e->standing[i];

		if ((s->child && !child_still_rapid(s->child, e->now_ms)) || (s->until_ms && e->now_ms >= s->until_ms))
			end_standing(e, i);
	}
}

/* ---- making one ---- */

static struct node_event *
new_anomaly(const struct engine *e, enum anomaly_type type, enum severity severity, double score)
{
	struct node_event *ev = node_event_new(EVENT_ANOMALY, severity, e->node, e->now_ms);
	struct anomaly *a = &ev->u.anomaly;

	a->type = type;
	a->severity = severity;
	a->time_ms = e->now_ms;
	a->score = score;
	a->metric = METRIC_NONE;
	snprintf(a->description, sizeof(a->description), "%s", ANOMALIES[type].description);
	return ev;
}

/* publish keeps the anomaly among the recent ones, and hands it out. While restoring, engine_restore_event does that. */
static void
publish(struct engine *e, struct node_event *ev)
{
	if (!e->restoring)
		anomalies_keep(e, ev);
	engine_publish(e, ev);
}

/* publish_with_alert: of a metric's anomaly of high severity people are told twice, as the seed has it. */
static void
publish_with_alert(struct engine *e, struct node_event *anomaly)
{
	struct node_event *alert =
	    node_event_new(EVENT_PERFORMANCE_ALERT, anomaly->severity, e->node, anomaly->time_ms);

	anomaly_copy(&alert->u.anomaly, &anomaly->u.anomaly);
	publish(e, anomaly);
	engine_publish(e, alert);
}

/* ---- metrics ---- */

/* make_known takes the reference. What an incident explains is in that only. */
static void
make_known(struct engine *e, struct node_event *ev, struct child *child, int64_t until_ms, int64_t since_ms)
{
	struct taken t = incidents_take(e, ev, since_ms, ev->u.anomaly.metric == METRIC_NONE);

	if (t.stands)
		stand(e, ev, child, until_ms);
	if (t.tell && ev->u.anomaly.metric != METRIC_NONE && ev->severity == SEVERITY_HIGH)
		publish_with_alert(e, ev);
	else if (t.tell)
		publish(e, ev);
	else
		node_event_unref(ev);
}

static void
report_metric(struct engine *e, struct watched *w)
{
	struct finding f = detector_finding(&w->detector);
	enum anomaly_type type = METRICS[w->metric].anomaly;
	/* The seed knows this one as medium only. */
	enum severity severity = type == ANOMALY_PROCESS_COUNT ? SEVERITY_MEDIUM : f.severity;
	struct node_event *ev = new_anomaly(e, type, severity, fmax(w->drifting ? 0.5 : scores_highest(w), f.score));
	struct anomaly *a = &ev->u.anomaly;

	a->metric = w->metric;
	a->current_value = f.value;
	a->baseline_value = f.baseline;
	a->deviation = f.deviation;
	culprits_name(e, a);
	w->unreported = false;
	make_known(e, ev, NULL, 0, e->now_ms - (int64_t)w->detector.length * e->options.interval_ms);
}

static void
apply_change(struct engine *e, struct watched *w, enum detector_change change)
{
	switch (change) {
	case DETECTOR_SAME:
		break;
	case DETECTOR_RAISED:
	case DETECTOR_ENDED:
		w->raised = w->unreported = change == DETECTOR_RAISED;
		w->drifting = false;
		end_metric(e, w->metric);
		break;
	}
}

/* One that had to wait is told only while it is beyond its limit, or drifts. */
static bool
is_at_its_height(const struct watched *w)
{
	return w->drifting || detector_finding(&w->detector).score >= 0.5;
}

/* bounds_of is what bounds the metric; false: nothing that a leak eats. */
static bool
bounds_of(const struct sample *s, const struct watched *w, double value, struct drift_bounds *b)
{
	bool memory = METRICS[w->metric].unit == UNIT_BYTES && METRICS[w->metric].watch == WATCH_LEVEL;
	enum metric_id limit = memory ? METRIC_MEMORY_LIMIT : METRICS[w->metric].limit;

	if (limit == METRIC_NONE || !s->present[limit] || !(s->value[limit] > 0))
		return false;
	b->limit = s->value[limit];
	b->room = memory && s->present[METRIC_MEMORY_AVAILABLE] ? s->value[METRIC_MEMORY_AVAILABLE] : b->limit - value;
	b->change = detector_limit(&w->detector);
	return isfinite(b->limit) && isfinite(b->room);
}

/* judge_drift: a leak that the baseline has followed; what was usual is what was before it. */
static void
judge_drift(struct engine *e, struct watched *w, double value)
{
	struct drift_bounds b;

	if (!bounds_of(e->last, w, value, &b) || !drift_feed(&w->drift, value, &b))
		return;
	apply_change(e, w, detector_raise(&w->detector, drift_start(&w->drift)));
	w->drifting = true;
}

static void
judge(struct engine *e, struct watched *w)
{
	double value = observe_metric(e, w);

	if (isfinite(value)) {
		w->seen_ms = e->last->time_ms;
		apply_change(e, w, detector_feed(&w->detector, value));
		judge_drift(e, w, value);
		scores_feed(e, w, value);
	} else if (e->last->time_ms - w->seen_ms > DETECTOR_ADOPT * e->options.interval_ms) {
		apply_change(e, w, detector_interrupt(&w->detector));
		scores_gap(w);
	}
}

static void
report_type(struct engine *e, enum anomaly_type type)
{
	for (unsigned i = 0; i < e->watched_count; i++) {
		struct watched *w = &e->watched[i];

		if (w->unreported && METRICS[w->metric].anomaly == type && is_at_its_height(w))
			report_metric(e, w);
	}
}

/* Which kinds of metrics are beyond their limits is known when all have been fed; what is sudden waits for that. */
void
anomalies_feed(struct engine *e)
{
	excursions_fade(&e->excursions);
	for (unsigned i = 0; i < e->watched_count; i++)
		judge(e, &e->watched[i]);
	observe_starvation(e);
	e->excursions.kinds = incidents_kinds_beyond(e);
	if (e->starved > 0)
		e->excursions.kinds = SURGE_KINDS;
	for (unsigned i = 0; i < e->watched_count; i++)
		if (e->watched[i].seen_ms == e->last->time_ms)
			apply_change(e, &e->watched[i],
			    detector_leap(&e->watched[i].detector, scores_surprised(e, &e->watched[i])));
	for (int t = 0; t < ANOMALY_TYPE_COUNT; t++)
		report_type(e, CAUSE_ORDER[t]);
}

void
anomalies_interrupt(struct engine *e, bool reboot)
{
	for (unsigned i = 0; i < e->watched_count; i++) {
		struct watched *w = &e->watched[i];

		w->counted.known = false;
		apply_change(e, w, reboot ? detector_restart(&w->detector) : detector_interrupt(&w->detector));
		scores_gap(w);
		if (reboot)
			drift_restart(&w->drift);
	}
}

/* ---- restarts and the node ---- */

static void
set_child(struct anomaly *a, struct term *supervisor, struct term *child, uint64_t count)
{
	a->supervisor = term_ref(supervisor);
	a->child_id = term_ref(child);
	a->restart_count = count;
}

/* The score of a rapid cycle is 1 for four restarts at once, 0.5 for four spread over the five minutes. */
void
anomalies_restart(struct engine *e, struct child *c)
{
	double span = (double)(c->recent.time_ms[0] - c->recent.time_ms[RESTARTS_RAPID - 1]);
	struct node_event *ev = new_anomaly(e, ANOMALY_RESTART, SEVERITY_HIGH, 1 - span / RESTARTS_HEALTH_MS / 2);
	struct anomaly *a = &ev->u.anomaly;

	set_child(a, c->supervisor, c->id, RESTARTS_RAPID);
	snprintf(a->description, sizeof(a->description), "%s for %s%.200s", ANOMALIES[ANOMALY_RESTART].description,
	    c->group ? "children of " : "", term_text(c->id));
	make_known(e, ev, c, 0, c->recent.time_ms[RESTARTS_RAPID - 1]);
}

void
anomalies_gave_up(struct engine *e, const struct restart *r, const struct child *c)
{
	const struct budget *b = c && c->under ? &c->under->budget : NULL;
	struct node_event *ev = new_anomaly(e, ANOMALY_RESTART, SEVERITY_HIGH, 1);
	struct anomaly *a = &ev->u.anomaly;
	char rule[40] = "";

	set_child(a, r->supervisor, r->child_id, c ? c->count : 0);
	if (b && b->known)
		snprintf(rule, sizeof(rule), " (%" PRIu32 " in %" PRId64 " s)", b->intensity, b->period_ms / 1000);
	snprintf(a->description, sizeof(a->description),
	    "Supervisor %.60s reached its restart intensity%s and ended; the last child to fail was %.60s",
	    term_text(r->supervisor), rule, term_text(r->child_id));
	make_known(e, ev, NULL, e->now_ms + RESTARTS_HEALTH_MS, e->now_ms);
}

void
anomalies_node_down(struct engine *e)
{
	struct node_event *ev = new_anomaly(e, ANOMALY_NODE_DOWN, SEVERITY_HIGH, 1);
	struct anomaly *a = &ev->u.anomaly;

	if (e->detail[0])
		snprintf(a->description, sizeof(a->description), "%s: %.200s", ANOMALIES[ANOMALY_NODE_DOWN].description,
		    e->detail);
	make_known(e, ev, NULL, 0, e->now_ms);
}

void
anomalies_node_up(struct engine *e)
{
	for (unsigned i = e->standing_count; i-- > 0;)
		if (e->standing[i].event->u.anomaly.type == ANOMALY_NODE_DOWN)
			end_standing(e, i);
}

/* ---- answers ---- */

/* find_standing is the place of the finding among those that hold; standing_count if it is not listed. */
static unsigned
find_standing(const struct engine *e, const struct incident_member *m)
{
	unsigned i = 0;

	for (; i < e->standing_count; i++) {
		const struct anomaly *a = &e->standing[i].event->u.anomaly;

		if (a->type == m->type && a->metric == m->metric && term_same(a->supervisor, m->supervisor) &&
		    term_same(a->child_id, m->child_id))
			break;
	}
	return i;
}

bool
anomalies_hold(const struct engine *e, const struct incident_member *m)
{
	for (unsigned i = 0; i < e->watched_count; i++)
		if (e->watched[i].metric == m->metric)
			return e->watched[i].raised;
	return find_standing(e, m) < e->standing_count;
}

void
anomalies_settle(struct engine *e, const struct incident_member *m, const char *incident, bool root)
{
	unsigned i = find_standing(e, m);
	struct anomaly *a;

	if (i == e->standing_count)
		return;
	if (!m->told) {
		end_standing(e, i);
		return;
	}
	a = &e->standing[i].event->u.anomaly;
	snprintf(a->incident, sizeof(a->incident), "%s", incident);
	a->root = root;
}

bool
engine_baseline(const struct engine *e, enum metric_id id, double *mean, double *deviation)
{
	for (unsigned i = 0; i < e->watched_count; i++) {
		const struct baseline *usual = &e->watched[i].detector.usual;

		if (e->watched[i].metric != id || usual->count < DETECTOR_WARM_UP)
			continue;
		*mean = usual->mean;
		*deviation = baseline_deviation(usual);
		return true;
	}
	return false;
}

unsigned
engine_anomalies(const struct engine *e, const struct anomaly *out[HEALTH_MAX_ANOMALIES])
{
	for (unsigned i = 0; i < e->standing_count; i++)
		out[i] = &e->standing[i].event->u.anomaly;
	return e->standing_count;
}

const struct anomaly *
engine_recent_anomaly(const struct engine *e, size_t age)
{
	const struct recent_anomaly *a = ring_newest(&e->recent, age);

	return a ? &a->event->u.anomaly : NULL;
}

const struct top_process *
engine_anomaly_top(const struct engine *e, size_t age, enum top_kind kind, unsigned *count)
{
	const struct recent_anomaly *a = ring_newest(&e->recent, age);
	const struct top_process *rows = a && a->top ? a->top->rows : NULL;

	*count = rows ? a->top->count[kind] : 0;
	for (int before = 0; rows && before < (int)kind; before++)
		rows += a->top->count[before];
	return rows;
}
