/* SPDX-License-Identifier: Apache-2.0 */
/* Live scores are those that the detector of single series gives to the same values. */
#include <math.h>
#include <string.h>

#include "analyze/series_detector.h"
#include "base/testing.h"
#include "engine/engine.h"
#include "engine/fixture.h"

#define START_MS INT64_C(1700000000000)
#define STEP_MS 5000
#define SAMPLES 400

static double
processes_at(int i)
{
	return 1000 + (i * 37) % 23 + (i >= 350 ? 3000 : 0);
}

static void
feed(struct engine *e, int i)
{
	struct sample s = { .time_ms = START_MS + i * STEP_MS };

	sample_set(&s, METRIC_PROCESS_COUNT, processes_at(i));
	engine_feed(e, s.time_ms, &s);
}

static void
test_live_scores_are_those_of_single_series(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("n@h", &o);
	static struct series_detector d;

	(void)state;
	series_detector_init(&d, o.anomaly_threshold);
	for (int i = 0; i < SAMPLES; i++) {
		double score = series_detector_feed(&d, START_MS + i * STEP_MS, processes_at(i)).score;

		feed(e, i);
		if (i + 1 < SERIES_WARM_UP)
			assert_true(isnan(engine_score(e, METRIC_PROCESS_COUNT)));
		else
			ASSERT_NEAR(engine_score(e, METRIC_PROCESS_COUNT), score, 0);
	}
	assert_true(isnan(engine_score(e, METRIC_PROCESS_LIMIT)));
	engine_free(e);
}

static void
test_an_event_has_the_higher_score(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("n@h", &o);
	struct node_event *ev;

	(void)state;
	for (int i = 0; i < 353; i++)
		feed(e, i);
	ev = next_of(e, EVENT_ANOMALY);
	assert_non_null(ev);
	assert_int_equal(ev->u.anomaly.type, ANOMALY_PROCESS_COUNT);
	assert_true(ev->u.anomaly.score > 0.8 && ev->u.anomaly.score < 1);
	node_event_unref(ev);
	engine_free(e);
}

static void
test_what_is_lived_again_is_not_scored(void **state)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("n@h", &o);

	(void)state;
	engine_restore_begin(e);
	for (int i = 0; i < SAMPLES; i++)
		feed(e, i);
	engine_restore_end(e, START_MS + SAMPLES * STEP_MS);
	feed(e, SAMPLES);
	assert_true(isnan(engine_score(e, METRIC_PROCESS_COUNT)));
	engine_free(e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_scores_are_those_of_single_series),
		cmocka_unit_test(test_an_event_has_the_higher_score),
		cmocka_unit_test(test_what_is_lived_again_is_not_scored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
