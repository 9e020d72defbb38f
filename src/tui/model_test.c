/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/model.h"

#include <math.h>

#include "tui/fixture.h"
#include "tui/get.h"

static struct model model;

static int
setup(void **state)
{
	(void)state;
	fixture_fill(&model);
	return fixture_locale();
}

static int
teardown(void **state)
{
	(void)state;
	model_release(&model);
	return 0;
}

static void
test_answers_are_kept(void **state)
{
	(void)state;
	assert_int_equal(json_array_size(model_nodes(&model)), 4);
	assert_string_equal(get_text(model_node(&model), "overall_status"), "critical");
	assert_int_equal(model.answers[ASK_HEALTH].came_ms, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_HEALTH].why, "");
}

/* What goes wrong is told, and the last good answer stays. */
static void
test_no_answer(void **state)
{
	const char error[] = "{\"error\":{\"status\":504,\"message\":\"it did not answer in time\"}}";

	(void)state;
	model_answer(&model, ASK_TREE, 504, error, sizeof(error) - 1, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_TREE].why, "it did not answer in time");
	assert_non_null(model_body(&model, ASK_TREE));
	model_answer(&model, ASK_HEALTH, 0, "it cannot be reached", 20, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_HEALTH].why, "it cannot be reached");
	model_answer(&model, ASK_HEALTH, 500, "<html>", 6, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_HEALTH].why, "the server answers 500");
}

/* A list that is looked through for each row of another would hold up the screen. */
static void
test_endless_lists_are_no_answer(void **state)
{
	struct strbuf body = STRBUF_INIT;

	(void)state;
	strbuf_adds(&body, "{\"recent\":[");
	for (int i = 0; i < 3000; i++)
		strbuf_adds(&body, i ? ",{}" : "{}");
	strbuf_adds(&body, "]}");
	model_answer(&model, ASK_RESTARTS, 200, body.data, body.len, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_RESTARTS].why, "the server's answer is not what was asked for");
	assert_true(json_array_size(get_array(model_body(&model, ASK_RESTARTS), "recent")) < 3000);
	model_answer(&model, ASK_TREE, 200, body.data, body.len, FIXTURE_NOW);
	assert_string_equal(model.answers[ASK_TREE].why, "");
	strbuf_release(&body);
}

static void
test_what_is_none_of_ours(void **state)
{
	static const char *const bodies[] = { "", "{", "[]", "7", "\"x\"", "null", "{\"nodes\":[]}", "\xFF", "[[[[" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		for (int ask = 0; ask < ASK_COUNT; ask++)
			model_answer(&model, (enum ask)ask, 200, bodies[i], strlen(bodies[i]), FIXTURE_NOW);
	assert_null(model_node(&model));
	model_trend(&model, "nobody@nowhere", "{}", 2);
	model_trend(&model, FIXTURE_NODE, "[]", 2);
	model_event(&model, "{\"type\":7}", 10);
	model_event(&model, "[]", 2);
	model_event(&model, "", 0);
	assert_int_equal(model.event_count, 5);
}

static void
test_another_node(void **state)
{
	(void)state;
	model_select(&model, FIXTURE_NODE);
	assert_non_null(model_body(&model, ASK_HEALTH));
	model_select(&model, "fine@host");
	assert_null(model_body(&model, ASK_HEALTH));
	assert_int_equal(model.restart_count, 0);
	assert_true(isnan(model.charts[CHART_CPU][CHART_POINTS - 1]));
	assert_int_equal(json_array_size(model_nodes(&model)), 4);
}

static void
test_events_are_bounded(void **state)
{
	char text[128];

	(void)state;
	/* Of an incident only what is new in it. */
	assert_int_equal(model.event_count, 5);
	for (int i = 0; i < 3 * MODEL_EVENTS; i++) {
		int len = snprintf(text, sizeof(text), "{\"id\":%d,\"type\":\"node\",\"node\":\"a@b\"}", 100 + i);

		model_event(&model, text, (size_t)len);
	}
	assert_int_equal(model.event_count, MODEL_EVENTS);
	assert_int_equal(
	    json_integer_value(json_object_get(model.events[MODEL_EVENTS - 1], "id")), 100 + 3 * MODEL_EVENTS - 1);
	assert_true(model.events_dropped > 0);
}

static void
test_large_events_are_bounded_by_bytes(void **state)
{
	size_t len = MODEL_EVENT_BYTES / 4;
	char *text = malloc(len + 64);
	int n = snprintf(text, 64, "{\"type\":\"node\",\"x\":\"");

	(void)state;
	memset(text + n, 'x', len);
	strcpy(text + (size_t)n + len, "\"}");
	for (int i = 0; i < 20; i++)
		model_event(&model, text, strlen(text));
	assert_true(model.events_bytes <= MODEL_EVENT_BYTES);
	assert_true(model.event_count <= 4);
	free(text);
}

static void
test_charts(void **state)
{
	(void)state;
	ASSERT_NEAR(model.charts[CHART_CPU][CHART_POINTS - 1], 12.3, 1e-9);
	ASSERT_NEAR(model.charts[CHART_CPU][CHART_POINTS - 2], 50, 1e-9);
	/* What was not observed is a gap. */
	assert_true(isnan(model.charts[CHART_CPU][0]));
	assert_true(isnan(model.charts[CHART_RUN_QUEUE][CHART_POINTS - 1]));
	/* Restarts are seen since before, so none is 0. */
	ASSERT_NEAR(model.charts[CHART_RESTARTS][CHART_POINTS - 1], 1, 0);
	ASSERT_NEAR(model.charts[CHART_RESTARTS][CHART_POINTS - 12], 1, 0);
	ASSERT_NEAR(model.charts[CHART_RESTARTS][0], 0, 0);
}

static void
test_samples_farther_apart_than_points(void **state)
{
	const char sparse[] =
	    "{\"time_range\":{\"end\":\"2024-01-18T10:30:00.000Z\"},\"metrics\":{\"cpu_utilization\":{\"time\":"
	    "[1705573740000,1705573755000,1705573770000],\"max\":[1,2,3]}}}";

	(void)state;
	fixture_answer(&model, ASK_HISTORY, sparse);
	ASSERT_NEAR(model.charts[CHART_CPU][108], 1, 0);
	ASSERT_NEAR(model.charts[CHART_CPU][110], 1, 0);
	ASSERT_NEAR(model.charts[CHART_CPU][111], 2, 0);
	/* But not for ever. */
	assert_true(isnan(model.charts[CHART_CPU][CHART_POINTS - 1]));
}

static void
test_hostile_history(void **state)
{
	const char odd[] =
	    "{\"time_range\":{\"end\":\"2024-01-18T10:30:00.000Z\"},\"metrics\":{\"cpu_utilization\":{\"time\":"
	    "[1e300,-5,null,\"x\",1705573795000,0],\"max\":[1,2,3,4,null,5]},\"mq_max\":{\"time\":[1],\"max\":7},\"run_"
	    "queue\":[]}}";

	(void)state;
	fixture_answer(&model, ASK_HISTORY, odd);
	for (int i = 0; i < CHART_POINTS; i++)
		assert_true(isnan(model.charts[CHART_CPU][i]));
}

static void
test_restarts_are_counted_once(void **state)
{
	(void)state;
	assert_int_equal(model.restart_count, 2);
	fixture_answer(&model, ASK_RESTARTS, FIXTURE_RESTARTS);
	assert_int_equal(model.restart_count, 2);
	assert_int_equal(model.restarts_since_ms, FIXTURE_NOW - 90 * 60000);
}

static void
test_trends(void **state)
{
	struct trend *t = model_trend_of(&model, FIXTURE_NODE);
	const char past[] =
	    "{\"metrics\":{\"cpu_utilization\":{\"time\":[1705573780000,1705573790000,1],\"value\":[40,99,7]}}}";

	(void)state;
	assert_non_null(t);
	ASSERT_NEAR(t->cpu[TREND_POINTS - 1], 12.3, 1e-9);
	model_trend(&model, FIXTURE_NODE, past, sizeof(past) - 1);
	t = model_trend_of(&model, FIXTURE_NODE);
	ASSERT_NEAR(t->cpu[TREND_POINTS - 2], 40, 0);
	assert_true(isnan(t->cpu[0]));
	/* A node without a sample has no line. */
	assert_null(model_trend_of(&model, "gone@host"));
}

static void
test_path_of_the_history(void **state)
{
	struct strbuf path = STRBUF_INIT;

	(void)state;
	model_history_path(&model, FIXTURE_NOW, &path);
	assert_string_equal(path.data,
	    "/history?start=1705573200000&end=1705573800000&step=5s&fields=max&digits=4&metric="
	    "cpu_utilization,memory_utilization,process_count,run_queue,mq_max");
	strbuf_release(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless_lists_are_no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_none_of_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_node, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_events_are_bounded_by_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_charts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_samples_farther_apart_than_points, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_history, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarts_are_counted_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_path_of_the_history, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
