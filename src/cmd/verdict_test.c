/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/verdict.h"

#include <string.h>

#include "base/testing.h"

static void
line_has_level_values_and_performance_data(void **state UNUSED)
{
	static const char health[] =
	    "{\"overall_status\":\"warning\",\"criteria\":{"
	    "\"memory\":{\"level\":\"warning\",\"value\":80.5,\"unit\":\"%\",\"warning\":75,\"critical\":90},"
	    "\"restarts\":{\"level\":\"unknown\",\"value\":null,\"unit\":\"in 5 min\",\"warning\":5,\"critical\":10}}}";
	struct strbuf out = STRBUF_INIT;
	enum verdict v;
	struct err err;

	assert_true(verdict_line("a@h", health, &out, &v, &err));
	assert_int_equal(v, VERDICT_WARNING);
	assert_string_equal(
	    out.data, "WARNING - a@h warning: memory 80.5 % (warning), restarts not observed | memory=80.5%;75;90");
	strbuf_release(&out);
}

static void
what_is_no_answer_is_refused(void **state UNUSED)
{
	static const char *const bad[] = { "", "{", "[]", "{}", "{\"overall_status\":7}", "nonsense" };
	struct strbuf out = STRBUF_INIT;
	enum verdict v;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(verdict_line("a@h", bad[i], &out, &v, &err));
	strbuf_release(&out);
}

static void
open_incidents_are_lines_of_their_own(void **state UNUSED)
{
	static const char *const bad[] = { "", "{", "{}", "[7]", "[{\"open\":false,\"title\":\"over\"}]",
		"[{\"open\":1}]" };
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		verdict_incidents(bad[i], &out);
	assert_int_equal(out.len, 0);
	verdict_incidents(
	    "[{\"open\":true,\"opened\":\"T\",\"id\":\"I\",\"title\":\"A queue\\ngrows\",\"next_step\":\"See.\"},"
	    "{\"open\":true}]",
	    &out);
	assert_string_equal(out.data, "\nincident since T, I: A queue grows. See.\nincident since , : . ");
	strbuf_release(&out);
}

static void
unknown_level_is_unknown(void **state UNUSED)
{
	struct strbuf out = STRBUF_INIT;
	enum verdict v;
	struct err err;

	assert_true(verdict_line("a@h", "{\"overall_status\":\"splendid\"}", &out, &v, &err));
	assert_int_equal(v, VERDICT_UNKNOWN);
	strbuf_release(&out);
}

static void
node_that_is_not_up_says_why(void **state UNUSED)
{
	struct strbuf out = STRBUF_INIT;

	assert_true(verdict_node_is_up("{\"state\":\"up\",\"detail\":\"\"}", &out));
	assert_false(verdict_node_is_up("{\"state\":\"refused\",\"detail\":\"cookie\"}", &out));
	assert_string_equal(out.data, "refused: cookie");
	strbuf_reset(&out);
	assert_false(verdict_node_is_up("junk", &out));
	strbuf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_level_values_and_performance_data),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(open_incidents_are_lines_of_their_own),
		cmocka_unit_test(unknown_level_is_unknown),
		cmocka_unit_test(node_that_is_not_up_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
