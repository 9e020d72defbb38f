/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/anomaly.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define DEFAULT_THRESHOLD 2.0
#define GUARD 2            /* deviations of the sustained level for one of the threshold */
#define STEP 4             /* deviations that one sample may be away, to move the mean, */
#define REACH 2            /* and to widen the deviation */
#define FADE (1 / 51840.0) /* three days at 5 s */
#define EXPERIENCED 720    /* samples, an hour at 5 s, until the least ever seen means something */
#define SAMPLES 12         /* that an excursion lasts at least, */
#define GROWING_SAMPLES 5  /* if it grows all the time, */
#define EXTREME_SAMPLES 4  /* if it is that many limits away */
#define EXTREME_LIMITS 8
#define NOVEL_FACTOR 1.5 /* of the longest excursion known, */
#define KNOWN_FACTOR 2   /* if the level is known */
#define LONG_FACTOR 1.2
#define SURGE_FACTOR 3 /* times as long in a surge */
#define GROWTH 0.1     /* limits from one sample to the next */
#define MARGIN 0.25    /* of the known range, to be outside of it */
#define CALM_SAMPLES 3
#define SETTLE_SAMPLES 30
#define ADOPT_AT_LAST 720
#define HIGH_LIMITS 3
#define WORSE_FACTOR 4
#define HABITUATION (1 / 3.0)

void
excursions_fade(struct excursions *x)
{
	x->longest -= FADE * x->longest;
}

void
detector_init(struct detector *d, double floor, double share, double threshold, struct excursions *known)
{
	assert(floor > 0 && share >= 0 && threshold > 0);
	memset(d, 0, sizeof(*d));
	d->known = known;
	d->floor = floor;
	d->share = share;
	d->threshold = threshold;
}

static void
remember(struct detector *d, double value)
{
	d->recent[d->recent_next] = value;
	d->recent_next = (d->recent_next + 1) % DETECTOR_MEDIAN;
	d->recent_count += d->recent_count < DETECTOR_MEDIAN;
	d->seen++;
}

static double
last_value(const struct detector *d)
{
	return d->recent[(d->recent_next + DETECTOR_MEDIAN - 1) % DETECTOR_MEDIAN];
}

/* sustained_level is the running median. */
static double
sustained_level(const struct detector *d)
{
	double sorted[DETECTOR_MEDIAN] = { 0 };

	for (unsigned i = 0; i < d->recent_count; i++) {
		unsigned k = i;

		for (; k > 0 && sorted[k - 1] > d->recent[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = d->recent[i];
	}
	return sorted[d->recent_count / 2];
}

/* significance is the least change worth a word, whatever the noise. */
static double
significance(const struct detector *d, double baseline, int side)
{
	double share = side < 0 ? d->share / (1 + d->share) : d->share;

	return fmax(1, d->threshold / DEFAULT_THRESHOLD) * fmax(d->floor, share * fabs(baseline));
}

static double
limit_of(const struct detector *d, int side)
{
	/* A deviation estimated from few samples may be much too small. */
	double unsure = 1 + 10 / (double)(d->usual.count + 1);
	double noise = d->threshold * GUARD * unsure * baseline_deviation(&d->usual);

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

/* longer_than_known: a little longer than the longest is enough for one as long as a change of level. */
static double
longer_than_known(const struct detector *d, double factor)
{
	double longest = d->known->longest;
	double least = d->known->kinds >= SURGE_KINDS ? SURGE_FACTOR * SAMPLES : SAMPLES;

	return fmax(least, fmin(factor * longest, fmax(DETECTOR_ADOPT, LONG_FACTOR * longest)));
}

static double
samples_needed(const struct detector *d, double level, double limit)
{
	double range = d->high - d->low, beyond = beyond_known(d, level);

	if (beyond <= MARGIN * range)
		return longer_than_known(d, KNOWN_FACTOR);
	if (beyond > range && fabs(level - d->usual.mean) > EXTREME_LIMITS * limit)
		return EXTREME_SAMPLES;
	if (d->growing >= GROWING_SAMPLES)
		return GROWING_SAMPLES;
	return longer_than_known(d, NOVEL_FACTOR);
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

	know_level(d, known + part * (d->peak - known));
	if (length > d->known->longest)
		d->known->longest += part * (length - d->known->longest);
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

static bool
is_back_at_former(const struct detector *d, double level)
{
	return d->former_known && fabs(level - d->former) <= significance(d, d->former, 1);
}

static void
return_to_former(struct detector *d, double level)
{
	d->former_known = false;
	adopt(d, level);
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

static enum detector_change
raise_alarm(struct detector *d, double level)
{
	d->state = DETECTOR_ALARM;
	d->calm = 0;
	d->held = 0;
	d->mark = level;
	d->told = fabs(level - d->usual.mean);
	return DETECTOR_RAISED;
}

static enum detector_change
suspect(struct detector *d, double level)
{
	double limit = limit_of(d, d->side), distance = d->side * (level - d->usual.mean);

	if (is_back_at_former(d, level)) {
		return_to_former(d, level);
		return DETECTOR_SAME;
	}
	d->calm = distance <= limit ? d->calm + 1 : 0;
	extend_excursion(d, level, limit);
	if (d->calm >= CALM_SAMPLES || distance < 0) {
		end_excursion(d, 1);
	} else if (d->calm == 0 && d->length >= samples_needed(d, level, limit)) {
		/* The sample that raises it is itself beyond the limit: the number in the event speaks for itself. */
		if (d->side * (last_value(d) - d->usual.mean) > limit)
			return raise_alarm(d, level);
	} else if (d->length >= DETECTOR_ADOPT) {
		end_excursion(d, 1);
		adopt(d, level);
	}
	return DETECTOR_SAME;
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

static enum detector_change
alarmed(struct detector *d, double level)
{
	double limit = limit_of(d, d->side), distance = d->side * (level - d->usual.mean);

	d->held++;
	extend_excursion(d, level, limit);
	if (is_settled(d, level, limit)) {
		end_excursion(d, HABITUATION);
		d->former = d->usual.mean;
		d->former_known = true;
		adopt(d, level);
		return DETECTOR_ENDED;
	}
	d->calm = distance <= limit / 2 ? d->calm + 1 : 0;
	if (distance > WORSE_FACTOR * d->told && distance > WORSE_FACTOR * HIGH_LIMITS * limit)
		return raise_alarm(d, level);
	if (d->calm < CALM_SAMPLES)
		return DETECTOR_SAME;
	end_excursion(d, HABITUATION);
	return DETECTOR_ENDED;
}

static enum detector_change
normal(struct detector *d, double level)
{
	double distance = level - d->usual.mean;
	int side = distance < 0 ? -1 : 1;

	if (d->usual.count < DETECTOR_WARM_UP || fabs(distance) <= limit_of(d, side)) {
		learn(d, last_value(d), level);
		return DETECTOR_SAME;
	}
	begin_excursion(d, side, level);
	return suspect(d, level);
}

enum detector_change
detector_feed(struct detector *d, double value)
{
	remember(d, value);
	switch (d->state) {
	case DETECTOR_SUSPECT:
		return suspect(d, sustained_level(d));
	case DETECTOR_ALARM:
		return alarmed(d, sustained_level(d));
	case DETECTOR_NORMAL:
		break;
	}
	return normal(d, sustained_level(d));
}

struct finding
detector_finding(const struct detector *d)
{
	double baseline = d->usual.mean, level = sustained_level(d);
	double distance = fabs(level - baseline), limit = limit_of(d, level < baseline ? -1 : 1);

	return (struct finding) {
		.value = last_value(d),
		.baseline = baseline,
		.deviation = baseline_deviation(&d->usual),
		.score = distance / (distance + limit),
		.severity = distance >= HIGH_LIMITS * limit ? SEVERITY_HIGH : SEVERITY_MEDIUM,
	};
}

bool
detector_is_beyond(const struct detector *d)
{
	return d->state != DETECTOR_NORMAL;
}

enum detector_change
detector_interrupt(struct detector *d)
{
	bool alarm = d->state == DETECTOR_ALARM;

	d->recent_count = d->recent_next = 0;
	d->state = DETECTOR_NORMAL;
	return alarm ? DETECTOR_ENDED : DETECTOR_SAME;
}

enum detector_change
detector_restart(struct detector *d)
{
	d->usual = (struct baseline) { 0 };
	d->former_known = false;
	return detector_interrupt(d);
}
