/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series as it is drawn: the range of its values in each of some thousand stretches of time, however many samples there are, and the moments at which something
 * was found. Memory is bounded: when time goes on beyond the last stretch, stretches become twice as long.
 */
#ifndef REPLAY_PLOT_LINE_H
#define REPLAY_PLOT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/metric.h"
#include "model/quantity.h"

#define PLOT_STRETCHES 4096
#define PLOT_MARKS 500 /* more are not drawn */

struct plot_stretch {
	float low, high; /* NaN: nothing was seen */
};

struct plot_line {
	char *name;
	bool has_unit;
	enum metric_unit unit;
	int64_t first_ms, last_ms, width_ms;
	size_t count; /* stretches in use */
	struct plot_stretch *stretches;
	size_t mark_count;
	int64_t *marks_ms;
};

/* plot_line_init copies the name. */
void plot_line_init(struct plot_line *l, const char *name);
void plot_line_release(struct plot_line *l);
/* plot_line_add: times do not fall. plot_line_mark: something was found then. */
void plot_line_add(struct plot_line *l, int64_t time_ms, double value);
void plot_line_mark(struct plot_line *l, int64_t time_ms);
/* plot_line_range is what was seen from one time until before another; false: nothing. */
bool plot_line_range(const struct plot_line *l, int64_t from_ms, int64_t to_ms, double *low, double *high);

/* An axis: from low to high in steps; step is 1, 2 or 5 times a power of ten, or for bytes a power of two. */
struct plot_scale {
	double low, high, step;
};

/* plot_line_scale holds all values; `ticks` is about how many steps there are. */
struct plot_scale plot_line_scale(const struct plot_line *l, int ticks);
/* plot_line_label writes a value as it stands on the axis. */
const char *plot_line_label(char buf[QUANTITY_SIZE], const struct plot_line *l, double v);

#endif
