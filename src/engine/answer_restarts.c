/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's restart statistics. */
#include <math.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/state.h"
#include "etf/etf.h"

#define RECENT_RESTARTS 100

/* ---- children ---- */

static void
child_fields(struct answer *a, const struct child_count *c)
{
	if (a->terms) {
		a->ops->pair(a);
		a->ops->term(a, c->child_id);
		a->ops->integer(a, (double)c->count);
	} else {
		a->ops->object(a);
		part_term(a, "child_id", c->child_id);
		part_term(a, "supervisor", c->supervisor);
		part_integer(a, "count", (double)c->count);
	}
	put_end(a);
}

static void
children_field(struct answer *a, const struct restart_stats *s)
{
	put_array(a, "most_restarted_children");
	for (unsigned i = 0; i < s->child_count; i++)
		child_fields(a, &s->children[i]);
	put_end(a);
}

/* ---- reasons: keys, so no two may be the same as they are written ---- */

static bool
is_zero_sign(const uint8_t *x, const uint8_t *y, size_t i, size_t len)
{
	static const uint8_t zero[7];

	return i > 0 && x[i - 1] == ETF_NEW_FLOAT && (x[i] | y[i]) == 0x80 && i + sizeof(zero) < len &&
	    memcmp(x + i + 1, zero, sizeof(zero)) == 0;
}

/* Up to OTP 26 the VM takes 0.0 and -0.0 for the same. */
static bool
same_bytes(const uint8_t *x, const uint8_t *y, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (x[i] != y[i] && !is_zero_sign(x, y, i, len))
			return false;
	return true;
}

static bool
same_term(const struct term *x, const struct term *y)
{
	return x->ext_len == y->ext_len && same_bytes(x->ext, y->ext, x->ext_len);
}

/* The atom arsenal_other as an application's own reason. */
static bool
is_other(const struct answer *a, const struct term *t)
{
	static const char atom[] = "\x77\x0D" ANSWER_OTHER;

	if (t == NULL)
		return true;
	if (!a->terms)
		return strcmp(t->text, ANSWER_OTHER) == 0;
	return t->ext_len == sizeof(atom) - 1 && memcmp(t->ext, atom, sizeof(atom) - 1) == 0;
}

static bool
same_reason(const struct answer *a, const struct term *x, const struct term *y)
{
	if (is_other(a, x) || is_other(a, y))
		return is_other(a, x) && is_other(a, y);
	if (a->terms && x->ext_len && y->ext_len)
		return same_term(x, y);
	return strcmp(x->text, y->text) == 0;
}

/* reason_total is the count of all that are written like the i-th one; 0 if it is written already. */
static uint64_t
reason_total(const struct answer *a, const struct restart_stats *s, unsigned i)
{
	uint64_t total = 0;

	for (unsigned k = 0; k < s->reason_count; k++)
		if (same_reason(a, s->reasons[i].reason, s->reasons[k].reason)) {
			if (k < i)
				return 0;
			total += s->reasons[k].count;
		}
	return total;
}

static void
reasons_field(struct answer *a, const struct restart_stats *s)
{
	bool truncated = false;

	put_object(a, "restart_reasons");
	for (unsigned i = 0; i < s->reason_count; i++) {
		const struct term *reason = s->reasons[i].reason;
		uint64_t count = reason_total(a, s, i);

		truncated = truncated || (reason && reason->truncated);
		if (count == 0)
			continue;
		a->ops->key_term(a, reason);
		a->ops->integer(a, (double)count);
	}
	put_end(a);
	if (truncated)
		part_bool(a, "truncated", true);
}

/* ---- budgets ---- */

static void
budget_fields(struct answer *a, const struct restart_budget *b)
{
	a->ops->object(a);
	part_term(a, "supervisor", b->supervisor);
	part_word(a, "kind", b->kind);
	part_word(a, "strategy", strategy_name(b->strategy));
	part_integer(a, "intensity", b->intensity);
	part_integer(a, "period", (double)b->period_ms);
	part_integer(a, "used", b->used);
	part_integer(a, "left", b->left);
	part_integer(a, "children", b->children < 0 ? (double)NAN : (double)b->children);
	part_integer(a, "collateral", (double)b->collateral);
	put_end(a);
}

static void
budgets_field(struct answer *a, const struct restart_stats *s)
{
	put_array(a, "budgets");
	for (unsigned i = 0; i < s->budget_count; i++)
		budget_fields(a, &s->budgets[i]);
	put_end(a);
}

/* ---- the answers ---- */

static void
statistics_fields(struct answer *a, const struct restart_stats *s)
{
	double rate = s->observed ? s->rate : (double)NAN;

	part_integer(a, "total_restarts", (double)s->total);
	part_seed_real(a, "restart_rate", rate);
	children_field(a, s);
	reasons_field(a, s);
	part_real(a, "time_between_restarts", s->mean_interval_ms);
	a->ops->key(a, "patterns");
	part_patterns(a, s->patterns, s->pattern_count);
	part_integer(a, "failed_attempts", (double)s->failed);
	part_integer(a, "gave_up", (double)s->gave_up);
	part_integer(a, "collateral", (double)s->collateral);
	budgets_field(a, s);
	part_integer(a, "undescribed", (double)s->undescribed);
	part_bool(a, "observed", s->observed);
	if (!a->terms)
		return;
	put_array(a, "not_observed");
	if (!isfinite(rate))
		a->ops->text(a, "restart_rate");
	put_end(a);
}

static void
recent_field(struct answer *a, const struct engine *e, const char *supervisor)
{
	const struct restart *r;
	unsigned written = 0;

	put_array(a, "recent");
	for (size_t age = 0; written < RECENT_RESTARTS && (r = engine_restart_at(e, age)) != NULL; age++) {
		if (supervisor && strcmp(supervisor, term_text(restart_key(r))) != 0)
			continue;
		part_restart(a, r);
		written++;
	}
	put_end(a);
}

bool
answer_restarts(struct answer *a, const struct engine *e, int64_t now_ms, const char *supervisor)
{
	struct restart_stats s;

	if (!engine_restart_stats(e, now_ms, supervisor, &s))
		return false;
	a->ops->object(a);
	statistics_fields(a, &s);
	recent_field(a, e, supervisor);
	put_end(a);
	return true;
}

void
answer_restart_statistics(struct answer *a, const struct engine *e, int64_t now_ms, const struct term *key)
{
	struct restart_stats s;
	bool known = key ? engine_restart_stats_of(e, now_ms, key, &s) : engine_restart_stats(e, now_ms, NULL, &s);

	if (!known) {
		memset(&s, 0, sizeof(s));
		s.mean_interval_ms = NAN;
		s.observed = capture_is_on(e) || e->restarts.all.total > 0;
	}
	a->ops->object(a);
	statistics_fields(a, &s);
	put_end(a);
}
