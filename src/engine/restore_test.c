/* SPDX-License-Identifier: Apache-2.0 */
/* An engine that is built up again from what was kept of another one goes on like it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"
#include "engine/engine.h"
#include "engine/fixture.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define STEPS 3000
#define ROUNDS 12

/* What a store keeps of the inputs. */
static struct kept {
	struct restart restart;
	uint64_t lost;
	int64_t now_ms;
} kept[2 * STEPS];
static int kept_count;

static struct restart
any_restart(int64_t now_ms)
{
	char name[8], reason[8];
	bool by_hand = rand() % 2;
	struct restart r;

	snprintf(name, sizeof(name), "c%d", rand() % 12);
	snprintf(reason, sizeof(reason), "r%d", rand() % 30);
	r = (struct restart) { .time_ms = now_ms - rand() % 3000,
		.kind = rand() % 20 ? RESTART_DONE : (enum restart_kind)(rand() % 3),
		.by_hand = by_hand,
		.caught = !by_hand,
		.times = by_hand && rand() % 30 == 0 ? (uint64_t)(rand() % 50) : 1,
		.supervisor = text_term(rand() % 2 ? "sup_a" : "sup_b"),
		.child_id = text_term(name),
		.child_pid = text_term(name),
		.reason = text_term(reason) };
	return r;
}

static void
forget_kept(void)
{
	for (int i = 0; i < kept_count; i++)
		restart_release(&kept[i].restart);
	kept_count = 0;
}

/* What the engine made of the last report goes into the store before it. */
static void
keep_records(struct engine *e, int64_t now_ms)
{
	struct kept report = kept[--kept_count];

	while (engine_next_record(e, &kept[kept_count].restart)) {
		kept[kept_count].lost = 0;
		kept[kept_count++].now_ms = now_ms;
	}
	kept[kept_count++] = report;
}

/* step gives one random input to both engines (b may be NULL). */
static void
step(struct engine *a, struct engine *b, int64_t *now_ms)
{
	struct kept *k = &kept[kept_count];
	struct sample s = { 0 };

	*now_ms += rand() % 10 ? rand() % 50 : rand() % 20000;
	if (rand() % 4 == 0) {
		s.time_ms = *now_ms;
		sample_set(&s, METRIC_PROCESS_COUNT, 1000 + rand() % 20);
		sample_set(&s, METRIC_RESTART_CAPTURE, 1);
		engine_feed(a, *now_ms, &s);
		if (b)
			engine_feed(b, *now_ms, &s);
		return;
	}
	memset(k, 0, sizeof(*k));
	k->now_ms = *now_ms;
	if (rand() % 50 == 0)
		k->lost = (uint64_t)(rand() % 100 + 1);
	else
		k->restart = any_restart(*now_ms);
	kept_count++;
	for (int i = 0; i < (b ? 2 : 1); i++)
		if (k->lost)
			engine_lost_restarts(i ? b : a, *now_ms, k->lost);
		else
			engine_restart(i ? b : a, *now_ms, &k->restart);
	keep_records(a, *now_ms);
}

static void
drain(struct engine *e)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL)
		node_event_unref(ev);
}

static struct engine *
restored(const struct engine *a, int64_t now_ms)
{
	struct engine_options o = engine_defaults();
	struct engine *b = engine_new("a@h", &o);
	const struct past_check *check;
	const struct node_event *ev;
	const struct sample *s;
	size_t it = 0;

	engine_restore_begin(b);
	while ((check = engine_past_check(a, INT64_MIN, INT64_MAX, &it, &s)) != NULL)
		engine_restore_sample(b, s, check);
	for (int i = 0; i < kept_count; i++)
		if (kept[i].lost)
			engine_lost_restarts(b, kept[i].now_ms, kept[i].lost);
		else
			engine_restart(b, now_ms, &kept[i].restart);
	for (it = 0; (ev = engine_past_event(a, INT64_MIN, INT64_MAX, &it)) != NULL;)
		if (ev->type != EVENT_RESTART)
			engine_restore_event(b, node_event_ref((struct node_event *)(uintptr_t)ev));
	engine_restore_end(b, now_ms);
	assert_null(engine_next_event(b));
	return b;
}

static void
same_list(const struct engine *a, const struct engine *b)
{
	const struct restart *x, *y;
	size_t i = 0, k = 0;

	while ((x = engine_past_restart(a, INT64_MIN, INT64_MAX, &i)) != NULL) {
		y = engine_past_restart(b, INT64_MIN, INT64_MAX, &k);
		assert_non_null(y);
		assert_int_equal(x->time_ms, y->time_ms);
		assert_int_equal(x->times, y->times);
		assert_int_equal(x->caught, y->caught);
		assert_int_equal(x->by_hand, y->by_hand);
		assert_int_equal(x->restart_count, y->restart_count);
		assert_int_equal(x->undone, y->undone);
		assert_true(term_same(x->reason, y->reason));
	}
	assert_null(engine_past_restart(b, INT64_MIN, INT64_MAX, &k));
}

static void
same_standing(const struct engine *a, const struct engine *b)
{
	const struct anomaly *x[HEALTH_MAX_ANOMALIES], *y[HEALTH_MAX_ANOMALIES];
	unsigned n = engine_anomalies(a, x);

	assert_int_equal(n, engine_anomalies(b, y));
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(x[i]->type, y[i]->type);
		assert_true(term_same(x[i]->child_id, y[i]->child_id));
	}
}

static void
same_past(const struct engine *a, const struct engine *b)
{
	const struct node_event *x;
	const struct node_event *y;
	const struct sample *s;
	size_t i = 0, k = 0;

	while ((s = engine_past_sample(a, INT64_MIN, INT64_MAX, &i)) != NULL)
		assert_int_equal(engine_past_sample(b, INT64_MIN, INT64_MAX, &k)->time_ms, s->time_ms);
	assert_null(engine_past_sample(b, INT64_MIN, INT64_MAX, &k));
	for (i = k = 0; (x = engine_past_event(a, INT64_MIN, INT64_MAX, &i)) != NULL;) {
		y = engine_past_event(b, INT64_MIN, INT64_MAX, &k);
		assert_non_null(y);
		assert_int_equal(x->time_ms, y->time_ms);
		assert_int_equal(x->type, y->type);
	}
}

static void
same(const struct engine *a, const struct engine *b, int64_t now_ms)
{
	struct restart_stats x, y;
	struct term *sup = text_term("sup_a");

	assert_true(engine_restart_stats(a, now_ms, NULL, &x));
	assert_true(engine_restart_stats(b, now_ms, NULL, &y));
	same_statistics(&x, &y);
	assert_true(engine_restart_stats_of(a, now_ms, sup, &x));
	assert_true(engine_restart_stats_of(b, now_ms, sup, &y));
	same_statistics(&x, &y);
	same_list(a, b);
	same_standing(a, b);
	assert_int_equal(engine_counts(a).restarts, engine_counts(b).restarts);
	assert_int_equal(engine_counts(a).samples, engine_counts(b).samples);
	assert_int_equal(engine_counts(a).last_check_ms, engine_counts(b).last_check_ms);
	term_unref(sup);
}

static void
restored_engine_goes_on_like_the_first(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	o.records = true;
	for (int round = 0; round < ROUNDS; round++) {
		struct engine *a = engine_new("a@h", &o), *b;
		int64_t now_ms = T0;

		srand((unsigned)round);
		for (int i = 0; i < STEPS / 3 + rand() % (STEPS / 3); i++)
			step(a, NULL, &now_ms);
		drain(a);
		b = restored(a, now_ms);
		assert_int_equal(engine_counts(a).anomalies, engine_counts(b).anomalies);
		same_past(a, b);
		same(a, b, now_ms);
		for (int i = 0; i < STEPS / 3; i++) {
			step(a, b, &now_ms);
			if (i % 50 == 0)
				same(a, b, now_ms);
		}
		same(a, b, now_ms);
		forget_kept();
		engine_free(a);
		engine_free(b);
	}
}

/* ---- what the replay does not show ---- */

static void
tallies_count_and_are_no_storm(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct restart r = { .time_ms = T0,
		.supervisor = text_term("sup"),
		.child_id = text_term("c"),
		.reason = text_term("x"),
		.caught = true };
	struct restart_stats st;

	(void)state;
	engine_restore_begin(e);
	engine_restore_tally(e, &r, 1000000, T0 - 86400000);
	engine_restore_tally(e, &r, 0, T0);
	r.kind = RESTART_FAILED;
	engine_restore_tally(e, &r, 3, T0);
	engine_restore_end(e, T0 + 7200000);
	assert_true(engine_restart_stats(e, T0, NULL, &st));
	assert_int_equal(st.total, 1000000);
	assert_int_equal(st.failed, 3);
	ASSERT_NEAR(st.rate, 0, 0);
	ASSERT_NEAR(st.mean_interval_ms, 86400000.0 / 999999, 1e-9);
	assert_int_equal(st.reasons[0].count, 1000000);
	assert_int_equal(st.pattern_count, 0);
	assert_int_equal(engine_counts(e).restarts, 1000000);
	assert_null(engine_restart_at(e, 0));
	restart_release(&r);
	engine_free(e);
}

/* A child's rapid cycle stands again, although tallies of others are newer. */
static void
tallies_do_not_move_time(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct restart other = { .time_ms = T0, .supervisor = text_term("sup"), .child_id = text_term("other") };
	struct restart r = { .supervisor = text_term("sup"), .child_id = text_term("c") };
	const struct anomaly *holding[HEALTH_MAX_ANOMALIES];

	(void)state;
	engine_restore_begin(e);
	engine_restore_tally(e, &other, 5, T0);
	engine_lost_restarts(e, T0, 5);
	for (int i = 0; i < 100; i++) {
		r.time_ms = T0 - (100 - i) * 10000;
		engine_restart(e, T0, &r);
	}
	engine_restore_end(e, T0 + 1000);
	assert_int_equal(engine_anomalies(e, holding), 1);
	restart_release(&other);
	restart_release(&r);
	engine_free(e);
}

static void
an_earlier_session_is_history_only(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct restart r = {
		.time_ms = T0, .supervisor = text_term("sup"), .child_id = text_term("c"), .caught = true
	};
	struct restart_stats st;
	size_t it = 0;

	(void)state;
	engine_restore_begin(e);
	engine_restore_restart(e, &r);
	engine_restore_end(e, T0 + 1000);
	assert_true(engine_restart_stats(e, T0, NULL, &st));
	assert_int_equal(st.total, 0);
	assert_int_equal(engine_restart_at(e, 0)->time_ms, T0);
	assert_int_equal(engine_past_event(e, T0, T0, &it)->type, EVENT_RESTART);
	r.by_hand = true;
	r.caught = false;
	engine_restart(e, T0 + 1000, &r);
	assert_true(engine_restart_stats(e, T0 + 1000, NULL, &st));
	assert_int_equal(st.total, 1);
	restart_release(&r);
	engine_free(e);
}

static struct sample
full_memory(int64_t time_ms)
{
	struct sample s = { .time_ms = time_ms };

	sample_set(&s, METRIC_MEMORY_LIMIT, 100);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1);
	return s;
}

/* The program is started again while memory is critical: whoever was told is not told again. */
static void
alerts_are_not_repeated(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *a = engine_new("a@h", &o), *b = engine_new("a@h", &o);
	struct sample s = full_memory(T0);
	struct node_event *ev;

	(void)state;
	engine_feed(a, T0, &s);
	ev = engine_next_event(a);
	assert_int_equal(ev->type, EVENT_HEALTH_ALERT);
	engine_restore_begin(b);
	engine_restore_event(b, ev);
	engine_restore_event(b, node_event_new(EVENT_RESTART, SEVERITY_LOW, "a@h", T0));
	engine_restore_event(b, node_event_new(EVENT_NODE, SEVERITY_LOW, "a@h", T0));
	engine_restore_end(b, T0 + 1000);
	s = full_memory(T0 + 5000);
	engine_feed(b, T0 + 5000, &s);
	assert_null(engine_next_event(b));
	s = full_memory(T0 + 1000000);
	engine_feed(b, T0 + 1000000, &s);
	assert_non_null(ev = engine_next_event(b));
	node_event_unref(ev);
	engine_free(a);
	engine_free(b);
}

/* The clock was set back by a day: time goes on from there. */
static void
clock_set_back_is_survived(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct sample s = full_memory(T0);
	struct past_check check = { .recommendations = "" };
	struct restart r = { .time_ms = T0, .supervisor = text_term("sup"), .child_id = text_term("c") };
	struct restart_stats st;

	(void)state;
	engine_restore_begin(e);
	engine_restore_sample(e, &s, &check);
	engine_restart(e, T0, &r);
	engine_restore_end(e, T0 - 86400000);
	s = full_memory(r.time_ms = T0 - 86400000 + 5000);
	engine_feed(e, s.time_ms, &s);
	assert_int_equal(engine_last(e)->time_ms, s.time_ms);
	engine_restart(e, s.time_ms, &r);
	assert_true(engine_restart_stats(e, s.time_ms, NULL, &st));
	assert_int_equal(st.total, 2);
	restart_release(&r);
	engine_free(e);
}

/* What the first sample given back was a difference to is not there; and what comes after the restart is one to the last. */
static void
shares_are_as_they_were(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *a = engine_new("a@h", &o), *b = engine_new("a@h", &o);
	struct sample s = { .scheduler_count = 1 }, last;

	(void)state;
	for (int i = 1; i <= 2; i++) {
		s.time_ms = T0 + i * 5000;
		s.scheduler_active[0] = (uint64_t)i * i * 100;
		s.scheduler_total[0] = (uint64_t)i * 1000;
		engine_feed(a, s.time_ms, &s);
	}
	last = *engine_last(a);
	ASSERT_NEAR(last.value[METRIC_CPU_UTILIZATION], 30, 1e-6);
	engine_restore_begin(b);
	engine_feed(b, last.time_ms, &last);
	engine_restore_end(b, last.time_ms);
	assert_true(engine_last(b)->present[METRIC_CPU_UTILIZATION]);
	ASSERT_NEAR(engine_last(b)->value[METRIC_CPU_UTILIZATION], 30, 1e-6);
	ASSERT_NEAR(engine_last(b)->scheduler_utilization[0], 30, 1e-6);
	s.time_ms += 5000;
	s.scheduler_active[0] += 600;
	s.scheduler_total[0] += 1000;
	engine_feed(b, s.time_ms, &s);
	ASSERT_NEAR(engine_last(b)->value[METRIC_CPU_UTILIZATION], 60, 1e-6);
	drain(a);
	drain(b);
	engine_free(a);
	engine_free(b);
}

static void
broken_samples_are_left_out(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct past_check check = { .recommendations = "", .anomaly_count = HEALTH_MAX_ANOMALIES + 1 };
	struct sample s = { .time_ms = T0, .scheduler_count = SAMPLE_MAX_SCHEDULERS + 1 };

	(void)state;
	engine_restore_begin(e);
	engine_restore_sample(e, &s, NULL);
	s.scheduler_count = 0;
	engine_restore_sample(e, &s, &check);
	engine_restore_end(e, T0);
	assert_int_equal(engine_past_since(e), 0);
	assert_int_equal(engine_counts(e).samples, 0);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restored_engine_goes_on_like_the_first),
		cmocka_unit_test(tallies_count_and_are_no_storm),
		cmocka_unit_test(tallies_do_not_move_time),
		cmocka_unit_test(an_earlier_session_is_history_only),
		cmocka_unit_test(alerts_are_not_repeated),
		cmocka_unit_test(clock_set_back_is_survived),
		cmocka_unit_test(shares_are_as_they_were),
		cmocka_unit_test(broken_samples_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
