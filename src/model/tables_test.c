/* SPDX-License-Identifier: Apache-2.0 */
/* The tables are right in themselves: what is made from them needs no further check. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "model/cause.h"
#include "model/event.h"
#include "model/health.h"
#include "model/metric.h"

static bool
is_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	return islower((unsigned char)s[0]) != 0;
}

static void
metric_names_are_unique_and_found(void **state)
{
	(void)state;
	for (int i = 0; i < METRIC_COUNT; i++) {
		const char *name = METRICS[i].name;

		assert_true(is_name(name));
		assert_int_equal(metric_find(name, strlen(name)), i);
	}
	assert_int_equal(metric_find("cpu_utilizatio", 14), METRIC_NONE);
	assert_int_equal(metric_find("cpu_utilization_", 16), METRIC_NONE);
	assert_int_equal(metric_find("", 0), METRIC_NONE);
}

static void
metric_rows_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric *m = &METRICS[i];

		assert_true(m->help[0] != '\0' && strchr(m->help, '\n') == NULL);
		assert_non_null(metric_unit_name(m->unit));
		assert_true(m->limit == METRIC_NONE || (m->limit < METRIC_COUNT && (int)m->limit != i));
		assert_true(m->limit == METRIC_NONE || METRICS[m->limit].unit == m->unit);
		assert_true(m->watch == WATCH_NONE || (m->floor > 0 && m->share > 0));
		assert_true(m->watch != WATCH_RATE || m->kind == KIND_COUNTER);
		assert_true(m->watch != WATCH_LEVEL || m->kind == KIND_GAUGE);
		assert_true(m->anomaly < ANOMALY_TYPE_COUNT);
		assert_int_equal(m->prom_old[0] == '\0', m->prom_new[0] == '\0');
	}
}

/* No two rows may write the same Prometheus series, or the same place of the seed's shape. */
static void
outside_names_are_unique(void **state)
{
	(void)state;
	for (int i = 0; i < METRIC_COUNT; i++)
		for (int k = 0; k < i; k++) {
			const struct metric *a = &METRICS[i], *b = &METRICS[k];
			bool labels = strcmp(a->prom_labels, b->prom_labels) == 0;

			assert_false(a->seed_path[0] && strcmp(a->seed_path, b->seed_path) == 0);
			assert_false(labels && a->prom_old[0] && strcmp(a->prom_old, b->prom_old) == 0);
			assert_false(labels && a->prom_new[0] && strcmp(a->prom_new, b->prom_new) == 0);
		}
}

static void
seed_shape_is_covered(void **state)
{
	static const char *const paths[] = { "cpu.utilization", "memory.total", "memory.used", "memory.available",
		"memory.processes", "memory.system", "processes.count", "processes.limit", "processes.utilization",
		"processes.runnable", "processes.running", "io.input", "io.output", "gc.collections",
		"gc.words_reclaimed", "gc.time_spent" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		int found = 0;

		for (int m = 0; m < METRIC_COUNT; m++)
			found += strcmp(METRICS[m].seed_path, paths[i]) == 0;
		assert_int_equal(found, 1);
	}
}

static void
anomaly_types_and_criteria_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < ANOMALY_TYPE_COUNT; i++) {
		assert_true(is_name(ANOMALIES[i].name));
		assert_true(ANOMALIES[i].description[0] != '\0');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ANOMALIES[i].name, ANOMALIES[k].name);
	}
	for (int i = 0; i < CRITERION_COUNT; i++) {
		assert_true(is_name(CRITERIA[i].name));
		assert_true(CRITERIA[i].warning < CRITERIA[i].critical);
		assert_true(CRITERIA[i].unit[0] != '\0' && CRITERIA[i].help[0] != '\0');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(CRITERIA[i].name, CRITERIA[k].name);
	}
}

/* The writer of health opens a group once: its rows must stand together. */
static void
health_numbers_are_grouped(void **state)
{
	(void)state;
	for (int i = 1; i < HEALTH_NUMBER_COUNT; i++)
		for (int k = 0; k < i - 1; k++)
			assert_false(strcmp(HEALTH_NUMBERS[i].group, HEALTH_NUMBERS[k].group) == 0 &&
			    strcmp(HEALTH_NUMBERS[i - 1].group, HEALTH_NUMBERS[k].group) != 0);
}

static void
names_of_small_enums(void **state)
{
	(void)state;
	assert_string_equal(severity_name(SEVERITY_HIGH), "high");
	assert_string_equal(level_name(LEVEL_UNKNOWN), "unknown");
	assert_string_equal(level_name(LEVEL_CRITICAL), "critical");
	assert_string_equal(node_state_name(NODE_INCOMPATIBLE), "incompatible");
	assert_string_equal(restart_kind_name(RESTART_GAVE_UP), "gave_up");
	for (int k = 0; k < TOP_KIND_COUNT; k++)
		assert_int_equal(top_kind_find(top_kind_name((enum top_kind)k)), k);
	assert_int_equal(top_kind_find("queue"), TOP_MESSAGE_QUEUE);
	assert_int_equal(top_kind_find("reduction"), TOP_KIND_COUNT);
	for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
		const char *name = event_type_name((enum event_type)i);

		assert_int_equal(event_type_find(name, strlen(name)), i);
	}
	assert_int_equal(event_type_find("anomal", 6), EVENT_TYPE_COUNT);
}

/* A node says what it likes. */
static void
when_a_vm_booted(void **state)
{
	(void)state;
	assert_int_equal(sample_booted_ms(5000, 4000.5), 1000);
	assert_int_equal(sample_booted_ms(5000, 1e30), 0);
	assert_int_equal(sample_booted_ms(5000, -1), 0);
	assert_int_equal(sample_booted_ms(5000, NAN), 0);
}

static void
sample_refuses_what_is_no_number(void **state)
{
	static struct sample s;

	(void)state;
	sample_set(&s, METRIC_LOAD1, 0);
	assert_true(s.present[METRIC_LOAD1]);
	sample_set(&s, METRIC_LOAD1, NAN);
	assert_false(s.present[METRIC_LOAD1]);
}

/* No type comes before one that causes it, and none is missing: so the cause graph has no cycle. */
static void
causes_come_first(void **state)
{
	bool seen[ANOMALY_TYPE_COUNT] = { false };

	(void)state;
	for (int i = 0; i < ANOMALY_TYPE_COUNT; i++) {
		assert_false(seen[CAUSE_ORDER[i]]);
		seen[CAUSE_ORDER[i]] = true;
		for (int k = 0; k <= i; k++)
			assert_int_equal(cause_between(CAUSE_ORDER[i], CAUSE_ORDER[k]), CAUSE_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metric_names_are_unique_and_found),
		cmocka_unit_test(metric_rows_are_complete),
		cmocka_unit_test(outside_names_are_unique),
		cmocka_unit_test(seed_shape_is_covered),
		cmocka_unit_test(anomaly_types_and_criteria_are_complete),
		cmocka_unit_test(health_numbers_are_grouped),
		cmocka_unit_test(names_of_small_enums),
		cmocka_unit_test(when_a_vm_booted),
		cmocka_unit_test(sample_refuses_what_is_no_number),
		cmocka_unit_test(causes_come_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
