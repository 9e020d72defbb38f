/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What restarts mean for their supervisors: the siblings restarted along, the budget that is spent, and the last "restart" of one that gave up, which
 * was none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

/* A supervisor gives up at once after the report of the child that ended: what is older is another one's. */
#define LOOK_BACK 1000

/* ---- records for the history on disk ---- */

static void
free_record(void *p)
{
	struct restart *r = p;

	if (r == NULL)
		return;
	restart_release(r);
	free(r);
}

static void
add_record(struct engine *e, const struct restart *of, enum restart_kind kind, uint64_t times, int64_t time_ms)
{
	struct restart *record;

	if (!e->options.records || e->restoring)
		return;
	record = xcalloc(1, sizeof(*record));
	restart_copy(record, of);
	record->kind = kind;
	record->times = times;
	record->time_ms = time_ms;
	record->by_hand = false;
	record->caught = true;
	free_record(ring_push(&e->records, record));
}

bool
engine_next_record(struct engine *e, struct restart *out)
{
	struct restart *record = ring_pop(&e->records);

	if (record == NULL)
		return false;
	*out = *record;
	free(record);
	return true;
}

void
supervision_init(struct engine *e)
{
	ring_init(&e->records, RECORDS_MAX);
}

void
supervision_release(struct engine *e)
{
	ring_release(&e->records, free_record);
}

/* ---- siblings ---- */

static unsigned
index_of(const struct siblings *s, const struct term *id)
{
	unsigned i = 0;

	while (i < s->count && !term_same(s->ids[i], id))
		i++;
	return i;
}

/* Behind the child were started those that are before it in the list. */
static void
set_collateral(const struct supervisor *s, struct restart *r)
{
	unsigned at = s->siblings ? index_of(s->siblings, r->child_id) : 0;

	/* One whose state was not understood may restart others along all the same. */
	r->collateral_known = s->strategy != STRATEGY_UNKNOWN;
	if (s->siblings == NULL)
		return;
	r->sibling_count = s->strategy == REST_FOR_ONE ? at : s->siblings->count;
	r->collateral = r->sibling_count - (s->strategy == ONE_FOR_ALL && at < s->siblings->count);
	r->siblings = s->siblings;
}

static void
count_collateral(struct engine *e, const struct restart *r, uint64_t restarts, int64_t time_ms)
{
	uint64_t n = restarts * r->collateral;

	if (n == 0)
		return;
	restarts_add_collateral(&e->restarts, r, n);
	add_record(e, r, RESTART_COLLATERAL, n, time_ms);
}

void
supervision_restarted(struct engine *e, struct child *c, struct restart *r)
{
	if (e->restoring || r->kind != RESTART_DONE)
		return;
	if (!c->under->told) {
		c->unsettled += r->times;
		return;
	}
	set_collateral(c->under, r);
	count_collateral(e, r, r->times, r->time_ms);
}

static void
settle_child(struct engine *e, struct supervisor *s, struct child *c)
{
	struct restart r = { .supervisor = s->name, .child_id = c->id, .group = c->group };

	set_collateral(s, &r);
	count_collateral(e, &r, c->unsettled, e->now_ms);
	c->unsettled = 0;
}

/* The restarts before a supervisor told of itself. */
static void
settle(struct engine *e, struct supervisor *s)
{
	bool any = false;
	struct kept_restart *kept;

	for (struct child *c = s->newest; c; c = c->elder)
		if (c->unsettled > 0) {
			settle_child(e, s, c);
			any = true;
		}
	for (size_t age = 0; any && age < LOOK_BACK && (kept = ring_newest(&e->restart_list, age)) != NULL; age++) {
		struct restart *r = &kept->restart;

		if (r->kind != RESTART_DONE || r->collateral_known || r->undone || !term_same(restart_key(r), s->name))
			continue;
		set_collateral(s, r);
		siblings_ref(r->siblings);
	}
}

void
engine_supervisor(struct engine *e, int64_t now_ms, const struct supervisor_facts *facts)
{
	struct supervisor_facts f = *facts;
	struct supervisor *s;

	input_tell(e, &(struct engine_input) { INPUT_SUPERVISOR, now_ms, { .supervisor = facts } });
	engine_advance(e, now_ms);
	f.time_ms = engine_restart_time(e, now_ms, f.time_ms);
	s = restarts_learn(&e->restarts, &f);
	if (s)
		settle(e, s);
}

/* ---- budgets ---- */

void
supervision_spend(struct supervisor *s, const struct restart *r)
{
	if (!r->caught)
		return;
	if (r->kind == RESTART_GAVE_UP)
		budget_renew(&s->budget);
	else
		budget_spend(&s->budget, r->time_ms, r->times);
}

static void
rank_budget(struct restart_budget *out, unsigned *count, const struct restart_budget *b)
{
	unsigned i = *count;

	if (i == RESTART_STATS_BUDGETS && out[--i].share >= b->share)
		return;
	for (; i > 0 && out[i - 1].share < b->share; i--)
		out[i] = out[i - 1];
	out[i] = *b;
	*count += *count < RESTART_STATS_BUDGETS;
}

void
supervision_budget(const struct supervisor *s, int64_t now_ms, struct restart_stats *out)
{
	struct restart_budget b = { .supervisor = s->name,
		.kind = s->kind,
		.strategy = s->strategy,
		.children = s->child_count,
		.collateral = s->tally.collateral };

	if (!s->budget.known)
		return;
	b.intensity = s->budget.intensity;
	b.period_ms = s->budget.period_ms;
	b.used = budget_used(&s->budget, now_ms);
	b.left = budget_left(&s->budget, now_ms);
	b.share = b.intensity ? (double)b.used / b.intensity : 0;
	rank_budget(out->budgets, &out->budget_count, &b);
}

/* ---- those that gave up ---- */

/*
 * The kept restart that the supervisor gave up upon: of the very child process that the report names, or, where that one was folded into others, of its child;
 * where siblings are restarted along and another one of them could not be started again, the supervisor's last.
 */
static struct kept_restart *
find_undone(struct engine *e, const struct supervisor *s, const struct restart *gave_up)
{
	bool together = s->strategy == ONE_FOR_ALL || s->strategy == REST_FOR_ONE;
	struct kept_restart *kept, *folded = NULL;

	for (size_t age = 0; age < LOOK_BACK && (kept = ring_newest(&e->restart_list, age)) != NULL; age++) {
		const struct restart *r = &kept->restart;

		if (r->kind == RESTART_FAILED || !r->caught || !term_same(restart_key(r), restart_key(gave_up)))
			continue;
		/* Behind an earlier end of this supervisor nothing is its own any more. */
		if (r->kind == RESTART_GAVE_UP)
			break;
		if (r->kind != RESTART_DONE || r->undone)
			continue;
		if (gave_up->child_pid ? term_same(r->child_pid, gave_up->child_pid) : together)
			return kept;
		if (gave_up->child_pid && folded == NULL && r->times > 1 && term_same(r->child_id, gave_up->child_id))
			folded = kept;
	}
	return folded;
}

/* A folded report goes on standing for the others. */
static void
take_one(struct restart *r)
{
	if (r->times > 1)
		r->times--;
	else
		r->undone = true;
}

static void
undo(struct engine *e, struct restart *r)
{
	struct child *c = restarts_known(&e->restarts, r);

	take_one(r);
	restarts_take_back(&e->restarts, r, 1);
	if (c)
		patterns_undo(e, c, r->time_ms);
	e->counts.restarts -= e->counts.restarts > 0;
	add_record(e, r, RESTART_UNDONE, 1, r->time_ms);
	if (r->collateral > 0) {
		restarts_take_collateral(&e->restarts, r, r->collateral);
		add_record(e, r, RESTART_COLLATERAL_UNDONE, r->collateral, r->time_ms);
	}
	if (!r->collateral_known && c && c->unsettled > 0)
		c->unsettled--;
}

/* It goes on waiting for its hand report: that one is of the same child's end, and no restart either. */
void
supervision_gave_up(struct engine *e, const struct supervisor *s, const struct restart *r)
{
	struct kept_restart *kept = r->kind == RESTART_GAVE_UP && !e->restoring ? find_undone(e, s, r) : NULL;

	if (kept)
		undo(e, &kept->restart);
}

/* ---- restoring: what was recorded of all this ---- */

void
supervision_mark_undone(struct engine *e, const struct restart *undone)
{
	struct kept_restart *kept;

	for (size_t age = 0; age < LOOK_BACK && (kept = ring_newest(&e->restart_list, age)) != NULL; age++) {
		struct restart *r = &kept->restart;

		if (r->kind == RESTART_DONE && r->caught && !r->undone && r->time_ms == undone->time_ms &&
		    term_same(restart_key(r), restart_key(undone)) && term_same(r->child_id, undone->child_id) &&
		    term_same(r->reason, undone->reason)) {
			take_one(r);
			return;
		}
	}
}

static void
restore_undone(struct engine *e, const struct restart *r)
{
	struct child *c = restarts_known(&e->restarts, r);

	for (uint64_t i = 0; c && i < r->times; i++)
		patterns_undo(e, c, r->time_ms);
}

bool
supervision_restore(struct engine *e, const struct restart *r)
{
	switch (r->kind) {
	case RESTART_UNDONE:
		restarts_take_back(&e->restarts, r, r->times);
		restore_undone(e, r);
		e->counts.restarts -= r->times < e->counts.restarts ? r->times : e->counts.restarts;
		supervision_mark_undone(e, r);
		return true;
	case RESTART_COLLATERAL:
		restarts_add_collateral(&e->restarts, r, r->times);
		return true;
	case RESTART_COLLATERAL_UNDONE:
		restarts_take_collateral(&e->restarts, r, r->times);
		return true;
	case RESTART_DONE:
	case RESTART_FAILED:
	case RESTART_GAVE_UP:
	case RESTART_KIND_COUNT:
		break;
	}
	return false;
}
