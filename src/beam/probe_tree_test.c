/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_tree.h"

#include <math.h>
#include <string.h>

#include "base/testing.h"
#include "beam/tree_fixture.h"
#include "etf/etf_text.h"
#include "etf/term_fixture.h"

static const struct tree_fixture_row ROWS[] = {
	{ -1, "supervisor", "undefined", "my_sup", "running", "listed", 2, 0, 1000, "my_app" },
	{ 0, "worker", "one", "", "running", "none", -1, 3, 500, "" },
	{ 0, "supervisor", "", "", "stopped", "none", -1, -1, -1, "" },
};

static bool
read_as(struct strbuf *sb, struct tree *t)
{
	struct etf e;
	bool ok;

	etf_init(&e, sb->data, sb->len);
	ok = probe_read_tree(&e, t);
	strbuf_release(sb);
	return ok;
}

static bool
read_one(const struct tree_fixture_row *rows, uint32_t count, struct tree *t)
{
	struct strbuf sb = STRBUF_INIT;

	tree_fixture_put(&sb, rows, count);
	return read_as(&sb, t);
}

static void
rows_are_read(void **state)
{
	struct tree t;

	(void)state;
	assert_true(read_one(ROWS, 3, &t));
	assert_int_equal(t.time_ms, 5000);
	assert_true(t.complete);
	assert_int_equal(t.count, 3);
	assert_null(t.rows[0].id);
	assert_string_equal(t.rows[0].application, "my_app");
	assert_string_equal(tree_key(&t.rows[0])->text, "my_sup");
	assert_int_equal(t.rows[0].children, 2);
	assert_string_equal(t.rows[1].id->text, "one");
	assert_string_equal(tree_key(&t.rows[1])->text, "<0.101.0>");
	assert_int_equal(t.rows[1].queue_len, 3);
	assert_string_equal(t.rows[1].label, "a label");
	assert_true(t.rows[2].id->truncated);
	assert_true(isnan(t.rows[2].heap_bytes) && isnan(t.rows[2].children));
	assert_int_equal(t.rows[2].status, TREE_STOPPED);
	assert_null(tree_key(&t.rows[2]));
	tree_release(&t);
}

static void
an_empty_tree(void **state)
{
	struct tree t;

	(void)state;
	assert_true(read_one(NULL, 0, &t));
	assert_int_equal(t.count, 0);
	tree_release(&t);
}

/* A row that is its own supervisor, or comes before it, would be a circle. */
static void
rows_in_the_wrong_order(void **state)
{
	static const int parents[] = { -2, 1, 2, 5, 1000000 };
	struct tree_fixture_row rows[2] = { ROWS[0], ROWS[1] };
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
		rows[1].parent = parents[i];
		assert_false(read_one(rows, 2, &t));
	}
}

static void
rows_below_a_worker(void **state)
{
	struct tree_fixture_row rows[3] = { ROWS[0], ROWS[1], ROWS[1] };
	struct tree t;

	(void)state;
	rows[2].parent = 1;
	assert_false(read_one(rows, 3, &t));
}

static void
rows_that_are_too_deep(void **state)
{
	struct tree_fixture_row rows[TREE_MAX_DEPTH + 2];
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i] = ROWS[0];
		rows[i].parent = (int)i - 1;
	}
	assert_true(read_one(rows, TREE_MAX_DEPTH + 1, &t));
	tree_release(&t);
	assert_false(read_one(rows, TREE_MAX_DEPTH + 2, &t));
}

static void
unknown_words(void **state)
{
	struct tree_fixture_row row = ROWS[0];
	struct tree t;

	(void)state;
	row.status = "flying";
	assert_false(read_one(&row, 1, &t));
	row = ROWS[0];
	row.listing = "unlisted";
	assert_false(read_one(&row, 1, &t));
}

static void
too_many_rows(void **state)
{
	static struct tree_fixture_row rows[TREE_MAX_ROWS + 1];
	struct tree t;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = ROWS[0];
	assert_true(read_one(rows, TREE_MAX_ROWS, &t));
	tree_release(&t);
	assert_false(read_one(rows, TREE_MAX_ROWS + 1, &t));
}

/* Whatever is cut off or left over, nothing is leaked. */
static void
cut_answers(void **state)
{
	struct strbuf whole = STRBUF_INIT;
	struct tree t;

	(void)state;
	tree_fixture_put(&whole, ROWS, 3);
	for (size_t len = 0; len < whole.len; len++) {
		struct strbuf part = STRBUF_INIT;

		strbuf_add(&part, whole.data, len);
		assert_false(read_as(&part, &t));
	}
	strbuf_addc(&whole, 'x');
	assert_false(read_as(&whole, &t));
}

static void
only_pids_are_hints(void **state)
{
	struct term *hints[] = { atom_term("my_sup"), pid_term("a@h", 7), NULL, binary_term("x"), pid_term("a@h", 8) };
	struct strbuf sb = STRBUF_INIT, text = STRBUF_INIT;
	struct etf e;

	(void)state;
	probe_put_tree_request(&sb, (const struct term *const *)hints, ARRAY_LEN(hints));
	etf_init(&e, sb.data, sb.len);
	assert_true(etf_text(&e, 200, &text) && etf_done(&e));
	assert_string_equal(text.data, "{tree,[<0.7.0>,<0.8.0>]}");
	strbuf_reset(&sb);
	strbuf_reset(&text);
	probe_put_tree_request(&sb, NULL, 0);
	etf_init(&e, sb.data, sb.len);
	assert_true(etf_text(&e, 200, &text) && etf_done(&e));
	assert_string_equal(text.data, "{tree,[]}");
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		term_unref(hints[i]);
	strbuf_release(&sb);
	strbuf_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(an_empty_tree),
		cmocka_unit_test(rows_in_the_wrong_order),
		cmocka_unit_test(rows_below_a_worker),
		cmocka_unit_test(rows_that_are_too_deep),
		cmocka_unit_test(unknown_words),
		cmocka_unit_test(too_many_rows),
		cmocka_unit_test(cut_answers),
		cmocka_unit_test(only_pids_are_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
