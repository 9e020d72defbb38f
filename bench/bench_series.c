/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one sample of one series costs the series detector: CPU time (promised: 3 us at most) and memory (8 kB), for kinds of series between
 * which its memories are used differently. `bench_series count` only feeds SAMPLES of them, for scripts/bench_instructions.sh.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "analyze/series_detector.h"

#define SAMPLES 100000
#define BEST_OF 5
#define INTERVAL_MS 5000

enum kind { FLAT, NOISE, WALK, SAWTOOTH, JUMPS, KINDS };

static const char *const NAMES[KINDS] = { "flat line", "noise", "random walk", "sawtooth", "jumps" };

static double values[KINDS][SAMPLES];

static double
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* noise is the same on each run: -1 to 1. */
static double
noise(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525U + 1013904223U;
	return (double)(seed >> 8) / (1 << 23) - 1;
}

static void
make_values(void)
{
	double walk = 0, level = 0;

	for (int i = 0; i < SAMPLES; i++) {
		walk += noise();
		level = noise() > 0.98 ? 100 * noise() : level;
		values[FLAT][i] = 42;
		values[NOISE][i] = noise();
		values[WALK][i] = walk;
		values[SAWTOOTH][i] = i % 37 + 0.1 * noise();
		values[JUMPS][i] = level + noise();
	}
}

static double
feed_all(struct series_detector *d, enum kind kind)
{
	double begin;

	series_detector_init(d, ANOMALY_THRESHOLD);
	begin = cpu_ns();
	for (int i = 0; i < SAMPLES; i++) {
		struct series_verdict v = series_detector_feed(d, (int64_t)i * INTERVAL_MS, values[kind][i]);

		__asm__ volatile("" : : "r"(&v) : "memory");
	}
	return (cpu_ns() - begin) / SAMPLES;
}

static void
print_cost(enum kind kind)
{
	struct series_detector d;
	double best = feed_all(&d, kind);

	for (int i = 1; i < BEST_OF; i++) {
		double ns = feed_all(&d, kind);

		best = ns < best ? ns : best;
	}
	printf("series detector: %s: %.0f ns a sample\n", NAMES[kind], best);
}

int
main(int argc, char **argv)
{
	struct series_detector d;

	make_values();
	if (argc == 2 && strcmp(argv[1], "count") == 0) {
		feed_all(&d, NOISE);
		return 0;
	}
	printf("series detector: %zu bytes a series\n", sizeof(d));
	for (enum kind kind = 0; kind < KINDS; kind++)
		print_cost(kind);
	return 0;
}
