/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/boots.h"

#include <string.h>

#include "base/testing.h"

#define T0 INT64_C(1705573800000) /* a whole minute */
#define HOUR INT64_C(3600000)

static struct engine *e;
static int64_t now;
static struct boots boots;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	now = T0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	return 0;
}

/* live feeds samples until that long from T0, of a VM that booted then. */
static void
live(int64_t booted_ms, int64_t until_ms)
{
	struct sample s = { .time_ms = 0 };

	for (; now < T0 + until_ms; now += 5000) {
		s.time_ms = now;
		sample_set(&s, METRIC_WALLCLOCK, (double)(now - T0 - booted_ms));
		engine_feed(e, now, &s);
	}
}

static void
find(int64_t from_ms, int64_t to_ms)
{
	boots_find(e, now, T0 + from_ms, T0 + to_ms, &boots);
}

static void
a_boot_is_told_once(void **state)
{
	(void)state;
	live(-HOUR, HOUR);
	now += 7000;
	live(HOUR + 3000, 3 * HOUR);
	find(0, 3 * HOUR);
	assert_int_equal(boots.boot_count, 1);
	assert_int_equal(boots.boots[0].booted_ms, T0 + HOUR + 3000);
	assert_int_equal(boots.boots[0].lost_ms, T0 + HOUR - 5000);
	assert_int_equal(boots.unseen_count, 0);
	/* what was before the time is known, and no boot in it */
	find(HOUR + 10000, 3 * HOUR);
	assert_int_equal(boots.boot_count, 0);
	find(HOUR, 2 * HOUR);
	assert_int_equal(boots.boot_count, 1);
	assert_int_equal(boots.boots[0].lost_ms, T0 + HOUR - 5000);
}

/* The first that is seen of a node is that it has booted just before. */
static void
a_boot_before_the_first_sample(void **state)
{
	(void)state;
	now += HOUR;
	live(HOUR - 60000, 2 * HOUR);
	find(0, 2 * HOUR);
	assert_int_equal(boots.boot_count, 1);
	assert_int_equal(boots.boots[0].booted_ms, T0 + HOUR - 60000);
	assert_int_equal(boots.boots[0].lost_ms, 0);
	assert_int_equal(boots.unseen_count, 0);
}

/* It was down for so long that the new VM has been up for longer than the old one had been. */
static void
a_boot_while_nobody_looked(void **state)
{
	(void)state;
	live(-60000, HOUR);
	now += 10 * HOUR;
	live(2 * HOUR, 12 * HOUR);
	find(0, 12 * HOUR);
	assert_int_equal(boots.boot_count, 1);
	assert_int_equal(boots.boots[0].booted_ms, T0 + 2 * HOUR);
	assert_int_equal(boots.unseen_count, 1);
	assert_int_equal(boots.unseen[0].start_ms, T0 + HOUR - 5000);
	assert_int_equal(boots.unseen[0].end_ms, T0 + 11 * HOUR);
}

static void
a_node_that_is_not_seen(void **state)
{
	(void)state;
	find(0, HOUR);
	assert_int_equal(boots.unseen_count, 0);
	live(-HOUR, HOUR);
	now += HOUR;
	find(0, 2 * HOUR);
	assert_int_equal(boots.unseen_count, 1);
	assert_int_equal(boots.unseen[0].end_ms, 0);
	find(0, HOUR + 600000);
	assert_int_equal(boots.unseen[0].end_ms, T0 + HOUR + 600000);
	find(0, HOUR + 20000);
	assert_int_equal(boots.unseen_count, 0);
	find(3 * HOUR, 4 * HOUR);
	assert_int_equal(boots.unseen_count, 0);
}

/* Whatever is asked for: the newest are told, of what is kept. */
static void
the_newest_of_many(void **state)
{
	(void)state;
	for (int i = 0; i < BOOTS_MAX + 5; i++) {
		live(i * INT64_C(180000) + 1000, i * INT64_C(180000) + 100000);
		now = T0 + (i + 1) * INT64_C(180000) + 2000;
	}
	find(-1000 * INT64_C(86400000) * 365, 100 * HOUR);
	assert_int_equal(boots.boot_count, BOOTS_MAX);
	assert_int_equal(boots.boots_left_out, 5);
	assert_int_equal(boots.boots[BOOTS_MAX - 1].booted_ms, T0 + (BOOTS_MAX + 4) * INT64_C(180000) + 1000);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_boot_is_told_once),
		TEST(a_boot_before_the_first_sample),
		TEST(a_boot_while_nobody_looked),
		TEST(a_node_that_is_not_seen),
		TEST(the_newest_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
