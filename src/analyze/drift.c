/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/drift.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/anomaly_type.h"

#define SIGNIFICANT 1.5 /* changes beyond the limit of an excursion */
#define EATEN 0.03      /* of the limit */
#define AGAIN 0.1       /* of the limit, from one finding to the next */
#define CONCORDANT 0.9
#define PART 0.25 /* of the mean slope, that a pair has to rise by: the two sides of a step do not */
#define LATELY (DRIFT_BLOCKS / 3)
#define STEADY 0.7
#define PEAK_SAMPLES 720
#define DAY_HOURS 24
#define VIEW (12 * 720) /* samples */
#define VIEW_DOUBLED (48 * 720)
#define VIEW_DAY_KNOWN (7 * 24 * 720)

void
drift_init(struct drift *d, double threshold)
{
	assert(threshold > 0);
	memset(d, 0, sizeof(*d));
	d->scale = fmax(1, threshold / ANOMALY_THRESHOLD);
	d->told = NAN;
}

static double
median_of_three(const double v[3])
{
	return fmax(fmin(v[0], v[1]), fmin(fmax(v[0], v[1]), v[2]));
}

/* block_samples is how many samples a block of a scale stands for. */
static unsigned
block_samples(unsigned scale)
{
	unsigned n = 3;

	while (scale-- > 0)
		n *= 3;
	return n;
}

/* ---- the levels known ---- */

static void
know_peak(struct drift *d, double median)
{
	double *peak = &d->peaks[d->hours % DRIFT_PEAKS];

	*peak = d->peak_samples == 0 ? median : fmax(*peak, median);
	d->peak_samples += 3;
	if (d->peak_samples < PEAK_SAMPLES)
		return;
	d->peak_samples = 0;
	d->hours++;
}

/* highest_before is the highest level of the hours that were over before the last so many samples; -INFINITY: there are none. */
static double
highest_before(const struct drift *d, unsigned samples)
{
	unsigned recent = (samples - d->peak_samples + PEAK_SAMPLES - 1) / PEAK_SAMPLES;
	unsigned kept = d->hours < DRIFT_PEAKS - 1 ? d->hours : DRIFT_PEAKS - 1;
	double highest = -INFINITY;

	if (samples <= d->peak_samples)
		recent = 0;
	for (unsigned age = recent; age < kept; age++)
		highest = fmax(highest, d->peaks[(d->hours - 1 - age) % DRIFT_PEAKS]);
	return highest;
}

/* ---- one scale ---- */

static double
block_at(const struct drift *d, unsigned scale, unsigned i)
{
	return d->block[scale][(d->next[scale] + i) % DRIFT_BLOCKS];
}

static bool
is_steady(const struct drift *d, unsigned scale)
{
	double first = block_at(d, scale, 0), last = block_at(d, scale, DRIFT_BLOCKS - 1);
	double before = block_at(d, scale, DRIFT_BLOCKS - 1 - 2 * LATELY),
	       lately = block_at(d, scale, DRIFT_BLOCKS - 1 - LATELY);
	double least = PART * (last - first) / (DRIFT_BLOCKS - 1);
	unsigned risen = 0, pairs = DRIFT_BLOCKS * (DRIFT_BLOCKS - 1) / 2;

	if (last - lately < STEADY * (lately - before))
		return false;
	for (unsigned j = 1; j < DRIFT_BLOCKS; j++)
		for (unsigned i = 0; i < j; i++)
			risen += block_at(d, scale, j) - block_at(d, scale, i) > (j - i) * least;
	return risen >= CONCORDANT * pairs;
}

/* view is how many samples ahead the limit may be. */
static double
view(const struct drift *d, double first, double last)
{
	if (d->hours >= DAY_HOURS)
		return VIEW_DAY_KNOWN;
	return last >= 2 * first ? VIEW_DOUBLED : VIEW;
}

static bool
is_drifting(const struct drift *d, unsigned scale, const struct drift_bounds *b)
{
	double first = block_at(d, scale, 0), last = block_at(d, scale, DRIFT_BLOCKS - 1), rise = last - first;
	unsigned samples = DRIFT_BLOCKS * block_samples(scale);
	double least = EATEN * b->limit, left = b->room / rise * samples;

	if (left <= VIEW)
		least = fmin(least, SIGNIFICANT * b->change);
	return rise >= d->scale * least && left <= view(d, first, last) && is_steady(d, scale) &&
	    last - highest_before(d, samples) >= d->scale * least;
}

/* judge_scale tells a drift once, and then each tenth. */
static bool
judge_scale(struct drift *d, unsigned scale, const struct drift_bounds *b)
{
	double last = block_at(d, scale, DRIFT_BLOCKS - 1);

	if (d->count[scale] < DRIFT_BLOCKS || last < d->told + AGAIN * b->limit || !is_drifting(d, scale, b))
		return false;
	d->start = block_at(d, scale, 0);
	d->told = last;
	return true;
}

static bool
push_block(struct drift *d, unsigned scale, double median, const struct drift_bounds *b)
{
	d->block[scale][d->next[scale]] = median;
	d->next[scale] = (uint8_t)((d->next[scale] + 1) % DRIFT_BLOCKS);
	d->count[scale] = (uint8_t)(d->count[scale] + (d->count[scale] < DRIFT_BLOCKS));
	return judge_scale(d, scale, b);
}

bool
drift_feed(struct drift *d, double value, const struct drift_bounds *b)
{
	bool found = false;

	for (unsigned scale = 0; scale < DRIFT_SCALES; scale++) {
		d->pending[scale][d->pending_count[scale]++] = value;
		if (d->pending_count[scale] < 3)
			break;
		d->pending_count[scale] = 0;
		value = median_of_three(d->pending[scale]);
		if (scale == 0) {
			know_peak(d, value);
			if (value < (d->start + d->told) / 2)
				d->told = NAN;
		}
		found |= push_block(d, scale, value, b);
	}
	return found;
}

double
drift_start(const struct drift *d)
{
	return d->start;
}

void
drift_restart(struct drift *d)
{
	memset(d->pending_count, 0, sizeof(d->pending_count));
	memset(d->count, 0, sizeof(d->count));
	memset(d->next, 0, sizeof(d->next));
	d->told = NAN;
}
