/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sample_code.h"

#include <math.h>
#include <string.h>

#define VERSION 2
#define FIRST_VERSION 1
#define FIRST_KINDS 3 /* rankings in the first version, whose processes have fewer fields */
/* Of the rankings only the first few processes are kept, without their ancestors: they would be most of the file. */
#define KEPT_TOP 5
#define EXACT 9007199254740992.0 /* 2^53: integers below are exact in a double */

/* ---- writing ---- */

static void
put_number(struct strbuf *out, double v)
{
	if (v > -EXACT && v < EXACT && v == trunc(v) && !(v == 0 && signbit(v))) {
		int64_t i = (int64_t)v;

		strbuf_add_varint(out, (((uint64_t)i << 1) ^ (i < 0 ? UINT64_MAX : 0)) + 1);
	} else {
		strbuf_add_varint(out, 0);
		strbuf_add(out, &v, sizeof(v));
	}
}

static void
put_text(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);

	strbuf_add_varint(out, len);
	strbuf_add(out, text, len);
}

static void
put_metrics(struct strbuf *out, const struct sample *s, const struct sample_names *names)
{
	unsigned count = 0;

	for (int i = 0; i < METRIC_COUNT; i++)
		count += s->present[i];
	strbuf_add_varint(out, count);
	for (int i = 0; i < METRIC_COUNT; i++)
		if (s->present[i]) {
			strbuf_add_varint(out, names->of_metric[i]);
			put_number(out, s->value[i]);
		}
}

static void
put_schedulers(struct strbuf *out, const struct sample *s)
{
	strbuf_add_varint(out, s->scheduler_count);
	for (unsigned i = 0; i < s->scheduler_count; i++) {
		strbuf_add_varint(out, s->scheduler_active[i]);
		strbuf_add_varint(out, s->scheduler_total[i]);
		strbuf_add(out, &s->scheduler_utilization[i], sizeof(s->scheduler_utilization[i]));
	}
}

static void
put_process(struct strbuf *out, const struct top_process *p)
{
	put_text(out, p->pid);
	put_text(out, p->name);
	put_text(out, p->initial_call);
	put_text(out, p->current_function);
	put_number(out, p->value);
	put_number(out, p->queue_len);
	put_number(out, p->memory);
	put_number(out, p->reductions);
	put_number(out, p->queue_rate);
	put_number(out, p->binary);
	put_text(out, p->application);
}

struct past_names
past_names_of(const struct sample_names *names)
{
	return (struct past_names) {
		.of_metric = names->of_metric,
		.of_criterion = names->of_criterion,
		.metric = names->metric,
		.criterion = names->criterion,
		.number_count = SAMPLE_CODE_NAMES,
	};
}

void
sample_code_write(struct strbuf *out, const struct sample *s, const struct sample_names *names)
{
	strbuf_add_varint(out, VERSION);
	put_metrics(out, s, names);
	put_schedulers(out, s);
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		unsigned count = s->top_count[kind] < KEPT_TOP ? s->top_count[kind] : KEPT_TOP;

		strbuf_add_varint(out, count);
		for (unsigned i = 0; i < count; i++)
			put_process(out, &s->top[kind][i]);
	}
}

void
check_code_write(
    struct strbuf *out, const struct past_check *check, const uint64_t *findings, const struct sample_names *names)
{
	strbuf_add_varint(out, VERSION);
	strbuf_add_varint(out, check->overall);
	strbuf_add_varint(out, CRITERION_COUNT);
	for (int i = 0; i < CRITERION_COUNT; i++) {
		strbuf_add_varint(out, names->of_criterion[i]);
		strbuf_add_varint(out, check->levels[i]);
	}
	put_number(out, check->restart_rate);
	put_text(out, check->recommendations ? check->recommendations : "");
	strbuf_add_varint(out, check->anomaly_count);
	for (unsigned i = 0; i < check->anomaly_count; i++)
		strbuf_add_varint(out, findings[i]);
}

/* ---- reading: a cursor with a sticky error ---- */

struct cursor {
	const unsigned char *p, *end;
	bool bad;
	uint64_t version;
};

static uint64_t
fail(struct cursor *c)
{
	c->bad = true;
	c->p = c->end;
	return 0;
}

static uint64_t
get_varint(struct cursor *c)
{
	uint64_t v;

	return varint_read(&c->p, c->end, &v) ? v : fail(c);
}

/* get_count reads a varint that is at most max. */
static unsigned
get_count(struct cursor *c, unsigned max)
{
	uint64_t n = get_varint(c);

	return (unsigned)(n <= max ? n : fail(c));
}

static void
get_bytes(struct cursor *c, void *to, size_t len)
{
	if ((size_t)(c->end - c->p) < len) {
		fail(c);
		memset(to, 0, len);
		return;
	}
	/* No bytes may be at NULL, which memcpy does not take. */
	if (len > 0)
		memcpy(to, c->p, len);
	c->p += len;
}

static double
get_number(struct cursor *c)
{
	uint64_t v = get_varint(c);
	double d;

	if (v > 0) {
		v--;
		return (double)(int64_t)((v >> 1) ^ (0 - (v & 1)));
	}
	get_bytes(c, &d, sizeof(d));
	return d;
}

static void
get_text(struct cursor *c, char *text, size_t size)
{
	unsigned len = get_count(c, (unsigned)size - 1);

	get_bytes(c, text, len);
	text[len] = '\0';
}

static void
get_metrics(struct cursor *c, const struct sample_names *names, struct sample *s)
{
	unsigned count = get_count(c, SAMPLE_CODE_NAMES);

	for (unsigned i = 0; i < count && !c->bad; i++) {
		unsigned name = get_count(c, SAMPLE_CODE_NAMES - 1);
		double v = get_number(c);

		if (names->metric[name])
			sample_set(s, (enum metric_id)(names->metric[name] - 1), v);
	}
}

static void
get_schedulers(struct cursor *c, struct sample *s)
{
	s->scheduler_count = (uint16_t)get_count(c, SAMPLE_MAX_SCHEDULERS);
	for (unsigned i = 0; i < s->scheduler_count; i++) {
		s->scheduler_active[i] = get_varint(c);
		s->scheduler_total[i] = get_varint(c);
		get_bytes(c, &s->scheduler_utilization[i], sizeof(s->scheduler_utilization[i]));
	}
}

static void
get_process(struct cursor *c, struct top_process *p)
{
	bool whole = c->version > FIRST_VERSION;

	get_text(c, p->pid, sizeof(p->pid));
	get_text(c, p->name, sizeof(p->name));
	get_text(c, p->initial_call, sizeof(p->initial_call));
	get_text(c, p->current_function, sizeof(p->current_function));
	p->value = get_number(c);
	p->queue_len = get_number(c);
	p->memory = get_number(c);
	p->reductions = get_number(c);
	p->queue_rate = whole ? get_number(c) : NAN;
	p->binary = whole ? get_number(c) : NAN;
	p->application[0] = '\0';
	if (whole)
		get_text(c, p->application, sizeof(p->application));
	p->ancestor_count = 0;
}

static struct cursor
open_bytes(const void *data, size_t len)
{
	struct cursor c = { data, (const unsigned char *)data + len, len == 0, 0 };

	c.version = len > 0 ? get_varint(&c) : 0;
	if (c.version < FIRST_VERSION || c.version > VERSION)
		fail(&c);
	return c;
}

static bool
is_done(const struct cursor *c)
{
	return !c->bad && c->p == c->end;
}

/* A restore reads some 17,000 of them: only what has no count of its own is cleared, not the 20 kB of a whole sample. */
static void
clear(struct sample *s, int64_t time_ms)
{
	s->time_ms = time_ms;
	memset(s->value, 0, sizeof(s->value));
	memset(s->present, 0, sizeof(s->present));
	s->scheduler_count = 0;
	memset(s->top_count, 0, sizeof(s->top_count));
	memset(s->top_told, 0, sizeof(s->top_told));
}

bool
sample_code_read(const void *data, size_t len, const struct sample_names *names, int64_t time_ms, struct sample *s)
{
	struct cursor c = open_bytes(data, len);
	int kinds = c.version == FIRST_VERSION ? FIRST_KINDS : TOP_KIND_COUNT;

	clear(s, time_ms);
	get_metrics(&c, names, s);
	get_schedulers(&c, s);
	for (int kind = 0; kind < kinds; kind++) {
		s->top_count[kind] = (uint8_t)get_count(&c, SAMPLE_TOP);
		for (unsigned i = 0; i < s->top_count[kind]; i++)
			get_process(&c, &s->top[kind][i]);
	}
	return is_done(&c);
}

static void
get_levels(struct cursor *c, const struct sample_names *names, struct past_check *check)
{
	unsigned count = get_count(c, SAMPLE_CODE_NAMES);

	for (unsigned i = 0; i < count && !c->bad; i++) {
		unsigned name = get_count(c, SAMPLE_CODE_NAMES - 1);
		enum level level = (enum level)get_count(c, LEVEL_CRITICAL);

		if (names->criterion[name])
			check->levels[names->criterion[name] - 1] = level;
	}
}

bool
check_code_read(const void *data, size_t len, const struct sample_names *names, int64_t time_ms, struct check_code *out)
{
	struct cursor c = open_bytes(data, len);

	memset(&out->check, 0, sizeof(out->check));
	out->check.time_ms = time_ms;
	out->check.overall = (enum level)get_count(&c, LEVEL_CRITICAL);
	get_levels(&c, names, &out->check);
	out->check.restart_rate = get_number(&c);
	get_text(&c, out->recommendations, sizeof(out->recommendations));
	out->check.recommendations = out->recommendations;
	out->finding_count = get_count(&c, HEALTH_MAX_ANOMALIES);
	for (unsigned i = 0; i < out->finding_count; i++)
		out->findings[i] = get_varint(&c);
	return is_done(&c);
}
