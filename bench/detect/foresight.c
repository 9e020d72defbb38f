/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How true is what plan_capacity says? Simulated series go through an engine for a while; then what it says of each limit is compared with when the very
 * same series reaches it, as it goes on. Per kind of series: how many got a date, of how many of those the date's interval held what came (it says 80 %), how
 * wide it is, how far off the growth is; of series without a trend: how many got a date all the same. And the CPU time of an answer.
 *
 * Usage: foresight [SEED [RUNS]]. Each run has five series of each kind; another seed is another world.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyze/chance.h"
#include "analyze/quantile.h"
#include "base/alloc.h"
#include "engine/foresight.h"

#define START_MS INT64_C(1700000000000)
#define DAY_MS 86400000.0
#define SERIES 5
#define RUNS 40
#define AHEAD 10 /* times the history that a series is followed */

/* ---- worlds ---- */

struct world { /* a kind of series; lengths in shares of the history */
	const char *name;
	bool grows;
	double memory;             /* AR(1): how long a deviation lasts; 0: white noise */
	double tail;               /* degrees of freedom of the noise's t distribution; 0: normal */
	double outliers;           /* share of the samples that are far above */
	double rhythm;             /* amplitude of the day, in noise */
	double min_days, max_days; /* of history; 0: any */
	double sawtooth;           /* height of the teeth, in noise */
	double stairs;             /* growth comes in so many steps over the history; 0: steadily */
	double walk;               /* how far a random walk gets over the history, in noise */
	double begins;             /* growth begins there, 0 to 1 */
	double ends;               /* and ends; 0: never */
	double jump;               /* one jump, in noise, somewhere */
	double week;               /* how much lower the weekends are, in noise */
	double bend;               /* the growth's time is raised to that power, 0: 1 */
	double settles; /* growth goes towards its end as an exponential, in so many histories; 0: does not */
	double idle;    /* by how much lower in pauses of the load, in noise */
};

static const struct world WORLDS[] = {
	{ .name = "white noise", .grows = true },
	{ .name = "AR(1)", .grows = true, .memory = 0.02 },
	{ .name = "AR(1), long memory", .grows = true, .memory = 0.1 },
	{ .name = "heavy tails", .grows = true, .tail = 2.5 },
	{ .name = "outliers", .grows = true, .outliers = 0.005 },
	{ .name = "daily rhythm, 3 days and more", .grows = true, .rhythm = 10, .memory = 0.005, .min_days = 3 },
	{ .name = "daily rhythm, 6 h to 2 days",
	    .grows = true,
	    .rhythm = 10,
	    .memory = 0.005,
	    .min_days = 0.25,
	    .max_days = 2 },
	{ .name = "sawtooth", .grows = true, .sawtooth = 20 },
	{ .name = "stairs", .grows = true, .stairs = 30 },
	{ .name = "random walk", .grows = true, .walk = 10 },
	{ .name = "began late", .grows = true, .begins = 0.75, .memory = 0.002 },
	{ .name = "a jump", .grows = true, .jump = 20 },
	{ .name = "week", .grows = true, .week = 10, .rhythm = 5, .memory = 0.002, .min_days = 10 },
	{ .name = "faster and faster", .grows = true, .bend = 1.5, .memory = 0.002 },
	{ .name = "load that comes and goes", .grows = true, .idle = 10 },
	{ .name = "white noise" },
	{ .name = "AR(1)", .memory = 0.02 },
	{ .name = "AR(1), long memory", .memory = 0.1 },
	{ .name = "heavy tails", .tail = 2.5 },
	{ .name = "outliers", .outliers = 0.005 },
	{ .name = "daily rhythm, 3 days and more", .rhythm = 10, .memory = 0.005, .min_days = 3 },
	{ .name = "daily rhythm, 6 h to 2 days", .rhythm = 10, .memory = 0.005, .min_days = 0.25, .max_days = 2 },
	{ .name = "sawtooth", .sawtooth = 20 },
	{ .name = "random walk", .walk = 10 },
	{ .name = "grew until the middle", .ends = 0.6, .memory = 0.002 },
	{ .name = "a jump", .jump = 20 },
	{ .name = "week", .week = 10, .rhythm = 5, .memory = 0.002, .min_days = 10 },
	{ .name = "settles soon", .settles = 0.3, .memory = 0.002 },
	{ .name = "settles late", .settles = 1, .memory = 0.002 },
	{ .name = "load that comes and goes", .idle = 10 },
};
#define WORLD_COUNT (sizeof(WORLDS) / sizeof(WORLDS[0]))

/* How long a history there is, and how often it is sampled. */
static const struct {
	double days;
	int64_t step_ms;
} LENGTHS[] = { { 0.02, 5000 }, { 0.08, 5000 }, { 0.3, 5000 }, { 1, 15000 }, { 3, 60000 }, { 10, 60000 } };
#define LENGTH_COUNT (sizeof(LENGTHS) / sizeof(LENGTHS[0]))

struct series {
	const struct world *world;
	struct chance *chance;
	double history_ms, step_ms;
	double noise;        /* deviation */
	double base, growth; /* growth over the history */
	double limit;
	/* its state */
	double around, walk, stair, phase, jump_at, period_ms;
	bool idle;
};

/* A t distribution by its definition; the variance is not 1. */
static double
draw_noise(struct series *s)
{
	double z = chance_normal(s->chance), square = 0;
	int n = (int)(2 * s->world->tail);

	if (s->world->tail == 0)
		return z;
	for (int i = 0; i < n; i++) {
		double g = chance_normal(s->chance);

		square += g * g;
	}
	return z / sqrt(square / n);
}

static double
between(struct chance *c, double low, double high)
{
	return low * pow(high / low, chance_uniform(c));
}

static void
begin_series(struct series *s, const struct world *w, struct chance *c, double history_ms, double step_ms)
{
	*s = (struct series) { .world = w, .chance = c, .history_ms = history_ms, .step_ms = step_ms };
	s->noise = between(c, 20, 200);
	s->base = 50 * s->noise;
	s->phase = chance_uniform(c);
	s->jump_at = history_ms * chance_uniform(c);
	s->period_ms = history_ms * between(c, 0.03, 0.3);
	s->growth = w->grows ? s->noise * between(c, 3, 60) : 0;
	if (w->rhythm > 0 || w->walk > 0 || w->sawtooth > 0)
		s->growth *= 2;
	if (w->ends > 0 || w->settles > 0)
		s->growth = s->noise * between(c, 3, 60);
	s->limit = s->base + s->growth * (w->grows ? 1 + between(c, 0.1, 3) : 1) + s->noise * between(c, 20, 60);
	if (w->grows && w->begins > 0)
		s->limit = s->base + s->growth + s->growth / (1 - w->begins) * between(c, 0.02, 0.7);
}

/* drift is the growth at a time, as a share of the growth over the history. */
static double
drift(const struct series *s, double t_ms)
{
	double share = t_ms / s->history_ms;

	if (s->world->begins > 0)
		return fmax(0, share - s->world->begins) / (1 - s->world->begins);
	if (s->world->bend > 0)
		return pow(share, s->world->bend);
	if (s->world->settles > 0)
		return 1 - exp(-share / s->world->settles);
	return s->world->ends > 0 ? fmin(share, s->world->ends) / s->world->ends : share;
}

static double
step_series(struct series *s, double t_ms)
{
	const struct world *w = s->world;
	double steps = s->history_ms / s->step_ms, value = 0;
	double keep = w->memory > 0 ? exp(-1 / (w->memory * steps)) : 0;

	s->around = keep * s->around + sqrt(1 - keep * keep) * draw_noise(s);
	s->walk += w->walk / sqrt(steps) * chance_normal(s->chance);
	if (w->stairs > 0 && chance_uniform(s->chance) < w->stairs / steps)
		s->stair += s->growth / w->stairs * 2 * chance_uniform(s->chance);
	value = s->around + s->walk;
	if (chance_uniform(s->chance) < w->outliers)
		value += between(s->chance, 5, 30);
	value += w->rhythm * sin(6.283185307179586 * (t_ms / DAY_MS + s->phase));
	value += w->sawtooth * fmod(t_ms / s->period_ms + s->phase, 1);
	value += t_ms >= s->jump_at ? w->jump : 0;
	value -= fmod(t_ms / DAY_MS + 7 * s->phase, 7) < 2 ? w->week : 0;
	if (w->idle > 0 && chance_uniform(s->chance) < 20 / steps)
		s->idle = !s->idle;
	value -= s->idle ? w->idle : 0;
	return rint(s->base + s->noise * value + (w->stairs > 0 ? s->stair : s->growth * drift(s, t_ms)));
}

/* ---- an engine and five series ---- */

static const enum resource MEASURED[SERIES] = { RESOURCE_PROCESSES, RESOURCE_MEMORY, RESOURCE_PORTS, RESOURCE_ATOMS,
	RESOURCE_FILE_DESCRIPTORS };

static void
feed(struct engine *e, int64_t now_ms, struct series *all, double t_ms)
{
	struct sample s = { .time_ms = now_ms };

	sample_set(&s, METRIC_WALLCLOCK, t_ms);
	for (int i = 0; i < SERIES; i++) {
		enum metric_id metric = RESOURCES[MEASURED[i]].metric, limit = RESOURCES[MEASURED[i]].limit;
		double v = step_series(&all[i], t_ms);

		sample_set(&s, limit, all[i].limit);
		if (metric == METRIC_MEMORY_USED)
			sample_set(&s, METRIC_MEMORY_AVAILABLE, all[i].limit - v);
		else
			sample_set(&s, metric, v);
	}
	engine_feed(e, now_ms, &s);
}

/* follow goes on with a series until its limit: the time from now, INFINITY if it does not come. */
static double
follow(struct series *s)
{
	for (double t = s->step_ms; t < AHEAD * s->history_ms; t += s->step_ms)
		if (step_series(s, s->history_ms + t) >= s->limit)
			return t;
	return INFINITY;
}

struct tally {
	size_t asked, dated, held, early, late,
	    open; /* open: intervals without an end; early: it came before the interval */
	size_t trends, growth_held;
	double *widths, *errors;
	size_t width_count, error_count;
};

static void
note_date(struct tally *t, const struct capacity *c, int64_t now_ms, struct series *s)
{
	double came = follow(s), low = (double)(c->full_earliest_ms - now_ms),
	       high = (double)(c->full_latest_ms - now_ms);

	t->dated++;
	if (c->full_latest_ms == 0)
		t->open++;
	else
		t->widths[t->width_count++] = (high - low) / (double)(c->full_ms - now_ms);
	if (came < low)
		t->early++;
	else if (c->full_latest_ms != 0 && came > high)
		t->late++;
	else
		t->held++;
}

static void
note(struct tally *t, const struct capacity *c, int64_t now_ms, struct series *s)
{
	double growth = (drift(s, s->history_ms) - drift(s, s->history_ms - 1)) * s->growth * 3600e3;

	t->asked++;
	if (c->trend) {
		t->trends++;
		t->growth_held += c->growth_low <= growth && growth <= c->growth_high;
		if (growth > 0)
			t->errors[t->error_count++] = fabs(c->growth_per_hour / growth - 1);
	}
	if (c->full_ms != 0)
		note_date(t, c, now_ms, s);
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

struct cost {
	double sum, most;
	size_t count;
};

static void
run(const struct world *w, size_t length, struct chance *chance, struct tally *t, struct cost *cost)
{
	struct engine_options o = engine_defaults();
	double history_ms = LENGTHS[length].days * DAY_MS * between(chance, 0.8, 1.25), began, took;
	int64_t step_ms = LENGTHS[length].step_ms, now_ms = START_MS + (int64_t)(DAY_MS * chance_uniform(chance));
	struct series all[SERIES];
	struct capacity c[RESOURCE_COUNT];
	struct engine *e;

	o.interval_ms = step_ms;
	e = engine_new("n@h", &o);
	for (int i = 0; i < SERIES; i++)
		begin_series(&all[i], w, chance, history_ms, (double)step_ms);
	for (double at = 0; at <= history_ms; at += (double)step_ms)
		feed(e, now_ms + (int64_t)at, all, at);
	now_ms = engine_last(e)->time_ms;
	began = cpu_ms();
	engine_capacity(e, now_ms, c, RESOURCE_COUNT);
	took = cpu_ms() - began;
	cost->sum += took;
	cost->count++;
	cost->most = fmax(cost->most, took);
	for (int i = 0; i < SERIES; i++)
		note(t, &c[MEASURED[i]], now_ms, &all[i]);
	engine_free(e);
}

static void
run_world(const struct world *w, uint64_t seed, size_t runs, struct tally *t, struct cost *cost)
{
	struct chance chance = { seed };

	t->widths = xcalloc(runs * SERIES, sizeof(double));
	t->errors = xcalloc(runs * SERIES, sizeof(double));
	for (size_t done = 0, length = 0; done < runs; length = (length + 1) % LENGTH_COUNT) {
		if (LENGTHS[length].days < w->min_days || (w->max_days > 0 && LENGTHS[length].days > w->max_days))
			continue;
		run(w, length, &chance, t, cost);
		done++;
	}
}

/* ---- the table ---- */

/* A cell: what there is none of is a dash. */
static void
put_share(size_t n, size_t of)
{
	if (of > 0)
		printf(" %.0f %% |", 100.0 * (double)n / (double)of);
	else
		printf(" – |");
}

static void
put_median(double *v, size_t n)
{
	if (n > 0)
		printf(" %.2f |", median_of(v, n));
	else
		printf(" – |");
}

static void
print_row(bool grows, const char *name, const struct tally *t)
{
	printf("| %s | %s | %zu |", grows ? "grows" : "no trend", name, t->asked);
	put_share(t->dated, t->asked);
	put_share(t->held, t->dated);
	put_share(t->early, t->dated);
	put_share(t->late, t->dated);
	put_share(t->open, t->dated);
	put_median(t->widths, t->width_count);
	put_share(t->growth_held, grows ? t->trends : 0);
	put_median(t->errors, grows ? t->error_count : 0);
	printf("\n");
	fflush(stdout);
}

static void
add_tally(struct tally *sum, const struct tally *t)
{
	sum->asked += t->asked;
	sum->dated += t->dated;
	sum->held += t->held;
	sum->early += t->early;
	sum->late += t->late;
	sum->open += t->open;
	sum->trends += t->trends;
	sum->growth_held += t->growth_held;
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20261;
	size_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : RUNS;
	struct tally sums[2] = { { 0 }, { 0 } };
	struct cost cost = { 0, 0, 0 };

	printf(
	    "| | series | asked | got a date | held | came early | late | no end | width | growth held | growth off |\n"
	    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
	for (size_t i = 0; i < WORLD_COUNT; i++) {
		const char *only = getenv("FORESIGHT_ONLY");
		struct tally t = { 0 };

		if (only && strstr(WORLDS[i].name, only) == NULL)
			continue;
		run_world(&WORLDS[i], seed * 1000 + i, runs, &t, &cost);
		print_row(WORLDS[i].grows, WORLDS[i].name, &t);
		add_tally(&sums[WORLDS[i].grows], &t);
		free(t.widths);
		free(t.errors);
	}
	print_row(true, "all", &sums[1]);
	print_row(false, "all", &sums[0]);
	printf("\nAn answer of all limits: %.2f ms of CPU, at most %.2f.\n", cost.sum / (double)cost.count, cost.most);
	return 0;
}
