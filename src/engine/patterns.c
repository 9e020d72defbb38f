/* SPDX-License-Identifier: Apache-2.0 */
/* The patterns among restarts: where they are found, and how they are told. */
#include "engine/state.h"

static bool
make_storm(const struct child *c, int64_t now_ms, struct pattern *out)
{
	const struct storm *s = &c->storm;

	if (s->restarts == 0 || now_ms - s->last_ms > RESTARTS_RATE_MS)
		return false;
	*out = (struct pattern) {
		.type = PATTERN_STORM,
		.supervisor = c->supervisor,
		.child_id = c->id,
		.frequency = s->restarts,
		.confidence = storm_confidence(s),
		.first_ms = s->first_ms,
		.last_ms = s->last_ms,
		.detected_ms = s->detected_ms,
		.active = storm_is_active(s, now_ms),
		.resource = METRIC_NONE,
	};
	storm_describe(s, term_text(c->id), out->text, sizeof(out->text));
	return true;
}

size_t
patterns_of(const struct engine *e, int64_t now_ms, const struct term *supervisor, struct pattern *out, size_t max)
{
	struct pattern p;
	size_t count = 0;

	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	for (const struct child *c = e->restarts.newest_child; c; c = c->older)
		if ((supervisor == NULL || term_same(c->supervisor, supervisor)) && make_storm(c, now_ms, &p))
			count = pattern_rank(out, count, max, &p);
	return count;
}

size_t
engine_patterns(const struct engine *e, int64_t now_ms, struct pattern *out, size_t max)
{
	return patterns_of(e, now_ms, NULL, out, max);
}
