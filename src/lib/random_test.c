/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public interface under calls in random order with good and bad arguments, from fixed seeds: a call that fails leaves everything as it
 * was, one whose arguments are right succeeds, and what was set in a sample is what is there after it.
 */
#include "base/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/arsenal.h"
#include "base/attr.h"
#include "base/strbuf.h"

#define CALLS 4000
#define METRICS_MAX 256

struct world {
	struct arsenal *a;
	uint64_t random;
	int64_t now_ms;
	double set[METRICS_MAX]; /* NaN: not set */
	bool any_set;
	unsigned subscription; /* 0: none */
	unsigned heard, failed;
	struct strbuf before;
};

static char huge[100001];

static uint64_t
roll(struct world *w, uint64_t n)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

/* ---- what is known of the handle from outside ---- */

static void
add_json(struct strbuf *out, int code, char *text)
{
	assert_int_equal(code, ARSENAL_OK);
	strbuf_adds(out, text);
	arsenal_string_free(text);
}

static void
snapshot(struct world *w, struct strbuf *out)
{
	int64_t now = w->now_ms, since = now > 60000 ? now - 60000 : 0;
	char *text;
	int code;

	strbuf_reset(out);
	code = arsenal_node_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_health_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_performance_json(w->a, &text);
	add_json(out, code, text);
	code = arsenal_restarts_json(w->a, now, NULL, &text);
	add_json(out, code, text);
	code = arsenal_history_json(w->a, since, now, &text);
	add_json(out, code, text);
	code = arsenal_patterns_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_incidents_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_predictions_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_capacity_json(w->a, now, &text);
	add_json(out, code, text);
	code = arsenal_anomalies_json(w->a, &text);
	add_json(out, code, text);
	code = arsenal_top_json(w->a, "memory", 5, &text);
	add_json(out, code, text);
	code = arsenal_stats_json(w->a, now, &text);
	add_json(out, code, text);
	strbuf_addf(out, "heard %u", w->heard);
}

static void
heard(const struct arsenal_event *ev, void *arg)
{
	struct world *w = arg;
	char *text;

	assert_int_equal(arsenal_event_json(ev, &text), ARSENAL_OK);
	arsenal_string_free(text);
	w->heard++;
}

/* ---- arguments: right ones, and any ---- */

static const char *
text(struct world *w, bool right)
{
	static const char *const good[] = { "pool", "worker", "w\xc3\xb6rker \"1\"", "a\nb", "\xf0\x9f\x94\xa5", "x" };
	static const char *const bad[] = { NULL, "", "\xff", "ok\xc3", "\xed\xa0\x80", "\xc0\x80", huge };
	uint64_t i = roll(w, right ? ARRAY_LEN(good) : ARRAY_LEN(good) + ARRAY_LEN(bad));

	return i < ARRAY_LEN(good) ? good[i] : bad[i - ARRAY_LEN(good)];
}

static double
value(struct world *w, bool right)
{
	static const double bad[] = { NAN, INFINITY, -INFINITY, -1, -1e-300, 1e300, 9.1e15 };

	return right || roll(w, 2) ? (double)roll(w, 2) : bad[roll(w, ARRAY_LEN(bad))];
}

static int64_t
when(struct world *w, bool right)
{
	const int64_t bad[] = { 0, -1, INT64_MIN, INT64_MAX, ARSENAL_TIME_MAX + 1, w->now_ms - 1, w->now_ms - 3600000 };

	return right || roll(w, 2) ? w->now_ms + (int64_t)roll(w, 3000) : bad[roll(w, ARRAY_LEN(bad))];
}

static size_t
size_of(struct world *w, bool right, size_t size)
{
	const size_t bad[] = { 0, 1, size / 2, size + 100000, SIZE_MAX };

	return right || roll(w, 2) ? size : bad[roll(w, ARRAY_LEN(bad))];
}

/* ---- the calls ---- */

static int
call_set(struct world *w, bool right)
{
	int id = (int)roll(w, (uint64_t)arsenal_metric_count() + (right ? 0 : 10)) - (right ? 0 : 5);
	double v = value(w, right);
	int code = roll(w, 2) && arsenal_metric_name(id) ? arsenal_sample_set(w->a, arsenal_metric_name(id), v)
							 : arsenal_sample_set_id(w->a, id, v);

	if (code == ARSENAL_OK) {
		w->set[id] = v;
		w->any_set = true;
	}
	return code;
}

static void
forget_sample(struct world *w)
{
	for (int i = 0; i < METRICS_MAX; i++)
		w->set[i] = NAN;
	w->any_set = false;
}

static int
call_begin(struct world *w, bool right)
{
	int code = arsenal_sample_begin(w->a);

	(void)right;
	forget_sample(w);
	return code;
}

static int
call_process(struct world *w, bool right)
{
	struct arsenal_process p = { text(w, right), text(w, right), text(w, right), NULL, value(w, right),
		value(w, right), value(w, right), text(w, right), value(w, right) };
	int code = arsenal_sample_process(w->a, roll(w, 20) || right ? &p : NULL, size_of(w, right, sizeof(p)));

	w->any_set = w->any_set || code == ARSENAL_OK;
	return code;
}

static int
call_scheduler(struct world *w, bool right)
{
	int index = (int)roll(w, right ? 4 : 400) - (right ? 0 : 70);
	uint64_t total = roll(w, 1000) + right, busy = right ? roll(w, total) : roll(w, 1000);
	int code = arsenal_sample_scheduler(w->a, index, busy, total);

	w->any_set = w->any_set || code == ARSENAL_OK;
	return code;
}

static void
check_sample(struct world *w)
{
	double v;

	for (int i = 0; i < arsenal_metric_count(); i++) {
		if (strstr(arsenal_metric_help(i), "derived"))
			continue;
		if (isnan(w->set[i])) {
			assert_int_equal(arsenal_get_metric(w->a, i, &v), ARSENAL_ERR_STATE);
		} else {
			assert_int_equal(arsenal_get_metric(w->a, i, &v), ARSENAL_OK);
			assert_true(v == w->set[i]);
		}
	}
}

static int
took(struct world *w, int code, int64_t now_ms)
{
	if (code == ARSENAL_OK)
		w->now_ms = now_ms;
	return code;
}

static int
call_submit(struct world *w, bool right)
{
	int64_t now = when(w, right);
	int code = took(w, arsenal_sample_submit(w->a, now), now);

	if (!w->any_set) {
		assert_int_equal(code, ARSENAL_ERR_STATE);
		return right ? ARSENAL_OK : code;
	}
	if (code == ARSENAL_OK) {
		check_sample(w);
		forget_sample(w);
	}
	return code;
}

static int
call_restart(struct world *w, bool right)
{
	int64_t now = when(w, right);
	bool by_hand = roll(w, 2);
	struct arsenal_restart_report r = {
		.supervisor = text(w, right),
		.child = text(w, right),
		.reason = roll(w, 10) ? text(w, right) : huge,
		.pid = roll(w, 2) ? NULL : text(w, right),
		.restart_type = text(w, right),
		.time_ms = right || roll(w, 2) ? 0 : when(w, false),
		.times = right ? 0 : roll(w, 3) * roll(w, 1000000),
		.kind = (enum arsenal_restart_kind)roll(w, right ? 3 : 5),
		.by_hand = by_hand,
	};

	return took(w, arsenal_restart(w->a, now, &r, size_of(w, right, sizeof(r))), now);
}

static int
call_track(struct world *w, bool right)
{
	int64_t now = when(w, right);

	return took(w, arsenal_track_restart(w->a, now, text(w, right), text(w, right), text(w, right)), now);
}

static int
call_lost(struct world *w, bool right)
{
	int64_t now = when(w, right);

	return took(w, arsenal_lost_restarts(w->a, now, roll(w, 5) + right), now);
}

static int
call_tick(struct world *w, bool right)
{
	int64_t now = when(w, right);

	return took(w, arsenal_tick(w->a, now), now);
}

static int
call_check(struct world *w, bool right)
{
	int64_t now = when(w, right);
	enum arsenal_level level;

	return took(w, arsenal_force_health_check(w->a, now, right || roll(w, 4) ? &level : NULL), now);
}

static int
call_node(struct world *w, bool right)
{
	int64_t now = when(w, right);
	int code = roll(w, 2) ? arsenal_node_up(w->a, now) : arsenal_node_down(w->a, now, text(w, right));

	return took(w, code, now);
}

static int
call_events(struct world *w, bool right)
{
	struct arsenal_restart_event restart;
	struct arsenal_anomaly anomaly;
	struct arsenal_health health;
	struct arsenal_event *ev = arsenal_next_event(w->a);
	int type = arsenal_event_type_of(ev);

	(void)right;
	assert_int_equal(
	    arsenal_event_restart(ev, &restart, sizeof(restart)) == ARSENAL_OK, type == ARSENAL_EVENT_RESTART);
	assert_int_equal(arsenal_event_anomaly(ev, &anomaly, sizeof(anomaly)) == ARSENAL_OK,
	    type == ARSENAL_EVENT_ANOMALY || type == ARSENAL_EVENT_PERFORMANCE_ALERT);
	assert_int_equal(
	    arsenal_event_health(ev, &health, sizeof(health)) == ARSENAL_OK, type == ARSENAL_EVENT_HEALTH_ALERT);
	arsenal_event_free(ev);
	return ARSENAL_OK;
}

static int
call_subscribe(struct world *w, bool right)
{
	unsigned types = (unsigned)roll(w, right ? 32 : 100);
	int code = arsenal_subscribe(w->a, types);

	if (code == ARSENAL_OK)
		code = arsenal_subscribe(w->a, ARSENAL_EVENTS_ALL);
	return code;
}

static int
call_callback(struct world *w, bool right)
{
	unsigned types = right ? ARSENAL_EVENTS_ALL : (unsigned)roll(w, 100), id = 0;
	int code;

	if (w->subscription) {
		code = arsenal_unsubscribe(w->a, right ? w->subscription : w->subscription + (unsigned)roll(w, 2));
		w->subscription = code == ARSENAL_OK ? 0 : w->subscription;
		return code;
	}
	code = arsenal_subscribe_callback(w->a, types, NULL, right || roll(w, 2) ? heard : NULL, w, &id);
	w->subscription = id;
	return code;
}

static int
call_question(struct world *w, bool right)
{
	struct arsenal_restart_stats stats;
	struct arsenal_criterion criterion;
	struct arsenal_anomaly anomaly;
	struct arsenal_child child;
	struct arsenal_health health;
	struct arsenal_point points[10];
	struct arsenal_pattern patterns[10];
	struct arsenal_prediction predictions[10];
	struct arsenal_capacity capacity[10];
	struct arsenal_process process;
	size_t room = roll(w, 11), count;
	char *out = NULL;
	int code = ARSENAL_OK;

	if (right) {
		assert_int_equal(arsenal_get_health(w->a, when(w, true), &health, sizeof(health)), ARSENAL_OK);
		return ARSENAL_OK;
	}
	code |= arsenal_get_restarts(w->a, when(w, false), text(w, false), &stats, size_of(w, false, sizeof(stats)));
	code |= arsenal_get_criterion(w->a, when(w, false), (int)roll(w, 20) - 5, &criterion, sizeof(criterion));
	code |= arsenal_get_child(w->a, when(w, false), text(w, false), (unsigned)roll(w, 30), &child, sizeof(child));
	code |= arsenal_get_anomaly(w->a, (unsigned)roll(w, 5), &anomaly, sizeof(anomaly));
	code |=
	    arsenal_get_top(w->a, text(w, false), (unsigned)roll(w, 12), &process, size_of(w, false, sizeof(process)));
	count = roll(w, 11);
	code |= arsenal_get_patterns(w->a, when(w, false), patterns, size_of(w, false, sizeof(patterns[0])), &count);
	count = roll(w, 11);
	code |= arsenal_get_predictions(
	    w->a, when(w, false), predictions, size_of(w, false, sizeof(predictions[0])), &count);
	count = roll(w, 11);
	code |= arsenal_get_capacity(w->a, when(w, false), capacity, size_of(w, false, sizeof(capacity[0])), &count);
	code |= arsenal_restarts_json(w->a, when(w, false), text(w, false), &out);
	arsenal_string_free(out);
	code |= arsenal_history_json(w->a, when(w, false), when(w, false), &out);
	arsenal_string_free(out);
	code |= arsenal_top_json(w->a, text(w, false), (unsigned)roll(w, 2000), &out);
	arsenal_string_free(out);
	code |= arsenal_get_points(w->a, (int)roll(w, 100), when(w, false), when(w, false),
	    (int64_t)roll(w, 100000) - 10, points, sizeof(points[0]), &room);
	return code;
}

static const struct {
	int (*make)(struct world *w, bool right);
	unsigned weight;
} CALLS_OF[] = {
	{ call_set, 40 },
	{ call_begin, 1 },
	{ call_process, 6 },
	{ call_scheduler, 4 },
	{ call_submit, 12 },
	{ call_restart, 10 },
	{ call_track, 6 },
	{ call_lost, 2 },
	{ call_tick, 6 },
	{ call_check, 2 },
	{ call_node, 2 },
	{ call_events, 8 },
	{ call_subscribe, 2 },
	{ call_callback, 2 },
	{ call_question, 6 },
};

static int
call_any(struct world *w, bool right)
{
	unsigned sum = 0, at = 0;
	uint64_t drawn;

	for (size_t i = 0; i < ARRAY_LEN(CALLS_OF); i++)
		sum += CALLS_OF[i].weight;
	drawn = roll(w, sum);
	while (drawn >= CALLS_OF[at].weight)
		drawn -= CALLS_OF[at++].weight;
	return CALLS_OF[at].make(w, right);
}

static struct arsenal *
small_handle(void)
{
	struct arsenal_options o;
	struct arsenal *a;

	arsenal_options_init(&o, sizeof(o));
	o.interval_ms = 1000;
	o.max_history_bytes = 65536;
	o.max_history_size = 20;
	o.max_children = 10;
	o.max_events = 50;
	a = arsenal_new("random", &o, NULL, 0);
	assert_non_null(a);
	return a;
}

/* Questions are asked of a failed call's time, too: they and the failed call must have changed nothing. */
static void
wrong_call(struct world *w)
{
	struct strbuf after = STRBUF_INIT;
	int code;

	snapshot(w, &w->before);
	code = call_any(w, false);
	if (code != ARSENAL_OK) {
		w->failed++;
		snapshot(w, &after);
		assert_string_equal(strbuf_cstr(&after), strbuf_cstr(&w->before));
	}
	strbuf_release(&after);
}

static void
walk(uint64_t seed)
{
	struct world w = { .random = seed, .now_ms = INT64_C(1700000000000), .a = small_handle() };

	forget_sample(&w);
	for (int i = 0; i < CALLS; i++) {
		if (roll(&w, 3) == 0)
			wrong_call(&w);
		else
			assert_int_equal(call_any(&w, true), ARSENAL_OK);
	}
	assert_true(w.failed > CALLS / 20);
	assert_true(w.heard > 0);
	strbuf_release(&w.before);
	arsenal_free(w.a);
}

static void
test_random(void **state)
{
	(void)state;
	memset(huge, 'h', sizeof(huge) - 1);
	assert_true(arsenal_metric_count() <= METRICS_MAX);
	for (uint64_t seed = 1; seed <= 3; seed++)
		walk(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
