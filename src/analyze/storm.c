/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/storm.h"

#include <math.h>

static void
feed_one(struct storm *s, int64_t time_ms)
{
	struct recent_restarts *r = &s->recent;
	bool going_on;

	recent_restarts_add(r, time_ms);
	going_on = storm_is_active(s, r->time_ms[0]);
	if (!recent_restarts_within(r, STORM_RESTARTS, STORM_SPAN_MS)) {
		s->slower++;
		return;
	}
	if (going_on) {
		s->restarts += s->slower + 1;
	} else {
		s->restarts = STORM_RESTARTS;
		s->first_ms = r->time_ms[STORM_RESTARTS - 1];
		s->last_ms = s->detected_ms = r->time_ms[0];
	}
	s->slower = 0;
	s->last_ms = r->time_ms[0] > s->last_ms ? r->time_ms[0] : s->last_ms; /* a folded flood reaches on */
}

void
storm_feed(struct storm *s, int64_t time_ms, int64_t last_ms, uint64_t times)
{
	uint64_t some = times < STORM_RESTARTS ? times : STORM_RESTARTS;

	for (uint64_t i = 0; i < some; i++)
		feed_one(s, time_ms);
	s->restarts += times - some;
	if (last_ms > time_ms && s->restarts > 0 && last_ms > s->last_ms)
		s->last_ms = last_ms;
}

bool
storm_is_active(const struct storm *s, int64_t now_ms)
{
	return s->restarts > 0 && now_ms - s->last_ms <= STORM_SPAN_MS;
}

void
storm_end(struct storm *s)
{
	s->restarts = 0;
}

double
storm_confidence(const struct storm *s)
{
	return s->restarts < STORM_RESTARTS ? 0 : 1 - exp2(3 - (double)s->restarts);
}
