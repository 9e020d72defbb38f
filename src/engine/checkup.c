/* SPDX-License-Identifier: Apache-2.0 */
/* The health check: values of the criteria from the last sample and the restarts, alerts on change. */
#include <math.h>
#include <string.h>

#include "analyze/advice.h"
#include "engine/state.h"

#define QUEUE_AHEAD_S 60
#define QUEUE_SHARE 0.1 /* of the warning level, from which on a queue's growth is judged */

/* Where a criterion's value comes from: a metric, in percent of its limit or as it is. */
static const struct {
	enum metric_id metric; /* METRIC_NONE: not from the sample */
	bool of_limit;
} SOURCES[CRITERION_COUNT] = {
	[CRITERION_MEMORY] = { METRIC_MEMORY_UTILIZATION, false },
	[CRITERION_PROCESSES] = { METRIC_PROCESS_COUNT, true },
	[CRITERION_CPU] = { METRIC_CPU_UTILIZATION, false },
	[CRITERION_RESTARTS] = { METRIC_NONE, false },
	[CRITERION_PORTS] = { METRIC_PORT_COUNT, true },
	[CRITERION_ATOMS] = { METRIC_ATOM_COUNT, true },
	[CRITERION_FDS] = { METRIC_OPEN_FDS, true },
	[CRITERION_MESSAGE_QUEUE] = { METRIC_MQ_MAX, false },
	[CRITERION_RESTART_BUDGET] = { METRIC_NONE, false },
};

static double
observed(const struct sample *s, enum metric_id id)
{
	return s && s->present[id] ? s->value[id] : NAN;
}

static double
criterion_value(const struct sample *s, enum criterion c)
{
	enum metric_id metric = SOURCES[c].metric;
	double limit;

	if (!SOURCES[c].of_limit)
		return observed(s, metric);
	limit = observed(s, METRICS[metric].limit);
	return limit > 0 ? 100 * observed(s, metric) / limit : NAN;
}

static int64_t
stale_ms(const struct engine *e)
{
	int64_t stale = STALE_INTERVALS * e->options.interval_ms;

	return stale > STALE_MIN_MS ? stale : STALE_MIN_MS;
}

bool
checkup_sample_is_fresh(const struct engine *e, int64_t now_ms)
{
	return e->last && !e->lost && now_ms - e->last->time_ms <= stale_ms(e);
}

/*
 * restarts_value is the count of five minutes; NaN while they were not watched that long or nothing is heard of the node, unless it is too high
 * already.
 */
static double
restarts_value(const struct engine *e, int64_t now_ms)
{
	double count = (double)restarts_in(&e->restarts, now_ms, RESTARTS_HEALTH_MS);
	bool watched = checkup_sample_is_fresh(e, now_ms) && capture_is_on(e);
	bool whole = watched && now_ms - e->capture_since_ms >= RESTARTS_HEALTH_MS;

	return !e->lost && (whole || count > e->options.warning[CRITERION_RESTARTS]) ? count : NAN;
}

/* budget_value is that of the supervisor closest to giving up; NaN where restarts are not seen, or supervisors are not asked. */
static double
budget_value(const struct engine *e, int64_t now_ms)
{
	const struct supervisor *s = restarts_tightest(&e->restarts, now_ms);

	if (e->lost || !e->info.injected || !checkup_sample_is_fresh(e, now_ms) || !capture_is_on(e))
		return NAN;
	return s ? budget_share(&s->budget, now_ms) : 0;
}

/* The criteria that change between two samples. */
static double
value_between(const struct engine *e, enum criterion c, int64_t now_ms)
{
	return c == CRITERION_RESTARTS ? restarts_value(e, now_ms) : budget_value(e, now_ms);
}

/* ---- since when ---- */

/* A time in which nobody looked ends what was before: what stood on both sides of it need not have stood within. */
static struct overall
overall_as_of(const struct engine *e, enum level level, int64_t now_ms)
{
	struct overall o = e->overall;
	bool unseen = o.seen_ms == 0 || now_ms - o.seen_ms > stale_ms(e);

	if (unseen || o.level != level || o.since_ms > now_ms)
		o.since_ms = now_ms;
	o.level = level;
	o.seen_ms = now_ms;
	return o;
}

static void
note_overall(struct engine *e)
{
	struct criterion_state criteria[CRITERION_COUNT];

	for (int c = 0; c < CRITERION_COUNT; c++)
		criteria[c] = *health_judge_state(&e->health, (enum criterion)c);
	e->overall = overall_as_of(e, health_worst(criteria), e->now_ms);
}

/* ---- alerts ---- */

static void
publish_alert(struct engine *e, enum criterion changed)
{
	enum level level = health_judge_state(&e->health, changed)->level;
	struct node_event *ev = node_event_new(EVENT_HEALTH_ALERT, health_severity(level), e->node, e->now_ms);
	struct health *h = &ev->u.health;

	if (level > LEVEL_HEALTHY)
		incidents_level(e, changed, level);
	engine_health(e, e->now_ms, h);
	h->changed = changed;
	/* Restarts are judged without a sample, too: then this is the first check. */
	if (h->last_check_ms == 0)
		h->last_check_ms = e->now_ms;
	for (unsigned i = 0; i < h->anomaly_count; i++)
		node_event_ref(h->anomalies[i]);
	engine_publish(e, ev);
}

static void
publish_alerts(struct engine *e)
{
	enum criterion changed;

	while ((changed = health_judge_due(&e->health, e->now_ms)) != CRITERION_COUNT)
		publish_alert(e, changed);
}

/*
 * queue_ahead is the length that the worst of the long queues has in a minute if it goes on growing as it does: who looks only when it is there
 * has no time left. Short ones fill in a burst, and are left aside.
 */
static double
queue_ahead(const struct engine *e)
{
	double ahead = NAN;

	for (unsigned i = 0; i < e->top_count[TOP_MESSAGE_QUEUE]; i++) {
		const struct top_process *p = &e->top[TOP_MESSAGE_QUEUE][i];

		if (p->queue_len >= QUEUE_SHARE * e->options.warning[CRITERION_MESSAGE_QUEUE])
			ahead = fmax(ahead, p->queue_len + p->queue_rate * QUEUE_AHEAD_S);
	}
	return ahead;
}

void
checkup_sample(struct engine *e)
{
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (SOURCES[c].metric != METRIC_NONE)
			health_judge_observe_ahead(&e->health, (enum criterion)c,
			    criterion_value(e->last, (enum criterion)c),
			    c == CRITERION_MESSAGE_QUEUE ? queue_ahead(e) : NAN);
	e->counts.health_checks++;
	e->counts.last_check_ms = e->last->time_ms;
}

void
checkup_time(struct engine *e)
{
	if (!checkup_sample_is_fresh(e, e->now_ms))
		for (int c = 0; c < CRITERION_COUNT; c++)
			if (SOURCES[c].metric != METRIC_NONE)
				health_judge_observe(&e->health, (enum criterion)c, NAN);
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (SOURCES[c].metric == METRIC_NONE)
			health_judge_observe(
			    &e->health, (enum criterion)c, value_between(e, (enum criterion)c, e->now_ms));
	note_overall(e);
	publish_alerts(e);
}

/* ---- the answer ---- */

static void
gather_facts(const struct engine *e, int64_t now_ms, struct advice_facts *facts)
{
	const struct supervisor *worst = restarts_worst(&e->restarts, now_ms, &facts->supervisor_restarts);
	const struct supervisor *tightest = restarts_tightest(&e->restarts, now_ms);

	facts->last = e->last;
	facts->supervisor = worst ? term_text(worst->name) : "";
	facts->tightest = tightest ? term_text(tightest->name) : "";
	if (tightest) {
		facts->budget_used = budget_used(&tightest->budget, now_ms);
		facts->budget_intensity = tightest->budget.intensity;
		facts->budget_period_ms = tightest->budget.period_ms;
	}
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		facts->top[kind] = e->top_count[kind] > 0 ? &e->top[kind][0] : NULL;
}

void
checkup_recommend(const struct engine *e, int64_t now_ms, struct health *out)
{
	struct advice_facts facts;

	if (out->overall <= LEVEL_HEALTHY)
		return;
	gather_facts(e, now_ms, &facts);
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (out->criteria[c].level > LEVEL_HEALTHY)
			advise((enum criterion)c, &out->criteria[c], &facts,
			    out->recommendations[out->recommendation_count++]);
}

/* judge_now brings a criterion up to now that changes between two ticks. */
static struct criterion_state
judge_now(const struct engine *e, enum criterion c, int64_t now_ms)
{
	struct health_judge copy = e->health;

	health_judge_observe(&copy, c, value_between(e, c, now_ms));
	return *health_judge_state(&copy, c);
}

static void
fill_criteria(const struct engine *e, int64_t now_ms, bool fresh, struct health *out)
{
	for (int c = 0; c < CRITERION_COUNT; c++) {
		out->criteria[c] = *health_judge_state(&e->health, (enum criterion)c);
		if (SOURCES[c].metric == METRIC_NONE) {
			out->criteria[c] = judge_now(e, (enum criterion)c, now_ms);
		} else if (!fresh) {
			out->criteria[c].level = LEVEL_UNKNOWN;
			out->criteria[c].value = NAN;
		}
	}
}

void
checkup_health(const struct engine *e, int64_t now_ms, struct health *out)
{
	bool restarts_seen = capture_is_on(e) || e->restarts.all.total > 0;
	bool fresh = checkup_sample_is_fresh(e, now_ms);

	memset(out, 0, sizeof(*out));
	fill_criteria(e, now_ms, fresh, out);
	out->overall = health_worst(out->criteria);
	out->overall_since_ms = e->overall.seen_ms ? overall_as_of(e, out->overall, now_ms).since_ms : 0;
	out->last_check_ms = e->last ? e->last->time_ms : 0;
	out->restart_rate = restarts_seen ? (double)restarts_in(&e->restarts, now_ms, RESTARTS_RATE_MS) : NAN;
	out->changed = CRITERION_COUNT;
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		out->numbers[i] = observed(fresh ? e->last : NULL, HEALTH_NUMBERS[i].metric);
	out->anomaly_count = e->standing_count;
	for (unsigned i = 0; i < e->standing_count; i++)
		out->anomalies[i] = e->standing[i].event;
}

void
engine_health(const struct engine *e, int64_t now_ms, struct health *out)
{
	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	checkup_health(e, now_ms, out);
	checkup_recommend(e, now_ms, out);
}
