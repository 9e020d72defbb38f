/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: what was packed is unpacked bit by bit, all of it or some columns; foreign ones are looked through. */
#include "series/block.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/testing.h"

#define WIDTH 40
#define ROUNDS 300

/* Columns 30 to 34 can be guessed, from columns that are not guessed and from each other. */
static const struct guess GUESSES[] = {
	{ 30, GUESS_SUM, 0, 1 },
	{ 31, GUESS_LESS, 30, 2 },
	{ 32, GUESS_TIMES, 3, 4 },
	{ 33, GUESS_LIKE, 31, GRID_NONE },
	{ 34, GUESS_LIKE, 39, GRID_NONE },
};

static double
value(unsigned column, unsigned row)
{
	return column % 5 == 4 ? rand() / 3.0 : column % 5 == 3 ? column : (double)(row * 1000 + (unsigned)rand() % 50);
}

/* set_guessed makes columns what they are guessed to be; or something else, now and then. */
static void
set_guessed(struct grid *g, const double *v)
{
	double noise = rand() % 10 == 0;

	grid_put(g, 30, v[0] + v[1] + noise);
	grid_put(g, 31, v[0] + v[1] - v[2]);
	grid_put(g, 32, v[3] * v[4]);
	if (rand() % 2)
		grid_put(g, 33, v[0] + v[1] - v[2] + noise);
	grid_put(g, 34, 7);
}

static struct grid *
any_grid(void)
{
	struct grid *g = grid_new(WIDTH);
	unsigned rows = 1 + (unsigned)rand() % SERIES_ROWS;
	int64_t time_ms = INT64_C(1700000000000);

	for (unsigned row = 0; row < rows; row++) {
		double v[30];

		grid_begin(g, time_ms += rand() % 3 ? 5000 : rand() % 10000);
		for (unsigned i = 0; i < 30; i++) {
			v[i] = value(i, row);
			if (i < 10 || (unsigned)rand() % i < 9)
				grid_put(g, i, v[i]);
		}
		set_guessed(g, v);
	}
	return g;
}

static struct block *
packed(const struct grid *g)
{
	return packer_finish(packer_new(g, GUESSES, ARRAY_LEN(GUESSES)));
}

static void
same_column(const struct grid *a, const struct grid *b, unsigned number)
{
	const struct grid_cells *x = grid_column(a, number), *y = grid_column(b, number);

	assert_true((x == NULL) == (y == NULL));
	if (x == NULL)
		return;
	assert_memory_equal(x->present, y->present, sizeof(x->present));
	for (unsigned row = 0; row < a->count; row++)
		if (cells_have(x, row))
			assert_memory_equal(&x->v[row], &y->v[row], sizeof(double));
}

static void
same_times(const struct grid *a, const struct grid *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->time_ms, b->time_ms, a->count * sizeof(a->time_ms[0]));
}

static void
all_come_back(void **state)
{
	struct grid *back = grid_new(WIDTH);

	(void)state;
	srand(1);
	for (int i = 0; i < ROUNDS; i++) {
		struct grid *g = any_grid(), *copy = grid_copy(g);
		struct block *b = packed(g);
		int64_t times_ms[SERIES_ROWS];

		block_unpack(b, back);
		same_times(copy, back);
		for (unsigned number = 0; number < WIDTH; number++)
			same_column(copy, back, number);
		block_times(b, times_ms);
		assert_memory_equal(times_ms, g->time_ms, g->count * sizeof(times_ms[0]));
		assert_true(b->first_ms == times_ms[0] && b->last_ms == times_ms[g->count - 1]);
		free(b);
		grid_free(copy);
		grid_free(g);
	}
	grid_free(back);
}

static void
some_come_back_without_the_rest(void **state)
{
	const uint16_t wanted[] = { 33, 5, 39 };
	struct grid *back = grid_new(WIDTH);

	(void)state;
	srand(2);
	for (int i = 0; i < ROUNDS; i++) {
		struct grid *g = any_grid();
		struct block *b = packed(g);

		block_unpack_some(b, wanted, 3, back);
		same_times(g, back);
		same_column(g, back, 33);
		same_column(g, back, 5);
		assert_null(grid_column(back, 39));
		assert_null(grid_column(back, 6));
		/* 33 may be guessed by 31, that by 30 and 2, and that by 0 and 1. */
		assert_true(back->columns <= 7);
		free(b);
		grid_free(g);
	}
	grid_free(back);
}

static void
guessed_columns_take_no_room(void **state)
{
	struct grid *g = grid_new(WIDTH);
	struct block *b;

	(void)state;
	srand(3);
	for (unsigned row = 0; row < SERIES_ROWS; row++) {
		double x = rand(), y = rand();

		grid_begin(g, row);
		grid_put(g, 0, x);
		grid_put(g, 1, y);
		grid_put(g, 30, x + y);
	}
	b = packed(g);
	assert_int_equal(b->columns, 3);
	assert_int_equal(b->directory[2].number, 30);
	assert_true(b->directory[2].len <= 16);
	assert_true(b->directory[1].len > SERIES_ROWS * 3);
	free(b);
	grid_free(g);
}

static void
packing_goes_by_steps(void **state)
{
	struct grid *g;
	struct packer *p;
	struct block *a, *b;
	int steps = 0;

	(void)state;
	srand(4);
	g = any_grid();
	p = packer_new(g, GUESSES, ARRAY_LEN(GUESSES));
	while (packer_step(p))
		steps++;
	a = packer_finish(p);
	b = packed(g);
	assert_int_equal(steps, a->columns);
	assert_true(block_size(a) == block_size(b) && a->len == b->len);
	assert_memory_equal(a->bytes, b->bytes, a->len);
	packer_free(packer_new(g, NULL, 0));
	packer_free(NULL);
	free(a);
	free(b);
	grid_free(g);
}

/* ---- foreign blocks ---- */

static struct block *
read_again(const struct block *b, const struct block_column *directory, size_t len, unsigned width)
{
	return block_read(b->rows, b->time_len, directory, b->columns, b->bytes, len, width);
}

static void
a_block_is_read_from_its_parts(void **state)
{
	struct grid *g, *back = grid_new(WIDTH);
	struct block_column directory[WIDTH];
	struct block *b, *again;

	(void)state;
	srand(5);
	g = any_grid();
	b = packed(g);
	memcpy(directory, b->directory, b->columns * sizeof(directory[0]));
	/* A column that nobody knows any more is still what others are guessed by. */
	directory[0].number = GRID_NONE;
	again = read_again(b, directory, b->len, WIDTH);
	assert_non_null(again);
	block_unpack(again, back);
	assert_null(grid_column(back, b->directory[0].number));
	for (unsigned number = 0; number < WIDTH; number++)
		if (number != b->directory[0].number)
			same_column(g, back, number);
	free(again);
	free(b);
	grid_free(g);
	grid_free(back);
}

static void
what_is_no_block_is_refused(void **state)
{
	struct block_column directory[WIDTH];
	struct grid *g;
	struct block *b;

	(void)state;
	srand(6);
	g = any_grid();
	b = packed(g);
	memcpy(directory, b->directory, b->columns * sizeof(directory[0]));
	assert_null(read_again(b, directory, b->len - 1, WIDTH));
	assert_null(read_again(b, directory, b->len, 3));
	assert_null(block_read(0, b->time_len, directory, b->columns, b->bytes, b->len, WIDTH));
	assert_null(block_read(SERIES_ROWS + 1, b->time_len, directory, b->columns, b->bytes, b->len, WIDTH));
	directory[1].number = directory[0].number;
	assert_null(read_again(b, directory, b->len, WIDTH));
	free(b);
	grid_free(g);
}

/* Otherwise a block of some KB could be one of 64 MB. */
static void
bytes_that_say_nothing_are_refused(void **state)
{
	struct block_column directory[WIDTH];
	struct grid *g;
	struct block *b;
	uint8_t *bytes;
	size_t len;

	(void)state;
	srand(8);
	g = any_grid();
	b = packed(g);
	len = b->len + 2;
	bytes = xcalloc(len, 1);
	memcpy(directory, b->directory, b->columns * sizeof(directory[0]));
	memcpy(bytes, b->bytes, b->len);
	directory[b->columns - 1].len += 2;
	assert_null(block_read(b->rows, b->time_len, directory, b->columns, bytes, len, WIDTH));
	directory[b->columns - 1].len -= 2;
	memmove(bytes + b->time_len + 2, b->bytes + b->time_len, b->len - b->time_len);
	assert_null(block_read(b->rows, b->time_len + 2u, directory, b->columns, bytes, len, WIDTH));
	free(bytes);
	free(b);
	grid_free(g);
}

/* Flipped bits are found, or make another block that can be read; nothing else happens (AddressSanitizer looks on). */
static void
damage_does_no_harm(void **state)
{
	struct grid *back = grid_new(WIDTH);

	(void)state;
	srand(7);
	for (int i = 0; i < 10 * ROUNDS; i++) {
		struct grid *g = any_grid();
		struct block *b = packed(g), *again;
		uint8_t *bytes = xmemdup(b->bytes, b->len);

		for (int k = 0; k <= i % 3; k++)
			bytes[(size_t)rand() % b->len] ^= (uint8_t)(1 << rand() % 8);
		again = block_read(b->rows, b->time_len, b->directory, b->columns, bytes, b->len, WIDTH);
		if (again)
			block_unpack(again, back);
		free(again);
		free(bytes);
		free(b);
		grid_free(g);
	}
	grid_free(back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_back),
		cmocka_unit_test(some_come_back_without_the_rest),
		cmocka_unit_test(guessed_columns_take_no_room),
		cmocka_unit_test(packing_goes_by_steps),
		cmocka_unit_test(a_block_is_read_from_its_parts),
		cmocka_unit_test(what_is_no_block_is_refused),
		cmocka_unit_test(bytes_that_say_nothing_are_refused),
		cmocka_unit_test(damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
