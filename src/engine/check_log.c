/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/check_log.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define EVENT_BYTES (sizeof(struct anomaly) + 128)
#define ADVICE_MAX 65536

enum { CHECKED = 1, LEVELS = 2, RATE = 4, ADVICE = 8, STANDING = 16, ALL = 31 };

void
check_state_reset(struct check_state *s)
{
	struct strbuf advice = s->advice;

	strbuf_reset(&advice);
	memset(s, 0, sizeof(*s));
	s->advice = advice;
}

void
check_state_release(struct check_state *s)
{
	strbuf_release(&s->advice);
}

void
check_log_release(struct check_log *l)
{
	for (size_t i = 0; i < l->event_count; i++)
		node_event_unref(l->events[i]);
	free(l->events);
	strbuf_release(&l->bytes);
	memset(l, 0, sizeof(*l));
}

void
check_log_copy(struct check_log *to, const struct check_log *from)
{
	*to = (struct check_log) { .event_count = from->event_count, .entry_row = from->entry_row };
	strbuf_add(&to->bytes, from->bytes.data, from->bytes.len);
	if (from->event_count > 0)
		to->events = xmemdup(from->events, from->event_count * sizeof(*from->events));
	for (size_t i = 0; i < to->event_count; i++)
		node_event_ref(to->events[i]);
}

size_t
check_log_size(const struct check_log *l)
{
	return l->bytes.cap + l->event_count * (EVENT_BYTES + sizeof(*l->events));
}

/* ---- writing ---- */

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool
same_anomalies(const struct check_state *last, const struct past_check *check)
{
	return last->check.anomaly_count == check->anomaly_count &&
	    (check->anomaly_count == 0 ||
		memcmp(last->anomalies, check->anomalies, check->anomaly_count * sizeof(last->anomalies[0])) == 0);
}

static unsigned
changes(const struct check_state *last, const struct past_check *check)
{
	unsigned flags = CHECKED;

	if (last->check.overall != check->overall ||
	    memcmp(last->check.levels, check->levels, sizeof(check->levels)) != 0)
		flags |= LEVELS;
	if (!same_bits(last->check.restart_rate, check->restart_rate))
		flags |= RATE;
	if (strcmp(strbuf_cstr(&last->advice), check->recommendations) != 0)
		flags |= ADVICE;
	return same_anomalies(last, check) ? flags : flags | STANDING;
}

static void
put_levels(struct check_log *l, struct check_state *last, const struct past_check *check)
{
	uint8_t levels[1 + CRITERION_COUNT] = { (uint8_t)check->overall };

	for (int i = 0; i < CRITERION_COUNT; i++)
		levels[1 + i] = (uint8_t)check->levels[i];
	strbuf_add(&l->bytes, levels, sizeof(levels));
	last->check.overall = check->overall;
	memcpy(last->check.levels, check->levels, sizeof(last->check.levels));
}

static void
put_advice(struct check_log *l, struct check_state *last, const char *text)
{
	size_t len = strnlen(text, ADVICE_MAX);

	strbuf_reset(&last->advice);
	strbuf_add(&last->advice, text, len);
	strbuf_add_varint(&l->bytes, len);
	strbuf_add(&l->bytes, text, len);
}

/* event_place is the place of an event in the list; it is put there if it is new. */
static size_t
event_place(struct check_log *l, struct node_event *ev)
{
	for (size_t i = 0; i < l->event_count; i++)
		if (l->events[i] == ev)
			return i;
	l->events = xreallocarray(l->events, l->event_count + 1, sizeof(*l->events));
	l->events[l->event_count] = node_event_ref(ev);
	return l->event_count++;
}

static void
put_anomalies(struct check_log *l, struct check_state *last, const struct past_check *check)
{
	last->check.anomaly_count = check->anomaly_count;
	strbuf_add_varint(&l->bytes, check->anomaly_count);
	for (unsigned i = 0; i < check->anomaly_count; i++) {
		last->anomalies[i] = check->anomalies[i];
		strbuf_add_varint(&l->bytes, event_place(l, check->anomalies[i]));
	}
}

void
check_log_add(struct check_log *l, struct check_state *last, unsigned row, const struct past_check *check)
{
	unsigned flags = check ? changes(last, check) : 0;

	if (last->checked == (check != NULL) && (flags & ~(unsigned)CHECKED) == 0)
		return;
	last->checked = check != NULL;
	strbuf_add_varint(&l->bytes, row - l->entry_row);
	strbuf_addc(&l->bytes, (char)flags);
	l->entry_row = row;
	if (flags & LEVELS)
		put_levels(l, last, check);
	if (flags & RATE) {
		strbuf_add(&l->bytes, &check->restart_rate, sizeof(check->restart_rate));
		last->check.restart_rate = check->restart_rate;
	}
	if (flags & ADVICE)
		put_advice(l, last, check->recommendations);
	if (flags & STANDING)
		put_anomalies(l, last, check);
}

/* ---- reading ---- */

static uint64_t
fail(struct check_reader *r)
{
	r->bad = true;
	r->at = r->bytes->len;
	return 0;
}

static uint8_t
get_byte(struct check_reader *r)
{
	return r->at < r->bytes->len ? (uint8_t)r->bytes->data[r->at++] : (uint8_t)fail(r);
}

/* get_count reads a varint that is at most max. */
static unsigned
get_count(struct check_reader *r, unsigned max)
{
	const uint8_t *begin = (const uint8_t *)r->bytes->data, *p = begin + r->at;
	uint64_t v;

	if (!varint_read(&p, begin + r->bytes->len, &v) || v > max)
		return (unsigned)fail(r);
	r->at = (size_t)(p - begin);
	return (unsigned)v;
}

static enum level
get_level(struct check_reader *r)
{
	uint8_t level = get_byte(r);

	return (enum level)(level <= LEVEL_CRITICAL ? level : fail(r));
}

static void
get_levels(struct check_reader *r)
{
	struct past_check *check = &r->state.check;

	check->overall = get_level(r);
	for (unsigned i = 0; i < r->criterion_count; i++) {
		unsigned criterion = r->criteria ? r->criteria[i] : i;
		enum level level = get_level(r);

		if (criterion < CRITERION_COUNT)
			check->levels[criterion] = level;
	}
}

static void
get_rate(struct check_reader *r)
{
	double *rate = &r->state.check.restart_rate;

	if (r->bytes->len - r->at < sizeof(*rate)) {
		fail(r);
		return;
	}
	memcpy(rate, r->bytes->data + r->at, sizeof(*rate));
	r->at += sizeof(*rate);
}

static void
get_advice(struct check_reader *r)
{
	size_t len = get_count(r, ADVICE_MAX);

	if (len > r->bytes->len - r->at || memchr(r->bytes->data + r->at, 0, len)) {
		fail(r);
		return;
	}
	strbuf_reset(&r->state.advice);
	strbuf_add(&r->state.advice, r->bytes->data + r->at, len);
	r->at += len;
}

static void
get_anomalies(struct check_reader *r)
{
	struct check_state *s = &r->state;
	unsigned count = get_count(r, HEALTH_MAX_ANOMALIES);

	s->check.anomaly_count = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned place = get_count(r, UINT_MAX);

		if (place >= r->event_count)
			fail(r);
		else if (r->events[place])
			s->anomalies[s->check.anomaly_count++] = r->events[place];
	}
}

/* expect_entry reads of which row the next entry is. */
static void
expect_entry(struct check_reader *r)
{
	r->next_row = UINT_MAX;
	if (r->at < r->bytes->len)
		r->next_row = r->entry_row + get_count(r, UINT16_MAX);
	if (r->bad)
		r->next_row = UINT_MAX;
}

static void
read_entry(struct check_reader *r)
{
	unsigned flags = get_byte(r);

	r->entry_row = r->next_row;
	if (flags > ALL)
		fail(r);
	r->state.checked = flags & CHECKED;
	if (flags & LEVELS)
		get_levels(r);
	if (flags & RATE)
		get_rate(r);
	if (flags & ADVICE)
		get_advice(r);
	if (flags & STANDING)
		get_anomalies(r);
	expect_entry(r);
}

void
check_reader_begin(struct check_reader *r)
{
	check_state_reset(&r->state);
	r->at = 0;
	r->entry_row = 0;
	r->bad = false;
	expect_entry(r);
}

void
check_reader_open(struct check_reader *r, const struct check_log *l)
{
	r->bytes = &l->bytes;
	r->events = l->events;
	r->event_count = l->event_count;
	r->criteria = NULL;
	r->criterion_count = CRITERION_COUNT;
	check_reader_begin(r);
}

const struct past_check *
check_reader_at(struct check_reader *r, unsigned row, int64_t time_ms)
{
	struct check_state *s = &r->state;

	while (r->next_row <= row)
		read_entry(r);
	s->check.time_ms = time_ms;
	s->check.recommendations = strbuf_cstr(&s->advice);
	s->check.anomalies = s->anomalies;
	return s->checked ? &s->check : NULL;
}

void
check_reader_release(struct check_reader *r)
{
	check_state_release(&r->state);
}
