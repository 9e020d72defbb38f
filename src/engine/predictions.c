/* SPDX-License-Identifier: Apache-2.0 */
/* Which children and supervisors will fail next: from the patterns among their restarts, and the restarts themselves. */
#include <math.h>
#include <stdlib.h>

#include "analyze/beat.h"
#include "analyze/exhaustion.h"
#include "base/alloc.h"
#include "engine/foresight.h"
#include "engine/foresight_text.h"
#include "engine/foresight_trend.h"
#include "engine/state.h"

#define RESOURCES_MAX 64 /* of what follows a resource: a look ahead costs more */
#define BUDGETS_MAX 64
#define LIKELY 0.5

const char *
prediction_kind_name(enum prediction_kind kind)
{
	static const char *const names[] = { "periodic_restart", "resource_correlated", "restart_budget" };

	return names[kind];
}

/* A list that is being made, by time. */
struct list {
	struct prediction *out;
	size_t count, max;
};

static bool
comes_first(const struct prediction *a, const struct prediction *b)
{
	if (a->expected_ms != b->expected_ms)
		return a->expected_ms != 0 && (b->expected_ms == 0 || a->expected_ms < b->expected_ms);
	return false;
}

static void
add(struct list *l, const struct prediction *p)
{
	size_t i = l->count;

	if (l->max == 0 || (i == l->max && !comes_first(p, &l->out[--i])))
		return;
	for (; i > 0 && comes_first(p, &l->out[i - 1]); i--)
		l->out[i] = l->out[i - 1];
	l->out[i] = *p;
	l->count += l->count < l->max;
}

static void
tell(struct list *l, struct prediction *p, int64_t now_ms)
{
	foresight_tell_prediction(p, now_ms);
	add(l, p);
}

static struct prediction
begin(enum prediction_kind kind, const struct term *supervisor, const struct term *child_id)
{
	return (struct prediction) {
		.kind = kind,
		.supervisor = supervisor,
		.child_id = child_id,
		.confidence = FORESIGHT_CONFIDENCE,
		.resource = METRIC_NONE,
		.threshold = NAN,
		.present = NAN,
		.distance = NAN,
	};
}

/* ---- the times of restarts ---- */

/* Whose restarts: of a supervisor (child_id NULL: all that spent its budget), or of one child. */
struct whose {
	const struct term *supervisor, *child_id;
};

static bool
is_of(const struct restart *r, const struct whose *w)
{
	if (r->undone || !term_same(restart_key(r), w->supervisor))
		return false;
	if (w->child_id)
		return r->kind == RESTART_DONE && term_same(r->child_id, w->child_id);
	return r->caught && (r->kind == RESTART_DONE || r->kind == RESTART_FAILED);
}

/* last_times gives the last ones, at most max of them, oldest first. What lies before a supervisor's end is not its own any more. */
static size_t
last_times(const struct engine *e, const struct whose *w, int64_t *out, size_t max)
{
	const struct kept_restart *kept;
	size_t count = 0;

	for (size_t age = 0; count < max && (kept = ring_newest(&e->restart_list, age)) != NULL; age++) {
		const struct restart *r = &kept->restart;

		if (w->child_id == NULL && r->kind == RESTART_GAVE_UP && term_same(restart_key(r), w->supervisor))
			break;
		if (!is_of(r, w))
			continue;
		for (uint64_t n = 0; n < (r->times ? r->times : 1) && count < max; n++)
			out[count++] = r->time_ms;
	}
	for (size_t i = 0; i < count / 2; i++) {
		int64_t t = out[i];

		out[i] = out[count - 1 - i];
		out[count - 1 - i] = t;
	}
	return count;
}

/* ---- periodic ---- */

static void
predict_periodic(const struct engine *e, int64_t now_ms, const struct pattern *pattern, struct list *l)
{
	struct prediction p = begin(PREDICTION_PERIODIC, pattern->supervisor, pattern->child_id);
	struct whose whose = { pattern->supervisor, pattern->child_id };
	int64_t times[BEAT_TIMES];
	size_t n = last_times(e, &whose, times, BEAT_TIMES);
	struct beat_forecast f;

	if (!(pattern->interval_ms > 0) ||
	    !beat_next(
		times, n, pattern->last_ms, pattern->interval_ms, pattern->jitter, now_ms, FORESIGHT_CONFIDENCE, &f))
		return;
	p.expected_ms = (int64_t)f.middle_ms;
	p.earliest_ms = (int64_t)f.low_ms;
	p.latest_ms = (int64_t)f.high_ms;
	tell(l, &p, now_ms);
}

/* ---- resource-correlated ---- */

static void
predict_resource(const struct engine *e, int64_t now_ms, const struct pattern *pattern, struct list *l)
{
	struct prediction p = begin(PREDICTION_RESOURCE, pattern->supervisor, pattern->child_id);
	enum metric_id metric = pattern->resource;
	struct outlook o;

	if (metric >= METRIC_NONE)
		return;
	p.resource = metric;
	p.threshold = pattern->resource_threshold;
	p.present = foresight_present(e, now_ms, metric);
	p.distance = p.threshold - p.present;
	if (p.distance > 0 && foresight_outlook(e, metric, foresight_boot_ms(e), p.threshold, true, &o)) {
		p.expected_ms = foresight_date(e, o.full_ms);
		p.earliest_ms = foresight_date(e, o.full_low_ms);
		p.latest_ms = foresight_date(e, o.full_high_ms);
	}
	tell(l, &p, now_ms);
}

/* ---- budgets ---- */

static void
predict_budget(const struct engine *e, int64_t now_ms, const struct supervisor *s, struct list *l)
{
	struct prediction p = begin(PREDICTION_BUDGET, s->name, NULL);
	struct whose whose = { s->name, NULL };
	int64_t times[EXHAUSTION_TIMES];
	size_t n = last_times(e, &whose, times, EXHAUSTION_TIMES), listed = 0;
	uint32_t used = budget_used(&s->budget, now_ms);
	struct exhaustion x;

	for (size_t i = 0; i < n; i++)
		listed += now_ms - times[i] <= s->budget.period_ms;
	exhaustion_find(times, n, used > listed ? used - (uint32_t)listed : 0, s->budget.intensity, s->budget.period_ms,
	    now_ms, s->budget.period_ms, FORESIGHT_CONFIDENCE, &x);
	if (x.probability < LIKELY)
		return;
	p.budget_left = budget_left(&s->budget, now_ms);
	p.budget_intensity = s->budget.intensity;
	p.budget_period_ms = s->budget.period_ms;
	p.expected_ms = now_ms + (int64_t)x.middle_ms;
	p.earliest_ms = now_ms;
	p.latest_ms = now_ms + s->budget.period_ms;
	p.confidence = x.probability;
	tell(l, &p, now_ms);
}

static void
predict_budgets(const struct engine *e, int64_t now_ms, struct list *l)
{
	size_t looked_at = 0;

	for (const struct supervisor *s = e->restarts.newest_supervisor; s && looked_at < BUDGETS_MAX; s = s->older)
		if (s->budget.known && s->budget.period_ms > 0 && budget_used(&s->budget, now_ms) > 0) {
			predict_budget(e, now_ms, s, l);
			looked_at++;
		}
}

typedef void predict_pattern(const struct engine *e, int64_t now_ms, const struct pattern *pattern, struct list *l);

static void
predict_patterns(const struct engine *e, int64_t now_ms, enum pattern_type type, size_t max, struct list *l)
{
	predict_pattern *predict = type == PATTERN_PERIODIC ? predict_periodic : predict_resource;
	struct pattern *patterns = xcalloc(max, sizeof(*patterns));
	size_t n = patterns_ahead(e, now_ms, type, patterns, max);

	for (size_t i = 0; i < n; i++)
		predict(e, now_ms, &patterns[i], l);
	free(patterns);
}

size_t
engine_predictions(const struct engine *e, int64_t now_ms, struct prediction *out, size_t max)
{
	struct list l = { out, 0, max };

	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	/* Of a node that is gone, nothing goes on. */
	if (e->lost)
		return 0;
	predict_patterns(e, now_ms, PATTERN_PERIODIC, PATTERNS_AHEAD, &l);
	predict_patterns(e, now_ms, PATTERN_RESOURCE, RESOURCES_MAX, &l);
	predict_budgets(e, now_ms, &l);
	return l.count;
}
