/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/novelty.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define LENGTH_MOST 8
#define NOWHERE 1e36f /* the values of a window that is not there yet: far from everything, yet finite */

/* Four windows at once, in what gcc and clang make of every machine's vectors. */
#define LANES 4
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t ints __attribute__((vector_size(LANES * sizeof(int32_t))));

struct nearest {
	float distance;
	unsigned index;
};

void
novelty_init(struct novelty *n)
{
	memset(n, 0, sizeof(*n));
	for (unsigned i = 0; i < NOVELTY_VALUES; i++)
		n->window[i] = NOWHERE;
}

/* distances of LANES windows, as integers: those of floats that are not negative have the same order. */
static inline ints
distances_to(const float *first, const float *window, unsigned length, unsigned most)
{
	floats sum = { 0 };

	for (unsigned k = 0; k < length; k++) {
		floats value;
		ints distance;

		memcpy(&value, first + k * most, sizeof(value));
		distance = (ints)(value - window[k]) & INT32_MAX; /* without the sign */
		sum += (floats)distance;
	}
	return (ints)sum;
}

/* nearest_of_lanes: the lowest index among equals. */
static struct nearest
nearest_of_lanes(ints distance, ints index)
{
	int32_t best = 0;
	struct nearest nearest;

	for (int32_t i = 1; i < LANES; i++)
		if (distance[i] < distance[best] || (distance[i] == distance[best] && index[i] < index[best]))
			best = i;
	nearest.index = (unsigned)index[best];
	best = distance[best];
	memcpy(&nearest.distance, &best, sizeof(best));
	return nearest;
}

/* find_among is inlined with a constant length. */
static inline struct nearest
find_among(const struct novelty *n, const float *window, unsigned length)
{
	const unsigned most = NOVELTY_VALUES / length;
	ints at = { 0, 1, 2, 3 }, index = at, distance = distances_to(n->window, window, length, most);

	for (unsigned i = LANES; i < n->count; i += LANES) {
		ints other = distances_to(n->window + i, window, length, most), nearer = other < distance;

		at += LANES;
		distance = (other & nearer) | (distance & ~nearer);
		index = (at & nearer) | (index & ~nearer);
	}
	return nearest_of_lanes(distance, index);
}

static struct nearest
find_nearest(const struct novelty *n, const float *window, unsigned length)
{
	return length == 4 ? find_among(n, window, 4) : find_among(n, window, 8);
}

static void
copy_window(const struct novelty_window *w, const float *recent, unsigned ago, float *window)
{
	float mean = 0;

	for (unsigned k = 0; k < w->length; k++) {
		window[k] = recent[NOVELTY_RECENT - 1 - ago - (w->length - 1 - k) * w->stride];
		mean += window[k] / (float)w->length;
	}
	for (unsigned k = 0; w->centred && k < w->length; k++)
		window[k] -= mean;
}

/* matched moves a window to the front of the order. */
static void
matched(struct novelty *n, unsigned index)
{
	uint8_t *at = memchr(n->order, (int)index, n->count);

	memmove(n->order + 1, n->order, (size_t)(at - n->order));
	n->order[0] = (uint8_t)index;
}

static void
remember(struct novelty *n, const struct novelty_window *w, const float *window)
{
	unsigned most = NOVELTY_VALUES / w->length, index;

	if (n->count < most) {
		index = n->count++;
		n->order[index] = (uint8_t)index;
	} else {
		index = n->order[most - 1];
	}
	for (unsigned k = 0; k < w->length; k++)
		n->window[k * most + index] = window[k];
	matched(n, index);
}

/* reconsider the window that has just left the present one's values: if it was novel when it came, is it still? */
static void
reconsider(struct novelty *n, const struct novelty_window *w, const float *recent, double least)
{
	unsigned ago = w->length * w->stride;
	float window[LENGTH_MOST];

	if (!(n->novel >> ago & 1))
		return;
	copy_window(w, recent, ago, window);
	if (n->count == 0 || find_nearest(n, window, w->length).distance > least)
		remember(n, w, window);
}

double
novelty_feed(
    struct novelty *n, const struct novelty_window *w, const float recent[NOVELTY_RECENT], unsigned count, double least)
{
	float window[LENGTH_MOST];
	struct nearest nearest;
	double evidence = -1;

	assert(w->length == 4 || w->length == 8);
	assert(w->length * w->stride + (w->length - 1) * w->stride < NOVELTY_RECENT);
	n->novel <<= 1;
	if (count <= (w->length - 1) * w->stride)
		return evidence;
	copy_window(w, recent, 0, window);
	if (n->count > 0) {
		nearest = find_nearest(n, window, w->length);
		matched(n, nearest.index);
		evidence = nearest.distance;
	}
	n->novel |= evidence < 0 || evidence > least;
	if (count > w->length * w->stride + (w->length - 1) * w->stride)
		reconsider(n, w, recent, least);
	return evidence;
}
