/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define DAY_MS INT64_C(86400000)
#define DAY_SAMPLES (DAY_MS / STEP_MS)

static struct history *h;

static int
setup(void **state)
{
	(void)state;
	h = history_new(DAY_MS, 64u << 20);
	srand(1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	history_free(h);
	return 0;
}

static void
add(int64_t time_ms, double value)
{
	struct sample s = { .time_ms = time_ms };

	sample_set(&s, METRIC_PROCESS_COUNT, value);
	history_add(h, &s, NULL);
}

static size_t
count(int64_t from_ms, int64_t to_ms, int64_t *first_ms, int64_t *last_ms)
{
	const struct past_check *check;
	const struct sample *s;
	size_t it = 0, n = 0;

	while ((s = history_next(h, from_ms, to_ms, &it, &check)) != NULL) {
		if (n++ == 0)
			*first_ms = s->time_ms;
		else
			assert_true(s->time_ms >= *last_ms);
		*last_ms = s->time_ms;
	}
	return n;
}

static void
empty_has_nothing(void **state)
{
	int64_t first, last;

	(void)state;
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), 0);
	assert_int_equal(history_since(h), 0);
	history_expire(h, T0);
	assert_int_equal(history_bytes(h), 0);
	history_free(NULL);
}

/* ---- what goes in comes out bit by bit ---- */

static double
any_value(void)
{
	static const double odd[] = { 0, -0.0, 1e300, -1e300, 0.1, 9007199254740991.0, -9007199254740991.0,
		9007199254740993.0, 5e-324, 1, -1, 63, 64, 8191, 8192 };

	switch (rand() % 4) {
	case 0:
		return odd[(size_t)rand() % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return rand() / 1000.0;
	default:
		return (double)(rand() % 100000) * (rand() % 2 ? 1 : 1e7);
	}
}

static void
change_sample(struct sample *s)
{
	s->time_ms += rand() % 3 ? STEP_MS : rand() % 10 * 1000000;
	for (int i = 0; i < METRIC_COUNT; i++) {
		if (rand() % 3 == 0)
			sample_set(s, (enum metric_id)i, any_value());
		if (rand() % 50 == 0)
			s->present[i] = !s->present[i];
	}
	if (rand() % 10 == 0)
		s->scheduler_count = (uint16_t)(rand() % (SAMPLE_MAX_SCHEDULERS + 1));
	for (int i = 0; i < s->scheduler_count; i++)
		s->scheduler_utilization[i] = rand() % 5 ? (float)rand() / (float)RAND_MAX : NAN;
}

static void
same_sample(const struct sample *a, const struct sample *b)
{
	assert_int_equal(a->time_ms, b->time_ms);
	assert_memory_equal(a->present, b->present, sizeof(a->present));
	for (int i = 0; i < METRIC_COUNT; i++)
		if (a->present[i])
			assert_memory_equal(&a->value[i], &b->value[i], sizeof(a->value[i]));
	assert_int_equal(a->scheduler_count, b->scheduler_count);
	assert_memory_equal(a->scheduler_utilization, b->scheduler_utilization,
	    a->scheduler_count * sizeof(a->scheduler_utilization[0]));
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		assert_int_equal(a->top_count[kind], 0);
}

static void
samples_come_back_bit_by_bit(void **state)
{
	enum { N = 500 };
	struct sample *all = xcalloc(N, sizeof(*all)), s = { .time_ms = T0 };
	const struct past_check *check;
	size_t it = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		change_sample(&s);
		all[i] = s;
		history_add(h, &s, NULL);
	}
	for (int i = 0; i < N; i++) {
		same_sample(history_next(h, INT64_MIN, INT64_MAX, &it, &check), &all[i]);
		assert_null(check);
	}
	assert_null(history_next(h, INT64_MIN, INT64_MAX, &it, &check));
	/* In any order, too. */
	for (int i = 0; i < 300; i++) {
		int k = rand() % N;

		it = 0;
		assert_int_equal(history_next(h, all[k].time_ms, all[k].time_ms, &it, &check)->time_ms, all[k].time_ms);
		for (; k + 1 < N && all[k].time_ms == all[k + 1].time_ms; k++)
			history_next(h, INT64_MIN, INT64_MAX, &it, &check);
	}
	free(all);
}

/* ---- checks ---- */

static void
check_round_trip(struct node_event *const anomalies[2], int i)
{
	static const char *const advice[] = { "", "restart it", "restart it\nor two lines é" };
	struct node_event *held[2] = { anomalies[i / 3 % 2], anomalies[1 - i / 3 % 2] };
	struct past_check in = { .time_ms = T0 + i,
		.overall = (enum level)(i / 7 % 4),
		.restart_rate = i % 11 < 3 ? NAN : i % 11,
		.recommendations = advice[i / 5 % 3],
		.anomaly_count = (unsigned)(i / 4 % 3),
		.anomalies = held };
	const struct past_check *out;
	struct sample s = { .time_ms = T0 + i };
	size_t it = 0;

	in.levels[i % CRITERION_COUNT] = LEVEL_CRITICAL;
	history_add(h, &s, i % 13 == 0 ? NULL : &in);
	assert_non_null(history_next(h, T0 + i, T0 + i, &it, &out));
	if (i % 13 == 0) {
		assert_null(out);
		return;
	}
	assert_int_equal(out->time_ms, in.time_ms);
	assert_int_equal(out->overall, in.overall);
	assert_memory_equal(out->levels, in.levels, sizeof(in.levels));
	assert_memory_equal(&out->restart_rate, &in.restart_rate, sizeof(double));
	assert_string_equal(out->recommendations, in.recommendations);
	assert_int_equal(out->anomaly_count, in.anomaly_count);
	for (unsigned k = 0; k < in.anomaly_count; k++)
		assert_ptr_equal(out->anomalies[k], held[k]);
}

static void
checks_come_back(void **state)
{
	struct node_event *anomalies[2] = { node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", T0),
		node_event_new(EVENT_ANOMALY, SEVERITY_LOW, "a@h", T0) };

	(void)state;
	for (int i = 0; i < 1000; i++)
		check_round_trip(anomalies, i);
	node_event_unref(anomalies[0]);
	node_event_unref(anomalies[1]);
}

/* ---- ranges and bounds ---- */

static void
ranges_include_both_ends(void **state)
{
	int64_t first, last;

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(T0 + i * STEP_MS, i);
	for (int i = 0; i < 1000; i += 37) {
		assert_int_equal(
		    count(T0 + i * STEP_MS, T0 + (i + 9) * STEP_MS, &first, &last), i + 9 < 1000 ? 10 : 1000 - i);
		assert_int_equal(first, T0 + i * STEP_MS);
		assert_int_equal(count(T0 + i * STEP_MS + 1, T0 + i * STEP_MS + STEP_MS - 1, &first, &last), 0);
	}
	assert_int_equal(count(INT64_MIN, T0 - 1, &first, &last), 0);
	assert_int_equal(count(T0 + 1000 * STEP_MS, INT64_MAX, &first, &last), 0);
	assert_int_equal(count(T0 + 10, T0, &first, &last), 0);
}

static void
two_readers_do_not_disturb_each_other(void **state)
{
	const struct past_check *check;
	size_t a = 0, b = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		add(T0 + i, i);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(history_next(h, T0, T0 + 199, &a, &check)->value[METRIC_PROCESS_COUNT], i);
		assert_int_equal(history_next(h, T0 + 100, T0 + 199, &b, &check)->value[METRIC_PROCESS_COUNT], 100 + i);
	}
	assert_null(history_next(h, T0 + 100, T0 + 199, &b, &check));
}

static void
what_is_older_than_the_retention_is_gone(void **state)
{
	int64_t first, last;

	(void)state;
	for (int64_t i = 0; i < 2 * DAY_SAMPLES; i++) {
		add(T0 + i * STEP_MS, (double)i);
		history_expire(h, T0 + i * STEP_MS);
	}
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), DAY_SAMPLES + 1);
	assert_int_equal(last - first, DAY_MS);
	assert_int_equal(history_since(h), first);
	history_expire(h, last + 2 * DAY_MS);
	assert_int_equal(history_since(h), 0);
	assert_int_equal(history_bytes(h), 0);
	add(last + 2 * DAY_MS, 1);
	assert_int_equal(history_since(h), last + 2 * DAY_MS);
}

static void
memory_is_bounded_and_the_oldest_go(void **state)
{
	struct sample s = { .time_ms = T0 };
	int64_t first, last;

	(void)state;
	history_free(h);
	h = history_new(DAY_MS, 300000);
	for (int i = 0; i < 2000; i++) {
		change_sample(&s);
		s.time_ms = T0 + i;
		history_add(h, &s, NULL);
		assert_true(history_bytes(h) <= 300000);
	}
	assert_true(count(INT64_MIN, INT64_MAX, &first, &last) > 50);
	assert_int_equal(last, s.time_ms);
	history_free(h);
	h = history_new(DAY_MS, 0);
	for (int i = 0; i < 100; i++)
		add(T0 + i, i);
	assert_true(count(INT64_MIN, INT64_MAX, &first, &last) >= 1);
}

/* A day of a busy node, all metrics moving, 16 schedulers: it has to fit many times over. */
static void
a_day_fits(void **state)
{
	struct past_check check = { .overall = LEVEL_HEALTHY, .recommendations = "" };
	struct sample s = { .time_ms = T0, .scheduler_count = 16 };
	int64_t first, last;

	(void)state;
	for (int m = 0; m < METRIC_COUNT; m++)
		sample_set(&s, (enum metric_id)m, 1e9 + m);
	for (int i = 0; i < DAY_SAMPLES; i++) {
		s.time_ms += STEP_MS;
		for (int m = 0; m < METRIC_COUNT; m++)
			s.value[m] += METRICS[m].kind == KIND_COUNTER ? rand() % 1000000 : rand() % 2001 - 1000;
		for (int k = 0; k < 16; k++)
			s.scheduler_utilization[k] = (float)rand() / (float)RAND_MAX;
		history_add(h, &s, &check);
	}
	print_message("a day: %zu bytes\n", history_bytes(h));
	assert_true(history_bytes(h) < 8u << 20);
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), DAY_SAMPLES);
}

/* The clock went back while the program was away: the order stays. */
static void
time_that_goes_back_is_taken_as_the_last(void **state)
{
	int64_t first, last;

	(void)state;
	add(T0, 1);
	add(T0 - 1000000, 2);
	add(T0 + 5, 3);
	assert_int_equal(count(T0, T0, &first, &last), 2);
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), 3);
}

/* The clock does not move: all samples are of one time, and all are there. */
static void
one_time_for_all_samples(void **state)
{
	const struct past_check *check;
	size_t it = 0;

	(void)state;
	for (int i = 0; i < 10 * SERIES_ROWS; i++)
		add(T0, i);
	for (int i = 0; i < 10 * SERIES_ROWS; i++)
		assert_int_equal(history_next(h, T0, T0, &it, &check)->value[METRIC_PROCESS_COUNT], i);
	assert_null(history_next(h, T0, T0, &it, &check));
	assert_int_equal(history_count(h, T0, T0 + 1), 10 * SERIES_ROWS);
	assert_int_equal(history_count(h, T0 + 1, INT64_MAX), 0);
}

static void
forgotten_from_a_time_on(void **state)
{
	int64_t first, last;

	(void)state;
	for (int i = 0; i < 1000; i++)
		add(T0 + i * STEP_MS, i);
	history_forget(h, T0 + 1000 * STEP_MS);
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), 1000);
	for (int left = 1000; left > 0; left -= left > 130 ? 93 : 13) {
		history_forget(h, T0 + left * STEP_MS);
		assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), left);
		assert_int_equal(last, T0 + (left - 1) * STEP_MS);
	}
	history_forget(h, INT64_MIN);
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), 0);
	add(T0, 7);
	assert_int_equal(count(INT64_MIN, INT64_MAX, &first, &last), 1);
}

/* A cursor survives what it stood on. */
static void
cursor_goes_on_with_what_is_left(void **state)
{
	const struct past_check *check;
	size_t it = 0;

	(void)state;
	for (int i = 0; i < 10 * HISTORY_ROWS; i++)
		add(T0 + i * STEP_MS, i);
	history_next(h, INT64_MIN, INT64_MAX, &it, &check);
	history_expire(h, T0 + DAY_MS + 3 * HISTORY_ROWS * STEP_MS);
	assert_int_equal(
	    history_next(h, INT64_MIN, INT64_MAX, &it, &check)->value[METRIC_PROCESS_COUNT], 3 * HISTORY_ROWS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_has_nothing),
		TEST(samples_come_back_bit_by_bit),
		TEST(checks_come_back),
		TEST(ranges_include_both_ends),
		TEST(two_readers_do_not_disturb_each_other),
		TEST(what_is_older_than_the_retention_is_gone),
		TEST(memory_is_bounded_and_the_oldest_go),
		TEST(a_day_fits),
		TEST(time_that_goes_back_is_taken_as_the_last),
		TEST(one_time_for_all_samples),
		TEST(forgotten_from_a_time_on),
		TEST(cursor_goes_on_with_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
