/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/correlate.h"

#include <math.h>

#include "analyze/chance.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define HOURS 12
#define SAMPLE 10000

static struct trail trail;
static struct track child, other;
static struct load load;
static struct correlation of_child, of_other;
static struct chance chance;

static void
not_freed(struct track *t)
{
	(void)t;
}

static const struct track_owner OWNER = { not_freed, not_freed };

static int
setup(void **state)
{
	(void)state;
	trail_init(&trail);
	track_init(&child, &OWNER);
	track_init(&other, &OWNER);
	load_init(&load, 0);
	of_child = of_other = (struct correlation) { 0 };
	chance = (struct chance) { 1 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	trail_release(&trail);
	track_unref(&child);
	track_unref(&other);
	return 0;
}

static void
drain(int64_t now_ms)
{
	struct step s;
	struct spike spike;
	struct hit h;
	uint64_t number;

	while (trail_next(&trail, now_ms, &s))
		track_unref(s.track);
	while (load_next(&load, &trail, &spike, &number)) {
		size_t index = 0;

		while (correlate_hit(&load, &trail, &spike, &index, &h)) {
			h.number = number;
			correlation_add(h.track == &child ? &of_child : &of_other, &load, &trail, &h, now_ms, 40);
		}
	}
}

/* A spike every 40 minutes, its top 5 minutes before the next one begins; each `fires`th one is followed by a restart of the child. The other one restarts as it likes. */
static void
run(int fires, int64_t lag_ms)
{
	for (int64_t i = 0; i < HOURS * 60 * MINUTE / SAMPLE; i++) {
		int64_t now = T0 + i * SAMPLE, phase = i % 240, round = i / 240;
		double spike = phase >= 180 && phase < 210 ? (double)(phase - 179) : 0;

		load_feed(&load, now, 30 + spike + chance_normal(&chance));
		if (phase == 209 && fires && round % fires == 0)
			trail_add(&trail, &child, now + lag_ms, 1);
		if (chance_uniform(&chance) < 0.01)
			trail_add(&trail, &other, now, 1);
		if (fires == 0 && chance_uniform(&chance) < 0.01)
			trail_add(&trail, &child, now, 1);
		drain(now);
	}
}

static void
restarts_after_tops_are_found(void **state)
{
	(void)state;
	run(1, 12000);
	assert_true(of_child.found);
	assert_int_equal(of_child.hits, 18);
	assert_true(of_child.detected_ms < T0 + 8 * 40 * MINUTE);
	assert_true(correlation_is_active(&of_child, &load));
	ASSERT_NEAR(correlation_fired(&of_child), 1, 1e-9);
	ASSERT_NEAR(of_child.lowest, 60, 3);
	ASSERT_NEAR(correlation_delay(&of_child), 12000, 20001);
	assert_false(of_other.found);
}

static void
some_spikes_may_pass(void **state)
{
	(void)state;
	run(2, 5000);
	assert_true(of_child.found);
	ASSERT_NEAR(correlation_fired(&of_child), 0.5, 0.05);
}

static void
restarts_at_any_time_are_none(void **state)
{
	(void)state;
	run(0, 0);
	assert_false(of_child.found);
	assert_false(of_other.found);
}

static void
restarts_long_after_tops_are_none(void **state)
{
	(void)state;
	run(1, 90000);
	assert_false(of_child.found);
}

static void
it_ends_when_spikes_pass_without_a_restart(void **state)
{
	(void)state;
	run(1, 8000);
	of_child.last_spike -= CORRELATE_SILENT;
	assert_false(correlation_is_active(&of_child, &load));
}

static void
values_that_are_none_and_times_that_go_back_are_left_out(void **state)
{
	struct spike spike;
	uint64_t number;

	(void)state;
	load_feed(&load, T0, NAN);
	load_feed(&load, T0, INFINITY);
	for (int i = 0; i < 100; i++) {
		load_feed(&load, T0 + i * SAMPLE, 10);
		load_feed(&load, T0 + i * SAMPLE - 5, 1000);
	}
	load_feed(&load, T0 + 100 * SAMPLE, 1000);
	load_feed(&load, T0 + 101 * SAMPLE, -INFINITY);
	load_feed(&load, T0 + 102 * SAMPLE, 10);
	assert_false(load_next(&load, &trail, &spike, &number));
	assert_int_equal(load.waiting, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(restarts_after_tops_are_found),
		TEST(some_spikes_may_pass),
		TEST(restarts_at_any_time_are_none),
		TEST(restarts_long_after_tops_are_none),
		TEST(it_ends_when_spikes_pass_without_a_restart),
		TEST(values_that_are_none_and_times_that_go_back_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
