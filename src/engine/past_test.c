/* SPDX-License-Identifier: Apache-2.0 */
/* The past as a whole: views, points over the seams of its resolutions, blocks that are written and read, engines built up from them. */
#include "engine/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/testing.h"

#define T0 INT64_C(1700000000123)
#define STEP_MS 5000
#define MINUTE INT64_C(60000)
#define HOUR INT64_C(3600000)
#define DAY INT64_C(86400000)
#define POINTS 60000

static const enum metric_id WATCHED[] = { METRIC_PROCESS_COUNT, METRIC_IO_INPUT, METRIC_LOAD1, METRIC_MQ_MAX };

/* What was fed. */
static struct fed {
	int64_t time_ms;
	double value[ARRAY_LEN(WATCHED)]; /* NaN: absent */
} * fed;
static size_t fed_count;
static struct engine *e;
static int64_t now;
static struct past_point *points;

static struct engine *
new_engine(int64_t retention_ms, int64_t minute_retention_ms)
{
	struct engine_options o = engine_defaults();

	o.blocks = true;
	o.retention_ms = retention_ms;
	o.minute_retention_ms = minute_retention_ms;
	return engine_new("a@h", &o);
}

static int
setup(void **state)
{
	(void)state;
	e = new_engine(DAY, 14 * DAY);
	fed = xcalloc(POINTS, sizeof(*fed));
	points = xcalloc(POINTS, sizeof(*points));
	fed_count = 0;
	now = T0;
	srand(1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	engine_free(e);
	free(fed);
	free(points);
	return 0;
}

static void
drain(struct engine *x)
{
	struct node_event *ev;

	while ((ev = engine_next_event(x)) != NULL)
		node_event_unref(ev);
}

/* feed: a gauge, a counter that begins anew now and then, a decimal, and one that is often not there. */
static void
feed(struct engine *x, int64_t time_ms)
{
	static double counter;
	struct fed *f = &fed[fed_count++];
	struct sample s = { .time_ms = time_ms };

	counter = rand() % 2000 ? counter + rand() % 100000 : 0;
	f->time_ms = time_ms;
	f->value[0] = 1000 + rand() % 100;
	f->value[1] = counter;
	f->value[2] = (rand() % 1000) / 100.0;
	f->value[3] = rand() % 5 ? NAN : rand() % 10;
	for (size_t i = 0; i < ARRAY_LEN(WATCHED); i++)
		sample_set(&s, WATCHED[i], f->value[i]);
	sample_set(&s, METRIC_MEMORY_LIMIT, 1e9);
	sample_set(&s, METRIC_MEMORY_AVAILABLE, 1e8 + rand() % 1000000);
	engine_feed(x, time_ms, &s);
	drain(x);
}

/* feed_on feeds n samples: mostly in the interval, with gaps, and some of one time. */
static void
feed_on(struct engine *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rand() % 500 == 0)
			now += rand() % (2 * (int)HOUR);
		else if (rand() % 100)
			now += STEP_MS + rand() % 21 - 10;
		feed(x, now);
	}
}

/* ---- points ---- */

static int64_t
begin_of(int64_t time_ms, int64_t step_ms)
{
	return step_ms > 0 ? time_ms - time_ms % step_ms : time_ms;
}

/* naive computes the points from what was fed. */
static size_t
naive(size_t metric, int64_t from_ms, int64_t to_ms, int64_t step_ms, struct past_point *out)
{
	size_t n = 0;

	for (size_t i = 0; i < fed_count; i++) {
		int64_t begin_ms = begin_of(fed[i].time_ms, step_ms);
		double v = fed[i].value[metric];
		struct past_point *p;

		if (isnan(v) || fed[i].time_ms < from_ms || fed[i].time_ms > to_ms)
			continue;
		if (n == 0 || step_ms == 0 || out[n - 1].time_ms != begin_ms)
			out[n++] = (struct past_point) { begin_ms, v, v, 0, v, 0, 0 };
		p = &out[n - 1];
		p->min = fmin(p->min, v);
		p->max = fmax(p->max, v);
		p->mean = (p->mean * p->count + v) / (p->count + 1);
		p->last = v;
		p->last_ms = fed[i].time_ms;
		p->count++;
	}
	return n;
}

/* same_points: exact but for the mean, which is known to a share of the range; coarse: and but for thousandths. */
static void
same_points(const struct past_point *a, const struct past_point *b, size_t n, double share)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(a[i].time_ms, b[i].time_ms);
		assert_int_equal(a[i].count, b[i].count);
		ASSERT_NEAR(a[i].min, b[i].min, share > 0 ? 0.0005 : 0);
		ASSERT_NEAR(a[i].max, b[i].max, share > 0 ? 0.0005 : 0);
		if (share == 0)
			assert_int_equal(a[i].last_ms, b[i].last_ms);
		ASSERT_NEAR(a[i].last, b[i].last, share > 0 ? 0.0005 : 0);
		ASSERT_NEAR(a[i].mean, b[i].mean, 0.0005 + 1e-9 * fabs(b[i].mean) + share * (b[i].max - b[i].min));
	}
}

static void
points_are_those_of_the_samples(void **state)
{
	static const int64_t steps[] = { 0, 1, 7000, MINUTE, 5 * MINUTE, HOUR, DAY };
	struct past_point *expected = xcalloc(POINTS, sizeof(*expected));

	(void)state;
	feed_on(e, 3000);
	for (int round = 0; round < 200; round++) {
		int64_t from_ms = T0 + rand() % (now - T0 + 1), to_ms = from_ms + rand() % (now - from_ms + 1);
		int64_t step_ms = steps[(size_t)rand() % ARRAY_LEN(steps)];
		size_t metric = (size_t)rand() % ARRAY_LEN(WATCHED), n;

		if (round % 10 == 0) {
			from_ms = INT64_MIN;
			to_ms = INT64_MAX;
		}
		n = naive(metric, from_ms, to_ms, step_ms, expected);
		assert_int_equal(engine_past_points(e, WATCHED[metric], from_ms, to_ms, step_ms, points, POINTS), n);
		same_points(points, expected, n, 0);
		if (n < 2)
			continue;
		assert_int_equal(engine_past_points(e, WATCHED[metric], from_ms, to_ms, step_ms, points, n - 1), n - 1);
		same_points(points, expected, n - 1, 0);
	}
	free(expected);
}

static void
nothing_has_no_points(void **state)
{
	(void)state;
	assert_int_equal(engine_past_points(e, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, POINTS), 0);
	feed_on(e, 10);
	assert_int_equal(engine_past_points(e, METRIC_LOAD1, now + 1, INT64_MAX, 0, points, POINTS), 0);
	assert_int_equal(engine_past_points(e, METRIC_LOAD1, now, T0, 0, points, POINTS), 0);
	assert_int_equal(engine_past_points(e, METRIC_GC_TIME, INT64_MIN, INT64_MAX, 0, points, POINTS), 0);
	assert_int_equal(engine_past_points(e, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, 0), 0);
}

static uint64_t
total_of(const struct engine *x, enum metric_id metric, int64_t step_ms)
{
	size_t n = engine_past_points(x, metric, INT64_MIN, INT64_MAX, step_ms, points, POINTS);
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++) {
		assert_true(i == 0 || points[i].time_ms > points[i - 1].time_ms ||
		    (step_ms == 0 && points[i].time_ms == points[i - 1].time_ms));
		total += points[i].count;
	}
	return total;
}

static uint64_t
fed_of(size_t metric)
{
	uint64_t n = 0;

	for (size_t i = 0; i < fed_count; i++)
		n += !isnan(fed[i].value[metric]);
	return n;
}

/* Samples of an hour or so, minutes of five, hours of what is before: each sample counts once, wherever it is told of. */
static void
resolutions_join_without_overlap_or_gap(void **state)
{
	struct past_point *expected = xcalloc(POINTS, sizeof(*expected));

	(void)state;
	engine_free(e);
	e = new_engine(HOUR, 5 * HOUR);
	for (int round = 0; round < 60; round++) {
		feed_on(e, 300 + (size_t)rand() % 100);
		for (size_t i = 0; i < ARRAY_LEN(WATCHED); i++) {
			size_t n = naive(i, INT64_MIN, INT64_MAX, HOUR, expected);

			assert_int_equal(total_of(e, WATCHED[i], 0), fed_of(i));
			assert_int_equal(
			    engine_past_points(e, WATCHED[i], INT64_MIN, INT64_MAX, HOUR, points, POINTS), n);
			same_points(points, expected, n, 3 / 255.0);
		}
	}
	/* And each is as fine as it is to be. */
	for (size_t i = 0, n = engine_past_points(e, METRIC_LOAD1, now - 4 * HOUR, now, 0, points, POINTS); i < n; i++)
		assert_true(
		    points[i].time_ms > now - HOUR ? points[i].count <= 1 || i < n - 1 : points[i].count <= 400);
	free(expected);
}

static void
resolution_is_that_of_what_is_told(void **state)
{
	struct past_seams seams = engine_past_seams(e);
	int64_t oldest_ms, newest_ms;
	size_t n, finest = 0, minutes = 0, hours = 0;

	(void)state;
	assert_false(engine_past_extent(e, &oldest_ms, &newest_ms));
	assert_int_equal(past_resolution_ms(&seams, now), HOUR);
	engine_free(e);
	e = new_engine(HOUR, 5 * HOUR);
	for (int i = 0; i < 10000; i++)
		feed(e, now += STEP_MS);
	seams = engine_past_seams(e);
	n = engine_past_points(e, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, POINTS);
	assert_true(engine_past_extent(e, &oldest_ms, &newest_ms));
	assert_int_equal(oldest_ms, points[0].time_ms);
	assert_int_equal(newest_ms, points[n - 1].time_ms);
	for (size_t i = 0; i + 1 < n; i++) {
		int64_t ms = past_resolution_ms(&seams, points[i].time_ms);

		assert_int_equal(points[i + 1].time_ms - points[i].time_ms > STEP_MS ? 1 : 0, ms > 0);
		finest += ms == 0;
		minutes += ms == MINUTE;
		hours += ms == HOUR;
	}
	assert_in_range(finest, 710, 740);
	assert_in_range(minutes, 230, 310);
	assert_in_range(hours, 7, 9);
}

/* What came before a node was lost is told when its samples have expired, too, although no sample came that would have ended the minute or the hour. */
static void
the_last_minute_of_a_node_that_is_gone(void **state)
{
	(void)state;
	engine_free(e);
	e = new_engine(HOUR, 3 * HOUR);
	for (int i = 0; i < 100; i++)
		feed(e, now += STEP_MS);
	for (int64_t end = now + 2 * DAY; now < end; now += MINUTE) {
		engine_tick(e, now);
		assert_int_equal(total_of(e, METRIC_LOAD1, 0), 100);
	}
}

static void
minutes_are_as_computed_from_samples(void **state)
{
	struct past_point *expected = xcalloc(POINTS, sizeof(*expected));
	int64_t until_ms;

	(void)state;
	engine_free(e);
	e = new_engine(HOUR, 14 * DAY);
	feed_on(e, 12000);
	until_ms = begin_of(now - HOUR, MINUTE) - 1;
	for (size_t i = 0; i < ARRAY_LEN(WATCHED); i++) {
		size_t n = naive(i, INT64_MIN, until_ms, MINUTE, expected);

		assert_int_equal(engine_past_points(e, WATCHED[i], INT64_MIN, until_ms, 0, points, POINTS), n);
		same_points(points, expected, n, 0.5 / 255);
	}
	free(expected);
}

/* ---- views ---- */

static void
views_stay_as_they_are(void **state)
{
	struct past_view *all, *some;
	const struct past_check *check;
	const struct sample *s;

	(void)state;
	engine_free(e);
	e = new_engine(HOUR, DAY);
	for (size_t i = 0; i < 500; i++)
		feed(e, now += STEP_MS);
	all = engine_past_open(e, INT64_MIN, INT64_MAX);
	some = engine_past_open(e, T0 + 100 * STEP_MS, T0 + 399 * STEP_MS);
	for (size_t i = 0; i < 3000; i++)
		feed(e, now += STEP_MS);
	engine_free(e);
	e = NULL;
	assert_int_equal(past_view_samples(all), 500);
	assert_int_equal(past_view_checks(all), 500);
	assert_int_equal(past_view_samples(some), 300);
	assert_int_equal(past_view_checks(some), 300);
	for (int twice = 0; twice < 2; twice++) {
		for (size_t i = 0; i < 500; i++) {
			assert_non_null(s = past_view_next(all, &check));
			assert_int_equal(s->time_ms, fed[i].time_ms);
			assert_true(s->value[METRIC_PROCESS_COUNT] == fed[i].value[0]);
			assert_true(s->present[METRIC_MQ_MAX] == !isnan(fed[i].value[3]));
			assert_int_equal(check->time_ms, s->time_ms);
			assert_int_equal(check->levels[CRITERION_MEMORY], LEVEL_WARNING);
		}
		assert_null(past_view_next(all, &check));
		assert_null(past_view_next(all, &check));
		past_view_rewind(all);
	}
	assert_int_equal(past_view_next(some, &check)->time_ms, fed[99].time_ms);
	past_view_free(all);
	past_view_free(some);
	past_view_free(NULL);
}

static void
an_empty_view_has_nothing(void **state)
{
	struct past_view *v = engine_past_open(e, INT64_MIN, INT64_MAX);
	const struct past_check *check;

	(void)state;
	assert_int_equal(past_view_samples(v), 0);
	assert_int_equal(past_view_checks(v), 0);
	assert_null(past_view_next(v, &check));
	past_view_free(v);
}

/* ---- blocks ---- */

#define NUMBERS 300

/* Names of a file: numbers in any order; events are numbered as they come. */
static uint16_t of_metric[METRIC_COUNT], of_criterion[CRITERION_COUNT], metric_of[NUMBERS], criterion_of[NUMBERS];
static struct node_event *events[1000];
static uint64_t event_count;

static uint64_t
number_of_event(void *context, const struct node_event *ev)
{
	(void)context;
	for (uint64_t i = 0; i < event_count; i++)
		if (events[i] == ev)
			return i;
	assert_true(event_count < 1000);
	events[event_count] = node_event_ref((struct node_event *)(uintptr_t)ev);
	return event_count++;
}

static struct node_event *
event_of_number(void *context, uint64_t number)
{
	(void)context;
	return number < event_count ? node_event_ref(events[number]) : NULL;
}

static struct past_names
file_names(void)
{
	memset(metric_of, 0, sizeof(metric_of));
	memset(criterion_of, 0, sizeof(criterion_of));
	for (unsigned i = 0; i < METRIC_COUNT; i++) {
		of_metric[i] = (uint16_t)(NUMBERS - 1 - 2 * i);
		metric_of[of_metric[i]] = (uint16_t)(i + 1);
	}
	for (unsigned i = 0; i < CRITERION_COUNT; i++) {
		of_criterion[i] = (uint16_t)(2 * i);
		criterion_of[2 * i] = (uint16_t)(i + 1);
	}
	return (struct past_names) { of_metric, of_criterion, metric_of, criterion_of, NUMBERS, number_of_event,
		event_of_number, NULL };
}

static void
forget_events(void)
{
	while (event_count > 0)
		node_event_unref(events[--event_count]);
}

/* The file: blocks as bytes. */
static struct strbuf file[1000];
static enum past_block_kind file_kind[1000];
static int64_t file_last[1000];
static size_t file_count;

static void
save_blocks(struct engine *x, const struct past_names *names)
{
	struct past_block *b;

	while ((b = engine_next_block(x)) != NULL) {
		assert_true(file_count < 1000);
		file[file_count] = (struct strbuf)STRBUF_INIT;
		past_block_write(b, names, &file[file_count]);
		file_kind[file_count] = past_block_kind(b);
		file_last[file_count++] = past_block_last_ms(b);
		past_block_unref(b);
	}
}

static void
release_file(void)
{
	while (file_count > 0)
		strbuf_release(&file[--file_count]);
}

/* restored is an engine made of the file and of the samples since its last block of samples, which are judged or only kept. */
static struct engine *
restored(const struct engine *of, const struct past_names *names, int64_t now_ms, bool judged)
{
	struct engine *x = new_engine(engine_options(of)->retention_ms, engine_options(of)->minute_retention_ms);
	const struct past_check *check;
	const struct sample *s;
	int64_t last_ms = INT64_MIN;
	size_t it = 0;

	engine_restore_begin(x);
	for (size_t i = 0; i < file_count; i++) {
		struct past_block *b = past_block_read(file[i].data, file[i].len, names, NULL);

		assert_non_null(b);
		assert_int_equal(past_block_last_ms(b), file_last[i]);
		engine_restore_block(x, b);
		if (file_kind[i] == PAST_SAMPLES)
			last_ms = file_last[i] + 1;
	}
	while ((check = engine_past_check(of, last_ms, INT64_MAX, &it, &s)) != NULL)
		if (judged)
			engine_feed(x, s->time_ms, s);
		else
			engine_restore_sample(x, s, check);
	engine_restore_end(x, now_ms);
	return x;
}

static void
same_check(const struct past_check *a, const struct past_check *b)
{
	assert_true((a == NULL) == (b == NULL));
	if (a == NULL)
		return;
	assert_int_equal(a->overall, b->overall);
	assert_memory_equal(a->levels, b->levels, sizeof(a->levels));
	assert_memory_equal(&a->restart_rate, &b->restart_rate, sizeof(double));
	assert_string_equal(a->recommendations, b->recommendations);
	assert_int_equal(a->anomaly_count, b->anomaly_count);
	for (unsigned i = 0; i < a->anomaly_count; i++)
		assert_ptr_equal(a->anomalies[i], b->anomalies[i]);
}

static void
same_samples(const struct engine *a, const struct engine *b)
{
	struct past_view *va = engine_past_open(a, INT64_MIN, INT64_MAX),
			 *vb = engine_past_open(b, INT64_MIN, INT64_MAX);
	const struct past_check *ca, *cb;
	const struct sample *x, *y;

	assert_int_equal(past_view_samples(va), past_view_samples(vb));
	while ((x = past_view_next(va, &ca)) != NULL) {
		assert_non_null(y = past_view_next(vb, &cb));
		assert_int_equal(x->time_ms, y->time_ms);
		assert_memory_equal(x->present, y->present, sizeof(x->present));
		for (int i = 0; i < METRIC_COUNT; i++)
			if (x->present[i])
				assert_memory_equal(&x->value[i], &y->value[i], sizeof(double));
		same_check(ca, cb);
	}
	past_view_free(va);
	past_view_free(vb);
}

static void
same_aggregates(const struct engine *a, const struct engine *b)
{
	static const int64_t steps[] = { 0, MINUTE, HOUR };
	struct past_point *other = xcalloc(POINTS, sizeof(*other));

	for (size_t i = 0; i < ARRAY_LEN(WATCHED); i++)
		for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
			size_t n = engine_past_points(a, WATCHED[i], INT64_MIN, INT64_MAX, steps[k], points, POINTS);

			assert_int_equal(
			    engine_past_points(b, WATCHED[i], INT64_MIN, INT64_MAX, steps[k], other, POINTS), n);
			for (size_t p = 0; p < n; p++)
				assert_memory_equal(&points[p], &other[p], offsetof(struct past_point, count) + 4);
		}
	free(other);
}

/* The one that is restored answers as the one that lived, now and later. */
static void
restored_from_blocks_answers_the_same(void **state)
{
	struct past_names names = file_names();
	struct engine *b;

	(void)state;
	engine_free(e);
	e = new_engine(3 * HOUR, DAY);
	for (int round = 0; round < 20; round++) {
		feed_on(e, 800 + (size_t)rand() % 300);
		save_blocks(e, &names);
	}
	b = restored(e, &names, now, false);
	assert_true(file_count > 100);
	same_samples(e, b);
	same_aggregates(e, b);
	for (int i = 0; i < 2000; i++) {
		struct sample s = { .time_ms = now += STEP_MS };

		for (size_t k = 0; k < ARRAY_LEN(WATCHED); k++)
			sample_set(&s, WATCHED[k], rand() % 100);
		engine_feed(e, now, &s);
		engine_feed(b, now, &s);
		drain(e);
		drain(b);
	}
	same_aggregates(e, b);
	engine_free(b);
	release_file();
	forget_events();
}

static void
restored_from_blocks_knows_what_is_usual(void **state)
{
	struct past_names names = file_names();
	double mean, deviation, mean_then, deviation_then;
	struct engine *b;

	(void)state;
	for (int i = 0; i < 1000; i++)
		feed(e, now += STEP_MS);
	save_blocks(e, &names);
	b = restored(e, &names, now, true);
	assert_true(engine_baseline(e, METRIC_PROCESS_COUNT, &mean_then, &deviation_then));
	assert_true(engine_baseline(b, METRIC_PROCESS_COUNT, &mean, &deviation));
	ASSERT_NEAR(mean, mean_then, 1e-9 * mean_then);
	ASSERT_NEAR(deviation, deviation_then, 1e-9 * deviation_then);
	assert_int_equal(engine_counts(b).samples, engine_counts(e).samples);
	assert_int_equal(engine_counts(b).health_checks, engine_counts(e).health_checks);
	assert_int_equal(engine_counts(b).last_check_ms, engine_counts(e).last_check_ms);
	engine_free(b);
	release_file();
	forget_events();
}

/* keep_checked keeps a sample with a check of any kind; of two anomalies none, one or both hold. */
static void
keep_checked(struct engine *x, int i, struct node_event *const anomalies[2])
{
	static const char *const advice[] = { "", "restart it", "restart it\nor two lines é" };
	struct node_event *held[2] = { anomalies[i / 30 % 2], anomalies[1 - i / 30 % 2] };
	struct past_check check = { .overall = (enum level)(i / 7 % 4),
		.restart_rate = i % 11 < 3 ? NAN : i % 11,
		.recommendations = advice[i / 50 % 3],
		.anomaly_count = (unsigned)(i / 40 % 3),
		.anomalies = held };
	struct sample s = { .time_ms = T0 + i * STEP_MS };

	check.levels[i / 20 % CRITERION_COUNT] = LEVEL_CRITICAL;
	sample_set(&s, METRIC_LOAD1, i);
	engine_restore_sample(x, &s, i % 13 == 0 ? NULL : &check);
}

static void
checks_come_back_from_a_file(void **state)
{
	struct node_event *anomalies[2] = { node_event_new(EVENT_ANOMALY, SEVERITY_HIGH, "a@h", T0),
		node_event_new(EVENT_ANOMALY, SEVERITY_LOW, "a@h", T0) };
	struct past_names names = file_names();
	struct engine *b = new_engine(DAY, DAY);
	const struct past_check *check;
	const struct sample *sample;
	size_t it = 0, with_anomaly = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		keep_checked(e, i, anomalies);
	save_blocks(e, &names);
	assert_int_equal(event_count, 2);
	for (size_t i = 0; i < file_count; i++)
		if (file_kind[i] == PAST_SAMPLES)
			engine_restore_block(b, past_block_read(file[i].data, file[i].len, &names, NULL));
	for (size_t i = 0; (sample = engine_past_sample(b, INT64_MIN, INT64_MAX, &it)) != NULL; i++) {
		struct past_view *one = engine_past_open(e, sample->time_ms, sample->time_ms);
		struct past_view *other = engine_past_open(b, sample->time_ms, sample->time_ms);
		const struct past_check *original;

		past_view_next(one, &original);
		past_view_next(other, &check);
		same_check(original, check);
		with_anomaly += check && check->anomaly_count > 0;
		past_view_free(one);
		past_view_free(other);
	}
	assert_true(with_anomaly > 300);
	engine_free(b);
	release_file();
	forget_events();
	node_event_unref(anomalies[0]);
	node_event_unref(anomalies[1]);
}

/* All metrics at once, of which some are guessed by others. */
static void
all_metrics_are_rolled_up(void **state)
{
	double last[METRIC_COUNT] = { 0 }, least[METRIC_COUNT] = { 0 }, sum[METRIC_COUNT] = { 0 };
	int64_t minute_ms = begin_of(T0, MINUTE) + 150 * MINUTE;

	(void)state;
	engine_free(e);
	e = new_engine(HOUR, DAY);
	for (int i = 0; i < 8 * 720; i++) {
		struct sample s = { .time_ms = T0 + i * STEP_MS };
		bool in = begin_of(s.time_ms, MINUTE) == minute_ms;

		for (int m = 0; m < METRIC_COUNT; m++) {
			double v = m % 7 ? rand() % 1000000 : m;

			sample_set(&s, (enum metric_id)m, v);
			least[m] = !in ? least[m] : sum[m] > 0 ? fmin(least[m], v) : v;
			sum[m] += in ? v : 0;
			last[m] = in ? v : last[m];
		}
		engine_restore_sample(e, &s, NULL);
		engine_tick(e, s.time_ms);
	}
	assert_true(engine_past_since(e) > minute_ms + MINUTE);
	for (int m = 0; m < METRIC_COUNT; m++) {
		assert_int_equal(engine_past_points(e, (enum metric_id)m, minute_ms, minute_ms, 0, points, POINTS), 1);
		assert_int_equal(points[0].count, 12);
		ASSERT_NEAR(points[0].last, last[m], 0);
		ASSERT_NEAR(points[0].min, least[m], 0);
		ASSERT_NEAR(points[0].mean, sum[m] / 12, (points[0].max - points[0].min) / 500);
	}
}

/* What a sealed block covers is what lies from its first to its last time. */
static void
blocks_do_not_share_an_instant(void **state)
{
	struct past_block *b;
	int64_t last_ms = INT64_MIN;
	size_t rows = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		now += rand() % 4 ? STEP_MS : 0;
		feed(e, now);
		while ((b = engine_next_block(e)) != NULL) {
			if (past_block_kind(b) == PAST_SAMPLES) {
				assert_true(past_block_first_ms(b) > last_ms);
				last_ms = past_block_last_ms(b);
				rows += past_block_rows(b);
			}
			past_block_unref(b);
		}
	}
	assert_true(rows > 2500);
	for (size_t i = 0; i < rows; i++)
		assert_true(fed[i].time_ms <= last_ms);
	assert_true(fed[rows].time_ms > last_ms);
}

static void
names_that_are_not_known_are_left_out(void **state)
{
	struct past_names names = file_names();
	struct engine *b;

	(void)state;
	for (int i = 0; i < 1000; i++)
		feed(e, now += STEP_MS);
	save_blocks(e, &names);
	metric_of[of_metric[METRIC_LOAD1]] = 0;
	metric_of[of_metric[METRIC_MEMORY_LIMIT]] = 0;
	criterion_of[of_criterion[CRITERION_MEMORY]] = 0;
	b = engine_new("a@h", engine_options(e));
	engine_restore_begin(b);
	for (size_t i = 0; i < file_count; i++)
		engine_restore_block(b, past_block_read(file[i].data, file[i].len, &names, NULL));
	engine_restore_end(b, now);
	assert_int_equal(engine_past_points(b, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, POINTS), 0);
	assert_true(engine_past_points(b, METRIC_PROCESS_COUNT, INT64_MIN, INT64_MAX, 0, points, POINTS) > 900);
	/* It was guessed by what is not known any more. */
	assert_true(engine_past_points(b, METRIC_MEMORY_USED, INT64_MIN, INT64_MAX, 0, points, POINTS) > 900);
	ASSERT_NEAR(points[0].last, 9e8, 1e6);
	engine_free(b);
	release_file();
	forget_events();
}

static void
damaged_blocks_are_refused_with_a_reason(void **state)
{
	struct past_names names = file_names();
	struct err err;
	size_t refused = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		feed(e, now += STEP_MS);
	save_blocks(e, &names);
	for (size_t len = 0; len < file[0].len; len++) {
		err.text[0] = '\0';
		assert_null(past_block_read(file[0].data, len, &names, &err));
		assert_non_null(strstr(err.text, "cannot be read"));
	}
	strbuf_addc(&file[0], 'x');
	assert_null(past_block_read(file[0].data, file[0].len, &names, &err));
	assert_non_null(strstr(err.text, "more behind it"));
	strbuf_cut(&file[0], file[0].len - 1);
	for (size_t i = 0; i < file[0].len; i++) {
		struct past_block *b;

		file[0].data[i] ^= 0x40;
		b = past_block_read(file[0].data, file[0].len, &names, &err);
		refused += b == NULL;
		past_block_unref(b);
		file[0].data[i] ^= 0x40;
	}
	assert_true(refused > 20);
	release_file();
	forget_events();
}

/* Minutes are sealed before the samples that they would be made of again are gone, however few there are. */
static void
minutes_of_few_samples_survive(void **state)
{
	struct past_names names = file_names();
	struct engine *b;

	(void)state;
	engine_free(e);
	e = new_engine(4 * HOUR, 5 * DAY);
	for (int i = 0; i < 200; i++) {
		feed(e, now += HOUR / 3);
		save_blocks(e, &names);
	}
	b = restored(e, &names, now, false);
	assert_int_equal(total_of(b, METRIC_LOAD1, 0), 200);
	engine_free(b);
	/* Nor do those before a silence go. */
	for (int i = 0; i < 100; i++)
		feed(e, now += STEP_MS);
	for (int64_t end = now + DAY; now < end; now += MINUTE)
		engine_tick(e, now);
	save_blocks(e, &names);
	b = restored(e, &names, now, false);
	assert_int_equal(total_of(b, METRIC_LOAD1, 0), 300);
	engine_free(b);
	release_file();
	forget_events();
}

/* live_on feeds two engines the same, or has both wait longer than samples are kept. */
static void
live_on(struct engine *a, struct engine *b)
{
	int64_t gap_ms = rand() % 3 ? STEP_MS : rand() % (30 * (int)MINUTE) + 1000;
	int64_t silence_ms = rand() % 3 ? 0 : rand() % (6 * (int)HOUR);

	for (int i = rand() % 300; i > 0; i--) {
		feed(a, now += gap_ms);
		engine_feed(b, now, engine_last(a));
		drain(b);
	}
	for (int64_t end = now + silence_ms; now < end; now += MINUTE) {
		engine_tick(a, now);
		engine_tick(b, now);
	}
}

/* The one is restored again and again from what it left in the file, the other lives all the while. */
static void
restarts_one_after_the_other_lose_nothing(void **state)
{
	struct past_names names = file_names();
	struct engine *b, *next;

	(void)state;
	engine_free(e);
	e = new_engine(3 * HOUR, 12 * HOUR);
	b = new_engine(3 * HOUR, 12 * HOUR);
	for (int round = 0; round < 40; round++) {
		live_on(e, b);
		save_blocks(b, &names);
		next = restored(b, &names, now, false);
		engine_free(b);
		b = next;
		for (size_t i = 0; i < ARRAY_LEN(WATCHED); i++) {
			assert_int_equal(total_of(b, WATCHED[i], 0), fed_of(i));
			assert_int_equal(total_of(b, WATCHED[i], HOUR), total_of(e, WATCHED[i], HOUR));
		}
	}
	engine_free(b);
	release_file();
	forget_events();
}

/* A file may say anything. What is no number is not taken for one, or a baseline would never be one again. */
static void
values_that_are_no_numbers_are_absent(void **state)
{
	struct past_names names = file_names();
	struct past_view *v;
	const struct past_check *check;
	struct engine *b;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct sample s = { .time_ms = now += STEP_MS };

		sample_set(&s, METRIC_LOAD1, i);
		s.value[METRIC_LOAD5] = i % 2 ? NAN : INFINITY;
		s.present[METRIC_LOAD5] = true;
		engine_feed(e, now, &s);
		drain(e);
	}
	save_blocks(e, &names);
	b = engine_new("a@h", engine_options(e));
	engine_restore_begin(b);
	for (size_t i = 0; i < file_count; i++)
		engine_restore_block(b, past_block_read(file[i].data, file[i].len, &names, NULL));
	engine_restore_end(b, now);
	v = engine_past_open(b, INT64_MIN, INT64_MAX);
	assert_int_equal(past_view_samples(v), 240);
	for (const struct sample *s; (s = past_view_next(v, &check)) != NULL;)
		assert_true(s->present[METRIC_LOAD1] && !s->present[METRIC_LOAD5]);
	past_view_free(v);
	assert_int_equal(total_of(b, METRIC_LOAD1, MINUTE), 240);
	assert_int_equal(total_of(b, METRIC_LOAD5, MINUTE), 0);
	engine_free(b);
	release_file();
	forget_events();
}

/* The clock was set back while the program was away: what lies in the future now makes way. */
static void
clock_set_back_between_runs(void **state)
{
	struct past_names names = file_names();
	int64_t back_ms;
	size_t count;
	struct engine *b;

	(void)state;
	for (int i = 0; i < 2000; i++)
		feed(e, now += STEP_MS);
	save_blocks(e, &names);
	back_ms = now - 3 * HOUR / 2;
	b = restored(e, &names, back_ms, false);
	count = engine_past_points(b, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, POINTS);
	assert_int_equal(count, 2000 - 3 * HOUR / 2 / STEP_MS);
	assert_int_equal(points[count - 1].time_ms, back_ms);
	for (int i = 1; i <= 300; i++) {
		struct sample s = { .time_ms = back_ms + i * STEP_MS };

		sample_set(&s, METRIC_LOAD1, i);
		engine_feed(b, s.time_ms, &s);
		drain(b);
	}
	assert_int_equal(engine_past_points(b, METRIC_LOAD1, back_ms + 1, INT64_MAX, 0, points, POINTS), 300);
	assert_int_equal(points[299].time_ms, back_ms + 300 * STEP_MS);
	assert_int_equal(total_of(b, METRIC_LOAD1, MINUTE), count + 300);
	engine_free(b);
	release_file();
	forget_events();
}

/* The clock was 20 hours ahead for a while, in the middle of a block: what is older than 4 hours is not lost by being read again. */
static void
clock_that_was_ahead_for_a_while(void **state)
{
	struct past_names names = file_names();
	int64_t right_ms;
	struct engine *b;

	(void)state;
	for (int i = 0; i < 6000; i++)
		feed(e, now += STEP_MS);
	right_ms = now;
	now += 20 * HOUR;
	for (int i = 0; i < 300; i++)
		feed(e, now += STEP_MS);
	save_blocks(e, &names);
	b = restored(e, &names, right_ms, false);
	assert_int_equal(engine_past_points(b, METRIC_LOAD1, INT64_MIN, INT64_MAX, 0, points, POINTS), 6000);
	assert_int_equal(points[5999].time_ms, right_ms);
	engine_free(b);
	release_file();
	forget_events();
}

/* Nobody asks for the blocks: they are not kept for ever. */
static void
waiting_blocks_are_bounded(void **state)
{
	size_t n = 0;
	struct past_block *b;

	(void)state;
	engine_free(e);
	e = new_engine(HOUR, HOUR);
	for (int i = 0; i < 4096 * 120 + 120 * 200; i++) {
		struct sample s = { .time_ms = now += STEP_MS };

		sample_set(&s, METRIC_LOAD1, 1);
		engine_feed(e, now, &s);
	}
	for (; (b = engine_next_block(e)) != NULL; n++)
		past_block_unref(b);
	assert_int_equal(n, 4096);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(points_are_those_of_the_samples),
		TEST(nothing_has_no_points),
		TEST(resolutions_join_without_overlap_or_gap),
		TEST(resolution_is_that_of_what_is_told),
		TEST(the_last_minute_of_a_node_that_is_gone),
		TEST(minutes_are_as_computed_from_samples),
		TEST(views_stay_as_they_are),
		TEST(an_empty_view_has_nothing),
		TEST(restored_from_blocks_answers_the_same),
		TEST(restored_from_blocks_knows_what_is_usual),
		TEST(checks_come_back_from_a_file),
		TEST(all_metrics_are_rolled_up),
		TEST(blocks_do_not_share_an_instant),
		TEST(names_that_are_not_known_are_left_out),
		TEST(damaged_blocks_are_refused_with_a_reason),
		TEST(minutes_of_few_samples_survive),
		TEST(restarts_one_after_the_other_lose_nothing),
		TEST(values_that_are_no_numbers_are_absent),
		TEST(clock_set_back_between_runs),
		TEST(clock_that_was_ahead_for_a_while),
		TEST(waiting_blocks_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
