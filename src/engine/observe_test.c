/* SPDX-License-Identifier: Apache-2.0 */
/* On a host that is short of CPU schedulers count as busy while they wait for a processor: that is no load of the node. */
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "engine/fixture.h"

#define START_MS INT64_C(1700000000000)
#define STEP_MS 5000
#define CALM 120
#define TROUBLE 40

struct node {
	struct engine *engine;
	struct sample sample;
	unsigned anomalies;
};

static int
setup(void **state)
{
	static struct node n;
	struct engine_options o = engine_defaults();

	memset(&n, 0, sizeof(n));
	n.engine = engine_new("n@h", &o);
	n.sample.time_ms = START_MS;
	n.sample.scheduler_count = 2;
	sample_set(&n.sample, METRIC_SCHEDULERS_ONLINE, 2);
	sample_set(&n.sample, METRIC_RUNTIME, 0);
	sample_set(&n.sample, METRIC_WALLCLOCK, 0);
	*state = &n;
	return 0;
}

static int
teardown(void **state)
{
	engine_free(((struct node *)*state)->engine);
	return 0;
}

/* live lets samples pass in which the schedulers were busy (%) and the VM got so much CPU time (%). */
static void
live(struct node *n, unsigned samples, double busy, double got, double tables)
{
	struct sample *s = &n->sample;
	struct node_event *ev;

	for (unsigned i = 0; i < samples; i++) {
		s->time_ms += STEP_MS;
		for (unsigned k = 0; k < 2; k++) {
			s->scheduler_active[k] += (uint64_t)(busy * 1000 + (i % 7) * 300);
			s->scheduler_total[k] += 100000;
		}
		sample_set(s, METRIC_WALLCLOCK, s->value[METRIC_WALLCLOCK] + STEP_MS);
		sample_set(s, METRIC_RUNTIME, s->value[METRIC_RUNTIME] + got / 100 * 2 * STEP_MS + i % 5 * 20);
		sample_set(s, METRIC_ETS_COUNT, tables);
		engine_feed(n->engine, s->time_ms, s);
		while ((ev = engine_next_event(n->engine)) != NULL) {
			n->anomalies += ev->type == EVENT_ANOMALY;
			node_event_unref(ev);
		}
	}
}

static void
test_cpu_time_is_derived(void **state)
{
	struct node *n = *state;
	const struct sample *last;

	live(n, 2, 40, 10, 100);
	last = engine_last(n->engine);
	assert_true(last->present[METRIC_CPU_TIME_UTILIZATION]);
	ASSERT_NEAR(last->value[METRIC_CPU_TIME_UTILIZATION], 10.2, 1e-6);
	ASSERT_NEAR(last->value[METRIC_CPU_UTILIZATION], 40.3, 1e-6);
}

static void
test_waiting_for_a_processor_is_no_load(void **state)
{
	struct node *n = *state;
	struct health h;

	live(n, CALM, 15, 16, 100);
	live(n, TROUBLE, 80, 16, 100);
	assert_int_equal(n->anomalies, 0);
	engine_health(n->engine, n->sample.time_ms, &h);
	assert_int_equal(h.recommendation_count, 1);
	assert_non_null(strstr(h.recommendations[0], "The host gives it 17 % only"));
}

static void
test_load_is_found(void **state)
{
	struct node *n = *state;

	live(n, CALM, 15, 16, 100);
	live(n, TROUBLE, 80, 80, 100);
	assert_int_equal(n->anomalies, 1);
}

/* What piles up while the host is short of CPU, and is worked off, is told no more than that; where it is not short, it is. */
static void
test_what_comes_of_waiting_is_load(void **state)
{
	struct node *n = *state;

	live(n, CALM, 15, 16, 100);
	live(n, TROUBLE, 80, 16, 230);
	live(n, CALM, 15, 16, 100);
	assert_int_equal(n->anomalies, 0);
	live(n, TROUBLE, 15, 16, 600);
	assert_int_equal(n->anomalies, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cpu_time_is_derived, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting_for_a_processor_is_no_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_load_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_comes_of_waiting_is_load, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
