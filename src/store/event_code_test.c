/* SPDX-License-Identifier: Apache-2.0 */
/* Events, causes, samples and checks: as bytes and back. */
#include "store/event_code.h"

#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "etf/etf_term.h"
#include "etf/term_fixture.h"
#include "store/cause_code.h"
#include "store/sample_code.h"
#include "store/term_code.h"

static struct node_event *
anomaly(void)
{
	struct node_event *ev = node_event_new(EVENT_PERFORMANCE_ALERT, SEVERITY_MEDIUM, "a@h", 1700000000123);
	struct anomaly *a = &ev->u.anomaly;

	*a = (struct anomaly) {
		.type = ANOMALY_MESSAGE_QUEUE,
		.severity = SEVERITY_HIGH,
		.time_ms = 1700000000122,
		.description = "l\xC3\xA4nger",
		.score = 0.75,
		.metric = METRIC_MQ_MAX,
		.current_value = 15000.25,
		.baseline_value = 3,
		.deviation = NAN,
		.culprit_count = 2,
		.culprits = { { .process = { .pid = "<0.1.0>",
				    .name = "n",
				    .initial_call = "m:f/1",
				    .current_function = "g:h/2",
				    .value = 1,
				    .queue_len = 2,
				    .memory = 3.5,
				    .binary = 1e9,
				    .queue_rate = -7,
				    .application = "app",
				    .ancestor_count = 2,
				    .ancestors = { "a_sup", "<0.9.0>" },
				    .reductions = NAN },
				  .growth = 12.5,
				  .share = 0.75,
				  .since_ms = 1700000000001,
				  .count = NAN },
		    { .kind = CULPRIT_TABLE,
			.process = { .name = "cache", .pid = "" },
			.count = 3,
			.growth = NAN,
			.share = NAN,
			.detail = "cache_owner" } },
		.supervisor = atom_term("sup"),
		.restart_count = 1234567890123,
	};
	a->child_id = term_cut(a->supervisor);
	return ev;
}

static struct node_event *
health(void)
{
	struct node_event *ev = node_event_new(EVENT_HEALTH_ALERT, SEVERITY_HIGH, "a@h", 1700000000999);
	struct health *h = &ev->u.health;

	h->overall = LEVEL_CRITICAL;
	h->last_check_ms = 1700000000998;
	for (int i = 0; i < CRITERION_COUNT; i++)
		h->criteria[i] = (struct criterion_state) { (enum level)(i % 4), i * 1.5, i, i + 100 };
	h->restart_rate = 12;
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		h->numbers[i] = i % 3 ? i + 0.25 : NAN;
	h->anomaly_count = 2;
	h->anomalies[0] = anomaly();
	h->anomalies[1] = anomaly();
	h->recommendation_count = 2;
	strcpy(h->recommendations[0], "do this");
	strcpy(h->recommendations[1], "and that");
	h->changed = CRITERION_FDS;
	return ev;
}

static void
same_number(double a, double b)
{
	assert_true(isnan(a) ? isnan(b) : a == b);
}

static void
same_anomaly(const struct node_event *x, const struct node_event *y)
{
	const struct anomaly *a = &x->u.anomaly, *b = &y->u.anomaly;

	assert_int_equal(x->type, y->type);
	assert_int_equal(x->severity, y->severity);
	assert_int_equal(x->time_ms, y->time_ms);
	assert_string_equal(x->node, y->node);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->severity, b->severity);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_string_equal(a->description, b->description);
	same_number(a->score, b->score);
	assert_int_equal(a->metric, b->metric);
	same_number(a->current_value, b->current_value);
	same_number(a->baseline_value, b->baseline_value);
	same_number(a->deviation, b->deviation);
	assert_int_equal(a->culprit_count, b->culprit_count);
	for (unsigned i = 0; i < a->culprit_count; i++) {
		assert_int_equal(a->culprits[i].kind, b->culprits[i].kind);
		assert_string_equal(a->culprits[i].detail, b->culprits[i].detail);
		assert_true(a->culprits[i].since_ms == b->culprits[i].since_ms);
		same_number(a->culprits[i].count, b->culprits[i].count);
		same_number(a->culprits[i].growth, b->culprits[i].growth);
		same_number(a->culprits[i].share, b->culprits[i].share);
		assert_string_equal(a->culprits[i].process.pid, b->culprits[i].process.pid);
		assert_string_equal(a->culprits[i].process.current_function, b->culprits[i].process.current_function);
		same_number(a->culprits[i].process.memory, b->culprits[i].process.memory);
		same_number(a->culprits[i].process.reductions, b->culprits[i].process.reductions);
		same_number(a->culprits[i].process.binary, b->culprits[i].process.binary);
		same_number(a->culprits[i].process.queue_rate, b->culprits[i].process.queue_rate);
		assert_string_equal(a->culprits[i].process.application, b->culprits[i].process.application);
		assert_int_equal(a->culprits[i].process.ancestor_count, b->culprits[i].process.ancestor_count);
		for (unsigned k = 0; k < a->culprits[i].process.ancestor_count; k++)
			assert_string_equal(a->culprits[i].process.ancestors[k], b->culprits[i].process.ancestors[k]);
	}
	assert_true(term_same(a->supervisor, b->supervisor));
	assert_true(term_same(a->child_id, b->child_id));
	assert_int_equal(a->restart_count, b->restart_count);
}

static void
an_anomaly_comes_back(void **state)
{
	struct node_event *ev = anomaly(), *back;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	back = event_code_read(bytes.data, bytes.len, "a@h");
	assert_non_null(back);
	same_anomaly(ev, back);
	node_event_unref(ev);
	node_event_unref(back);
	strbuf_release(&bytes);
}

static void
a_health_alert_comes_back_with_its_anomalies(void **state)
{
	struct node_event *ev = health(), *back;
	const struct health *a = &ev->u.health, *b;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	back = event_code_read(bytes.data, bytes.len, "a@h");
	assert_non_null(back);
	b = &back->u.health;
	assert_int_equal(b->overall, LEVEL_CRITICAL);
	assert_int_equal(b->last_check_ms, a->last_check_ms);
	for (int i = 0; i < CRITERION_COUNT; i++) {
		assert_int_equal(a->criteria[i].level, b->criteria[i].level);
		same_number(a->criteria[i].value, b->criteria[i].value);
		same_number(a->criteria[i].critical, b->criteria[i].critical);
	}
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		same_number(a->numbers[i], b->numbers[i]);
	same_number(b->restart_rate, 12);
	assert_int_equal(b->recommendation_count, 2);
	assert_string_equal(b->recommendations[1], "and that");
	assert_int_equal(b->changed, CRITERION_FDS);
	assert_int_equal(b->anomaly_count, 2);
	same_anomaly(a->anomalies[1], b->anomalies[1]);
	node_event_unref(ev);
	node_event_unref(back);
	strbuf_release(&bytes);
}

/* Each cut and each flipped bit is read to something or to nothing; ASan looks on. */
static void
bad_bytes_are_no_event(void **state)
{
	struct node_event *ev = health();
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	event_code_write(&bytes, ev);
	for (size_t i = 0; i < bytes.len; i++) {
		assert_null(event_code_read(bytes.data, i, "a@h"));
		bytes.data[i] ^= (char)(1 << (i % 8));
		node_event_unref(event_code_read(bytes.data, bytes.len, "a@h"));
		bytes.data[i] ^= (char)(1 << (i % 8));
	}
	strbuf_addc(&bytes, 'x');
	assert_null(event_code_read(bytes.data, bytes.len, "a@h"));
	node_event_unref(ev);
	strbuf_release(&bytes);
}

static void
a_cause_comes_back_also_without_its_reason(void **state)
{
	struct restart r = { .supervisor = atom_term("sup"),
		.key = atom_term("key"),
		.child_id = atom_term("child"),
		.reason = atom_term("killed"),
		.restart_type = "transient",
		.group = true,
		.time_ms = 5 };
	struct strbuf bytes = STRBUF_INIT, coarse = STRBUF_INIT;
	struct restart back;

	(void)state;
	cause_code_write(&bytes, &r);
	assert_true(cause_code_read(bytes.data, bytes.len, &back));
	assert_true(term_same(back.supervisor, r.supervisor) && term_same(back.key, r.key));
	assert_true(term_same(back.child_id, r.child_id) && term_same(back.reason, r.reason));
	assert_string_equal(back.restart_type, "transient");
	assert_true(back.group);
	assert_int_equal(back.time_ms, 0);
	restart_release(&back);
	assert_true(cause_code_coarse(bytes.data, bytes.len, &coarse));
	assert_true(cause_code_read(coarse.data, coarse.len, &back));
	assert_null(back.reason);
	restart_release(&back);
	for (size_t i = 0; i < bytes.len; i++) {
		assert_false(cause_code_read(bytes.data, i, &back));
		assert_null(back.supervisor);
	}
	restart_release(&r);
	strbuf_release(&bytes);
	strbuf_release(&coarse);
}

/* ---- samples ---- */

static void
number_all(struct sample_names *names, unsigned first)
{
	memset(names, 0, sizeof(*names));
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		names->of_metric[i] = (uint16_t)(first + i);
		names->metric[first + i] = (uint16_t)(i + 1);
	}
	for (unsigned i = 0; i < CRITERION_COUNT; i++) {
		names->of_criterion[i] = (uint16_t)(first + METRIC_COUNT + i);
		names->criterion[first + METRIC_COUNT + i] = (uint16_t)(i + 1);
	}
}

static void
a_sample_comes_back(void **state)
{
	static const double values[] = { 0, -0.0, 1, -1, 0.1, 1e300, 9007199254740991.0, -9007199254740992.0, 1e-310 };
	static struct sample s, back;
	struct sample_names names;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	number_all(&names, 7);
	for (int i = 0; i < METRIC_COUNT; i += 2)
		sample_set(&s, (enum metric_id)i, values[(size_t)i / 2 % (sizeof(values) / sizeof(values[0]))]);
	s.scheduler_count = 3;
	s.scheduler_active[2] = UINT64_MAX;
	s.scheduler_total[1] = 300;
	s.scheduler_utilization[0] = 12.5f;
	s.top_count[TOP_MEMORY] = 1;
	strcpy(s.top[TOP_MEMORY][0].name, "a name");
	s.top[TOP_MEMORY][0].memory = 1e9;
	sample_code_write(&bytes, &s, &names);
	assert_true(sample_code_read(bytes.data, bytes.len, &names, 77, &back));
	assert_int_equal(back.time_ms, 77);
	assert_memory_equal(back.present, s.present, sizeof(s.present));
	assert_memory_equal(back.value, s.value, sizeof(s.value));
	assert_int_equal(back.scheduler_count, 3);
	assert_true(back.scheduler_active[2] == UINT64_MAX && back.scheduler_total[1] == 300);
	assert_true(back.scheduler_utilization[0] == 12.5f);
	assert_int_equal(back.top_count[TOP_MEMORY], 1);
	assert_string_equal(back.top[TOP_MEMORY][0].name, "a name");
	for (size_t i = 0; i < bytes.len; i++) {
		assert_false(sample_code_read(bytes.data, i, &names, 77, &back));
		bytes.data[i] ^= (char)(1 << (i % 8));
		(void)!sample_code_read(bytes.data, bytes.len, &names, 77, &back);
		bytes.data[i] ^= (char)(1 << (i % 8));
	}
	strbuf_release(&bytes);
}

/* In files of the first release there are three rankings, and the only ranking is empty as a rule: walks were rarer than samples. */
static void
samples_of_the_first_version_are_read(void **state)
{
	static struct sample s, back;
	struct sample_names names;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	number_all(&names, 1);
	memset(&s, 0, sizeof(s));
	sample_set(&s, METRIC_PROCESS_COUNT, 42);
	sample_code_write(&bytes, &s, &names);
	bytes.data[0] = 1;
	assert_true(sample_code_read(bytes.data, bytes.len - 1, &names, 77, &back));
	assert_true(back.value[METRIC_PROCESS_COUNT] == 42);
	/* One process, with the eight fields of then: four empty texts, four zeros. */
	bytes.data[bytes.len - 2] = 1;
	strbuf_add(&bytes, "\0\0\0\1\1\1\1", 7);
	assert_true(sample_code_read(bytes.data, bytes.len, &names, 77, &back));
	assert_int_equal(back.top_count[TOP_REDUCTIONS], 1);
	assert_true(back.top[TOP_REDUCTIONS][0].memory == 0 && isnan(back.top[TOP_REDUCTIONS][0].binary));
	bytes.data[0] = 3;
	assert_false(sample_code_read(bytes.data, bytes.len, &names, 77, &back));
	strbuf_release(&bytes);
}

/* A later release's metric is left out, one that a file does not know yet is not observed. */
static void
metrics_are_known_by_the_files_numbers(void **state)
{
	static struct sample s, back;
	struct sample_names names, others;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	number_all(&names, 1);
	others = names;
	others.metric[names.of_metric[METRIC_LOAD1]] = 0;
	sample_set(&s, METRIC_LOAD1, 1);
	sample_set(&s, METRIC_LOAD5, 5);
	sample_code_write(&bytes, &s, &names);
	assert_true(sample_code_read(bytes.data, bytes.len, &others, 1, &back));
	assert_false(back.present[METRIC_LOAD1]);
	assert_true(back.present[METRIC_LOAD5] && back.value[METRIC_LOAD5] == 5);
	strbuf_release(&bytes);
}

static void
a_check_comes_back(void **state)
{
	static struct check_code back;
	const uint64_t findings[] = { 3, UINT64_MAX };
	struct past_check check = {
		.overall = LEVEL_WARNING, .restart_rate = NAN, .recommendations = "one\ntwo", .anomaly_count = 2
	};
	struct sample_names names;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	number_all(&names, 1);
	check.levels[CRITERION_ATOMS] = LEVEL_CRITICAL;
	check_code_write(&bytes, &check, findings, &names);
	assert_true(check_code_read(bytes.data, bytes.len, &names, 9, &back));
	assert_int_equal(back.check.time_ms, 9);
	assert_int_equal(back.check.overall, LEVEL_WARNING);
	assert_memory_equal(back.check.levels, check.levels, sizeof(check.levels));
	assert_true(isnan(back.check.restart_rate));
	assert_string_equal(back.check.recommendations, "one\ntwo");
	assert_int_equal(back.finding_count, 2);
	assert_memory_equal(back.findings, findings, sizeof(findings));
	for (size_t i = 0; i < bytes.len; i++)
		assert_false(check_code_read(bytes.data, i, &names, 9, &back));
	strbuf_release(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_anomaly_comes_back),
		cmocka_unit_test(a_health_alert_comes_back_with_its_anomalies),
		cmocka_unit_test(bad_bytes_are_no_event),
		cmocka_unit_test(a_cause_comes_back_also_without_its_reason),
		cmocka_unit_test(a_sample_comes_back),
		cmocka_unit_test(samples_of_the_first_version_are_read),
		cmocka_unit_test(metrics_are_known_by_the_files_numbers),
		cmocka_unit_test(a_check_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
