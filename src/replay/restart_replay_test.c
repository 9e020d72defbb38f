/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"

#include <string.h>

#include "base/strbuf.h"
#include "replay/fixture.h"
#include "replay/restart_replay.h"

#define LIST 16

static struct strbuf told;

/* run replays both texts (resources may be NULL) and returns the patterns' number (without terms), or -1 with the reason in `told`. */
static int
run(const char *restarts, const char *resources, struct pattern *list)
{
	struct pieces p = pieces_of(restarts, 0), q = pieces_of(resources ? resources : "", 0);
	struct engine_options o = engine_defaults();
	struct restart_replay r = { .engine = engine_new("n", &o), .resources_name = "load.csv" };
	struct flaws flaws;
	struct err err = { .text = "" };
	int n = -1;

	strbuf_reset(&told);
	flaws_init(&flaws, "load.csv", false);
	r.restarts = line_reader_new(source_from(pieces_read, &p, "f", &err));
	if (resources)
		r.resources = table_new(line_reader_new(source_from(pieces_read, &q, "load.csv", &err)), &flaws, &err);
	if ((resources == NULL || r.resources) && restart_replay_run(&r, &err))
		n = (int)engine_patterns(r.engine, r.end_ms, list, LIST);
	strbuf_adds(&told, n < 0 ? err.text : "");
	for (int i = 0; i < n; i++)
		list[i] = (struct pattern) { .type = list[i].type, .frequency = list[i].frequency };
	table_free(r.resources);
	line_reader_free(r.restarts);
	engine_free(r.engine);
	return n;
}

static void
check_error(const char *restarts, const char *resources, const char *error)
{
	struct pattern list[LIST];

	assert_int_equal(run(restarts, resources, list), -1);
	assert_string_equal(strbuf_cstr(&told), error);
}

#define AT(t) "{\"t_ms\":" #t ",\"supervisor\":\"s\",\"child\":\"c\",\"reason\":\"r\"}\n"

static void
a_storm_is_found_in_whatever_order_its_lines_come(void **state)
{
	struct pattern list[LIST];

	(void)state;
	assert_int_equal(run("\n" AT(1003000) AT(1001000) " \r\n" AT(1004000) AT(1000000) AT(1002000), NULL, list), 1);
	assert_int_equal(list[0].type, PATTERN_STORM);
	assert_int_equal(list[0].frequency, 5);
}

static void
what_is_no_restart_is_named(void **state)
{
	(void)state;
	check_error("", NULL, "f: there is no restart in it");
	check_error("\n\n", NULL, "f: there is no restart in it");
	check_error(AT(1000) "{\"t_ms\":2000,\"supervisor\":\"s\"}\n", NULL, "f: line 2, column 1: no \"child\"");
	check_error("[1]\n", NULL, "f: line 1, column 1: no object");
	check_error("{\"t_ms\":1.5,\"supervisor\":\"s\",\"child\":\"c\"}", NULL,
	    "f: line 1, column 1: \"t_ms\" is no time in milliseconds since the epoch");
	check_error("{\"t_ms\":-1,\"supervisor\":\"s\",\"child\":\"c\"}", NULL,
	    "f: line 1, column 1: \"t_ms\" is no time in milliseconds since the epoch");
	check_error("{\"t_ms\":253402300800000,\"supervisor\":\"s\",\"child\":\"c\"}", NULL,
	    "f: line 1, column 1: \"t_ms\" is no time in milliseconds since the epoch");
	check_error(
	    "{\"t_ms\":1,\"supervisor\":7,\"child\":\"c\"}", NULL, "f: line 1, column 1: \"supervisor\" is no string");
	check_error("{\"t_ms\":1,\"supervisor\":\"\",\"child\":\"c\"}", NULL,
	    "f: line 1, column 1: \"supervisor\" has 0 bytes, where 1 to 1024 are allowed");
	check_error("{\"t_ms\":1,\"supervisor\":\"s\",\"child\":\"c\",\"reason\":null}", NULL,
	    "f: line 1, column 1: \"reason\" is no string");
	check_error(AT(1000000) AT(939999), NULL, "f: line 2: 60 s earlier than what came before it: sort it by t_ms");
}

static void
json_that_is_cut_off_is_named(void **state)
{
	struct pattern list[LIST];

	(void)state;
	assert_int_equal(run(AT(1) "{\"t_ms\":", NULL, list), -1);
	assert_non_null(strstr(strbuf_cstr(&told), "f: line 2, column "));
	assert_non_null(strstr(strbuf_cstr(&told), "no JSON"));
}

static void
resources_must_be_some(void **state)
{
	struct pattern list[LIST];

	(void)state;
	check_error(AT(1000), "t_ms,disk\n1000,3\n2000,3\n", "load.csv: no column is called cpu, memory or queue");
	assert_int_equal(
	    run(AT(1700000000000), "t_ms,cpu,vm_memory_total\n1700000000000,3,4\n1700000005000,x,\n", list), 0);
	check_error(AT(1000), "", "load.csv: is empty");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_is_found_in_whatever_order_its_lines_come),
		cmocka_unit_test(what_is_no_restart_is_named),
		cmocka_unit_test(json_that_is_cut_off_is_named),
		cmocka_unit_test(resources_must_be_some),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	strbuf_release(&told);
	return failed;
}
