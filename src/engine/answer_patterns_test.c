/* SPDX-License-Identifier: Apache-2.0 */
/* Each type of pattern, to the letter, as JSON and as terms. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "engine/answer_parts.h"
#include "etf/etf.h"
#include "etf/etf_text.h"
#include "etf/term_fixture.h"

#define T0 INT64_C(1705573800000)

static struct term *sup, *child, *other, *cut;
static struct strbuf out;

static int
setup(void **state)
{
	(void)state;
	sup = atom_term("db_sup");
	child = atom_term("pool");
	other = atom_term("cache");
	cut = term_new((const uint8_t *)"\x6D\0\0\0\x03xyz", 8, "xyz", true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	term_unref(sup);
	term_unref(child);
	term_unref(other);
	term_unref(cut);
	strbuf_release(&out);
	return 0;
}

static struct pattern
some(enum pattern_type type, const char *text)
{
	struct pattern p = {
		.type = type,
		.supervisor = sup,
		.child_id = child,
		.frequency = 7,
		.confidence = 0.875,
		.first_ms = T0,
		.last_ms = T0 + 60000,
		.detected_ms = T0 + 5000,
		.active = true,
		.resource = METRIC_NONE,
	};

	snprintf(p.text, sizeof(p.text), "%s", text);
	return p;
}

static const char *
json_of(const struct pattern *p)
{
	struct answer_json a;
	struct jsonw j;

	strbuf_reset(&out);
	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	part_patterns(&a.base, p, 1);
	return strbuf_cstr(&out);
}

static const char *
term_of(const struct pattern *p)
{
	struct strbuf raw = STRBUF_INIT;
	struct answer_term a;
	struct etf e;

	strbuf_reset(&out);
	answer_term_init(&a, &raw);
	part_patterns(&a.base, p, 1);
	etf_init(&e, (const uint8_t *)raw.data, raw.len);
	assert_true(etf_text(&e, 10000, &out) && etf_done(&e));
	strbuf_release(&raw);
	return strbuf_cstr(&out);
}

#define JSON_HEAD(type)                                                                                   \
	"[{\"type\":\"" type "\",\"pattern\":\"a line\",\"child_id\":\"pool\",\"supervisor\":\"db_sup\"," \
	"\"frequency\":7,\"confidence\":0.875,\"first\":\"2024-01-18T10:30:00.000Z\","                    \
	"\"last\":\"2024-01-18T10:31:00.000Z\",\"detected\":\"2024-01-18T10:30:05.000Z\",\"active\":true"

static void
a_storm_has_nothing_of_its_own(void **state)
{
	struct pattern p = some(PATTERN_STORM, "a line");

	(void)state;
	assert_string_equal(json_of(&p), JSON_HEAD("restart_storm") "}]");
	assert_non_null(strstr(term_of(&p),
	    "#{type => restart_storm,pattern => <<\"a line\">>,child_id => pool,supervisor "
	    "=> db_sup,frequency => 7,confidence => 0.875,first => #{"));
	p.supervisor = cut;
	assert_non_null(strstr(json_of(&p), "\"active\":true,\"truncated\":true}]"));
}

/* The seed adds the interval, in seconds, to last_restart. */
static void
a_periodic_one_has_what_the_seed_reads(void **state)
{
	struct pattern p = some(PATTERN_PERIODIC, "a line");
	const char *text;

	(void)state;
	p.interval_ms = 599600.5;
	p.jitter = 0.03125;
	p.missed = 2;
	assert_string_equal(json_of(&p),
	    JSON_HEAD(
		"periodic_restart") ",\"interval\":600,\"interval_ms\":599600.5,"
				    "\"jitter\":0.03125,\"missed\":2,\"last_restart\":\"2024-01-18T10:31:00.000Z\"}]");
	text = term_of(&p);
	assert_non_null(
	    strstr(text, ",interval => 600,interval_ms => 599600.5,jitter => 0.03125,missed => 2,last_restart => "));
	assert_non_null(strstr(strstr(text, "last_restart => #{"), "'__struct__' => 'Elixir.DateTime'"));
	p.interval_ms = 300;
	assert_non_null(strstr(term_of(&p), ",interval => 1,interval_ms => 300.0,"));
}

static void
a_cascade_has_its_members_in_order(void **state)
{
	struct pattern p = some(PATTERN_CASCADE, "a line");

	(void)state;
	p.member_count = 2;
	p.members[0] = (struct pattern_member) { sup, child };
	p.members[1] = (struct pattern_member) { cut, other };
	p.delay_ms = 1500;
	assert_string_equal(json_of(&p),
	    JSON_HEAD("cascading_failure") ",\"members\":[{\"child_id\":\"pool\","
					   "\"supervisor\":\"db_sup\"},{\"child_id\":\"cache\",\"supervisor\":\"xyz\","
					   "\"truncated\":true}],"
					   "\"delay_ms\":1500}]");
	assert_non_null(strstr(term_of(&p),
	    ",members => [#{child_id => pool,supervisor => db_sup},#{child_id => "
	    "cache,supervisor => <<\"xyz\">>,truncated => true}],delay_ms => 1.5e3}]"));
}

static void
a_resource_correlated_one_names_the_resource(void **state)
{
	struct pattern p = some(PATTERN_RESOURCE, "a line");

	(void)state;
	p.resource = METRIC_MEMORY_UTILIZATION;
	p.resource_threshold = 90.5;
	p.fired = 0.75;
	p.delay_ms = 12000;
	assert_string_equal(json_of(&p),
	    JSON_HEAD("resource_correlated") ",\"resource_type\":\"memory\","
					     "\"metric\":\"memory_utilization\",\"resource_threshold\":90.5,\"unit\":"
					     "\"percent\",\"fired\":0.75,"
					     "\"delay_ms\":12000}]");
	assert_non_null(strstr(term_of(&p),
	    ",resource_type => memory,metric => memory_utilization,resource_threshold => "
	    "90.5,unit => <<\"percent\">>,fired => 0.75,"));
	assert_string_equal(resource_word(METRIC_CPU_UTILIZATION), "cpu");
	assert_string_equal(resource_word(METRIC_MQ_MAX), "message_queue");
	assert_string_equal(resource_word(METRIC_PORT_COUNT), "port_count");
}

static struct restart
restart_at(int64_t time_ms, struct term *id)
{
	return (
	    struct restart) { .supervisor = sup, .child_id = id, .reason = child, .time_ms = time_ms, .caught = true };
}

static unsigned
listed(struct engine *e, int64_t now_ms, enum pattern_type type)
{
	struct strbuf raw = STRBUF_INIT;
	struct answer_term a;
	struct etf list;
	unsigned count;

	answer_term_init(&a, &raw);
	answer_patterns(&a.base, e, now_ms, type);
	etf_init(&list, (const uint8_t *)raw.data, raw.len);
	count = etf_peek(&list) == ETF_NIL ? 0 : etf_list(&list);
	strbuf_release(&raw);
	return count;
}

static void
an_answer_has_the_patterns_of_a_type(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);

	(void)state;
	for (int64_t i = 0; i < 6; i++) {
		struct restart r = restart_at(T0 + 1000 * i, child);

		assert_true(engine_restart(e, T0 + 1000 * i, &r));
	}
	assert_int_equal(listed(e, T0 + 6000, PATTERN_TYPE_COUNT), 1);
	assert_int_equal(listed(e, T0 + 6000, PATTERN_STORM), 1);
	assert_int_equal(listed(e, T0 + 6000, PATTERN_CASCADE), 0);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_storm_has_nothing_of_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(a_periodic_one_has_what_the_seed_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cascade_has_its_members_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_resource_correlated_one_names_the_resource, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_has_the_patterns_of_a_type, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
