/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/past_guesses.h"

/* So many columns are packed with a sample: a block is ready before the next one is full. */
#define STEPS ((GRID_COLUMNS + HISTORY_ROWS - 1) / HISTORY_ROWS)

struct history {
	int64_t retention_ms;
	int64_t oldest_ms;
	size_t max_bytes;
	struct block_list sealed;
	struct sample_rows parts[2];
	struct sample_rows *open;    /* one of them; it may be empty */
	struct sample_rows *sealing; /* the other one while it is packed; NULL: nothing is */
	struct packer *packer;
	uint64_t next; /* number of the next sample */
	struct {       /* where reading is */
		uint64_t number;
		unsigned count;
		size_t log_len; /* of what is open: it grows */
		bool valid;
		struct sample_reader samples;
	} reader;
};

struct history *
history_new(int64_t retention_ms, size_t max_bytes)
{
	struct history *h = xcalloc(1, sizeof(*h));

	h->retention_ms = retention_ms;
	h->max_bytes = max_bytes;
	h->oldest_ms = INT64_MIN;
	sample_rows_init(&h->parts[0]);
	sample_rows_init(&h->parts[1]);
	h->open = &h->parts[0];
	return h;
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	packer_free(h->packer);
	block_list_release(&h->sealed);
	sample_rows_release(&h->parts[0]);
	sample_rows_release(&h->parts[1]);
	sample_reader_release(&h->reader.samples);
	free(h);
}

size_t
history_bytes(const struct history *h)
{
	return h->sealed.bytes;
}

int64_t
history_oldest_ms(const struct history *h)
{
	return h->oldest_ms;
}

/* ---- pieces ---- */

static unsigned
open_rows(const struct history *h)
{
	return h->open->rows->count;
}

static unsigned
sealing_rows(const struct history *h)
{
	return h->sealing ? h->sealing->rows->count : 0;
}

size_t
history_pieces(const struct history *h)
{
	return h->sealed.count + (h->sealing != NULL) + (open_rows(h) > 0);
}

static struct piece
open_piece(const struct sample_rows *open, uint64_t number)
{
	const struct grid *r = open->rows;

	return (struct piece) { NULL, open, number, r->count, r->time_ms[0], r->time_ms[r->count - 1] };
}

struct piece
history_piece(const struct history *h, size_t i)
{
	struct past_block *b;

	if (i < h->sealed.count) {
		b = block_list_at(&h->sealed, i);
		return (struct piece) { b, NULL, b->number, b->block->rows, b->block->first_ms, b->block->last_ms };
	}
	if (h->sealing && i == h->sealed.count)
		return open_piece(h->sealing, h->next - open_rows(h) - sealing_rows(h));
	return open_piece(h->open, h->next - open_rows(h));
}

/* search is the first piece whose last sample is not before a time (by_time) or a number. */
static size_t
search(const struct history *h, bool by_time, int64_t time_ms, uint64_t number)
{
	size_t low = 0, high = history_pieces(h);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct piece p = history_piece(h, middle);

		if (by_time ? p.last_ms < time_ms : p.number + p.count <= number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t
history_find(const struct history *h, int64_t time_ms)
{
	return search(h, true, time_ms, 0);
}

static bool
last_time(const struct history *h, int64_t *time_ms)
{
	size_t n = history_pieces(h);

	if (n > 0)
		*time_ms = history_piece(h, n - 1).last_ms;
	return n > 0;
}

/* ---- adding ---- */

static void
drop_oldest(struct history *h)
{
	block_list_drop_oldest(&h->sealed);
	h->reader.valid = false;
}

static void
keep(struct history *h, struct past_block *b, uint64_t number)
{
	b->number = number;
	block_list_add(&h->sealed, b);
	while (h->sealed.bytes > h->max_bytes && h->sealed.count > 1)
		drop_oldest(h);
}

/* finish_sealing makes the block of what is being sealed, and keeps it. */
static struct past_block *
finish_sealing(struct history *h)
{
	struct past_block *b;

	if (h->sealing == NULL)
		return NULL;
	b = past_block_new(PAST_SAMPLES, packer_finish(h->packer), &h->sealing->checks);
	memset(&h->sealing->checks, 0, sizeof(h->sealing->checks));
	keep(h, b, h->next - open_rows(h) - sealing_rows(h));
	sample_rows_clear(h->sealing);
	h->packer = NULL;
	h->sealing = NULL;
	h->reader.valid = false;
	return b;
}

static struct past_block *
go_on_sealing(struct history *h)
{
	if (h->sealing == NULL)
		return NULL;
	for (int i = 0; i < STEPS; i++)
		if (!packer_step(h->packer))
			return finish_sealing(h);
	return NULL;
}

static struct past_block *
begin_sealing(struct history *h)
{
	struct past_block *b = finish_sealing(h);

	h->sealing = h->open;
	h->open = h->open == &h->parts[0] ? &h->parts[1] : &h->parts[0];
	h->packer = past_packer_new(PAST_SAMPLES, h->sealing->rows);
	h->reader.valid = false;
	return b;
}

/* is_full: samples of one time stay together as long as there is room. */
static bool
is_full(const struct history *h, int64_t time_ms)
{
	const struct grid *r = h->open->rows;

	return r->count == SERIES_ROWS || (r->count >= HISTORY_ROWS && time_ms > r->time_ms[r->count - 1]);
}

struct past_block *
history_add(struct history *h, const struct sample *s, const struct past_check *check)
{
	int64_t time_ms = s->time_ms, last_ms;
	struct past_block *sealed = go_on_sealing(h), *forced = NULL;

	if (last_time(h, &last_ms) && time_ms < last_ms)
		time_ms = last_ms;
	if (is_full(h, time_ms))
		forced = begin_sealing(h);
	sample_rows_add(h->open, time_ms, s, check);
	h->next++;
	return sealed ? sealed : forced;
}

/* take_back opens the newest block again; nothing lies open. */
static void
take_back(struct history *h)
{
	struct past_block *b = block_list_take_newest(&h->sealed);
	struct piece p = { b, NULL, 0, b->block->rows, 0, 0 };
	struct sample_reader *r = &h->reader.samples;

	sample_reader_open(r, &p);
	for (unsigned i = 0; i < p.count; i++) {
		const struct past_check *check;
		const struct sample *s = sample_reader_at(r, i, &check);

		sample_rows_add(h->open, s->time_ms, s, check);
	}
	past_block_unref(b);
}

/* cut takes the samples from a time on out of what lies open. */
static void
cut(struct history *h, int64_t from_ms)
{
	struct sample_rows *to = h->open == &h->parts[0] ? &h->parts[1] : &h->parts[0];
	struct piece p = open_piece(h->open, 0);
	struct sample_reader *r = &h->reader.samples;

	sample_reader_open(r, &p);
	for (unsigned i = 0; i < p.count; i++) {
		const struct past_check *check;
		const struct sample *s = sample_reader_at(r, i, &check);

		if (s->time_ms < from_ms)
			sample_rows_add(to, s->time_ms, s, check);
	}
	h->next -= p.count - to->rows->count;
	sample_rows_clear(h->open);
	h->open = to;
}

void
history_forget(struct history *h, int64_t from_ms)
{
	int64_t last_ms;

	if (!last_time(h, &last_ms) || last_ms < from_ms)
		return;
	finish_sealing(h);
	h->reader.valid = false;
	while (last_time(h, &last_ms) && last_ms >= from_ms) {
		if (open_rows(h) == 0)
			take_back(h);
		cut(h, from_ms);
	}
}

void
history_add_block(struct history *h, struct past_block *b)
{
	history_forget(h, b->block->first_ms);
	if (open_rows(h) > 0)
		begin_sealing(h);
	finish_sealing(h);
	keep(h, b, h->next);
	h->next += b->block->rows;
	h->reader.valid = false;
}

static bool
open_is_older(const struct history *h)
{
	int64_t last_ms;

	return h->sealed.count == 0 && last_time(h, &last_ms) && last_ms < h->oldest_ms;
}

void
history_expire(struct history *h, int64_t now_ms)
{
	h->oldest_ms = now_ms - h->retention_ms;
	while (h->sealed.count > 0 && block_list_at(&h->sealed, 0)->block->last_ms < h->oldest_ms)
		drop_oldest(h);
	if (!open_is_older(h))
		return;
	finish_sealing(h);
	block_list_release(&h->sealed);
	sample_rows_clear(h->open);
	h->reader.valid = false;
}

/* ---- reading ---- */

/* is_read: the reader stands on the piece, and nothing was added to its checks since. */
static bool
is_read(const struct history *h, const struct piece *p)
{
	return h->reader.valid && h->reader.number == p->number &&
	    (p->block || h->reader.log_len == p->open->checks.bytes.len);
}

static void
open_reader(struct history *h, const struct piece *p)
{
	if (is_read(h, p)) {
		h->reader.count = p->count;
		return;
	}
	sample_reader_open(&h->reader.samples, p);
	h->reader.number = p->number;
	h->reader.count = p->count;
	h->reader.log_len = p->block ? 0 : p->open->checks.bytes.len;
	h->reader.valid = true;
}

/* seek is the number of the first sample of a time or later; h->next if there is none. */
static uint64_t
seek(struct history *h, int64_t from_ms)
{
	size_t i = history_find(h, from_ms);
	int64_t times_ms[SERIES_ROWS];
	struct piece p;
	unsigned row = 0;

	if (i == history_pieces(h))
		return h->next;
	p = history_piece(h, i);
	piece_times(&p, times_ms);
	while (times_ms[row] < from_ms)
		row++;
	return p.number + row;
}

const struct sample *
history_next(struct history *h, int64_t from_ms, int64_t to_ms, size_t *it, const struct past_check **check)
{
	uint64_t number = *it;
	const struct sample *s;
	struct piece p;
	size_t i;

	if (number == 0)
		number = seek(h, from_ms > h->oldest_ms ? from_ms : h->oldest_ms);
	i = search(h, false, 0, number);
	if (i == history_pieces(h))
		return NULL;
	p = history_piece(h, i);
	/* What was next may have gone meanwhile. */
	if (number < p.number)
		number = p.number;
	open_reader(h, &p);
	s = sample_reader_at(&h->reader.samples, (unsigned)(number - p.number), check);
	*it = (size_t)number + 1;
	return s->time_ms <= to_ms ? s : NULL;
}

int64_t
history_since(const struct history *h)
{
	size_t i = history_find(h, h->oldest_ms);
	int64_t times_ms[SERIES_ROWS];
	struct piece p;
	unsigned row = 0;

	if (i == history_pieces(h))
		return 0;
	p = history_piece(h, i);
	piece_times(&p, times_ms);
	while (times_ms[row] < h->oldest_ms)
		row++;
	return times_ms[row];
}

size_t
history_count(const struct history *h, int64_t from_ms, int64_t before_ms)
{
	size_t n = 0;

	for (size_t i = history_find(h, from_ms); i < history_pieces(h); i++) {
		struct piece p = history_piece(h, i);
		int64_t times_ms[SERIES_ROWS];

		if (p.first_ms >= before_ms)
			break;
		piece_times(&p, times_ms);
		for (unsigned row = 0; row < p.count; row++)
			n += times_ms[row] >= from_ms && times_ms[row] < before_ms;
	}
	return n;
}
