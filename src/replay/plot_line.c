/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/plot_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define FIRST_WIDTH_MS 1000

void
plot_line_init(struct plot_line *l, const char *name)
{
	*l = (struct plot_line) { .name = xstrdup(name), .width_ms = FIRST_WIDTH_MS };
	l->stretches = xcalloc(PLOT_STRETCHES, sizeof(l->stretches[0]));
	l->marks_ms = xcalloc(PLOT_MARKS, sizeof(l->marks_ms[0]));
}

void
plot_line_release(struct plot_line *l)
{
	free(l->name);
	free(l->stretches);
	free(l->marks_ms);
	memset(l, 0, sizeof(*l));
}

/* ---- samples ---- */

static void
widen(struct plot_line *l)
{
	for (size_t i = 0; i < l->count; i += 2) {
		struct plot_stretch a = l->stretches[i];
		struct plot_stretch b = i + 1 < l->count ? l->stretches[i + 1] : a;

		/* fmin and fmax leave NaN out. */
		l->stretches[i / 2] = (struct plot_stretch) { fminf(a.low, b.low), fmaxf(a.high, b.high) };
	}
	l->count = (l->count + 1) / 2;
	l->width_ms *= 2;
}

void
plot_line_add(struct plot_line *l, int64_t time_ms, double value)
{
	struct plot_stretch *s;
	size_t i;

	if (l->count == 0)
		l->first_ms = time_ms;
	if (time_ms < l->first_ms || !isfinite(value))
		return;
	while ((uint64_t)(time_ms - l->first_ms) / (uint64_t)l->width_ms >= PLOT_STRETCHES)
		widen(l);
	i = (size_t)((time_ms - l->first_ms) / l->width_ms);
	while (l->count <= i)
		l->stretches[l->count++] = (struct plot_stretch) { NAN, NAN };
	s = &l->stretches[i];
	s->low = fminf(s->low, (float)value);
	s->high = fmaxf(s->high, (float)value);
	l->last_ms = time_ms;
}

void
plot_line_mark(struct plot_line *l, int64_t time_ms)
{
	if (l->mark_count < PLOT_MARKS)
		l->marks_ms[l->mark_count++] = time_ms;
}

static size_t
stretch_of(const struct plot_line *l, int64_t time_ms)
{
	int64_t i = time_ms <= l->first_ms ? 0 : (time_ms - l->first_ms) / l->width_ms;

	return i < (int64_t)l->count ? (size_t)i : l->count;
}

bool
plot_line_range(const struct plot_line *l, int64_t from_ms, int64_t to_ms, double *low, double *high)
{
	size_t from = stretch_of(l, from_ms), to = stretch_of(l, to_ms);
	float least = NAN, most = NAN;

	/* Where stretches are longer than what is asked for, the one that it lies in. */
	for (size_t i = from; i < l->count && (i == from || i < to); i++) {
		least = fminf(least, l->stretches[i].low);
		most = fmaxf(most, l->stretches[i].high);
	}
	*low = least;
	*high = most;
	return isfinite(least);
}

/* ---- axes ---- */

/* nice_step: powers of two for bytes, and whole steps for what is counted, so that labels are short. */
static double
nice_step(const struct plot_line *l, double span, int ticks)
{
	bool bytes = l->has_unit && l->unit == UNIT_BYTES, counts = l->has_unit && l->unit == UNIT_COUNT;
	double base = bytes ? 2 : 10, rough = span / ticks;
	double power = pow(base, floor(log(rough) / log(base))), times = rough / power;

	if (bytes)
		return times > 1 ? 2 * power : power;
	power *= times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1;
	return counts ? fmax(power, 1) : power;
}

struct plot_scale
plot_line_scale(const struct plot_line *l, int ticks)
{
	struct plot_scale s = { 0, 1, 1 };
	double low, high, span;

	if (!plot_line_range(l, l->first_ms, INT64_MAX, &low, &high))
		return s;
	span = high - low;
	if (!(span > 0))
		span = fmax(fabs(high) * 0.1, 1);
	/* From zero, if that hides nothing. */
	if (low > 0 && low < 0.5 * high)
		low = 0;
	s.step = nice_step(l, fmax(span, high - low), ticks);
	s.low = floor(low / s.step) * s.step;
	s.high = fmax(ceil(high / s.step) * s.step, s.low + s.step);
	return s;
}

const char *
plot_line_label(char buf[QUANTITY_SIZE], const struct plot_line *l, double v)
{
	if (l->has_unit)
		return quantity_text(buf, l->unit, v);
	snprintf(buf, QUANTITY_SIZE, "%.6g", v);
	return buf;
}
