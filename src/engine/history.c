/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

#define BITMAP ((METRIC_COUNT + 7) / 8)
#define EXACT 9007199254740992.0 /* 2^53: integers up to here are exact in a double */
#define EVENT_BYTES (sizeof(struct anomaly) + 128)

/* What else changed, in the order of their parts in a frame. */
enum { PRESENT = 1, SCHEDULERS = 2, CHECKED = 4, LEVELS = 8, RATE = 16, ADVICE = 32, STANDING = 64 };

/* A frame as it is: what the next one is compared with, and what a reader gets. */
struct frame {
	struct sample sample;
	bool checked;
	struct past_check check;
	struct node_event *anomalies[HEALTH_MAX_ANOMALIES]; /* the chunk has the references */
	struct strbuf advice;
};

struct chunk {
	unsigned refs;
	uint64_t first; /* number of its first frame, of all that ever were */
	uint32_t count;
	int64_t first_ms, last_ms;
	uint8_t *data;
	size_t len;
	struct node_event **events; /* a reference each */
	size_t event_count;
};

/* Where reading is. */
struct reader {
	const struct chunk *chunk;
	uint32_t index; /* of the frame that stands in frame */
	size_t at;      /* where the next one begins */
	struct frame frame;
};

struct history {
	int64_t retention_ms;
	int64_t oldest_ms; /* what is before is not told any more */
	size_t max_bytes, bytes;
	struct chunk **chunks;
	size_t chunk_first, chunk_count, chunk_room;
	uint64_t next; /* number of the next frame */
	struct frame last;
	struct strbuf scratch;
	struct reader reader;
};

struct history *
history_new(int64_t retention_ms, size_t max_bytes)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->retention_ms = retention_ms;
	h->max_bytes = max_bytes;
	h->oldest_ms = INT64_MIN;
	return h;
}

static size_t
chunk_bytes(const struct chunk *c)
{
	return sizeof(*c) + c->len + c->event_count * EVENT_BYTES;
}

static struct chunk *
chunk_at(const struct history *h, size_t i)
{
	return h->chunks[h->chunk_first + i];
}

static void
chunk_unref(struct chunk *c)
{
	if (--c->refs > 0)
		return;
	for (size_t i = 0; i < c->event_count; i++)
		node_event_unref(c->events[i]);
	free(c->events);
	free(c->data);
	free(c);
}

static void
drop_oldest(struct history *h)
{
	struct chunk *c = chunk_at(h, 0);

	if (h->reader.chunk == c)
		h->reader.chunk = NULL;
	h->bytes -= chunk_bytes(c);
	h->chunk_first++;
	h->chunk_count--;
	chunk_unref(c);
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	while (h->chunk_count > 0)
		drop_oldest(h);
	free(h->chunks);
	strbuf_release(&h->last.advice);
	strbuf_release(&h->reader.frame.advice);
	strbuf_release(&h->scratch);
	free(h);
}

size_t
history_bytes(const struct history *h)
{
	return h->bytes;
}

/* ---- writing ---- */

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* integer_of is the value as an integer; 0 and false if it is none, or is -0. */
static bool
integer_of(double value, int64_t *out)
{
	*out = 0;
	if (!(fabs(value) < EXACT) || !same_bits((double)(int64_t)value, value))
		return false;
	*out = (int64_t)value;
	return true;
}

static void
put_value(struct strbuf *b, double value, double before)
{
	int64_t now, then, difference;

	integer_of(before, &then);
	if (!integer_of(value, &now)) {
		strbuf_add_varint(b, 1);
		strbuf_add(b, &value, sizeof(value));
		return;
	}
	difference = now - then;
	strbuf_add_varint(b, ((uint64_t)difference << 1 ^ (difference < 0 ? UINT64_MAX : 0)) << 1);
}

static void
put_metrics(struct strbuf *b, struct sample *last, const struct sample *s)
{
	uint8_t changed[BITMAP] = { 0 };
	size_t at = b->len;

	strbuf_add(b, changed, sizeof(changed));
	for (int i = 0; i < METRIC_COUNT; i++) {
		if (!s->present[i] || same_bits(s->value[i], last->value[i]))
			continue;
		changed[i / 8] |= (uint8_t)(1 << i % 8);
		put_value(b, s->value[i], last->value[i]);
		last->value[i] = s->value[i];
	}
	memcpy(b->data + at, changed, sizeof(changed));
}

static void
put_presence(struct strbuf *b, struct sample *last, const struct sample *s)
{
	uint8_t bits[BITMAP] = { 0 };

	for (int i = 0; i < METRIC_COUNT; i++)
		bits[i / 8] |= (uint8_t)(s->present[i] << i % 8);
	strbuf_add(b, bits, sizeof(bits));
	memcpy(last->present, s->present, sizeof(last->present));
}

static void
put_schedulers(struct strbuf *b, struct sample *last, const struct sample *s)
{
	last->scheduler_count = s->scheduler_count;
	memcpy(last->scheduler_utilization, s->scheduler_utilization, s->scheduler_count * sizeof(float));
	strbuf_add_varint(b, s->scheduler_count);
	strbuf_add(b, s->scheduler_utilization, s->scheduler_count * sizeof(float));
}

static void
put_levels(struct strbuf *b, struct past_check *last, const struct past_check *check)
{
	uint8_t levels[1 + CRITERION_COUNT] = { (uint8_t)check->overall };

	for (int i = 0; i < CRITERION_COUNT; i++)
		levels[1 + i] = (uint8_t)check->levels[i];
	strbuf_add(b, levels, sizeof(levels));
	last->overall = check->overall;
	memcpy(last->levels, check->levels, sizeof(last->levels));
}

static void
put_advice(struct strbuf *b, struct frame *last, const char *text)
{
	size_t len = strlen(text);

	strbuf_reset(&last->advice);
	strbuf_add(&last->advice, text, len);
	strbuf_add_varint(b, len);
	strbuf_add(b, text, len);
}

/* event_index is the place of an event in the chunk; it is put there if it is new. */
static size_t
event_index(struct chunk *c, struct node_event *ev)
{
	for (size_t i = 0; i < c->event_count; i++)
		if (c->events[i] == ev)
			return i;
	c->events = xreallocarray(c->events, c->event_count + 1, sizeof(struct node_event *));
	c->events[c->event_count] = node_event_ref(ev);
	return c->event_count++;
}

static void
put_anomalies(struct strbuf *b, struct chunk *c, struct frame *last, const struct past_check *check)
{
	last->check.anomaly_count = check->anomaly_count;
	strbuf_add_varint(b, check->anomaly_count);
	for (unsigned i = 0; i < check->anomaly_count; i++) {
		last->anomalies[i] = check->anomalies[i];
		strbuf_add_varint(b, event_index(c, check->anomalies[i]));
	}
}

static bool
same_anomalies(const struct frame *last, const struct past_check *check)
{
	return last->check.anomaly_count == check->anomaly_count &&
	    (check->anomaly_count == 0 ||
		memcmp(last->anomalies, check->anomalies, check->anomaly_count * sizeof(last->anomalies[0])) == 0);
}

static unsigned
check_changes(const struct frame *last, const struct past_check *check)
{
	unsigned flags = CHECKED;

	if (check == NULL)
		return 0;
	if (last->check.overall != check->overall ||
	    memcmp(last->check.levels, check->levels, sizeof(check->levels)) != 0)
		flags |= LEVELS;
	if (!same_bits(last->check.restart_rate, check->restart_rate))
		flags |= RATE;
	if (strcmp(strbuf_cstr(&last->advice), check->recommendations) != 0)
		flags |= ADVICE;
	return same_anomalies(last, check) ? flags : flags | STANDING;
}

static unsigned
sample_changes(const struct sample *last, const struct sample *s)
{
	unsigned flags = 0;

	if (memcmp(last->present, s->present, sizeof(s->present)) != 0)
		flags |= PRESENT;
	if (last->scheduler_count != s->scheduler_count ||
	    memcmp(last->scheduler_utilization, s->scheduler_utilization, s->scheduler_count * sizeof(float)) != 0)
		flags |= SCHEDULERS;
	return flags;
}

/* put_frame writes what is different from *last, and makes *last what is written. */
static void
put_frame(struct strbuf *b, struct chunk *c, struct frame *last, const struct sample *s, const struct past_check *check)
{
	unsigned flags = sample_changes(&last->sample, s) | check_changes(last, check);
	uint8_t byte = (uint8_t)flags;

	strbuf_add_varint(b, (uint64_t)(last->sample.time_ms - c->last_ms));
	strbuf_add(b, &byte, 1);
	if (flags & PRESENT)
		put_presence(b, &last->sample, s);
	if (flags & SCHEDULERS)
		put_schedulers(b, &last->sample, s);
	if (flags & LEVELS)
		put_levels(b, &last->check, check);
	if (flags & RATE)
		strbuf_add(b, &check->restart_rate, sizeof(check->restart_rate));
	if (flags & RATE)
		last->check.restart_rate = check->restart_rate;
	if (flags & ADVICE)
		put_advice(b, last, check->recommendations);
	if (flags & STANDING)
		put_anomalies(b, c, last, check);
	put_metrics(b, &last->sample, s);
}

/* The large arrays behind are never read where nothing was written. */
static void
reset_frame(struct frame *f)
{
	struct strbuf advice = f->advice;

	strbuf_reset(&advice);
	memset(f, 0, sizeof(*f));
	f->advice = advice;
}

static void
make_room(struct history *h)
{
	if (h->chunk_first + h->chunk_count < h->chunk_room)
		return;
	if (h->chunk_first > h->chunk_room / 2) {
		memmove(h->chunks, h->chunks + h->chunk_first, h->chunk_count * sizeof(struct chunk *));
		h->chunk_first = 0;
		return;
	}
	h->chunk_room = h->chunk_room ? 2 * h->chunk_room : 16;
	h->chunks = xreallocarray(h->chunks, h->chunk_room, sizeof(struct chunk *));
}

static struct chunk *
begin_chunk(struct history *h, int64_t time_ms)
{
	struct chunk *c = xcalloc(1, sizeof(*c));

	c->refs = 1;
	c->first = h->next;
	c->first_ms = c->last_ms = time_ms;
	make_room(h);
	h->chunks[h->chunk_first + h->chunk_count++] = c;
	h->bytes += chunk_bytes(c);
	reset_frame(&h->last);
	return c;
}

static struct chunk *
chunk_for(struct history *h, int64_t time_ms)
{
	struct chunk *c = h->chunk_count ? chunk_at(h, h->chunk_count - 1) : NULL;

	return c && c->count < HISTORY_CHUNK ? c : begin_chunk(h, time_ms);
}

void
history_add(struct history *h, const struct sample *s, const struct past_check *check)
{
	const struct chunk *newest = h->chunk_count ? chunk_at(h, h->chunk_count - 1) : NULL;
	int64_t time_ms = newest && s->time_ms < newest->last_ms ? newest->last_ms : s->time_ms;
	struct chunk *c = chunk_for(h, time_ms);

	h->bytes -= chunk_bytes(c);
	h->last.sample.time_ms = time_ms;
	strbuf_reset(&h->scratch);
	put_frame(&h->scratch, c, &h->last, s, check);
	c->data = xrealloc(c->data, c->len + h->scratch.len);
	memcpy(c->data + c->len, h->scratch.data, h->scratch.len);
	c->len += h->scratch.len;
	c->last_ms = time_ms;
	c->count++;
	h->next++;
	h->bytes += chunk_bytes(c);
	while (h->bytes > h->max_bytes && h->chunk_count > 1)
		drop_oldest(h);
}

void
history_expire(struct history *h, int64_t now_ms)
{
	h->oldest_ms = now_ms - h->retention_ms;
	while (h->chunk_count > 0 && chunk_at(h, 0)->last_ms < h->oldest_ms)
		drop_oldest(h);
}

/* ---- reading: what stands in memory was written by put_frame ---- */

static uint64_t
get_varint(const uint8_t **p)
{
	uint64_t v = 0;
	unsigned shift = 0;

	for (; **p & 0x80; shift += 7)
		v |= (uint64_t)(*(*p)++ & 0x7F) << shift;
	return v | (uint64_t) * (*p)++ << shift;
}

static void
get_bytes(const uint8_t **p, void *to, size_t len)
{
	memcpy(to, *p, len);
	*p += len;
}

static double
get_value(const uint8_t **p, double before)
{
	uint64_t v = get_varint(p);
	int64_t then;
	double value;

	if (v & 1) {
		get_bytes(p, &value, sizeof(value));
		return value;
	}
	integer_of(before, &then);
	v >>= 1;
	return (double)(then + (int64_t)(v >> 1 ^ (0 - (v & 1))));
}

static void
get_metrics(const uint8_t **p, struct sample *s)
{
	const uint8_t *changed = *p;

	*p += BITMAP;
	for (int i = 0; i < METRIC_COUNT; i++)
		if (changed[i / 8] >> i % 8 & 1)
			s->value[i] = get_value(p, s->value[i]);
}

static void
get_presence(const uint8_t **p, struct sample *s)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		s->present[i] = (*p)[i / 8] >> i % 8 & 1;
	*p += BITMAP;
}

static void
get_levels(const uint8_t **p, struct past_check *check)
{
	check->overall = (enum level) * (*p)++;
	for (int i = 0; i < CRITERION_COUNT; i++)
		check->levels[i] = (enum level) * (*p)++;
}

static void
get_advice(const uint8_t **p, struct frame *f)
{
	size_t len = get_varint(p);

	strbuf_reset(&f->advice);
	strbuf_add(&f->advice, *p, len);
	*p += len;
}

static void
get_anomalies(const uint8_t **p, const struct chunk *c, struct frame *f)
{
	f->check.anomaly_count = (unsigned)get_varint(p);
	for (unsigned i = 0; i < f->check.anomaly_count; i++)
		f->anomalies[i] = c->events[get_varint(p)];
}

static void
get_check(const uint8_t **p, const struct chunk *c, unsigned flags, struct frame *f)
{
	f->checked = flags & CHECKED;
	if (flags & LEVELS)
		get_levels(p, &f->check);
	if (flags & RATE)
		get_bytes(p, &f->check.restart_rate, sizeof(f->check.restart_rate));
	if (flags & ADVICE)
		get_advice(p, f);
	if (flags & STANDING)
		get_anomalies(p, c, f);
	f->check.time_ms = f->sample.time_ms;
	f->check.recommendations = strbuf_cstr(&f->advice);
	f->check.anomalies = f->anomalies;
}

/* get_frame makes *f, which is the frame before, the one at p; it returns where that ends. */
static const uint8_t *
get_frame(const uint8_t *p, const struct chunk *c, struct frame *f)
{
	struct sample *s = &f->sample;
	unsigned flags;

	s->time_ms += (int64_t)get_varint(&p);
	flags = *p++;
	if (flags & PRESENT)
		get_presence(&p, s);
	if (flags & SCHEDULERS) {
		s->scheduler_count = (uint16_t)get_varint(&p);
		get_bytes(&p, s->scheduler_utilization, s->scheduler_count * sizeof(float));
	}
	get_check(&p, c, flags, f);
	get_metrics(&p, s);
	return p;
}

static void
read_next(struct reader *r)
{
	r->at = (size_t)(get_frame(r->chunk->data + r->at, r->chunk, &r->frame) - r->chunk->data);
	r->index++;
}

/* read_at brings the reader to the frame of a chunk, from where it is if that is before. */
static void
read_at(struct reader *r, const struct chunk *c, uint32_t index)
{
	if (r->chunk != c || r->index > index) {
		reset_frame(&r->frame);
		r->frame.sample.time_ms = c->first_ms;
		r->chunk = c;
		r->at = 0;
		read_next(r);
		r->index = 0;
	}
	while (r->index < index)
		read_next(r);
}

/* chunk_search is the first chunk whose last frame is not before a time (by_time) or a number; chunk_count if there is none. */
static size_t
chunk_search(const struct history *h, bool by_time, int64_t time_ms, uint64_t number)
{
	size_t low = 0, high = h->chunk_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct chunk *c = chunk_at(h, middle);

		if (by_time ? c->last_ms < time_ms : c->first + c->count <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* seek finds the first frame of a time or later; its number, or h->next. */
static uint64_t
seek(struct history *h, int64_t from_ms)
{
	size_t i = chunk_search(h, true, from_ms, 0);
	struct chunk *c;

	if (i == h->chunk_count)
		return h->next;
	c = chunk_at(h, i);
	read_at(&h->reader, c, 0);
	while (h->reader.frame.sample.time_ms < from_ms)
		read_next(&h->reader);
	return c->first + h->reader.index;
}

const struct sample *
history_next(struct history *h, int64_t from_ms, int64_t to_ms, size_t *it, const struct past_check **check)
{
	uint64_t number = *it;
	size_t i;

	from_ms = from_ms > h->oldest_ms ? from_ms : h->oldest_ms;
	if (number == 0)
		number = seek(h, from_ms);
	i = chunk_search(h, false, 0, number);
	if (i == h->chunk_count)
		return NULL;
	/* What was next may have gone meanwhile. */
	if (number < chunk_at(h, i)->first)
		number = chunk_at(h, i)->first;
	read_at(&h->reader, chunk_at(h, i), (uint32_t)(number - chunk_at(h, i)->first));
	*it = (size_t)number + 1;
	*check = h->reader.frame.checked ? &h->reader.frame.check : NULL;
	return h->reader.frame.sample.time_ms <= to_ms ? &h->reader.frame.sample : NULL;
}

int64_t
history_since(struct history *h)
{
	const struct past_check *check;
	const struct sample *s;
	size_t it = 0;

	s = history_next(h, INT64_MIN, INT64_MAX, &it, &check);
	return s ? s->time_ms : 0;
}

/* ---- views ---- */

struct past_view {
	int64_t from_ms, to_ms;
	struct chunk **chunks;
	size_t count, next; /* chunks, and the one read next */
	uint32_t index;     /* in it */
	struct reader reader;
};

/* copy_open: the newest chunk still grows. */
static struct chunk *
copy_open(const struct chunk *from)
{
	struct chunk *c = xmemdup(from, sizeof(*c));

	c->refs = 1;
	c->data = xmemdup(from->data, from->len);
	c->events = from->event_count ? xmemdup(from->events, from->event_count * sizeof(*from->events)) : NULL;
	for (size_t i = 0; i < c->event_count; i++)
		node_event_ref(c->events[i]);
	return c;
}

static struct chunk *
pin(struct chunk *c)
{
	c->refs++;
	return c;
}

struct past_view *
history_open(const struct history *h, int64_t from_ms, int64_t to_ms)
{
	struct past_view *v = xcalloc(1, sizeof(*v));

	v->from_ms = from_ms > h->oldest_ms ? from_ms : h->oldest_ms;
	v->to_ms = to_ms;
	v->chunks = xcalloc(h->chunk_count + 1, sizeof(*v->chunks));
	for (size_t i = chunk_search(h, true, v->from_ms, 0); i < h->chunk_count; i++) {
		struct chunk *c = chunk_at(h, i);

		if (c->first_ms > to_ms)
			break;
		v->chunks[v->count++] = i + 1 == h->chunk_count ? copy_open(c) : pin(c);
	}
	return v;
}

void
past_view_free(struct past_view *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->count; i++)
		chunk_unref(v->chunks[i]);
	free(v->chunks);
	strbuf_release(&v->reader.frame.advice);
	free(v);
}

const struct sample *
past_view_next(struct past_view *v, const struct past_check **check)
{
	const struct sample *s = &v->reader.frame.sample;

	while (v->next < v->count) {
		if (v->index == v->chunks[v->next]->count) {
			v->index = 0;
			v->next++;
			continue;
		}
		read_at(&v->reader, v->chunks[v->next], v->index++);
		if (s->time_ms < v->from_ms)
			continue;
		*check = v->reader.frame.checked ? &v->reader.frame.check : NULL;
		return s->time_ms <= v->to_ms ? s : NULL;
	}
	return NULL;
}

void
past_view_rewind(struct past_view *v)
{
	v->next = 0;
	v->index = 0;
}

static void
count_all(struct past_view *v, size_t *samples, size_t *checks)
{
	size_t next = v->next;
	uint32_t index = v->index;
	const struct past_check *check;

	past_view_rewind(v);
	for (*samples = *checks = 0; past_view_next(v, &check); ++*samples)
		*checks += check != NULL;
	v->next = next;
	v->index = index;
}

size_t
past_view_samples(struct past_view *v)
{
	size_t samples, checks;

	count_all(v, &samples, &checks);
	return samples;
}

size_t
past_view_checks(struct past_view *v)
{
	size_t samples, checks;

	count_all(v, &samples, &checks);
	return checks;
}
