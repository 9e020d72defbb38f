/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/cascade.h"

#include <math.h>
#include <stdlib.h>

#include "analyze/chance.h"
#include "base/alloc.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define CHILDREN 40
#define ALL 5000

static struct {
	int64_t at;
	int child;
} events[ALL];
static unsigned count;
static struct trail trail;
static struct track tracks[CHILDREN];
static struct cascades found;
static unsigned ended;

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
	count = ended = 0;
	trail_init(&trail);
	found.count = 0;
	for (int i = 0; i < CHILDREN; i++)
		track_init(&tracks[i], &OWNER);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cascades_release(&found);
	trail_release(&trail);
	for (int i = 0; i < CHILDREN; i++) {
		assert_int_equal(tracks[i].refs, 1);
		track_unref(&tracks[i]);
	}
	return 0;
}

static void
add(int child, int64_t after_ms)
{
	events[count].child = child;
	events[count++].at = T0 + after_ms;
}

static void
noise(struct chance *c, int64_t to_ms, double mean_ms)
{
	for (int i = 0; i < CHILDREN; i++)
		for (double at = 0; (at -= mean_ms * log(chance_uniform(c))) < (double)to_ms;)
			add(i, (int64_t)at);
}

static int
by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
drain(int64_t now_ms)
{
	struct cascade *over;
	struct step s;

	while (trail_next(&trail, now_ms, &s)) {
		if (s.head && !s.crowded) {
			cascades_look(&found, &trail, &s, now_ms, CHILDREN, &over);
			ended += over != NULL;
			cascade_free(over);
		}
		track_unref(s.track);
	}
}

static void
look(void)
{
	qsort(events, count, sizeof(events[0]), by_time);
	for (unsigned i = 0; i < count; i++) {
		trail_add(&trail, &tracks[events[i].child], events[i].at, 1);
		drain(events[i].at);
	}
	drain(events[count - 1].at + 10 * MINUTE);
}

/* Four children fail after each other in eight rounds, in all others' noise; the third one is left out once. */
static void
related_children_are_found_in_their_order(void **state)
{
	struct chance c = { 1 };
	const struct cascade *k;

	(void)state;
	noise(&c, 24 * HOUR, 4.0 * HOUR);
	for (int i = 0; i < 8; i++) {
		int64_t at = HOUR * (2 + 2 * i) + (int64_t)(30 * MINUTE * chance_uniform(&c));

		add(7, at);
		add(3, at += 2000 + (int64_t)(2000 * chance_uniform(&c)));
		if (i != 4)
			add(12, at += 5000 + (int64_t)(8000 * chance_uniform(&c)));
		add(5, at + 9000);
	}
	look();
	assert_int_equal(found.count, 1);
	k = found.all[0];
	assert_int_equal(k->count, 4);
	assert_ptr_equal(k->members[0], &tracks[7]);
	assert_ptr_equal(k->members[1], &tracks[3]);
	assert_ptr_equal(k->members[2], &tracks[12]);
	assert_ptr_equal(k->members[3], &tracks[5]);
	assert_in_range(k->rounds, 8, 9);
	ASSERT_NEAR(k->delay_ms, 21000, 8000);
	assert_true(k->first_ms >= T0 && k->first_ms < T0 + 3 * HOUR);
	assert_true(k->last_ms > T0 + 16 * HOUR);
	assert_true(k->detected_ms > T0 + 6 * HOUR && k->detected_ms < T0 + 10 * HOUR);
	assert_true(k->log_p < -5);
	assert_true(cascade_is_active(k, k->last_ms + 4 * HOUR));
	assert_false(cascade_is_active(k, k->last_ms + 15 * HOUR));
}

/* As one_for_all and rest_for_one have it: within milliseconds. */
static void
siblings_of_a_strategy_are_found_after_three_rounds(void **state)
{
	struct chance c = { 2 };

	(void)state;
	noise(&c, 12 * HOUR, 6.0 * HOUR);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			add(20 + k, HOUR * (3 + 2 * i) + 30 * k);
	look();
	assert_int_equal(found.count, 1);
	assert_int_equal(found.all[0]->count, 3);
	assert_ptr_equal(found.all[0]->members[0], &tracks[20]);
}

static void
chance_is_no_cascade(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 10; seed++) {
		struct chance c = { 100 + seed };

		setup(state);
		noise(&c, 24 * HOUR, (double)(1 + seed) * HOUR);
		look();
		assert_int_equal(found.count, 0);
		teardown(state);
	}
	setup(state);
}

/* What is remembered of a long one are its latest rounds: it neither ends in the past, nor are its last rounds counted twice. */
static void
it_goes_on_for_hundreds_of_rounds(void **state)
{
	const int rounds = 304;
	const struct cascade *k;

	(void)state;
	for (int i = 0; i < rounds; i++) {
		add(1, 10 * MINUTE * i);
		add(2, 10 * MINUTE * i + 2000 + 7 * i);
		add(3, 10 * MINUTE * i + 5000 + 7 * i);
		add(4, 10 * MINUTE * i + 9000 + 7 * i);
	}
	look();
	assert_int_equal(found.count, 1);
	k = found.all[0];
	assert_int_equal(k->count, 4);
	assert_int_equal(k->rounds, rounds);
	assert_int_equal(k->first_ms, T0);
	assert_int_equal(k->last_ms, events[count - 1].at);
	assert_true(cascade_is_active(k, k->last_ms + 15 * MINUTE));
}

/* Two children in storms of their own, at the same times, again and again. */
static void
storms_at_a_time_are_no_cascade(void **state)
{
	struct chance c = { 4 };

	(void)state;
	noise(&c, 24 * HOUR, 5.0 * HOUR);
	for (int child = 1; child <= 2; child++)
		for (double at = 0; at < 10.0 * MINUTE; at -= 8000 * log(chance_uniform(&c)))
			add(child, 10 * HOUR + (int64_t)at);
	look();
	assert_int_equal(found.count, 0);
}

/* Of many pairs some are near each other three times in a day. */
static void
a_pair_needs_more_than_three_rounds(void **state)
{
	struct chance c = { 8 };

	(void)state;
	noise(&c, 24 * HOUR, 4.0 * HOUR);
	for (int i = 0; i < 3; i++) {
		add(1, (4 + 5 * i) * HOUR);
		add(2, (4 + 5 * i) * HOUR + 12000 + 3000 * i);
	}
	look();
	assert_int_equal(found.count, 0);
}

/* Rounds that follow each other as fast as a demonstration wants. */
static void
fast_rounds_are_found_too(void **state)
{
	struct chance c = { 5 };

	(void)state;
	for (int i = 0; i < 25; i++) {
		add(1, 12000 * i);
		add(2, 12000 * i + 800 + (int64_t)(400 * chance_uniform(&c)));
		if (i % 5 == 0)
			add(3 + i / 5, 12000 * i + 6000);
	}
	look();
	assert_int_equal(found.count, 1);
	assert_int_equal(found.all[0]->count, 2);
	assert_ptr_equal(found.all[0]->members[0], &tracks[1]);
	assert_in_range(found.all[0]->rounds, 24, 25);
}

/* Deploys restart everybody, always in another order. */
static void
deploys_are_no_cascade(void **state)
{
	struct chance c = { 6 };

	(void)state;
	noise(&c, 24 * HOUR, 5.0 * HOUR);
	for (int i = 0; i < 6; i++)
		for (int k = 0; k < CHILDREN; k++)
			add(k, HOUR * (2 + 3 * i) + (int64_t)(60000 * chance_uniform(&c)));
	look();
	assert_int_equal(found.count, 0);
}

static struct cascade *
empty_cascade(int64_t last_ms)
{
	struct cascade *c = xcalloc(1, sizeof(*c));

	c->last_ms = last_ms;
	return c;
}

/* More cascades than there is room for: the one that was seen longest ago goes. */
static void
the_oldest_makes_room(void **state)
{
	(void)state;
	for (int i = 0; i < CASCADES_MAX; i++)
		found.all[found.count++] = empty_cascade(T0 - CASCADES_MAX + i);
	for (int i = 0; i < 4; i++) {
		add(1, HOUR * i);
		add(2, HOUR * i + 500);
		add(3, HOUR * i + 900);
	}
	look();
	assert_int_equal(found.count, CASCADES_MAX);
	assert_int_equal(ended, 1);
	for (size_t i = 0; i < found.count; i++)
		assert_true(found.all[i]->last_ms != T0 - CASCADES_MAX);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(related_children_are_found_in_their_order),
		TEST(siblings_of_a_strategy_are_found_after_three_rounds),
		TEST(chance_is_no_cascade),
		TEST(it_goes_on_for_hundreds_of_rounds),
		TEST(storms_at_a_time_are_no_cascade),
		TEST(a_pair_needs_more_than_three_rounds),
		TEST(fast_rounds_are_found_too),
		TEST(deploys_are_no_cascade),
		TEST(the_oldest_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
