/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole days of a simulated node through the engine: how often does it cry wolf on ordinary load, how soon does it see a real fault, and is the
 * threshold what its documentation says? Holds a day of each load to its bounds (SIMULATION_SEEDS=n for more days, SIMULATION_VERBOSE=1 for
 * each anomaly); bench/detect/healthy is the large run, on recordings, too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/testing.h"
#include "engine/engine.h"
#include "engine/world.h"

#define SEEDS 1
#define MEAN_AT_MOST 0.4 /* false anomalies per node and day, of all loads */
#define EACH_AT_MOST 1.0 /* of one load */
#define FAULT_AT 1440    /* two hours */
#define FOUND_AMONG_BURSTS 75

struct run {
	struct engine *engine;
	struct world world;
	struct sample sample;
};

static bool
is_verbose(void)
{
	return getenv("SIMULATION_VERBOSE") != NULL;
}

static void
run_init(struct run *r, const struct load *load, uint64_t seed, double threshold)
{
	struct engine_options o = engine_defaults();

	o.anomaly_threshold = threshold;
	r->engine = engine_new("sim@host", &o);
	world_init(&r->world, load, seed);
}

static void
tell(const struct node_event *ev)
{
	const struct anomaly *a = &ev->u.anomaly;

	printf("    %6.2f h %s %.4g usually %.4g +- %.3g score %.2f\n", (double)(ev->time_ms - WORLD_START_MS) / 3.6e6,
	    METRICS[a->metric].name, a->current_value, a->baseline_value, a->deviation, a->score);
}

/* run_sample feeds the next sample and returns the number of anomalies of those types. */
static unsigned
run_sample(struct run *r, const struct effect *effects, int lasting, unsigned types)
{
	struct node_event *ev;
	unsigned found = 0;

	world_sample(&r->world, &r->sample, effects, lasting);
	engine_feed(r->engine, r->sample.time_ms, &r->sample);
	while ((ev = engine_next_event(r->engine)) != NULL) {
		found += ev->type == EVENT_ANOMALY && (types & 1u << ev->u.anomaly.type);
		if (ev->type == EVENT_ANOMALY && is_verbose())
			tell(ev);
		node_event_unref(ev);
	}
	return found;
}

/* ---- false alarms ---- */

static unsigned
false_alarms(const struct load *load, uint64_t seed, double threshold)
{
	static struct run r;
	unsigned found = 0;

	run_init(&r, load, seed, threshold);
	while (r.world.tick < WORLD_DAY)
		found += run_sample(&r, NULL, 0, ~0u);
	engine_free(r.engine);
	return found;
}

static void
ordinary_load_raises_few_alarms(void **state)
{
	const char *more = getenv("SIMULATION_SEEDS");
	uint64_t seeds = more ? strtoull(more, NULL, 10) : SEEDS;
	unsigned all = 0;

	(void)state;
	printf("false anomalies per node and day, all %zu series together:\n", SUBJECT_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(LOADS); i++) {
		unsigned found = 0;

		for (uint64_t seed = 1; seed <= seeds; seed++)
			found += false_alarms(&LOADS[i], seed, 2.0);
		printf("  %-16s %.2f\n", LOADS[i].name, (double)found / (double)seeds);
		assert_true((double)found / (double)seeds <= EACH_AT_MOST);
		all += found;
	}
	printf("  %-16s %.2f\n", "mean", (double)all / (double)seeds / ARRAY_LEN(LOADS));
	assert_true((double)all / (double)seeds / ARRAY_LEN(LOADS) <= MEAN_AT_MOST);
}

/* Every metric that is watched has its part in the simulated node; what is not simulated is not measured. */
static void
all_watched_metrics_are_simulated(void **state)
{
	static struct run r;

	(void)state;
	run_init(&r, &LOADS[0], 1, 2.0);
	run_sample(&r, NULL, 0, 0);
	run_sample(&r, NULL, 0, 0);
	for (int m = 0; m < METRIC_COUNT; m++)
		if (METRICS[m].watch != WATCH_NONE && !engine_last(r.engine)->present[m])
			fail_msg("%s is watched and not simulated", METRICS[m].name);
	engine_free(r.engine);
}

static void
larger_threshold_raises_no_more(void **state)
{
	static const double thresholds[] = { 0.5, 1, 1.5, 2, 3, 5, 10 };
	static const size_t loads[] = { 7, 11 };
	unsigned before = UINT32_MAX;

	(void)state;
	printf("anomalies in %zu days, by threshold:", ARRAY_LEN(loads));
	for (size_t t = 0; t < ARRAY_LEN(thresholds); t++) {
		unsigned found = 0;

		for (size_t i = 0; i < ARRAY_LEN(loads); i++)
			found += false_alarms(&LOADS[loads[i]], 31 + i, thresholds[t]);
		printf(" %g: %u", thresholds[t], found);
		assert_true(found <= before);
		before = found;
	}
	printf("\n");
}

/* ---- faults ---- */

static int
longest_of(const struct fault *f)
{
	return f->fast ? 200 : (int)(f->limit / 10 / fabs(f->effects[0].per_sample)) + 1;
}

/* delay_of is the number of samples from the fault's first to the one that found it. */
static int
delay_of(const struct fault *f, const struct load *load, uint64_t seed)
{
	static struct run r;
	int delay = 0, longest = longest_of(f);
	bool found = false;

	run_init(&r, load, seed, 2.0);
	for (int i = 0; i < FAULT_AT; i++)
		run_sample(&r, NULL, 0, 0);
	while (!found && delay < longest) {
		delay++;
		found = run_sample(&r, f->effects, delay, f->types) > 0;
	}
	engine_free(r.engine);
	return delay;
}

static int
worst_delay(const struct fault *f, const struct load *load)
{
	int worst = 0;

	for (uint64_t seed = 11; seed < 11 + SEEDS; seed++) {
		int delay = delay_of(f, load, seed);

		worst = delay > worst ? delay : worst;
	}
	return worst;
}

/* is_hidden: what an idle node receives is too little to be missed. */
static bool
is_hidden(const struct fault *f, const struct load *load)
{
	return load->quiet > 0 && f->effects[0].metric == METRIC_IO_INPUT;
}

static void
check_delay(const struct fault *f, const struct load *load, int worst)
{
	if (f->fast == 0)
		assert_true(fault_eaten(f, worst) < 0.1);
	else if (!is_hidden(f, load))
		/* Where bursts are usual, a fault that looks like one has to outlast them. */
		assert_in_range(worst, 1, load->burst_gap > 0 ? FOUND_AMONG_BURSTS : f->fast);
}

static void
faults_are_found_in_time(void **state)
{
	(void)state;
	printf("samples until a fault is found, worst of %d, by load as above:\n", SEEDS);
	for (size_t f = 0; f < ARRAY_LEN(FAULTS); f++) {
		printf("  %-40s", FAULTS[f].name);
		for (size_t i = 0; i < ARRAY_LEN(LOADS); i++) {
			int worst = worst_delay(&FAULTS[f], &LOADS[i]);

			printf(" %3d", worst);
			check_delay(&FAULTS[f], &LOADS[i], worst);
		}
		printf("\n");
	}
}

/* ---- the same input, the same findings ---- */

/* digest mixes all that a finding says; FNV-1a. */
static uint64_t
digest(uint64_t h, const struct node_event *ev)
{
	char text[512];
	const struct anomaly *a = &ev->u.anomaly;
	int len = snprintf(text, sizeof(text), "%lld %d %d %a %a %a %a %s", (long long)ev->time_ms, (int)a->type,
	    (int)a->severity, a->score, a->current_value, a->baseline_value, a->deviation, a->description);

	for (int i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
	return h;
}

/* day_of is the digest of a day's findings, with ticks between the samples and without. */
static uint64_t
day_of(const struct load *load, uint64_t seed, int ticks, unsigned *found)
{
	static struct run r;
	struct node_event *ev;
	uint64_t h = 0xcbf29ce484222325u;

	*found = 0;
	run_init(&r, load, seed, 1.0);
	while (r.world.tick < WORLD_DAY) {
		world_sample(&r.world, &r.sample, NULL, 0);
		engine_feed(r.engine, r.sample.time_ms, &r.sample);
		for (int i = 1; i <= ticks; i++)
			engine_tick(r.engine, r.sample.time_ms + i * 900);
		while ((ev = engine_next_event(r.engine)) != NULL) {
			if (ev->type == EVENT_ANOMALY) {
				h = digest(h, ev);
				++*found;
			}
			node_event_unref(ev);
		}
	}
	engine_free(r.engine);
	return h;
}

static void
ticks_change_no_finding(void **state)
{
	unsigned found, again, ticked;
	uint64_t h = day_of(&LOADS[7], 41, 0, &found);

	(void)state;
	assert_true(found > 0);
	assert_true(h == day_of(&LOADS[7], 41, 0, &again));
	assert_true(h == day_of(&LOADS[7], 41, 5, &ticked));
	assert_int_equal(found, ticked);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_watched_metrics_are_simulated),
		cmocka_unit_test(ordinary_load_raises_few_alarms),
		cmocka_unit_test(larger_threshold_raises_no_more),
		cmocka_unit_test(faults_are_found_in_time),
		cmocka_unit_test(ticks_change_no_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
