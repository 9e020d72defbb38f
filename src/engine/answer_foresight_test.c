/* SPDX-License-Identifier: Apache-2.0 */
/* Predictions and capacity, to the letter, as JSON and as terms. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "engine/answer_parts.h"
#include "etf/etf.h"
#include "etf/etf_text.h"
#include "etf/term_fixture.h"

#define T0 INT64_C(1705573800000)

static struct term *sup, *child;
static struct strbuf json, raw, text;
static struct answer_json as_json;
static struct answer_term as_term;
static struct jsonw j;

static int
setup(void **state)
{
	(void)state;
	sup = atom_term("db_sup");
	child = atom_term("pool");
	jsonw_init(&j, &json);
	answer_json_init(&as_json, &j);
	answer_term_init(&as_term, &raw);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	term_unref(sup);
	term_unref(child);
	strbuf_release(&json);
	strbuf_release(&raw);
	strbuf_release(&text);
	return 0;
}

static const char *
the_term(void)
{
	struct etf e;

	etf_init(&e, (const uint8_t *)raw.data, raw.len);
	assert_true(etf_text(&e, 10000, &text) && etf_done(&e));
	return strbuf_cstr(&text);
}

static struct prediction
prediction_of(enum prediction_kind kind)
{
	return (struct prediction) {
		.kind = kind,
		.supervisor = sup,
		.child_id = child,
		.expected_ms = T0 + 60000,
		.earliest_ms = T0 + 30000,
		.latest_ms = T0 + 90000,
		.confidence = 0.75,
		.resource = METRIC_NONE,
		.threshold = NAN,
		.present = NAN,
		.distance = NAN,
		.text = "a line",
	};
}

static void
predictions_have_what_the_seed_reads(void **state)
{
	struct prediction p[] = { prediction_of(PREDICTION_PERIODIC), prediction_of(PREDICTION_BUDGET) };
	const char *term;

	(void)state;
	p[1].child_id = NULL;
	p[1].budget_left = 1;
	p[1].budget_intensity = 3;
	p[1].budget_period_ms = 5000;
	part_predictions(&as_json.base, p, 2);
	part_predictions(&as_term.base, p, 2);
	assert_string_equal(strbuf_cstr(&json),
	    "[{\"type\":\"periodic_restart\",\"text\":\"a line\",\"child_id\":\"pool\",\"supervisor\":\"db_sup\","
	    "\"next_failure\":\"2024-01-18T10:31:00.000Z\",\"earliest\":\"2024-01-18T10:30:30.000Z\","
	    "\"latest\":\"2024-01-18T10:31:30.000Z\",\"confidence\":0.75},"
	    "{\"type\":\"restart_budget\",\"text\":\"a line\",\"child_id\":null,\"supervisor\":\"db_sup\","
	    "\"next_failure\":\"2024-01-18T10:31:00.000Z\",\"earliest\":\"2024-01-18T10:30:30.000Z\","
	    "\"latest\":\"2024-01-18T10:31:30.000Z\",\"confidence\":0.75,\"left\":1,\"intensity\":3,\"period\":5000}]");
	term = the_term();
	assert_non_null(strstr(term,
	    "[#{type => periodic_restart,text => <<\"a line\">>,child_id => pool,supervisor => "
	    "db_sup,next_failure => #{"));
	assert_non_null(strstr(term, ",confidence => 0.75},#{type => restart_budget,"));
	assert_non_null(strstr(term, ",child_id => nil,"));
	assert_non_null(strstr(term, ",left => 1,intensity => 3,period => 5000}]"));
}

/* Not heading there: no times, but the distance. */
static void
a_trigger_has_its_distance(void **state)
{
	struct prediction p = prediction_of(PREDICTION_RESOURCE);

	(void)state;
	p.expected_ms = p.earliest_ms = p.latest_ms = 0;
	p.resource = METRIC_MQ_MAX;
	p.threshold = 1000;
	p.present = 400;
	p.distance = 600;
	part_predictions(&as_json.base, &p, 1);
	part_predictions(&as_term.base, &p, 1);
	assert_non_null(strstr(strbuf_cstr(&json),
	    ",\"next_failure\":null,\"earliest\":null,\"latest\":null,\"confidence\":0.75,\"resource_type\":"
	    "\"message_queue\",\"metric\":\"mq_max\",\"trigger\":1000,\"present\":400,\"distance\":600,\"unit\":"
	    "\"count\"}]"));
	assert_non_null(strstr(the_term(),
	    ",next_failure => nil,earliest => nil,latest => nil,confidence => 0.75,resource_type => "
	    "message_queue,metric "
	    "=> mq_max,trigger => 1000,present => 400,distance => 600,unit => <<\"count\">>}]"));
}

static void
what_runs_out_has_a_date(void **state)
{
	struct capacity c = {
		.resource = RESOURCE_ATOMS,
		.current = 250000,
		.limit = 1048576,
		.utilization = 23.75,
		.span_ms = 3600000,
		.growth_per_hour = 1000.5,
		.growth_low = 900,
		.growth_high = 1100.25,
		.trend = true,
		.full_ms = T0 + 60000,
		.full_earliest_ms = T0 + 30000,
		.confidence = 0.8,
		.horizon_ms = 7200000,
		.text = "atoms: …",
	};
	const char *term;

	(void)state;
	part_capacity(&as_json.base, &c, 1, T0);
	part_capacity(&as_term.base, &c, 1, T0);
	assert_string_equal(strbuf_cstr(&json),
	    "{\"atoms\":{\"current\":250000,\"limit\":1048576,\"unit\":\"count\",\"utilization\":23.75,\"trend\":true,"
	    "\"growth_per_hour\":1000.5,\"growth_range\":{\"low\":900,\"high\":1100.25},\"span\":3600000,"
	    "\"time_left\":60000,\"full_at\":\"2024-01-18T10:31:00.000Z\",\"earliest\":\"2024-01-18T10:30:30.000Z\","
	    "\"latest\":null,\"horizon\":7200000,\"confidence\":0.8,\"text\":\"atoms: …\"}}");
	term = the_term();
	assert_non_null(strstr(term,
	    "#{atoms => #{current => 250000,limit => 1048576,unit => <<\"count\">>,utilization => 23.75,"
	    "trend => true,growth_per_hour => 1000.5,growth_range => #{low => 900.0,high => 1100.25},"
	    "span => 3600000,time_left => 60000,full_at => #{"));
	assert_non_null(strstr(term, ",latest => nil,horizon => 7200000,confidence => 0.8,text => <<"));
}

static void
what_is_not_known_is_nil(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	const char *term;

	(void)state;
	answer_capacity(&as_json.base, e, T0);
	answer_capacity(&as_term.base, e, T0);
	assert_non_null(strstr(strbuf_cstr(&json),
	    "\"cpu\":{\"current\":null,\"limit\":100,\"unit\":\"percent\",\"utilization\":null,\"trend\":false,"
	    "\"growth_per_hour\":null,\"growth_range\":{\"low\":null,\"high\":null},\"span\":0,\"time_left\":null,"
	    "\"full_at\":null,\"earliest\":null,\"latest\":null,\"horizon\":0,"));
	term = the_term();
	for (int i = 0; i < RESOURCE_COUNT; i++)
		assert_non_null(strstr(term, RESOURCES[i].name));
	assert_non_null(
	    strstr(term, "cpu => #{current => nil,limit => 100.0,unit => <<\"percent\">>,utilization => nil,"));
	strbuf_reset(&json);
	jsonw_init(&j, &json);
	answer_predictions(&as_json.base, e, T0);
	assert_string_equal(strbuf_cstr(&json), "[]");
	engine_free(e);
}

/* What is full already has no time left, not less than none. */
static void
no_time_left_is_none(void **state)
{
	struct capacity c = { .resource = RESOURCE_PORTS, .trend = true, .full_ms = T0 - 5000 };

	(void)state;
	part_capacity(&as_json.base, &c, 1, T0);
	assert_non_null(strstr(strbuf_cstr(&json), "\"time_left\":0,"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(predictions_have_what_the_seed_reads),
		TEST(a_trigger_has_its_distance),
		TEST(what_runs_out_has_a_date),
		TEST(what_is_not_known_is_nil),
		TEST(no_time_left_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
