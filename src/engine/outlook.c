/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/outlook.h"

#include <math.h>
#include <string.h>

#include "analyze/passage.h"
#include "analyze/rhythm.h"

#define STRENGTH 3.0 /* standard errors: a slope that is no chance */
#define CHANGE 2.2   /* likewise: a slope that is another one */
#define ALIKE 0.6    /* of a departure: what was so large before makes it nothing new */
#define ENDED 1.3    /* likewise: one in ten such judgements may be wrong */
#define PEAK_MS 60000
#define BENT 3.0      /* likewise: a line that is bent */
#define BEND_LEAST 24 /* blocks */
#define SHORTEST 16   /* blocks */
#define AHEAD 3       /* times the history that is looked ahead */
#define AHEAD_WAVE 1  /* likewise, while the rhythm of the day is not known: what bends looks like a wave */
#define LONGEST_MS (INT64_C(30) * DAY_MS)
#define DAY_MS INT64_C(86400000)
#define HOUR_MS 3600000.0
/* Of less than two days it is not known what the day's rhythm is: then a wave of a day is fitted along, where it would be seen as growth. */
#define RHYTHM_KNOWN_MS (2 * DAY_MS)
#define WAVE_SEEN_MS (DAY_MS / 8)

/* The last blocks of a scale, and the line through them. */
struct window {
	const struct outlook_scale *scale;
	size_t first, count; /* blocks of the scale */
	int64_t span_ms;
	bool wave; /* the day may be in it, and is not known */
	struct trend trend;
	struct rhythm rhythm;      /* count 0: none */
	double rest[TREND_VALUES]; /* with a rhythm: the levels without it */
};

/* known_from is the first known block. */
static size_t
known_from(const struct outlook_scale *s)
{
	size_t first = 0;

	while (first < s->count && !isfinite(s->level[first]))
		first++;
	return first;
}

static int64_t
span_ms(const struct outlook_scale *s)
{
	return (int64_t)(s->count - known_from(s)) * s->block_ms;
}

static double
rate(const struct window *w)
{
	return w->trend.slope / (double)w->scale->block_ms;
}

static double
rate_error(const struct window *w)
{
	return w->trend.error / (double)w->scale->block_ms;
}

/* ---- fitting a window ---- */

/* fit_around_rhythm fits to the values without their rhythm; what the rhythm took up of the noise is given back. */
static bool
fit_around_rhythm(struct window *w)
{
	const double *values = w->scale->level + w->first;
	double more;

	for (size_t i = 0; i < w->count; i++)
		w->rest[i] = values[i] - w->rhythm.at[i % w->rhythm.count];
	if (!trend_fit(w->rest, w->count, TREND_LINE, 0, &w->trend))
		return false;
	more = sqrt((double)w->count / (double)(w->count - w->rhythm.count));
	w->trend.error *= more;
	w->trend.deviation *= more;
	for (size_t i = 0; i < w->trend.shocks; i++)
		w->trend.shock[i] *= more;
	return true;
}

static bool
fit(struct window *w)
{
	const double *values = w->scale->level + w->first;
	size_t day = (size_t)(DAY_MS / w->scale->block_ms);

	w->rhythm.count = 0;
	if (w->wave && w->span_ms >= WAVE_SEEN_MS)
		return trend_fit(values, w->count, TREND_WAVE, (double)day, &w->trend);
	if (!trend_fit(values, w->count, TREND_LINE, 0, &w->trend))
		return false;
	if (day < 2 || day > RHYTHM_PLACES || !rhythm_find(values, w->count, day, w->trend.slope, &w->rhythm))
		return true;
	return fit_around_rhythm(w);
}

static bool
fit_last(const struct outlook_scale *s, size_t blocks, bool wave, struct window *w)
{
	*w = (struct window) { .scale = s, .first = s->count - blocks, .count = blocks, .wave = wave };
	w->span_ms = (int64_t)blocks * s->block_ms;
	return fit(w);
}

/* ---- choosing one ---- */

/* above_line is a block's level above a line of that rate that begins at the scale's first block. */
static double
above_line(const struct outlook_scale *s, size_t block, double line_rate)
{
	return s->level[block] - line_rate * (double)block * (double)s->block_ms;
}

/*
 * farthest is the largest departure from the line, in that direction, that the level has at a block, from those up to so many blocks before it. Where blocks
 * are short, at two of them: a peak that lasts no longer is no precedent of a trend.
 */
static double
farthest(const struct outlook_scale *s, size_t block, size_t blocks, double line_rate, double direction)
{
	double level = direction * above_line(s, block, line_rate), most = 0;

	if (s->block_ms <= PEAK_MS)
		level = fmin(level, direction * above_line(s, block - 1, line_rate));
	for (size_t i = block > blocks ? block - blocks : 0; i < block; i++)
		most = fmax(most, level - direction * above_line(s, i, line_rate));
	return most;
}

/* happened_before: as large a departure from the line was seen on that scale, within as long a time, before that time began. */
static bool
happened_before(const struct outlook_scale *s, int64_t time_ms, double line_rate, double departure)
{
	size_t blocks = (size_t)(time_ms / s->block_ms), last = (size_t)((time_ms - 1) / s->block_ms) + 1;
	double direction = copysign(1, departure);

	if (blocks == 0 || last >= s->count)
		return false;
	for (size_t i = s->count - last; i-- > 1;)
		if (farthest(s, i, blocks, line_rate, direction) >= ALIKE * fabs(departure))
			return true;
	return false;
}

/* is_new: the shorter window has another slope than the line so far, and such a thing has not happened before. */
static bool
is_new(const struct outlook_question *q, const struct window *now, const struct window *line)
{
	double departure = (rate(now) - rate(line)) * (double)now->span_ms;

	if (fabs(rate(now) - rate(line)) < CHANGE * hypot(rate_error(now), rate_error(line)))
		return false;
	for (size_t i = 0; i < q->scale_count; i++)
		if (happened_before(&q->scales[i], now->span_ms, rate(line), departure))
			return false;
	return true;
}

/* longest_scale is the finest one that covers all there is. */
static size_t
longest_scale(const struct outlook_question *q)
{
	size_t longest = q->scale_count;
	int64_t most = 0;

	for (size_t i = 0; i < q->scale_count; i++) {
		const struct outlook_scale *s = &q->scales[i];

		if (s->count - known_from(s) >= TREND_LEAST && span_ms(s) > most + most / 4) {
			most = span_ms(s);
			longest = i;
		}
	}
	return longest;
}

/* shorten_within goes on with ever shorter windows of a scale, down to what a finer one covers. */
static void
shorten_within(const struct outlook_question *q, size_t scale, size_t blocks, struct window *line)
{
	const struct outlook_scale *s = &q->scales[scale];
	int64_t finer_ms = scale > 0 ? span_ms(&q->scales[scale - 1]) : 0;
	struct window w;

	for (; blocks >= SHORTEST && (int64_t)blocks * s->block_ms > finer_ms; blocks /= 2)
		if (fit_last(s, blocks, line->wave, &w) && is_new(q, &w, line))
			*line = w;
}

static bool
choose_window(const struct outlook_question *q, struct window *line)
{
	size_t longest = longest_scale(q);
	const struct outlook_scale *s = &q->scales[longest];

	if (longest == q->scale_count)
		return false;
	if (!fit_last(s, s->count - known_from(s), span_ms(s) < RHYTHM_KNOWN_MS, line))
		return false;
	shorten_within(q, longest, line->count / 2, line);
	for (size_t i = longest; i-- > 0;)
		shorten_within(q, i, q->scales[i].count - known_from(&q->scales[i]), line);
	return true;
}

/* ---- growth that has ended ---- */

/* cut_front leaves the last blocks of a window with a rhythm, which goes on as it was. */
static void
cut_front(struct window *w, size_t blocks)
{
	struct rhythm whole = w->rhythm;
	size_t cut = w->count - blocks;

	memmove(w->rest, w->rest + cut, blocks * sizeof(w->rest[0]));
	for (size_t i = 0; i < whole.count; i++)
		w->rhythm.at[i] = whole.at[(cut + i) % whole.count];
	w->first += cut;
	w->count = blocks;
	w->span_ms = (int64_t)blocks * w->scale->block_ms;
}

/* fit_recent fits a line to the last quarter of what the window covers: as fine as there is, or with the same rhythm taken out. */
static bool
fit_recent(const struct outlook_question *q, const struct window *w, struct window *recent)
{
	int64_t quarter_ms = w->span_ms / 4;
	size_t i = 0;

	if (w->rhythm.count > 0) {
		size_t blocks = w->count / 4 > w->rhythm.count ? w->count / 4 : w->rhythm.count;

		*recent = *w;
		cut_front(recent, blocks);
		return trend_fit(recent->rest, blocks, TREND_LINE, 0, &recent->trend);
	}
	while (i + 1 < q->scale_count && span_ms(&q->scales[i]) < quarter_ms)
		i++;
	return fit_last(&q->scales[i], (size_t)(quarter_ms / q->scales[i].block_ms), false, recent);
}

/* has_ended: it rose, but the last quarter of the time does not any more, not half as fast; sure to ENDED standard errors. */
static bool
has_ended(const struct window *w, const struct window *recent)
{
	return rate(w) > 0 && rate(recent) + ENDED * rate_error(recent) < rate(w) / 2;
}

/* ---- growth that gets faster, or settles ---- */

/* bend takes a bend for the line, where it is clear that there is one. A walk bends anyhow. */
static void
bend(struct window *w)
{
	const double *values = w->rhythm.count > 0 ? w->rest : w->scale->level + w->first;
	struct trend bent;

	if (w->count >= BEND_LEAST && w->trend.shape == TREND_LINE &&
	    trend_fit(values, w->count, TREND_BEND, 0, &bent) && bent.memory < 1 &&
	    fabs(trend_bend_strength(&bent)) >= BENT)
		w->trend = bent;
}

/* ---- looking ahead ---- */

/* collect_peaks: by how much the largest value in each block is above what the line was fitted to. */
static size_t
collect_peaks(const struct window *w, double *peaks)
{
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		if (isfinite(w->scale->peak[w->first + i]))
			peaks[n++] = w->scale->peak[w->first + i] + w->trend.cut[i];
	return n;
}

static void
find_passage(const struct outlook_question *q, const struct window *w, struct outlook *out)
{
	double peaks[TREND_VALUES], rhythm[RHYTHM_PLACES], block = (double)w->scale->block_ms;
	struct passage_question p = { .trend = &w->trend, .limit = q->limit, .peaks = peaks, .seed = q->seed };
	double lag = (double)w->scale->lag_ms;
	struct passage passage;

	p.peak_count = q->at_peak ? collect_peaks(w, peaks) : 0;
	p.rhythm = rhythm;
	p.rhythm_count = w->rhythm.count;
	for (size_t i = 0; i < w->rhythm.count; i++)
		rhythm[i] = w->rhythm.at[(w->count - 1 + i) % w->rhythm.count];
	p.horizon = (size_t)(2 * out->horizon_ms / w->scale->block_ms) + 1;
	p.horizon = p.horizon < PASSAGE_PLACES ? p.horizon : PASSAGE_PLACES;
	passage_find(&p, q->confidence, &passage);
	out->full_ms = fmax(passage.middle * block - lag, 0);
	out->full_low_ms = fmax(passage.low * block - lag, 0);
	out->full_high_ms = fmax(passage.high * block - lag, 0);
	if (out->full_ms > (double)out->horizon_ms)
		out->full_ms = out->full_low_ms = out->full_high_ms = INFINITY;
}

/* The 1 - (1 - p) / 2 quantile of a normal distribution (Abramowitz and Stegun 26.2.23, |error| < 4.5e-4). */
static double
normal_quantile(double confidence)
{
	double t = sqrt(-2 * log((1 - confidence) / 2));

	return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

void
outlook_find(const struct outlook_question *q, struct outlook *out)
{
	struct window w, recent;
	double wide;

	*out = (struct outlook) { .full_ms = NAN, .full_low_ms = NAN, .full_high_ms = NAN };
	out->growth = out->growth_low = out->growth_high = NAN;
	if (!choose_window(q, &w))
		return;
	if (fit_recent(q, &w, &recent) && has_ended(&w, &recent)) {
		if (w.wave && !fit_last(recent.scale, recent.count, true, &recent))
			return;
		w = recent;
	}
	bend(&w);
	out->known = true;
	out->span_ms = w.span_ms;
	out->horizon_ms = (w.trend.shape == TREND_WAVE ? AHEAD_WAVE : AHEAD) * w.span_ms;
	out->horizon_ms = out->horizon_ms < LONGEST_MS ? out->horizon_ms : LONGEST_MS;
	wide = normal_quantile(q->confidence) * rate_error(&w);
	out->growth = rate(&w) * HOUR_MS;
	out->growth_low = (rate(&w) - wide) * HOUR_MS;
	out->growth_high = (rate(&w) + wide) * HOUR_MS;
	out->trend = fabs(trend_strength(&w.trend)) >= STRENGTH;
	if (out->trend && out->growth > 0 && isfinite(q->limit))
		find_passage(q, &w, out);
}
