/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sample_rows.h"

#include <math.h>
#include <string.h>

void
sample_rows_init(struct sample_rows *s)
{
	memset(s, 0, sizeof(*s));
	s->rows = grid_new(SAMPLE_WIDTH);
}

void
sample_rows_release(struct sample_rows *s)
{
	grid_free(s->rows);
	check_log_release(&s->checks);
	check_state_release(&s->last);
	memset(s, 0, sizeof(*s));
}

void
sample_rows_copy(struct sample_rows *to, const struct sample_rows *from)
{
	memset(to, 0, sizeof(*to));
	to->rows = grid_copy(from->rows);
	check_log_copy(&to->checks, &from->checks);
}

void
sample_rows_clear(struct sample_rows *s)
{
	grid_clear(s->rows);
	check_log_release(&s->checks);
	check_state_reset(&s->last);
}

void
sample_rows_add(struct sample_rows *s, int64_t time_ms, const struct sample *sample, const struct past_check *check)
{
	grid_begin(s->rows, time_ms);
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (sample->present[i])
			grid_put(s->rows, i, sample->value[i]);
	for (unsigned i = 0; i < sample->scheduler_count; i++)
		grid_put(s->rows, METRIC_COUNT + i, (double)sample->scheduler_utilization[i]);
	check_log_add(&s->checks, &s->last, s->rows->count - 1, check);
}

/* ---- reading ---- */

void
piece_times(const struct piece *p, int64_t times_ms[SERIES_ROWS])
{
	if (p->block)
		block_times(p->block->block, times_ms);
	else
		memcpy(times_ms, p->open->rows->time_ms, p->count * sizeof(times_ms[0]));
}

void
sample_reader_open(struct sample_reader *r, const struct piece *p)
{
	if (p->block) {
		if (r->unpacked == NULL)
			r->unpacked = grid_new(SAMPLE_WIDTH);
		block_unpack(p->block->block, r->unpacked);
		r->rows = r->unpacked;
	} else {
		r->rows = p->open->rows;
	}
	check_reader_open(&r->checks, p->block ? &p->block->checks : &p->open->checks);
	r->begun = false;
}

/* set_scheduler: of those before it that a foreign file has no column of, nothing is known. */
static void
set_scheduler(struct sample *s, unsigned i, double v)
{
	while (s->scheduler_count <= i)
		s->scheduler_utilization[s->scheduler_count++] = NAN;
	s->scheduler_utilization[i] = (float)v;
}

static void
fill_sample(struct sample *s, const struct grid *rows, unsigned row)
{
	s->time_ms = rows->time_ms[row];
	memset(s->present, 0, sizeof(s->present));
	s->scheduler_count = 0;
	for (unsigned i = 0; i < rows->columns; i++) {
		const struct grid_cells *c = rows->cells[i];
		unsigned number = rows->number[i];

		if (!cells_have(c, row))
			continue;
		if (number < METRIC_COUNT) {
			s->present[number] = isfinite(c->v[row]); /* a file may say anything */
			s->value[number] = c->v[row];
		} else if (number < SAMPLE_WIDTH) {
			set_scheduler(s, number - METRIC_COUNT, c->v[row]);
		}
	}
}

const struct sample *
sample_reader_at(struct sample_reader *r, unsigned row, const struct past_check **check)
{
	if (r->begun && row < r->row)
		check_reader_begin(&r->checks);
	r->begun = true;
	r->row = row;
	fill_sample(&r->sample, r->rows, row);
	*check = check_reader_at(&r->checks, row, r->sample.time_ms);
	return &r->sample;
}

void
sample_reader_release(struct sample_reader *r)
{
	grid_free(r->unpacked);
	check_reader_release(&r->checks);
}
