/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/lines.h"

#include <math.h>
#include <stdio.h>

#include "tui/format.h"
#include "tui/get.h"
#include "tui/spark.h"
#include "tui/standing.h"

#define COUNTED_MS (5 * INT64_C(60000))
#define NARROW_CHART 36 /* columns that a line needs */
#define WIDE_CHART 50   /* with its highest value */
#define RECENT_POINTS 10

/* What is now is told of the node; the line's last point may be of a few seconds ago. */
static double
value_now(const struct view *v, enum chart i)
{
	const double *values = v->model->charts[i];

	if (CHARTS[i].now)
		return get_number(model_node(v->model), CHARTS[i].now);
	for (int k = CHART_POINTS; k > CHART_POINTS - RECENT_POINTS; k--)
		if (!isnan(values[k - 1]))
			return values[k - 1];
	return NAN;
}

/* Restarts are counted over five minutes, as their criterion does, or since they are seen. */
static void
restarts_value(const struct view *v, char *out, size_t size)
{
	int64_t since = get_time(get_object(model_body(v->model, ASK_HEALTH), "observed"), "restarts_since");
	double count = get_number(model_node(v->model), "restarts_5m");
	char number[FORMAT_SIZE], span[FORMAT_SIZE];
	int64_t seen = since && v->now_ms > since ? v->now_ms - since : 0;

	if (isnan(count) || since == 0)
		snprintf(out, size, "not observed");
	else
		snprintf(out, size, "%s in %s", format_count(number, count),
		    seen < COUNTED_MS ? format_span(span, seen) : "5 min");
}

static void
chart_value(const struct view *v, enum chart i, bool with_max, char *out, size_t size)
{
	const struct chart_row *row = &CHARTS[i];
	char now[FORMAT_SIZE], text[FORMAT_SIZE];
	double low, high;

	if (i == CHART_RESTARTS) {
		restarts_value(v, out, size);
		return;
	}
	if (isnan(value_now(v, i))) {
		snprintf(out, size, "not observed");
		return;
	}
	format_quantity(now, value_now(v, i), row->unit);
	if (with_max && spark_range(v->model->charts[i], CHART_POINTS, &low, &high) && high > low)
		snprintf(out, size, "%s  max %s", now, format_quantity(text, high, row->unit));
	else
		snprintf(out, size, "%s", now);
}

static void
draw_chart(const struct view *v, struct cells *c, int row, enum chart i, int col, int width)
{
	const json_t *criteria = get_object(model_body(v->model, ASK_HEALTH), "criteria");
	const char *level = CHARTS[i].criterion ? get_text(get_object(criteria, CHARTS[i].criterion), "level") : "";
	enum style style = level_style(level);
	bool narrow = width < WIDE_CHART;
	int label = narrow ? 9 : 14, value = narrow ? 14 : 22, bars = width - label - value;
	double low = 0, high = 0;
	char text[2 * FORMAT_SIZE + 16];

	if (bars > CHART_POINTS)
		bars = CHART_POINTS;
	if (spark_range(v->model->charts[i], CHART_POINTS, &low, &high)) {
		bool floating = i == CHART_MEMORY || i == CHART_PROCESSES;

		low = floating ? low - CHARTS[i].least / 4 : 0;
		low = low < 0 ? 0 : low;
		high = high - low < CHARTS[i].least ? low + CHARTS[i].least : high;
	}
	cells_put(c, row, col, label - 1, STYLE_DIM, narrow ? CHARTS[i].abbreviation : CHARTS[i].title);
	spark_draw(c, row, col + label, bars, v->model->charts[i], CHART_POINTS, low, high);
	chart_value(v, i, !narrow, text, sizeof(text));
	cells_put(c, row, col + label + bars + 1, value - 1,
	    style == STYLE_CRITICAL || style == STYLE_WARNING ? style : STYLE_PLAIN, text);
}

int
lines_draw(const struct view *v, struct cells *c, int row, int height)
{
	int across = c->width >= 2 * NARROW_CHART ? 2 : 1;
	int width = c->width / across, rows = (CHART_COUNT + across - 1) / across;

	if (height < rows)
		rows = height < 0 ? 0 : height;
	for (int i = 0; i < CHART_COUNT && i / across < rows; i++)
		draw_chart(v, c, row + i / across, (enum chart)i, i % across * width, width);
	return rows;
}
