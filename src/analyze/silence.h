/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the samples beyond a limit are reported: one for each incident, and then silence for a while.
 *
 * An *incident* that needs no second word is a run of samples of extreme surprise (SILENCE_EXTREME and more, whatever the limit), cut after
 * SILENCE_INCIDENT samples: so a flat line that moves is one report. The silence after a report grows with experience, by
 * habituation: a fiftieth of all samples seen, at least SILENCE_LEAST and at most SILENCE_MOST.
 *
 * A smaller limit never gives fewer reports: what must pass between a report and the next one ends the later, the later that report was;
 * so of all ways to pick samples beyond a limit, taking each as soon as it may be taken picks the most (the greedy choice of
 * activities, T. Cormen et al., "Introduction to Algorithms", section 16.1), and a smaller limit has more to pick from.
 */
#ifndef ANALYZE_SILENCE_H
#define ANALYZE_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#define SILENCE_LEAST 10 /* samples */
#define SILENCE_MOST 120 /* ten minutes at 5 s */
#define SILENCE_INCIDENT 20
#define SILENCE_EXTREME 3.0

/* { 0 } is one that has seen nothing. */
struct silence {
	uint32_t seen;     /* samples, not counted beyond what matters */
	uint16_t left;     /* samples of the silence */
	uint16_t incident; /* samples of the incident under way; 0: none is */
	bool told;         /* the incident under way was reported */
};

/* silence_broken counts a sample; true: it is to be reported. beyond is whether it is beyond the limit. */
bool silence_broken(struct silence *s, double surprise, bool beyond);

#endif
