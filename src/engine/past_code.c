/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block as bytes, for a file (engine/past.h). All numbers are varints:
 *
 *	block    version (1), kind (0 samples, 1 minutes, 2 hours), rows, length of the times, count of columns, (column, length)…,
 *	         length, the bytes of times and columns (series/block.h); of samples also: count of criteria, numbers…, count of events, numbers…,
 *	         length, the log of checks (engine/check_log.h), whose levels are in that order of criteria and whose anomalies are places in that
 *	         list of events
 *	column   of samples: a metric's number × 2, or a scheduler × 2 + 1; of roll-ups: a metric's number × 8 + part (engine/past_block.h: rollup_part), or
 *	         7, the samples
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/past_block.h"

#define VERSION 1
#define CRITERIA_MAX 256
#define EVENTS_MAX (SERIES_ROWS * HEALTH_MAX_ANOMALIES)
#define SAMPLES_PART 7
#define TIME_MAX (INT64_C(1) << 53)

/* ---- numbers of columns ---- */

static uint64_t
column_code(enum past_block_kind kind, unsigned number, const struct past_names *names)
{
	if (kind == PAST_SAMPLES)
		return number < METRIC_COUNT ? names->of_metric[number] * 2u : (number - METRIC_COUNT) * 2 + 1;
	if (number == ROLLUP_SAMPLES)
		return SAMPLES_PART;
	return names->of_metric[number % METRIC_COUNT] * 8u + number / METRIC_COUNT;
}

/* metric_of: GRID_NONE for a number that this release does not know. */
static unsigned
metric_of(uint64_t number, const struct past_names *names)
{
	return number < names->number_count && names->metric[number] > 0 ? names->metric[number] - 1u : GRID_NONE;
}

static unsigned
column_of(enum past_block_kind kind, uint64_t code, const struct past_names *names)
{
	unsigned metric = metric_of(kind == PAST_SAMPLES ? code / 2 : code / 8, names), part = (unsigned)(code % 8);

	if (kind == PAST_SAMPLES) {
		if (code % 2 == 1)
			return code / 2 < SAMPLE_MAX_SCHEDULERS ? METRIC_COUNT + (unsigned)(code / 2) : GRID_NONE;
		return metric;
	}
	if (code == SAMPLES_PART)
		return ROLLUP_SAMPLES;
	return metric != GRID_NONE && part < ROLLUP_PARTS ? ROLLUP_COLUMN(part, metric) : GRID_NONE;
}

/* ---- writing ---- */

/* put_directory leaves out what is not known: columns that came from a file with names of other releases keep no number. */
static void
put_directory(struct strbuf *out, const struct past_block *b, const struct past_names *names)
{
	strbuf_add_varint(out, b->block->columns);
	for (unsigned i = 0; i < b->block->columns; i++) {
		const struct block_column *c = &b->block->directory[i];

		strbuf_add_varint(out, c->number == GRID_NONE ? UINT64_MAX : column_code(b->kind, c->number, names));
		strbuf_add_varint(out, c->len);
	}
}

static void
put_checks(struct strbuf *out, const struct check_log *l, const struct past_names *names)
{
	strbuf_add_varint(out, CRITERION_COUNT);
	for (int i = 0; i < CRITERION_COUNT; i++)
		strbuf_add_varint(out, names->of_criterion[i]);
	strbuf_add_varint(out, l->event_count);
	for (size_t i = 0; i < l->event_count; i++)
		strbuf_add_varint(out, names->number_of_event(names->context, l->events[i]));
	strbuf_add_varint(out, l->bytes.len);
	strbuf_add(out, strbuf_cstr(&l->bytes), l->bytes.len);
}

void
past_block_write(const struct past_block *b, const struct past_names *names, struct strbuf *out)
{
	strbuf_add_varint(out, VERSION);
	strbuf_add_varint(out, b->kind);
	strbuf_add_varint(out, b->block->rows);
	strbuf_add_varint(out, b->block->time_len);
	put_directory(out, b, names);
	strbuf_add_varint(out, b->block->len);
	strbuf_add(out, b->block->bytes, b->block->len);
	if (b->kind == PAST_SAMPLES)
		put_checks(out, &b->checks, names);
}

/* ---- reading: a cursor with a sticky error ---- */

struct cursor {
	const uint8_t *p, *end;
	const char *trouble; /* NULL: none */
	const struct past_names *names;
};

static uint64_t
fail(struct cursor *c, const char *trouble)
{
	if (c->trouble == NULL)
		c->trouble = trouble;
	c->p = c->end;
	return 0;
}

static uint64_t
get_varint(struct cursor *c)
{
	uint64_t v;

	return varint_read(&c->p, c->end, &v) ? v : fail(c, "it is cut short");
}

/* get_count reads a number that is at most max. */
static unsigned
get_count(struct cursor *c, unsigned max, const char *trouble)
{
	uint64_t n = get_varint(c);

	return (unsigned)(n <= max ? n : fail(c, trouble));
}

static const uint8_t *
get_bytes(struct cursor *c, size_t *len)
{
	uint64_t n = get_varint(c);
	const uint8_t *bytes = c->p;

	if (n > (size_t)(c->end - c->p)) {
		fail(c, "it is cut short");
		n = 0;
	}
	*len = (size_t)n;
	c->p += *len;
	return bytes;
}

static struct block *
get_block(struct cursor *c, enum past_block_kind kind)
{
	unsigned rows = get_count(c, SERIES_ROWS, "too many rows");
	unsigned time_len = get_count(c, UINT16_MAX, "its times are too long");
	unsigned columns = get_count(c, GRID_COLUMNS, "too many columns");
	struct block_column *directory = xcalloc(columns + 1, sizeof(*directory));
	struct block *b = NULL;
	const uint8_t *bytes;
	size_t len;

	for (unsigned i = 0; i < columns && c->trouble == NULL; i++) {
		directory[i].number = (uint16_t)column_of(kind, get_varint(c), c->names);
		directory[i].len = (uint16_t)get_count(c, UINT16_MAX, "a column is too long");
	}
	bytes = get_bytes(c, &len);
	if (c->trouble == NULL)
		b = block_read(rows, time_len, directory, columns, bytes, len, past_block_width(kind));
	if (b == NULL)
		fail(c, "its columns make no sense");
	else if (b->first_ms < -TIME_MAX || b->last_ms > TIME_MAX)
		fail(c, "its times make no sense");
	free(directory);
	return b;
}

/* What the log of checks refers to. */
struct references {
	uint16_t criteria[CRITERIA_MAX];
	unsigned criterion_count;
	struct node_event **events;
	unsigned event_count;
};

static void
get_references(struct cursor *c, struct references *r)
{
	const struct past_names *names = c->names;

	r->criterion_count = get_count(c, CRITERIA_MAX, "too many criteria");
	for (unsigned i = 0; i < r->criterion_count; i++) {
		uint64_t number = get_varint(c);
		bool known = number < names->number_count && names->criterion[number] > 0;

		r->criteria[i] = (uint16_t)(known ? names->criterion[number] - 1 : CRITERION_COUNT);
	}
	r->event_count = get_count(c, EVENTS_MAX, "too many events");
	r->events = xcalloc(r->event_count + 1, sizeof(*r->events));
	for (unsigned i = 0; i < r->event_count && c->trouble == NULL; i++) {
		uint64_t number = get_varint(c);

		if (c->trouble == NULL)
			r->events[i] = names->event_of_number(names->context, number);
	}
}

static void
release_references(struct references *r)
{
	for (unsigned i = 0; i < r->event_count; i++)
		node_event_unref(r->events[i]);
	free(r->events);
}

/* get_log reads a log and writes it anew in terms of ours. */
static void
get_log(struct cursor *c, const struct references *refs, unsigned rows, struct check_log *to)
{
	struct strbuf bytes = STRBUF_INIT;
	struct check_state last = { .checked = false };
	struct check_reader r = { .bytes = &bytes,
		.events = refs->events,
		.event_count = refs->event_count,
		.criteria = refs->criteria,
		.criterion_count = refs->criterion_count };
	const uint8_t *data;
	size_t len;

	data = get_bytes(c, &len);
	strbuf_add(&bytes, data, len);
	check_reader_begin(&r);
	for (unsigned row = 0; row < rows; row++)
		check_log_add(to, &last, row, check_reader_at(&r, row, 0));
	if (r.bad || r.at < bytes.len)
		fail(c, "its checks make no sense");
	check_reader_release(&r);
	check_state_release(&last);
	strbuf_release(&bytes);
}

static struct past_block *
get_past_block(struct cursor *c)
{
	struct check_log checks = { .events = NULL };
	struct references refs = { .events = NULL };
	enum past_block_kind kind;
	struct block *block;

	if (get_varint(c) != VERSION)
		fail(c, "a version that is not known");
	kind = (enum past_block_kind)get_count(c, PAST_HOURS, "a kind that is not known");
	block = get_block(c, kind);
	if (block && kind == PAST_SAMPLES) {
		get_references(c, &refs);
		get_log(c, &refs, block->rows, &checks);
		release_references(&refs);
	}
	if (c->trouble == NULL && c->p == c->end)
		return past_block_new(kind, block, &checks);
	fail(c, "there is more behind it");
	check_log_release(&checks);
	free(block);
	return NULL;
}

struct past_block *
past_block_read(const void *data, size_t len, const struct past_names *names, struct err *err)
{
	struct cursor c = { data, (const uint8_t *)data + len, NULL, names };
	struct past_block *b = get_past_block(&c);

	if (b == NULL)
		err_set(err, "a block of %zu bytes cannot be read: %s", len, c.trouble);
	return b;
}
