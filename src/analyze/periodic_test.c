/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/periodic.h"

#include <math.h>
#include <stdlib.h>

#include "analyze/beat_chain.h"
#include "analyze/chance.h"
#include "analyze/trail.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define ALL 2000

static int64_t times[ALL];
static unsigned count;

static int
by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
add(double after_ms)
{
	times[count++] = T0 + (int64_t)after_ms;
}

/* beats adds n of them; of a locked clock, or of one that drifts; some missed. */
static void
beats(struct chance *c, double from_ms, unsigned n, double period_ms, double jitter, double missed, bool locked)
{
	double at = from_ms;

	for (unsigned i = 0; i < n; i++) {
		if (chance_uniform(c) >= missed)
			add(locked ? at + period_ms * jitter * chance_normal(c) : at);
		at += period_ms * (locked ? 1 : 1 + jitter * chance_normal(c));
	}
}

static void
noise(struct chance *c, double to_ms, double mean_ms)
{
	for (double at = 0; (at -= mean_ms * log(chance_uniform(c))) < to_ms;)
		add(at);
}

/* look judges all restarts in order, as they would come; returns how many patterns ended. */
static unsigned
look(struct periodic *p)
{
	struct periodic ended;
	unsigned over = 0;

	qsort(times, count, sizeof(times[0]), by_time);
	for (unsigned i = 1; i <= count; i++) {
		unsigned from = i > TRAIL_TIMES ? i - TRAIL_TIMES : 0;

		over += periodic_look(p, times + from, i - from, times[i - 1] + 130000, 50, &ended);
	}
	return over;
}

static void
a_clock_is_found_with_its_interval(void **state)
{
	static const double jitters[] = { 0, 0.01, 0.05, 0.1 };

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		for (int locked = 0; locked < 2; locked++) {
			struct chance c = { 7 + i };
			struct periodic p = { .found = false };

			count = 0;
			beats(&c, 0, 40, 7.0 * MINUTE, jitters[i], 0.1, locked);
			assert_int_equal(look(&p), 0);
			assert_true(p.found);
			ASSERT_NEAR(p.period_ms / (7.0 * MINUTE), 1, 0.05);
			assert_in_range(p.beats, 30, 40);
			assert_in_range(p.missed, 0, 9);
			ASSERT_NEAR(p.jitter, jitters[i], 0.03);
			assert_true(p.first_ms < T0 + 30 * MINUTE && p.last_ms > T0 + 240 * MINUTE);
			assert_true(p.detected_ms > p.first_ms && p.detected_ms < p.last_ms + 130001);
			assert_true(periodic_is_active(&p, p.last_ms + 40 * MINUTE));
			assert_false(periodic_is_active(&p, p.last_ms + 60 * MINUTE));
		}
}

static void
other_restarts_do_not_hide_it(void **state)
{
	struct chance c = { 3 };
	struct periodic p = { .found = false };

	(void)state;
	count = 0;
	noise(&c, 24 * 60 * MINUTE, 90 * MINUTE);
	beats(&c, 8 * 60 * MINUTE, 30, 20 * MINUTE, 0.05, 0.15, false);
	look(&p);
	assert_true(p.found);
	ASSERT_NEAR(p.period_ms / (20 * MINUTE), 1, 0.05);
}

/* The quick restarts around a beat are no beats. */
static void
bursts_do_not_hide_it(void **state)
{
	struct periodic p = { .found = false };

	(void)state;
	count = 0;
	for (int i = 0; i < 20; i++)
		for (int k = 0; k <= i % 3; k++)
			add((double)(10 * MINUTE * i + 9000 * k));
	look(&p);
	assert_true(p.found);
	ASSERT_NEAR(p.period_ms, 10 * MINUTE, 3000);
	assert_int_equal(p.beats, 20);
}

static void
chance_is_no_clock(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct chance c = { seed };
		struct periodic p = { .found = false };

		count = 0;
		noise(&c, 24 * 60 * MINUTE, (double)(10 + seed) * MINUTE);
		look(&p);
		found += p.found;
	}
	/* Of 200 children, four times the number that is accounted for, one in twenty fifties may be. */
	assert_in_range(found, 0, 1);
}

/* Storms, whose heads are five seconds apart or a little more, however long they last; and the double of an interval that is too short. */
static void
a_storm_is_no_clock(void **state)
{
	static const double jitters[] = { 0, 0.02, 0.3 };

	(void)state;
	for (double gap = 5000; gap <= 11000; gap += 500)
		for (unsigned i = 0; i < 3; i++) {
			struct chance c = { 50 + i };
			struct periodic p = { .found = false };

			count = 0;
			beats(&c, 0, 400, gap, jitters[i], 0, false);
			assert_int_equal(look(&p), 0);
			assert_false(p.found);
		}
}

static void
five_beats_say_nothing(void **state)
{
	struct periodic p = { .found = false };

	(void)state;
	count = 0;
	for (int i = 0; i < PERIODIC_BEATS - 1; i++)
		add((double)(10 * MINUTE * i));
	look(&p);
	assert_false(p.found);
}

static void
a_long_one_goes_on_counting(void **state)
{
	struct chance c = { 1 };
	struct periodic p = { .found = false };

	(void)state;
	count = 0;
	beats(&c, 0, 1000, 5 * MINUTE, 0.02, 0, false);
	assert_int_equal(look(&p), 0);
	assert_true(p.found);
	assert_int_equal(p.first_ms, T0);
	assert_in_range(p.beats, 950, 1000);
	assert_int_equal(p.last_ms, times[count - 1]);
}

static void
another_interval_is_another_pattern(void **state)
{
	struct chance c = { 5 };
	struct periodic p = { .found = false };

	(void)state;
	count = 0;
	beats(&c, 0, 30, 5 * MINUTE, 0.01, 0, true);
	beats(&c, 2000 * MINUTE, 30, 13 * MINUTE, 0.01, 0, true);
	assert_int_equal(look(&p), 1);
	ASSERT_NEAR(p.period_ms / (13 * MINUTE), 1, 0.02);
	assert_int_equal(p.first_ms, times[30]);
}

/* What is no time at all, as a reader of files may give it, harms nobody. */
static void
restarts_of_one_moment_are_borne(void **state)
{
	struct periodic p = { .found = false };
	struct beat_chain r;

	(void)state;
	count = 0;
	for (int i = 0; i < 100; i++)
		add(0);
	add(1);
	add((double)INT64_C(9000000000000));
	look(&p);
	assert_false(p.found);
	beat_chain_find(times, 5, 1000, 0, &r);
	assert_true(r.evidence <= 0 || isfinite(r.evidence));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_is_found_with_its_interval),
		cmocka_unit_test(other_restarts_do_not_hide_it),
		cmocka_unit_test(bursts_do_not_hide_it),
		cmocka_unit_test(chance_is_no_clock),
		cmocka_unit_test(a_storm_is_no_clock),
		cmocka_unit_test(five_beats_say_nothing),
		cmocka_unit_test(a_long_one_goes_on_counting),
		cmocka_unit_test(another_interval_is_another_pattern),
		cmocka_unit_test(restarts_of_one_moment_are_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
