/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns over a node: corpora of half a day, made here, through the engine. */
#include "base/testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/chance.h"
#include "base/alloc.h"
#include "engine/fixture.h"
#include "engine/foresight.h"
#include "engine/state.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define HOURS 12
#define SAMPLE 10000
#define CHILDREN 30
#define EVENTS 4000
#define LIST 64

struct event {
	int64_t at, comes; /* when it happens, and when it is reported */
	int child;
};

struct corpus {
	struct chance chance;
	unsigned count;
	struct event events[EVENTS];
	double cpu[HOURS * 60 * MINUTE / SAMPLE];
};

/* Who does what in a corpus; all others only restart now and then. */
enum { STORMY = 0, ROOT = 5, FOLLOWER, LAST, CLOCK = 10, LOADED = 15 };

static struct corpus corpus;
static struct sample sample;

/* ---- the corpus ---- */

static double
between(double low, double high)
{
	return low + (high - low) * chance_uniform(&corpus.chance);
}

static void
add(int child, double at_ms)
{
	struct event *e = &corpus.events[corpus.count++];

	assert_true(corpus.count < EVENTS);
	*e = (struct event) { .at = T0 + (int64_t)at_ms, .child = child };
	e->comes = e->at;
}

static void
make_noise(double mean_hours, bool deploys)
{
	for (int i = 0; i < CHILDREN; i++)
		for (double at = 0; (at -= mean_hours * HOUR * log(chance_uniform(&corpus.chance))) < HOURS * HOUR;)
			add(i, at);
	for (int d = 1; deploys && d < 4; d++)
		for (int i = 0; i < CHILDREN; i++)
			add(i, between(3 * d * HOUR, 3 * d * HOUR + MINUTE));
	for (size_t i = 0; i < sizeof(corpus.cpu) / sizeof(corpus.cpu[0]); i++)
		corpus.cpu[i] = 20 + chance_normal(&corpus.chance);
}

static void
make_spike(int64_t top_ms)
{
	for (int i = 0; i < 10; i++)
		corpus.cpu[top_ms / SAMPLE - 4 + i] += i < 4 ? 10 * (i + 1) : 42;
}

static void
make_patterns(void)
{
	double at;

	for (int i = 0; i < 9; i++)
		add(STORMY, between(5 * HOUR, 5 * HOUR + 30000));
	for (int i = 0; i < 6; i++) {
		add(ROOT, at = between((1.2 + 1.6 * i) * HOUR, (2.0 + 1.6 * i) * HOUR));
		add(FOLLOWER, at += between(1000, 4000));
		add(LAST, at + between(4000, 12000));
	}
	for (at = HOUR; at < 9 * HOUR; at += 11 * MINUTE * (1 + 0.03 * chance_normal(&corpus.chance)))
		if (between(0, 1) > 0.1)
			add(CLOCK, at);
	for (int i = 0; i < 10; i++) {
		make_spike(at = between((1 + i) * HOUR, (1.9 + i) * HOUR));
		if (i != 4)
			add(LOADED, at + between(1000, 25000));
	}
}

static int
by_coming(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->comes > y->comes) - (x->comes < y->comes);
}

static void
make_corpus(uint64_t seed, double mean_hours, bool deploys)
{
	corpus.chance.state = seed;
	corpus.count = 0;
	make_noise(mean_hours, deploys);
}

/* ---- through the engine ---- */

static void
drop_events(struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL)
		node_event_unref(ev);
}

static void
restart(struct engine *e, int child, int64_t at_ms, int64_t now_ms)
{
	char sup[16], id[16];
	struct restart r = { .time_ms = at_ms, .caught = true, .reason = text_term("killed") };

	snprintf(sup, sizeof(sup), "sup_%d", child / 5);
	snprintf(id, sizeof(id), "child_%d", child);
	r.supervisor = text_term(sup);
	r.child_id = text_term(id);
	engine_restart(e, now_ms, &r);
	restart_release(&r);
	drop_events(e);
}

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.interval_ms = SAMPLE;
	return engine_new("n@host", &o);
}

static void
feed_corpus(struct engine *e)
{
	unsigned next = 0;

	qsort(corpus.events, corpus.count, sizeof(corpus.events[0]), by_coming);
	for (size_t i = 0; i < sizeof(corpus.cpu) / sizeof(corpus.cpu[0]); i++) {
		int64_t now = T0 + (int64_t)i * SAMPLE;

		for (; next < corpus.count && corpus.events[next].comes <= now; next++)
			restart(e, corpus.events[next].child, corpus.events[next].at, corpus.events[next].comes);
		memset(&sample, 0, sizeof(sample));
		sample.time_ms = now;
		sample_set(&sample, METRIC_CPU_UTILIZATION, corpus.cpu[i]);
		engine_feed(e, now, &sample);
		drop_events(e);
	}
}

static const struct pattern *
find(const struct pattern *list, size_t count, enum pattern_type type)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].type == type)
			return &list[i];
	fail_msg("no %s", PATTERNS[type].name);
	return NULL;
}

static void
each_pattern_is_found_and_nothing_else(void **state)
{
	struct pattern list[LIST];

	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct engine *e = new_engine();
		const struct pattern *p;
		size_t n;

		make_corpus(seed, 5, true);
		make_patterns();
		feed_corpus(e);
		n = engine_patterns(e, e->now_ms, list, LIST);
		assert_int_equal(n, 4);
		p = find(list, n, PATTERN_STORM);
		assert_string_equal(term_text(p->child_id), "child_0");
		assert_in_range(p->frequency, 9, 10);
		assert_false(p->active);
		p = find(list, n, PATTERN_CASCADE);
		assert_int_equal(p->member_count, 3);
		assert_string_equal(term_text(p->child_id), "child_5");
		assert_string_equal(term_text(p->members[0].child_id), "child_5");
		assert_string_equal(term_text(p->members[1].child_id), "child_6");
		assert_string_equal(term_text(p->members[2].child_id), "child_7");
		assert_non_null(strstr(p->text, "child_5, then child_6, child_7"));
		p = find(list, n, PATTERN_PERIODIC);
		assert_string_equal(term_text(p->child_id), "child_10");
		ASSERT_NEAR(p->interval_ms / (11 * MINUTE), 1, 0.03);
		p = find(list, n, PATTERN_RESOURCE);
		assert_string_equal(term_text(p->child_id), "child_15");
		assert_int_equal(p->resource, METRIC_CPU_UTILIZATION);
		assert_in_range(p->frequency, 8, 9);
		for (size_t i = 0; i < n; i++) {
			assert_true(list[i].confidence > 0.75 && list[i].confidence <= 1);
			assert_true(list[i].first_ms <= list[i].last_ms && list[i].detected_ms >= list[i].first_ms);
		}
		engine_free(e);
	}
}

static void
where_nothing_is_nothing_is_found(void **state)
{
	struct pattern list[LIST];

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct engine *e = new_engine();

		make_corpus(100 + seed, 0.5 * (double)seed, seed % 2);
		for (int i = 1; i < 10; i++)
			make_spike(i * HOUR);
		feed_corpus(e);
		assert_int_equal(engine_patterns(e, e->now_ms, list, LIST), 0);
		engine_free(e);
	}
}

static void
assert_alike(const struct pattern *a, const struct pattern *b)
{
	assert_int_equal(a->type, b->type);
	assert_true(term_same(a->child_id, b->child_id));
	assert_true(term_same(a->supervisor, b->supervisor));
	assert_int_equal(a->frequency, b->frequency);
	assert_int_equal(a->first_ms, b->first_ms);
	assert_int_equal(a->last_ms, b->last_ms);
	assert_int_equal(a->member_count, b->member_count);
	assert_string_equal(a->text, b->text);
	ASSERT_NEAR(a->interval_ms, b->interval_ms, 0);
	ASSERT_NEAR((double)a->detected_ms, (double)b->detected_ms, SAMPLE);
}

static void
the_order_in_which_reports_come_does_not_matter(void **state)
{
	struct pattern inorder[LIST], late[LIST];
	struct engine *e = new_engine(), *l = new_engine();
	size_t n;

	(void)state;
	make_corpus(2, 4, true);
	make_patterns();
	feed_corpus(e);
	for (unsigned i = 0; i < corpus.count; i++)
		corpus.events[i].comes += (int64_t)between(0, TRAIL_LATE_MS);
	feed_corpus(l);
	n = engine_patterns(e, e->now_ms, inorder, LIST);
	assert_int_equal(n, engine_patterns(l, l->now_ms, late, LIST));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_alike(&inorder[i], &late[i]);
	engine_free(e);
	engine_free(l);
}

/* What was restored says the same. */
static void
restored_restarts_make_the_same_patterns(void **state)
{
	struct pattern lived[LIST], restored[LIST];
	struct engine *e = new_engine(), *r = new_engine();
	size_t n;

	(void)state;
	make_corpus(3, 4, true);
	make_patterns();
	feed_corpus(e);
	engine_restore_begin(r);
	feed_corpus(r);
	engine_restore_end(r, e->now_ms);
	n = engine_patterns(e, e->now_ms, lived, LIST);
	assert_int_equal(n, engine_patterns(r, r->now_ms, restored, LIST));
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++)
		assert_alike(&lived[i], &restored[i]);
	/* The clock was set back while nothing ran: nothing is of a time to come. */
	engine_restore_begin(r);
	engine_restore_end(r, T0);
	assert_int_equal(engine_patterns(r, T0, restored, LIST), 0);
	engine_free(e);
	engine_free(r);
}

static void
a_storm_is_told_at_once_and_each_by_itself(void **state)
{
	struct engine *e = new_engine();
	struct pattern list[LIST];

	(void)state;
	for (int i = 0; i < 5; i++)
		restart(e, 1, T0 + 1000 * i, T0 + 1000 * i);
	assert_int_equal(engine_patterns(e, T0 + 4000, list, LIST), 1);
	assert_true(list[0].active);
	assert_int_equal(list[0].detected_ms, T0 + 4000);
	assert_string_equal(list[0].text, "5 restarts in 4.0 s: child_1");
	for (int i = 0; i < 6; i++)
		restart(e, 1, T0 + HOUR + 1000 * i, T0 + HOUR + 1000 * i);
	assert_int_equal(engine_patterns(e, e->now_ms, list, LIST), 2);
	assert_int_equal(list[0].frequency, 6);
	assert_true(list[0].active);
	assert_int_equal(list[1].frequency, 5);
	assert_false(list[1].active);
	/* Of one, the latest; and after the retention period none. */
	assert_int_equal(engine_patterns(e, e->now_ms, list, 1), 1);
	assert_int_equal(list[0].frequency, 6);
	assert_int_equal(engine_patterns(e, T0 + 26 * HOUR, list, LIST), 0);
	engine_free(e);
}

/* Restarts are judged two minutes later, in which a beat of seconds would be overdue. */
static void
a_beat_of_seconds_goes_on_until_it_ends(void **state)
{
	struct engine *e = new_engine();
	struct prediction next[LIST];
	struct pattern list[LIST];
	int64_t last_ms = T0 + 60 * 14000;
	size_t n;

	(void)state;
	for (int64_t at = T0; at <= last_ms; at += 1000) {
		if ((at - T0) % 14000 == 0)
			restart(e, 1, at, at);
		engine_tick(e, at);
	}
	n = engine_patterns(e, last_ms, list, LIST);
	assert_true(find(list, n, PATTERN_PERIODIC)->active);
	ASSERT_NEAR(find(list, n, PATTERN_PERIODIC)->interval_ms, 14000, 140);
	assert_int_equal(engine_predictions(e, last_ms, next, LIST), 1);
	assert_int_equal(next[0].kind, PREDICTION_PERIODIC);
	ASSERT_NEAR(next[0].expected_ms - last_ms, 14000, 1000);
	engine_tick(e, last_ms + 10 * MINUTE);
	n = engine_patterns(e, last_ms + 10 * MINUTE, list, LIST);
	assert_false(find(list, n, PATTERN_PERIODIC)->active);
	assert_int_equal(engine_predictions(e, last_ms + 10 * MINUTE, next, LIST), 0);
	engine_free(e);
}

static void
a_cascade_of_seconds_goes_on_until_it_ends(void **state)
{
	struct engine *e = new_engine();
	struct pattern list[LIST];
	int64_t at = T0, now = T0;
	size_t n;

	(void)state;
	for (int i = 0; i < 40; i++, at += 13000 + 1000 * (7 * i % 12)) {
		for (; now < at; now += 1000)
			engine_tick(e, now);
		restart(e, 1, at, at);
		restart(e, 2, at + 400, at + 400);
	}
	n = engine_patterns(e, now, list, LIST);
	assert_non_null(find(list, n, PATTERN_CASCADE));
	assert_true(find(list, n, PATTERN_CASCADE)->active);
	engine_tick(e, now + 10 * MINUTE);
	n = engine_patterns(e, now + 10 * MINUTE, list, LIST);
	assert_false(find(list, n, PATTERN_CASCADE)->active);
	engine_free(e);
}

static void
what_made_room_has_still_shown_its_pattern(void **state)
{
	struct engine_options o = engine_defaults();
	struct pattern list[LIST];
	struct engine *e;

	(void)state;
	o.max_children = 3;
	e = engine_new("n@host", &o);
	for (int i = 0; i < 5; i++)
		restart(e, 1, T0 + 1000 * i, T0 + 1000 * i);
	engine_tick(e, T0 + 10 * MINUTE);
	for (int i = 0; i < 20; i++)
		restart(e, 2 + i, T0 + 20 * MINUTE + i, T0 + 20 * MINUTE + i);
	engine_tick(e, T0 + HOUR);
	assert_int_equal(engine_patterns(e, T0 + HOUR, list, LIST), 1);
	assert_string_equal(term_text(list[0].child_id), "child_1");
	engine_free(e);
}

/* The same before its restarts have settled; it is told once, however often one asks, and the children that are gone do not count as some that fail. */
static void
what_made_room_at_once_is_told_too(void **state)
{
	struct engine_options o = engine_defaults();
	struct pattern list[LIST];
	struct engine *e;

	(void)state;
	o.max_children = 3;
	e = engine_new("n@host", &o);
	for (int i = 0; i < 6; i++)
		restart(e, 1, T0 + 1000 * i, T0 + 1000 * i);
	for (int i = 0; i < 100; i++)
		restart(e, 2 + i, T0 + 10000 * (i + 1), T0 + 10000 * (i + 1));
	for (int64_t ms = 1001000; ms <= 2 * HOUR; ms += 20 * MINUTE) {
		assert_int_equal(engine_patterns(e, T0 + ms, list, LIST), 1);
		assert_string_equal(term_text(list[0].child_id), "child_1");
		assert_int_equal(list[0].frequency, 6);
		engine_tick(e, T0 + ms + 20 * MINUTE);
	}
	assert_in_range(e->patterns.subjects, 0, 3);
	engine_free(e);
}

/* A storm of one that made room and waits still. */
static void
what_waits_of_one_that_is_gone_is_counted_once(void **state)
{
	struct engine_options o = engine_defaults();
	struct pattern list[LIST];
	struct engine *e;

	(void)state;
	o.max_children = 3;
	e = engine_new("n@host", &o);
	for (int i = 0; i < 6; i++)
		restart(e, 1, T0 + 1000 * i, T0 + 1000 * i);
	for (int i = 0; i < 3; i++)
		restart(e, 2 + i, T0 + 7000, T0 + 7000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(engine_patterns(e, T0 + 8000, list, LIST), 1);
		assert_int_equal(list[0].frequency, 6);
		assert_true(list[0].active);
	}
	engine_free(e);
}

/* A hundred thousand restarts of a hundred children in a second. */
static void
a_flood_is_bounded_and_counted(void **state)
{
	struct engine *e = new_engine();
	struct pattern *list = xcalloc(200, sizeof(*list));
	uint64_t all = 0;
	size_t n;

	(void)state;
	for (int i = 0; i < 100000; i++)
		restart(e, i % 100, T0 + i / 100, T0 + i / 100);
	assert_in_range(e->patterns.trail.count, 1, TRAIL_WAITING);
	n = engine_patterns(e, T0 + 1000, list, 200);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++)
		all += list[i].frequency;
	assert_int_equal(all, 100000);
	engine_tick(e, T0 + HOUR);
	all = 0;
	n = engine_patterns(e, T0 + HOUR, list, 200);
	for (size_t i = 0; i < n; i++)
		all += list[i].frequency;
	assert_int_equal(all, 100000);
	free(list);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_is_found_and_nothing_else),
		cmocka_unit_test(where_nothing_is_nothing_is_found),
		cmocka_unit_test(the_order_in_which_reports_come_does_not_matter),
		cmocka_unit_test(restored_restarts_make_the_same_patterns),
		cmocka_unit_test(a_storm_is_told_at_once_and_each_by_itself),
		cmocka_unit_test(a_beat_of_seconds_goes_on_until_it_ends),
		cmocka_unit_test(a_cascade_of_seconds_goes_on_until_it_ends),
		cmocka_unit_test(what_made_room_has_still_shown_its_pattern),
		cmocka_unit_test(what_made_room_at_once_is_told_too),
		cmocka_unit_test(what_waits_of_one_that_is_gone_is_counted_once),
		cmocka_unit_test(a_flood_is_bounded_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
