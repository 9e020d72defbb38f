/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plot_line.h"

#include "base/testing.h"
#include "replay/plot_terminal.h"

static void
all_values_are_in_it_however_many(void **state)
{
	struct plot_line l;
	double low, high;

	(void)state;
	plot_line_init(&l, "x");
	assert_false(plot_line_range(&l, 0, INT64_MAX, &low, &high));
	for (int64_t i = 0; i < 100000; i++)
		plot_line_add(&l, 5000 * i, i == 50000 ? 900 : i == 70000 ? -7 : (double)(i % 10));
	assert_true(l.count <= PLOT_STRETCHES);
	assert_true(plot_line_range(&l, 0, INT64_MAX, &low, &high));
	ASSERT_NEAR(low, -7, 0);
	ASSERT_NEAR(high, 900, 0);
	assert_true(plot_line_range(&l, 0, 5000 * 49000, &low, &high));
	ASSERT_NEAR(low, 0, 0);
	ASSERT_NEAR(high, 9, 0);
	plot_line_release(&l);
}

static void
odd_values_are_survived(void **state)
{
	struct plot_line l;
	struct plot_scale s;

	(void)state;
	plot_line_init(&l, "x");
	s = plot_line_scale(&l, 4);
	assert_true(s.high > s.low);
	plot_line_add(&l, 1000, NAN);
	plot_line_add(&l, 2000, INFINITY);
	assert_int_equal(l.count, 0);
	plot_line_add(&l, 3000, 1e300);
	plot_line_add(&l, INT64_MAX, -1e300);
	plot_line_add(&l, 0, 5);
	for (int i = 0; i < 2 * PLOT_MARKS; i++)
		plot_line_mark(&l, 3000 + i);
	assert_int_equal(l.mark_count, PLOT_MARKS);
	plot_line_release(&l);
}

static void
axes_are_round(void **state)
{
	static const struct {
		double low, high;
		int unit; /* -1: none */
		struct plot_scale scale;
	} table[] = {
		{ 3, 97, -1, { 0, 100, 50 } },
		{ 80, 97, -1, { 80, 100, 5 } },
		{ 5, 5, -1, { 5, 5.5, 0.5 } },
		{ 198, 199, UNIT_COUNT, { 198, 199, 1 } },
		{ 0, 1000, UNIT_BYTES, { 0, 1024, 256 } },
		{ -3, 3, -1, { -4, 4, 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct plot_line l;
		struct plot_scale s;

		plot_line_init(&l, "x");
		l.has_unit = table[i].unit >= 0;
		l.unit = l.has_unit ? (enum metric_unit)table[i].unit : UNIT_COUNT;
		plot_line_add(&l, 0, table[i].low);
		plot_line_add(&l, 1, table[i].high);
		s = plot_line_scale(&l, 4);
		ASSERT_NEAR(s.low, table[i].scale.low, 1e-9);
		ASSERT_NEAR(s.high, table[i].scale.high, 1e-9);
		ASSERT_NEAR(s.step, table[i].scale.step, 1e-9);
		plot_line_release(&l);
	}
}

static void
a_step_is_drawn(void **state)
{
	struct plot_line l;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	plot_line_init(&l, "step \033[31m");
	for (int i = 0; i < 34; i++)
		plot_line_add(&l, INT64_C(1700000000000) + 1000 * i, i < 17 ? 0 : 100);
	plot_line_mark(&l, INT64_C(1700000017000));
	plot_terminal(&out, &l, 30, 3, false);
	assert_string_equal(out.data,
	    "             step ?[31m\n"
	    "        100 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⡏⠉⠉⠉⠉⠉⠉⠉\n"
	    "         50 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⡇⠀⠀⠀⠀⠀⠀⠀\n"
	    "          0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⠇⠀⠀⠀⠀⠀⠀⠀\n"
	    "                     ^        \n"
	    "             2023-11-14 22:13\n");
	strbuf_release(&out);
	plot_line_release(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_values_are_in_it_however_many),
		cmocka_unit_test(odd_values_are_survived),
		cmocka_unit_test(axes_are_round),
		cmocka_unit_test(a_step_is_drawn),
	};

	return cmocka_run_group_tests_name("replay/plot_line", tests, NULL, NULL);
}
