/* SPDX-License-Identifier: Apache-2.0 */
#include "eventlog.h"

#include "base/testing.h"

#define FIRST UINT64_C(1000)

static void
add(struct eventlog *l, int n)
{
	for (int i = 0; i < n; i++)
		eventlog_add(l, node_event_new(EVENT_NODE, SEVERITY_LOW, "a@h", i));
}

static void
ids_are_consecutive(void **state)
{
	struct eventlog *l = eventlog_new(10, FIRST);
	uint64_t cursor = FIRST, dropped = 9;

	(void)state;
	assert_int_equal(eventlog_last_id(l), FIRST);
	assert_null(eventlog_next(l, &cursor, &dropped));
	assert_int_equal(dropped, 0);
	add(l, 3);
	assert_int_equal(eventlog_last_id(l), FIRST + 3);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(eventlog_next(l, &cursor, &dropped)->id, FIRST + i);
		assert_int_equal(cursor, FIRST + i);
		assert_int_equal(dropped, 0);
	}
	assert_null(eventlog_next(l, &cursor, NULL));
	eventlog_free(l);
}

static void
slow_reader_loses_the_oldest_and_knows(void **state)
{
	struct eventlog *l = eventlog_new(4, FIRST);
	uint64_t cursor = FIRST + 1, dropped;

	(void)state;
	add(l, 10);
	assert_int_equal(eventlog_next(l, &cursor, &dropped)->id, FIRST + 7);
	assert_int_equal(dropped, 5);
	assert_int_equal(eventlog_next(l, &cursor, &dropped)->id, FIRST + 8);
	assert_int_equal(dropped, 0);
	eventlog_free(l);
}

static void
cursor_of_an_earlier_run_is_not_counted(void **state)
{
	struct eventlog *l = eventlog_new(4, FIRST);
	uint64_t cursor = 5, dropped;

	(void)state;
	add(l, 2);
	assert_int_equal(eventlog_next(l, &cursor, &dropped)->id, FIRST + 1);
	assert_int_equal(dropped, 0);
	cursor = 0;
	add(l, 4);
	assert_int_equal(eventlog_next(l, &cursor, &dropped)->id, FIRST + 3);
	assert_int_equal(dropped, 2);
	eventlog_free(l);
}

static void
cursor_ahead_of_us_gets_nothing(void **state)
{
	struct eventlog *l = eventlog_new(4, FIRST);
	uint64_t cursor = UINT64_MAX, dropped;

	(void)state;
	add(l, 2);
	assert_null(eventlog_next(l, &cursor, &dropped));
	assert_true(cursor == UINT64_MAX);
	eventlog_free(l);
	eventlog_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_consecutive),
		cmocka_unit_test(slow_reader_loses_the_oldest_and_knows),
		cmocka_unit_test(cursor_of_an_earlier_run_is_not_counted),
		cmocka_unit_test(cursor_ahead_of_us_gets_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
