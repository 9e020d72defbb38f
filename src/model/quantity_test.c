/* SPDX-License-Identifier: Apache-2.0 */
#include "model/quantity.h"

#include "base/attr.h"
#include "base/testing.h"

static void
test_values_have_few_digits_and_their_unit(void **state)
{
	static const struct {
		enum metric_unit unit;
		double v;
		const char *text;
	} rows[] = {
		{ UNIT_BYTES, 0, "0 B" },
		{ UNIT_BYTES, 1536, "1.5 KiB" },
		{ UNIT_BYTES, 5.5 * 1073741824, "5.5 GiB" },
		{ UNIT_BYTES, 9e15, "8381903 GiB" },
		{ UNIT_PERCENT, 12.34, "12.3 %" },
		{ UNIT_COUNT, 999, "999" },
		{ UNIT_COUNT, 1234567, "1.2M" },
		{ UNIT_COUNT, -1500, "-1.5k" },
		{ UNIT_COUNT, NAN, "unknown" },
	};
	char buf[QUANTITY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(quantity_text(buf, rows[i].unit, rows[i].v), rows[i].text);
}

static void
test_durations(void **state)
{
	char buf[QUANTITY_SIZE];

	(void)state;
	assert_string_equal(duration_text(buf, -5), "0 s");
	assert_string_equal(duration_text(buf, 59400), "59 s");
	assert_string_equal(duration_text(buf, 250000), "4 min 10 s");
	assert_string_equal(duration_text(buf, 7500000), "2 h 5 min");
	assert_string_equal(duration_text(buf, INT64_C(266400000)), "3 d 2 h");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_have_few_digits_and_their_unit),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
