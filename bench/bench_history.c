/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the past takes and costs: bytes a value of three series made up and of a real recording, 24 hours of it; what a sample costs to keep, a day to
 * read row by row, one metric to aggregate. CPU time, and as a ratio to a floor measured in the same run: copying the values.
 *
 *	bench_history [FILE.csv.gz]   bench/recordings/rabbitmq.csv.gz is a RabbitMQ under traffic (record.py)
 */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/past.h"
#include "recording.h"

#define RECORDING "bench/recordings/rabbitmq.csv.gz"
#define T0 INT64_C(1700000000000)
#define STEP_MS 5000
#define DAY_SAMPLES 17280
#define ROUNDS 20

static double
cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* ---- a recording, tiled to a day ---- */

/* tile gives the sample at a place of a day: the recording over and over, in which counters go on over the seam. */
static void
tile(const struct recording *r, size_t i, struct sample *s)
{
	size_t last = r->count - 1, lap = i / r->count, at = i % r->count;
	int64_t span_ms = r->time_ms[last] - r->time_ms[0] + STEP_MS;

	s->time_ms = r->time_ms[at] + (int64_t)lap * span_ms;
	memset(s->present, 0, sizeof(s->present));
	for (int m = 0; m < METRIC_COUNT; m++) {
		double v = r->rows[at][m];

		if (METRICS[m].kind == KIND_COUNTER && !isnan(r->rows[last][m]))
			v += (double)lap * (r->rows[last][m] - first_value(r, m));
		sample_set(s, (enum metric_id)m, v);
	}
}

/* ---- bytes a value ---- */

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.blocks = true;
	return engine_new("bench@host", &o);
}

/* keep keeps a sample, in the history and the roll-ups, without judging it: what that costs is not of the history. */
static void
keep(struct engine *e, const struct sample *s)
{
	static const struct past_check healthy = { .overall = LEVEL_HEALTHY, .recommendations = "" };

	engine_restore_sample(e, s, &healthy);
}

/* block_bytes is what the sealed blocks of samples take, as written to a file, and how many samples are in them. */
static size_t
block_bytes(struct engine *e, size_t *samples)
{
	static uint16_t numbers[METRIC_COUNT + CRITERION_COUNT];
	struct past_names names = { .of_metric = numbers, .of_criterion = numbers };
	struct strbuf out = STRBUF_INIT;
	struct past_block *b;
	size_t bytes;

	for (*samples = 0; (b = engine_next_block(e)) != NULL; past_block_unref(b)) {
		if (past_block_kind(b) != PAST_SAMPLES)
			continue;
		*samples += past_block_rows(b);
		past_block_write(b, &names, &out);
	}
	bytes = out.len;
	strbuf_release(&out);
	return bytes;
}

static double
constant(size_t i)
{
	(void)i;
	return 1048576;
}

static double
counter(size_t i)
{
	static double v;

	v = i == 0 ? 0 : v + 20000 + rand() % 2000;
	return v;
}

static double
noisy_gauge(size_t i)
{
	(void)i;
	return 64e6 + 8.0 * (rand() % 100000);
}

/* made_up: one series, in one metric's place; a day of times and checks alone is taken off. */
static void
made_up(const char *name, double (*value)(size_t i))
{
	size_t bytes[2], samples;

	for (int with = 0; with < 2; with++) {
		struct engine *e = new_engine();
		struct sample s = { .time_ms = T0 };

		srand(1);
		for (size_t i = 0; i < DAY_SAMPLES; i++, s.time_ms += STEP_MS) {
			if (with)
				sample_set(&s, METRIC_RSS, value(i));
			keep(e, &s);
		}
		bytes[with] = block_bytes(e, &samples);
		engine_free(e);
	}
	printf("  %-22s %6.3f bytes a value\n", name, (double)(bytes[1] - bytes[0]) / (double)samples);
}

/* ---- the recording ---- */

static size_t
heap(void)
{
	return mallinfo2().uordblks;
}

static size_t
values_in(const struct sample *s)
{
	size_t n = 0;

	for (int m = 0; m < METRIC_COUNT; m++)
		n += s->present[m];
	return n;
}

/* What a sample costs to keep, roll-ups and sealing included; floor: copying its values. */
struct cost {
	double us, floor_us, worst_us;
};

static void
keep_measured(struct engine *e, const struct sample *s, struct sample *copy, struct cost *c)
{
	double begin = cpu_us(), us;

	memcpy(copy->value, s->value, sizeof(s->value));
	memcpy(copy->present, s->present, sizeof(s->present));
	__asm__ volatile("" : : "r"(copy) : "memory");
	us = cpu_us();
	c->floor_us += us - begin;
	begin = us;
	keep(e, s);
	us = cpu_us() - begin;
	c->us += us;
	c->worst_us = fmax(c->worst_us, us);
}

/* fill keeps a day of the recording, and prints what it takes. */
static struct engine *
fill(const struct recording *r)
{
	struct engine *e = new_engine();
	struct sample *s = xcalloc(1, sizeof(*s)), *copy = xcalloc(1, sizeof(*copy));
	size_t values = 0, before = heap(), samples, bytes, held;
	struct cost c = { 0, 0, 0 };

	for (size_t i = 0; i < DAY_SAMPLES; i++) {
		tile(r, i, s);
		values += values_in(s);
		keep_measured(e, s, copy, &c);
	}
	held = heap() - before;
	bytes = block_bytes(e, &samples);
	printf("  %-22s %6.3f bytes a value: %zu samples of %zu rows recorded, %zu values\n", "a RabbitMQ",
	    (double)bytes * DAY_SAMPLES / ((double)samples * (double)values), (size_t)DAY_SAMPLES, r->count, values);
	printf("  all of its 24 h in memory, with what is open and roll-ups: %.2f MB, %.3f bytes a value\n",
	    (double)held / 1e6, (double)held / (double)values);
	printf("history, a sample kept: %.2f us, the worst %.0f us; copying its values %.3f us; ratio %.0f\n",
	    c.us / DAY_SAMPLES, c.worst_us, c.floor_us / DAY_SAMPLES, c.us / c.floor_us);
	free(s);
	free(copy);
	return e;
}

/* ---- reading ---- */

static double
read_rows_us(struct engine *e, double *sum)
{
	double begin = cpu_us();
	struct past_view *v = engine_past_open(e, INT64_MIN, INT64_MAX);
	const struct past_check *check;
	const struct sample *s;

	while ((s = past_view_next(v, &check)) != NULL)
		*sum += s->value[METRIC_VM_MEMORY_TOTAL];
	past_view_free(v);
	return cpu_us() - begin;
}

static double
read_points_us(struct engine *e, int64_t from_ms, double *sum)
{
	static struct past_point points[DAY_SAMPLES];
	double begin = cpu_us();
	size_t n = engine_past_points(e, METRIC_VM_MEMORY_TOTAL, from_ms, INT64_MAX, 300000, points, DAY_SAMPLES);

	*sum += points[n - 1].mean;
	return cpu_us() - begin;
}

/* copy_us copies as many bytes as a day's values are. */
static double
copy_us(size_t bytes)
{
	char *from = xcalloc(1, bytes), *to = xcalloc(1, bytes);
	double us = 1e18;

	memset(from, 1, bytes);
	for (int i = 0; i < ROUNDS; i++) {
		double begin = cpu_us();

		memcpy(to, from, bytes);
		__asm__ volatile("" : : "r"(to) : "memory");
		us = fmin(us, cpu_us() - begin);
	}
	free(from);
	free(to);
	return us;
}

static void
measure_reading(struct engine *e, int64_t from_ms)
{
	double rows = 1e18, points = 1e18, sum = 0;
	double floor_rows = copy_us((size_t)DAY_SAMPLES * METRIC_COUNT * sizeof(double));
	double floor_points = copy_us(DAY_SAMPLES * sizeof(double));

	for (int i = 0; i < ROUNDS; i++) {
		rows = fmin(rows, read_rows_us(e, &sum));
		points = fmin(points, read_points_us(e, from_ms, &sum));
	}
	printf("history, 24 h row by row: %.2f ms; copying as many values %.2f ms; ratio %.1f\n", rows / 1e3,
	    floor_rows / 1e3, rows / floor_rows);
	printf("history, one metric of 24 h in steps of 5 min: %.3f ms; copying its values %.3f ms; ratio %.1f\n",
	    points / 1e3, floor_points / 1e3, points / floor_points);
	if (sum == 0)
		printf("(nothing was read)\n");
}

int
main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : RECORDING;
	struct recording r;
	struct engine *e;

	printf("history, bytes a value in sealed blocks, the directory included:\n");
	made_up("constant", constant);
	made_up("counter, noisy steps", counter);
	made_up("noisy gauge", noisy_gauge);
	if (access(path, R_OK) != 0) {
		fprintf(stderr, "bench_history: no recording at %s: only the series made up are measured\n", path);
		return 0;
	}
	r = read_recording(path);
	e = fill(&r);
	measure_reading(e, r.time_ms[0]);
	engine_free(e);
	free_recording(&r);
	return 0;
}
