/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many in the last so-and-so long: a count per time bucket, so that a flood costs no more memory than a trickle. The answer is exact
 * to one bucket's length.
 */
#ifndef ANALYZE_WINDOW_H
#define ANALYZE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

struct window {           /* private */
	uint32_t *counts; /* of bucket number modulo cap */
	size_t cap;
	int64_t bucket_ms;
	int64_t newest; /* bucket number */
};

/* window_init makes a window of cap buckets of bucket_ms each. */
void window_init(struct window *w, size_t cap, int64_t bucket_ms);
void window_release(struct window *w);
/* window_add counts n at time_ms; what is older than the window is left out. A bucket holds at most UINT32_MAX. */
void window_add(struct window *w, int64_t time_ms, uint64_t n);
/* window_take takes n out again that were counted at time_ms. */
void window_take(struct window *w, int64_t time_ms, uint64_t n);
/* window_count is the number in the last span_ms (at most the window's length) as of now_ms. */
uint64_t window_count(const struct window *w, int64_t now_ms, int64_t span_ms);

#endif
