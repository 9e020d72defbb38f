/* SPDX-License-Identifier: Apache-2.0 */
/* Samples as rows of columns, and back; with the checks beside them. */
#ifndef ENGINE_SAMPLE_ROWS_H
#define ENGINE_SAMPLE_ROWS_H

#include "engine/past_block.h"

/* Samples that are not packed yet. */
struct sample_rows {
	struct grid *rows; /* of SAMPLE_WIDTH */
	struct check_log checks;
	struct check_state last; /* the newest row's check */
};

void sample_rows_init(struct sample_rows *s);
void sample_rows_release(struct sample_rows *s);
/* sample_rows_copy makes *to an independent copy, to be read only. */
void sample_rows_copy(struct sample_rows *to, const struct sample_rows *from);
void sample_rows_clear(struct sample_rows *s);
/* sample_rows_add adds a sample and its check (NULL: there was none) as of time_ms; there must be room. */
void sample_rows_add(
    struct sample_rows *s, int64_t time_ms, const struct sample *sample, const struct past_check *check);

/* Samples one after the other: a block, or what is not packed yet. */
struct piece {
	struct past_block *block; /* NULL: open */
	const struct sample_rows *open;
	uint64_t number; /* of its first sample, of all that ever were */
	unsigned count;
	int64_t first_ms, last_ms;
};

/* piece_times fills in the times of its rows. */
void piece_times(const struct piece *p, int64_t times_ms[SERIES_ROWS]);

/* Reads the samples of a piece. Zeros are a reader that is not open. */
struct sample_reader {
	struct grid *unpacked;
	const struct grid *rows; /* those, or those of what is open */
	struct check_reader checks;
	unsigned row; /* read last */
	bool begun;
	struct sample sample;
};

void sample_reader_open(struct sample_reader *r, const struct piece *p);
/* sample_reader_at gives a row's sample and check, valid until the next call. Rows in order are read at once, others begin anew. */
const struct sample *sample_reader_at(struct sample_reader *r, unsigned row, const struct past_check **check);
void sample_reader_release(struct sample_reader *r);

#endif
