/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/anomaly.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/anomaly_type.h"

#define DEVIATIONS 4       /* of the sustained level, that the limit is away */
#define STEP 4             /* deviations that one sample may be away, to move the mean, */
#define REACH 2            /* and to widen the deviation */
#define FADE (1 / 51840.0) /* three days at 5 s */
#define SLOW (1 / 720.0)   /* an hour */
#define EXPERIENCED 720    /* samples, an hour at 5 s, until the least ever seen means something */
#define SAMPLES 12         /* that an excursion lasts at least, */
#define YOUNG_SAMPLES 24   /* in the first hour, if two kinds of metrics are beyond their limits */
#define GROWING_SAMPLES 5  /* if it grows all the time, */
#define GROWING_SURGE 12   /* in a surge, too; */
#define SUDDEN_SAMPLES 3   /* if it is far away at once: */
#define SUDDEN_LIMITS 4    /* limits, */
#define SUDDEN_YOUNG 6     /* in the first hour, */
#define SUDDEN_SURGE 10    /* and in a surge; */
#define SUDDEN_HIGHER 1.5  /* than the highest known on the node, */
#define SUDDEN_RANGE 0.5   /* and outside of the known range by that share of it */
#define RAMP_LIMITS 1.5    /* at the end of a ramp, */
#define RAMP_EVEN 3        /* the largest step to the smaller one of the last two */
#define RAMP_PACE 3        /* that is so much faster than those known */
#define LONGER_FACTOR 2    /* of the longest excursion known */
#define LONG_FACTOR 1.2
#define SURGE_SAMPLES 60 /* in a surge */
#define GROWTH 0.1       /* limits from one sample to the next */
#define MARGIN 0.25      /* of the known range, to be outside of it */
#define CALM_SAMPLES 3
#define SETTLE_SAMPLES 30
#define ADOPT_AT_LAST 720
#define HIGH_LIMITS 3
#define WORSE_FACTOR 4
#define HABITUATION (1 / 3.0)

void
excursions_fade(struct excursions *x)
{
	for (int up = 0; up < 2; up++) {
		x->longest[up] -= FADE * x->longest[up];
		x->highest[up] -= FADE * x->highest[up];
	}
}

void
detector_init(struct detector *d, double floor, double share, double threshold, struct excursions *known)
{
	assert(floor > 0 && share >= 0 && threshold > 0);
	memset(d, 0, sizeof(*d));
	d->known = known;
	d->floor = floor;
	d->share = share;
	d->scale = threshold / ANOMALY_THRESHOLD;
}

/* significance is the least change worth a word, whatever the noise. */
static double
significance(const struct detector *d, double baseline, int side)
{
	double share = side < 0 ? d->share / (1 + d->share) : d->share;

	return fmax(d->floor, share * fabs(baseline));
}

static double
limit_of(const struct detector *d, int side)
{
	/* A deviation estimated from few samples may be much too small. */
	double unsure = 1 + 10 / (double)(d->usual.count + 1);
	double noise = DEVIATIONS * unsure * baseline_deviation(&d->usual);

	/* Where noise is large there is no room for so many deviations above 0, but half of the least ever seen is a fall all the same. */
	if (side < 0 && d->low > 0 && d->seen >= EXPERIENCED)
		noise = fmin(noise, d->usual.mean - d->low / 2);
	return fmax(significance(d, d->usual.mean, side), noise);
}

static void
know_level(struct detector *d, double level)
{
	d->low = fmin(d->low, level);
	d->high = fmax(d->high, level);
}

static void
learn(struct detector *d, double value, double level)
{
	bool warm = d->usual.count >= DETECTOR_WARM_UP;
	double deviation = baseline_deviation(&d->usual), least = significance(d, d->usual.mean, 1);
	double step = warm ? fmax(STEP * deviation, least) : INFINITY;
	double reach = warm ? fmax(REACH * deviation, least / 4) : INFINITY;

	if (d->seen == 1)
		d->low = d->high = level;
	/* For a wild sample, and for one that begins an excursion, the level stands in. */
	if (!warm || fabs(value - d->usual.mean) > step)
		value = level;
	baseline_learn(&d->usual, value, step, level - d->usual.mean, reach);
	d->low += FADE * (d->usual.mean - d->low);
	d->high += FADE * (d->usual.mean - d->high);
	know_level(d, level);
}

/* beyond_known is how far the level is outside of the known range, on the excursion's side. */
static double
beyond_known(const struct detector *d, double level)
{
	return d->side > 0 ? level - d->high : d->low - level;
}

static double
least_samples(const struct detector *d)
{
	if (d->known->kinds >= SURGE_KINDS)
		return SURGE_SAMPLES;
	return d->known->kinds > 1 && d->seen < EXPERIENCED ? YOUNG_SAMPLES : SAMPLES;
}

/*
 * longer_than_known: twice the longest, but a little longer is enough for one as long as a change of level; not in a
 * surge, where a level that stays is taken for load.
 */
static double
longer_than_known(const struct detector *d)
{
	double longest = d->known->longest[d->side > 0], longer = LONGER_FACTOR * longest;

	if (d->known->kinds < SURGE_KINDS)
		longer = fmin(longer, fmax(DETECTOR_ADOPT, LONG_FACTOR * longest));
	return fmax(least_samples(d), longer);
}

static double
samples_needed(const struct detector *d, double level)
{
	bool novel = beyond_known(d, level) > MARGIN * (d->high - d->low);
	unsigned growing = d->known->kinds >= SURGE_KINDS ? GROWING_SURGE : GROWING_SAMPLES;

	return novel && d->growing >= growing ? growing : longer_than_known(d);
}

static void
begin_excursion(struct detector *d, int side, double level)
{
	d->state = DETECTOR_SUSPECT;
	d->side = side;
	d->peak = level;
	d->length = d->calm = d->held = d->growing = 0;
}

/* end_excursion: what passed by itself is known from now on; an anomaly only by a part, so that its like is seen again. */
static void
end_excursion(struct detector *d, double part)
{
	double known = d->side > 0 ? d->high : d->low, length = fmin(d->length, DETECTOR_ADOPT);
	double height = fabs(d->peak - d->usual.mean) / limit_of(d, d->side);
	double *longest = &d->known->longest[d->side > 0], *highest = &d->known->highest[d->side > 0];

	know_level(d, known + part * (d->peak - known));
	if (length > *longest)
		*longest += part * (length - *longest);
	if (height > *highest)
		*highest += part * (height - *highest);
	d->state = DETECTOR_NORMAL;
}

/* adopt makes a new level the normal one: its noise is estimated anew, for it is seldom that of the old level. */
static void
adopt(struct detector *d, double level)
{
	d->usual = (struct baseline) { 0 };
	know_level(d, level);
	baseline_learn(&d->usual, level, INFINITY, 0, INFINITY);
	d->state = DETECTOR_NORMAL;
}

/* leave adopts a new level and keeps the old one in mind. */
static void
leave(struct detector *d, double level)
{
	d->former = d->usual.mean;
	d->former_known = true;
	adopt(d, level);
}

/* is_far: the sample itself is so many limits away, not only the level: the number in the event speaks for itself. */
static bool
is_far(const struct detector *d, double limits)
{
	double limit = limits * limit_of(d, d->side);

	return d->side * (sustained_sample(&d->level, 0) - d->usual.mean) > limit &&
	    d->side * (sustained_median(&d->level) - d->usual.mean) > limit;
}

static bool
is_back_at_former(const struct detector *d, double level)
{
	return d->former_known && fabs(level - d->former) <= significance(d, d->former, 1);
}

/* is_of_the_last_hour: the baseline may have followed half a burst, and what it is back at is no news. */
static bool
is_of_the_last_hour(const struct detector *d, double level, double limit)
{
	return fabs(level - d->slow.mean) <= limit;
}

/* go_back: the level is one that was usual before, and its noise that of before, too. */
static void
go_back(struct detector *d, double level)
{
	d->former_known = false;
	d->usual.mean = level;
	know_level(d, level);
	d->state = DETECTOR_NORMAL;
}

static void
extend_excursion(struct detector *d, double level, double limit)
{
	if (d->side * (level - d->usual.mean) > limit)
		d->length++;
	if (d->length == 1 || d->side * (level - d->peak) > GROWTH * limit)
		d->growing++;
	else if (d->growing > 0)
		d->growing--;
	if (beyond_known(d, level) > beyond_known(d, d->peak))
		d->peak = level;
}

/* raise_alarm: it has taken `samples` until the level was an anomaly at the default threshold. */
static void
raise_alarm(struct detector *d, double level, double samples)
{
	d->untold = d->state == DETECTOR_ALARM || !d->told;
	d->state = DETECTOR_ALARM;
	d->calm = 0;
	d->held = 0;
	d->mark = level;
	d->raised = fabs(level - d->usual.mean);
	d->due = samples;
}

static void
suspect(struct detector *d, double level)
{
	double limit = limit_of(d, d->side), distance = d->side * (level - d->usual.mean);

	if (is_back_at_former(d, level)) {
		go_back(d, level);
		return;
	}
	d->calm = distance <= limit ? d->calm + 1 : 0;
	extend_excursion(d, level, limit);
	if (d->calm >= CALM_SAMPLES || distance < 0) {
		end_excursion(d, 1);
	} else if (d->calm == 0 && d->length >= samples_needed(d, level)) {
		if (is_far(d, 1))
			raise_alarm(d, level, samples_needed(d, level));
	} else if (d->length >= DETECTOR_ADOPT) {
		end_excursion(d, 1);
		leave(d, level);
	}
}

static bool
is_settled(struct detector *d, double level, double limit)
{
	bool steady = fabs(level - d->mark) <= limit;

	if (d->held % SETTLE_SAMPLES != 0)
		return false;
	d->mark = level;
	return (steady && d->held >= DETECTOR_ADOPT) || d->held >= ADOPT_AT_LAST;
}

static void
alarmed(struct detector *d, double level)
{
	double limit = limit_of(d, d->side), distance = d->side * (level - d->usual.mean);

	d->held++;
	extend_excursion(d, level, limit);
	if (is_settled(d, level, limit)) {
		end_excursion(d, HABITUATION);
		leave(d, level);
		return;
	}
	d->calm = distance <= limit / 2 ? d->calm + 1 : 0;
	if (distance > WORSE_FACTOR * d->raised && distance > WORSE_FACTOR * HIGH_LIMITS * limit)
		raise_alarm(d, level, d->due);
	else if (d->calm >= CALM_SAMPLES)
		end_excursion(d, HABITUATION);
}

static void
normal(struct detector *d, double level)
{
	double distance = level - d->usual.mean;
	int side = distance < 0 ? -1 : 1;

	if (d->usual.count < DETECTOR_WARM_UP || fabs(distance) <= limit_of(d, side)) {
		learn(d, sustained_sample(&d->level, 0), level);
	} else if (is_of_the_last_hour(d, level, limit_of(d, side))) {
		go_back(d, level);
	} else {
		begin_excursion(d, side, level);
		suspect(d, level);
	}
}

/* ---- what is far away at once ---- */

static double
sudden_limits(const struct detector *d, int side)
{
	double least = d->seen < EXPERIENCED ? SUDDEN_YOUNG : SUDDEN_LIMITS;

	if (d->known->kinds >= SURGE_KINDS)
		least = SUDDEN_SURGE;
	return fmax(least, SUDDEN_HIGHER * d->known->highest[side > 0]);
}

static double
median_of_three(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* is_sudden: each of the last samples is beyond the limit, most of them far, and further than what is known. */
static bool
is_sudden(const struct detector *d, int side, double scale)
{
	double a = sustained_sample(&d->level, 0), b = sustained_sample(&d->level, 1),
	       c = sustained_sample(&d->level, 2);
	double level = median_of_three(a, b, c), mean = d->usual.mean, limit = limit_of(d, side);
	double least = side > 0 ? fmin(a, fmin(b, c)) - mean : mean - fmax(a, fmax(b, c));
	double beyond = side > 0 ? level - d->high : d->low - level;

	return least > limit && side * (level - mean) > scale * sudden_limits(d, side) * limit &&
	    beyond > SUDDEN_RANGE * (d->high - d->low);
}

/*
 * pace_of is by how much each of the last three samples went on from the one before, at least, to a side. 0: it did not, or unevenly, as a burst
 * begins; but the first may be a part only.
 */
static double
pace_of(const struct detector *d, int side)
{
	double step[SUDDEN_SAMPLES], lately;

	for (unsigned i = 0; i < SUDDEN_SAMPLES; i++)
		step[i] = side * (sustained_sample(&d->level, i) - sustained_sample(&d->level, i + 1));
	lately = fmin(step[0], step[1]);
	if (fmax(step[0], fmax(step[1], step[2])) > RAMP_EVEN * lately)
		return 0;
	return fmax(0, fmin(lately, step[2]));
}

/* is_ramp: it runs away, faster than ever. */
static bool
is_ramp(const struct detector *d, int side, double scale)
{
	double value = sustained_sample(&d->level, 0), far = side * (value - d->usual.mean);
	double beyond = side > 0 ? value - d->high : d->low - value;

	return pace_of(d, side) > RAMP_PACE * fmax(d->pace[side > 0], baseline_deviation(&d->usual)) &&
	    d->known->kinds < SURGE_KINDS && beyond > SUDDEN_RANGE * (d->high - d->low) &&
	    far > scale * RAMP_LIMITS * limit_of(d, side);
}

static void
learn_pace(struct detector *d)
{
	for (int up = 0; up < 2; up++) {
		d->pace[up] -= FADE * d->pace[up];
		d->pace[up] = fmax(d->pace[up], pace_of(d, up ? 1 : -1));
	}
}

/* ---- what is told, at the threshold set; what is learnt does not depend on it ---- */

static bool
is_due(const struct detector *d)
{
	if (d->state == DETECTOR_ALARM)
		return d->untold && d->length >= d->scale * d->due && is_far(d, fmax(1, d->scale));
	return d->scale < 1 && d->state == DETECTOR_SUSPECT && !d->told && d->calm == 0 && is_far(d, 1) &&
	    d->length >= d->scale * samples_needed(d, sustained_median(&d->level));
}

static enum detector_change
tell(struct detector *d)
{
	d->told = true;
	d->untold = false;
	return DETECTOR_RAISED;
}

static enum detector_change
tell_change(struct detector *d)
{
	bool ended = d->told && d->state == DETECTOR_NORMAL;

	if (is_due(d))
		return tell(d);
	d->told = d->told && !ended;
	return ended ? DETECTOR_ENDED : DETECTOR_SAME;
}

/* leap raises an alarm whose level is that of the last so many samples. */
static enum detector_change
leap(struct detector *d, int side, unsigned samples)
{
	sustained_forget(&d->level, samples);
	begin_excursion(d, side, sustained_median(&d->level));
	d->length = SUDDEN_SAMPLES;
	raise_alarm(d, d->peak, SUDDEN_SAMPLES);
	return tell_change(d);
}

enum detector_change
detector_leap(struct detector *d, bool surprised)
{
	int side = sustained_sample(&d->level, 0) < d->usual.mean ? -1 : 1;

	if (d->state == DETECTOR_ALARM || d->level.count <= SUDDEN_SAMPLES || d->usual.count < DETECTOR_WARM_UP)
		return DETECTOR_SAME;
	if (surprised && d->state == DETECTOR_SUSPECT && is_sudden(d, side, 1))
		return leap(d, side, SUDDEN_SAMPLES);
	if (is_ramp(d, side, 1))
		return leap(d, side, 1);
	if (!d->told && d->state == DETECTOR_SUSPECT &&
	    ((surprised && is_sudden(d, side, d->scale)) || is_ramp(d, side, d->scale)))
		return tell(d);
	learn_pace(d);
	return DETECTOR_SAME;
}

enum detector_change
detector_raise(struct detector *d, double before)
{
	double level = sustained_median(&d->level);

	if (d->state == DETECTOR_NORMAL) {
		begin_excursion(d, level < before ? -1 : 1, level);
		d->usual.mean = before;
	}
	raise_alarm(d, level, 0);
	return tell(d);
}

static void
learn_slowly(struct detector *d)
{
	double n = (double)++d->slow.count;

	d->slow.mean += fmax(SLOW, 1 / n) * (sustained_median(&d->level) - d->slow.mean);
}

enum detector_change
detector_feed(struct detector *d, double value)
{
	sustained_add(&d->level, value);
	d->seen++;
	if (d->state != DETECTOR_ALARM)
		learn_slowly(d);
	switch (d->state) {
	case DETECTOR_NORMAL:
		normal(d, sustained_median(&d->level));
		break;
	case DETECTOR_SUSPECT:
		suspect(d, sustained_median(&d->level));
		break;
	case DETECTOR_ALARM:
		alarmed(d, sustained_median(&d->level));
		break;
	}
	return tell_change(d);
}

struct finding
detector_finding(const struct detector *d)
{
	double baseline = d->usual.mean, level = sustained_median(&d->level);
	double distance = fabs(level - baseline), limit = fmax(1, d->scale) * limit_of(d, level < baseline ? -1 : 1);

	return (struct finding) {
		.value = sustained_sample(&d->level, 0),
		.baseline = baseline,
		.deviation = baseline_deviation(&d->usual),
		.score = distance / (distance + limit),
		.severity = distance >= HIGH_LIMITS * limit ? SEVERITY_HIGH : SEVERITY_MEDIUM,
	};
}

double
detector_limit(const struct detector *d)
{
	return limit_of(d, 1);
}

bool
detector_usual(const struct detector *d, double *mean, double *low, double *high)
{
	*mean = d->usual.mean;
	*low = d->usual.mean - limit_of(d, -1);
	*high = d->usual.mean + limit_of(d, 1);
	return d->usual.count >= DETECTOR_WARM_UP;
}

bool
detector_is_beyond(const struct detector *d)
{
	return d->state != DETECTOR_NORMAL;
}

enum detector_change
detector_interrupt(struct detector *d)
{
	sustained_forget(&d->level, 0);
	d->state = DETECTOR_NORMAL;
	return tell_change(d);
}

enum detector_change
detector_restart(struct detector *d)
{
	d->usual = (struct baseline) { 0 };
	d->slow.count = 0;
	d->former_known = false;
	return detector_interrupt(d);
}
