/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer_marks.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/testing.h"
#include "model/term_fixture.h"

#define T0 INT64_C(1705573800000) /* 2024-01-18T10:30:00Z */
#define DAY INT64_C(86400000)

static struct engine *e;
static int64_t now;
static struct strbuf out;
static json_t *root;

static int
setup(void **state)
{
	struct engine_options o = engine_defaults();

	(void)state;
	e = engine_new("a@h", &o);
	now = T0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(root);
	root = NULL;
	strbuf_release(&out);
	engine_free(e);
	return 0;
}

/* ask asks for the marks of that time; the engine lives on meanwhile. */
static void
ask(int64_t start_ms, int64_t end_ms)
{
	struct marks_answer *m = marks_answer_new(e, now, start_ms, end_ms);
	struct answer_json a;
	struct jsonw j;

	strbuf_reset(&out);
	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	while (marks_answer_write(m, &a.base))
		engine_tick(e, now);
	assert_false(marks_answer_write(m, &a.base));
	marks_answer_free(m);
	json_decref(root);
	root = json_loads(strbuf_cstr(&out), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
}

static json_t *
list(const char *name)
{
	json_t *restarts = json_object_get(root, "restarts");
	json_t *l = json_object_get(strcmp(name, "rows") == 0 ? restarts : root, name);

	assert_true(json_is_array(l));
	return l;
}

static const char *
text(const char *name, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list(name), i), key));
}

static int64_t
number(const json_t *o, const char *key)
{
	assert_true(json_is_number(json_object_get(o, key)));
	return (int64_t)json_number_value(json_object_get(o, key));
}

static void
feed(double available, double uptime_ms)
{
	struct sample s = { .time_ms = now };

	sample_set(&s, METRIC_MEMORY_LIMIT, 1e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, available);
	sample_set(&s, METRIC_WALLCLOCK, uptime_ms);
	engine_feed(e, now, &s);
	now += 5000;
}

static void
restart(const char *supervisor, const char *child, enum restart_kind kind)
{
	struct restart r = { .time_ms = now, .kind = kind, .caught = true };

	r.supervisor = text_term(supervisor);
	r.child_id = text_term(child);
	r.reason = text_term("killed");
	engine_restart(e, now, &r);
	restart_release(&r);
}

static void
of_nothing_there_is_nothing(void **state)
{
	static const char *const lists[] = { "boots", "unseen", "links", "deploys", "incidents", "anomalies", "health",
		"patterns", "rows" };

	(void)state;
	ask(T0 - DAY, T0);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		assert_int_equal(json_array_size(list(lists[i])), 0);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(root, "time_range"), "end")), "2024-01-18T10:30:00.000Z");
	assert_int_equal(number(json_object_get(root, "left_out"), "anomalies"), 0);
}

static void
a_node_goes_and_comes_back(void **state)
{
	struct node_info info = { .applications = "shop 1.4.2\n" };

	(void)state;
	engine_info(e, &info);
	engine_link(e, now, NODE_UP, "linked");
	for (int i = 0; i < 60; i++)
		feed(5e8, 1e9 + i * 5000.0);
	engine_link(e, now, NODE_UNREACHABLE, "the link was lost");
	now += 300000;
	engine_link(e, now, NODE_UP, "linked");
	snprintf(info.applications, sizeof(info.applications), "shop 1.5.0\n");
	engine_info(e, &info);
	for (int i = 0; i < 24; i++)
		feed(5e8, 10000 + i * 5000.0);
	ask(T0, now);
	assert_int_equal(json_array_size(list("links")), 3);
	assert_string_equal(text("links", 1, "state"), "unreachable");
	assert_string_equal(text("links", 1, "timestamp"), "2024-01-18T10:35:00.000Z");
	assert_int_equal(json_array_size(list("deploys")), 1);
	assert_string_equal(text("deploys", 0, "text"), "shop 1.4.2 -> 1.5.0");
	assert_string_equal(text("deploys", 0, "timestamp"), "2024-01-18T10:40:00.000Z");
	assert_int_equal(json_array_size(list("boots")), 1);
	assert_string_equal(text("boots", 0, "booted"), "2024-01-18T10:39:50.000Z");
	assert_string_equal(text("boots", 0, "lost"), "2024-01-18T10:34:55.000Z");
	assert_int_equal(json_array_size(list("unseen")), 1);
	assert_string_equal(text("unseen", 0, "end"), "2024-01-18T10:40:00.000Z");
	assert_int_equal(json_array_size(list("incidents")), 1);
	assert_string_equal(text("incidents", 0, "type"), "node_down");
	assert_int_equal(json_array_size(list("anomalies")), 1);
	assert_string_equal(text("anomalies", 0, "incident"), text("incidents", 0, "id"));
	assert_non_null(strstr(text("anomalies", 0, "text"), "the link was lost"));
	/* of another time there is nothing */
	ask(T0 - DAY, T0 - 1);
	assert_int_equal(json_array_size(list("links")), 0);
	assert_int_equal(json_array_size(list("incidents")), 0);
}

static void
health_is_told_when_it_changes(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++)
		feed(i < 10 ? 5e8 : 4e7, 1e9 + i * 5000.0);
	for (int i = 0; i < 10; i++)
		feed(5e8, 2e9 + i * 5000.0);
	ask(T0, now);
	/* 40 minutes are critical, and told again every 15 */
	assert_int_equal(json_array_size(list("health")), 2);
	assert_string_equal(text("health", 0, "criterion"), "memory");
	assert_string_equal(text("health", 0, "level"), "critical");
	assert_string_equal(text("health", 1, "overall_status"), "healthy");
}

static void
restarts_stand_in_rows(void **state)
{
	json_t *row, *times;

	(void)state;
	restart("web_sup", "w1", RESTART_DONE);
	now += 1000;
	restart("web_sup", "w1", RESTART_FAILED);
	restart("db_sup", "pool", RESTART_DONE);
	ask(T0, now);
	assert_int_equal(number(json_object_get(root, "restarts"), "restart"), 2);
	assert_int_equal(number(json_object_get(root, "restarts"), "start_error"), 1);
	assert_true(json_is_null(json_object_get(json_object_get(root, "restarts"), "since")));
	row = json_array_get(list("rows"), 0);
	assert_string_equal(text("rows", 0, "supervisor"), "web_sup");
	assert_string_equal(text("rows", 0, "first"), "2024-01-18T10:30:00.000Z");
	assert_int_equal(number(row, "restart"), 1);
	assert_int_equal(number(row, "gave_up"), 0);
	times = json_object_get(json_object_get(row, "times"), "start_error");
	assert_int_equal(json_array_size(times), 1);
	assert_int_equal(json_integer_value(json_array_get(times, 0)), T0 + 1000);
	assert_null(json_object_get(json_object_get(row, "times"), "gave_up"));
}

static void
a_beat_is_expected_again(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		restart("s", "beat", RESTART_DONE);
		for (int k = 0; k < 60; k++)
			engine_tick(e, now += 10000);
	}
	ask(T0, now);
	assert_string_equal(text("patterns", 0, "type"), "periodic_restart");
	assert_string_equal(text("patterns", 0, "next"), "2024-01-18T12:30:00.000Z");
	ask(now - 60000, now);
	assert_int_equal(json_array_size(list("patterns")), 1);
	ask(now + 1, now + DAY);
	assert_int_equal(json_array_size(list("patterns")), 0);
}

/* Ten thousand restarts of three hundred children, some of them all the time. */
static void
a_busy_day_is_bounded(void **state)
{
	json_t *restarts, *row, *counts;
	char child[64], supervisor[64];

	(void)state;
	for (int i = 0; i < 10500; i++) {
		int k = i % 3 ? i % 30 : i % 300;

		snprintf(supervisor, sizeof(supervisor), "'Elixir.MyApp.Workers.Supervisor%d'", k % 7);
		snprintf(child, sizeof(child), "{worker,<<\"tenant-%d-of-many\">>}", k);
		restart(supervisor, child, RESTART_DONE);
		now += 8000;
	}
	ask(now - DAY, now);
	assert_true(out.len < 150000);
	restarts = json_object_get(root, "restarts");
	assert_int_equal(number(restarts, "restart"), 10000);
	assert_true(json_is_string(json_object_get(restarts, "since")));
	assert_int_equal(json_array_size(list("rows")), 100);
	assert_true(number(json_object_get(restarts, "left_out"), "rows") > 0);
	assert_true(number(json_object_get(restarts, "left_out"), "restarts") > 0);
	row = json_array_get(list("rows"), 0);
	counts = json_object_get(json_object_get(row, "counts"), "restart");
	assert_in_range(json_array_size(counts), 280, 288);
	assert_null(json_object_get(row, "times"));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(of_nothing_there_is_nothing),
		TEST(a_node_goes_and_comes_back),
		TEST(health_is_told_when_it_changes),
		TEST(restarts_stand_in_rows),
		TEST(a_beat_is_expected_again),
		TEST(a_busy_day_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
