/* SPDX-License-Identifier: Apache-2.0 */
/* The state built up again from what was kept on disk: see engine.h. */
#include "engine/selection.h"
#include "engine/state.h"

void
engine_restore_begin(struct engine *e)
{
	e->restoring = true;
}

void
engine_restore_restart(struct engine *e, const struct restart *r)
{
	if (r->kind == RESTART_UNDONE)
		supervision_mark_undone(e, r);
	if (r->kind > RESTART_GAVE_UP)
		return;
	past_restart(e, r);
	capture_publish(e, r);
}

static void
restore_unknown(struct engine *e, const struct restart *last, uint64_t n)
{
	restarts_add_unknown(&e->restarts, last->kind, last->time_ms, n);
	if (last->kind == RESTART_DONE)
		e->counts.restarts += n;
	if (last->kind == RESTART_UNDONE)
		e->counts.restarts -= n < e->counts.restarts ? n : e->counts.restarts;
}

void
engine_restore_tally(struct engine *e, const struct restart *last, uint64_t n, int64_t first_ms)
{
	struct restart record = *last;

	if (n == 0)
		return;
	if (last->supervisor == NULL) {
		restore_unknown(e, last, n);
		return;
	}
	/* Time stays: what follows may be older than the newest of a tally. */
	if (e->options.selection && !selection_wants_restart(e->options.selection, last))
		return;
	record.times = n;
	if (supervision_restore(e, &record))
		return;
	restarts_count_past(&e->restarts, restarts_child(&e->restarts, last), last, n, first_ms);
	if (last->kind == RESTART_DONE)
		e->counts.restarts += n;
}

void
engine_restore_sample(struct engine *e, const struct sample *s, const struct past_check *check)
{
	if (s->scheduler_count > SAMPLE_MAX_SCHEDULERS || (check && check->anomaly_count > HEALTH_MAX_ANOMALIES))
		return;
	past_samples_add(e, s, check);
	e->counts.samples++;
	if (check == NULL)
		return;
	e->counts.health_checks++;
	e->counts.last_check_ms = s->time_ms;
}

void
engine_restore_event(struct engine *e, struct node_event *ev)
{
	bool taken = ev->type != EVENT_RESTART && ev->type != EVENT_NODE && ev->type != EVENT_INCIDENT;

	if (ev->type == EVENT_INCIDENT)
		incidents_restore(e, &ev->u.incident);
	if (taken) {
		e->counts.events++;
		past_event(e, ev);
	}
	if (ev->type == EVENT_ANOMALY)
		anomalies_keep(e, ev);
	/* What was told is not told again because we were started again. */
	if (ev->type == EVENT_HEALTH_ALERT && ev->u.health.changed < CRITERION_COUNT)
		health_judge_told(
		    &e->health, ev->u.health.changed, ev->u.health.criteria[ev->u.health.changed].level, ev->time_ms);
	node_event_unref(ev);
}

/* The one moment at which time may go back: to the clock's, if it was set back while nothing ran. */
void
engine_restore_end(struct engine *e, int64_t now_ms)
{
	e->restoring = false;
	e->now_ms = now_ms;
	if (e->last && e->last->time_ms > now_ms)
		e->last = NULL;
	anomalies_expire(e);
	incidents_restored(e);
	patterns_restored(e);
	past_samples_restored(e);
	past_expire(e);
}
