/* SPDX-License-Identifier: Apache-2.0 */
#include "series/block.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "series/column.h"

#define PLACE_BITS 10

static unsigned
count_present(const struct grid_cells *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SERIES_ROWS / 64; i++)
		n += (unsigned)__builtin_popcountll(c->present[i]);
	return n;
}

static double
guessed(enum guess_kind kind, double a, double b)
{
	switch (kind) {
	case GUESS_LIKE:
		return a;
	case GUESS_SUM:
		return a + b;
	case GUESS_LESS:
		return a - b;
	case GUESS_TIMES:
		return a * b;
	case GUESS_NONE:
	case GUESS_KIND_COUNT:
		break;
	}
	return 0;
}

/* guess_values guesses the values of the rows that `target` has, from one or two columns; b may be NULL. */
static void
guess_values(enum guess_kind kind, const struct grid_cells *a, const struct grid_cells *b,
    const struct grid_cells *target, unsigned rows, double *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rows; i++)
		if (cells_have(target, i))
			out[n++] = guessed(kind, cells_have(a, i) ? a->v[i] : 0, b && cells_have(b, i) ? b->v[i] : 0);
}

/* ---- packing ---- */

struct packer {
	const struct grid *rows;
	const struct guess *guesses;
	unsigned guess_count;
	unsigned columns, next;
	uint16_t order[GRID_COLUMNS];    /* numbers: those without a guess first, for they are guessed by */
	uint16_t place_of[GRID_COLUMNS]; /* a number's place in the order */
	struct block_column directory[GRID_COLUMNS];
	unsigned time_len;
	struct strbuf out, other;
};

static const struct guess *
find_guess(const struct packer *p, unsigned number)
{
	for (unsigned i = 0; i < p->guess_count; i++)
		if (p->guesses[i].number == number)
			return &p->guesses[i];
	return NULL;
}

static void
put_in_order(struct packer *p, unsigned number)
{
	if (grid_column(p->rows, number) == NULL)
		return;
	p->place_of[number] = (uint16_t)p->columns;
	p->order[p->columns++] = (uint16_t)number;
}

struct packer *
packer_new(const struct grid *rows, const struct guess *guesses, unsigned count)
{
	struct packer *p = xcalloc(1, sizeof(*p));
	struct bit_writer w = { .out = &p->out };

	assert(rows->count > 0);
	p->rows = rows;
	p->guesses = guesses;
	p->guess_count = count;
	for (unsigned number = 0; number < rows->width; number++)
		if (find_guess(p, number) == NULL)
			put_in_order(p, number);
	for (unsigned i = 0; i < count; i++)
		put_in_order(p, guesses[i].number);
	integers_write(&w, rows->time_ms, rows->count);
	bits_finish(&w);
	p->time_len = (unsigned)p->out.len;
	return p;
}

static void
put_presence(struct bit_writer *w, const struct grid_cells *c, unsigned rows, unsigned present)
{
	bits_put(w, present < rows, 1);
	for (unsigned i = 0; 64 * i < rows && present < rows; i++)
		bits_put(w, c->present[i], rows - 64 * i < 64 ? rows - 64 * i : 64);
}

/* put_guess writes it (NULL: there is none), and guesses the values of c. */
static void
put_guess(
    struct bit_writer *w, const struct packer *p, const struct guess *g, const struct grid_cells *c, double *foretold)
{
	const struct grid_cells *b = g && g->b != GRID_NONE ? grid_column(p->rows, g->b) : NULL;

	bits_put(w, g ? g->kind : GUESS_NONE, 3);
	if (g == NULL)
		return;
	assert(p->place_of[g->a] < p->next && (b == NULL || p->place_of[g->b] < p->next));
	bits_put(w, p->place_of[g->a], PLACE_BITS);
	if (b)
		bits_put(w, p->place_of[g->b], PLACE_BITS);
	guess_values(g->kind, grid_column(p->rows, g->a), b, c, p->rows->count, foretold);
}

/* write_column appends a column; g: with this guess (NULL: none). */
static void
write_column(const struct packer *p, struct strbuf *out, const struct grid_cells *c, const struct guess *g)
{
	double v[SERIES_ROWS], foretold[SERIES_ROWS];
	struct bit_writer w = { .out = out };
	unsigned n = 0;

	for (unsigned i = 0; i < p->rows->count; i++)
		if (cells_have(c, i))
			v[n++] = c->v[i];
	put_presence(&w, c, p->rows->count, n);
	put_guess(&w, p, g, c, foretold);
	column_write(&w, v, n, g ? foretold : NULL);
	bits_finish(&w);
}

static bool
can_guess(const struct packer *p, const struct guess *g)
{
	return grid_column(p->rows, g->a) && (g->b == GRID_NONE || grid_column(p->rows, g->b));
}

bool
packer_step(struct packer *p)
{
	size_t before = p->out.len;
	const struct grid_cells *c;
	const struct guess *g;
	unsigned number;

	if (p->next == p->columns)
		return false;
	number = p->order[p->next];
	c = grid_column(p->rows, number);
	g = find_guess(p, number);
	write_column(p, &p->out, c, NULL);
	if (g && can_guess(p, g)) {
		strbuf_reset(&p->other);
		write_column(p, &p->other, c, g);
		if (p->other.len < p->out.len - before) {
			strbuf_cut(&p->out, before);
			strbuf_add(&p->out, p->other.data, p->other.len);
		}
	}
	p->directory[p->next++] = (struct block_column) { (uint16_t)number, (uint16_t)(p->out.len - before) };
	return true;
}

void
packer_free(struct packer *p)
{
	if (p == NULL)
		return;
	strbuf_release(&p->out);
	strbuf_release(&p->other);
	free(p);
}

static struct block *
block_new(const struct block_column *directory, unsigned columns, const void *bytes, size_t len)
{
	struct block *b = xmalloc(sizeof(*b) + columns * sizeof(b->directory[0]) + len + BITS_SPARE);
	uint8_t *to = (uint8_t *)&b->directory[columns];

	*b = (struct block) { .columns = (uint16_t)columns, .len = len, .bytes = to };
	if (columns > 0)
		memcpy(b->directory, directory, columns * sizeof(b->directory[0]));
	memcpy(to, bytes, len);
	memset(to + len, 0, BITS_SPARE);
	return b;
}

struct block *
packer_finish(struct packer *p)
{
	const struct grid *rows = p->rows;
	struct block *b;

	while (packer_step(p))
		;
	b = block_new(p->directory, p->columns, p->out.data, p->out.len);
	b->rows = (uint16_t)rows->count;
	b->time_len = (uint16_t)p->time_len;
	b->first_ms = rows->time_ms[0];
	b->last_ms = rows->time_ms[rows->count - 1];
	packer_free(p);
	return b;
}

size_t
block_size(const struct block *b)
{
	return sizeof(*b) + b->columns * sizeof(b->directory[0]) + b->len + BITS_SPARE;
}

/* ---- unpacking: a column's guess refers to columns before it only ---- */

/* What a column begins with. */
struct head {
	bool sparse; /* a bit for each row is there */
	enum guess_kind kind;
	unsigned a, b; /* places; the same if there is one only */
};

static bool
read_presence(struct bit_reader *r, struct grid_cells *c, unsigned rows)
{
	bool sparse = bits_get(r, 1);

	for (unsigned i = 0; i < SERIES_ROWS / 64; i++) {
		unsigned bits = rows > 64 * i ? rows - 64 * i : 0;

		bits = bits < 64 ? bits : 64;
		c->present[i] = sparse ? bits_get(r, bits) : bits > 0 ? UINT64_MAX >> (64 - bits) : 0;
	}
	return sparse;
}

static struct head
read_head(struct bit_reader *r, unsigned place, struct grid_cells *c, unsigned rows)
{
	struct head h = { .sparse = read_presence(r, c, rows) };

	h.kind = (enum guess_kind)bits_get(r, 3);
	if (h.kind == GUESS_NONE)
		return h;
	h.a = h.b = (unsigned)bits_get(r, PLACE_BITS);
	if (h.kind != GUESS_LIKE)
		h.b = (unsigned)bits_get(r, PLACE_BITS);
	if (h.kind >= GUESS_KIND_COUNT || h.a >= place || h.b >= place) {
		r->bad = true;
		h.kind = GUESS_NONE;
	}
	return h;
}

/* is_whole: all was read that there is, but for what fills the last byte. */
static bool
is_whole(const struct bit_reader *r)
{
	return !r->bad && r->end - r->at < 8;
}

static void
spread(struct grid_cells *c, const double *v, unsigned rows)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rows; i++)
		if (cells_have(c, i))
			c->v[i] = v[n++];
}

/* read_column reads the column at a place; cells[place] gets it, those it is guessed by are there. */
static bool
read_column(struct bit_reader *r, unsigned place, struct grid_cells *const *cells, unsigned rows)
{
	double v[SERIES_ROWS], foretold[SERIES_ROWS];
	struct grid_cells *c = cells[place];
	struct head h = read_head(r, place, c, rows);
	unsigned n = count_present(c);

	if (n == 0)
		return false;
	if (h.kind != GUESS_NONE)
		guess_values(h.kind, cells[h.a], cells[h.b], c, rows, foretold);
	column_read(r, n < rows ? v : c->v, n, h.kind != GUESS_NONE ? foretold : NULL);
	if (n < rows)
		spread(c, v, rows);
	return is_whole(r);
}

static void
read_times(const struct block *b, struct grid *rows, bool *bad)
{
	struct bit_reader r = bits_open(b->bytes, b->time_len);

	grid_clear(rows);
	integers_read(&r, rows->time_ms, b->rows);
	rows->count = b->rows;
	*bad = !is_whole(&r);
}

static bool
unpack(const struct block *b, struct grid *rows)
{
	const uint8_t *at = b->bytes + b->time_len;
	bool bad;

	read_times(b, rows, &bad);
	for (unsigned i = 0; i < b->columns; i++) {
		struct bit_reader r = bits_open(at, b->directory[i].len);

		grid_add_column(rows, b->directory[i].number);
		bad = !read_column(&r, i, rows->cells, b->rows) || bad;
		at += b->directory[i].len;
	}
	return !bad;
}

void
block_times(const struct block *b, int64_t times_ms[SERIES_ROWS])
{
	struct bit_reader r = bits_open(b->bytes, b->time_len);

	integers_read(&r, times_ms, b->rows);
}

void
block_unpack(const struct block *b, struct grid *rows)
{
	unpack(b, rows);
}

/* Columns that are wanted, and those that they are guessed by, and so on: all before them. */
struct chosen {
	unsigned end; /* behind the last one */
	bool wanted[GRID_COLUMNS];
	struct grid_cells *cells[GRID_COLUMNS];
};

static void
choose(struct chosen *c, const struct block *b, const uint16_t *numbers, unsigned count)
{
	c->end = 0;
	for (unsigned i = 0; i < b->columns; i++) {
		c->wanted[i] = false;
		for (unsigned k = 0; k < count && !c->wanted[i]; k++)
			c->wanted[i] = b->directory[i].number == numbers[k];
		if (c->wanted[i])
			c->end = i + 1;
	}
}

static void
choose_guesses(struct chosen *c, const struct block *b)
{
	const uint8_t *at = b->bytes + b->time_len;
	struct grid_cells unused;

	for (unsigned i = 0; i < c->end; i++)
		at += b->directory[i].len;
	for (unsigned i = c->end; i-- > 0;) {
		struct bit_reader r;
		struct head h;

		at -= b->directory[i].len;
		if (!c->wanted[i])
			continue;
		r = bits_open(at, b->directory[i].len);
		h = read_head(&r, i, &unused, b->rows);
		if (h.kind != GUESS_NONE)
			c->wanted[h.a] = c->wanted[h.b] = true;
	}
}

void
block_unpack_some(const struct block *b, const uint16_t *numbers, unsigned count, struct grid *rows)
{
	const uint8_t *at = b->bytes + b->time_len;
	struct chosen c;
	bool bad;

	read_times(b, rows, &bad);
	choose(&c, b, numbers, count);
	choose_guesses(&c, b);
	for (unsigned i = 0; i < c.end; at += b->directory[i++].len) {
		struct bit_reader r = bits_open(at, b->directory[i].len);

		if (!c.wanted[i])
			continue;
		c.cells[i] = grid_add_column(rows, b->directory[i].number);
		read_column(&r, i, c.cells, b->rows);
	}
}

/* ---- foreign blocks ---- */

static bool
fits(unsigned rows, unsigned time_len, const struct block_column *directory, unsigned columns, size_t len,
    unsigned width)
{
	size_t total = time_len;

	if (rows == 0 || rows > SERIES_ROWS || columns > GRID_COLUMNS)
		return false;
	for (unsigned i = 0; i < columns; i++) {
		if (directory[i].number != GRID_NONE && directory[i].number >= width)
			return false;
		total += directory[i].len;
	}
	return total == len;
}

static bool
numbers_differ(const struct block *b)
{
	bool seen[GRID_COLUMNS] = { false };

	for (unsigned i = 0; i < b->columns; i++) {
		unsigned number = b->directory[i].number;

		if (number != GRID_NONE && seen[number])
			return false;
		if (number != GRID_NONE)
			seen[number] = true;
	}
	return true;
}

static bool
times_grow(const struct grid *rows)
{
	for (unsigned i = 1; i < rows->count; i++)
		if (rows->time_ms[i] < rows->time_ms[i - 1])
			return false;
	return true;
}

struct block *
block_read(unsigned rows, unsigned time_len, const struct block_column *directory, unsigned columns, const void *bytes,
    size_t len, unsigned width)
{
	struct grid *all;
	struct block *b;

	if (!fits(rows, time_len, directory, columns, len, width))
		return NULL;
	b = block_new(directory, columns, bytes, len);
	b->rows = (uint16_t)rows;
	b->time_len = (uint16_t)time_len;
	all = grid_new(width);
	if (!numbers_differ(b) || !unpack(b, all) || !times_grow(all)) {
		free(b);
		b = NULL;
	} else {
		b->first_ms = all->time_ms[0];
		b->last_ms = all->time_ms[rows - 1];
	}
	grid_free(all);
	return b;
}
