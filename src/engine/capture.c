/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts: how they come in, and what is known of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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

/* ---- input ---- */

static enum severity
restart_severity(enum restart_kind kind)
{
	switch (kind) {
	case RESTART_DONE:
		return SEVERITY_LOW;
	case RESTART_FAILED:
		return SEVERITY_MEDIUM;
	case RESTART_GAVE_UP:
		break;
	}
	return SEVERITY_HIGH;
}

static void
free_restart(struct restart *r)
{
	if (r == NULL)
		return;
	restart_release(r);
	free(r);
}

static void
keep_restart(struct engine *e, const struct restart *r)
{
	struct restart *copy = xmalloc(sizeof(*copy));

	restart_copy(copy, r);
	free_restart(ring_push(&e->restart_list, copy));
}

static void
publish_restart(struct engine *e, const struct restart *r)
{
	struct node_event *ev = node_event_new(EVENT_RESTART, restart_severity(r->kind), e->node, r->time_ms);

	restart_copy(&ev->u.restart, r);
	engine_publish(e, ev);
}

void
engine_restart(struct engine *e, int64_t now_ms, const struct restart *report)
{
	struct restart r = *report;
	const struct child *c;
	bool rapid;

	engine_advance(e, now_ms);
	/* No restart lies in the future, whatever the node's clock says, and none so far back that it could not have been seen. */
	if (r.time_ms > e->now_ms || r.time_ms < e->now_ms - RESTARTS_RATE_MS)
		r.time_ms = e->now_ms;
	anomalies_expire(e);
	c = restarts_add(&e->restarts, &r, r.time_ms, &rapid);
	r.restart_count = c ? c->count : 0;
	e->counts.restarts += r.kind == RESTART_DONE;
	keep_restart(e, &r);
	publish_restart(e, &r);
	if (rapid)
		anomalies_restart(e, c);
	if (r.kind == RESTART_GAVE_UP)
		anomalies_gave_up(e, &r, c);
}

void
engine_lost_restarts(struct engine *e, int64_t now_ms, uint64_t n)
{
	engine_advance(e, now_ms);
	restarts_add_lost(&e->restarts, e->now_ms, n);
	e->counts.restarts += n;
}

const struct restart *
engine_restart_at(const struct engine *e, size_t age)
{
	return ring_newest(&e->restart_list, age);
}
