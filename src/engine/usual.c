/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/usual.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/state.h"

#define PIECES 8                         /* blocks at a time */
#define BEFORE_MS (2 * (int64_t)HOUR_MS) /* that is learnt from before the time */

struct usual_walk {
	const struct engine *e;
	enum metric_id metric;
	int64_t from_ms, to_ms, step_ms;
	int64_t next_ms; /* of what is to be judged */
	struct detector detector;
	struct excursions excursions;
	struct counted counted;
	int64_t last_ms; /* of the last sample; 0: none */
	int64_t seen_ms; /* when the metric was judged last */
	double uptime_ms;
	struct grid *unpacked;
	struct usual_point *points;
	size_t count, room;
};

struct usual_walk *
usual_walk_new(const struct engine *e, enum metric_id metric, int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
	struct usual_walk *w = xcalloc(1, sizeof(*w));

	*w = (struct usual_walk) { .e = e, .metric = metric, .from_ms = from_ms, .to_ms = to_ms, .step_ms = step_ms };
	w->next_ms = from_ms - BEFORE_MS;
	if (w->next_ms < history_oldest_ms(e->history))
		w->next_ms = history_oldest_ms(e->history);
	if (METRICS[metric].watch == WATCH_NONE)
		w->next_ms = INT64_MAX;
	else
		detector_init(&w->detector, METRICS[metric].floor, METRICS[metric].share, e->options.anomaly_threshold,
		    &w->excursions);
	w->unpacked = grid_new(SAMPLE_WIDTH);
	return w;
}

void
usual_walk_free(struct usual_walk *w)
{
	if (w == NULL)
		return;
	grid_free(w->unpacked);
	free(w->points);
	free(w);
}

/* ---- one sample ---- */

static double
cell(const struct grid *rows, unsigned row, enum metric_id metric)
{
	const struct grid_cells *c = grid_column(rows, metric);

	return c && cells_have(c, row) ? c->v[row] : NAN;
}

/* notice_gap is what the engine does when samples are missing, or the node began anew. */
static void
notice_gap(struct usual_walk *w, int64_t time_ms, double uptime_ms)
{
	bool reboot = uptime_ms < w->uptime_ms;

	if (isfinite(uptime_ms))
		w->uptime_ms = uptime_ms;
	if (!reboot && (w->last_ms == 0 || time_ms - w->last_ms <= STALE_INTERVALS * w->e->options.interval_ms))
		return;
	w->counted.known = false;
	if (reboot)
		detector_restart(&w->detector);
	else
		detector_interrupt(&w->detector);
}

static double
observed(struct usual_walk *w, const struct grid *rows, unsigned row)
{
	double value = cell(rows, row, w->metric);

	if (!isfinite(value))
		return NAN;
	if (w->metric == METRIC_CPU_UTILIZATION)
		return observe_cpu(value, cell(rows, row, METRIC_CPU_TIME_UTILIZATION));
	return METRICS[w->metric].watch == WATCH_RATE ? observe_rate(&w->counted, value, rows->time_ms[row]) : value;
}

static void
judge(struct usual_walk *w, double value, int64_t time_ms)
{
	excursions_fade(&w->excursions);
	if (isfinite(value)) {
		w->seen_ms = time_ms;
		detector_feed(&w->detector, value);
	} else if (time_ms - w->seen_ms > DETECTOR_ADOPT * w->e->options.interval_ms) {
		detector_interrupt(&w->detector);
	}
}

/* put: no metric is negative, so nothing below 0 is usual. */
static void
put(struct usual_walk *w, int64_t time_ms)
{
	struct usual_point p = { .time_ms = bucket_begin(time_ms, w->step_ms) };

	if (time_ms < w->from_ms || time_ms > w->to_ms || !detector_usual(&w->detector, &p.mean, &p.low, &p.high))
		return;
	p.low = fmax(0, p.low);
	if (w->count > 0 && w->points[w->count - 1].time_ms == p.time_ms)
		w->count--;
	if (w->count == w->room) {
		w->room = w->room ? 2 * w->room : 256;
		w->points = xreallocarray(w->points, w->room, sizeof(p));
	}
	w->points[w->count++] = p;
}

static void
walk_row(struct usual_walk *w, const struct grid *rows, unsigned row)
{
	int64_t time_ms = rows->time_ms[row];
	double value;

	/* A second sample of the same instant says nothing new. */
	if (time_ms < w->next_ms || time_ms > w->to_ms || (w->last_ms != 0 && time_ms <= w->last_ms))
		return;
	notice_gap(w, time_ms, cell(rows, row, METRIC_WALLCLOCK));
	value = observed(w, rows, row);
	judge(w, value, time_ms);
	w->last_ms = time_ms;
	if (isfinite(value))
		put(w, time_ms);
}

/* ---- pieces ---- */

static void
walk_piece(struct usual_walk *w, const struct piece *piece)
{
	const uint16_t numbers[] = { (uint16_t)w->metric, METRIC_WALLCLOCK, METRIC_CPU_TIME_UTILIZATION };
	const struct grid *rows = w->unpacked;

	if (piece->block)
		block_unpack_some(piece->block->block, numbers, ARRAY_LEN(numbers), w->unpacked);
	else
		rows = piece->open->rows;
	for (unsigned row = 0; row < rows->count; row++)
		walk_row(w, rows, row);
}

bool
usual_walk_go(struct usual_walk *w)
{
	for (unsigned i = 0; i < PIECES; i++) {
		size_t at = history_find(w->e->history, w->next_ms);
		struct piece piece;

		if (w->next_ms > w->to_ms || at >= history_pieces(w->e->history))
			return false;
		piece = history_piece(w->e->history, at);
		walk_piece(w, &piece);
		w->next_ms = piece.last_ms + 1;
	}
	return true;
}

const struct usual_point *
usual_walk_points(const struct usual_walk *w, size_t *count)
{
	*count = w->count;
	return w->points;
}
