/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/pairing.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)
#define MANY 20000

static struct pairing p;
static struct pairing_report reports[MANY];

static int
setup(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	memset(reports, 0, sizeof(reports));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pairing_release(&p);
	return 0;
}

static void
wait(int i, int64_t ms)
{
	pairing_wait(&p, PAIRING_BY_HAND, &reports[i], T0 + ms, 1);
}

/* meet is the index of the report that one of the other side meets; -1: none, -2: one that is not kept. */
static long
meet(int64_t ms)
{
	struct pairing_report *met;

	if (pairing_meet(&p, PAIRING_BY_HAND, T0 + ms, 1, &met) == 0)
		return -1;
	return met ? met - reports : -2;
}

static void
oldest_first_and_each_once(void **state)
{
	(void)state;
	assert_int_equal(meet(0), -1);
	for (int i = 0; i < 3; i++)
		wait(i, 1000 * i);
	for (int i = 0; i < 3; i++)
		assert_int_equal(meet(2000), i);
	assert_int_equal(meet(2000), -1);
	assert_null(p.sides[PAIRING_BY_HAND].buckets);
}

static void
sides_are_apart(void **state)
{
	struct pairing_report *met;

	(void)state;
	wait(0, 0);
	assert_int_equal(pairing_meet(&p, PAIRING_CAUGHT, T0, 1, &met), 0);
	assert_int_equal(meet(0), 0);
}

static void
span_is_exact_both_ways(void **state)
{
	(void)state;
	wait(0, 50);
	assert_int_equal(meet(5051), -1);
	assert_int_equal(meet(-4951), -1);
	assert_int_equal(meet(5050), 0);
	wait(0, 50);
	assert_int_equal(meet(-4950), 0);
}

/* The first in the bucket at the edge is too old, the second is not. */
static void
edge_is_looked_into(void **state)
{
	(void)state;
	wait(0, 10);
	wait(1, 90);
	assert_int_equal(meet(5050), 1);
	assert_int_equal(meet(5050), -1);
	assert_int_equal(meet(5000), 0);
}

static void
late_ones_find_their_place(void **state)
{
	(void)state;
	wait(0, 30000);
	wait(1, 10000);
	wait(2, 20000);
	assert_int_equal(meet(12000), 1);
	assert_int_equal(meet(22000), 2);
	assert_int_equal(meet(32000), 0);
}

static void
those_not_kept_are_counted_on(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++) {
		wait(i, i / 10);
		if (i >= 100)
			pairing_forget(&reports[i - 100]);
	}
	for (int i = 0; i < MANY - 100; i++)
		assert_int_equal(meet(2500), -2);
	for (int i = MANY - 100; i < MANY; i++)
		assert_int_equal(meet(2500), i);
	assert_int_equal(meet(2500), -1);
}

static void
folded_ones_meet_as_often_as_they_stand_for(void **state)
{
	struct pairing_report *met;

	(void)state;
	pairing_wait(&p, PAIRING_BY_HAND, &reports[0], T0, 5);
	assert_int_equal(pairing_meet(&p, PAIRING_BY_HAND, T0, 2, &met), 2);
	assert_int_equal(pairing_meet(&p, PAIRING_BY_HAND, T0, 100, &met), 3);
	assert_ptr_equal(met, &reports[0]);
	assert_int_equal(meet(0), -1);
}

static void
waiting_ends_with_time(void **state)
{
	(void)state;
	wait(0, 0);
	wait(1, 1000);
	pairing_expire(&p, T0 + PAIRING_LATE_MS + 500);
	assert_int_equal(meet(0), 1);
	pairing_forget(&reports[0]);
	pairing_forget(&reports[1]);
	wait(2, 0);
	pairing_expire(&p, T0 + 2 * PAIRING_LATE_MS);
	assert_null(p.sides[PAIRING_BY_HAND].buckets);
}

static void
bounded(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++)
		wait(i, (int64_t)i * PAIRING_BUCKET_MS);
	assert_int_equal(p.sides[PAIRING_BY_HAND].count, PAIRING_MAX_BUCKETS);
	for (int i = 0; i < MANY; i++)
		pairing_forget(&reports[i]);
	/* Older than all that are there: it takes the place of the oldest. */
	pairing_wait(&p, PAIRING_BY_HAND, &reports[0], T0, 1);
	assert_int_equal(p.sides[PAIRING_BY_HAND].count, PAIRING_MAX_BUCKETS);
	assert_int_equal(meet(0), 0);
}

/* Any order, any sizes: as a plain list decides, where that is clear to a bucket's length. */
static void
random_reports_as_by_a_plain_list(void **state)
{
	static int64_t waiting[2000];
	int count = 0;

	(void)state;
	srand(7);
	for (int i = 0; i < 2000; i++) {
		int64_t ms = (int64_t)(rand() % 200) * PAIRING_BUCKET_MS;
		int best = -1;

		if (rand() % 2) {
			wait(i, ms);
			waiting[count++] = ms;
			continue;
		}
		for (int k = 0; k < count; k++)
			if (llabs(waiting[k] - ms) <= PAIRING_SPAN_MS && (best < 0 || waiting[k] < waiting[best]))
				best = k;
		assert_int_equal(meet(ms) >= 0, best >= 0);
		if (best >= 0)
			waiting[best] = waiting[--count];
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(oldest_first_and_each_once),
		TEST(sides_are_apart),
		TEST(span_is_exact_both_ways),
		TEST(edge_is_looked_into),
		TEST(late_ones_find_their_place),
		TEST(those_not_kept_are_counted_on),
		TEST(folded_ones_meet_as_often_as_they_stand_for),
		TEST(waiting_ends_with_time),
		TEST(bounded),
		TEST(random_reports_as_by_a_plain_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
