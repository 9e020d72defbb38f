/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole days of a simulated node through the engine at its defaults: how often does it cry wolf on ordinary load, and
 * how soon does it see a real fault? Prints the figures and holds them to their bounds (SIMULATION_SEEDS=n for more
 * days, SIMULATION_VERBOSE=1 for each anomaly). Every watched metric has a level, noise and bursts of a size that such
 * nodes show.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/testing.h"
#include "engine/engine.h"

#define INTERVAL_MS 5000
#define DAY 17280 /* samples */
#define START_MS INT64_C(1700000000000)
#define SEEDS 3
#define FAULT_AT 1440 /* two hours */
#define FOUND_AMONG_BURSTS 75

/* ---- chance ---- */

struct chance {
	uint64_t state;
};

/* splitmix64, http://prng.di.unimi.it/splitmix64.c */
static double
uniform(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static double
gauss(struct chance *c)
{
	return sqrt(-2 * log(uniform(c))) * cos(6.283185307179586 * uniform(c));
}

static double
exponential(struct chance *c, double mean)
{
	return -mean * log(uniform(c));
}

/* ---- load ---- */

struct load {
	const char *name;
	double persistence; /* of the noise, AR(1) */
	double lognormal;   /* sigma of a factor drawn for every sample */
	double pareto;      /* shape of spikes, a hundred a day; 0: none */
	double rhythm;      /* share of the level that follows the day */
	double burst_gap;   /* samples between bursts; 0: none */
	double burst_length;
	bool shared; /* all metrics burst together, as one job makes them */
};

static const struct load LOADS[] = {
	{ .name = "stationary" },
	{ .name = "ar(1) 0.9", .persistence = 0.9 },
	{ .name = "ar(1) 0.99", .persistence = 0.99 },
	{ .name = "lognormal", .lognormal = 0.7 },
	{ .name = "pareto spikes", .persistence = 0.5, .pareto = 1.3 },
	{ .name = "bursts of 15 s", .burst_gap = 200, .burst_length = 3 },
	{ .name = "bursts of 1 min", .burst_gap = 200, .burst_length = 12, .shared = true },
	{ .name = "daily rhythm", .persistence = 0.5, .rhythm = 0.6 },
	{ .name = "all of it",
	    .persistence = 0.95,
	    .lognormal = 0.3,
	    .pareto = 1.5,
	    .rhythm = 0.5,
	    .burst_gap = 300,
	    .burst_length = 4,
	    .shared = true },
};

/* level; noise in shares of it; what a burst adds, in shares of it; growth per day, in shares of it */
static const struct subject {
	enum metric_id metric;
	double level, noise, burst, growth;
} SUBJECTS[] = {
	{ METRIC_CPU_UTILIZATION, 30, 0.15, 1.2, 0 },
	{ METRIC_RUN_QUEUE, 4, 0.5, 8, 0 },
	{ METRIC_MEMORY_AVAILABLE, 9e9, 0.015, -0.1, 0 },
	{ METRIC_VM_MEMORY_TOTAL, 8e8, 0.05, 0.4, 0.02 },
	{ METRIC_VM_MEMORY_BINARY, 1.2e8, 0.15, 1.0, 0 },
	{ METRIC_VM_MEMORY_ETS, 6e7, 0.02, 0.1, 0.05 },
	{ METRIC_PROCESS_COUNT, 1200, 0.03, 0.4, 0 },
	{ METRIC_PORT_COUNT, 200, 0.04, 0.5, 0 },
	{ METRIC_ATOM_COUNT, 25000, 0.0002, 0, 0.01 },
	{ METRIC_ETS_COUNT, 90, 0.01, 0.05, 0 },
	{ METRIC_MQ_MAX, 15, 0.8, 60, 0 },
	{ METRIC_REDUCTIONS, 4e7, 0.15, 2, 0 },
	{ METRIC_IO_INPUT, 4e6, 0.2, 3, 0 },
	{ METRIC_IO_OUTPUT, 3e6, 0.2, 3, 0 },
	{ METRIC_GC_COLLECTIONS, 900, 0.2, 2, 0 },
};

#define SUBJECT_COUNT ARRAY_LEN(SUBJECTS)

struct burst {
	double wait, left, height;
};

struct world {
	const struct load *load;
	struct chance chance;
	double noise[SUBJECT_COUNT];
	double counter[SUBJECT_COUNT];
	struct burst bursts[SUBJECT_COUNT];
	uint64_t busy, time;
	int tick;
};

static void
world_init(struct world *w, const struct load *load, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->load = load;
	w->chance.state = seed * 1000003;
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		w->bursts[i].wait = exponential(&w->chance, load->burst_gap);
}

/* burst_height is 0 between bursts. */
static double
burst_height(struct world *w, size_t i)
{
	struct burst *b = &w->bursts[w->load->shared ? 0 : i];

	if (w->load->burst_gap == 0)
		return 0;
	if (w->load->shared && i > 0)
		return b->height;
	if (b->left <= 0 && --b->wait <= 0) {
		b->left = 1 + exponential(&w->chance, w->load->burst_length);
		b->wait = exponential(&w->chance, w->load->burst_gap);
		b->height = 0.5 + uniform(&w->chance);
	}
	if (b->left > 0)
		b->left--;
	else
		b->height = 0;
	return b->height;
}

static double
level_of(struct world *w, size_t i)
{
	const struct subject *s = &SUBJECTS[i];
	const struct load *l = w->load;
	double day = (double)w->tick / DAY;
	double factor = 1;

	w->noise[i] = l->persistence * w->noise[i] + sqrt(1 - l->persistence * l->persistence) * gauss(&w->chance);
	factor += s->noise * w->noise[i] + s->burst * burst_height(w, i);
	if (l->lognormal > 0)
		factor *= exp(fmin(1, 2.5 * s->noise) * l->lognormal * gauss(&w->chance));
	if (l->pareto > 0 && uniform(&w->chance) < 100.0 / DAY)
		factor += s->noise * pow(uniform(&w->chance), -1 / l->pareto);
	factor *= 1 + s->growth * day - l->rhythm * fmin(1, fabs(s->burst)) * cos(6.283185307179586 * day);
	return s->level * fmax(0, factor);
}

static void
set_cpu(struct world *w, struct sample *s, double percent)
{
	w->time += 1000000;
	w->busy += (uint64_t)(1e4 * fmax(0, fmin(100, percent)));
	s->scheduler_count = 1;
	s->scheduler_active[0] = 1 + w->busy;
	s->scheduler_total[0] = 1 + w->time;
}

/* world_sample is the next sample; extra is added to the level of one metric, a fault. */
static void
world_sample(struct world *w, struct sample *s, enum metric_id faulty, double extra)
{
	memset(s, 0, sizeof(*s));
	s->time_ms = START_MS + (int64_t)w->tick * INTERVAL_MS;
	sample_set(s, METRIC_MEMORY_LIMIT, 16e9);
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		enum metric_id id = SUBJECTS[i].metric;
		double v = fmax(0, level_of(w, i) + (id == faulty ? extra : 0));

		w->counter[i] += v * INTERVAL_MS / 1000;
		if (id == METRIC_CPU_UTILIZATION)
			set_cpu(w, s, v);
		else if (METRICS[id].watch == WATCH_RATE)
			sample_set(s, id, floor(w->counter[i]));
		else
			sample_set(s, id, METRICS[id].unit == UNIT_COUNT ? round(v) : v);
	}
	w->tick++;
}

static unsigned
drain(struct engine *e, enum anomaly_type wanted, bool verbose)
{
	struct node_event *ev;
	unsigned found = 0;

	while ((ev = engine_next_event(e)) != NULL) {
		const struct anomaly *a = &ev->u.anomaly;

		if (ev->type == EVENT_ANOMALY && (wanted == ANOMALY_TYPE_COUNT || a->type == wanted))
			found++;
		if (verbose && ev->type == EVENT_ANOMALY)
			printf("    %6.2f h %s %.4g usually %.4g +- %.3g score %.2f\n",
			    (double)(ev->time_ms - START_MS) / 3.6e6, METRICS[a->metric].name, a->current_value,
			    a->baseline_value, a->deviation, a->score);
		node_event_unref(ev);
	}
	return found;
}

/* ---- false alarms ---- */

static unsigned
false_alarms(const struct load *load, uint64_t seed)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("sim@host", &o);
	static struct sample s;
	struct world w;
	unsigned found = 0;

	world_init(&w, load, seed);
	while (w.tick < DAY) {
		world_sample(&w, &s, METRIC_NONE, 0);
		engine_feed(e, s.time_ms, &s);
		found += drain(e, ANOMALY_TYPE_COUNT, getenv("SIMULATION_VERBOSE") != NULL);
	}
	engine_free(e);
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
			found += false_alarms(&LOADS[i], seed);
		printf("  %-16s %.2f\n", LOADS[i].name, (double)found / (double)seeds);
		all += found;
	}
	printf("  %-16s %.2f\n", "mean", (double)all / (double)seeds / ARRAY_LEN(LOADS));
	assert_true((double)all / (double)seeds / ARRAY_LEN(LOADS) <= 0.5);
}

/* ---- faults ---- */

static const struct fault {
	const char *name;
	enum metric_id metric;
	enum anomaly_type type;
	double at_once, per_sample;
	int within; /* samples, where there are no bursts */
} FAULTS[] = {
	{ "memory leak, 1 % of the limit a second", METRIC_MEMORY_AVAILABLE, ANOMALY_MEMORY, 0, -0.05 * 16e9, 15 },
	{ "CPU hog", METRIC_CPU_UTILIZATION, ANOMALY_CPU, 50, 0, 15 },
	{ "queue growing by 200 a second", METRIC_MQ_MAX, ANOMALY_MESSAGE_QUEUE, 0, 1000, 15 },
	{ "process leak, 20 a second", METRIC_PROCESS_COUNT, ANOMALY_PROCESS_COUNT, 0, 100, 15 },
	{ "atom leak, 200 a second", METRIC_ATOM_COUNT, ANOMALY_ATOM, 0, 1000, 15 },
	{ "port leak, 5 a second", METRIC_PORT_COUNT, ANOMALY_PORT, 0, 25, 20 },
	{ "traffic stops", METRIC_IO_INPUT, ANOMALY_IO, -1e9, 0, 15 },
};

/* delay_of is the number of samples from the fault's first to the one that found it. */
static int
delay_of(const struct fault *f, const struct load *load, uint64_t seed)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("sim@host", &o);
	static struct sample s;
	struct world w;
	int delay = 0;

	world_init(&w, load, seed);
	while (w.tick < FAULT_AT) {
		world_sample(&w, &s, METRIC_NONE, 0);
		engine_feed(e, s.time_ms, &s);
		drain(e, ANOMALY_TYPE_COUNT, false);
	}
	while (delay < 200) {
		delay++;
		world_sample(&w, &s, f->metric, f->at_once + f->per_sample * delay);
		engine_feed(e, s.time_ms, &s);
		if (drain(e, f->type, getenv("SIMULATION_VERBOSE") != NULL) > 0)
			break;
	}
	engine_free(e);
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

/* Where bursts are usual, a fault that looks like one has to outlast them. */
static void
faults_are_found_soon(void **state)
{
	(void)state;
	printf("samples until a fault is found, worst of %d seeds, by load as above:\n", SEEDS);
	for (size_t f = 0; f < ARRAY_LEN(FAULTS); f++) {
		printf("  %-40s", FAULTS[f].name);
		for (size_t i = 0; i < ARRAY_LEN(LOADS); i++) {
			int worst = worst_delay(&FAULTS[f], &LOADS[i]);

			printf(" %3d", worst);
			assert_in_range(worst, 1, LOADS[i].burst_gap > 0 ? FOUND_AMONG_BURSTS : FAULTS[f].within);
		}
		printf("\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_load_raises_few_alarms),
		cmocka_unit_test(faults_are_found_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
