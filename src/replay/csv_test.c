/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/csv.h"

#include <string.h>

#include "base/testing.h"

#define MAX 4

static void
fields_are_split(void **state)
{
	static const struct {
		const char *line;
		size_t count;
		const char *fields[MAX];
		size_t columns[MAX];
	} table[] = {
		{ "a,b", 2, { "a", "b" }, { 1, 3 } },
		{ "", 1, { "" }, { 1 } },
		{ ",", 2, { "", "" }, { 1, 2 } },
		{ " a , b ", 2, { "a", "b" }, { 2, 6 } },
		{ "\"a,b\",c", 2, { "a,b", "c" }, { 1, 7 } },
		{ "\"say \"\"x\"\"\" ,c", 2, { "say \"x\"", "c" }, { 1, 14 } },
		{ "\"\",\"\"", 2, { "", "" }, { 1, 4 } },
		{ "1,2,3,4,5,6", 6, { "1", "2", "3", "4" }, { 1, 3, 5, 7 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct csv_field f[MAX];
		char line[64];
		size_t column;
		struct err err;

		strcpy(line, table[i].line);
		assert_int_equal(csv_split(line, ',', f, MAX, &column, &err), table[i].count);
		for (size_t k = 0; k < MAX && k < table[i].count; k++) {
			assert_string_equal(f[k].text, table[i].fields[k]);
			assert_int_equal(f[k].column, table[i].columns[k]);
		}
	}
}

static void
broken_quotes_are_told_with_their_column(void **state)
{
	static const struct {
		const char *line;
		size_t column;
		const char *why;
	} table[] = {
		{ "a,\"b", 3, "a quote that does not end" },
		{ "a,\"b\"c,d", 3, "something behind a quoted field" },
		{ "\"\"\"", 1, "a quote that does not end" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct csv_field f[MAX];
		char line[64];
		size_t column = 0;
		struct err err;

		strcpy(line, table[i].line);
		assert_int_equal(csv_split(line, ',', f, MAX, &column, &err), 0);
		assert_int_equal(column, table[i].column);
		assert_string_equal(err.text, table[i].why);
	}
}

static void
separators_are_found(void **state)
{
	(void)state;
	assert_int_equal(csv_separator("a,b;c"), ',');
	assert_int_equal(csv_separator("a;b,c"), ';');
	assert_int_equal(csv_separator("a\tb"), '\t');
	assert_int_equal(csv_separator("\"a;b\",c"), ',');
	assert_int_equal(csv_separator("a"), ',');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_split),
		cmocka_unit_test(broken_quotes_are_told_with_their_column),
		cmocka_unit_test(separators_are_found),
	};

	return cmocka_run_group_tests_name("replay/csv", tests, NULL, NULL);
}
