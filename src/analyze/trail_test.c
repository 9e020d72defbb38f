/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/trail.h"

#include <string.h>

#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define CHILDREN 40

static struct trail trail;
static struct track tracks[CHILDREN];
static unsigned freed;

static void
count_free(struct track *t)
{
	(void)t;
	freed++;
}

static void
not_left(struct track *t)
{
	(void)t;
}

static const struct track_owner OWNER = { not_left, count_free };

static int
setup(void **state)
{
	(void)state;
	trail_init(&trail);
	freed = 0;
	for (int i = 0; i < CHILDREN; i++)
		track_init(&tracks[i], &OWNER);
	return 0;
}

/* Whatever was done, nobody holds a child any more. */
static int
teardown(void **state)
{
	(void)state;
	trail_release(&trail);
	for (int i = 0; i < CHILDREN; i++)
		track_unref(&tracks[i]);
	assert_int_equal(freed, CHILDREN);
	return 0;
}

static void
add(int child, int64_t after_ms)
{
	trail_add(&trail, &tracks[child], T0 + after_ms, 1);
}

/* next gives the next settled step without its reference. */
static bool
next(int64_t now_ms, struct step *s)
{
	bool any = trail_next(&trail, T0 + now_ms, s);

	if (any)
		track_unref(s->track);
	return any;
}

static void
steps_settle_in_the_order_of_their_times(void **state)
{
	static const int64_t late[] = { 50000, 10000, 40000, 10000, 0 };
	static const int64_t order[] = { 0, 10000, 10000, 40000, 50000 };
	struct step s;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		add((int)i, late[i]);
	assert_false(next(TRAIL_SETTLED_MS - 1, &s));
	for (size_t i = 0; i < 5; i++) {
		assert_true(next(50000 + TRAIL_SETTLED_MS, &s));
		assert_int_equal(s.time_ms, T0 + order[i]);
		assert_true(s.head);
		assert_false(s.crowded);
	}
	assert_false(next(50000 + TRAIL_SETTLED_MS, &s));
	assert_int_equal(trail_settled_ms(&trail), T0 + 50000);
	assert_int_equal(trail_log_count(&trail), 5);
	assert_int_equal(trail_find(&trail, T0 + 10001), 3);
	assert_ptr_equal(trail_log(&trail, 1)->track, &tracks[1]);
}

static void
what_comes_too_late_comes_as_late_as_it_may(void **state)
{
	struct step s;

	(void)state;
	add(0, 100000);
	assert_false(next(100000 + TRAIL_SCANNED_MS, &s));
	add(1, 0);
	assert_true(next(100000 + TRAIL_SETTLED_MS, &s));
	assert_ptr_equal(s.track, &tracks[0]);
	assert_true(next(100000 + TRAIL_SETTLED_MS, &s));
	assert_ptr_equal(s.track, &tracks[1]);
	assert_int_equal(s.time_ms, T0 + 100000);
}

static void
many_children_within_a_minute_are_a_crowd(void **state)
{
	struct step s;
	unsigned crowded = 0;

	(void)state;
	add(30, 0);
	for (int i = 0; i < TRAIL_CROWD; i++)
		add(i, 100000 + 8000 * i);
	add(31, 100000 + 60001 + 56000);
	while (next(600000, &s)) {
		assert_int_equal(s.crowded, s.track < &tracks[TRAIL_CROWD]);
		crowded += s.crowded;
	}
	assert_int_equal(crowded, TRAIL_CROWD);
	assert_int_equal(trail_log_count(&trail), 2);
	assert_int_equal(tracks[0].count, 0);
}

static void
fewer_children_are_none_nor_as_many_in_more_time(void **state)
{
	struct step s;

	(void)state;
	for (int i = 0; i < TRAIL_CROWD - 1; i++)
		for (int k = 0; k < 3; k++)
			add(i, 100 * i + 10 * k);
	for (int i = 0; i < CHILDREN; i++)
		add(i, 200000 + 9000 * i);
	while (next(900000, &s))
		assert_false(s.crowded);
}

/* On a node where ten children fail each minute, eight are no crowd. */
static void
a_crowd_is_more_than_usual(void **state)
{
	struct step s;
	int64_t at = 0;

	(void)state;
	for (int i = 0; i < 1200; i++, at += 6000) {
		add(i % CHILDREN, at);
		while (next(at, &s))
			assert_false(s.crowded && i > 100);
	}
	for (int i = 0; i < 12; i++)
		add(i, at + i);
	while (next(at + 600000, &s))
		if (s.time_ms >= T0 + at)
			assert_false(s.crowded);
}

static void
only_the_first_of_a_burst_is_a_head(void **state)
{
	static const int64_t at[] = { 0, 4999, 5000, 5001, 70000 };
	static const bool head[] = { true, false, true, false, true };
	struct step s;

	(void)state;
	for (int i = 0; i < 5; i++)
		add(0, at[i]);
	for (int i = 0; i < 5; i++) {
		assert_true(next(300000, &s));
		assert_int_equal(s.head, head[i]);
	}
	assert_int_equal(tracks[0].count, 3);
	assert_int_equal(tracks[0].heads, 3);
	assert_int_equal(tracks[0].spells, 2);
	ASSERT_NEAR(track_rate(&tracks[0], &trail, T0 + 1000000), 3e-6, 1e-12);
	/* A minute has not seen enough to tell a rate. */
	ASSERT_NEAR(track_rate(&tracks[0], &trail, T0 + 60000), 3.0 / 300000, 1e-12);
}

static void
what_was_no_restart_is_taken_back(void **state)
{
	struct step s;

	(void)state;
	add(0, 0);
	trail_add(&trail, &tracks[1], T0 + 10, 3);
	trail_take(&trail, &tracks[0], T0);
	trail_take(&trail, &tracks[1], T0 + 10);
	trail_take(&trail, &tracks[1], T0 + 11);
	assert_true(next(300000, &s));
	assert_int_equal(s.times, 0);
	assert_false(s.head);
	assert_true(next(300000, &s));
	assert_int_equal(s.times, 2);
	assert_true(s.head);
}

static void
a_flood_of_one_child_is_folded_and_nothing_of_it_is_lost(void **state)
{
	uint64_t all = 0;
	int64_t last_ms = 0;
	struct step s;
	size_t waiting = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		trail_add(&trail, &tracks[0], T0 + i / 100, 1);
	while (trail_waiting(&trail, waiting))
		waiting++;
	assert_int_equal(waiting, TRAIL_FOLD);
	while (next(300000, &s)) {
		all += s.times;
		last_ms = s.last_ms > last_ms ? s.last_ms : last_ms;
	}
	assert_int_equal(all, 100000);
	assert_int_equal(last_ms, T0 + 999);
}

static void
a_flood_has_one_head_however_long_it_lasts(void **state)
{
	struct step s;

	(void)state;
	for (int at = 0; at < 1000000; at += 100) {
		add(0, at);
		while (next(at, &s))
			;
	}
	while (next(1500000, &s))
		;
	assert_in_range(tracks[0].count, 1, 3);
	add(0, 2000000);
	assert_true(next(2500000, &s));
	assert_true(s.head);
}

static void
a_flood_of_many_settles_early(void **state)
{
	uint64_t all = 0;
	struct step s;
	size_t most = 0, waiting;

	(void)state;
	for (int i = 0; i < 3 * TRAIL_WAITING; i++) {
		struct track *t = &tracks[i % CHILDREN];

		t->waiting = 0; /* as if they were as many children */
		trail_add(&trail, t, T0 + i, 1);
		while (trail_next(&trail, T0 + i, &s)) {
			all += s.times;
			track_unref(s.track);
		}
		waiting = trail.count;
		most = waiting > most ? waiting : most;
	}
	for (int i = 0; i < CHILDREN; i++)
		tracks[i].waiting = TRAIL_FOLD;
	while (next(900000, &s))
		all += s.times;
	assert_int_equal(all, 3 * TRAIL_WAITING);
	assert_in_range(most, 1, TRAIL_WAITING);
}

static void
the_log_keeps_the_last_ones(void **state)
{
	struct step s;

	(void)state;
	for (int i = 0; i < TRAIL_LOG + 100; i++) {
		add(i % CHILDREN, INT64_C(60000) * i);
		while (next(INT64_C(60000) * i, &s))
			;
	}
	while (next(INT64_C(60000) * (TRAIL_LOG + 1000), &s))
		;
	assert_int_equal(trail_log_count(&trail), TRAIL_LOG);
	assert_int_equal(trail_log(&trail, 0)->time_ms, T0 + INT64_C(60000) * 100);
	assert_int_equal(tracks[0].count, TRAIL_TIMES);
	assert_int_equal(trail_newest_ms(&trail), T0 + INT64_C(60000) * (TRAIL_LOG + 1000) - TRAIL_SETTLED_MS);
	assert_int_equal(trail_began_ms(&trail), T0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(steps_settle_in_the_order_of_their_times),
		TEST(what_comes_too_late_comes_as_late_as_it_may),
		TEST(many_children_within_a_minute_are_a_crowd),
		TEST(fewer_children_are_none_nor_as_many_in_more_time),
		TEST(a_crowd_is_more_than_usual),
		TEST(only_the_first_of_a_burst_is_a_head),
		TEST(what_was_no_restart_is_taken_back),
		TEST(a_flood_of_one_child_is_folded_and_nothing_of_it_is_lost),
		TEST(a_flood_has_one_head_however_long_it_lasts),
		TEST(a_flood_of_many_settles_early),
		TEST(the_log_keeps_the_last_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
