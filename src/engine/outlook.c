/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/outlook.h"

#include <math.h>
#include <string.h>

#include "analyze/passage.h"

#define STRENGTH 3.0 /* standard errors: a slope that is no chance */
#define CHANGE 3.0   /* likewise: a slope that is another one */
#define AHEAD 4      /* times the history that is looked ahead */
#define LONGEST_MS (INT64_C(30) * 86400000)
#define HOUR_MS 3600000.0

/* A scale's line. */
struct view {
	const struct outlook_scale *scale;
	struct trend trend;
};

static size_t
known_blocks(const struct outlook_scale *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += isfinite(s->level[i]) != 0;
	return n;
}

static int64_t
span_ms(const struct outlook_scale *s)
{
	size_t first = 0;

	while (first < s->count && !isfinite(s->level[first]))
		first++;
	return (int64_t)(s->count - first) * s->block_ms;
}

static double
rate(const struct view *v)
{
	return v->trend.slope / (double)v->scale->block_ms;
}

static double
rate_error(const struct view *v)
{
	return v->trend.error / (double)v->scale->block_ms;
}

/* rose is by how much the level rose in a scale's last blocks but for so many. */
static double
rose(const struct outlook_scale *s, size_t blocks, size_t before)
{
	size_t last = s->count - 1 - before;

	return s->level[last] - s->level[last - blocks];
}

/* happened_before: as large a departure from the line was seen on that scale, in as long a time, ending before that time began. */
static bool
happened_before(const struct outlook_scale *s, int64_t time_ms, double line_rate, double departure, size_t *looked_at)
{
	size_t blocks = (size_t)(time_ms / s->block_ms);

	if (blocks == 0)
		return false;
	for (size_t before = blocks; before + blocks < s->count; before++) {
		double other = rose(s, blocks, before) - line_rate * (double)(blocks * (size_t)s->block_ms);

		if (!isfinite(other))
			continue;
		++*looked_at;
		if (departure > 0 ? other >= departure : other <= departure)
			return true;
	}
	return false;
}

static bool
is_new(const struct outlook_question *q, const struct view *now, const struct view *line)
{
	double departure = (rate(now) - rate(line)) * (double)span_ms(now->scale);
	size_t looked_at = 0;

	if (fabs(rate(now) - rate(line)) < CHANGE * hypot(rate_error(now), rate_error(line)))
		return false;
	for (size_t i = 0; i < q->scale_count; i++)
		if (q->scales[i].block_ms > now->scale->block_ms &&
		    happened_before(&q->scales[i], span_ms(now->scale), rate(line), departure, &looked_at))
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

		if (known_blocks(s) >= TREND_LEAST && span_ms(s) > most + most / 4) {
			most = span_ms(s);
			longest = i;
		}
	}
	return longest;
}

static bool
choose_view(const struct outlook_question *q, struct view *out)
{
	size_t longest = longest_scale(q);

	if (longest == q->scale_count)
		return false;
	out->scale = &q->scales[longest];
	if (!trend_fit(out->scale->level, out->scale->count, &out->trend))
		return false;
	for (size_t i = longest; i-- > 0;) {
		struct view v = { .scale = &q->scales[i] };

		if (trend_fit(v.scale->level, v.scale->count, &v.trend) && is_new(q, &v, out))
			*out = v;
	}
	return true;
}

static void
find_passage(const struct outlook_question *q, const struct view *v, struct outlook *out)
{
	double peaks[TREND_VALUES];
	struct passage_question p = { .trend = &v->trend, .limit = q->limit, .peaks = peaks, .seed = q->seed };
	struct passage passage;
	double block = (double)v->scale->block_ms;

	for (size_t i = 0; q->at_peak && i < v->scale->count; i++)
		if (isfinite(v->scale->peak[i]))
			peaks[p.peak_count++] = v->scale->peak[i];
	p.horizon = (size_t)(out->horizon_ms / v->scale->block_ms) * 2;
	passage_find(&p, q->confidence, &passage);
	out->full_ms = passage.middle * block;
	out->full_low_ms = passage.low * block;
	out->full_high_ms = passage.high * block;
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
	struct view v;
	double wide;

	*out = (struct outlook) { .full_ms = NAN, .full_low_ms = NAN, .full_high_ms = NAN };
	out->growth = out->growth_low = out->growth_high = NAN;
	if (!choose_view(q, &v))
		return;
	out->known = true;
	out->span_ms = span_ms(v.scale);
	out->horizon_ms = AHEAD * out->span_ms < LONGEST_MS ? AHEAD * out->span_ms : LONGEST_MS;
	wide = normal_quantile(q->confidence) * rate_error(&v);
	out->growth = rate(&v) * HOUR_MS;
	out->growth_low = (rate(&v) - wide) * HOUR_MS;
	out->growth_high = (rate(&v) + wide) * HOUR_MS;
	out->trend = fabs(trend_strength(&v.trend)) >= STRENGTH;
	if (out->trend && out->growth > 0 && isfinite(q->limit))
		find_passage(q, &v, out);
}
