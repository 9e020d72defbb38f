/* SPDX-License-Identifier: Apache-2.0 */
/* Included by tests only: what tests of an engine do and compare. After base/testing.h. */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "engine/engine.h"

/* next_of is the next event of a type, or NULL; others are dropped. */
static inline struct node_event *
next_of(struct engine *e, enum event_type type)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL && ev->type != type)
		node_event_unref(ev);
	return ev;
}

static inline void
same_pattern(const struct pattern *a, const struct pattern *b)
{
	assert_int_equal(a->type, b->type);
	assert_true(term_same(a->supervisor, b->supervisor));
	assert_true(term_same(a->child_id, b->child_id));
	assert_int_equal(a->frequency, b->frequency);
	assert_int_equal(a->first_ms, b->first_ms);
	assert_int_equal(a->last_ms, b->last_ms);
	assert_int_equal(a->active, b->active);
	assert_string_equal(a->text, b->text);
}

static inline void
same_statistics(const struct restart_stats *a, const struct restart_stats *b)
{
	assert_int_equal(a->total, b->total);
	assert_int_equal(a->undone, b->undone);
	assert_int_equal(a->failed, b->failed);
	assert_int_equal(a->gave_up, b->gave_up);
	assert_int_equal(a->undescribed, b->undescribed);
	ASSERT_NEAR(a->rate, b->rate, 0);
	ASSERT_NEAR(a->mean_interval_ms, b->mean_interval_ms, 0);
	assert_int_equal(a->child_count, b->child_count);
	for (unsigned i = 0; i < a->child_count; i++) {
		assert_true(term_same(a->children[i].child_id, b->children[i].child_id));
		assert_int_equal(a->children[i].count, b->children[i].count);
		assert_int_equal(a->children[i].undone, b->children[i].undone);
	}
	assert_int_equal(a->reason_count, b->reason_count);
	for (unsigned i = 0; i < a->reason_count; i++) {
		assert_true(term_same(a->reasons[i].reason, b->reasons[i].reason));
		assert_int_equal(a->reasons[i].count, b->reasons[i].count);
	}
	assert_int_equal(a->pattern_count, b->pattern_count);
	for (unsigned i = 0; i < a->pattern_count; i++)
		same_pattern(&a->patterns[i], &b->patterns[i]);
}

#endif
