/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts: how they come in, and what is known of them. */
#include <stddef.h>
#include <string.h>

#include "engine/selection.h"
#include "engine/state.h"

/* ---- whether they are seen at all ---- */

bool
capture_is_on(const struct engine *e)
{
	return e->capture_since_ms != 0;
}

void
capture_update(struct engine *e)
{
	const struct sample *s = e->last;
	bool told = s && s->present[METRIC_RESTART_CAPTURE];
	bool on = !e->lost && (told ? s->value[METRIC_RESTART_CAPTURE] > 0 : e->info.restarts_seen);

	if (!on)
		e->capture_since_ms = 0;
	else if (e->capture_since_ms == 0)
		e->capture_since_ms = e->now_ms;
}

/* ---- two reports of one restart ---- */

static void
replace_term(struct term **to, struct term *by)
{
	if (by == NULL)
		return;
	term_ref(by);
	term_unref(*to);
	*to = by;
}

static void
complete_term(struct term **to, struct term *by)
{
	if (*to == NULL)
		replace_term(to, by);
}

/* complete_kept: terms given by hand win, whichever of the two came first. */
static void
complete_kept(struct restart *first, const struct restart *second)
{
	void (*take)(struct term **, struct term *) = second->by_hand ? replace_term : complete_term;

	if (second->by_hand) {
		replace_term(&first->key, restart_key(first));
		replace_term(&first->supervisor, second->supervisor);
	}
	take(&first->child_id, second->child_id);
	take(&first->reason, second->reason);
	complete_term(&first->child_pid, second->child_pid);
	if (first->restart_type[0] == '\0')
		memcpy(first->restart_type, second->restart_type, sizeof(first->restart_type));
	first->by_hand = first->caught = true;
}

/* complete: one record that stands for many reports stays as it is. */
static void
complete(struct engine *e, struct child *c, struct kept_restart *kept, const struct restart *second)
{
	if (kept->restart.times > 1)
		return;
	if (second->by_hand && second->reason && !kept->restart.undone)
		restarts_correct(&e->restarts, c, kept->restart.reason, second->reason, 1);
	complete_kept(&kept->restart, second);
}

static struct kept_restart *
kept_of(struct pairing_report *report)
{
	return (struct kept_restart *)(void *)((char *)report - offsetof(struct kept_restart, report));
}

/* A restart is one side's alone until the two reports of it have met. */
static bool
can_pair(const struct restart *r)
{
	return r->kind == RESTART_DONE && r->by_hand != r->caught;
}

/* meet returns for how many of r's reports the other one had come already. */
static uint64_t
meet(struct engine *e, struct child *c, const struct restart *r)
{
	enum pairing_side other = r->by_hand ? PAIRING_CAUGHT : PAIRING_BY_HAND;
	struct pairing_report *met;
	uint64_t n, all = 0;

	if (!can_pair(r))
		return 0;
	pairing_expire(&c->pairing, e->now_ms);
	while (all < r->times && (n = pairing_meet(&c->pairing, other, r->time_ms, r->times - all, &met)) > 0) {
		if (met)
			complete(e, c, kept_of(met), r);
		all += n;
	}
	return all;
}

/* ---- input ---- */

void
capture_publish(struct engine *e, const struct restart *r)
{
	struct node_event *ev = node_event_new(EVENT_RESTART, restart_severity(r->kind), e->node, r->time_ms);

	restart_copy(&ev->u.restart, r);
	engine_publish(e, ev);
}

/* No restart lies in the future, whatever the node's clock says, and none so far back that it could not have been seen. */
int64_t
engine_restart_time(const struct engine *e, int64_t now_ms, int64_t time_ms)
{
	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	return time_ms > now_ms || time_ms < now_ms - RESTARTS_RATE_MS ? now_ms : time_ms;
}

static void
take_time(struct engine *e, int64_t now_ms, struct restart *r)
{
	if (!e->restoring)
		r->time_ms = engine_restart_time(e, now_ms, r->time_ms);
	engine_advance(e, e->restoring ? r->time_ms : now_ms);
}

static void
count_restart(struct engine *e, struct child *c, struct restart *r)
{
	bool rapid = restarts_count(&e->restarts, c, r);
	struct kept_restart *kept;

	r->restart_count = c->count;
	supervision_restarted(e, c, r);
	if (r->kind == RESTART_DONE) {
		e->counts.restarts += r->times;
		patterns_restart(e, c, r);
	}
	kept = past_restart(e, r);
	if (can_pair(r))
		pairing_wait(
		    &c->pairing, r->by_hand ? PAIRING_BY_HAND : PAIRING_CAUGHT, &kept->report, r->time_ms, r->times);
	capture_publish(e, r);
	incidents_restart(e, r);
	if (rapid)
		anomalies_restart(e, c);
	if (r->kind == RESTART_GAVE_UP)
		anomalies_gave_up(e, r, c);
}

bool
engine_restart(struct engine *e, int64_t now_ms, const struct restart *report)
{
	struct restart r = *report;
	struct child *c;

	input_tell(e, &(struct engine_input) { INPUT_RESTART, now_ms, { .restart = report } });
	take_time(e, now_ms, &r);
	if (e->options.selection && !selection_wants_restart(e->options.selection, &r))
		return false;
	r.times = r.times ? r.times : 1;
	r.caught = r.caught || !r.by_hand;
	anomalies_expire(e);
	if (e->restoring && supervision_restore(e, &r))
		return true;
	c = restarts_child(&e->restarts, &r);
	supervision_gave_up(e, c->under, &r);
	supervision_spend(c->under, &r);
	r.times -= meet(e, c, &r);
	if (r.times > 0)
		count_restart(e, c, &r);
	return true;
}

void
engine_lost_restarts(struct engine *e, int64_t now_ms, uint64_t n)
{
	input_tell(e, &(struct engine_input) { INPUT_LOST_RESTARTS, now_ms, { .lost_restarts = n } });
	if (!e->restoring)
		engine_advance(e, now_ms);
	restarts_add_lost(&e->restarts, e->restoring ? now_ms : e->now_ms, n);
	e->counts.restarts += n;
}
