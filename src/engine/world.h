/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated node, for tests and benches only: what all its watched metrics are, sample by sample, on ordinary load of several kinds, and
 * what faults add to them. Every watched metric has a level, noise and bursts of a size that such nodes show; the faults are those of the
 * real fault application, with all metrics that they move.
 */
#ifndef ENGINE_WORLD_H
#define ENGINE_WORLD_H

#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "model/sample.h"

#define WORLD_INTERVAL_MS 5000
#define WORLD_DAY 17280 /* samples */
#define WORLD_START_MS INT64_C(1700000000000)
#define WORLD_MEMORY 16e9
#define WORLD_HOUR 720

/* ---- chance ---- */

struct chance {
	uint64_t state;
};

/* splitmix64, http://prng.di.unimi.it/splitmix64.c */
static inline double
uniform(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

static inline double
gauss(struct chance *c)
{
	return sqrt(-2 * log(uniform(c))) * cos(6.283185307179586 * uniform(c));
}

static inline double
exponential(struct chance *c, double mean)
{
	return -mean * log(uniform(c));
}

/* ---- load ---- */

struct load {
	const char *name;
	double quiet;       /* levels and noise are this share smaller: a node that idles */
	double persistence; /* of the noise, AR(1) */
	double lognormal;   /* sigma of a factor drawn for every sample */
	double pareto;      /* shape of spikes, a hundred a day; 0: none */
	double rhythm;      /* share of the level that follows the day */
	double burst_gap;   /* samples between bursts; 0: none */
	double burst_length;
	bool shared;     /* all metrics burst together, as one job makes them */
	bool internal;   /* but for I/O: the job is the node's own */
	unsigned deploy; /* samples between deploys: the node is restarted, and its levels are others */
};

static const struct load LOADS[] = {
	{ .name = "stationary" },
	{ .name = "idle", .quiet = 0.9 },
	{ .name = "ar(1) 0.9", .persistence = 0.9 },
	{ .name = "ar(1) 0.99", .persistence = 0.99 },
	{ .name = "lognormal", .lognormal = 0.7 },
	{ .name = "pareto spikes", .persistence = 0.5, .pareto = 1.3 },
	{ .name = "bursts of 15 s", .burst_gap = 200, .burst_length = 3 },
	{ .name = "bursts of 1 min", .burst_gap = 200, .burst_length = 12, .shared = true },
	{ .name = "jobs of 2 min", .burst_gap = 720, .burst_length = 24, .shared = true, .internal = true },
	{ .name = "daily rhythm", .persistence = 0.5, .rhythm = 0.6 },
	{ .name = "deploys", .persistence = 0.5, .deploy = 4000 },
	{ .name = "all of it",
	    .persistence = 0.95,
	    .lognormal = 0.3,
	    .pareto = 1.5,
	    .rhythm = 0.5,
	    .burst_gap = 300,
	    .burst_length = 4,
	    .shared = true },
};

/* level; noise in shares of it; what a burst adds, in shares of it; growth per day, in shares of it; what a boot begins with, in shares of it */
static const struct subject {
	enum metric_id metric;
	double level, noise, burst, growth, boot;
} SUBJECTS[] = {
	{ METRIC_CPU_UTILIZATION, 30, 0.15, 1.2, 0, 2 },
	{ METRIC_RUN_QUEUE, 4, 0.5, 8, 0, 3 },
	{ METRIC_MEMORY_AVAILABLE, 9e9, 0.015, -0.1, 0, 1.2 },
	{ METRIC_VM_MEMORY_TOTAL, 8e8, 0.05, 0.4, 0.02, 0.4 },
	{ METRIC_VM_MEMORY_BINARY, 1.2e8, 0.15, 1.0, 0, 0.1 },
	{ METRIC_VM_MEMORY_ETS, 6e7, 0.02, 0.1, 0.05, 0.3 },
	{ METRIC_RSS, 1e9, 0.03, 0.3, 0.02, 0.3 },
	{ METRIC_PROCESS_COUNT, 1200, 0.03, 0.4, 0, 0.5 },
	{ METRIC_PORT_COUNT, 200, 0.04, 0.5, 0, 0.2 },
	{ METRIC_OPEN_FDS, 250, 0.04, 0.5, 0, 0.3 },
	{ METRIC_ATOM_COUNT, 25000, 0.0002, 0, 0.01, 0.7 },
	{ METRIC_ETS_COUNT, 90, 0.01, 0.05, 0, 0.8 },
	{ METRIC_MQ_MAX, 15, 0.8, 60, 0, 1 },
	{ METRIC_LOGGER_QUEUE, 2, 1, 20, 0, 2 },
	{ METRIC_REDUCTIONS, 4e7, 0.15, 2, 0, 2 },
	{ METRIC_IO_INPUT, 4e6, 0.2, 3, 0, 0.1 },
	{ METRIC_IO_OUTPUT, 3e6, 0.2, 3, 0, 0.1 },
	{ METRIC_GC_COLLECTIONS, 900, 0.2, 2, 0, 2 },
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
	double factor[SUBJECT_COUNT]; /* of the level, since the last deploy */
	struct burst bursts[SUBJECT_COUNT];
	uint64_t busy, time;
	int tick, booted; /* samples */
};

static inline void
world_init(struct world *w, const struct load *load, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->load = load;
	w->chance.state = seed * 1000003;
	w->booted = -10 * WORLD_DAY;
	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		w->bursts[i].wait = exponential(&w->chance, load->burst_gap);
		w->factor[i] = 1;
	}
}

/* burst_height is 0 between bursts. */
static inline double
burst_height(struct world *w, size_t i)
{
	struct burst *b = &w->bursts[w->load->shared ? 0 : i];
	enum metric_id id = SUBJECTS[i].metric;

	if (w->load->burst_gap == 0)
		return 0;
	if (w->load->internal && METRICS[id].anomaly == ANOMALY_IO)
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

/* boot_share: tables and work are there within a minute, caches within ten. */
static inline double
boot_share(const struct world *w, const struct subject *s)
{
	double minutes = METRICS[s->metric].unit == UNIT_BYTES && METRICS[s->metric].kind == KIND_GAUGE ? 10 : 1;

	return (s->boot - 1) * exp(-(w->tick - w->booted) * WORLD_INTERVAL_MS / 60e3 / minutes);
}

static inline double
level_of(struct world *w, size_t i)
{
	const struct subject *s = &SUBJECTS[i];
	const struct load *l = w->load;
	double day = (double)w->tick / WORLD_DAY;
	double factor = 1 + boot_share(w, s);

	w->noise[i] = l->persistence * w->noise[i] + sqrt(1 - l->persistence * l->persistence) * gauss(&w->chance);
	factor += s->noise * (1 - l->quiet) * w->noise[i] + s->burst * burst_height(w, i);
	if (l->lognormal > 0)
		factor *= exp(fmin(1, 2.5 * s->noise) * l->lognormal * gauss(&w->chance));
	if (l->pareto > 0 && uniform(&w->chance) < 100.0 / WORLD_DAY)
		factor += s->noise * pow(uniform(&w->chance), -1 / l->pareto);
	factor *= 1 + s->growth * day - l->rhythm * fmin(1, fabs(s->burst)) * cos(6.283185307179586 * day);
	return s->level * (1 - l->quiet) * w->factor[i] * fmax(0, factor);
}

static inline void
set_cpu(struct world *w, struct sample *s, double percent)
{
	w->time += 1000000;
	w->busy += (uint64_t)(1e4 * fmax(0, fmin(100, percent)));
	s->scheduler_count = 1;
	s->scheduler_active[0] = 1 + w->busy;
	s->scheduler_total[0] = 1 + w->time;
}

/* deploy_if_due restarts the node: half a minute without samples, counters and clock begin anew, and so do levels. */
static inline void
deploy_if_due(struct world *w)
{
	unsigned every = w->load->deploy;

	if (every == 0 || (unsigned)w->tick % every < every - 6)
		return;
	w->tick += 6;
	w->booted = w->tick;
	memset(w->counter, 0, sizeof(w->counter));
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		w->factor[i] = 0.85 + 0.4 * uniform(&w->chance);
}

/* What a fault adds to one metric: at once, and more with every sample; of counters to the rate per second. */
struct effect {
	enum metric_id metric;
	double at_once, per_sample;
};

#define EFFECTS 6

static inline double
effect_on(const struct effect *effects, enum metric_id id, int lasting)
{
	for (unsigned i = 0; effects && lasting > 0 && i < EFFECTS; i++)
		if (effects[i].metric == id)
			return effects[i].at_once + effects[i].per_sample * lasting;
	return 0;
}

static inline void
world_set(struct world *w, struct sample *s, size_t i, double value)
{
	enum metric_id id = SUBJECTS[i].metric;

	w->counter[i] += value * WORLD_INTERVAL_MS / 1000;
	if (id == METRIC_CPU_UTILIZATION)
		set_cpu(w, s, value);
	else if (METRICS[id].watch == WATCH_RATE)
		sample_set(s, id, floor(w->counter[i]));
	else
		sample_set(s, id, METRICS[id].unit == UNIT_COUNT ? round(value) : value);
}

static inline void
set_limits(struct sample *s)
{
	sample_set(s, METRIC_MEMORY_LIMIT, WORLD_MEMORY);
	sample_set(s, METRIC_PROCESS_LIMIT, 1048576);
	sample_set(s, METRIC_PORT_LIMIT, 65536);
	sample_set(s, METRIC_ATOM_LIMIT, 1048576);
	sample_set(s, METRIC_MAX_FDS, 65536);
}

/* world_sample is the next sample; effects are those of a fault that has lasted so many samples (0: NULL is fine). */
static inline void
world_sample(struct world *w, struct sample *s, const struct effect *effects, int lasting)
{
	deploy_if_due(w);
	memset(s, 0, offsetof(struct sample, top));
	memset(s->top_told, 0, sizeof(s->top_told));
	s->time_ms = WORLD_START_MS + (int64_t)w->tick * WORLD_INTERVAL_MS;
	set_limits(s);
	sample_set(s, METRIC_WALLCLOCK, (double)(w->tick - w->booted) * WORLD_INTERVAL_MS);
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		world_set(w, s, i, fmax(0, level_of(w, i) + effect_on(effects, SUBJECTS[i].metric, lasting)));
	w->tick++;
}

/* ---- faults ---- */

#define TYPE(id) (1u << ANOMALY_##id)

static const struct fault {
	const char *name;
	unsigned types; /* of anomalies that tell of it */
	int fast; /* samples within which it is to be found; 0: a leak, before it has eaten a tenth of its limit: */
	double limit;
	struct effect effects[EFFECTS]; /* of a leak, the first is what it eats */
} FAULTS[] = {
	{ "CPU hog", TYPE(CPU) | TYPE(REDUCTIONS), 3, 0,
	    { { METRIC_CPU_UTILIZATION, 50, 0 }, { METRIC_RUNTIME, 1000, 0 }, { METRIC_REDUCTIONS, 2e8, 0 },
		{ METRIC_RUN_QUEUE, 1, 0 } } },
	{ "run-queue flood", TYPE(RUN_QUEUE) | TYPE(CPU) | TYPE(REDUCTIONS) | TYPE(PROCESS_COUNT), 3, 0,
	    { { METRIC_RUN_QUEUE, 800, 0 }, { METRIC_CPU_UTILIZATION, 100, 0 }, { METRIC_RUNTIME, 2000, 0 },
		{ METRIC_REDUCTIONS, 3e8, 0 }, { METRIC_PROCESS_COUNT, 1000, 0 } } },
	{ "queue growth, 5,000 a second", TYPE(MESSAGE_QUEUE) | TYPE(MEMORY), 3, 0,
	    { { METRIC_MQ_MAX, 0, 25000 }, { METRIC_VM_MEMORY_TOTAL, 0, 2.5e6 } } },
	{ "stuck process, 200 messages a second", TYPE(MESSAGE_QUEUE), 6, 0, { { METRIC_MQ_MAX, 0, 1000 } } },
	{ "traffic stops", TYPE(IO), 15, 0, { { METRIC_IO_INPUT, -1e12, 0 }, { METRIC_IO_OUTPUT, -1e12, 0 } } },
	{ "memory leak, 1 % of the limit a second", TYPE(MEMORY), 3, 0,
	    { { METRIC_MEMORY_AVAILABLE, 0, -8e8 }, { METRIC_RSS, 0, 8e8 }, { METRIC_VM_MEMORY_TOTAL, 0, 8e8 } } },
	{ "memory leak, 1 % a minute", TYPE(MEMORY), 0, WORLD_MEMORY,
	    { { METRIC_MEMORY_AVAILABLE, 0, -1.33e7 }, { METRIC_RSS, 0, 1.33e7 },
		{ METRIC_VM_MEMORY_TOTAL, 0, 1.33e7 } } },
	{ "memory leak, 5 % an hour", TYPE(MEMORY), 0, WORLD_MEMORY,
	    { { METRIC_MEMORY_AVAILABLE, 0, -1.11e6 }, { METRIC_RSS, 0, 1.11e6 },
		{ METRIC_VM_MEMORY_TOTAL, 0, 1.11e6 } } },
	{ "binary leak, 10 MB a second", TYPE(BINARY) | TYPE(MEMORY), 0, WORLD_MEMORY,
	    { { METRIC_MEMORY_AVAILABLE, 0, -5e7 }, { METRIC_RSS, 0, 5e7 }, { METRIC_VM_MEMORY_TOTAL, 0, 5e7 },
		{ METRIC_VM_MEMORY_BINARY, 0, 5e7 } } },
	{ "ETS growth, 10 MB a second", TYPE(ETS) | TYPE(MEMORY), 0, WORLD_MEMORY,
	    { { METRIC_MEMORY_AVAILABLE, 0, -5e7 }, { METRIC_RSS, 0, 5e7 }, { METRIC_VM_MEMORY_TOTAL, 0, 5e7 },
		{ METRIC_VM_MEMORY_ETS, 0, 5e7 } } },
	{ "process leak, 200 a second", TYPE(PROCESS_COUNT) | TYPE(MEMORY), 0, 1048576,
	    { { METRIC_PROCESS_COUNT, 0, 1000 }, { METRIC_VM_MEMORY_TOTAL, 0, 2.7e6 },
		{ METRIC_MEMORY_AVAILABLE, 0, -2.7e6 }, { METRIC_RSS, 0, 2.7e6 } } },
	{ "process leak, 10 a second", TYPE(PROCESS_COUNT), 0, 1048576, { { METRIC_PROCESS_COUNT, 0, 50 } } },
	{ "atom leak, 1,000 a second", TYPE(ATOM), 0, 1048576, { { METRIC_ATOM_COUNT, 0, 5000 } } },
	{ "atom leak, 10 a second", TYPE(ATOM), 0, 1048576, { { METRIC_ATOM_COUNT, 0, 50 } } },
	{ "port leak, 20 a second", TYPE(PORT), 0, 65536,
	    { { METRIC_PORT_COUNT, 0, 100 }, { METRIC_OPEN_FDS, 0, 100 } } },
	{ "port leak, 1 a second", TYPE(PORT), 0, 65536, { { METRIC_PORT_COUNT, 0, 5 }, { METRIC_OPEN_FDS, 0, 5 } } },
};

/* fault_eaten is the share of its limit that a leak has eaten after so many samples. */
static inline double
fault_eaten(const struct fault *f, int lasting)
{
	return f->limit > 0 ? fabs(effect_on(f->effects, f->effects[0].metric, lasting)) / f->limit : 0;
}

#undef TYPE

#endif
