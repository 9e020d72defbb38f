/* SPDX-License-Identifier: Apache-2.0 */
/* A pinned piece of the past: blocks by reference, what is not sealed yet as a copy. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

#define OPEN_PIECES 2 /* at most: what lies open, and what is being sealed */

/* The rows of a piece that lie in the range. */
struct stretch {
	struct piece piece; /* with a reference of its own; or with a copy */
	unsigned begin, end;
};

struct past_view {
	struct stretch *stretches;
	size_t count;
	struct sample_rows copies[OPEN_PIECES];
	unsigned copied;
	size_t at; /* reading: this stretch, that row of it; the reader is open if opened */
	unsigned row;
	bool opened;
	struct sample_reader reader;
};

static struct stretch
clip(const struct piece *p, int64_t from_ms, int64_t to_ms)
{
	struct stretch s = { *p, 0, p->count };
	int64_t times_ms[SERIES_ROWS];

	if (p->first_ms >= from_ms && p->last_ms <= to_ms)
		return s;
	piece_times(p, times_ms);
	while (s.begin < s.end && times_ms[s.begin] < from_ms)
		s.begin++;
	while (s.end > s.begin && times_ms[s.end - 1] > to_ms)
		s.end--;
	return s;
}

static void
pin(struct past_view *v, struct stretch s)
{
	if (s.begin == s.end)
		return;
	if (s.piece.block) {
		past_block_ref(s.piece.block);
	} else {
		sample_rows_copy(&v->copies[v->copied], s.piece.open);
		s.piece.open = &v->copies[v->copied++];
	}
	v->stretches[v->count++] = s;
}

struct past_view *
engine_past_open(const struct engine *e, int64_t from_ms, int64_t to_ms)
{
	const struct history *h = e->history;
	size_t pieces = history_pieces(h);
	struct past_view *v = xcalloc(1, sizeof(*v));

	if (from_ms < history_oldest_ms(h))
		from_ms = history_oldest_ms(h);
	v->stretches = xcalloc(pieces + 1, sizeof(v->stretches[0]));
	for (size_t i = history_find(h, from_ms); i < pieces; i++) {
		struct piece p = history_piece(h, i);

		if (p.first_ms > to_ms)
			break;
		pin(v, clip(&p, from_ms, to_ms));
	}
	past_view_rewind(v);
	return v;
}

void
past_view_free(struct past_view *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->count; i++)
		past_block_unref(v->stretches[i].piece.block);
	for (unsigned i = 0; i < v->copied; i++)
		sample_rows_release(&v->copies[i]);
	sample_reader_release(&v->reader);
	free(v->stretches);
	free(v);
}

void
past_view_rewind(struct past_view *v)
{
	v->at = 0;
	v->opened = false;
}

size_t
past_view_samples(struct past_view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++)
		n += v->stretches[i].end - v->stretches[i].begin;
	return n;
}

size_t
past_view_checks(struct past_view *v)
{
	struct check_reader r = { .bytes = NULL };
	size_t n = 0;

	for (size_t i = 0; i < v->count; i++) {
		const struct stretch *s = &v->stretches[i];

		check_reader_open(&r, s->piece.block ? &s->piece.block->checks : &s->piece.open->checks);
		for (unsigned row = s->begin; row < s->end; row++)
			n += check_reader_at(&r, row, 0) != NULL;
	}
	check_reader_release(&r);
	return n;
}

const struct sample *
past_view_next(struct past_view *v, const struct past_check **check)
{
	const struct stretch *s = &v->stretches[v->at];

	if (v->opened && v->row == s->end) {
		v->opened = false;
		s = &v->stretches[++v->at];
	}
	if (v->at == v->count)
		return NULL;
	if (!v->opened) {
		sample_reader_open(&v->reader, &s->piece);
		v->opened = true;
		v->row = s->begin;
	}
	return sample_reader_at(&v->reader, v->row++, check);
}
