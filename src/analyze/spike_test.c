/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/spike.h"

#include <math.h>

#include "analyze/chance.h"
#include "base/testing.h"

static struct spikes spikes;
static struct chance chance;
static struct spike last;
static int64_t now;

static int
setup(void **state)
{
	(void)state;
	spikes_init(&spikes, 0);
	chance = (struct chance) { 1 };
	now = 1000000;
	return 0;
}

static bool
feed(double value)
{
	return spikes_feed(&spikes, now += 5000, value, &last);
}

static unsigned
feed_usual(unsigned n)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++)
		found += feed(30 + 1.5 * chance_normal(&chance));
	return found;
}

static void
a_ramp_has_its_top_where_it_falls(void **state)
{
	int64_t top = 0;

	(void)state;
	feed_usual(200);
	for (int i = 1; i <= 60; i++) {
		assert_false(feed(30 + i));
		top = now;
	}
	assert_true(feed(45));
	assert_int_equal(last.top_ms, top);
	assert_in_range(last.rise_ms, top - 7 * 5000, top - 5 * 5000);
	assert_int_equal(last.end_ms, now);
	ASSERT_NEAR(last.top, 90, 1e-9);
	ASSERT_NEAR(last.level, 30, 1.5);
}

static void
a_plateau_has_risen_where_it_begins(void **state)
{
	int64_t rise;

	(void)state;
	feed_usual(200);
	assert_false(feed(50));
	assert_false(feed(75));
	rise = now;
	for (int i = 0; i < 30; i++)
		assert_false(feed(74 + i * 0.1));
	assert_true(feed(40));
	assert_int_equal(last.rise_ms, rise);
	assert_int_equal(last.top_ms, now - 5000);
}

static void
what_is_usual_is_no_spike(void **state)
{
	(void)state;
	assert_int_equal(feed_usual(20000), 0);
}

/* A day's rhythm moves the level. */
static void
a_slow_wave_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * 17280; i++)
		assert_false(feed(30 + 8 * sin(i * 6.2831853 / 17280) + chance_normal(&chance)));
}

static void
a_new_level_is_none(void **state)
{
	(void)state;
	feed_usual(200);
	for (int i = 0; i < 1000; i++)
		assert_false(feed(80 + chance_normal(&chance)));
	/* It is where the next one is seen from. */
	assert_false(feed(120));
	assert_true(feed(80));
	ASSERT_NEAR(last.level, 80, 4);
}

static void
a_constant_that_moves_a_little_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++)
		assert_false(feed(100));
	assert_false(feed(104));
	assert_false(feed(100));
	assert_false(feed(110));
	assert_true(feed(100));
	spikes_init(&spikes, 20);
	for (int i = 0; i < 500; i++)
		assert_false(feed(0));
	assert_false(feed(19));
	assert_false(feed(0));
	assert_false(feed(21));
	assert_true(feed(0));
}

static void
a_spike_with_a_gap_in_it_is_forgotten(void **state)
{
	(void)state;
	feed_usual(200);
	assert_false(feed(90));
	spikes_gap(&spikes);
	assert_false(feed(30));
	assert_int_equal(feed_usual(100), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_ramp_has_its_top_where_it_falls, setup),
		cmocka_unit_test_setup(a_plateau_has_risen_where_it_begins, setup),
		cmocka_unit_test_setup(what_is_usual_is_no_spike, setup),
		cmocka_unit_test_setup(a_slow_wave_is_none, setup),
		cmocka_unit_test_setup(a_new_level_is_none, setup),
		cmocka_unit_test_setup(a_constant_that_moves_a_little_is_none, setup),
		cmocka_unit_test_setup(a_spike_with_a_gap_in_it_is_forgotten, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
