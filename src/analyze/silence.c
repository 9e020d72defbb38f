/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/silence.h"

#define HABITUATION 50 /* samples seen for each sample of silence */

static void
follow_incident(struct silence *s, double surprise)
{
	bool extreme = surprise >= SILENCE_EXTREME;

	if (!extreme || s->incident == SILENCE_INCIDENT) {
		s->incident = 0;
		s->told = false;
	}
	s->incident += extreme;
}

static uint16_t
silence_after(const struct silence *s)
{
	uint32_t samples = s->seen / HABITUATION;

	return (uint16_t)(samples < SILENCE_LEAST ? SILENCE_LEAST : samples);
}

bool
silence_broken(struct silence *s, double surprise, bool beyond)
{
	s->seen += s->seen < SILENCE_MOST * HABITUATION;
	follow_incident(s, surprise);
	if (s->left > 0) {
		s->left--;
		return false;
	}
	if (!beyond || s->told)
		return false;
	s->left = silence_after(s);
	s->told = s->incident > 0;
	return true;
}
