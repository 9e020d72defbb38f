/* SPDX-License-Identifier: Apache-2.0 */
#include "http/columns_query.h"

#include <stdlib.h>
#include <string.h>

#include "base/testing.h"

#define NOW INT64_C(1700000000000)

static void
steps_are_lengths_of_time(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "1", 1000 }, { "90", 90000 }, { "10s", 10000 }, { "1m", 60000 }, { "36h", 129600000 },
		{ "1d", 86400000 }, { "007", 7000 }, { "366d", 31622400000 } };
	static const char *const bad[] = { "", "s", "0", "0s", "-1", "1.5", "1 m", "m1", "1ms", "1w", "5S", "367d",
		"31622401", "99999999999999999999", "000000000000000000000000000000001" };
	struct err err;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(columns_step(good[i].text, &ms, &err));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(columns_step(bad[i], &ms, &err));
		assert_non_null(strstr(err.text, bad[i]));
	}
}

static unsigned
count(const bool metrics[METRIC_COUNT])
{
	unsigned n = 0;

	for (int i = 0; i < METRIC_COUNT; i++)
		n += metrics[i];
	return n;
}

static void
metrics_are_names(void **state)
{
	bool metrics[METRIC_COUNT];
	struct err err;

	(void)state;
	assert_true(columns_metrics(NULL, metrics, &err));
	assert_int_equal(count(metrics), METRIC_COUNT);
	assert_true(columns_metrics("load1", metrics, &err));
	assert_true(count(metrics) == 1 && metrics[METRIC_LOAD1]);
	assert_true(columns_metrics("load1,process_count,load1", metrics, &err));
	assert_true(count(metrics) == 2 && metrics[METRIC_LOAD1] && metrics[METRIC_PROCESS_COUNT]);
	assert_false(columns_metrics("load1,,load5", metrics, &err));
	assert_false(columns_metrics("load1,", metrics, &err));
	assert_false(columns_metrics("Load1", metrics, &err));
	assert_string_equal(err.text,
	    "metric: \"Load1\" is none; their names are the keys of \"metrics\" in /api/v1/nodes/{node}/performance");
}

static void
fields_are_names(void **state)
{
	bool columns[COLUMN_COUNT];
	struct err err;

	(void)state;
	assert_true(columns_fields(NULL, columns, &err));
	for (int i = 0; i < COLUMN_COUNT; i++)
		assert_true(columns[i] == (i >= COLUMN_MIN && i <= COLUMN_SEEN));
	assert_true(columns_fields("max,value", columns, &err));
	for (int i = 0; i < COLUMN_COUNT; i++)
		assert_true(columns[i] == (i == COLUMN_VALUE || i == COLUMN_MAX));
	assert_false(columns_fields("min,", columns, &err));
	assert_false(columns_fields("time", columns, &err));
	assert_string_equal(
	    err.text, "fields: \"time\" is none of value, min, max, mean, last, count, usual, usual_low, usual_high");
}

static void
times_and_digits(void **state)
{
	static const char *const bad[] = { "", "0", "13", "-1", "6.5", "x" };
	unsigned digits;
	struct err err;
	bool shared;

	(void)state;
	assert_true(columns_times(NULL, &shared, &err) && !shared);
	assert_true(columns_times("own", &shared, &err) && !shared);
	assert_true(columns_times("shared", &shared, &err) && shared);
	assert_false(columns_times("Shared", &shared, &err));
	assert_string_equal(err.text, "times: \"Shared\" is neither own nor shared");
	assert_true(columns_digits(NULL, &digits, &err) && digits == 0);
	assert_true(columns_digits("12", &digits, &err) && digits == 12);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(columns_digits(bad[i], &digits, &err));
	assert_string_equal(err.text, "digits: \"x\" is no number from 1 to 12");
}

static struct columns_query
query(const struct engine *e, int64_t start_ms, int64_t end_ms, int64_t step_ms)
{
	return (struct columns_query) {
		.node = e, .now_ms = NOW, .start_ms = start_ms, .end_ms = end_ms, .step_ms = step_ms
	};
}

static void
so_many_points_at_most(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct columns_query q = query(e, NOW - 10999 * 1000, NOW, 1000);
	struct err err;
	int64_t step_ms;

	(void)state;
	assert_true(columns_check(&q, &err));
	q.start_ms -= 1000;
	assert_false(columns_check(&q, &err));
	assert_string_equal(err.text,
	    "step: 1 s makes 11001 points of each metric from start to end, and 11000 are given at most; ask for "
	    "step=2s or "
	    "more, or for less time");
	/* What it says to do helps. */
	for (int64_t span_ms = 11000 * INT64_C(1000); span_ms < NOW / 20; span_ms = span_ms * 5 / 4) {
		q = query(e, NOW - span_ms, NOW, 1000);
		assert_false(columns_check(&q, &err));
		step_ms = strtoll(strstr(err.text, "step=") + 5, NULL, 10) * 1000;
		q = query(e, NOW - span_ms, NOW, step_ms);
		assert_true(columns_check(&q, &err));
	}
	engine_free(e);
}

/* All of it, by the hour, is not 470,000 points. */
static void
what_cannot_be_kept_is_not_asked_for(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("a@h", &o);
	struct columns_query q = query(e, -62167219200000, INT64_C(253402300799999), 3600000);
	struct err err;

	(void)state;
	assert_true(columns_check(&q, &err));
	assert_int_equal(q.start_ms, NOW - o.hour_retention_ms - 3600000);
	assert_int_equal(q.end_ms, NOW);
	q = query(e, 5, 10, 1000);
	assert_true(columns_check(&q, &err));
	assert_true(q.start_ms == 10 && q.end_ms == 10);
	q = query(e, NOW + 5, NOW + 10, 1000);
	assert_true(columns_check(&q, &err));
	assert_true(q.start_ms == NOW + 5 && q.end_ms == NOW + 5);
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_lengths_of_time),
		cmocka_unit_test(metrics_are_names),
		cmocka_unit_test(fields_are_names),
		cmocka_unit_test(times_and_digits),
		cmocka_unit_test(so_many_points_at_most),
		cmocka_unit_test(what_cannot_be_kept_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
