/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/usual.h"

#include <math.h>
#include <string.h>

#include "base/testing.h"
#include "engine/world.h"

#define T0 INT64_C(1705573800000)
#define HOUR INT64_C(3600000)

static struct engine *e;
static int64_t now;
static struct chance chance;
static double input;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	now = T0;
	chance.state = 7;
	input = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	return 0;
}

/* feed gives samples of so many processes, more or less, and of 1 MB/s. */
static void
feed(int samples, double processes)
{
	struct sample s = { .time_ms = 0 };

	for (int i = 0; i < samples; i++) {
		s.time_ms = now;
		sample_set(&s, METRIC_PROCESS_COUNT, round(processes + 10 * gauss(&chance)));
		sample_set(&s, METRIC_IO_INPUT, input += 5e6);
		sample_set(&s, METRIC_WALLCLOCK, (double)(now - T0));
		engine_feed(e, now, &s);
		now += 5000;
	}
}

static struct usual_walk *
walk(enum metric_id metric, int64_t from_ms, int64_t step_ms)
{
	struct usual_walk *w = usual_walk_new(e, metric, from_ms, now, step_ms);

	while (usual_walk_go(w))
		;
	return w;
}

static void
the_last_is_what_the_engine_has(void **state)
{
	static const enum metric_id metrics[] = { METRIC_PROCESS_COUNT, METRIC_IO_INPUT };

	(void)state;
	feed(5000, 1000);
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		struct usual_walk *w = walk(metrics[i], T0, 300000);
		const struct usual_point *p;
		double mean, deviation;
		size_t n;

		assert_true(engine_baseline(e, metrics[i], &mean, &deviation));
		p = usual_walk_points(w, &n);
		assert_in_range(n, 5000 / 60, 5000 / 60 + 1);
		ASSERT_NEAR(p[n - 1].mean, mean, 1e-9 * mean);
		assert_true(p[n - 1].low < mean && p[n - 1].high > mean);
		usual_walk_free(w);
	}
	/* of a counter it is of its rate */
	{
		struct usual_walk *w = walk(METRIC_IO_INPUT, T0, 300000);
		size_t n;

		ASSERT_NEAR(usual_walk_points(w, &n)[n - 1].mean, 1e6, 1);
		usual_walk_free(w);
	}
}

/* What was usual at a time is known by what was before it: what came later changes nothing. */
static void
nothing_is_known_before_its_time(void **state)
{
	struct usual_walk *before, *after;
	const struct usual_point *p, *q;
	size_t n, m;

	(void)state;
	feed(2000, 1000);
	before = walk(METRIC_PROCESS_COUNT, T0, 60000);
	feed(2000, 3000);
	after = walk(METRIC_PROCESS_COUNT, T0, 60000);
	p = usual_walk_points(before, &n);
	q = usual_walk_points(after, &m);
	assert_true(m > n);
	/* the last step went on */
	for (size_t i = 0; i + 1 < n; i++)
		assert_memory_equal(&p[i], &q[i], sizeof(*p));
	usual_walk_free(before);
	usual_walk_free(after);
}

/* A step up is outside of the band, which stays where it was, until the level is adopted. */
static void
what_is_unusual_is_outside(void **state)
{
	const struct usual_point *p;
	struct usual_walk *w;
	int64_t up;
	size_t n;

	(void)state;
	feed(3000, 1000);
	up = now;
	feed(40, 3000);
	w = walk(METRIC_PROCESS_COUNT, up - HOUR, 5000);
	p = usual_walk_points(w, &n);
	ASSERT_NEAR(p[n - 1].mean, 1000, 30);
	assert_true(p[n - 1].high < 1500);
	usual_walk_free(w);
	feed(1500, 3000);
	w = walk(METRIC_PROCESS_COUNT, now - HOUR, 5000);
	p = usual_walk_points(w, &n);
	ASSERT_NEAR(p[n - 1].mean, 3000, 30);
	usual_walk_free(w);
}

static void
of_what_is_not_watched_there_is_none(void **state)
{
	struct usual_walk *w;
	size_t n;

	(void)state;
	feed(100, 1000);
	w = walk(METRIC_WALLCLOCK, T0, 5000);
	usual_walk_points(w, &n);
	assert_int_equal(n, 0);
	usual_walk_free(w);
	w = walk(METRIC_MQ_MAX, T0, 5000);
	usual_walk_points(w, &n);
	assert_int_equal(n, 0);
	usual_walk_free(w);
	/* nor before the baseline is warm */
	w = walk(METRIC_PROCESS_COUNT, T0, 5000);
	assert_true(usual_walk_points(w, &n)[0].time_ms >= T0 + 18 * 5000);
	assert_in_range(n, 75, 90);
	usual_walk_free(w);
}

/* Samples come, are sealed and expire while it goes on. */
static void
the_engine_lives_on_meanwhile(void **state)
{
	const struct usual_point *p;
	struct usual_walk *w;
	size_t n;

	(void)state;
	feed(WORLD_DAY, 1000);
	w = usual_walk_new(e, METRIC_PROCESS_COUNT, T0, now + HOUR, 300000);
	do
		feed(50, 1000);
	while (usual_walk_go(w));
	p = usual_walk_points(w, &n);
	assert_true(n > 250);
	for (size_t i = 0; i + 1 < n; i++)
		assert_true(p[i].time_ms < p[i + 1].time_ms);
	usual_walk_free(w);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_last_is_what_the_engine_has),
		TEST(nothing_is_known_before_its_time),
		TEST(what_is_unusual_is_outside),
		TEST(of_what_is_not_watched_there_is_none),
		TEST(the_engine_lives_on_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
