/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/past.h"

struct row *
row_new(enum row_kind kind, int64_t time_ms, const void *body, size_t body_len, const void *more, size_t more_len)
{
	struct row *r = xmalloc(sizeof(*r) + body_len + more_len);

	*r = (struct row) {
		.kind = kind, .time_ms = time_ms, .body_len = (uint32_t)body_len, .more_len = (uint32_t)more_len
	};
	if (body_len)
		memcpy(r->data, body, body_len);
	if (more_len)
		memcpy(r->data + body_len, more, more_len);
	return r;
}

size_t
row_size(const struct row *r)
{
	return sizeof(*r) + r->body_len + r->more_len;
}

const char *
row_incident_kind(const struct row *r)
{
	return (const char *)r->data;
}

const char *
row_incident_id(const struct row *r)
{
	return (const char *)r->data + strlen((const char *)r->data) + 1;
}

void
rows_add(struct rows *rows, struct row *r)
{
	r->next = NULL;
	if (rows->last)
		rows->last->next = r;
	else
		rows->first = r;
	rows->last = r;
	rows->count++;
	rows->bytes += row_size(r);
}

struct row *
rows_take(struct rows *rows)
{
	struct row *r = rows->first;

	if (r == NULL)
		return NULL;
	rows->first = r->next;
	if (rows->first == NULL)
		rows->last = NULL;
	rows->count--;
	rows->bytes -= row_size(r);
	return r;
}

void
rows_join(struct rows *rows, struct rows *more)
{
	if (more->first == NULL)
		return;
	if (rows->last)
		rows->last->next = more->first;
	else
		rows->first = more->first;
	rows->last = more->last;
	rows->count += more->count;
	rows->bytes += more->bytes;
	memset(more, 0, sizeof(*more));
}

void
rows_free(struct rows *rows)
{
	struct row *r;

	while ((r = rows_take(rows)) != NULL)
		free(r);
}

size_t
queue_bytes(const struct queue *q)
{
	return q->writing + q->turn.bytes + q->turn_samples.bytes + q->ready.bytes + q->ready_samples.bytes;
}

size_t
queue_room(struct queue *q, size_t bytes, bool *fits)
{
	size_t dropped = 0;
	struct row *oldest;

	while (queue_bytes(q) + bytes > q->max_bytes) {
		oldest = rows_take(&q->ready_samples);
		if (oldest == NULL)
			oldest = rows_take(&q->turn_samples);
		if (oldest == NULL)
			break;
		free(oldest);
		dropped++;
	}
	*fits = queue_bytes(q) + bytes <= q->max_bytes;
	return dropped;
}

void
queue_add(struct queue *q, struct row *r)
{
	rows_add(r->kind == ROW_SAMPLE ? &q->turn_samples : &q->turn, r);
}

void
queue_mark(struct queue *q, size_t node, uint64_t mark)
{
	struct row *r = q->turn.last;

	if (r == NULL || r->kind != ROW_MARK || r->node != node) {
		r = row_new(ROW_MARK, 0, NULL, 0, NULL, 0);
		r->node = node;
		rows_add(&q->turn, r);
	}
	r->id = mark;
}

static void
cover(struct rows *rows, size_t node, int64_t first_ms, int64_t last_ms)
{
	struct rows left = { 0 };
	struct row *r;

	while ((r = rows_take(rows)) != NULL) {
		if (r->node == node && r->time_ms >= first_ms && r->time_ms <= last_ms)
			free(r);
		else
			rows_add(&left, r);
	}
	*rows = left;
}

/* Not when a block is put: the writer could take what is left of the samples before the block itself is ready. */
static void
cover_with_blocks(struct queue *q)
{
	for (const struct row *r = q->turn.first; r; r = r->next) {
		if (r->kind != ROW_BLOCK || r->a != PAST_SAMPLES)
			continue;
		cover(&q->ready_samples, r->node, r->time_ms, r->last_ms);
		cover(&q->turn_samples, r->node, r->time_ms, r->last_ms);
	}
}

void
queue_end_turn(struct queue *q)
{
	cover_with_blocks(q);
	rows_join(&q->ready, &q->turn);
	rows_join(&q->ready_samples, &q->turn_samples);
}

void
queue_take(struct queue *q, struct rows *out)
{
	q->writing += q->ready.bytes + q->ready_samples.bytes;
	rows_join(out, &q->ready);
	rows_join(out, &q->ready_samples);
}

void
queue_written(struct queue *q, size_t bytes)
{
	q->writing -= bytes;
}

void
queue_release(struct queue *q)
{
	rows_free(&q->turn);
	rows_free(&q->turn_samples);
	rows_free(&q->ready);
	rows_free(&q->ready_samples);
}
