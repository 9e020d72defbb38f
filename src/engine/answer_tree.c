/* SPDX-License-Identifier: Apache-2.0 */
/* The supervision tree, with what the engine knows of its branches. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/state.h"

/* What is known of a row beside what the probe saw; "branch": it and all that is below. Figures are NaN where they are not known. */
struct branch {
	int first, next; /* child, sibling: -1 if there is none */
	int place;       /* in the order of the answer */
	unsigned depth, listed, processes;
	const char *application;
	double restarts;               /* of this child under its supervisor */
	double own, recent;            /* that this supervisor did: ever, and in five minutes */
	const struct supervisor *told; /* of itself; NULL: nothing */
	double branch_own, branch_recent, branch_heap, branch_queue;
	enum level level, branch_level;
};

struct drawing {
	const struct engine *e;
	const struct tree *t;
	int64_t now_ms;
	bool restarts_seen;
	struct branch *branches;
	int first_root;
};

/* ---- from rows to branches ---- */

static void
link_branches(struct drawing *d)
{
	d->first_root = -1;
	/* Backwards, so that each list begins with the first. */
	for (int i = (int)d->t->count - 1; i >= 0; i--) {
		int parent = d->t->rows[i].parent;
		int *head = parent < 0 ? &d->first_root : &d->branches[parent].first;

		d->branches[i].next = *head;
		*head = i;
		if (parent >= 0)
			d->branches[parent].listed++;
	}
}

static enum level
level_of(const struct engine *e, enum criterion c, double value)
{
	if (!isfinite(value))
		return LEVEL_UNKNOWN;
	if (value > e->options.critical[c])
		return LEVEL_CRITICAL;
	return value > e->options.warning[c] ? LEVEL_WARNING : LEVEL_HEALTHY;
}

static enum level
worse(enum level a, enum level b)
{
	return a > b ? a : b;
}

static double
restarts_of_child(const struct drawing *d, const struct tree_row *r)
{
	const struct child *c = NULL;

	if (!d->restarts_seen || r->parent < 0 || r->id == NULL || strcmp(r->id->text, "undefined") == 0)
		return NAN;
	c = restarts_find(&d->e->restarts, tree_key(&d->t->rows[r->parent]), r->id);
	return c ? (double)c->count : 0;
}

static void
join(const struct drawing *d, int i)
{
	const struct tree_row *r = &d->t->rows[i];
	struct branch *b = &d->branches[i];
	const struct supervisor *s;

	b->depth = r->parent < 0 ? 0 : d->branches[r->parent].depth + 1;
	b->application = r->parent < 0 ? r->application : d->branches[r->parent].application;
	b->restarts = restarts_of_child(d, r);
	b->own = b->recent = NAN;
	if (r->supervisor && d->restarts_seen) {
		s = tree_key(r) ? restarts_supervisor(&d->e->restarts, tree_key(r)) : NULL;
		b->own = s ? (double)s->tally.total : 0;
		b->recent = s ? (double)window_count(&s->tally.window, d->now_ms, RESTARTS_HEALTH_MS) : 0;
		b->told = s && s->told ? s : NULL;
	}
	b->level =
	    worse(level_of(d->e, CRITERION_RESTARTS, b->recent), level_of(d->e, CRITERION_MESSAGE_QUEUE, r->queue_len));
	if (b->told && b->told->budget.known)
		b->level = worse(
		    b->level, level_of(d->e, CRITERION_RESTART_BUDGET, budget_share(&b->told->budget, d->now_ms)));
}

/* The sum of what is known. */
static void
add(double *sum, double value)
{
	if (isfinite(value))
		*sum = isfinite(*sum) ? *sum + value : value;
}

static void
begin_branch(const struct drawing *d, int i)
{
	const struct tree_row *r = &d->t->rows[i];
	struct branch *b = &d->branches[i];

	b->processes = r->pid && r->status == TREE_RUNNING && r->listing != TREE_SEEN_ALREADY;
	b->branch_own = b->own;
	b->branch_recent = b->recent;
	b->branch_heap = r->heap_bytes;
	b->branch_queue = r->queue_len;
	b->branch_level = b->level;
}

/* A row comes after its supervisor's, so backwards every branch is whole when it is added to the one above. */
static void
sum_up(struct drawing *d)
{
	for (int i = 0; i < (int)d->t->count; i++)
		begin_branch(d, i);
	for (int i = (int)d->t->count - 1; i >= 0; i--) {
		const struct branch *b = &d->branches[i];
		struct branch *above = d->t->rows[i].parent < 0 ? NULL : &d->branches[d->t->rows[i].parent];

		if (above == NULL)
			continue;
		above->processes += b->processes;
		add(&above->branch_own, b->branch_own);
		add(&above->branch_recent, b->branch_recent);
		add(&above->branch_heap, b->branch_heap);
		add(&above->branch_queue, b->branch_queue);
		above->branch_level = worse(above->branch_level, b->branch_level);
	}
}

/* ---- the answer ---- */

static void
branch_field(struct answer *a, const struct branch *b)
{
	put_object(a, "branch");
	part_word(a, "level", level_name(b->branch_level));
	part_integer(a, "processes", b->processes);
	part_integer(a, "restarts", b->branch_own);
	part_integer(a, "restarts_in_5_min", b->branch_recent);
	part_integer(a, "heap_bytes", b->branch_heap);
	part_integer(a, "message_queue_len", b->branch_queue);
	put_end(a);
}

/* Only supervisors that restarted something are asked for it. */
static void
budget_field(struct answer *a, const struct supervisor *s, int64_t now_ms)
{
	if (s == NULL || !s->budget.known) {
		a->ops->key(a, "budget");
		a->ops->null(a);
		return;
	}
	put_object(a, "budget");
	part_integer(a, "intensity", s->budget.intensity);
	part_integer(a, "period", (double)s->budget.period_ms);
	part_integer(a, "used", budget_used(&s->budget, now_ms));
	part_integer(a, "left", budget_left(&s->budget, now_ms));
	put_end(a);
}

static void
supervisor_fields(struct answer *a, const struct drawing *d, const struct tree_row *r, const struct branch *b)
{
	part_word(
	    a, "strategy", b->told && b->told->strategy != STRATEGY_UNKNOWN ? strategy_name(b->told->strategy) : NULL);
	budget_field(a, b->told, d->now_ms);
	part_word(a, "listing", TREE_LISTINGS[r->listing]);
	part_integer(a, "children", r->children);
	part_integer(a, "active", r->active);
	part_integer(a, "listed", b->listed);
	branch_field(a, b);
}

static void
process_fields(struct answer *a, const struct drawing *d, int i)
{
	const struct tree_row *r = &d->t->rows[i];
	const struct branch *b = &d->branches[i];

	a->ops->object(a);
	part_integer(a, "index", b->place);
	part_integer(a, "parent", r->parent < 0 ? (double)NAN : d->branches[r->parent].place);
	part_integer(a, "depth", b->depth);
	part_text(a, "application", b->application);
	part_word(a, "type", r->supervisor ? "supervisor" : "worker");
	part_term(a, "id", r->id);
	part_term(a, "pid", r->pid);
	part_term(a, "name", r->name);
	part_text(a, "label", r->label);
	part_text(a, "module", r->module);
	part_word(a, "status", TREE_STATUSES[r->status]);
	part_integer(a, "restarts", b->restarts);
	part_integer(a, "message_queue_len", r->queue_len);
	part_integer(a, "heap_bytes", r->heap_bytes);
	part_word(a, "level", level_name(b->level));
	if (r->supervisor)
		supervisor_fields(a, d, r, b);
	if (r->id && r->id->truncated)
		part_bool(a, "truncated", true);
	put_end(a);
}

/* The one after it in the order of drawing: below, beside, or beside one above. */
static int
next_drawn(const struct drawing *d, int i)
{
	if (d->branches[i].first >= 0)
		return d->branches[i].first;
	while (i >= 0 && d->branches[i].next < 0)
		i = d->t->rows[i].parent;
	return i < 0 ? -1 : d->branches[i].next;
}

static void
processes_field(struct answer *a, struct drawing *d)
{
	int place = 0;

	put_array(a, "processes");
	for (int i = d->first_root; i >= 0; i = next_drawn(d, i)) {
		d->branches[i].place = place++;
		process_fields(a, d, i);
	}
	put_end(a);
}

void
answer_tree(struct answer *a, const struct engine *e, const struct tree *t, int64_t now_ms)
{
	struct drawing d = { .e = e, .t = t, .now_ms = now_ms > e->now_ms ? now_ms : e->now_ms };

	d.restarts_seen = capture_is_on(e) || e->restarts.all.total > 0;
	d.branches = xcalloc(t->count + 1, sizeof(*d.branches));
	for (unsigned i = 0; i < t->count; i++)
		d.branches[i].first = d.branches[i].next = -1;
	link_branches(&d);
	for (unsigned i = 0; i < t->count; i++)
		join(&d, (int)i);
	sum_up(&d);
	a->ops->object(a);
	part_text(a, "node", e->node);
	part_time(a, "timestamp", t->time_ms);
	part_bool(a, "complete", t->complete);
	part_bool(a, "restarts_observed", d.restarts_seen);
	processes_field(a, &d);
	put_end(a);
	free(d.branches);
}
