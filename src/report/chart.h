/* SPDX-License-Identifier: Apache-2.0 */
/* A line over time as an SVG element, its colours by CSS classes. Pure. */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/report.h"

/* As wide as it is on a page, so that its letters are as large as they say. */
#define CHART_WIDTH 360
#define CHART_HEIGHT 150

/* A moment, or a time, that is marked: class of its line or area, and what it says when pointed at. */
struct chart_mark {
	int64_t time_ms;
	int64_t to_ms;   /* 0: a moment */
	const char *css; /* "incident", "finding", "boot", "link", "end" */
	char text[160];
};

struct chart {
	struct report_range range;
	int64_t gap_ms; /* points farther apart are not joined */
	const struct report_line *line;
	double usual; /* drawn as a dashed line; NaN: none */
	const struct chart_mark *marks;
	size_t mark_count;
	const uint32_t *restarts; /* REPORT_LANE_BINS numbers, drawn as a strip at the bottom; NULL: none */
};

/* chart_add appends an image with a name that tells what it shows: first, last, lowest and highest value. */
void chart_add(struct strbuf *out, const struct chart *c);
#endif
