/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/beat.h"

#include <math.h>
#include <stdlib.h>

#define GATE 4.0        /* standard deviations: what is farther from a beat is none */
#define GATE_LEAST 0.03 /* of an interval */
#define GATE_MOST 0.3
#define AHEAD 8      /* beats looked ahead, so many may be left out but for one */
#define OVERDUE 1e-3 /* share of the forecast that must lie ahead */

struct beats { /* the newest first */
	size_t count;
	double time[BEAT_TIMES];   /* before the last one, so 0, then negative */
	double number[BEAT_TIMES]; /* likewise */
	double interval, gate;
	size_t error_count;
	double errors[BEAT_TIMES]; /* of the forecasts of past beats */
	double phase;              /* of the last beat, smoothed */
	double gain;
};

/* beats_between is how many intervals lie between two beats; 0 if the second is none. */
static double
beats_between(const struct beats *b, double ms)
{
	double whole = round(ms / b->interval);

	return whole >= 1 && fabs(ms - whole * b->interval) <= b->gate * b->interval ? whole : 0;
}

/* last_beat goes on from one to the newest. */
static int64_t
last_beat(const struct beats *b, const int64_t *times_ms, size_t n, int64_t last_ms)
{
	for (size_t i = 0; i < n; i++)
		if (beats_between(b, (double)(times_ms[i] - last_ms)) > 0)
			last_ms = times_ms[i];
	return last_ms;
}

static void
collect(const int64_t *times_ms, size_t n, int64_t last_ms, struct beats *b)
{
	b->count = 1;
	b->time[0] = b->number[0] = 0;
	for (size_t i = n; i-- > 0 && b->count < BEAT_TIMES;) {
		double time = (double)(times_ms[i] - last_ms);
		double whole = beats_between(b, b->time[b->count - 1] - time);

		if (whole == 0)
			continue;
		b->number[b->count] = b->number[b->count - 1] - whole;
		b->time[b->count++] = time;
	}
}

/* fit_interval: least squares of the times on the numbers. */
static void
fit_interval(struct beats *b)
{
	double n = (double)b->count, number = 0, time = 0, up = 0, down = 0;

	for (size_t i = 0; i < b->count; i++) {
		number += b->number[i] / n;
		time += b->time[i] / n;
	}
	for (size_t i = 0; i < b->count; i++) {
		up += (b->number[i] - number) * (b->time[i] - time);
		down += (b->number[i] - number) * (b->number[i] - number);
	}
	b->interval = up / down;
}

/* forecast_past smooths with a gain (the first few: with that of a mean) and returns the mean error. */
static double
forecast_past(struct beats *b, double gain)
{
	double phase = b->time[b->count - 1], sum = 0;

	b->error_count = 0;
	b->gain = gain;
	for (size_t i = b->count - 1; i-- > 0;) {
		double expected = phase + (b->number[i] - b->number[i + 1]) * b->interval;
		double error = b->time[i] - expected, mean_gain = 1 / (double)(b->count - i);

		b->errors[b->error_count++] = error;
		sum += fabs(error);
		phase = expected + fmax(gain, mean_gain) * error;
	}
	b->phase = phase;
	return sum / (double)b->error_count;
}

static void
choose_gain(struct beats *b)
{
	static const double gains[] = { 1, 0.6, 0.3, 0.1, 0 };
	double best = INFINITY, gain = 1;

	for (size_t i = 0; i < sizeof(gains) / sizeof(gains[0]); i++) {
		double error = forecast_past(b, gains[i]);

		if (error < best) {
			best = error;
			gain = gains[i];
		}
	}
	forecast_past(b, gain);
}

/* ---- the next one ---- */

struct chance_of { /* a time that is likely to some share */
	double time, weight;
};

static int
compare(const void *a, const void *b)
{
	const struct chance_of *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* missed_share is how likely a beat is left out; one more of each is presumed, for little is known of few. */
static double
missed_share(const struct beats *b)
{
	double slots = -b->number[b->count - 1], missed = slots - (double)(b->count - 1);

	return (missed + 0.25) / (slots + 1);
}

/* spread_out puts the beats to come as far off as past ones were, on both sides. */
static size_t
spread_out(const struct beats *b, double from, struct chance_of *out, double *ahead)
{
	double missed = missed_share(b), weight = 1 - missed, all = 0;
	/* What few errors do not show yet; where beats drift, the interval is known worse. */
	double wide = 1 + (b->gain > 0.5 ? 2.5 : 1.5) / (double)b->error_count;
	size_t n = 0;

	*ahead = 0;
	for (int k = 1; k <= AHEAD; k++, weight *= missed) {
		double far = wide * (b->gain > 0.5 ? sqrt(k) : 1);

		for (size_t i = 0; i < 2 * b->error_count; i++) {
			double error = i % 2 ? b->errors[i / 2] : -b->errors[i / 2];
			double time = b->phase + k * b->interval + far * error;

			all += weight;
			if (time <= from)
				continue;
			out[n++] = (struct chance_of) { time, weight };
			*ahead += weight;
		}
	}
	*ahead /= all;
	return n;
}

static double
weighted_quantile(const struct chance_of *v, size_t n, double q)
{
	double all = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		all += v[i].weight;
	for (size_t i = 0; i < n; i++) {
		sum += v[i].weight;
		if (sum >= q * all)
			return v[i].time;
	}
	return v[n - 1].time;
}

bool
beat_next(const int64_t *times_ms, size_t n, int64_t last_ms, double interval_ms, double jitter, int64_t now_ms,
    double confidence, struct beat_forecast *out)
{
	struct beats b = { .interval = interval_ms, .gate = fmax(GATE_LEAST, fmin(GATE_MOST, GATE * jitter)) };
	struct chance_of times[2 * BEAT_TIMES * AHEAD];
	double ahead;
	size_t count;

	last_ms = last_beat(&b, times_ms, n, last_ms);
	collect(times_ms, n, last_ms, &b);
	if (b.count < BEAT_LEAST)
		return false;
	fit_interval(&b);
	choose_gain(&b);
	count = spread_out(&b, (double)(now_ms - last_ms), times, &ahead);
	if (count == 0 || ahead < OVERDUE)
		return false;
	qsort(times, count, sizeof(times[0]), compare);
	out->low_ms = (double)last_ms + weighted_quantile(times, count, (1 - confidence) / 2);
	out->middle_ms = (double)last_ms + weighted_quantile(times, count, 0.5);
	out->high_ms = (double)last_ms + weighted_quantile(times, count, (1 + confidence) / 2);
	out->interval_ms = b.interval;
	out->beats = (unsigned)b.count;
	return true;
}
