/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/health.h"

#include <math.h>
#include <string.h>

#define HYSTERESIS 0.95

/* Observations in a row until a level rises or falls. */
static const struct {
	unsigned rise, fall;
} PATIENCE[CRITERION_COUNT] = {
	[CRITERION_MEMORY] = { 1, 2 },
	[CRITERION_PROCESSES] = { 1, 2 },
	[CRITERION_CPU] = { 2, 6 },
	[CRITERION_RESTARTS] = { 1, 1 },
	[CRITERION_PORTS] = { 1, 2 },
	[CRITERION_ATOMS] = { 1, 2 },
	[CRITERION_FDS] = { 1, 2 },
	[CRITERION_MESSAGE_QUEUE] = { 2, 2 },
	[CRITERION_RESTART_BUDGET] = { 1, 1 },
};

void
health_judge_init(struct health_judge *h, const double warning[CRITERION_COUNT], const double critical[CRITERION_COUNT])
{
	memset(h, 0, sizeof(*h));
	for (int i = 0; i < CRITERION_COUNT; i++) {
		h->criteria[i].state = (struct criterion_state) { LEVEL_UNKNOWN, NAN, warning[i], critical[i] };
		h->criteria[i].told = LEVEL_HEALTHY;
	}
}

/* level_with is the level of a value with both thresholds scaled. */
static enum level
level_with(const struct criterion_state *s, double value, double scale)
{
	if (value > s->critical * scale)
		return LEVEL_CRITICAL;
	return value > s->warning * scale ? LEVEL_WARNING : LEVEL_HEALTHY;
}

/* level_wanted is where the value alone would take the level from where it is. */
static enum level
level_wanted(const struct criterion_state *s, double value)
{
	enum level rising = level_with(s, value, 1), falling = level_with(s, value, HYSTERESIS);

	if (s->level == LEVEL_UNKNOWN || rising > s->level)
		return rising;
	return falling < s->level ? falling : s->level;
}

void
health_judge_observe(struct health_judge *h, enum criterion c, double value)
{
	health_judge_observe_ahead(h, c, value, value);
}

void
health_judge_observe_ahead(struct health_judge *h, enum criterion c, double value, double ahead)
{
	struct criterion_state *s = &h->criteria[c].state;
	enum level wanted = isfinite(value) ? level_wanted(s, fmax(value, ahead)) : LEVEL_UNKNOWN;
	unsigned patience = wanted > s->level ? PATIENCE[c].rise : PATIENCE[c].fall;

	s->value = isfinite(value) ? value : NAN;
	if (wanted == s->level) {
		h->criteria[c].differs = 0;
		return;
	}
	if (s->level == LEVEL_UNKNOWN || wanted == LEVEL_UNKNOWN || ++h->criteria[c].differs >= patience) {
		s->level = wanted;
		h->criteria[c].differs = 0;
	}
}

const struct criterion_state *
health_judge_state(const struct health_judge *h, enum criterion c)
{
	return &h->criteria[c].state;
}

enum criterion
health_judge_due(struct health_judge *h, int64_t now_ms)
{
	for (int i = 0; i < CRITERION_COUNT; i++) {
		enum level level = h->criteria[i].state.level;
		bool again = level == LEVEL_CRITICAL && now_ms - h->criteria[i].told_ms >= HEALTH_REPEAT_MS;

		if (level == LEVEL_UNKNOWN || (level == h->criteria[i].told && !again))
			continue;
		h->criteria[i].told = level;
		h->criteria[i].told_ms = now_ms;
		return (enum criterion)i;
	}
	return CRITERION_COUNT;
}

void
health_judge_told(struct health_judge *h, enum criterion c, enum level level, int64_t told_ms)
{
	h->criteria[c].told = level;
	h->criteria[c].told_ms = told_ms;
}

enum level
health_worst(const struct criterion_state criteria[CRITERION_COUNT])
{
	enum level worst = LEVEL_UNKNOWN;

	for (int i = 0; i < CRITERION_COUNT; i++)
		if (criteria[i].level > worst)
			worst = criteria[i].level;
	return worst;
}

enum severity
health_severity(enum level level)
{
	return level == LEVEL_CRITICAL ? SEVERITY_HIGH : level == LEVEL_WARNING ? SEVERITY_MEDIUM : SEVERITY_LOW;
}
