/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a recording, gathered to be drawn: the series, or of a node the metrics that are watched, and where something was found. */
#ifndef REPLAY_OUTLET_PLOT_H
#define REPLAY_OUTLET_PLOT_H

#include "replay/outlet.h"
#include "replay/plot_line.h"

#define PLOT_LINES 128 /* more series are not drawn */

struct plot_outlet {
	struct plot_line lines[PLOT_LINES];
	size_t count;
	/* of a node's counters, whose rates are drawn: of the line */
	double before[PLOT_LINES];
	int64_t before_ms[PLOT_LINES];
	size_t hint; /* private: where the next line is expected */
};

/* plot_outlet_init: *o is large, and plot_outlet_release gives up what it gathered. */
struct outlet plot_outlet_init(struct plot_outlet *o);
void plot_outlet_release(struct plot_outlet *o);
/* plot_outlet_pick are the lines to be drawn, at most max, in `out`: those in which something was found come first. Returns how many. */
size_t plot_outlet_pick(const struct plot_outlet *o, const struct plot_line **out, size_t max);

#endif
