/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How true is what predict_failures says of the next beat of a periodic child, and of budgets that run out? Simulated restarts; the interval that is told
 * is compared with the beat that comes, the probability that is told with how often it happened.
 *
 * Usage: next_failure [SEED [RUNS]].
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/chance.h"
#include "analyze/exhaustion.h"
#include "analyze/quantile.h"
#include "base/alloc.h"
#include "engine/foresight.h"
#include "model/term_fixture.h"

#define START_MS INT64_C(1700000000000)
#define RUNS 1000

static double
between(struct chance *c, double low, double high)
{
	return low * pow(high / low, chance_uniform(c));
}

/* ---- beats ---- */

struct rhythm {
	const char *name;
	double jitter; /* of an interval */
	double missed;
	double noise; /* other restarts, in an interval */
	bool drift;   /* each beat begins the next interval; else a clock gives it */
};

static const struct rhythm RHYTHMS[] = {
	{ "clock, jitter 1 %", 0.01, 0, 0, false },
	{ "clock, jitter 3 %, 10 % missed", 0.03, 0.1, 0.05, false },
	{ "clock, jitter 7 %, 20 % missed", 0.07, 0.2, 0.1, false },
	{ "clock, jitter 10 %, 28 % missed", 0.1, 0.28, 0.2, false },
	{ "drift, jitter 1 %", 0.01, 0, 0, true },
	{ "drift, jitter 3 %, 10 % missed", 0.03, 0.1, 0.05, true },
	{ "drift, jitter 7 %, 20 % missed", 0.07, 0.2, 0.1, true },
	{ "drift, jitter 10 %, 28 % missed", 0.1, 0.28, 0.2, true },
};

struct times {
	int64_t at[4096];
	size_t count;
	int64_t last_beat_ms, next_beat_ms;
};

static void
add(struct times *t, double ms)
{
	size_t i = t->count++;

	for (; i > 0 && t->at[i - 1] > START_MS + (int64_t)ms; i--)
		t->at[i] = t->at[i - 1];
	t->at[i] = START_MS + (int64_t)ms;
}

/* simulate gives so many beats, the one after them, and what else the child restarted. */
static void
simulate(const struct rhythm *r, size_t beats, double interval, struct chance *c, struct times *t)
{
	double clock = interval, at = interval, last = 0;

	t->count = 0;
	for (size_t done = 0; done <= beats;) {
		double off = r->jitter * interval * chance_normal(c);

		at = r->drift ? at + interval + off : clock + off;
		clock += interval;
		if (chance_uniform(c) < r->missed)
			continue;
		if (done++ == beats)
			break;
		add(t, at);
		last = at;
	}
	t->last_beat_ms = START_MS + (int64_t)last;
	t->next_beat_ms = START_MS + (int64_t)at;
	for (double noise = 0; r->noise > 0;) {
		noise -= log(chance_uniform(c)) * interval / r->noise;
		if (noise >= last)
			break;
		add(t, noise);
	}
}

/* foretell gives an engine the restarts, and asks it. False if it foretells nothing of the child. */
static bool
foretell(const struct times *t, int64_t now_ms, struct prediction *out)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("n@h", &o);
	struct restart r = { .caught = true,
		.supervisor = text_term("sup"),
		.child_id = text_term("child"),
		.reason = text_term("boom") };
	size_t n;

	for (size_t i = 0; i < t->count; i++) {
		r.time_ms = t->at[i];
		engine_restart(e, t->at[i], &r);
		engine_tick(e, t->at[i]);
	}
	engine_tick(e, now_ms);
	n = engine_predictions(e, now_ms, out, 1);
	restart_release(&r);
	engine_free(e);
	return n == 1 && out->kind == PREDICTION_PERIODIC;
}

static void
measure_beats(const struct rhythm *r, struct chance *c, size_t runs)
{
	size_t asked = 0, told = 0, held = 0, early = 0, late = 0;
	double *widths = xcalloc(runs, sizeof(double));
	struct times *t = xcalloc(1, sizeof(*t));

	for (size_t i = 0; i < runs; i++) {
		double interval = between(c, 180e3, 7200e3);
		size_t beats = 6 + chance_below(c, 60);
		struct prediction p;
		int64_t now_ms;

		simulate(r, beats, interval, c, t);
		/* Asked at any time before it comes. */
		now_ms = t->last_beat_ms + (int64_t)((double)(t->next_beat_ms - t->last_beat_ms) * chance_uniform(c));
		asked++;
		if (!foretell(t, now_ms, &p))
			continue;
		widths[told++] = (double)(p.latest_ms - p.earliest_ms) / interval;
		early += t->next_beat_ms < p.earliest_ms;
		late += t->next_beat_ms > p.latest_ms;
		held += t->next_beat_ms >= p.earliest_ms && t->next_beat_ms <= p.latest_ms;
	}
	printf("| %s | %zu | %.0f %% | %.1f %% | %.0f / %.0f %% | %.3f |\n", r->name, asked,
	    100.0 * (double)told / (double)asked, 100.0 * (double)held / (double)told,
	    100.0 * (double)early / (double)told, 100.0 * (double)late / (double)told,
	    told ? median_of(widths, told) : NAN);
	free(widths);
	free(t);
}

/* ---- budgets ---- */

enum crashes { POISSON, LOOP, BURSTS, EPISODES, CRASHES_COUNT };

static double
next_gap(enum crashes kind, double mean, struct chance *c)
{
	switch (kind) {
	case LOOP:
		return mean * exp(0.2 * chance_normal(c));
	case EPISODES:
		return mean * exp(0.5 * chance_normal(c)) * (chance_uniform(c) < 0.1 ? 100 : 1);
	case BURSTS:
		return -log(chance_uniform(c)) * (chance_uniform(c) < 0.8 ? mean : 10 * mean);
	case POISSON:
	case CRASHES_COUNT:
		break;
	}
	return -log(chance_uniform(c)) * mean;
}

#define CASE_RESTARTS 400

struct supervisor {
	int64_t times[CASE_RESTARTS];
	size_t count;
	uint32_t intensity;
	int64_t period_ms;
	double mean_ms; /* between restarts */
};

/* spent_at is when the budget ran out, INT64_MAX if it did not. */
static int64_t
spent_at(const struct supervisor *s)
{
	for (size_t i = s->intensity; i < s->count; i++)
		if (s->times[i] - s->times[i - s->intensity] <= s->period_ms)
			return s->times[i];
	return INT64_MAX;
}

static void
make(struct supervisor *s, enum crashes kind, struct chance *c)
{
	double at = 0;

	s->intensity = 1 + (uint32_t)chance_below(c, 12);
	s->period_ms = (int64_t)between(c, 5e3, 120e3);
	s->mean_ms = (double)s->period_ms / s->intensity * between(c, 0.5, 3);
	for (s->count = 0; s->count < CASE_RESTARTS; s->count++) {
		at += next_gap(kind, s->mean_ms, c);
		s->times[s->count] = START_MS + (int64_t)at;
	}
}

struct bin {
	size_t count, came;
	double told;
};

static void
measure_budget(const struct supervisor *s, struct chance *c, struct bin bins[2])
{
	int64_t end_ms = spent_at(s);
	/* At any time, whatever comes. */
	int64_t now_ms = START_MS + (int64_t)(50 * s->mean_ms * chance_uniform(c));
	struct exhaustion x;
	size_t n = 0, from, b;

	if (end_ms <= now_ms)
		return;
	while (n < s->count && s->times[n] <= now_ms)
		n++;
	from = n > EXHAUSTION_TIMES ? n - EXHAUSTION_TIMES : 0;
	exhaustion_find(
	    s->times + from, n - from, 0, s->intensity, s->period_ms, now_ms, s->period_ms, FORESIGHT_CONFIDENCE, &x);
	if (x.probability < 0.5)
		return;
	b = x.probability >= 0.75;
	bins[b].count++;
	bins[b].told += x.probability;
	bins[b].came += end_ms <= now_ms + s->period_ms;
}

static void
measure_budgets(const char *name, enum crashes kind, struct chance *c, size_t runs)
{
	struct bin bins[2] = { { 0 }, { 0 } };
	struct supervisor *s = xcalloc(1, sizeof(*s));

	for (size_t i = 0; i < runs; i++) {
		make(s, kind, c);
		measure_budget(s, c, bins);
	}
	for (int b = 0; b < 2; b++)
		printf("| %s, %s | %zu | %.0f %% | %.0f %% |\n", name, b ? "75 % and more" : "50 to 75 %",
		    bins[b].count, 100 * bins[b].told / (double)bins[b].count,
		    100.0 * (double)bins[b].came / (double)bins[b].count);
	free(s);
}

int
main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20261;
	size_t runs = argc > 2 ? strtoull(argv[2], NULL, 10) : RUNS;
	struct chance c = { seed };

	printf("| next beat of | asked | foretold | held (80 %%) | came early / late | width, in intervals |\n"
	       "| --- | ---: | ---: | ---: | ---: | ---: |\n");
	for (size_t i = 0; i < sizeof(RHYTHMS) / sizeof(RHYTHMS[0]); i++)
		measure_beats(&RHYTHMS[i], &c, runs);
	printf("\n| budget runs out within its period | foretold | said | came |\n| --- | ---: | ---: | ---: |\n");
	measure_budgets("crashes at random", POISSON, &c, 20 * runs);
	measure_budgets("a crash loop", LOOP, &c, 20 * runs);
	measure_budgets("bursts", BURSTS, &c, 20 * runs);
	measure_budgets("episodes of ten", EPISODES, &c, 20 * runs);
	return 0;
}
