/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/described.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct survey
survey_of(struct survey_group *groups, unsigned count)
{
	return (struct survey) { .kind = SURVEY_GROUPS, .count = count, .rows = groups };
}

static struct survey_group before_rows[] = {
	{ .by = GROUP_BY_PARENT,
	    .pid = "<0.2.0>",
	    .name = "<0.2.0> m:server/1",
	    .count = 90,
	    .one = "m:leaked/0 in m:wait/0" },
	{ .by = GROUP_BY_PARENT, .pid = "<0.3.0>", .name = "shop_sup", .count = 5 },
	{ .by = GROUP_BY_CALL, .name = "m:leaked/0", .count = 90, .one = "m:leaked/0 in m:wait/0" },
};

static void
what_is_said_of_a_group_stays_while_it_grows_by_little(void **state)
{
	struct survey_group now_rows[] = {
		{ .by = GROUP_BY_CALL, .name = "m:leaked/0", .count = 91 },
		{ .by = GROUP_BY_PARENT, .pid = "<0.2.0>", .name = "<0.2.0>", .count = 91 },
	};
	struct survey before = survey_of(before_rows, 3), now = survey_of(now_rows, 2);

	(void)state;
	described_groups(&now, &before);
	assert_string_equal(now_rows[0].one, "m:leaked/0 in m:wait/0");
	assert_string_equal(now_rows[0].name, "m:leaked/0");
	assert_string_equal(now_rows[1].one, "m:leaked/0 in m:wait/0");
	assert_string_equal(now_rows[1].name, "<0.2.0> m:server/1");
	assert_true(now_rows[1].count == 91);
}

static void
what_is_new_goes_before_what_is_known(void **state)
{
	struct survey_group now_rows[] = {
		{ .by = GROUP_BY_PARENT,
		    .pid = "<0.2.0>",
		    .name = "server",
		    .count = 200,
		    .one = "m:other/0 in m:wait/0" },
		{ .by = GROUP_BY_PARENT, .pid = "<0.3.0>", .name = "shop_sup", .count = 5 },
		{ .by = GROUP_BY_PARENT, .pid = "<0.4.0>", .name = "<0.4.0>", .count = 3 },
		{ .by = GROUP_BY_CALL, .name = "m:server/1", .count = 3 },
	};
	struct survey before = survey_of(before_rows, 3), now = survey_of(now_rows, 4),
		      none = { .kind = SURVEY_GROUPS };

	(void)state;
	described_groups(&now, &before);
	described_groups(&now, &none);
	assert_string_equal(now_rows[0].one, "m:other/0 in m:wait/0");
	assert_string_equal(now_rows[0].name, "server");
	assert_string_equal(now_rows[1].one, "");
	assert_string_equal(now_rows[2].one, "");
	assert_string_equal(now_rows[2].name, "<0.4.0>");
	assert_string_equal(now_rows[3].one, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_of_a_group_stays_while_it_grows_by_little),
		cmocka_unit_test(what_is_new_goes_before_what_is_known),
	};

	return cmocka_run_group_tests_name("described", tests, NULL, NULL);
}
