/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/recent.h"

#include <string.h>

void
recent_restarts_add(struct recent_restarts *r, int64_t time_ms)
{
	if (r->count > 0 && time_ms < r->time_ms[0])
		time_ms = r->time_ms[0];
	memmove(r->time_ms + 1, r->time_ms, (RECENT_RESTARTS_MAX - 1) * sizeof(r->time_ms[0]));
	r->time_ms[0] = time_ms;
	r->count += r->count < RECENT_RESTARTS_MAX;
}

void
recent_restarts_take(struct recent_restarts *r, int64_t time_ms)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->time_ms[i] == time_ms) {
			memmove(r->time_ms + i, r->time_ms + i + 1, (r->count - i - 1) * sizeof(r->time_ms[0]));
			r->count--;
			return;
		}
}

bool
recent_restarts_within(const struct recent_restarts *r, unsigned n, int64_t span_ms)
{
	return r->count >= n && r->time_ms[0] - r->time_ms[n - 1] <= span_ms;
}
