/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/beat.h"

#include "analyze/chance.h"
#include "base/testing.h"

#define START_MS INT64_C(1700000000000)
#define INTERVAL_MS 600000

static void
test_the_next_beat_of_a_clock(void **state)
{
	struct beat_forecast f;
	int64_t times[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		times[i] = START_MS + (int64_t)i * INTERVAL_MS;
	assert_true(beat_next(times, 10, times[9], 601000, 0.01, times[9] + 1000, 0.8, &f));
	assert_int_equal(f.beats, 10);
	ASSERT_NEAR(f.interval_ms, INTERVAL_MS, 1);
	ASSERT_NEAR(f.middle_ms, times[9] + INTERVAL_MS, 1);
	ASSERT_NEAR(f.low_ms, f.high_ms, 1);
}

static void
test_other_restarts_are_no_beats(void **state)
{
	struct beat_forecast f;
	int64_t times[16];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 12; i++) {
		if (i % 5 != 2)
			times[n++] = START_MS + (int64_t)i * INTERVAL_MS;
		if (i % 4 == 1)
			times[n++] = START_MS + (int64_t)i * INTERVAL_MS + INTERVAL_MS / 2;
	}
	assert_true(
	    beat_next(times, n, START_MS + INT64_C(11) * INTERVAL_MS, INTERVAL_MS, 0.05, times[n - 1] + 1, 0.8, &f));
	assert_int_equal(f.beats, 10);
	ASSERT_NEAR(f.middle_ms, START_MS + INT64_C(12) * INTERVAL_MS, 1000);
	/* One in five was left out: the interval reaches to the beat behind. */
	assert_true(f.high_ms > f.middle_ms + INTERVAL_MS / 2);
}

/* Whoever names the last beat may not know the newest yet. */
static void
test_newer_beats_are_seen(void **state)
{
	struct beat_forecast f;
	int64_t times[11];

	(void)state;
	for (int i = 0; i < 10; i++)
		times[i] = START_MS + (int64_t)i * INTERVAL_MS;
	times[10] = times[9] + INTERVAL_MS / 3;
	assert_true(beat_next(times, 11, times[7], INTERVAL_MS, 0.01, times[10], 0.8, &f));
	assert_int_equal(f.beats, 10);
	ASSERT_NEAR(f.middle_ms, times[9] + INTERVAL_MS, 1);
}

static void
test_few_beats_foretell_nothing(void **state)
{
	struct beat_forecast f;
	int64_t times[] = { START_MS, START_MS + INTERVAL_MS, START_MS + 2 * INTERVAL_MS };

	(void)state;
	assert_false(beat_next(times, 3, times[2], INTERVAL_MS, 0.05, times[2], 0.8, &f));
	assert_false(beat_next(times, 0, START_MS, INTERVAL_MS, 0.05, START_MS, 0.8, &f));
}

static void
test_the_overdue_has_ended(void **state)
{
	struct beat_forecast f;
	int64_t times[10];

	(void)state;
	for (int i = 0; i < 10; i++)
		times[i] = START_MS + (int64_t)i * INTERVAL_MS;
	assert_true(beat_next(times, 10, times[9], INTERVAL_MS, 0.05, times[9] + INTERVAL_MS - 1, 0.8, &f));
	assert_false(beat_next(times, 10, times[9], INTERVAL_MS, 0.05, times[9] + INT64_C(20) * INTERVAL_MS, 0.8, &f));
}

/* held is how many of 400 next beats lie in their interval of 80 %. */
static unsigned
held(bool drift, double jitter)
{
	struct chance c = { 21 };
	unsigned n = 0;

	for (int run = 0; run < 400; run++) {
		int64_t times[21];
		double at = 0;
		struct beat_forecast f;

		for (int i = 0; i < 21; i++) {
			double off = jitter * INTERVAL_MS * chance_normal(&c);

			at = drift ? at + INTERVAL_MS + off : (double)i * INTERVAL_MS + off;
			times[i] = START_MS + (int64_t)at;
		}
		assert_true(beat_next(times, 20, times[19], INTERVAL_MS, jitter, times[19], 0.8, &f));
		n += (double)times[20] >= f.low_ms && (double)times[20] <= f.high_ms;
	}
	return n;
}

static void
test_four_in_five_intervals_hold(void **state)
{
	(void)state;
	assert_in_range(held(false, 0.02), 296, 344);
	assert_in_range(held(false, 0.08), 296, 344);
	assert_in_range(held(true, 0.02), 296, 344);
	assert_in_range(held(true, 0.08), 296, 344);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_next_beat_of_a_clock),
		cmocka_unit_test(test_other_restarts_are_no_beats),
		cmocka_unit_test(test_newer_beats_are_seen),
		cmocka_unit_test(test_few_beats_foretell_nothing),
		cmocka_unit_test(test_the_overdue_has_ended),
		cmocka_unit_test(test_four_in_five_intervals_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
