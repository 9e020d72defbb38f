/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000

static struct engine *e;
static struct sample s;
static int64_t now;
static unsigned counts[EVENT_TYPE_COUNT];
static struct node_event *last[EVENT_TYPE_COUNT];

static void
forget_events(void)
{
	for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
		node_event_unref(last[i]);
		last[i] = NULL;
		counts[i] = 0;
	}
}

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	memset(&s, 0, sizeof(s));
	now = T0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	forget_events();
	engine_free(e);
	return 0;
}

static void
take_events(void)
{
	struct node_event *ev;

	while ((ev = engine_next_event(e)) != NULL) {
		counts[ev->type]++;
		node_event_unref(last[ev->type]);
		last[ev->type] = ev;
	}
}

static void
feed(int n)
{
	for (int i = 0; i < n; i++) {
		s.time_ms = now += STEP_MS;
		if (s.present[METRIC_WALLCLOCK])
			s.value[METRIC_WALLCLOCK] += STEP_MS;
		engine_feed(e, now, &s);
		take_events();
	}
}

static void
restart(const char *supervisor, const char *child, enum restart_kind kind)
{
	struct restart r = { .time_ms = now,
		.kind = kind,
		.supervisor = text_term(supervisor),
		.child_id = text_term(child),
		.reason = text_term("killed") };

	engine_restart(e, now, &r);
	restart_release(&r);
	take_events();
}

static void
start_up(void)
{
	struct node_info info = { .otp_release = "25", .injected = true, .restarts_seen = true };

	engine_link(e, now, NODE_UP, "linked");
	engine_info(e, &info);
	take_events();
	forget_events();
}

/* ---- samples ---- */

static void
last_sample_has_the_derived_metrics(void **state)
{
	(void)state;
	assert_null(engine_last(e));
	sample_set(&s, METRIC_MEMORY_LIMIT, 100);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 40);
	feed(1);
	ASSERT_NEAR(engine_last(e)->value[METRIC_MEMORY_UTILIZATION], 60, 1e-9);
	assert_int_equal(engine_last(e)->time_ms, now);
	assert_int_equal(engine_counts(e).samples, 1);
	assert_string_equal(engine_node(e), "a@h");
}

static void
time_never_goes_back(void **state)
{
	(void)state;
	feed(2);
	s.time_ms = T0 - 86400000;
	engine_feed(e, now + 100, &s);
	assert_int_equal(engine_last(e)->time_ms, now + 100);
	s.time_ms = now + 86400000;
	engine_feed(e, now + 200, &s);
	assert_int_equal(engine_last(e)->time_ms, now + 200);
	s.time_ms = INT64_MIN;
	engine_feed(e, T0, &s);
	assert_int_equal(engine_last(e)->time_ms, now + 200);
}

/* A duplicate must not make CPU time or a counter look as if it stood still. */
static void
duplicate_samples_are_not_judged(void **state)
{
	(void)state;
	sample_set(&s, METRIC_IO_INPUT, 0);
	for (int i = 0; i < 200; i++) {
		s.value[METRIC_IO_INPUT] += 5e7;
		feed(1);
		for (int k = 0; k < 3; k++)
			engine_feed(e, now, &s);
		take_events();
	}
	assert_int_equal(counts[EVENT_ANOMALY], 0);
}

static void
rankings_are_kept_until_the_next(void **state)
{
	unsigned count;

	(void)state;
	s.top_count[TOP_MEMORY] = 1;
	strcpy(s.top[TOP_MEMORY][0].pid, "<0.1.0>");
	feed(1);
	s.top_count[TOP_MEMORY] = 0;
	feed(3);
	assert_string_equal(engine_top(e, TOP_MEMORY, &count)->pid, "<0.1.0>");
	assert_int_equal(count, 1);
	s.top_count[TOP_REDUCTIONS] = 200;
	feed(1);
	assert_string_equal(engine_top(e, TOP_MEMORY, &count)->pid, "<0.1.0>");
	s.top_told[TOP_MEMORY] = true;
	feed(1);
	engine_top(e, TOP_MEMORY, &count);
	assert_int_equal(count, 0);
	engine_top(e, TOP_REDUCTIONS, &count);
	assert_int_equal(count, SAMPLE_TOP);
}

/* ---- anomalies ---- */

static void
set_memory(double percent)
{
	sample_set(&s, METRIC_MEMORY_LIMIT, 1e10);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e10 * (1 - percent / 100));
}

static void
anomaly_has_the_seeds_fields_and_culprits(void **state)
{
	const struct anomaly *a;
	unsigned count;

	(void)state;
	set_memory(40);
	s.top_count[TOP_MEMORY] = 1;
	strcpy(s.top[TOP_MEMORY][0].name, "leaky");
	s.top[TOP_MEMORY][0].value = 1e9;
	feed(200);
	set_memory(75);
	s.top[TOP_MEMORY][0].value = 2e9;
	feed(15);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(counts[EVENT_PERFORMANCE_ALERT], 1);
	a = &last[EVENT_ANOMALY]->u.anomaly;
	assert_int_equal(a->type, ANOMALY_MEMORY);
	assert_int_equal(a->severity, SEVERITY_HIGH);
	assert_int_equal(last[EVENT_ANOMALY]->severity, SEVERITY_HIGH);
	assert_string_equal(a->description, "Memory usage significantly different from baseline");
	ASSERT_NEAR(a->current_value, 75, 1e-6);
	ASSERT_NEAR(a->baseline_value, 40, 0.5);
	assert_int_equal(a->metric, METRIC_MEMORY_UTILIZATION);
	assert_int_equal(a->culprit_count, 1);
	assert_string_equal(a->culprits[0].process.name, "leaky");
	assert_ptr_equal(engine_recent_anomaly(e, 0), a);
	assert_null(engine_recent_anomaly(e, 1));
	/* The rankings of that moment stay with it. */
	strcpy(s.top[TOP_MEMORY][0].name, "another");
	feed(1);
	assert_string_equal(engine_anomaly_top(e, 0, TOP_MEMORY, &count)->name, "leaky");
	assert_int_equal(count, 1);
	engine_anomaly_top(e, 0, TOP_BINARY, &count);
	assert_int_equal(count, 0);
	engine_anomaly_top(e, 1, TOP_MEMORY, &count);
	assert_int_equal(count, 0);
	assert_int_equal(last[EVENT_PERFORMANCE_ALERT]->u.anomaly.type, ANOMALY_MEMORY);
}

static void
anomaly_holds_and_ends(void **state)
{
	const struct anomaly *now_holding[HEALTH_MAX_ANOMALIES];

	(void)state;
	set_memory(40);
	feed(200);
	set_memory(60);
	feed(20);
	assert_int_equal(engine_anomalies(e, now_holding), 1);
	set_memory(40);
	feed(10);
	assert_int_equal(engine_anomalies(e, now_holding), 0);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_non_null(engine_recent_anomaly(e, 0));
}

static void
process_count_is_medium_always(void **state)
{
	(void)state;
	sample_set(&s, METRIC_PROCESS_COUNT, 1000);
	feed(200);
	sample_set(&s, METRIC_PROCESS_COUNT, 50000);
	feed(20);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(last[EVENT_ANOMALY]->severity, SEVERITY_MEDIUM);
	assert_int_equal(counts[EVENT_PERFORMANCE_ALERT], 0);
}

/* Both memory metrics jump: one story, told once, and open until both are back. */
static void
one_type_is_told_once_at_a_time(void **state)
{
	const struct incident *i;

	(void)state;
	set_memory(40);
	sample_set(&s, METRIC_VM_MEMORY_TOTAL, 1e9);
	feed(200);
	set_memory(60);
	sample_set(&s, METRIC_VM_MEMORY_TOTAL, 3e9);
	feed(40);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	set_memory(40);
	feed(20);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(engine_incidents(e, &i, 1), 1);
	assert_int_equal(i->member_count, 2);
	assert_int_equal(i->ended_ms, 0);
	sample_set(&s, METRIC_VM_MEMORY_TOTAL, 1e9);
	feed(20);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_not_equal(i->ended_ms, 0);
	assert_int_equal(last[EVENT_INCIDENT]->u.incident.change, CHANGE_ENDED);
}

/* The figures of one walk are repeated in every sample until the next: one long queue seen once is not a lasting one. */
static void
walk_figures_count_once(void **state)
{
	(void)state;
	for (int i = 0; i < 600; i++) {
		bool walked = i % 15 == 0;

		s.top_count[TOP_MESSAGE_QUEUE] = walked;
		if (walked)
			sample_set(&s, METRIC_MQ_MAX, i == 450 ? 50000 : 10);
		feed(1);
	}
	assert_int_equal(counts[EVENT_ANOMALY], 0);
}

static void
counter_resets_are_no_anomaly(void **state)
{
	(void)state;
	sample_set(&s, METRIC_IO_INPUT, 1e12);
	for (int i = 0; i < 1000; i++) {
		s.value[METRIC_IO_INPUT] = i == 500 ? 0 : s.value[METRIC_IO_INPUT] + 5e7;
		feed(1);
	}
	assert_int_equal(counts[EVENT_ANOMALY], 0);
}

static void
outage_keeps_baselines_and_raises_nothing_on_return(void **state)
{
	(void)state;
	start_up();
	sample_set(&s, METRIC_IO_INPUT, 0);
	sample_set(&s, METRIC_PROCESS_COUNT, 1000);
	for (int i = 0; i < 200; i++) {
		s.value[METRIC_IO_INPUT] += 5e7;
		feed(1);
	}
	engine_link(e, now, NODE_UNREACHABLE, "gone");
	now += 600000;
	engine_link(e, now, NODE_UP, "");
	take_events();
	forget_events();
	for (int i = 0; i < 50; i++) {
		s.value[METRIC_IO_INPUT] += 5e7;
		feed(1);
	}
	assert_int_equal(counts[EVENT_ANOMALY], 0);
	/* The baseline is still there: a fault right after the return is seen. */
	sample_set(&s, METRIC_PROCESS_COUNT, 5000);
	for (int i = 0; i < 15; i++) {
		s.value[METRIC_IO_INPUT] += 5e7;
		feed(1);
	}
	assert_int_equal(counts[EVENT_ANOMALY], 1);
}

static void
reboot_warms_up_again(void **state)
{
	(void)state;
	start_up();
	sample_set(&s, METRIC_WALLCLOCK, 1e9);
	sample_set(&s, METRIC_PROCESS_COUNT, 5000);
	feed(200);
	sample_set(&s, METRIC_WALLCLOCK, 1000);
	sample_set(&s, METRIC_PROCESS_COUNT, 500);
	feed(300);
	assert_int_equal(counts[EVENT_ANOMALY], 0);
}

/* ---- the link ---- */

static void
loss_is_told_once_and_only_after_having_been_up(void **state)
{
	const struct anomaly *holding[HEALTH_MAX_ANOMALIES];
	const char *detail;
	int64_t since;

	(void)state;
	engine_link(e, now, NODE_UNREACHABLE, "nobody listens");
	take_events();
	assert_int_equal(counts[EVENT_NODE], 1);
	assert_int_equal(counts[EVENT_ANOMALY], 0);
	engine_link(e, now, NODE_UP, "");
	engine_link(e, now + 1000, NODE_UNREACHABLE, "connection reset");
	take_events();
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(last[EVENT_ANOMALY]->u.anomaly.type, ANOMALY_NODE_DOWN);
	assert_string_equal(last[EVENT_ANOMALY]->u.anomaly.description, "Node is not reachable: connection reset");
	for (int i = 0; i < 10; i++) {
		engine_link(e, now + 2000, NODE_CONNECTING, "trying");
		engine_link(e, now + 2000, NODE_UNREACHABLE, "still nobody");
	}
	take_events();
	assert_int_equal(counts[EVENT_NODE], 3);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(engine_state(e, &detail, &since), NODE_UNREACHABLE);
	assert_string_equal(detail, "still nobody");
	assert_int_equal(since, now + 1000);
	assert_int_equal(engine_anomalies(e, holding), 1);
	engine_link(e, now + 3000, NODE_UP, "");
	assert_int_equal(engine_anomalies(e, holding), 0);
}

static void
health_of_a_lost_node_is_unknown(void **state)
{
	struct health h;

	(void)state;
	engine_health(e, now, &h);
	assert_int_equal(h.overall, LEVEL_UNKNOWN);
	start_up();
	set_memory(50);
	feed(1);
	engine_health(e, now, &h);
	assert_int_equal(h.overall, LEVEL_HEALTHY);
	assert_int_equal(h.criteria[CRITERION_FDS].level, LEVEL_UNKNOWN);
	assert_true(isnan(h.numbers[HEALTH_NUMBER_MQ_MAX]));
	engine_health(e, now + 3600000, &h);
	assert_int_equal(h.overall, LEVEL_UNKNOWN);
	engine_link(e, now, NODE_UNREACHABLE, "");
	engine_health(e, now, &h);
	assert_int_equal(h.overall, LEVEL_UNKNOWN);
}

/* ---- health ---- */

static void
health_alert_on_change_only(void **state)
{
	struct health *h;

	(void)state;
	start_up();
	set_memory(50);
	feed(5);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 0);
	set_memory(95);
	feed(100);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 1);
	h = &last[EVENT_HEALTH_ALERT]->u.health;
	assert_int_equal(last[EVENT_HEALTH_ALERT]->severity, SEVERITY_HIGH);
	assert_int_equal(h->overall, LEVEL_CRITICAL);
	assert_int_equal(h->changed, CRITERION_MEMORY);
	assert_int_equal(h->recommendation_count, 1);
	feed(100);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 2);
	set_memory(50);
	feed(10);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 3);
	assert_int_equal(last[EVENT_HEALTH_ALERT]->severity, SEVERITY_LOW);
}

/* A queue that will be too long within a minute is told of now, with its owner, length and rate. */
static void
queue_growth_is_judged(void **state)
{
	struct top_process *p = &s.top[TOP_MESSAGE_QUEUE][0];
	const struct health *h;

	(void)state;
	start_up();
	s.top_count[TOP_MESSAGE_QUEUE] = 1;
	*p = (struct top_process)TOP_PROCESS_INIT;
	strcpy(p->name, "mailer");
	strcpy(p->pid, "<0.7.0>");
	sample_set(&s, METRIC_MQ_MAX, p->queue_len = 900);
	p->queue_rate = 1e6;
	feed(5);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 0);
	sample_set(&s, METRIC_MQ_MAX, p->queue_len = 2000);
	p->queue_rate = 100;
	feed(5);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 0);
	p->queue_rate = 500;
	feed(1);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 0);
	feed(1);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 1);
	h = &last[EVENT_HEALTH_ALERT]->u.health;
	assert_int_equal(h->criteria[CRITERION_MESSAGE_QUEUE].level, LEVEL_WARNING);
	ASSERT_NEAR(h->criteria[CRITERION_MESSAGE_QUEUE].value, 2000, 0);
	assert_string_equal(h->recommendations[0],
	    "Message queue: 2000 messages, warning above 10000 within a minute. Most: "
	    "mailer <0.7.0> with 2000 "
	    "messages, 500/s more. It gets more than it handles: see what it waits for, bound its senders.");
	p->queue_rate = 0;
	feed(3);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 2);
}

static void
restarts_criterion_needs_five_minutes_or_a_reason(void **state)
{
	struct health h;

	(void)state;
	start_up();
	feed(1);
	engine_health(e, now, &h);
	assert_int_equal(h.criteria[CRITERION_RESTARTS].level, LEVEL_UNKNOWN);
	for (int i = 0; i < 6; i++)
		restart("sup", "w", RESTART_DONE);
	engine_health(e, now, &h);
	assert_int_equal(h.criteria[CRITERION_RESTARTS].level, LEVEL_WARNING);
	feed(1);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 1);
	feed(61);
	engine_health(e, now, &h);
	assert_int_equal(h.criteria[CRITERION_RESTARTS].level, LEVEL_HEALTHY);
	ASSERT_NEAR(h.restart_rate, 6, 0);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 2);
}

static void
silence_lets_levels_fall_back(void **state)
{
	struct health h;

	(void)state;
	start_up();
	for (int i = 0; i < 20; i++)
		restart("sup", "w", RESTART_DONE);
	engine_tick(e, now);
	take_events();
	assert_int_equal(last[EVENT_HEALTH_ALERT]->u.health.criteria[CRITERION_RESTARTS].level, LEVEL_CRITICAL);
	for (int i = 0; i < 400; i++) {
		engine_tick(e, now += 1000);
		s.time_ms = now;
		if (i % 5 == 0)
			engine_feed(e, now, &s);
	}
	take_events();
	engine_health(e, now, &h);
	assert_int_equal(h.criteria[CRITERION_RESTARTS].level, LEVEL_HEALTHY);
	assert_int_equal(last[EVENT_HEALTH_ALERT]->severity, SEVERITY_LOW);
	assert_int_equal(counts[EVENT_HEALTH_ALERT], 2);
}

/* ---- restarts ---- */

static void
restart_statistics(void **state)
{
	struct restart_stats st;

	(void)state;
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_false(st.observed);
	assert_true(isnan(st.mean_interval_ms));
	for (int i = 0; i < 3; i++) {
		now += 10000;
		restart("sup_a", "w1", RESTART_DONE);
	}
	restart("sup_b", "w2", RESTART_DONE);
	restart("sup_b", "w2", RESTART_FAILED);
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_true(st.observed);
	assert_int_equal(st.total, 4);
	assert_int_equal(st.failed, 1);
	ASSERT_NEAR(st.rate, 4, 0);
	ASSERT_NEAR(st.mean_interval_ms, 20000.0 / 3, 1e-6);
	assert_int_equal(st.child_count, 2);
	assert_string_equal(term_text(st.children[0].child_id), "w1");
	assert_int_equal(st.children[0].count, 3);
	assert_int_equal(st.reason_count, 1);
	assert_string_equal(term_text(st.reasons[0].reason), "killed");
	assert_int_equal(st.reasons[0].count, 4);
	assert_true(engine_restart_stats(e, now, "sup_b", &st));
	assert_int_equal(st.total, 1);
	assert_int_equal(st.child_count, 1);
	assert_false(engine_restart_stats(e, now, "sup_c", &st));
	assert_int_equal(engine_restart_at(e, 0)->kind, RESTART_FAILED);
	assert_int_equal(engine_restart_at(e, 4)->restart_count, 1);
	assert_null(engine_restart_at(e, 5));
}

static void
rapid_cycle_is_an_anomaly_once(void **state)
{
	const struct anomaly *holding[HEALTH_MAX_ANOMALIES];
	struct restart_stats st;
	const struct anomaly *a;

	(void)state;
	for (int i = 0; i < 12; i++) {
		now += 2000;
		restart("main_supervisor", "worker_process", RESTART_DONE);
	}
	assert_int_equal(counts[EVENT_RESTART], 12);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(counts[EVENT_PERFORMANCE_ALERT], 0);
	a = &last[EVENT_ANOMALY]->u.anomaly;
	assert_int_equal(a->severity, SEVERITY_HIGH);
	assert_string_equal(a->description, "Rapid restart cycle detected for worker_process");
	assert_string_equal(term_text(a->supervisor), "main_supervisor");
	assert_int_equal(a->restart_count, 4);
	assert_int_equal(last[EVENT_RESTART]->u.restart.restart_count, 12);
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_int_equal(st.pattern_count, 1);
	assert_int_equal(st.patterns[0].type, PATTERN_STORM);
	assert_int_equal(st.patterns[0].frequency, 12);
	assert_true(st.patterns[0].active);
	assert_int_equal(engine_anomalies(e, holding), 1);
	engine_tick(e, now + 301000);
	assert_int_equal(engine_anomalies(e, holding), 0);
	assert_true(engine_restart_stats(e, now + 120000, NULL, &st));
	assert_false(st.patterns[0].active);
}

static void
supervisor_that_gives_up_is_an_anomaly(void **state)
{
	(void)state;
	restart("sup", "w", RESTART_GAVE_UP);
	assert_int_equal(counts[EVENT_ANOMALY], 1);
	assert_int_equal(last[EVENT_RESTART]->severity, SEVERITY_HIGH);
	assert_non_null(
	    strstr(last[EVENT_ANOMALY]->u.anomaly.description, "Supervisor sup reached its restart intensity"));
}

static void
absurd_restart_times_are_now(void **state)
{
	struct restart r = { .time_ms = INT64_MAX, .supervisor = text_term("s"), .child_id = text_term("c") };
	struct restart_stats st;

	(void)state;
	engine_restart(e, now, &r);
	r.time_ms = INT64_MIN;
	engine_restart(e, now, &r);
	restart_release(&r);
	assert_int_equal(engine_restart_at(e, 0)->time_ms, now);
	assert_int_equal(engine_restart_at(e, 1)->time_ms, now);
	assert_true(engine_restart_stats(e, now, NULL, &st));
	ASSERT_NEAR(st.rate, 2, 0);
}

/* A minute of 10,000 restarts a second with unlike names: memory is bounded, counts are exact. */
static void
flood_is_counted_exactly_within_bounds(void **state)
{
	struct engine_options o = engine_defaults();
	struct restart_stats st;
	uint64_t reasons = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 60000; i++) {
		now = T0 + i;
		snprintf(name, sizeof(name), "child_%d", i % 7000);
		struct restart r = { .time_ms = now,
			.supervisor = text_term("sup"),
			.child_id = text_term(name),
			.reason = text_term(name) };

		engine_restart(e, now, &r);
		restart_release(&r);
	}
	engine_lost_restarts(e, now, 540000);
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_int_equal(st.total, 600000);
	assert_int_equal(st.undescribed, 540000);
	ASSERT_NEAR(st.rate, 600000, 0);
	assert_int_equal(st.child_count, RESTART_STATS_TOP);
	for (unsigned i = 0; i < st.reason_count; i++)
		reasons += st.reasons[i].count;
	assert_int_equal(reasons, 60000);
	assert_null(engine_restart_at(e, o.max_restarts));
	assert_true(engine_counts(e).events_dropped > 0);
	take_events();
	assert_true(counts[EVENT_RESTART] + counts[EVENT_ANOMALY] + counts[EVENT_HEALTH_ALERT] <= o.max_events);
}

/* ---- the past ---- */

static void
check_is_kept_beside_each_sample(void **state)
{
	const struct past_check *check, *newest = NULL;
	const struct sample *sample;
	size_t it = 0, n = 0;

	(void)state;
	start_up();
	set_memory(40);
	feed(200);
	set_memory(95);
	feed(20);
	while ((check = engine_past_check(e, T0, now, &it, &sample)) != NULL) {
		assert_int_equal(check->time_ms, sample->time_ms);
		if (n++ == 0) {
			assert_int_equal(check->overall, LEVEL_HEALTHY);
			assert_string_equal(check->recommendations, "");
			assert_int_equal(check->anomaly_count, 0);
		}
		newest = check;
	}
	assert_int_equal(n, 220);
	assert_non_null(newest);
	it = 0;
	newest = engine_past_check(e, now, now, &it, &sample);
	assert_int_equal(newest->levels[CRITERION_MEMORY], LEVEL_CRITICAL);
	assert_int_equal(newest->levels[CRITERION_FDS], LEVEL_UNKNOWN);
	assert_non_null(strstr(newest->recommendations, "emory"));
	assert_int_equal(newest->anomaly_count, 1);
	assert_int_equal(newest->anomalies[0]->u.anomaly.type, ANOMALY_MEMORY);
	ASSERT_NEAR(sample->value[METRIC_MEMORY_UTILIZATION], 95, 1e-9);
	assert_int_equal(engine_past_since(e), T0 + STEP_MS);
	assert_int_equal(engine_counts(e).health_checks, 220);
	assert_int_equal(engine_counts(e).last_check_ms, now);
}

/* A node that is unhealthy for long: the text, whose numbers change all the time, is not written each time. */
static void
advice_is_renewed_once_a_minute(void **state)
{
	const struct past_check *check;
	const struct sample *sample;
	char before[3000] = "";
	unsigned changes = 0;
	size_t it = 0;

	(void)state;
	for (int i = 0; i < 121; i++) {
		set_memory(95 + i * 0.02);
		feed(1);
	}
	while ((check = engine_past_check(e, T0, now, &it, &sample)) != NULL) {
		changes += strcmp(check->recommendations, before) != 0;
		snprintf(before, sizeof(before), "%s", check->recommendations);
	}
	assert_int_equal(changes, 11);
}

static void
the_past_expires_without_samples(void **state)
{
	size_t it = 0;

	(void)state;
	start_up();
	set_memory(40);
	feed(3);
	restart("sup", "w", RESTART_DONE);
	assert_non_null(engine_past_event(e, INT64_MIN, INT64_MAX, &it));
	engine_tick(e, now + 86400000 + 1);
	it = 0;
	assert_null(engine_past_sample(e, INT64_MIN, INT64_MAX, &it));
	it = 0;
	assert_null(engine_past_restart(e, INT64_MIN, INT64_MAX, &it));
	it = 0;
	assert_null(engine_past_event(e, INT64_MIN, INT64_MAX, &it));
	assert_null(engine_restart_at(e, 0));
	assert_int_equal(engine_past_since(e), 0);
	assert_int_equal(engine_counts(e).restarts, 1);
}

static void
past_events_are_those_that_were_published(void **state)
{
	static const enum event_type types[] = { EVENT_RESTART, EVENT_RESTART, EVENT_ANOMALY };
	const struct node_event *ev;
	size_t it = 0;

	(void)state;
	start_up();
	restart("sup", "w", RESTART_DONE);
	now += 1000;
	restart("sup", "w", RESTART_GAVE_UP);
	for (size_t i = 0; i < 3; i++) {
		ev = engine_past_event(e, T0, now, &it);
		assert_int_equal(ev->type, types[i]);
	}
	assert_null(engine_past_event(e, T0, now, &it));
	it = 0;
	assert_int_equal(engine_past_event(e, now, now, &it)->time_ms, now);
	it = 0;
	assert_null(engine_past_event(e, T0 + 1, now - 1, &it));
	assert_ptr_equal(last[EVENT_ANOMALY], engine_past_event(e, now, now, &(size_t) { 2 }));
}

static void
baseline_is_known_after_the_warm_up(void **state)
{
	double mean, deviation;

	(void)state;
	set_memory(40);
	feed(10);
	assert_false(engine_baseline(e, METRIC_MEMORY_UTILIZATION, &mean, &deviation));
	feed(190);
	assert_true(engine_baseline(e, METRIC_MEMORY_UTILIZATION, &mean, &deviation));
	ASSERT_NEAR(mean, 40, 0.1);
	ASSERT_NEAR(deviation, 0, 0.1);
	assert_false(engine_baseline(e, METRIC_PROCESS_COUNT, &mean, &deviation));
	assert_false(engine_baseline(e, METRIC_MEMORY_LIMIT, &mean, &deviation));
	assert_int_equal(engine_options(e)->interval_ms, 5000);
}

/* ---- bounds of the statistics ---- */

static void
give(const char *supervisor, const char *child, const char *reason)
{
	struct restart r = { .time_ms = now,
		.supervisor = text_term(supervisor),
		.child_id = text_term(child),
		.reason = text_term(reason) };

	engine_restart(e, now, &r);
	restart_release(&r);
	take_events();
}

static uint64_t
sum_of_reasons(const struct restart_stats *st)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < st->reason_count; i++) {
		sum += st->reasons[i].count;
		assert_true(st->reasons[i].reason != NULL || i == st->reason_count - 1);
	}
	return sum;
}

static void
reasons_of_many_children_are_put_together(void **state)
{
	struct term *key = text_term("sup_1"), *unknown = text_term("sup_9");
	struct restart_stats st;
	char child[16], reason[16];

	(void)state;
	for (int i = 0; i < 6000; i++) {
		snprintf(child, sizeof(child), "c%d", i % 5);
		snprintf(reason, sizeof(reason), "r%d", i < 3000 ? i % 150 : 7);
		give(i % 2 ? "sup_1" : "sup_2", child, reason);
	}
	engine_lost_restarts(e, now, 10);
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_int_equal(st.reason_count, RESTART_STATS_REASONS);
	assert_string_equal(term_text(st.reasons[0].reason), "r7");
	assert_int_equal(st.reasons[0].count, 3020);
	assert_null(st.reasons[RESTART_STATS_REASONS - 1].reason);
	assert_int_equal(sum_of_reasons(&st), 6000);
	assert_true(engine_restart_stats_of(e, now, key, &st));
	assert_int_equal(st.total, 3000);
	assert_int_equal(st.undescribed, 0);
	assert_int_equal(sum_of_reasons(&st), 3000);
	assert_false(engine_restart_stats_of(e, now, unknown, &st));
	assert_int_equal(st.total, 0);
	term_unref(key);
	term_unref(unknown);
}

/* Whoever made room counts on in the totals, and an anomaly that stands for it ends in its time. */
static void
totals_are_exact_when_children_make_room(void **state)
{
	struct engine_options o = engine_defaults();
	const struct anomaly *holding[HEALTH_MAX_ANOMALIES];
	struct restart_stats st;
	char name[16];

	(void)state;
	engine_free(e);
	o.max_children = 10;
	e = engine_new("a@h", &o);
	for (int i = 0; i < 5; i++)
		give("sup", "rapid", "x");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		give(i % 2 ? "sup" : name, name, name);
	}
	assert_true(engine_restart_stats(e, now, NULL, &st));
	assert_int_equal(st.total, 1005);
	assert_int_equal(sum_of_reasons(&st), 1005);
	assert_int_equal(st.child_count, 10);
	assert_true(engine_restart_stats(e, now, "sup", &st));
	assert_int_equal(st.total, 505);
	assert_int_equal(sum_of_reasons(&st), 505);
	assert_int_equal(engine_anomalies(e, holding), 1);
	assert_string_equal(term_text(holding[0]->child_id), "rapid");
	engine_tick(e, now + 301000);
	assert_int_equal(engine_anomalies(e, holding), 0);
}

/* The same inputs give the same events, whatever else the process does. */
static void
engine_is_deterministic(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *twin = engine_new("a@h", &o);

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct node_event *a, *b;

		set_memory(i % 200 < 100 ? 40 : 80);
		s.time_ms = now += STEP_MS;
		engine_feed(e, now, &s);
		engine_feed(twin, now, &s);
		while ((a = engine_next_event(e)) != NULL) {
			b = engine_next_event(twin);
			assert_int_equal(a->type, b->type);
			assert_int_equal(a->time_ms, b->time_ms);
			node_event_unref(a);
			node_event_unref(b);
		}
		assert_null(engine_next_event(twin));
	}
	engine_free(twin);
	engine_free(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_sample_has_the_derived_metrics),
		TEST(time_never_goes_back),
		TEST(duplicate_samples_are_not_judged),
		TEST(rankings_are_kept_until_the_next),
		TEST(anomaly_has_the_seeds_fields_and_culprits),
		TEST(anomaly_holds_and_ends),
		TEST(process_count_is_medium_always),
		TEST(one_type_is_told_once_at_a_time),
		TEST(walk_figures_count_once),
		TEST(counter_resets_are_no_anomaly),
		TEST(outage_keeps_baselines_and_raises_nothing_on_return),
		TEST(reboot_warms_up_again),
		TEST(loss_is_told_once_and_only_after_having_been_up),
		TEST(health_of_a_lost_node_is_unknown),
		TEST(health_alert_on_change_only),
		TEST(queue_growth_is_judged),
		TEST(restarts_criterion_needs_five_minutes_or_a_reason),
		TEST(silence_lets_levels_fall_back),
		TEST(restart_statistics),
		TEST(rapid_cycle_is_an_anomaly_once),
		TEST(supervisor_that_gives_up_is_an_anomaly),
		TEST(absurd_restart_times_are_now),
		TEST(flood_is_counted_exactly_within_bounds),
		TEST(check_is_kept_beside_each_sample),
		TEST(advice_is_renewed_once_a_minute),
		TEST(the_past_expires_without_samples),
		TEST(past_events_are_those_that_were_published),
		TEST(baseline_is_known_after_the_warm_up),
		TEST(reasons_of_many_children_are_put_together),
		TEST(totals_are_exact_when_children_make_room),
		TEST(engine_is_deterministic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
