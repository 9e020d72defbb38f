/* SPDX-License-Identifier: Apache-2.0 */
/* The supervision tree as JSON and as terms, joined with restarts. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/testing.h"
#include "engine/answer.h"
#include "etf/etf.h"
#include "etf/term_fixture.h"

#define T0 INT64_C(1705573800000)

static struct engine *e;
static struct tree tree;
static json_t *root;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();
	struct node_info info = { .otp_release = "25", .injected = true, .restarts_seen = true };

	(void)state;
	e = engine_new("a@h", &o);
	engine_link(e, T0, NODE_UP, "linked");
	engine_info(e, &info);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(root);
	root = NULL;
	tree_release(&tree);
	engine_free(e);
	return 0;
}

static struct tree_row *
add(int parent, bool supervisor, const char *id, const char *name)
{
	struct tree_row *r;

	tree.rows = xreallocarray(tree.rows, tree.count + 1, sizeof(*tree.rows));
	r = &tree.rows[tree.count++];
	memset(r, 0, sizeof(*r));
	r->parent = parent;
	r->supervisor = supervisor;
	r->listing = supervisor ? TREE_LISTED : TREE_NONE;
	r->id = id ? atom_term(id) : NULL;
	r->pid = pid_term("a@h", 100 + tree.count);
	r->name = name ? atom_term(name) : NULL;
	r->children = r->active = supervisor ? 1 : (double)NAN;
	r->queue_len = 1;
	r->heap_bytes = 1000;
	return r;
}

/* Breadth first, as the probe has it: two roots, and a branch below the first. */
static void
grow(void)
{
	strcpy(add(-1, true, NULL, "top")->application, "app");
	add(-1, true, NULL, "other");
	add(0, true, "sub", NULL);
	add(0, false, "first", NULL);
	add(1, false, "elsewhere", NULL);
	add(2, false, "leaf", "leaf_name");
	tree.complete = true;
	tree.time_ms = T0;
}

static void
restart(struct term *supervisor, const char *child, int n)
{
	struct restart r = { .time_ms = T0, .kind = RESTART_DONE, .caught = true };

	r.supervisor = supervisor;
	r.child_id = atom_term(child);
	r.reason = atom_term("killed");
	for (int i = 0; i < n; i++)
		engine_restart(e, T0, &r);
	restart_release(&r);
}

static json_t *
answer(void)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	answer_tree(&a.base, e, &tree, T0 + 10);
	json_decref(root);
	root = json_loads(strbuf_cstr(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	strbuf_release(&out);
	return json_object_get(root, "processes");
}

static const char *
text(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static double
number(const json_t *list, size_t i, const char *key)
{
	const json_t *v = json_object_get(json_array_get(list, i), key);

	return json_is_null(v) ? (double)NAN : json_number_value(v);
}

static double
branch(const json_t *list, size_t i, const char *key)
{
	const json_t *v = json_object_get(json_object_get(json_array_get(list, i), "branch"), key);

	return json_is_null(v) ? (double)NAN : json_number_value(v);
}

static void
in_the_order_of_drawing(void **state)
{
	static const char *const names[] = { "top", NULL, "leaf_name", NULL, "other", NULL };
	static const int parents[] = { -1, 0, 1, 0, -1, 4 };
	json_t *list;

	(void)state;
	grow();
	list = answer();
	assert_int_equal(json_array_size(list), ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(number(list, i, "index"), i);
		if (names[i])
			assert_string_equal(text(list, i, "name"), names[i]);
		else
			assert_null(text(list, i, "name"));
		if (parents[i] < 0)
			assert_true(isnan(number(list, i, "parent")));
		else
			assert_int_equal(number(list, i, "parent"), parents[i]);
	}
	assert_int_equal(number(list, 2, "depth"), 2);
	assert_string_equal(text(list, 2, "application"), "app");
	assert_null(text(list, 5, "application"));
}

static void
branches_are_summed(void **state)
{
	json_t *list;

	(void)state;
	grow();
	tree.rows[5].heap_bytes = NAN;
	tree.rows[3].queue_len = 20000;
	list = answer();
	assert_int_equal(branch(list, 0, "processes"), 4);
	assert_int_equal(branch(list, 0, "heap_bytes"), 3000);
	assert_int_equal(branch(list, 0, "message_queue_len"), 20003);
	assert_int_equal(number(list, 0, "listed"), 2);
	assert_string_equal(text(list, 3, "level"), "warning");
	assert_string_equal(text(list, 0, "level"), "healthy");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(json_array_get(list, 0), "branch"), "level")), "warning");
}

static void
restarts_are_joined(void **state)
{
	json_t *list;

	(void)state;
	grow();
	restart(term_ref(tree.rows[2].pid), "leaf", 11);
	restart(term_ref(tree.rows[0].name), "first", 2);
	list = answer();
	assert_int_equal(number(list, 2, "restarts"), 11);
	assert_int_equal(number(list, 3, "restarts"), 2);
	assert_int_equal(number(list, 1, "restarts"), 0);
	assert_int_equal(branch(list, 1, "restarts"), 11);
	assert_int_equal(branch(list, 0, "restarts"), 13);
	assert_int_equal(branch(list, 0, "restarts_in_5_min"), 13);
	assert_int_equal(branch(list, 4, "restarts"), 0);
	assert_string_equal(text(list, 1, "level"), "critical");
	assert_true(isnan(number(list, 0, "restarts")));
}

/* Only those that restarted something have told of themselves. */
static void
budgets_are_joined(void **state)
{
	struct supervisor_facts f = { .time_ms = T0,
		.kind = "supervisor",
		.strategy = REST_FOR_ONE,
		.known = true,
		.intensity = 10,
		.period_ms = 60000,
		.used = 9,
		.children = 1 };
	json_t *list, *budget;

	(void)state;
	grow();
	restart(term_ref(tree.rows[2].pid), "leaf", 1);
	f.supervisor = f.pid = tree.rows[2].pid;
	engine_supervisor(e, T0, &f);
	list = answer();
	assert_string_equal(text(list, 1, "strategy"), "rest_for_one");
	budget = json_object_get(json_array_get(list, 1), "budget");
	assert_int_equal(json_integer_value(json_object_get(budget, "intensity")), 10);
	assert_int_equal(json_integer_value(json_object_get(budget, "left")), 1);
	assert_string_equal(text(list, 1, "level"), "warning");
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "budget")));
	assert_null(text(list, 0, "strategy"));
}

static void
what_was_not_observed_is_null(void **state)
{
	struct node_info blind = { .otp_release = "25", .injected = true };
	json_t *list;

	(void)state;
	grow();
	engine_info(e, &blind);
	list = answer();
	assert_true(isnan(branch(list, 0, "restarts")));
	assert_true(isnan(number(list, 2, "restarts")));
	assert_true(json_is_false(json_object_get(root, "restarts_observed")));
}

static void
an_empty_tree(void **state)
{
	(void)state;
	assert_int_equal(json_array_size(answer()), 0);
}

static void
the_same_as_terms(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_term a;
	struct etf c;

	(void)state;
	grow();
	answer_term_init(&a, &out);
	answer_tree(&a.base, e, &tree, T0);
	etf_init(&c, out.data, out.len);
	assert_int_equal(etf_map(&c), 5);
	etf_init(&c, out.data, out.len);
	assert_true(etf_skip(&c) && etf_done(&c));
	strbuf_release(&out);
}

/* The engine keeps it for a moment, for those who ask again. */
static void
kept_for_a_while(void **state)
{
	(void)state;
	grow();
	assert_null(engine_last_tree(e, T0, 2000));
	engine_tree(e, T0, &tree);
	assert_int_equal(tree.count, 0);
	assert_int_equal(engine_last_tree(e, T0 + 2000, 2000)->count, 6);
	assert_null(engine_last_tree(e, T0 + 2001, 2000));
	engine_tick(e, T0 + 60000);
	assert_null(engine_last_tree(e, T0 + 60000, 100000));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(in_the_order_of_drawing),
		TEST(branches_are_summed),
		TEST(restarts_are_joined),
		TEST(budgets_are_joined),
		TEST(what_was_not_observed_is_null),
		TEST(an_empty_tree),
		TEST(the_same_as_terms),
		TEST(kept_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
