/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How unusual is this sample of a series? The one detector behind `replay` and the live product, with one set of defaults: constant
 * memory, a microsecond a sample, nothing but the past is used, and the same samples give the same verdicts, bit by bit.
 *
 *	evidence    of four streams: the *step* from the last value; and how novel (analyze/novelty.h) are the last four values, the
 *	            *shape*, the last eight less their mean, the *form*, and the last four means of four values each, the *course*
 *	ratio       of each to its own ceilings (analyze/ceiling.h): a pure number, comparable among streams and series
 *	surprise    the mean of the ratios of step, shape and form, or three quarters of that of the course if that is more: what
 *	            is seen in one stream only must be the clearer, and what lasts may be fainter. Where much is usual at this hour of the
 *	            week (analyze/week.h), the surprise is what exceeds that
 *	score       surprise / (surprise + limit), the limit being 0.83 × threshold: 0.5 at the limit
 *	report      a score of 0.5 and more, once for each incident and not within the silence after a report (analyze/silence.h)
 *
 * Multiplying a series by a constant changes no verdict. There are none within SERIES_WARM_UP samples. A flat line that moves once is one
 * report. What is in the last values is not learnt as usual, so an incident is novel for as long as it goes on to
 * be like nothing before; a level that stays is the usual one after 32 samples. What is learnt does not depend on the threshold,
 * and so a larger one never gives more reports (analyze/silence.h).
 */
#ifndef ANALYZE_SERIES_DETECTOR_H
#define ANALYZE_SERIES_DETECTOR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/ceiling.h"
#include "analyze/novelty.h"
#include "analyze/silence.h"
#include "analyze/unit.h"
#include "analyze/week.h"
#include "model/anomaly_type.h"

#define SERIES_WARM_UP (CEILING_SHORT_BLOCK * CEILING_SHORT_RANK) /* samples without any verdict */
#define SERIES_BYTES 8192                                         /* the most that a detector may take */

enum series_stream {
	SERIES_SHAPE,
	SERIES_FORM,
	SERIES_COURSE,
	SERIES_NOVELTIES,
	SERIES_STEP = SERIES_NOVELTIES,
	SERIES_STREAMS
};

struct series_detector { /* private */
	double limit;
	double last;
	struct unit unit;
	unsigned count;                    /* values without a gap, up to NOVELTY_RECENT */
	float recent[NOVELTY_RECENT];      /* in the unit, the latest last */
	unsigned means_count;              /* the same of */
	float recent_mean[NOVELTY_RECENT]; /* means of four */
	struct novelty novelty[SERIES_NOVELTIES];
	struct ceiling ceiling[SERIES_STREAMS];
	unsigned aftermath; /* samples for which the course is left out */
	struct week week;
	struct silence silence;
};
static_assert(sizeof(struct series_detector) <= SERIES_BYTES, "memory per series is promised");

struct series_verdict {
	double score;  /* 0 to 1, comparable among series; >= 0.5 beyond the threshold */
	bool reported; /* an anomaly is reported at this sample: threshold passed, not held off */
};

/* series_detector_init: threshold > 0 is anomaly_threshold, ANOMALY_THRESHOLD by default; larger: fewer reports. */
void series_detector_init(struct series_detector *d, double threshold);
/*
 * series_detector_feed judges the next sample and learns it. value must be finite; beyond ±1e300 it counts as that. time_ms (since the epoch)
 * may be anything: it is used for the rhythm of the week only.
 */
struct series_verdict series_detector_feed(struct series_detector *d, int64_t time_ms, double value);
/* series_detector_gap: samples are missing, or the counter was reset. The next value does not follow the last one. */
void series_detector_gap(struct series_detector *d);

#endif
