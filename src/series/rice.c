/* SPDX-License-Identifier: Apache-2.0 */
#include "series/rice.h"

#define RUN_WIDE 16

/* How many numbers there are of each length in bits; behind the largest length there is room to look ahead. */
struct lengths {
	unsigned of[64 + 6];
	unsigned longest;
	unsigned total;
};

static struct lengths
count_lengths(const uint64_t *u, unsigned n)
{
	struct lengths l = { .total = n };

	for (unsigned i = 0; i < n; i++)
		l.of[bits_needed(u[i])]++;
	for (l.longest = 64; l.longest > 0 && l.of[l.longest] == 0;)
		l.longest--;
	return l;
}

/*
 * half_bits is twice what the numbers take with k, `fit` of which are no longer than k bits. A number d bits longer than k has between 2^(d-1)
 * and 2^d - 1 ones; of those with d = 4 about half are beyond the escape.
 */
static uint64_t
half_bits(const struct lengths *l, unsigned k, unsigned fit)
{
	const unsigned *longer = &l->of[k];
	unsigned rest = l->total - fit - longer[1] - longer[2] - longer[3] - longer[4];

	return (uint64_t)fit * 2 * (k + 1) + (uint64_t)longer[1] * 2 * (k + 2) + (uint64_t)longer[2] * (2 * k + 7) +
	    (uint64_t)longer[3] * (2 * k + 13) + (uint64_t)longer[4] * (k + l->longest + 22) +
	    (uint64_t)rest * 2 * (RICE_ESCAPE + l->longest);
}

/* choose_k sets k, and bits to what the numbers take with it. */
static void
choose_k(struct rice *plan, const struct lengths *l)
{
	unsigned fit = 0;

	plan->bits = UINT64_MAX;
	for (unsigned k = 0; k <= l->longest && k < 64; k++) {
		uint64_t bits;

		fit += l->of[k];
		bits = half_bits(l, k, fit) / 2;
		if (bits >= plan->bits)
			continue;
		plan->bits = bits;
		plan->k = k;
	}
}

/* plan_runs: each number that is not zero takes a run, and so does the end. */
static struct rice
plan_runs(struct lengths *l)
{
	unsigned zeros = l->of[0], runs = l->total - zeros + 1;
	struct rice plan = { .runs = true, .run_k = bits_needed(zeros / runs), .wide = l->longest ? l->longest : 1 };

	if (plan.run_k > 15)
		plan.run_k = 15;
	l->total -= zeros;
	l->of[0] = 0;
	choose_k(&plan, l);
	plan.bits += (uint64_t)runs * (plan.run_k + 2) + 17;
	return plan;
}

struct rice
rice_plan(const uint64_t *u, unsigned n)
{
	struct lengths l = count_lengths(u, n);
	struct rice plan = { .wide = l.longest ? l.longest : 1 }, runs;

	choose_k(&plan, &l);
	plan.bits += 13;
	if (l.of[0] < n / 2)
		return plan;
	runs = plan_runs(&l);
	return runs.bits < plan.bits ? runs : plan;
}

/* ---- writing ---- */

static void
put(struct bit_writer *w, uint64_t u, unsigned k, unsigned wide)
{
	uint64_t ones = u >> k;

	if (ones >= RICE_ESCAPE) {
		bits_put(w, (1u << RICE_ESCAPE) - 1, RICE_ESCAPE);
		bits_put(w, u, wide);
	} else {
		bits_put(w, (UINT64_C(2) << ones) - 2, (unsigned)ones + 1);
		bits_put(w, u - (ones << k), k);
	}
}

static void
put_runs(struct bit_writer *w, const struct rice *plan, const uint64_t *u, unsigned n)
{
	unsigned run = 0;

	for (unsigned i = 0; i < n; i++) {
		if (u[i] == 0) {
			run++;
			continue;
		}
		put(w, run, plan->run_k, RUN_WIDE);
		put(w, u[i] - 1, plan->k, plan->wide);
		run = 0;
	}
	if (run > 0)
		put(w, run, plan->run_k, RUN_WIDE);
}

void
rice_write(struct bit_writer *w, const struct rice *plan, const uint64_t *u, unsigned n)
{
	bits_put(w, plan->runs, 1);
	bits_put(w, plan->k, 6);
	bits_put(w, plan->wide - 1, 6);
	if (plan->runs) {
		bits_put(w, plan->run_k, 4);
		put_runs(w, plan, u, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		put(w, u[i], plan->k, plan->wide);
}

/* ---- reading ---- */

static inline uint64_t
get(struct bit_reader *r, unsigned k, unsigned wide)
{
	uint64_t word = bits_peek(r);
	unsigned ones = ~word ? (unsigned)__builtin_clzll(~word) : 64;
	uint64_t low;

	if (ones >= RICE_ESCAPE) {
		bits_skip(r, RICE_ESCAPE);
		return bits_get(r, wide);
	}
	if (ones + 1 + k > BITS_PEEK) {
		bits_skip(r, ones + 1);
		return (uint64_t)ones << k | bits_get(r, k);
	}
	low = k > 0 ? word << (ones + 1) >> (64 - k) : 0;
	bits_skip(r, ones + 1 + k);
	return (uint64_t)ones << k | low;
}

static void
get_runs(struct bit_reader *r, const struct rice *plan, uint64_t *u, unsigned n)
{
	memset(u, 0, n * sizeof(*u));
	for (unsigned i = 0; i < n && !r->bad; i++) {
		uint64_t run = get(r, plan->run_k, RUN_WIDE);

		if (run > n - i)
			r->bad = true;
		if (run >= n - i)
			return;
		i += (unsigned)run;
		u[i] = get(r, plan->k, plan->wide) + 1;
	}
}

void
rice_read(struct bit_reader *r, uint64_t *u, unsigned n)
{
	struct rice plan = { .runs = bits_get(r, 1) };

	plan.k = (unsigned)bits_get(r, 6);
	plan.wide = (unsigned)bits_get(r, 6) + 1;
	if (plan.runs) {
		plan.run_k = (unsigned)bits_get(r, 4);
		get_runs(r, &plan, u, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		u[i] = get(r, plan.k, plan.wide);
}
