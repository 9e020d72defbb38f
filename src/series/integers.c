/* SPDX-License-Identifier: Apache-2.0 */
#include "series/integers.h"

#include <assert.h>
#include <math.h>

#include "series/rice.h"

#define ORDERS 3

static uint64_t
zigzag(uint64_t x)
{
	return x << 1 ^ (0 - (x >> 63));
}

static uint64_t
unzigzag(uint64_t u)
{
	return u >> 1 ^ (0 - (u & 1));
}

void
integer_put(struct bit_writer *w, int64_t x)
{
	uint64_t u = zigzag((uint64_t)x);

	bits_put(w, bits_needed(u), 7);
	bits_put(w, u, bits_needed(u));
}

int64_t
integer_get(struct bit_reader *r)
{
	unsigned length = (unsigned)bits_get(r, 7);

	if (length > 64)
		r->bad = true;
	return (int64_t)unzigzag(bits_get(r, length > 64 ? 0 : length));
}

/* ---- writing ---- */

/* One way to write a row, and what is left then. */
struct attempt {
	unsigned order;
	int64_t centre;
	struct rice rice;
	uint64_t rest[SERIES_ROWS];
};

/* common_zeros: d[i] is the distance of x[i] from the first. */
static unsigned
common_zeros(const int64_t *d, unsigned n)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < n; i++)
		any |= (uint64_t)d[i];
	return any ? (unsigned)__builtin_ctzll(any) : 0;
}

/* mean is only a good guess: what does not fit is taken as 0. */
static int64_t
mean(const int64_t *d, unsigned n)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += (double)d[i];
	sum /= n;
	return fabs(sum) < 9e18 ? (int64_t)sum : 0;
}

static void
fill_rest(struct attempt *a, const int64_t *d, unsigned n)
{
	uint64_t before = 0, step_before = 0;

	for (unsigned i = 1; i < n; i++) {
		uint64_t now = (uint64_t)d[i], step = now - before, left;

		left = a->order == 0 ? now : a->order == 1 ? step : step - step_before;
		a->rest[i - 1] = zigzag(left - (uint64_t)a->centre);
		before = now;
		step_before = step;
	}
	a->rice = rice_plan(a->rest, n - 1);
	a->rice.bits += bits_needed(zigzag((uint64_t)a->centre));
}

static const struct attempt *
best_attempt(struct attempt all[4], const int64_t *d, unsigned n)
{
	const struct attempt *best = &all[0];
	int64_t drift = n > 1 ? (int64_t)((uint64_t)d[n - 1] - (uint64_t)d[0]) / (int64_t)(n - 1) : 0;

	all[0].order = 1;
	all[1].order = 1;
	all[1].centre = drift;
	all[2].order = 2;
	all[3].order = 0;
	all[3].centre = mean(d, n);
	for (int i = 0; i < 4; i++) {
		fill_rest(&all[i], d, n);
		if (all[i].rice.bits < best->rice.bits)
			best = &all[i];
	}
	return best;
}

void
integers_write(struct bit_writer *w, const int64_t *x, unsigned n)
{
	struct attempt all[4];
	const struct attempt *best;
	int64_t d[SERIES_ROWS];
	unsigned shift;

	assert(n > 0 && n <= SERIES_ROWS);
	for (unsigned i = 0; i < n; i++)
		d[i] = (int64_t)((uint64_t)x[i] - (uint64_t)x[0]);
	shift = common_zeros(d, n);
	for (unsigned i = 0; i < n; i++)
		d[i] >>= shift;
	all[0].centre = all[2].centre = 0;
	best = best_attempt(all, d, n);
	integer_put(w, x[0]);
	bits_put(w, shift, 6);
	bits_put(w, best->order, 2);
	integer_put(w, best->centre);
	rice_write(w, &best->rice, best->rest, n - 1);
}

/* ---- reading ---- */

/* One loop for each order: this is where a query's time goes. */
static void
add_up(int64_t *x, const uint64_t *rest, unsigned n, unsigned order, uint64_t centre, unsigned shift)
{
	uint64_t first = (uint64_t)x[0], sum = 0, step = 0;

	if (order == 0)
		for (unsigned i = 1; i < n; i++)
			x[i] = (int64_t)(first + ((unzigzag(rest[i - 1]) + centre) << shift));
	else if (order == 1)
		for (unsigned i = 1; i < n; i++)
			x[i] = (int64_t)(first + ((sum += unzigzag(rest[i - 1]) + centre) << shift));
	else
		for (unsigned i = 1; i < n; i++)
			x[i] = (int64_t)(first + ((sum += step += unzigzag(rest[i - 1]) + centre) << shift));
}

void
integers_read(struct bit_reader *r, int64_t *x, unsigned n)
{
	uint64_t rest[SERIES_ROWS], centre;
	unsigned shift, order;

	assert(n > 0 && n <= SERIES_ROWS);
	x[0] = integer_get(r);
	shift = (unsigned)bits_get(r, 6);
	order = (unsigned)bits_get(r, 2);
	if (order >= ORDERS)
		r->bad = true;
	centre = (uint64_t)integer_get(r);
	rice_read(r, rest, n - 1);
	add_up(x, rest, n, order, centre, shift);
}
