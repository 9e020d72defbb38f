/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"

#include "model/pattern.h"
#include "model/term_fixture.h"

static void
every_type_has_its_names(void **state)
{
	(void)state;
	for (int i = 0; i < PATTERN_TYPE_COUNT; i++) {
		assert_non_null(PATTERNS[i].name);
		assert_non_null(PATTERNS[i].short_name);
		assert_non_null(PATTERNS[i].counted);
	}
	assert_string_equal(PATTERNS[PATTERN_STORM].name, "restart_storm");
	assert_string_equal(PATTERNS[PATTERN_RESOURCE].short_name, "resource");
}

static void
the_latest_come_first_and_the_oldest_find_no_place(void **state)
{
	struct pattern list[2], p = { .type = PATTERN_PERIODIC };
	size_t n = 0;

	(void)state;
	for (p.last_ms = 1; p.last_ms <= 3; p.last_ms++)
		n = pattern_rank(list, n, 2, &p);
	p.last_ms = 0;
	n = pattern_rank(list, n, 2, &p);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].last_ms, 3);
	assert_int_equal(list[1].last_ms, 2);
	/* Of the same time, storms before others. */
	p = (struct pattern) { .type = PATTERN_STORM, .last_ms = 3 };
	n = pattern_rank(list, n, 2, &p);
	assert_int_equal(list[0].type, PATTERN_STORM);
	assert_int_equal(list[1].type, PATTERN_PERIODIC);
	assert_int_equal(pattern_rank(list, 0, 0, &p), 0);
}

static void
types_are_found_by_either_name(void **state)
{
	(void)state;
	for (int i = 0; i < PATTERN_TYPE_COUNT; i++) {
		assert_int_equal(pattern_type_find(PATTERNS[i].name), i);
		assert_int_equal(pattern_type_find(PATTERNS[i].short_name), i);
	}
	assert_int_equal(pattern_type_find("restart"), PATTERN_TYPE_COUNT);
	assert_int_equal(pattern_type_find(""), PATTERN_TYPE_COUNT);
}

static void
a_cascade_concerns_all_its_supervisors(void **state)
{
	struct term *a = text_term("a"), *b = text_term("b"), *c = text_term("c");
	struct pattern copy,
	    p = { .supervisor = a, .child_id = c, .member_count = 2, .members = { { a, c }, { b, c } } };

	(void)state;
	pattern_copy(&copy, &p);
	assert_true(pattern_concerns(&copy, NULL));
	assert_true(pattern_concerns(&copy, a));
	assert_true(pattern_concerns(&copy, b));
	assert_false(pattern_concerns(&copy, c));
	pattern_release(&copy);
	term_unref(a);
	term_unref(b);
	term_unref(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_has_its_names),
		cmocka_unit_test(the_latest_come_first_and_the_oldest_find_no_place),
		cmocka_unit_test(types_are_found_by_either_name),
		cmocka_unit_test(a_cascade_concerns_all_its_supervisors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
