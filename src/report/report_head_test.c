/* SPDX-License-Identifier: Apache-2.0 */
/* The head that is read is the one that was written; ids are names of files. */
#include "report/report_head.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000000)

static struct strbuf json;
static struct report_head head;

static int
setup(void **state)
{
	const struct report_range range = { T0, T0 + 1000 };
	const struct report_end end = { .time_ms = T0 + 1000, .dump_slogan = "a \"slogan\" \\ \n\xc3\xa9\x01" };
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("caf\xc3\xa9@h", &o);
	struct report *r = report_new(e, T0 + 2000, &range, &end);

	(void)state;
	report_id_set(r->id, engine_node(e), end.time_ms);
	report_json(r, &json);
	report_free(r);
	engine_free(e);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	strbuf_release(&json);
	return 0;
}

static void
test_what_is_written_is_read(void **state)
{
	(void)state;
	assert_true(report_head_read(json.data, json.len, &head));
	assert_string_equal(head.id, "20231114T221321Z-caf__@h+abfa4379");
	assert_string_equal(head.node, "caf\xc3\xa9@h");
	assert_string_equal(head.start, "2023-11-14T22:13:20.000Z");
	assert_string_equal(head.end, "2023-11-14T22:13:21.000Z");
	assert_string_equal(head.cause, "crashed");
	assert_non_null(strstr(head.title, "a \"slogan\" \\ \n\xc3\xa9\x01"));
	assert_true(head.confidence > 0.5);
}

static void
test_what_is_cut_or_another_thing_is_refused(void **state)
{
	static const char *const others[] = { "", "{}", "{\"id\":1", "[]",
		"{\"id\":\"a\",\"kind\":\"b\",\"node\":\"c\",\"time_range\":{\"start\":\"\\ud800\",\"end\":\"\\x" };
	size_t whole = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(report_head_read(others[i], strlen(others[i]), &head));
	for (size_t len = 0; len < json.len && whole == 0; len++) {
		/* An allocation of its own size, so that reading behind it is seen. */
		char *cut = xmemdup(json.data, len + 1);

		whole = report_head_read(cut, len, &head) ? len : 0;
		free(cut);
	}
	assert_true(whole > 200 && whole < REPORT_HEAD_BYTES);
}

static void
test_ids(void **state)
{
	char other[REPORT_ID_SIZE];
	char id[REPORT_ID_SIZE], longest[NODE_NAME_MAX + 1];

	(void)state;
	report_id_set(id, "../etc/passwd@h", T0);
	assert_memory_equal(id, "20231114T221320Z-.._etc_passwd@h+", 33);
	assert_true(report_id_ok(id) && report_id_is_dated(id));
	report_id_set(id, "rabbit@host-1.example.org", T0);
	assert_string_equal(id, "20231114T221320Z-rabbit@host-1.example.org");
	report_id_set(id, "caf\xc3\xa9@h", T0);
	report_id_set(other, "caf\xc3\xa8@h", T0);
	assert_string_not_equal(id, other);
	assert_false(report_id_is_dated("2024-holiday"));
	assert_false(report_id_is_dated("20231114T2213"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	report_id_set(id, longest, T0);
	assert_true(report_id_ok(id));
	assert_false(report_id_ok(""));
	assert_false(report_id_ok("../x"));
	assert_false(report_id_ok("a/b"));
	assert_false(report_id_ok("a\nb"));
	assert_false(report_id_ok("caf\xc3\xa9"));
	assert_false(report_id_ok(longest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_cut_or_another_thing_is_refused, setup, teardown),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
