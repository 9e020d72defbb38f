/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/clock_offset.h"

#define STEP_COUNT 8 /* so many late in a row are no delay */
#define STEP_MS 2000
#define ABSURD_MS (1ll << 53)

static bool
is_absurd(int64_t ms)
{
	return ms < -ABSURD_MS || ms > ABSURD_MS;
}

/* The smallest of the newest n. */
static int64_t
smallest(const struct clock_offset *c, uint64_t n)
{
	int64_t min = INT64_MAX;

	for (uint64_t i = 0; i < n && i < c->count; i++) {
		int64_t d = c->difference[(c->count - 1 - i) % CLOCK_OFFSET_WINDOW];

		min = d < min ? d : min;
	}
	return min;
}

void
clock_offset_add(struct clock_offset *c, int64_t node_ms, int64_t our_ms)
{
	if (!is_absurd(node_ms))
		c->difference[c->count++ % CLOCK_OFFSET_WINDOW] = our_ms - node_ms;
}

int64_t
clock_offset_apply(const struct clock_offset *c, int64_t node_ms, int64_t our_ms)
{
	int64_t all = smallest(c, CLOCK_OFFSET_WINDOW);
	int64_t recent = smallest(c, STEP_COUNT);
	int64_t offset = c->count >= STEP_COUNT && recent - all > STEP_MS ? recent : all;

	if (c->count == 0 || is_absurd(node_ms) || node_ms + offset > our_ms)
		return our_ms;
	return node_ms + offset;
}
