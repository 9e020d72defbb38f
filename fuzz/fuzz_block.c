/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a history that somebody else has written: bytes as they come, or a good block with some of its bytes changed. What can be read can be
 * written, read again, and told by an engine.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/past.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define T0 INT64_C(1700000000000)
#define NUMBERS (METRIC_COUNT + CRITERION_COUNT + 2)
#define KINDS 2 /* of good blocks: samples, minutes */
#define MAX_POINTS 1000

static uint16_t of_metric[METRIC_COUNT], of_criterion[CRITERION_COUNT], metric_of[NUMBERS], criterion_of[NUMBERS];
static struct node_event *anomaly;
static struct strbuf good[KINDS];

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static uint64_t
number_of_event(void *context, const struct node_event *ev)
{
	(void)context;
	(void)ev;
	return 1;
}

static struct node_event *
event_of_number(void *context, uint64_t number)
{
	(void)context;
	return number == 1 ? node_event_ref(anomaly) : NULL;
}

static const struct past_names NAMES = { of_metric, of_criterion, metric_of, criterion_of, NUMBERS, number_of_event,
	event_of_number, NULL };

static void
number_names(void)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		of_metric[i] = (uint16_t)(i + 1);
		metric_of[i + 1] = (uint16_t)(i + 1);
	}
	for (unsigned i = 0; i < CRITERION_COUNT; i++) {
		of_criterion[i] = (uint16_t)(METRIC_COUNT + i + 1);
		criterion_of[METRIC_COUNT + i + 1] = (uint16_t)(i + 1);
	}
	anomaly = node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", T0);
}

static struct engine *
new_engine(void)
{
	struct engine_options o = engine_defaults();

	o.blocks = true;
	o.max_restarts = o.max_events = o.max_past_events = 1;
	return engine_new("a@h", &o);
}

static struct sample
any_sample(int i)
{
	struct sample s = { .time_ms = T0 + i * INT64_C(5000), .scheduler_count = 2 };

	for (int m = 0; m < METRIC_COUNT; m += 5)
		sample_set(&s, (enum metric_id)m, m % 3 ? i * 1000 + rand() % 100 : rand() / 7.0);
	s.scheduler_active[0] = s.scheduler_total[0] = (uint64_t)i * 100;
	return s;
}

/* make_good takes the first block of each kind from an engine that lived a few hours. */
static void
make_good(void)
{
	struct engine *e = new_engine();
	struct past_block *b;
	struct node_event *ev;

	for (int i = 0; i < 3000; i++) {
		struct sample s = any_sample(i);

		engine_feed(e, s.time_ms, &s);
		while ((ev = engine_next_event(e)) != NULL)
			node_event_unref(ev);
	}
	while ((b = engine_next_block(e)) != NULL) {
		if (past_block_kind(b) < KINDS && good[past_block_kind(b)].len == 0)
			past_block_write(b, &NAMES, &good[past_block_kind(b)]);
		past_block_unref(b);
	}
	engine_free(e);
	require(good[PAST_SAMPLES].len > 0 && good[PAST_MINUTES].len > 0);
}

static size_t
count_samples(struct engine *e)
{
	struct past_view *v = engine_past_open(e, INT64_MIN, INT64_MAX);
	size_t n = 0, checks = 0, expected = past_view_samples(v), expected_checks = past_view_checks(v);
	const struct past_check *check;
	const struct sample *s;

	for (; (s = past_view_next(v, &check)) != NULL; n++) {
		checks += check != NULL;
		for (int m = 0; m < METRIC_COUNT; m++)
			require(!s->present[m] || isfinite(s->value[m]));
	}
	require(n == expected && checks == expected_checks);
	past_view_free(v);
	return n;
}

/* tell has an engine tell of the block. */
static void
tell(struct past_block *b)
{
	static struct past_point points[MAX_POINTS];
	struct engine *e = new_engine();
	bool samples = past_block_kind(b) == PAST_SAMPLES;
	int64_t last_ms = past_block_last_ms(b);
	size_t rows = past_block_rows(b);

	engine_restore_begin(e);
	engine_restore_block(e, b);
	engine_restore_end(e, last_ms);
	require(count_samples(e) <= (samples ? rows : 0));
	engine_past_points(e, METRIC_CPU_UTILIZATION, INT64_MIN, INT64_MAX, 0, points, MAX_POINTS);
	engine_past_points(e, METRIC_MEMORY_USED, INT64_MIN, INT64_MAX, 60000, points, MAX_POINTS);
	engine_free(e);
}

static void
check_block(const uint8_t *data, size_t size)
{
	struct past_block *b = past_block_read(data, size, &NAMES, NULL), *again;
	struct strbuf out = STRBUF_INIT;

	if (b == NULL)
		return;
	past_block_write(b, &NAMES, &out);
	again = past_block_read(out.data, out.len, &NAMES, NULL);
	require(again && past_block_rows(again) == past_block_rows(b));
	require(
	    past_block_first_ms(again) == past_block_first_ms(b) && past_block_last_ms(again) == past_block_last_ms(b));
	past_block_unref(again);
	strbuf_release(&out);
	tell(b);
}

/* check_changed: three bytes say which byte of the good block changes, and how. */
static void
check_changed(const struct strbuf *from, const uint8_t *data, size_t size)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, from->data, from->len);
	for (; size >= 3; data += 3, size -= 3)
		b.data[(data[0] << 8 | data[1]) % (int)b.len] ^= (char)data[2];
	check_block((const uint8_t *)b.data, b.len);
	strbuf_release(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (anomaly == NULL) {
		number_names();
		make_good();
	}
	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		check_block(data + 1, size - 1);
	else
		check_changed(&good[data[0] % 3 - 1], data + 1, size - 1);
	return 0;
}
