/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/cells.h"

#include <locale.h>
#include <string.h>

#include "base/testing.h"
#include "tui/glyph.h"
#include "tui/page.h"
#include "tui/spark.h"

static struct cells cells;
static struct strbuf text;

static int
setup(void **state)
{
	(void)state;
	/* Widths are the locale's. */
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	cells_release(&cells);
	strbuf_release(&text);
	memset(&cells, 0, sizeof(cells));
	return 0;
}

static const char *
row(int i)
{
	strbuf_reset(&text);
	cells_text(&cells, i, &text);
	return strbuf_cstr(&text);
}

static void
test_long_text_is_cut_with_a_mark(void **state)
{
	(void)state;
	cells_size(&cells, 10, 2);
	assert_int_equal(cells_put(&cells, 0, 0, 6, STYLE_PLAIN, "abcdef"), 6);
	assert_string_equal(row(0), "abcdef");
	assert_int_equal(cells_put(&cells, 1, 0, 6, STYLE_PLAIN, "abcdefg"), 6);
	assert_string_equal(row(1), "abcde\xE2\x80\xA6");
}

static void
test_text_beyond_the_edge_is_left_out(void **state)
{
	(void)state;
	cells_size(&cells, 4, 1);
	cells_put(&cells, 0, 2, 100, STYLE_PLAIN, "abcd");
	assert_string_equal(row(0), "  a\xE2\x80\xA6");
	cells_put(&cells, 5, 0, 4, STYLE_PLAIN, "nothing");
	cells_put(&cells, -1, 0, 4, STYLE_PLAIN, "nothing");
	assert_int_equal(cells_put(&cells, 0, 9, 4, STYLE_PLAIN, "nothing"), 0);
	assert_string_equal(row(0), "  a\xE2\x80\xA6");
}

static void
test_wide_characters_take_two_columns(void **state)
{
	(void)state;
	cells_size(&cells, 5, 1);
	assert_int_equal(glyph_columns("\xE6\x97\xA5\xE6\x9C\xAC"), 4);
	assert_int_equal(cells_put(&cells, 0, 0, 5, STYLE_PLAIN, "\xE6\x97\xA5\xE6\x9C\xAC!"), 5);
	assert_string_equal(row(0), "\xE6\x97\xA5\xE6\x9C\xAC!");
	/* One that does not fit any more is cut, too. */
	cells_size(&cells, 3, 1);
	cells_put(&cells, 0, 0, 3, STYLE_PLAIN, "\xE6\x97\xA5\xE6\x9C\xAC");
	assert_string_equal(row(0), "\xE6\x97\xA5\xE2\x80\xA6");
}

/* Nothing that moves a cursor, changes colours or turns text round gets into a cell. */
static void
test_only_visible_characters(void **state)
{
	(void)state;
	cells_size(&cells, 40, 1);
	cells_put(&cells, 0, 0, 40, STYLE_PLAIN, "a\x1B[31mb\rc\x7F\xC2\x9B\xE2\x80\xAE\xFF\xC3z\nd");
	assert_string_equal(row(0), "a?[31mb?c?????z d");
	for (int i = 0; i < cells.width; i++)
		assert_true(cells.at[i].cp >= 0x20 && cells.at[i].cp < 0x7F);
}

static void
test_marks_over_characters_take_no_column(void **state)
{
	(void)state;
	cells_size(&cells, 4, 1);
	/* e with an acute accent as two characters */
	assert_int_equal(cells_put(&cells, 0, 0, 4, STYLE_PLAIN, "e\xCC\x81x"), 2);
	assert_string_equal(row(0), "ex");
}

static void
test_ten_thousand_characters(void **state)
{
	static char longest[10001];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	cells_size(&cells, 40, 1);
	assert_int_equal(cells_put(&cells, 0, 0, 40, STYLE_PLAIN, longest), 40);
	assert_int_equal(cells_putf(&cells, 0, 0, 40, STYLE_PLAIN, "%s", longest), 40);
}

static void
test_ascii_only(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	cells.ascii = true;
	cells_size(&cells, 12, 1);
	cells_put(&cells, 0, 0, 12, STYLE_PLAIN, "\xE2\x96\xBE \xC2\xB7 \xE2\x96\x88 \xE6\x97\xA5 \xC3\xA9");
	assert_string_equal(row(0), "- - # ? ?");
}

static void
test_right_and_sizes(void **state)
{
	(void)state;
	cells_size(&cells, 0, -5);
	assert_int_equal(cells.width, 1);
	assert_int_equal(cells.height, 1);
	cells_size(&cells, 100000, 1);
	assert_int_equal(cells.width, 1000);
	cells_size(&cells, 8, 2);
	cells_put_right(&cells, 0, 0, 8, STYLE_PLAIN, "12");
	assert_string_equal(row(0), "      12");
	cells_put_right(&cells, 1, 0, 4, STYLE_PLAIN, "123456");
	assert_string_equal(row(1), "123\xE2\x80\xA6");
}

static void
test_bars(void **state)
{
	const double values[] = { NAN, 0, 50, 100, 200, -5, NAN };

	(void)state;
	cells_size(&cells, 8, 1);
	spark_draw(&cells, 0, 0, 8, values, 7, 0, 100);
	/* Flush right; what is not known is a gap, what is beyond the range is at its edge. */
	assert_string_equal(row(0), "  \xE2\x96\x81\xE2\x96\x85\xE2\x96\x88\xE2\x96\x88\xE2\x96\x81");
	assert_int_equal(cells.at[2].style, STYLE_CHART);
}

static void
test_bars_show_the_highest_of_what_they_stand_for(void **state)
{
	const double values[] = { 0, 100, 0, 0, NAN, NAN };

	(void)state;
	cells_size(&cells, 3, 1);
	spark_draw(&cells, 0, 0, 3, values, 6, 0, 100);
	assert_string_equal(row(0), "\xE2\x96\x88\xE2\x96\x81");
	spark_draw(&cells, 0, 0, 3, values, 0, 0, 100);
	spark_draw(&cells, 0, 0, -3, values, 6, 5, 5);
}

static void
test_range(void **state)
{
	const double values[] = { NAN, 3, -1, 7 };
	double low = 0, high = 0;

	(void)state;
	assert_true(spark_range(values, 4, &low, &high));
	ASSERT_NEAR(low, -1, 0);
	ASSERT_NEAR(high, 7, 0);
	assert_false(spark_range(values, 1, &low, &high));
}

static void
test_a_page_is_broken_into_lines(void **state)
{
	struct page p = { 0 };

	(void)state;
	cells_size(&cells, 60, 6);
	page_heading(&p, "A %s", "title");
	page_pair(&p, "Label", STYLE_PLAIN, "%s", "words that go on behind the end of the line they began on");
	page_pair(&p, "Nothing", STYLE_PLAIN, "%s", "");
	page_text(&p, STYLE_PLAIN, "end");
	assert_int_equal(page_draw(&p, &cells, 0, 0, 60, 6, 0), 4);
	assert_string_equal(row(0), "A title");
	assert_string_equal(row(1), "Label             words that go on behind the end of the");
	assert_string_equal(row(2), "                  line they began on");
	assert_string_equal(row(3), "end");
	/* Scrolled. */
	cells_size(&cells, 60, 6);
	page_draw(&p, &cells, 0, 0, 60, 6, 3);
	assert_string_equal(row(0), "end");
	page_release(&p);
}

static void
test_a_narrow_page(void **state)
{
	struct page p = { 0 };

	(void)state;
	cells_size(&cells, 10, 4);
	page_pair(&p, "Label", STYLE_PLAIN, "%s", "abcdefghijklmn");
	assert_int_equal(page_draw(&p, &cells, 0, 0, 10, 4, 0), 3);
	assert_string_equal(row(0), "Label");
	assert_string_equal(row(1), "  abcdefgh");
	assert_string_equal(row(2), "  ijklmn");
	page_release(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_long_text_is_cut_with_a_mark, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_beyond_the_edge_is_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_characters_take_two_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_only_visible_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_marks_over_characters_take_no_column, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ten_thousand_characters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ascii_only, setup, teardown),
		cmocka_unit_test_setup_teardown(test_right_and_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bars, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bars_show_the_highest_of_what_they_stand_for, setup, teardown),
		cmocka_unit_test_setup_teardown(test_range, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_page_is_broken_into_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_narrow_page, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
