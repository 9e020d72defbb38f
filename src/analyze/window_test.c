/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/window.h"

#include "base/testing.h"

#define T0 INT64_C(1700000000000)

static struct window w;

static int
setup(void **state)
{
	(void)state;
	window_init(&w, 60, 1000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	window_release(&w);
	return 0;
}

static void
counts_what_is_within(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++)
		window_add(&w, T0 + i * 1000, 2);
	assert_int_equal(window_count(&w, T0 + 59000, 60000), 120);
	assert_int_equal(window_count(&w, T0 + 59999, 10000), 20);
	assert_int_equal(window_count(&w, T0 + 69000, 60000), 100);
	assert_int_equal(window_count(&w, T0 + 118000, 60000), 2);
	assert_int_equal(window_count(&w, T0 + 119000, 60000), 0);
	assert_int_equal(window_count(&w, T0 + 59000, 1000000), 120);
}

static void
flood_is_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 300000; i++)
		window_add(&w, T0 + i / 10, 1);
	assert_int_equal(window_count(&w, T0 + 29999, 60000), 300000);
	assert_int_equal(window_count(&w, T0 + 29999, 5000), 50000);
}

static void
late_and_old_entries(void **state)
{
	(void)state;
	window_add(&w, T0, 1);
	window_add(&w, T0 - 30000, 5);
	window_add(&w, T0 - 60000, 7);
	window_add(&w, INT64_MIN, 7);
	assert_int_equal(window_count(&w, T0, 60000), 6);
	assert_int_equal(window_count(&w, T0, 10000), 1);
	assert_int_equal(window_count(&w, T0 - 20000, 60000), 5);
}

static void
long_silence_and_saturation(void **state)
{
	(void)state;
	window_add(&w, T0, 3);
	window_add(&w, T0 + 86400000, UINT64_MAX);
	window_add(&w, T0 + 86400000, 1);
	assert_int_equal(window_count(&w, T0 + 86400000, 60000), UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_what_is_within, setup, teardown),
		cmocka_unit_test_setup_teardown(flood_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(late_and_old_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(long_silence_and_saturation, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
