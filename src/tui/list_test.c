/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/list.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"

static const struct column COLUMNS[] = {
	{ "name", "NAME", 0, false, 0 },
	{ "size", "SIZE", 6, true, 0 },
	{ NULL, "WIDE", 10, false, 40 },
};

static struct list list;
static struct list_choice choice;
static struct cells cells;

static void
fill(void)
{
	static const struct {
		const char *id, *name;
		double size;
		int group;
	} rows[] = { { "a", "alpha", 3, 0 }, { "b", "Beta", 10, 0 }, { "c", "gamma", NAN, 0 }, { "d", "delta", 7, 1 } };

	list_begin(&list, COLUMNS, ARRAY_LEN(COLUMNS));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row *r = list_add(&list, rows[i].id, NULL);
		char text[16];

		snprintf(text, sizeof(text), "%.0f", rows[i].size);
		r->group = rows[i].group;
		row_text(r, 0, STYLE_PLAIN, rows[i].name);
		row_number(r, 1, STYLE_PLAIN, rows[i].size, text);
	}
	list_settle(&list, &choice);
}

static int
setup(void **state)
{
	(void)state;
	choice = (struct list_choice) { .sort = -1 };
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	list_release(&list);
	cells_release(&cells);
	return 0;
}

static void
assert_order(const char *ids)
{
	assert_int_equal(list.count, strlen(ids));
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(list.rows[i].id[0], ids[i]);
}

static void
test_order(void **state)
{
	(void)state;
	fill();
	assert_order("abcd");
	/* By numbers the largest first, what is not known last, groups apart. */
	choice.sort = 1;
	fill();
	assert_order("bacd");
	choice.inverted = true;
	fill();
	assert_order("abcd");
	choice.sort = 0;
	choice.inverted = false;
	fill();
	assert_order("abcd");
	list_sort(&list, &choice, 1);
	assert_int_equal(choice.sort, 1);
	list_sort(&list, &choice, 1);
	assert_int_equal(choice.sort, 0);
	list_sort(&list, &choice, -1);
	assert_int_equal(choice.sort, 1);
}

static void
test_filter(void **state)
{
	(void)state;
	strcpy(choice.filter, "TA");
	fill();
	assert_order("bd");
	strcpy(choice.filter, "nothing like that");
	fill();
	assert_int_equal(list.count, 0);
	assert_null(list_chosen(&list, &choice));
	list_move(&list, &choice, 5);
	assert_false(list_find(&list, &choice, "a", false));
}

static void
test_the_chosen_row_is_followed(void **state)
{
	(void)state;
	fill();
	list_move(&list, &choice, 2);
	assert_string_equal(list_chosen(&list, &choice)->id, "c");
	choice.sort = 1;
	fill();
	assert_string_equal(list_chosen(&list, &choice)->id, "c");
	/* One that is gone leaves its place. */
	strcpy(choice.filter, "ta");
	fill();
	assert_string_equal(list_chosen(&list, &choice)->id, "d");
	/* At the top it is the first one, whichever that is. */
	list_move(&list, &choice, -100);
	choice.filter[0] = '\0';
	choice.sort = -1;
	fill();
	assert_string_equal(list_chosen(&list, &choice)->id, "a");
	list_move(&list, &choice, 100);
	assert_string_equal(list_chosen(&list, &choice)->id, "d");
}

static void
test_search_goes_round(void **state)
{
	(void)state;
	fill();
	assert_true(list_find(&list, &choice, "ta", false));
	assert_string_equal(list_chosen(&list, &choice)->id, "b");
	assert_true(list_find(&list, &choice, "ta", true));
	assert_string_equal(list_chosen(&list, &choice)->id, "d");
	assert_true(list_find(&list, &choice, "ta", true));
	assert_string_equal(list_chosen(&list, &choice)->id, "b");
	assert_false(list_find(&list, &choice, "zzz", true));
}

static void
assert_row(int row, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	cells_text(&cells, row, &text);
	assert_string_equal(strbuf_cstr(&text), expected);
	strbuf_release(&text);
}

static void
test_drawn(void **state)
{
	(void)state;
	choice.sort = 1;
	fill();
	cells_size(&cells, 20, 3);
	list_draw(&list, &choice, &cells, 0, 3, true);
	assert_row(0, "NAME           SIZE\xE2\x96\xBC");
	assert_row(1, "Beta              10");
	assert_true(cells.at[1 * 20].chosen);
	assert_false(cells.at[2 * 20].chosen);
	/* The chosen row is scrolled to. */
	list_move(&list, &choice, 3);
	cells_size(&cells, 20, 3);
	list_draw(&list, &choice, &cells, 0, 3, true);
	assert_row(1, "gamma            nan");
	assert_row(2, "delta              7");
	assert_true(cells.at[2 * 20].chosen);
	/* A wide screen has more columns, a tiny one draws no rows. */
	cells_size(&cells, 40, 2);
	list_draw(&list, &choice, &cells, 0, 2, false);
	assert_row(0, "NAME                    SIZE\xE2\x96\xBC WIDE");
	list_draw(&list, &choice, &cells, 0, 0, true);
}

static void
test_bounds(void **state)
{
	static char longest[5000];
	struct row *r;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	list_begin(&list, COLUMNS, ARRAY_LEN(COLUMNS));
	for (int i = 0; i < LIST_ROWS; i++)
		assert_non_null(list_add(&list, longest, NULL));
	assert_null(list_add(&list, "one too many", NULL));
	r = &list.rows[0];
	assert_int_equal(strlen(r->id), LIST_ID_SIZE - 1);
	row_text(r, 0, STYLE_PLAIN, longest);
	row_textf(r, 0, STYLE_PLAIN, "%s", longest);
	assert_true(strlen(r->cells[0].text) < 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_chosen_row_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_search_goes_round, setup, teardown),
		cmocka_unit_test_setup_teardown(test_drawn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
