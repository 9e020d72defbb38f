/* SPDX-License-Identifier: Apache-2.0 */
#include "report/chart.h"

#include <math.h>
#include <string.h>

#include "report/html.h"
#include "report/phrases.h"

#define LEFT 62
#define RIGHT 8
#define TOP 8
#define BOTTOM 20
#define TICKS 3
#define TIME_LABELS 3
#define STRIP 10 /* height of the highest bar of restarts */

/* ---- scales ---- */

struct scale {
	double low, high; /* of the axis */
	double step;      /* of its lines */
};

/* nice_step is 1, 2 or 5 times a power of ten (of two for bytes, so that labels are whole); of what is counted, no part of one. */
static double
nice_step(double span, enum metric_unit unit)
{
	bool bytes = unit == UNIT_BYTES;
	double rough = fmax(span / TICKS, unit == UNIT_COUNT ? 1 : 0), base = bytes ? 2 : 10;
	double power = pow(base, floor(log(rough) / log(base)));
	double times = rough / power;

	if (bytes)
		return times > 1 ? 2 * power : power;
	return power * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static struct scale
scale_of(const struct report_line *l, double usual)
{
	struct scale s = { INFINITY, -INFINITY, 0 };
	double span;

	for (size_t i = 0; i < l->count; i++) {
		s.low = fmin(s.low, l->points[i].min);
		s.high = fmax(s.high, l->points[i].max);
	}
	s.low = fmin(s.low, isfinite(usual) ? usual : s.low);
	s.high = fmax(s.high, isfinite(usual) ? usual : s.high);
	/* From zero, unless that would hide the change; and not so near that noise looks like one. */
	if (s.low >= 0 && s.low < 0.7 * s.high)
		s.low = 0;
	else if (s.low > 0)
		s.low = fmin(s.low, 0.75 * s.high);
	span = s.high - s.low;
	if (!(span > 0))
		span = fmax(fabs(s.high) * 0.1, 1);
	s.step = nice_step(span, METRICS[l->metric].unit);
	s.low = floor(s.low / s.step) * s.step;
	s.high = fmax(ceil(s.high / s.step), s.low / s.step + 1) * s.step;
	return s;
}

static double
x_of(const struct chart *c, int64_t time_ms)
{
	double span = (double)(c->range.to_ms - c->range.from_ms);
	double part = span > 0 ? (double)(time_ms - c->range.from_ms) / span : 0;

	return LEFT + (CHART_WIDTH - LEFT - RIGHT) * fmin(fmax(part, 0), 1);
}

static double
y_of(const struct scale *s, double v)
{
	return CHART_HEIGHT - BOTTOM - (CHART_HEIGHT - TOP - BOTTOM) * (v - s->low) / (s->high - s->low);
}

/* ---- drawing ---- */

static void
add_axes(struct strbuf *out, const struct chart *c, const struct scale *s)
{
	char text[QUANTITY_SIZE], clock[32];

	for (double v = s->low; v <= s->high + s->step / 2; v += s->step) {
		double y = y_of(s, v);

		strbuf_addf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
		    CHART_WIDTH - RIGHT, y, y);
		strbuf_addf(out, "<text x=\"%d\" y=\"%.1f\" class=\"y\">%s</text>", LEFT - 5, y + 3.5,
		    quantity_text(text, METRICS[c->line->metric].unit, fabs(v) < s->step / 1e6 ? 0 : v));
	}
	for (int i = 0; i < TIME_LABELS; i++) {
		int64_t at = c->range.from_ms + (c->range.to_ms - c->range.from_ms) * i / (TIME_LABELS - 1);
		const char *anchor = i == 0 ? "start" : i == TIME_LABELS - 1 ? "end" : "middle";

		strbuf_addf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>", x_of(c, at),
		    CHART_HEIGHT - 4, anchor, phrase_when(clock, &c->range, at));
	}
}

/* The range within each point, as an area: where points stand for many samples. */
static void
add_band(struct strbuf *out, const struct chart *c, const struct scale *s, size_t from, size_t to)
{
	bool wide = false;

	for (size_t i = from; i < to; i++)
		wide = wide || c->line->points[i].max > c->line->points[i].min;
	if (!wide)
		return;
	strbuf_adds(out, "<path class=\"band\" d=\"");
	for (size_t i = from; i < to; i++)
		strbuf_addf(out, "%c%.1f %.1f", i == from ? 'M' : 'L', x_of(c, c->line->points[i].time_ms),
		    y_of(s, c->line->points[i].max));
	for (size_t i = to; i-- > from;)
		strbuf_addf(out, "L%.1f %.1f", x_of(c, c->line->points[i].time_ms), y_of(s, c->line->points[i].min));
	strbuf_adds(out, "Z\"/>");
}

static void
add_line(struct strbuf *out, const struct chart *c, const struct scale *s, size_t from, size_t to)
{
	strbuf_adds(out, "<path class=\"line\" d=\"");
	for (size_t i = from; i < to; i++)
		strbuf_addf(out, "%c%.1f %.1f", i == from ? 'M' : 'L', x_of(c, c->line->points[i].time_ms),
		    y_of(s, c->line->points[i].mean));
	/* One alone is a dot. */
	if (to - from == 1)
		strbuf_adds(out, "h.1");
	strbuf_adds(out, "\"/>");
}

static void
add_pieces(struct strbuf *out, const struct chart *c, const struct scale *s)
{
	const struct past_point *p = c->line->points;

	for (size_t from = 0, to; from < c->line->count; from = to) {
		to = from + 1;
		while (to < c->line->count && p[to].time_ms - p[to - 1].time_ms <= c->gap_ms)
			to++;
		add_band(out, c, s, from, to);
		add_line(out, c, s, from, to);
	}
}

static void
add_area(struct strbuf *out, const struct chart *c, const struct chart_mark *m)
{
	double x = x_of(c, m->time_ms), to = x_of(c, m->to_ms);

	strbuf_addf(out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" y=\"%d\" height=\"%d\">", m->css, x,
	    fmax(to - x, 1.5), TOP, CHART_HEIGHT - BOTTOM - TOP);
}

static void
add_moment(struct strbuf *out, const struct chart *c, const struct chart_mark *m)
{
	double x = x_of(c, m->time_ms);

	strbuf_addf(out, "<line class=\"mark %s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\">", m->css, x, x, TOP,
	    CHART_HEIGHT - BOTTOM);
}

static void
add_marks(struct strbuf *out, const struct chart *c)
{
	for (size_t i = 0; i < c->mark_count; i++) {
		const struct chart_mark *m = &c->marks[i];

		(m->to_ms ? add_area : add_moment)(out, c, m);
		strbuf_adds(out, "<title>");
		html_add(out, m->text);
		strbuf_addf(out, "</title></%s>", m->to_ms ? "rect" : "line");
	}
}

/* By the logarithm, so that a single one is seen beside a storm. */
static void
add_restarts(struct strbuf *out, const struct chart *c)
{
	double most = 0, wide = (double)(CHART_WIDTH - LEFT - RIGHT) / REPORT_LANE_BINS;

	for (unsigned i = 0; c->restarts && i < REPORT_LANE_BINS; i++)
		most = fmax(most, c->restarts[i]);
	if (most <= 0)
		return;
	strbuf_adds(out, "<path class=\"restarts\" d=\"");
	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		if (c->restarts[i])
			strbuf_addf(out, "M%.1f %dv-%.1f", LEFT + wide * (i + 0.5), CHART_HEIGHT - BOTTOM,
			    STRIP * (0.4 + 0.6 * log1p(c->restarts[i]) / log1p(most)));
	strbuf_adds(out, "\"><title>restarts</title></path>");
}

/* What the picture shows, for who does not see it. */
static void
add_name(struct strbuf *out, const struct chart *c)
{
	enum metric_unit unit = METRICS[c->line->metric].unit;
	const struct past_point *first = &c->line->points[0], *last = &c->line->points[c->line->count - 1];
	char begin[QUANTITY_SIZE], end[QUANTITY_SIZE], least[QUANTITY_SIZE], most[QUANTITY_SIZE];
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < c->line->count; i++) {
		low = fmin(low, c->line->points[i].min);
		high = fmax(high, c->line->points[i].max);
	}
	strbuf_addf(out, "%s over time: %s at the begin, %s at the end, between %s and %s",
	    phrase_metric(c->line->metric), quantity_text(begin, unit, first->mean),
	    quantity_text(end, unit, last->mean), quantity_text(least, unit, low), quantity_text(most, unit, high));
}

void
chart_add(struct strbuf *out, const struct chart *c)
{
	struct scale s = scale_of(c->line, c->usual);

	strbuf_addf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", CHART_WIDTH, CHART_HEIGHT);
	add_name(out, c);
	strbuf_adds(out, "\">");
	add_axes(out, c, &s);
	if (isfinite(c->usual))
		strbuf_addf(out,
		    "<line class=\"usual\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"><title>level "
		    "before</title></line>",
		    LEFT, CHART_WIDTH - RIGHT, y_of(&s, c->usual), y_of(&s, c->usual));
	add_marks(out, c);
	add_pieces(out, c, &s);
	add_restarts(out, c);
	strbuf_adds(out, "</svg>");
}
