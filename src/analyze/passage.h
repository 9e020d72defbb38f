/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When does a series with a trend first reach a limit? Found by letting it go on many times: the line with a slope as likely as the data make it,
 * noise put together from the shocks that were seen, the day's rhythm, and the peaks between one place and the next as they were seen. Nothing of it
 * presumes a distribution but the slope's (a bootstrap of prediction paths: L. A. Thombs, W. R. Schucany, J. Am. Stat. Assoc. 85 (1990), 486-492).
 */
#ifndef ANALYZE_PASSAGE_H
#define ANALYZE_PASSAGE_H

#include <stdint.h>

#include "analyze/trend.h"

#define PASSAGE_PLACES 800

struct passage_question {
	const struct trend *trend;
	double limit;
	const double
	    *peaks; /* by how much the largest value at a place is above its level, for some places; may be NULL */
	size_t peak_count;
	const double
	    *rhythm; /* what comes on top, by place: rhythm[i % rhythm_count] at the i-th from now; may be NULL */
	size_t rhythm_count;
	size_t horizon; /* places looked ahead, at most PASSAGE_PLACES */
	uint64_t seed;
};

/* In places from the last one; INFINITY: beyond the horizon. */
struct passage {
	double low, middle, high; /* quantiles: (1 - confidence) / 2, a half, the rest */
	double reached;           /* share of the paths that reached it within the horizon */
};

/* passage_find: the limit is finite; confidence in (0, 1). Deterministic. Costs some 200 times the horizon steps at most. */
void passage_find(const struct passage_question *q, double confidence, struct passage *out);

#endif
