/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The score of each watched series, by the detector and the defaults that `replay` has for single ones. A score says that a step or shape is new to the
 * series; what is worth a word is decided beside it (analyze/anomaly.h): what is sudden is told only if the series itself is surprised. While the past
 * is lived again nothing is scored: that would take longer than all the rest, and a detector is warm after ten minutes at 5 s.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/state.h"

void
scores_init(struct watched *w, double threshold)
{
	w->scores.detector = xmalloc(sizeof(*w->scores.detector));
	series_detector_init(w->scores.detector, threshold);
}

void
scores_release(struct watched *w)
{
	free(w->scores.detector);
}

void
scores_feed(struct engine *e, struct watched *w, double value)
{
	struct scores *s = &w->scores;

	if (e->restoring)
		return;
	memmove(s->recent + 1, s->recent, sizeof(s->recent) - sizeof(s->recent[0]));
	s->recent[0] = series_detector_feed(s->detector, e->last->time_ms, value).score;
	s->count += s->count < SERIES_WARM_UP;
}

void
scores_gap(struct watched *w)
{
	series_detector_gap(w->scores.detector);
}

double
scores_highest(const struct watched *w)
{
	double highest = 0;

	for (unsigned i = 0; i < SCORES_RECENT; i++)
		highest = fmax(highest, w->scores.recent[i]);
	return highest;
}

/* A score's odds are the surprise in limits, and a limit is the threshold's: told of in limits of the default, it says the same at each. */
bool
scores_surprised(const struct engine *e, const struct watched *w)
{
	double score = scores_highest(w);

	return w->scores.count < SERIES_WARM_UP ||
	    score / (1 - score) * e->options.anomaly_threshold >= ANOMALY_THRESHOLD;
}

double
engine_score(const struct engine *e, enum metric_id id)
{
	for (unsigned i = 0; i < e->watched_count; i++)
		if (e->watched[i].metric == id && e->watched[i].scores.count == SERIES_WARM_UP)
			return e->watched[i].scores.recent[0];
	return NAN;
}
