/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How unusual is this sample of a series? The one detector behind `replay` and the live product, with one set of defaults: constant
 * memory, a microsecond a sample, nothing but the past is used, and the same samples give the same verdicts, bit by bit.
 *
 *	evidence    the size of the step from the last value, and the novelty of the last values' shape (analyze/novelty.h)
 *	ratio       of each to its own ceiling (analyze/ceiling.h): a pure number, comparable among series
 *	score       s / (s + limit), where s is the mean of the ratios and the limit 0.85 × threshold: 0.5 at the limit
 *	report      a score of 0.5 and more, unless one was reported within the last SERIES_HOLD_OFF samples
 *
 * Multiplying a series by a constant changes no verdict. There are none within SERIES_WARM_UP samples. A flat line that moves once is one
 * report; a level that stays is the usual one as soon as its shape is in memory. What is learnt does not depend on the threshold,
 * so a larger one never gives more reports: of all ways to pick samples beyond a limit, SERIES_HOLD_OFF apart, taking
 * each as soon as it comes picks the most, and a smaller limit has more to pick from.
 */
#ifndef ANALYZE_SERIES_DETECTOR_H
#define ANALYZE_SERIES_DETECTOR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyze/ceiling.h"
#include "analyze/novelty.h"

#define SERIES_THRESHOLD 2.0 /* the default of anomaly_threshold */
#define SERIES_HOLD_OFF 10   /* samples without a report behind a report */
#define SERIES_WARM_UP (CEILING_RANK * CEILING_BLOCK)
#define SERIES_BYTES 8192 /* the most that a detector may take */

struct series_detector { /* private */
	double limit;
	double last;
	bool last_known;
	unsigned quiet; /* samples of the hold-off that are left */
	struct novelty novelty;
	struct ceiling steps, shapes;
};
static_assert(sizeof(struct series_detector) <= SERIES_BYTES, "memory per series is promised");

struct series_verdict {
	double score;  /* 0 to 1, comparable among series; >= 0.5 beyond the threshold */
	bool reported; /* an anomaly is reported at this sample: threshold passed, not held off */
};

/* series_detector_init: threshold > 0 is anomaly_threshold, SERIES_THRESHOLD by default; larger: fewer reports. */
void series_detector_init(struct series_detector *d, double threshold);
/*
 * series_detector_feed judges the next sample and learns it. value must be finite; beyond ±1e300 it counts as that. time_ms may be anything: it
 * is used for the rhythm of the week only.
 */
struct series_verdict series_detector_feed(struct series_detector *d, int64_t time_ms, double value);
/* series_detector_gap: samples are missing, or the counter was reset. The next value is no step from the last one. */
void series_detector_gap(struct series_detector *d);

#endif
