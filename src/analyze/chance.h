/* SPDX-License-Identifier: Apache-2.0 */
/* Chance that is the same every time: numbers for resampling, from a seed. splitmix64, http://prng.di.unimi.it/splitmix64.c */
#ifndef ANALYZE_CHANCE_H
#define ANALYZE_CHANCE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
	uint64_t state; /* the seed */
};

static inline uint64_t
chance_bits(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* chance_uniform is in (0, 1). */
static inline double
chance_uniform(struct chance *c)
{
	return ((double)(chance_bits(c) >> 11) + 0.5) / 9007199254740992.0;
}

/* chance_normal: mean 0, deviation 1 (Box and Muller). */
static inline double
chance_normal(struct chance *c)
{
	return sqrt(-2 * log(chance_uniform(c))) * cos(6.283185307179586 * chance_uniform(c));
}

/* chance_below is one of 0 … n - 1; n > 0 and small against 2^32. */
static inline size_t
chance_below(struct chance *c, size_t n)
{
	return (size_t)((chance_bits(c) >> 32) * n >> 32);
}

#endif
