/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the answers about a day of history cost the engine: 17,280 samples with every metric, 5 s apart. CPU time, and as a ratio to copying the bytes that are written, measured in the
 * same run, so that figures of two machines can be compared. The longest part is how long the loop does nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "engine/answer_history.h"
#include "engine/answer_marks.h"
#include "engine/past.h"
#include "http/columns.h"
#include "model/term_fixture.h"

#define SAMPLES 17280
#define STEP_MS 5000
#define FIRST INT64_C(1700000000000)
#define LAST (FIRST + (SAMPLES - 1) * INT64_C(5000))
#define PART_BYTES (64u << 10)
#define BEST_OF 5

struct figures {
	double ms;
	double longest_us;
	size_t bytes;
};

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
level(enum metric_id id, int i)
{
	double stray = (double)(rand() % 10000);

	if (METRICS[id].kind == KIND_COUNTER)
		return 1e6 * i + stray;
	return METRICS[id].unit == UNIT_PERCENT || METRICS[id].unit == UNIT_LOAD ? stray / 997 : 1e6 + stray;
}

static struct engine *
live(void)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("bench@host", &o);
	struct sample *s = xcalloc(1, sizeof(*s));
	struct node_event *ev;

	for (int i = 0; i < SAMPLES; i++) {
		s->time_ms = FIRST + (int64_t)i * STEP_MS;
		for (int m = 0; m < METRIC_COUNT; m++)
			sample_set(s, (enum metric_id)m, level((enum metric_id)m, i));
		engine_feed(e, s->time_ms, s);
		while ((ev = engine_next_event(e)) != NULL)
			node_event_unref(ev);
	}
	free(s);
	return e;
}

/* ---- what is measured ---- */

/* Pinned and read twice, for metrics and for checks: all but the writing. */
static struct figures
read_twice(const struct engine *e)
{
	const struct past_check *check;
	double begin = cpu_ms();
	struct past_view *v = engine_past_open(e, FIRST, LAST);
	size_t n = past_view_samples(v) + past_view_checks(v);

	while (past_view_next(v, &check))
		n--;
	past_view_rewind(v);
	while (past_view_next(v, &check))
		n -= check != NULL;
	past_view_free(v);
	if (n != 0)
		abort();
	return (struct figures) { .ms = cpu_ms() - begin };
}

static struct figures
write_answer(const struct engine *e, struct answer *a, struct strbuf *out)
{
	struct figures f = { 0 };
	double begin = cpu_ms(), part = begin;
	struct history_answer *h = history_answer_new(e, FIRST, LAST);

	for (bool more = true; more;) {
		more = history_answer_write(h, a);
		if (more && out->len < PART_BYTES)
			continue;
		f.bytes += out->len;
		strbuf_reset(out);
		f.longest_us = (cpu_ms() - part) * 1000 > f.longest_us ? (cpu_ms() - part) * 1000 : f.longest_us;
		part = cpu_ms();
	}
	history_answer_free(h);
	f.ms = cpu_ms() - begin;
	return f;
}

static struct figures
write_terms(const struct engine *e)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_term a;
	struct figures f;

	answer_term_init(&a, &out);
	f = write_answer(e, &a.base, &out);
	strbuf_release(&out);
	return f;
}

static struct figures
write_json(const struct engine *e)
{
	struct strbuf out = STRBUF_INIT;
	struct answer_json a;
	struct figures f;
	struct jsonw j;

	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	f = write_answer(e, &a.base, &out);
	strbuf_release(&out);
	return f;
}

/* The stream of one metric's columns. */
struct stream {
	size_t bytes;
	bool ended;
};

void
stream_send(struct stream *s, const void *data, size_t len)
{
	(void)data;
	s->bytes += len;
}

void
stream_end(struct stream *s)
{
	s->ended = true;
}

static struct figures
stream_columns(const struct columns_query *q)
{
	double begin = cpu_ms();
	struct downloads all;
	struct stream s = { 0, false };
	struct reply rp;

	downloads_init(&all, 1);
	reply_init(&rp);
	columns_serve(q, &all, &rp);
	rp.stream->opened(rp.stream_arg, &s);
	while (!s.ended)
		rp.stream->drained(rp.stream_arg);
	rp.stream->closed(rp.stream_arg);
	return (struct figures) { .ms = cpu_ms() - begin, .bytes = s.bytes };
}

static struct figures
write_columns(const struct engine *e)
{
	struct columns_query q = { .node = e, .now_ms = LAST, .start_ms = FIRST, .end_ms = LAST, .step_ms = 60000 };
	struct err err;

	if (!columns_metrics("cpu_utilization", q.metrics, &err) || !columns_fields(NULL, q.columns, &err))
		abort();
	return stream_columns(&q);
}

static struct figures
write_fields(const struct engine *e, const char *fields)
{
	struct columns_query q = { .node = e,
		.now_ms = LAST,
		.start_ms = FIRST,
		.end_ms = LAST,
		.step_ms = 300000,
		.shared = true,
		.digits = 5 };
	struct err err;

	if (!columns_metrics(NULL, q.metrics, &err) || !columns_fields(fields, q.columns, &err))
		abort();
	return stream_columns(&q);
}

/* All metrics of a day, as a page of charts begins with them. */
static struct figures
write_charts(const struct engine *e)
{
	return write_fields(e, "value,min,max");
}

static struct figures
write_usual(const struct engine *e)
{
	return write_fields(e, "value,usual_low,usual_high");
}

/* ---- marks ---- */

/* Ten thousand restarts of three hundred children. */
static struct engine *
restless(void)
{
	struct engine_options o = engine_defaults();
	struct engine *e = engine_new("bench@host", &o);
	char child[64];

	for (int i = 0; i < 10000; i++) {
		struct restart r = { .time_ms = FIRST + i * INT64_C(8640), .caught = true };

		snprintf(child, sizeof(child), "{worker,<<\"tenant-%d-of-many\">>}", i % 3 ? i % 30 : i % 300);
		r.supervisor = text_term(i % 2 ? "'Elixir.MyApp.Workers'" : "'Elixir.MyApp.Pool'");
		r.child_id = text_term(child);
		r.reason = text_term("killed");
		engine_restart(e, r.time_ms, &r);
		restart_release(&r);
	}
	return e;
}

static struct figures
write_marks(const struct engine *e)
{
	struct figures f = { 0 };
	double begin = cpu_ms();
	struct marks_answer *m = marks_answer_new(e, LAST, FIRST, LAST);
	struct strbuf out = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	f.longest_us = (cpu_ms() - begin) * 1000;
	jsonw_init(&j, &out);
	answer_json_init(&a, &j);
	while (marks_answer_write(m, &a.base))
		;
	marks_answer_free(m);
	f.ms = cpu_ms() - begin;
	f.bytes = out.len;
	strbuf_release(&out);
	return f;
}

/* ---- the table ---- */

static double
copy_ms(size_t bytes)
{
	char *from = xmalloc(bytes), *to = xmalloc(bytes);
	double begin, took;

	memset(from, 1, bytes);
	memset(to, 2, bytes);
	begin = cpu_ms();
	memcpy(to, from, bytes);
	__asm__ volatile("" : : "r"(to) : "memory");
	took = cpu_ms() - begin;
	free(from);
	free(to);
	return took;
}

static void
print(const char *what, struct figures (*measure)(const struct engine *e), const struct engine *e)
{
	struct figures best = measure(e);
	double copy;

	for (int i = 1; i < BEST_OF; i++) {
		struct figures f = measure(e);

		if (f.ms < best.ms)
			best.ms = f.ms;
		if (f.longest_us < best.longest_us)
			best.longest_us = f.longest_us;
	}
	printf("%-44s %7.2f ms", what, best.ms);
	if (best.bytes > 0)
		printf(", %8zu bytes", best.bytes);
	if (best.bytes > 1u << 20) {
		copy = copy_ms(best.bytes);
		printf("; copying them %5.2f ms; ratio %.0f", copy, best.ms / copy);
	}
	if (best.longest_us > 0)
		printf("; longest part %.0f us", best.longest_us);
	putchar('\n');
}

int
main(void)
{
	struct engine *e = live();

	printf("a day of history, %d samples of %d metrics:\n", SAMPLES, METRIC_COUNT);
	print("  read, for metrics and for checks", read_twice, e);
	print("  get_historical_data, as terms", write_terms, e);
	print("  /history, as JSON", write_json, e);
	print("  /history?step=1m&metric=, one metric", write_columns, e);
	print("  /history?step=5m&times=shared, all: a page", write_charts, e);
	print("  the same, with what was usual", write_usual, e);
	engine_free(e);
	e = restless();
	print("  /marks, 10,000 restarts", write_marks, e);
	engine_free(e);
	return 0;
}
