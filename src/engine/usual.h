/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was usual for a watched metric at each time: the baseline, and the band around it within which nothing is an excursion (analyze/anomaly.h), found by
 * the same detector over the samples kept, each judged by those before it only. Of a counter it is of its rate per second.
 *
 * It is what the engine itself has, but for what series learn of each other and of the days before: excursions that others had, surges, drifts, sudden findings
 * (so the baseline may be held a few samples later, or a new level be adopted at another time), and message queues, which are taken at every sample. What is
 * told by roll-ups alone has no band.
 */
#ifndef ENGINE_USUAL_H
#define ENGINE_USUAL_H

#include "engine/engine.h"

/* As of the end of a step that begins at time_ms. */
struct usual_point {
	int64_t time_ms;
	double mean, low, high;
};

struct usual_walk;

/* usual_walk_new: the steps are those of engine_past_points; step_ms > 0. The engine must outlive it. */
struct usual_walk *usual_walk_new(
    const struct engine *e, enum metric_id metric, int64_t from_ms, int64_t to_ms, int64_t step_ms);
void usual_walk_free(struct usual_walk *w);
/* usual_walk_go judges the next samples, some 200 us; false if those were the last. */
bool usual_walk_go(struct usual_walk *w);
/* usual_walk_points are those found so far, by time; steps in which nothing was usual yet, or not observed, are left out. */
const struct usual_point *usual_walk_points(const struct usual_walk *w, size_t *count);

#endif
