/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The patterns among restarts: the detectors (analyze/storm, periodic, cascade, correlate) over one trail (analyze/trail). Between engine/patterns.c,
 * which feeds them, and engine/pattern_list.c, which tells what they found; nobody else includes this but engine/state.h.
 */
#ifndef ENGINE_PATTERNS_H
#define ENGINE_PATTERNS_H

#include "analyze/cascade.h"
#include "analyze/correlate.h"
#include "analyze/periodic.h"
#include "analyze/storm.h"
#include "analyze/trail.h"
#include "base/ring.h"
#include "model/pattern.h"

/* A child, as the detectors know it. */
struct subject {
	struct track track; /* counted: the child's statistics, the trail and cascades hold it */
	struct patterns *in;
	struct term *supervisor, *child_id;
	bool left; /* it made room for others; restarts of it may still wait */
	struct storm storm;
	struct storm seen; /* scratch: the storm with the restarts that have not settled */
	struct periodic periodic;
	struct correlation *correlations[CORRELATE_SERIES]; /* NULL: the child never hit a spike of it */
};

struct patterns {
	struct trail trail;
	struct cascades cascades;
	struct load loads[CORRELATE_SERIES];
	unsigned subjects;
	int64_t now_ms;
	struct ring over; /* struct pattern: those that ended */
	uint64_t over_lost;
};

/* What is looked at as a resource. */
struct load_kind {
	enum metric_id metric;
	double floor; /* what rises by less is no spike */
};

extern const struct load_kind LOADS[CORRELATE_SERIES];

struct subject *subject_of(struct track *t);

/* pattern_list.c: what a detector knows, as a pattern. Terms are the subject's. */
void pattern_of_storm(const struct subject *s, const struct storm *storm, int64_t now_ms, struct pattern *out);
void pattern_of_periodic(const struct subject *s, const struct periodic *p, int64_t now_ms, struct pattern *out);
void pattern_of_cascade(const struct cascade *c, int64_t now_ms, struct pattern *out);
void pattern_of_correlation(
    const struct subject *s, const struct patterns *in, int resource, int64_t now_ms, struct pattern *out);

#endif
