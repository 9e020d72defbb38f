/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/arsenal.h"

#define T0 INT64_C(1700000000000)

#define ASSERT_CODE(call, code) assert_int_equal(call, code)
#define ASSERT_OK(call) ASSERT_CODE(call, ARSENAL_OK)
#define ASSERT_HAS(text, part) assert_non_null(strstr(text, part))

static struct arsenal *
fresh(void)
{
	struct arsenal *a = arsenal_new("t", NULL, NULL, 0);

	assert_non_null(a);
	return a;
}

/* with makes a handle with one option changed by the test. */
static struct arsenal *
with(const struct arsenal_options *o)
{
	char err[256] = "";
	struct arsenal *a = arsenal_new("t", o, err, sizeof(err));

	if (a == NULL)
		fail_msg("%s", err);
	return a;
}

static struct arsenal_options
options(void)
{
	struct arsenal_options o;

	arsenal_options_init(&o, sizeof(o));
	return o;
}

/* ---- version, tables ---- */

static void
test_version(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(arsenal_version_string(), ARSENAL_VERSION);
	assert_int_equal(
	    arsenal_version(), ARSENAL_VERSION_MAJOR * 1000000 + ARSENAL_VERSION_MINOR * 1000 + ARSENAL_VERSION_PATCH);
	snprintf(text, sizeof(text), "%d.%d.%d", ARSENAL_VERSION_MAJOR, ARSENAL_VERSION_MINOR, ARSENAL_VERSION_PATCH);
	assert_string_equal(text, ARSENAL_VERSION_STRING);
}

static void
test_tables(void **state)
{
	(void)state;
	for (int i = 0; i < arsenal_metric_count(); i++) {
		assert_int_equal(arsenal_metric_id(arsenal_metric_name(i)), i);
		assert_non_null(arsenal_metric_unit(i));
		assert_true(strlen(arsenal_metric_help(i)) > 0);
		assert_true(arsenal_metric_kind_of(i) >= 0);
	}
	assert_int_equal(arsenal_metric_kind_of(arsenal_metric_id("io_input")), ARSENAL_COUNTER);
	assert_int_equal(arsenal_metric_kind_of(arsenal_metric_id("cpu_utilization")), ARSENAL_GAUGE);
	assert_string_equal(arsenal_metric_unit(arsenal_metric_id("cpu_utilization")), "percent");
	assert_int_equal(arsenal_metric_id("nothing"), -1);
	assert_int_equal(arsenal_metric_id(NULL), -1);
	assert_null(arsenal_metric_name(-1));
	assert_null(arsenal_metric_unit(arsenal_metric_count()));
	assert_null(arsenal_metric_help(-1));
	assert_int_equal(arsenal_metric_kind_of(-1), -1);
	for (int i = 0; i < arsenal_criterion_count(); i++)
		assert_int_equal(arsenal_criterion_id(arsenal_criterion_name(i)), i);
	assert_int_equal(arsenal_criterion_id("nothing"), -1);
	assert_int_equal(arsenal_criterion_id(NULL), -1);
	assert_null(arsenal_criterion_unit(-1));
	assert_null(arsenal_criterion_help(99));
}

static void
test_names(void **state)
{
	(void)state;
	for (int bit = 1; bit <= ARSENAL_EVENT_NODE; bit <<= 1)
		assert_int_equal(arsenal_event_type_find(arsenal_event_type_name(bit)), bit);
	assert_null(arsenal_event_type_name(3));
	assert_int_equal(arsenal_event_type_find("nothing"), 0);
	assert_int_equal(arsenal_event_type_find(NULL), 0);
	assert_string_equal(arsenal_level_name(ARSENAL_CRITICAL), "critical");
	assert_string_equal(arsenal_severity_name(ARSENAL_HIGH), "high");
	assert_null(arsenal_level_name(-1));
	assert_null(arsenal_severity_name(3));
	assert_string_equal(arsenal_strerror(ARSENAL_OK), "no error");
	for (int i = 0; i <= ARSENAL_ERR_LIMIT; i++)
		assert_string_not_equal(arsenal_strerror(i), "unknown error");
	assert_string_equal(arsenal_strerror(-1), "unknown error");
	assert_string_equal(arsenal_strerror(1000), "unknown error");
}

/* ---- options ---- */

/* The header's numbers are the defaults. */
static void
test_defaults(void **state)
{
	struct arsenal_options o = options();

	(void)state;
	assert_int_equal(o.size, sizeof(o));
	assert_int_equal(o.interval_ms, 5000);
	assert_true(o.anomaly_threshold == 2.0);
	assert_int_equal(o.retention_ms, 86400000);
	assert_int_equal(o.max_history_size, 10000);
	assert_int_equal(o.max_history_bytes, 67108864);
	assert_int_equal(o.max_events, 4096);
	assert_int_equal(o.max_children, 2000);
	arsenal_free(with(&o));
}

static void
refused(const struct arsenal_options *o, const char *reason)
{
	char err[512] = "";

	assert_null(arsenal_new("t", o, err, sizeof(err)));
	ASSERT_HAS(err, reason);
}

static void
test_wrong_numbers(void **state)
{
	static const double thresholds[] = { 0, -1, 1000, NAN, INFINITY };
	struct arsenal_options o = options();

	(void)state;
	o.interval_ms = 0;
	refused(&o, "interval_ms: 0");
	o = options();
	o.retention_ms = -1;
	refused(&o, "retention_ms: -1");
	o = options();
	o.max_history_size = SIZE_MAX;
	refused(&o, "max_history_size");
	o = options();
	o.max_history_bytes = 1;
	refused(&o, "max_history_bytes: 1");
	o = options();
	o.max_events = 0;
	refused(&o, "max_events: 0");
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
		o = options();
		o.anomaly_threshold = thresholds[i];
		refused(&o, "anomaly_threshold");
	}
}

static void
test_wrong_names(void **state)
{
	char err[8] = "";
	char name[ARSENAL_NAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(arsenal_new(NULL, NULL, err, sizeof(err)));
	assert_string_equal(err, "name: i");
	assert_null(arsenal_new("", NULL, NULL, 0));
	assert_null(arsenal_new("a\nb", NULL, err, sizeof(err)));
	assert_null(arsenal_new("a\xff", NULL, err, 0));
	assert_null(arsenal_new(name, NULL, err, 1));
	assert_string_equal(err, "");
}

static void
test_wrong_levels(void **state)
{
	const struct arsenal_levels unknown = { "weather", 1, 2 }, none = { NULL, 1, 2 };
	const struct arsenal_levels wrong[] = { { "cpu", 90, 80 }, { "cpu", 0, 1 }, { "cpu", NAN, 1 },
		{ "cpu", 1, INFINITY } };
	struct arsenal_options o = options();

	(void)state;
	o.level_count = 1;
	refused(&o, "NULL");
	o.levels = &unknown;
	refused(&o, "\"weather\"");
	o.levels = &none;
	refused(&o, "NULL");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		o.levels = &wrong[i];
		refused(&o, "levels of cpu");
	}
	o.level_count = SIZE_MAX;
	refused(&o, "10000");
}

static void
test_wrong_selection(void **state)
{
	static const char *const empty[] = { NULL };
	static const char *const metrics[] = { "cpu_utilization", "weather", NULL };
	static const char *const bytes[] = { "ok", "\xc3", NULL };
	struct arsenal_options o = options();

	(void)state;
	o.only_metrics = metrics;
	refused(&o, "weather");
	o = options();
	o.except_supervisors = bytes;
	refused(&o, "not UTF-8 at byte 0");
	o = options();
	o.only_children = empty;
	refused(&o, "empty list");
}

/* A newer program knows more fields; no program knows fewer than the first version. */
static void
test_sizes(void **state)
{
	struct {
		struct arsenal_options o;
		int64_t later;
	} newer;
	struct arsenal_options cut = options();

	(void)state;
	arsenal_options_init(&newer.o, sizeof(newer));
	assert_int_equal(newer.o.size, sizeof(newer));
	assert_int_equal(newer.later, 0);
	arsenal_free(with(&newer.o));
	newer.later = 1;
	refused(&newer.o, "does not know");
	cut.size = 0;
	refused(&cut, "size");
	cut.size = sizeof(cut) - 1;
	refused(&cut, "at least");
	arsenal_options_init(NULL, sizeof(newer));
	cut.size = 7;
	arsenal_options_init(&cut, 3);
	assert_int_equal(cut.size, 7);
	arsenal_options_init(&cut, sizeof(cut) / 2);
	assert_int_equal(cut.size, 0);
}

/* ---- samples ---- */

static void
test_sample(void **state)
{
	struct arsenal *a = fresh();
	double v;

	(void)state;
	ASSERT_OK(arsenal_sample_begin(a));
	ASSERT_OK(arsenal_sample_set(a, "memory_limit", 1000));
	ASSERT_OK(arsenal_sample_set(a, "memory_available", 150));
	ASSERT_OK(arsenal_sample_set_id(a, arsenal_metric_id("process_count"), 7));
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ASSERT_OK(arsenal_get_metric(a, arsenal_metric_id("memory_utilization"), &v));
	assert_true(v == 85);
	ASSERT_CODE(arsenal_get_metric(a, arsenal_metric_id("load1"), &v), ARSENAL_ERR_STATE);
	assert_true(v == 85);
	ASSERT_CODE(arsenal_sample_submit(a, T0), ARSENAL_ERR_STATE);
	arsenal_free(a);
}

static void
test_wrong_values(void **state)
{
	struct arsenal *a = fresh();

	(void)state;
	ASSERT_CODE(arsenal_sample_set(a, "load1", NAN), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_set(a, "load1", -1), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_set(a, "load1", INFINITY), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_set(a, "load1", 1e300), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_set(a, "cpu_utilization", 101), ARSENAL_ERR_RANGE);
	ASSERT_HAS(arsenal_last_error(a), "cpu_utilization: 101 is not from 0 to 100");
	ASSERT_CODE(arsenal_sample_set(a, "restart_capture", 0.5), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_set(a, "weather", 1), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_sample_set(a, NULL, 1), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_set_id(a, -1, 1), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_sample_set_id(a, arsenal_metric_count(), 1), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_sample_scheduler(a, -1, 1, 2), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_scheduler(a, ARSENAL_SCHEDULERS_MAX, 1, 2), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_scheduler(a, 0, 3, 2), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_sample_scheduler(a, 0, 0, 0), ARSENAL_ERR_RANGE);
	/* None of it was taken. */
	ASSERT_CODE(arsenal_sample_submit(a, T0), ARSENAL_ERR_STATE);
	arsenal_free(a);
}

static void
test_schedulers(void **state)
{
	struct arsenal *a = fresh();
	double v;

	(void)state;
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(arsenal_sample_scheduler(a, 0, (uint64_t)(100 + 80 * i), (uint64_t)(1000 + 100 * i)));
		ASSERT_OK(arsenal_sample_scheduler(a, 1, (uint64_t)(100 + 40 * i), (uint64_t)(1000 + 100 * i)));
		ASSERT_OK(arsenal_sample_submit(a, T0 + 5000 * i));
	}
	ASSERT_OK(arsenal_get_metric(a, arsenal_metric_id("cpu_utilization"), &v));
	ASSERT_NEAR(v, 60, 1e-9);
	arsenal_free(a);
}

/* The largest come first, whatever the order they come in. */
static void
test_processes(void **state)
{
	static const int order[] = { 3, 7, 1, 6, 2, 5, 4, 0 };
	struct arsenal *a = fresh();
	struct arsenal_process second;
	char *text, name[32];

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct arsenal_process p = { .pid = "1", .name = name, .memory = 1000.0 * order[i], .queue_len = NAN };

		snprintf(name, sizeof(name), "worker %d", order[i]);
		ASSERT_OK(arsenal_sample_process(a, &p, sizeof(p)));
	}
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ASSERT_OK(arsenal_top_json(a, "memory", 3, &text));
	ASSERT_HAS(text, "worker 7");
	assert_true(strstr(text, "worker 7") < strstr(text, "worker 6"));
	ASSERT_HAS(text, "worker 5");
	assert_null(strstr(text, "worker 4"));
	arsenal_string_free(text);
	ASSERT_OK(arsenal_top_json(a, "message_queue", 3, &text));
	assert_null(strstr(text, "worker"));
	arsenal_string_free(text);
	ASSERT_OK(arsenal_get_top(a, "memory", 1, &second, sizeof(second)));
	assert_string_equal(second.name, "worker 6");
	assert_string_equal(second.initial_call, "");
	ASSERT_NEAR(second.memory, 6000, 0);
	assert_true(isnan(second.queue_len));
	ASSERT_CODE(arsenal_get_top(a, "memory", 8, &second, sizeof(second)), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_get_top(a, "queue", 0, &second, sizeof(second)), ARSENAL_ERR_RANGE);
	ASSERT_HAS(arsenal_last_error(a), "process 0 by message_queue: 0 are known");
	ASSERT_CODE(arsenal_get_top(a, "size", 0, &second, sizeof(second)), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_get_top(a, NULL, 0, &second, sizeof(second)), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_top(a, "memory", 0, NULL, sizeof(second)), ARSENAL_ERR_ARGUMENT);
	arsenal_free(a);
}

static void
test_patterns(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_pattern list[3];
	size_t count = 3;
	char *text;

	(void)state;
	ASSERT_OK(arsenal_get_patterns(a, T0, list, sizeof(list[0]), &count));
	assert_int_equal(count, 0);
	for (int i = 0; i < 12; i++)
		ASSERT_OK(arsenal_track_restart(a, T0 + 1000 * i, "pool", i % 2 ? "b" : "a", "signal 11"));
	count = 3;
	ASSERT_OK(arsenal_get_patterns(a, T0 + 12000, list, sizeof(list[0]), &count));
	assert_int_equal(count, 2);
	assert_int_equal(list[0].type, ARSENAL_PATTERN_STORM);
	assert_string_equal(list[0].supervisor, "pool");
	assert_string_equal(list[0].child, "b");
	assert_int_equal(list[0].frequency, 6);
	assert_int_equal(list[0].last_ms, T0 + 11000);
	assert_true(list[0].active && list[0].confidence > 0 && list[0].confidence <= 1);
	assert_null(list[0].resource);
	assert_int_equal(list[0].member_count, 0);
	ASSERT_HAS(list[0].text, "b");
	assert_string_equal(list[1].child, "a");
	count = 1;
	ASSERT_OK(arsenal_get_patterns(a, T0 + 12000, list, sizeof(list[0]), &count));
	assert_string_equal(list[0].child, "b");
	ASSERT_OK(arsenal_patterns_json(a, T0 + 12000, &text));
	ASSERT_HAS(text, "[{\"type\":\"restart_storm\",");
	arsenal_string_free(text);
	ASSERT_OK(arsenal_incidents_json(a, T0 + 12000, &text));
	ASSERT_HAS(text, "\"root\":{\"type\":\"restart_anomaly\"");
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_incidents_json(a, T0, &text), ARSENAL_ERR_TIME);
	assert_string_equal(arsenal_pattern_type_name(ARSENAL_PATTERN_RESOURCE), "resource_correlated");
	assert_null(arsenal_pattern_type_name(4));
	assert_null(arsenal_pattern_type_name(-1));
	count = 0;
	ASSERT_CODE(arsenal_get_patterns(a, T0 + 12000, list, sizeof(list[0]), &count), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_get_patterns(a, T0 + 12000, list, sizeof(list[0]), NULL), ARSENAL_ERR_ARGUMENT);
	count = 3;
	ASSERT_CODE(arsenal_get_patterns(a, T0, list, sizeof(list[0]), &count), ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_get_patterns(a, T0 + 12000, NULL, sizeof(list[0]), &count), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_patterns_json(a, T0, &text), ARSENAL_ERR_TIME);
	arsenal_free(a);
}

static const struct arsenal_capacity *
capacity_of(const struct arsenal_capacity *all, size_t count, const char *resource)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].resource, resource) == 0)
			return &all[i];
	return NULL;
}

/* A hundred an hour, of a thousand. */
static void
test_capacity(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_capacity all[20];
	const struct arsenal_capacity *ports;
	size_t count = sizeof(all) / sizeof(all[0]);
	char *text;
	int64_t now = T0;

	(void)state;
	ASSERT_OK(arsenal_get_capacity(a, now, all, sizeof(all[0]), &count));
	assert_int_equal(count, 7);
	assert_true(isnan(capacity_of(all, count, "ports")->current));
	for (int i = 0; i < 1440; i++, now += 5000) {
		ASSERT_OK(arsenal_sample_set(a, "port_count", 500 + floor(i * 5 / 36.0)));
		ASSERT_OK(arsenal_sample_set(a, "port_limit", 1000));
		ASSERT_OK(arsenal_sample_submit(a, now));
	}
	ASSERT_OK(arsenal_get_capacity(a, now, all, sizeof(all[0]), &count));
	ports = capacity_of(all, count, "ports");
	assert_string_equal(ports->metric, "port_count");
	ASSERT_NEAR(ports->limit, 1000, 0);
	assert_true(ports->trend && ports->span_ms > 0);
	ASSERT_NEAR(ports->growth_per_hour, 100, 5);
	assert_true(ports->growth_low <= ports->growth_per_hour && ports->growth_per_hour <= ports->growth_high);
	assert_true(ports->earliest_ms > now && ports->earliest_ms <= ports->full_ms);
	ASSERT_HAS(ports->text, "ports");
	assert_false(capacity_of(all, count, "atoms")->trend);
	count = 1;
	ASSERT_OK(arsenal_get_capacity(a, now, all, sizeof(all[0]), &count));
	assert_int_equal(count, 1);
	assert_string_equal(all[0].resource, "processes");
	ASSERT_OK(arsenal_capacity_json(a, now, &text));
	ASSERT_HAS(text, "\"ports\":{\"current\":699,\"limit\":1000,");
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_get_capacity(a, now, all, 0, &count), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_capacity(a, T0, all, sizeof(all[0]), &count), ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_capacity_json(a, T0, &text), ARSENAL_ERR_TIME);
	arsenal_free(a);
}

static void
test_predictions(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_prediction list[2];
	size_t count = 2;
	char *text;

	(void)state;
	ASSERT_OK(arsenal_get_predictions(a, T0, list, sizeof(list[0]), &count));
	assert_int_equal(count, 0);
	ASSERT_OK(arsenal_predictions_json(a, T0, &text));
	assert_string_equal(text, "[]");
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_get_predictions(a, T0, list, sizeof(list[0]), &count), ARSENAL_ERR_RANGE);
	ASSERT_HAS(arsenal_last_error(a), "predictions: room for 0");
	ASSERT_CODE(arsenal_predictions_json(a, 0, &text), ARSENAL_ERR_TIME);
	assert_string_equal(arsenal_prediction_type_name(ARSENAL_PREDICTION_BUDGET), "restart_budget");
	assert_null(arsenal_prediction_type_name(3));
	assert_null(arsenal_prediction_type_name(-1));
	arsenal_free(a);
}

static void
test_wrong_processes(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_process p = { .name = "\xe2\x82" };
	char long_name[300], *text;

	(void)state;
	ASSERT_CODE(arsenal_sample_process(a, NULL, sizeof(p)), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_process(a, &p, 0), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_process(a, &p, sizeof(p)), ARSENAL_ERR_TEXT);
	p.name = NULL;
	p.memory = -1;
	ASSERT_CODE(arsenal_sample_process(a, &p, sizeof(p)), ARSENAL_ERR_RANGE);
	/* 150 times an "é": the cut goes through none. */
	for (int i = 0; i < 298; i += 2)
		memcpy(long_name + i, "\xc3\xa9", 3);
	p.name = long_name;
	p.memory = 1;
	ASSERT_OK(arsenal_sample_process(a, &p, sizeof(p)));
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ASSERT_OK(arsenal_top_json(a, "memory", 1, &text));
	ASSERT_HAS(text, "\xc3\xa9\"");
	arsenal_string_free(text);
	arsenal_free(a);
}

static void
test_time(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_health h;

	(void)state;
	ASSERT_CODE(arsenal_tick(a, 0), ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_tick(a, -5), ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_tick(a, ARSENAL_TIME_MAX + 1), ARSENAL_ERR_TIME);
	ASSERT_OK(arsenal_tick(a, T0));
	ASSERT_OK(arsenal_tick(a, T0));
	ASSERT_CODE(arsenal_tick(a, T0 - 1), ARSENAL_ERR_TIME);
	ASSERT_HAS(arsenal_last_error(a), "1 ms before the last input");
	ASSERT_CODE(arsenal_get_health(a, T0 - 1, &h, sizeof(h)), ARSENAL_ERR_TIME);
	/* A question ahead in time moves nothing. */
	ASSERT_OK(arsenal_get_health(a, T0 + 1000, &h, sizeof(h)));
	ASSERT_OK(arsenal_tick(a, T0 + 1));
	arsenal_free(a);
}

/* ---- health ---- */

static void
test_health(void **state)
{
	const struct arsenal_levels levels[] = { { "memory", 50, 60 } };
	struct arsenal_options o = options();
	struct arsenal_criterion c;
	struct arsenal_health h;
	enum arsenal_level overall;
	struct arsenal *a;
	char *text;

	(void)state;
	o.levels = levels;
	o.level_count = 1;
	a = with(&o);
	ASSERT_OK(arsenal_get_health(a, T0, &h, sizeof(h)));
	assert_int_equal(h.overall, ARSENAL_UNKNOWN);
	assert_int_equal(h.changed, -1);
	ASSERT_OK(arsenal_sample_set(a, "memory_utilization", 55));
	ASSERT_OK(arsenal_sample_set(a, "cpu_utilization", 5));
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ASSERT_OK(arsenal_get_health(a, T0, &h, sizeof(h)));
	assert_int_equal(h.overall, ARSENAL_WARNING);
	assert_int_equal(h.last_check_ms, T0);
	ASSERT_OK(arsenal_get_criterion(a, T0, arsenal_criterion_id("memory"), &c, sizeof(c)));
	assert_string_equal(c.name, "memory");
	assert_int_equal(c.level, ARSENAL_WARNING);
	assert_true(c.value == 55 && c.warning == 50 && c.critical == 60);
	assert_true(strlen(c.recommendation) > 10);
	ASSERT_OK(arsenal_get_criterion(a, T0, arsenal_criterion_id("ports"), &c, sizeof(c)));
	assert_int_equal(c.level, ARSENAL_UNKNOWN);
	assert_true(isnan(c.value));
	ASSERT_CODE(arsenal_get_criterion(a, T0, 99, &c, sizeof(c)), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_get_criterion(a, T0, 0, NULL, sizeof(c)), ARSENAL_ERR_ARGUMENT);
	ASSERT_OK(arsenal_health_json(a, T0, &text));
	ASSERT_HAS(text, "\"overall_status\":\"warning\"");
	arsenal_string_free(text);
	/* Long without a sample, nothing is known. */
	ASSERT_OK(arsenal_force_health_check(a, T0 + 3600000, &overall));
	assert_int_equal(overall, ARSENAL_UNKNOWN);
	ASSERT_CODE(arsenal_force_health_check(a, T0 + 3600000, NULL), ARSENAL_ERR_ARGUMENT);
	arsenal_free(a);
}

/* A caller's smaller struct gets what it has room for, and not a byte more. */
static void
test_smaller_struct(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_health h;

	(void)state;
	memset(&h, 0x55, sizeof(h));
	ASSERT_OK(arsenal_get_health(a, T0, &h, sizeof(h.overall)));
	assert_int_equal(h.overall, ARSENAL_UNKNOWN);
	assert_int_equal(h.anomaly_count, 0x55555555);
	arsenal_free(a);
}

/* ---- restarts ---- */

static void
test_restarts(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_restart_report r = {
		.supervisor = "pool", .child = "w\xc3\xb6rker", .reason = "exit 1", .pid = "42"
	};
	struct arsenal_restart_stats s;
	struct arsenal_child c;
	char *text;

	(void)state;
	for (int i = 0; i < 3; i++)
		ASSERT_OK(arsenal_restart(a, T0 + 60000 * i, &r, sizeof(r)));
	ASSERT_OK(arsenal_track_restart(a, T0 + 200000, "other", "x", NULL));
	ASSERT_OK(arsenal_lost_restarts(a, T0 + 200000, 10));
	r.kind = ARSENAL_RESTART_FAILED;
	ASSERT_OK(arsenal_restart(a, T0 + 200000, &r, sizeof(r)));
	ASSERT_OK(arsenal_get_restarts(a, T0 + 200000, NULL, &s, sizeof(s)));
	assert_int_equal(s.total, 14);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.undescribed, 10);
	ASSERT_OK(arsenal_get_restarts(a, T0 + 200000, "pool", &s, sizeof(s)));
	assert_int_equal(s.total, 3);
	ASSERT_NEAR(s.mean_interval_ms, 60000, 1e-6);
	ASSERT_OK(arsenal_get_child(a, T0 + 200000, NULL, 0, &c, sizeof(c)));
	assert_string_equal(c.supervisor, "pool");
	assert_string_equal(c.child, "w\xc3\xb6rker");
	assert_int_equal(c.restarts, 3);
	ASSERT_CODE(arsenal_get_child(a, T0 + 200000, NULL, 2, &c, sizeof(c)), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_get_restarts(a, T0 + 200000, "none", &s, sizeof(s)), ARSENAL_ERR_UNKNOWN);
	ASSERT_OK(arsenal_restarts_json(a, T0 + 200000, "pool", &text));
	ASSERT_HAS(text, "\"child_id\":\"w\xc3\xb6rker\"");
	ASSERT_HAS(text, "\"exit 1\":3");
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_restarts_json(a, T0 + 200000, "none", &text), ARSENAL_ERR_UNKNOWN);
	assert_null(text);
	arsenal_free(a);
}

/* The same restart, caught and reported by the application: counted once. */
static void
test_both_ways(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_restart_report r = { .supervisor = "pool", .child = "w", .reason = "signal 9", .pid = "42" };
	struct arsenal_restart_stats s;

	(void)state;
	ASSERT_OK(arsenal_restart(a, T0, &r, sizeof(r)));
	ASSERT_OK(arsenal_track_restart(a, T0 + 1000, "pool", "w", "it hung"));
	ASSERT_OK(arsenal_get_restarts(a, T0 + 1000, NULL, &s, sizeof(s)));
	assert_int_equal(s.total, 1);
	/* Folded: so many at once. */
	r.by_hand = true;
	r.times = 5;
	ASSERT_OK(arsenal_restart(a, T0 + 60000, &r, sizeof(r)));
	ASSERT_OK(arsenal_get_restarts(a, T0 + 60000, NULL, &s, sizeof(s)));
	assert_int_equal(s.total, 6);
	arsenal_free(a);
}

static void
restart_refused(struct arsenal *a, struct arsenal_restart_report r, int code)
{
	ASSERT_CODE(arsenal_restart(a, T0 + 1, &r, sizeof(r)), code);
}

static void
test_wrong_restarts(void **state)
{
	const struct arsenal_restart_report good = { .supervisor = "s", .child = "c", .reason = "r" };
	struct arsenal_restart_report r = good;
	char big[ARSENAL_TEXT_MAX + 2];
	struct arsenal *a = fresh();
	struct arsenal_stats stats;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ASSERT_OK(arsenal_tick(a, T0));
	r.supervisor = NULL;
	restart_refused(a, r, ARSENAL_ERR_ARGUMENT);
	r = good;
	r.child = "";
	restart_refused(a, r, ARSENAL_ERR_TEXT);
	r = good;
	r.child = big;
	restart_refused(a, r, ARSENAL_ERR_TEXT);
	r = good;
	r.reason = "\xed\xa0\x80";
	restart_refused(a, r, ARSENAL_ERR_TEXT);
	r = good;
	r.pid = big;
	restart_refused(a, r, ARSENAL_ERR_TEXT);
	r = good;
	r.restart_type = "0123456789012345678901234567890123";
	restart_refused(a, r, ARSENAL_ERR_TEXT);
	r = good;
	r.kind = (enum arsenal_restart_kind)7;
	restart_refused(a, r, ARSENAL_ERR_RANGE);
	r = good;
	r.times = ARSENAL_TIMES_MAX + 1;
	restart_refused(a, r, ARSENAL_ERR_RANGE);
	r = good;
	r.times = 2; /* caught restarts come one by one */
	restart_refused(a, r, ARSENAL_ERR_RANGE);
	r = good;
	r.time_ms = T0 + 2;
	restart_refused(a, r, ARSENAL_ERR_TIME);
	r = good;
	r.time_ms = T0 - 3600001;
	restart_refused(a, r, ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_restart(a, T0 - 1, &good, sizeof(good)), ARSENAL_ERR_TIME);
	ASSERT_CODE(arsenal_restart(a, T0, NULL, sizeof(good)), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_lost_restarts(a, T0, 0), ARSENAL_ERR_RANGE);
	ASSERT_OK(arsenal_get_stats(a, &stats, sizeof(stats)));
	assert_int_equal(stats.restarts, 0);
	arsenal_free(a);
}

/* A reason is worth more than its end. */
static void
test_long_reason(void **state)
{
	struct arsenal *a = fresh();
	char reason[3 * ARSENAL_TEXT_MAX + 1], *text;
	struct arsenal_restart_event r;
	struct arsenal_event *ev;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(reason); i += 3)
		memcpy(reason + i, "\xe2\x82\xac", 4);
	ASSERT_OK(arsenal_track_restart(a, T0, "s", "c", reason));
	ev = arsenal_next_event(a);
	ASSERT_OK(arsenal_event_restart(ev, &r, sizeof(r)));
	assert_int_equal(strlen(r.reason), ARSENAL_TEXT_MAX / 3 * 3);
	ASSERT_OK(arsenal_event_json(ev, &text));
	ASSERT_HAS(text, "\"truncated\":true");
	arsenal_string_free(text);
	arsenal_event_free(ev);
	arsenal_free(a);
}

static void
test_selection(void **state)
{
	static const char *const supervisors[] = { "important", NULL };
	static const char *const metrics[] = { "cpu", NULL };
	struct arsenal_options o = options();
	struct arsenal_restart_stats s;
	struct arsenal *a;
	double v;

	(void)state;
	o.only_supervisors = supervisors;
	o.except_metrics = metrics;
	a = with(&o);
	ASSERT_OK(arsenal_track_restart(a, T0, "important", "x", "r"));
	ASSERT_OK(arsenal_track_restart(a, T0, "other", "x", "r"));
	ASSERT_OK(arsenal_get_restarts(a, T0, NULL, &s, sizeof(s)));
	assert_int_equal(s.total, 1);
	ASSERT_OK(arsenal_sample_set(a, "cpu_utilization", 50));
	ASSERT_OK(arsenal_sample_set(a, "process_count", 3));
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ASSERT_CODE(arsenal_get_metric(a, arsenal_metric_id("cpu_utilization"), &v), ARSENAL_ERR_STATE);
	ASSERT_OK(arsenal_get_metric(a, arsenal_metric_id("process_count"), &v));
	arsenal_free(a);
}

/* ---- events ---- */

static void
test_next_event(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_restart_event r;
	struct arsenal_anomaly anomaly;
	struct arsenal_event *ev, *copy;
	char *text;

	(void)state;
	assert_null(arsenal_next_event(a));
	ASSERT_OK(arsenal_track_restart(a, T0, "pool", "w", "exit 1"));
	ev = arsenal_next_event(a);
	assert_int_equal(arsenal_event_type_of(ev), ARSENAL_EVENT_RESTART);
	assert_int_equal(arsenal_event_time_ms(ev), T0);
	assert_int_equal(arsenal_event_severity(ev), ARSENAL_LOW);
	assert_string_equal(arsenal_event_node(ev), "t");
	assert_int_equal(arsenal_event_id(ev), 1);
	ASSERT_OK(arsenal_event_restart(ev, &r, sizeof(r)));
	assert_string_equal(r.supervisor, "pool");
	assert_string_equal(r.child, "w");
	assert_string_equal(r.reason, "exit 1");
	assert_null(r.pid);
	assert_true(r.by_hand && !r.caught);
	assert_int_equal(r.restart_count, 1);
	assert_int_equal(r.times, 1);
	ASSERT_CODE(arsenal_event_anomaly(ev, &anomaly, sizeof(anomaly)), ARSENAL_ERR_STATE);
	copy = arsenal_event_copy(ev);
	arsenal_event_free(ev);
	arsenal_free(a);
	/* An event outlives its handle. */
	ASSERT_OK(arsenal_event_json(copy, &text));
	ASSERT_HAS(text, "\"type\":\"restart\"");
	ASSERT_HAS(text, "\"supervisor\":\"pool\"");
	arsenal_string_free(text);
	ASSERT_OK(arsenal_event_text(copy, &text));
	ASSERT_HAS(text, "pool");
	arsenal_string_free(text);
	arsenal_event_free(copy);
}

static void
test_subscribe(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_event *ev;

	(void)state;
	ASSERT_CODE(arsenal_subscribe(a, 64), ARSENAL_ERR_ARGUMENT);
	ASSERT_OK(arsenal_subscribe(a, ARSENAL_EVENT_ANOMALY));
	for (int i = 0; i < 5; i++)
		ASSERT_OK(arsenal_track_restart(a, T0 + 1000 * i, "pool", "w", "exit 1"));
	ev = arsenal_next_event(a);
	assert_int_equal(arsenal_event_type_of(ev), ARSENAL_EVENT_ANOMALY);
	arsenal_event_free(ev);
	assert_null(arsenal_next_event(a));
	ASSERT_OK(arsenal_subscribe(a, ARSENAL_EVENTS_NONE));
	ASSERT_OK(arsenal_track_restart(a, T0 + 9000, "pool", "w", "exit 1"));
	assert_null(arsenal_next_event(a));
	arsenal_free(a);
}

static void
test_anomaly(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_anomaly an;
	char *text;

	(void)state;
	assert_int_equal(arsenal_anomaly_count(a), 0);
	ASSERT_CODE(arsenal_get_anomaly(a, 0, &an, sizeof(an)), ARSENAL_ERR_RANGE);
	for (int i = 0; i < 5; i++)
		ASSERT_OK(arsenal_track_restart(a, T0 + 1000 * i, "pool", "w", "exit 1"));
	assert_int_equal(arsenal_anomaly_count(a), 1);
	ASSERT_OK(arsenal_get_anomaly(a, 0, &an, sizeof(an)));
	assert_string_equal(an.type, "restart_anomaly");
	assert_string_equal(an.supervisor, "pool");
	assert_string_equal(an.child, "w");
	assert_null(an.metric);
	assert_null(an.culprit_pid);
	assert_true(isnan(an.current_value));
	ASSERT_OK(arsenal_anomalies_json(a, &text));
	ASSERT_HAS(text, "restart_anomaly");
	arsenal_string_free(text);
	arsenal_free(a);
}

static void
feed_queue(struct arsenal *a, int64_t now_ms, double length)
{
	struct arsenal_process p = {
		.pid = "77", .name = "consumer", .queue_len = length, .memory = NAN, .reductions = NAN
	};

	ASSERT_OK(arsenal_sample_set(a, "mq_max", length));
	ASSERT_OK(arsenal_sample_process(a, &p, sizeof(p)));
	ASSERT_OK(arsenal_sample_submit(a, now_ms));
}

/* Of a metric: which, how far off, and who is to blame. */
static void
test_metric_anomaly(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_anomaly an;
	struct arsenal_health h;
	struct arsenal_event *ev;

	(void)state;
	ASSERT_OK(arsenal_subscribe(a, ARSENAL_EVENT_ANOMALY));
	for (int i = 0; i < 1000; i++)
		feed_queue(a, T0 + 5000 * i, 3 + i % 3);
	assert_null(arsenal_next_event(a));
	for (int i = 1000; i < 1030; i++)
		feed_queue(a, T0 + 5000 * i, 5000);
	ev = arsenal_next_event(a);
	ASSERT_OK(arsenal_event_anomaly(ev, &an, sizeof(an)));
	assert_string_equal(an.type, "message_queue_anomaly");
	assert_string_equal(an.metric, "mq_max");
	assert_true(an.current_value == 5000);
	assert_true(an.baseline_value < 100);
	assert_string_equal(an.culprit_pid, "77");
	assert_string_equal(an.culprit_name, "consumer");
	assert_null(an.child);
	ASSERT_CODE(arsenal_event_health(ev, &h, sizeof(h)), ARSENAL_ERR_STATE);
	ASSERT_CODE(arsenal_event_anomaly(ev, NULL, sizeof(an)), ARSENAL_ERR_ARGUMENT);
	arsenal_event_free(ev);
	arsenal_free(a);
}

static void
test_health_alert(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_event *ev;
	struct arsenal_health h;
	char *text;

	(void)state;
	ASSERT_OK(arsenal_subscribe(a, ARSENAL_EVENT_HEALTH_ALERT));
	ASSERT_OK(arsenal_sample_set(a, "open_fds", 950));
	ASSERT_OK(arsenal_sample_set(a, "max_fds", 1000));
	ASSERT_OK(arsenal_sample_submit(a, T0));
	ev = arsenal_next_event(a);
	ASSERT_OK(arsenal_event_health(ev, &h, sizeof(h)));
	assert_int_equal(h.overall, ARSENAL_CRITICAL);
	assert_int_equal(h.changed, arsenal_criterion_id("file_descriptors"));
	assert_int_equal(h.recommendation_count, 1);
	assert_int_equal(arsenal_event_severity(ev), ARSENAL_HIGH);
	ASSERT_OK(arsenal_event_json(ev, &text));
	ASSERT_HAS(text, "\"changed\":\"file_descriptors\"");
	arsenal_string_free(text);
	arsenal_event_free(ev);
	arsenal_free(a);
}

/* From the first to the last time there is, in steps of decades: it costs no more than small ones. */
static void
test_leaps_of_time(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_restart_stats s;

	(void)state;
	for (int64_t now = 1; now <= ARSENAL_TIME_MAX; now += INT64_C(1000000000000)) {
		ASSERT_OK(arsenal_sample_set(a, "process_count", 5));
		ASSERT_OK(arsenal_sample_submit(a, now));
		ASSERT_OK(arsenal_track_restart(a, now, "pool", "w", "r"));
	}
	ASSERT_OK(arsenal_tick(a, ARSENAL_TIME_MAX));
	ASSERT_OK(arsenal_get_restarts(a, ARSENAL_TIME_MAX, NULL, &s, sizeof(s)));
	assert_int_equal(s.total, 254);
	assert_true(s.rate == 0);
	arsenal_free(a);
}

/* The oldest go, and the next one says how many. */
static void
test_dropped_events(void **state)
{
	struct arsenal_options o = options();
	struct arsenal_event *ev;
	struct arsenal_stats s;
	struct arsenal *a;
	char child[16];

	(void)state;
	o.max_events = 3;
	a = with(&o);
	for (int i = 0; i < 10; i++) {
		snprintf(child, sizeof(child), "w%d", i);
		ASSERT_OK(arsenal_track_restart(a, T0, "pool", child, "r"));
	}
	ev = arsenal_next_event(a);
	assert_int_equal(arsenal_event_dropped(ev), 7);
	assert_int_equal(arsenal_event_id(ev), 8);
	arsenal_event_free(ev);
	ev = arsenal_next_event(a);
	assert_int_equal(arsenal_event_dropped(ev), 0);
	arsenal_event_free(ev);
	ASSERT_OK(arsenal_get_stats(a, &s, sizeof(s)));
	assert_int_equal(s.events, 10);
	assert_int_equal(s.events_dropped, 7);
	arsenal_free(a);
}

/* ---- callbacks ---- */

struct listener {
	struct arsenal *a;
	unsigned id, other, calls, filtered;
	int code;
	struct arsenal_event *kept;
};

static bool
only_high(const struct arsenal_event *ev, void *arg)
{
	struct listener *l = arg;

	l->filtered++;
	return arsenal_event_severity(ev) == ARSENAL_HIGH;
}

static void
count(const struct arsenal_event *ev, void *arg)
{
	struct listener *l = arg;

	(void)ev;
	l->calls++;
}

static void
test_callback(void **state)
{
	struct listener all = { .calls = 0 }, high = { .calls = 0 };
	struct arsenal *a = fresh();

	(void)state;
	ASSERT_OK(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, NULL, count, &all, &all.id));
	ASSERT_OK(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, only_high, count, &high, &high.id));
	assert_int_not_equal(all.id, high.id);
	for (int i = 0; i < 5; i++)
		ASSERT_OK(arsenal_track_restart(a, T0 + 1000 * i, "pool", "w", "exit 1"));
	/* The restarts, an anomaly and the incident that it opens. */
	assert_int_equal(all.calls, 7);
	assert_int_equal(high.calls, 2);
	assert_int_equal(high.filtered, 7);
	ASSERT_OK(arsenal_unsubscribe(a, all.id));
	ASSERT_CODE(arsenal_unsubscribe(a, all.id), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_unsubscribe(a, 0), ARSENAL_ERR_UNKNOWN);
	ASSERT_OK(arsenal_track_restart(a, T0 + 9000, "pool", "w", "exit 1"));
	assert_int_equal(all.calls, 7);
	arsenal_free(a);
}

static void
test_wrong_callbacks(void **state)
{
	struct arsenal *a = fresh();
	unsigned id = 77;

	(void)state;
	ASSERT_CODE(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, NULL, NULL, NULL, &id), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, NULL, count, NULL, NULL), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_subscribe_callback(a, ARSENAL_EVENTS_NONE, NULL, count, NULL, &id), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_subscribe_callback(a, 1u << 31, NULL, count, NULL, &id), ARSENAL_ERR_ARGUMENT);
	assert_int_equal(id, 77);
	for (int i = 0; i < ARSENAL_SUBSCRIPTIONS_MAX; i++)
		ASSERT_OK(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, NULL, count, NULL, &id));
	ASSERT_CODE(arsenal_subscribe_callback(a, ARSENAL_EVENTS_ALL, NULL, count, NULL, &id), ARSENAL_ERR_LIMIT);
	arsenal_free(a);
}

/* From within: questions are answered, input is refused, another subscription counts from the next event on. */
static void
from_within(const struct arsenal_event *ev, void *arg)
{
	struct listener *l = arg;
	char *text;

	l->calls++;
	if (l->kept == NULL)
		l->kept = arsenal_event_copy(ev);
	l->code = arsenal_track_restart(l->a, T0 + 5000, "pool", "w", "r");
	ASSERT_CODE(arsenal_sample_set(l->a, "load1", 1), ARSENAL_ERR_BUSY);
	ASSERT_CODE(arsenal_sample_begin(l->a), ARSENAL_ERR_BUSY);
	ASSERT_CODE(arsenal_tick(l->a, T0 + 5000), ARSENAL_ERR_BUSY);
	ASSERT_OK(arsenal_health_json(l->a, T0 + 5000, &text));
	arsenal_string_free(text);
	if (l->other == 0)
		ASSERT_OK(arsenal_subscribe_callback(l->a, ARSENAL_EVENTS_ALL, NULL, from_within, l, &l->other));
}

static void
test_from_within(void **state)
{
	struct listener l = { .a = fresh() };

	(void)state;
	ASSERT_OK(arsenal_subscribe_callback(l.a, ARSENAL_EVENTS_ALL, NULL, from_within, &l, &l.id));
	ASSERT_OK(arsenal_track_restart(l.a, T0, "pool", "w", "r"));
	assert_int_equal(l.code, ARSENAL_ERR_BUSY);
	assert_int_equal(l.calls, 1);
	ASSERT_OK(arsenal_track_restart(l.a, T0, "pool", "x", "r"));
	assert_int_equal(l.calls, 3);
	arsenal_free(l.a);
	assert_int_equal(arsenal_event_id(l.kept), 1);
	arsenal_event_free(l.kept);
}

static void
free_it(const struct arsenal_event *ev, void *arg)
{
	struct listener *l = arg;

	(void)ev;
	l->calls++;
	arsenal_free(l->a);
}

static void
test_free_from_within(void **state)
{
	struct listener l = { .a = fresh() };

	(void)state;
	ASSERT_OK(arsenal_subscribe_callback(l.a, ARSENAL_EVENTS_ALL, NULL, free_it, &l, &l.id));
	ASSERT_OK(arsenal_subscribe_callback(l.a, ARSENAL_EVENTS_ALL, NULL, free_it, &l, &l.id));
	ASSERT_OK(arsenal_track_restart(l.a, T0, "pool", "w", "r"));
	assert_int_equal(l.calls, 1);
}

static bool
end_myself(const struct arsenal_event *ev, void *arg)
{
	struct listener *l = arg;

	(void)ev;
	return arsenal_unsubscribe(l->a, l->id) == ARSENAL_OK;
}

static void
test_unsubscribe_from_within(void **state)
{
	struct listener l = { .a = fresh() };

	(void)state;
	ASSERT_OK(arsenal_subscribe_callback(l.a, ARSENAL_EVENTS_ALL, end_myself, count, &l, &l.id));
	ASSERT_OK(arsenal_track_restart(l.a, T0, "pool", "w", "r"));
	assert_int_equal(l.calls, 0);
	arsenal_free(l.a);
}

/* ---- up and down ---- */

static void
test_node(void **state)
{
	struct arsenal *a = fresh();
	struct arsenal_node_event n;
	struct arsenal_event *ev;
	struct arsenal_anomaly an;
	char *text;

	(void)state;
	ASSERT_OK(arsenal_node_up(a, T0));
	arsenal_event_free(arsenal_next_event(a));
	ASSERT_OK(arsenal_node_down(a, T0 + 1000, "maintenance"));
	ev = arsenal_next_event(a);
	ASSERT_OK(arsenal_event_node_state(ev, &n, sizeof(n)));
	assert_false(n.up);
	assert_string_equal(n.state, "unreachable");
	arsenal_event_free(ev);
	ASSERT_OK(arsenal_get_anomaly(a, 0, &an, sizeof(an)));
	assert_string_equal(an.type, "node_down");
	ASSERT_OK(arsenal_node_json(a, T0 + 1000, &text));
	ASSERT_HAS(text, "\"detail\":\"maintenance\"");
	arsenal_string_free(text);
	/* A sample is a sign of life. */
	ASSERT_OK(arsenal_sample_set(a, "load1", 1));
	ASSERT_OK(arsenal_sample_submit(a, T0 + 2000));
	assert_int_equal(arsenal_anomaly_count(a), 0);
	ASSERT_CODE(arsenal_node_down(a, T0 + 3000, "\xff"), ARSENAL_ERR_TEXT);
	arsenal_free(a);
}

/* ---- JSON ---- */

static void
test_history(void **state)
{
	struct arsenal *a = fresh();
	char *text;

	(void)state;
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(arsenal_sample_set(a, "process_count", 10 + i));
		ASSERT_OK(arsenal_sample_submit(a, T0 + 5000 * i));
	}
	ASSERT_OK(arsenal_track_restart(a, T0 + 10000, "pool", "w", "r"));
	ASSERT_OK(arsenal_history_json(a, T0 + 5000, T0 + 10000, &text));
	ASSERT_HAS(text, "\"time_range\"");
	assert_null(strstr(text, "2023-11-14T22:13:20.000Z"));
	ASSERT_HAS(text, "2023-11-14T22:13:25.000Z");
	ASSERT_HAS(text, "\"child_id\":\"w\"");
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_history_json(a, T0, T0 - 1, &text), ARSENAL_ERR_RANGE);
	assert_null(text);
	ASSERT_HAS(arsenal_last_error(a), "before the start");
	ASSERT_CODE(arsenal_history_json(a, -1, T0, &text), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_history_json(a, 0, INT64_MAX, &text), ARSENAL_ERR_RANGE);
	ASSERT_OK(arsenal_history_json(a, 0, ARSENAL_TIME_MAX, &text));
	arsenal_string_free(text);
	arsenal_free(a);
}

static void
test_points(void **state)
{
	struct {
		struct arsenal_point p;
		uint64_t later; /* a field of a later version */
	} points[4];
	struct arsenal *a = fresh();
	int id = arsenal_metric_id("process_count");
	size_t n = 4;

	(void)state;
	for (int i = 0; i < 24; i++) {
		ASSERT_OK(arsenal_sample_set(a, "process_count", 10 + i));
		ASSERT_OK(arsenal_sample_submit(a, T0 + 5000 * i));
	}
	memset(points, 0xFF, sizeof(points));
	ASSERT_OK(arsenal_get_points(a, id, 0, ARSENAL_TIME_MAX, 60000, &points[0].p, sizeof(points[0]), &n));
	assert_int_equal(n, 3);
	assert_int_equal(points[0].p.time_ms, T0 - T0 % 60000);
	assert_int_equal(points[0].p.count + points[1].p.count + points[2].p.count, 24);
	assert_int_equal(points[1].p.count, 12);
	assert_true(points[0].p.min == 10 && points[2].p.last == 33 && points[1].p.max == points[2].p.min - 1);
	assert_true(points[1].p.mean == (points[1].p.min + points[1].p.max) / 2);
	assert_int_equal(points[2].later, 0);
	n = 2;
	ASSERT_OK(arsenal_get_points(a, id, T0 + 5000, T0 + 50000, 0, &points[0].p, sizeof(points[0]), &n));
	assert_int_equal(n, 2);
	assert_int_equal(points[1].p.time_ms, T0 + 10000);
	ASSERT_CODE(arsenal_get_points(a, -1, 0, T0, 0, &points[0].p, sizeof(points[0]), &n), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_get_points(a, id, T0, 0, 0, &points[0].p, sizeof(points[0]), &n), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_get_points(a, id, 0, T0, -1, &points[0].p, sizeof(points[0]), &n), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_get_points(a, id, 0, T0, 0, NULL, sizeof(points[0]), &n), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_points(a, id, 0, ARSENAL_TIME_MAX, 0, &points[0].p, 0, &n), ARSENAL_ERR_ARGUMENT);
	n = 0;
	ASSERT_CODE(arsenal_get_points(a, id, 0, T0, 0, &points[0].p, sizeof(points[0]), &n), ARSENAL_ERR_RANGE);
	arsenal_free(a);
}

static void
test_stats_json(void **state)
{
	struct arsenal *a = fresh();
	char *text;

	(void)state;
	ASSERT_OK(arsenal_tick(a, T0));
	ASSERT_OK(arsenal_tick(a, T0 + 1500));
	ASSERT_OK(arsenal_stats_json(a, T0 + 2000, &text));
	ASSERT_HAS(text, "\"uptime\":2000");
	ASSERT_HAS(text, "\"monitoring_interval\":5000");
	arsenal_string_free(text);
	ASSERT_OK(arsenal_performance_json(a, &text));
	arsenal_string_free(text);
	ASSERT_CODE(arsenal_top_json(a, "weight", 3, &text), ARSENAL_ERR_UNKNOWN);
	ASSERT_CODE(arsenal_top_json(a, NULL, 3, &text), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_top_json(a, "memory", 0, &text), ARSENAL_ERR_RANGE);
	ASSERT_CODE(arsenal_health_json(a, T0 + 2000, NULL), ARSENAL_ERR_ARGUMENT);
	arsenal_free(a);
}

static void
test_baseline(void **state)
{
	struct arsenal *a = fresh();
	int id = arsenal_metric_id("process_count");
	double mean = -1, deviation = -1;

	(void)state;
	ASSERT_CODE(arsenal_get_baseline(a, id, &mean, &deviation), ARSENAL_ERR_STATE);
	assert_true(mean == -1);
	for (int i = 0; i < 2000; i++) {
		ASSERT_OK(arsenal_sample_set_id(a, id, 100 + i % 3));
		ASSERT_OK(arsenal_sample_submit(a, T0 + 5000 * i));
	}
	ASSERT_OK(arsenal_get_baseline(a, id, &mean, &deviation));
	ASSERT_NEAR(mean, 101, 1);
	ASSERT_CODE(arsenal_get_baseline(a, id, NULL, &deviation), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_baseline(a, -1, &mean, &deviation), ARSENAL_ERR_UNKNOWN);
	arsenal_free(a);
}

/* ---- NULL everywhere ---- */

static void
test_null_handle(void **state)
{
	enum arsenal_level level;
	struct arsenal_options o;
	char *text = (char *)&o;
	double v;

	(void)state;
	arsenal_free(NULL);
	arsenal_event_free(NULL);
	arsenal_string_free(NULL);
	assert_string_equal(arsenal_last_error(NULL), "");
	assert_null(arsenal_name(NULL));
	assert_null(arsenal_next_event(NULL));
	assert_null(arsenal_event_copy(NULL));
	assert_null(arsenal_event_node(NULL));
	assert_int_equal(arsenal_event_type_of(NULL) + arsenal_event_severity(NULL), 0);
	assert_true(
	    arsenal_event_time_ms(NULL) == 0 && arsenal_event_id(NULL) == 0 && arsenal_event_dropped(NULL) == 0);
	assert_int_equal(arsenal_anomaly_count(NULL), 0);
	ASSERT_CODE(arsenal_tick(NULL, T0), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_begin(NULL), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_set(NULL, "load1", 1), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_sample_submit(NULL, T0), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_track_restart(NULL, T0, "s", "c", "r"), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_force_health_check(NULL, T0, &level), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_subscribe(NULL, 1), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_unsubscribe(NULL, 1), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_metric(NULL, 0, &v), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_get_stats(NULL, NULL, 8), ARSENAL_ERR_ARGUMENT);
	ASSERT_CODE(arsenal_event_json(NULL, &text), ARSENAL_ERR_ARGUMENT);
	assert_null(text);
	text = (char *)&o;
	ASSERT_CODE(arsenal_health_json(NULL, T0, &text), ARSENAL_ERR_ARGUMENT);
	assert_null(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_wrong_numbers),
		cmocka_unit_test(test_wrong_names),
		cmocka_unit_test(test_wrong_levels),
		cmocka_unit_test(test_wrong_selection),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_schedulers),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_predictions),
		cmocka_unit_test(test_wrong_processes),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_smaller_struct),
		cmocka_unit_test(test_restarts),
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_wrong_restarts),
		cmocka_unit_test(test_long_reason),
		cmocka_unit_test(test_selection),
		cmocka_unit_test(test_next_event),
		cmocka_unit_test(test_subscribe),
		cmocka_unit_test(test_anomaly),
		cmocka_unit_test(test_metric_anomaly),
		cmocka_unit_test(test_health_alert),
		cmocka_unit_test(test_leaps_of_time),
		cmocka_unit_test(test_dropped_events),
		cmocka_unit_test(test_callback),
		cmocka_unit_test(test_wrong_callbacks),
		cmocka_unit_test(test_from_within),
		cmocka_unit_test(test_free_from_within),
		cmocka_unit_test(test_unsubscribe_from_within),
		cmocka_unit_test(test_node),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_stats_json),
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_null_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
