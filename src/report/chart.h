/* SPDX-License-Identifier: Apache-2.0 */
/* A line over time as an SVG element, its colours by CSS classes. Pure. */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "report/report.h"

#define CHART_WIDTH 520
#define CHART_HEIGHT 150

/* A moment that is marked on the time axis: class of its line, and what it says when pointed at. */
struct chart_mark {
	int64_t time_ms;
	const char *css; /* "restart", "finding", "end", … */
	char text[160];
};

struct chart {
	struct report_range range;
	int64_t gap_ms; /* points farther apart are not joined */
	const struct report_line *line;
	double usual; /* drawn as a dashed line; NaN: none */
	const struct chart_mark *marks;
	size_t mark_count;
};

void chart_add(struct strbuf *out, const struct chart *c);
/* html_add appends a text of anybody's: visible characters alone, and nothing that HTML would take for its own. */
void html_add(struct strbuf *out, const char *text);

#endif
