/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/series_detector.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define LIMIT 0.85 /* of the mean ratio, for one of the threshold */
#define NOVEL 0.3  /* of its ceiling: a shape that is remembered */
#define LARGEST 1e300

void
series_detector_init(struct series_detector *d, double threshold)
{
	assert(threshold > 0 && isfinite(threshold));
	memset(d, 0, sizeof(*d));
	d->limit = LIMIT * threshold;
}

static double
judge(struct ceiling *c, double evidence)
{
	double ratio = ceiling_ratio(c, evidence);

	ceiling_learn(c, evidence);
	return ratio;
}

static double
step_ratio(struct series_detector *d, double value)
{
	double step = d->last_known ? fabs(value - d->last) : 0;

	d->last = value;
	d->last_known = true;
	return judge(&d->steps, step);
}

static double
shape_ratio(struct series_detector *d, double value)
{
	return judge(&d->shapes, novelty_feed(&d->novelty, value, NOVEL * ceiling_level(&d->shapes)));
}

static bool
report(struct series_detector *d, double score)
{
	if (d->quiet > 0) {
		d->quiet--;
		return false;
	}
	if (score < 0.5)
		return false;
	d->quiet = SERIES_HOLD_OFF;
	return true;
}

struct series_verdict
series_detector_feed(struct series_detector *d, int64_t time_ms, double value)
{
	double ratio, score;

	assert(isfinite(value));
	(void)time_ms;
	value = fmax(-LARGEST, fmin(LARGEST, value));
	ratio = (step_ratio(d, value) + shape_ratio(d, value)) / 2;
	score = ratio / (ratio + d->limit);
	return (struct series_verdict) { .score = score, .reported = report(d, score) };
}

void
series_detector_gap(struct series_detector *d)
{
	d->last_known = false;
	novelty_interrupt(&d->novelty);
}
