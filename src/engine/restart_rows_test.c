/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/restart_rows.h"

#include <stdio.h>

#include "base/testing.h"
#include "model/term_fixture.h"

#define DAY INT64_C(86400000)

static struct restart_rows rows;

static int
setup(void **state)
{
	(void)state;
	restart_rows_init(&rows, DAY, 2 * DAY);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	restart_rows_release(&rows);
	return 0;
}

/* add enters a report of that kind at so many ms into the day. */
static void
add(const char *supervisor, const char *child, enum restart_kind kind, int64_t at_ms, uint64_t times)
{
	struct restart r = { .time_ms = DAY + at_ms, .kind = kind, .times = times };

	r.supervisor = text_term(supervisor);
	r.child_id = text_term(child);
	restart_rows_add(&rows, &r);
	restart_release(&r);
}

static void
is_row(size_t i, const char *child, uint64_t restarts)
{
	assert_true(i < rows.count);
	assert_string_equal(term_text(rows.rows[i]->child_id), child);
	assert_int_equal(rows.rows[i]->count[ROW_RESTART], restarts);
}

static void
each_child_has_a_row(void **state)
{
	const struct restart_row *row;

	(void)state;
	add("s", "a", RESTART_DONE, 5, 0);
	add("s", "b", RESTART_DONE, 6, 0);
	add("s", "b", RESTART_FAILED, 7, 1);
	add("s", "b", RESTART_DONE, 9, 1);
	add("t", "a", RESTART_DONE, 8, 1);
	add("t", "a", RESTART_GAVE_UP, 8, 1);
	restart_rows_rank(&rows);
	assert_int_equal(rows.count, 3);
	is_row(0, "a", 1);
	assert_string_equal(term_text(rows.rows[0]->supervisor), "t");
	is_row(1, "b", 2);
	is_row(2, "a", 1);
	row = rows.rows[1];
	assert_int_equal(row->time_count, 3);
	assert_int_equal(row->times[1].time_ms, DAY + 7);
	assert_int_equal(row->times[1].kind, ROW_START_ERROR);
	assert_int_equal(row->first_ms, DAY + 6);
	assert_int_equal(row->last_ms, DAY + 9);
	assert_int_equal(rows.total[ROW_RESTART], 4);
	assert_int_equal(rows.total[ROW_GAVE_UP], 1);
	assert_int_equal(rows.left_out, 0);
}

/* Nothing is lost when a row goes over from times to counts. */
static void
many_are_counted_by_step(void **state)
{
	const struct restart_row *row;
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		add("s", "w", i % 10 ? RESTART_DONE : RESTART_FAILED, i * INT64_C(86400), 1);
	row = rows.rows[0];
	assert_true(row->stepped);
	assert_null(row->times);
	for (int i = 0; i < RESTART_ROW_STEPS; i++)
		sum += row->steps[ROW_RESTART][i];
	assert_int_equal(sum, 900);
	assert_int_equal(row->count[ROW_RESTART], 900);
	assert_int_equal(row->count[ROW_START_ERROR], 100);
	assert_null(row->steps[ROW_GAVE_UP]);
	/* the range's end is in the last step */
	add("s", "w", RESTART_GAVE_UP, DAY, 1);
	assert_int_equal(row->steps[ROW_GAVE_UP][RESTART_ROW_STEPS - 1], 1);
	assert_int_equal(rows.step_ms, 300000);
}

static void
folded_ones_are_counted(void **state)
{
	(void)state;
	add("s", "w", RESTART_DONE, 0, 1);
	add("s", "w", RESTART_DONE, 1, UINT64_C(5000000000));
	assert_int_equal(rows.rows[0]->count[ROW_RESTART], UINT64_C(5000000001));
	assert_int_equal(rows.rows[0]->steps[ROW_RESTART][0], UINT32_MAX);
}

static void
siblings_are_restarted_along(void **state)
{
	struct restart r = { .time_ms = DAY, .collateral_known = true, .collateral = 2, .sibling_count = 3 };

	(void)state;
	r.supervisor = text_term("s");
	r.child_id = text_term("b");
	r.siblings = siblings_new(3);
	r.siblings->ids[0] = text_term("a");
	r.siblings->ids[1] = text_term("b");
	r.siblings->ids[2] = text_term("c");
	restart_rows_add(&rows, &r);
	r.undone = true;
	restart_rows_add(&rows, &r);
	restart_release(&r);
	restart_rows_rank(&rows);
	assert_int_equal(rows.count, 3);
	is_row(0, "b", 1);
	is_row(1, "a", 0);
	assert_int_equal(rows.rows[1]->count[ROW_COLLATERAL], 1);
	assert_int_equal(rows.total[ROW_COLLATERAL], 2);
}

static void
so_many_children_at_most(void **state)
{
	char child[16];

	(void)state;
	for (int i = 0; i < RESTART_ROWS_MAX + 7; i++) {
		snprintf(child, sizeof(child), "w%d", i);
		add("s", child, RESTART_DONE, i, 2);
	}
	add("s", "w0", RESTART_DONE, 0, 1);
	assert_int_equal(rows.count, RESTART_ROWS_MAX);
	assert_int_equal(rows.left_out, 14);
	assert_int_equal(rows.total[ROW_RESTART], 2 * (RESTART_ROWS_MAX + 7) + 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_child_has_a_row),
		TEST(many_are_counted_by_step),
		TEST(folded_ones_are_counted),
		TEST(siblings_are_restarted_along),
		TEST(so_many_children_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
