/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/series_detector.h"

#include <math.h>
#include <string.h>

#define LIMIT 0.83   /* of the surprise, for one of the threshold */
#define NOVEL 0.3    /* of its ceiling: a shape that is remembered */
#define COURSE 0.75  /* of the course's ratio */
#define AFTERMATH 64 /* samples until the course no longer holds what passed, and its memory knows what is behind it */
#define EXPECTED 0.8 /* of what is usual at this hour */
#define MEAN 4       /* values of one of the course's means */
#define LARGEST 1e300

static const struct novelty_window WINDOWS[SERIES_NOVELTIES] = {
	[SERIES_SHAPE] = { .length = 4, .stride = 1 },
	[SERIES_FORM] = { .length = 8, .stride = 1, .centred = true },
	[SERIES_COURSE] = { .length = 4, .stride = MEAN },
};

void
series_detector_init(struct series_detector *d, double threshold)
{
	assert(threshold > 0 && isfinite(threshold));
	memset(d, 0, sizeof(*d));
	d->limit = LIMIT * threshold;
	for (int i = 0; i < SERIES_NOVELTIES; i++)
		novelty_init(&d->novelty[i]);
}

/* judge a stream's evidence; below 0 there is none. */
static double
judge(struct ceiling *c, double evidence)
{
	double ratio;

	if (evidence < 0)
		return 0;
	ratio = ceiling_ratio(c, evidence);
	ceiling_learn(c, evidence);
	return ratio;
}

static void
push(float *recent, unsigned *count, float value)
{
	memmove(recent, recent + 1, (NOVELTY_RECENT - 1) * sizeof(*recent));
	recent[NOVELTY_RECENT - 1] = value;
	*count += *count < NOVELTY_RECENT;
}

/* remember_value, and the mean of the last MEAN ones. */
static void
remember_value(struct series_detector *d, double value)
{
	float sum = 0;

	push(d->recent, &d->count, unit_of(&d->unit, value));
	if (d->count < MEAN)
		return;
	for (unsigned i = 0; i < MEAN; i++)
		sum += d->recent[NOVELTY_RECENT - 1 - i];
	push(d->recent_mean, &d->means_count, sum / MEAN);
}

static double
step_ratio(struct series_detector *d, double value)
{
	double step = d->count > 0 ? fabs(value - d->last) : -1;

	d->last = value;
	return judge(&d->ceiling[SERIES_STEP], step);
}

static double
novelty_ratio(struct series_detector *d, enum series_stream stream, const float *recent, unsigned count)
{
	struct ceiling *c = &d->ceiling[stream];

	return judge(c, novelty_feed(&d->novelty[stream], &WINDOWS[stream], recent, count, NOVEL * ceiling_level(c)));
}

/* course_left is the course's ratio, but for the aftermath of what the other streams have seen: it would only tell it again. */
static double
course_left(struct series_detector *d, double surprise, double course)
{
	if (surprise >= LIMIT * ANOMALY_THRESHOLD)
		d->aftermath = AFTERMATH;
	else if (d->aftermath > 0)
		d->aftermath--;
	return d->aftermath > 0 ? 0 : COURSE * course;
}

static double
surprise_of(struct series_detector *d, double value)
{
	double step = step_ratio(d, value), shape, form, course, surprise;

	remember_value(d, value);
	shape = novelty_ratio(d, SERIES_SHAPE, d->recent, d->count);
	form = novelty_ratio(d, SERIES_FORM, d->recent, d->count);
	course = novelty_ratio(d, SERIES_COURSE, d->recent_mean, d->means_count);
	surprise = (step + shape + form) / 3;
	return fmax(surprise, course_left(d, surprise, course));
}

/* beyond_rhythm is the surprise over what is usual at that hour. */
static double
beyond_rhythm(struct series_detector *d, int64_t time_ms, double surprise)
{
	double usual = EXPECTED * week_usual(&d->week, time_ms);

	week_learn(&d->week, time_ms, surprise);
	return usual > 1 ? surprise / usual : surprise;
}

struct series_verdict
series_detector_feed(struct series_detector *d, int64_t time_ms, double value)
{
	double surprise, score;

	assert(isfinite(value));
	value = fmax(-LARGEST, fmin(LARGEST, value));
	surprise = beyond_rhythm(d, time_ms, surprise_of(d, value));
	score = surprise / (surprise + d->limit);
	return (
	    struct series_verdict) { .score = score, .reported = silence_broken(&d->silence, surprise, score >= 0.5) };
}

void
series_detector_gap(struct series_detector *d)
{
	d->count = d->means_count = 0;
}
