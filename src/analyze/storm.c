/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/storm.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void
recent_restarts_add(struct recent_restarts *r, int64_t time_ms)
{
	if (r->count > 0 && time_ms < r->time_ms[0])
		time_ms = r->time_ms[0];
	memmove(r->time_ms + 1, r->time_ms, (STORM_RESTARTS - 1) * sizeof(r->time_ms[0]));
	r->time_ms[0] = time_ms;
	r->count += r->count < STORM_RESTARTS;
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

void
storm_update(struct storm *s, const struct recent_restarts *r)
{
	bool going_on = storm_is_active(s, r->time_ms[0]);

	if (!recent_restarts_within(r, STORM_RESTARTS, STORM_SPAN_MS)) {
		s->slower++;
		return;
	}
	if (going_on)
		s->restarts += s->slower + 1;
	else
		*s = (struct storm) { .restarts = STORM_RESTARTS,
			.first_ms = r->time_ms[STORM_RESTARTS - 1],
			.detected_ms = r->time_ms[0] };
	s->slower = 0;
	s->last_ms = r->time_ms[0];
}

void
storm_take(struct storm *s, const struct recent_restarts *r)
{
	if (s->restarts == 0)
		return;
	if (s->slower > 0) {
		s->slower--;
		return;
	}
	if (--s->restarts < STORM_RESTARTS)
		*s = (struct storm) { 0 };
	else if (r->count > 0)
		s->last_ms = r->time_ms[0];
}

bool
storm_is_active(const struct storm *s, int64_t now_ms)
{
	return s->restarts > 0 && now_ms - s->last_ms <= STORM_SPAN_MS;
}

double
storm_confidence(const struct storm *s)
{
	return s->restarts < STORM_RESTARTS ? 0 : 1 - exp2(3 - (double)s->restarts);
}

void
storm_describe(const struct storm *s, const char *child, char *buf, size_t size)
{
	double seconds = (double)(s->last_ms - s->first_ms) / 1000;

	snprintf(buf, size, "%" PRIu64 " restarts in %.*f s: %s", s->restarts, seconds < 10 ? 1 : 0, seconds, child);
}
