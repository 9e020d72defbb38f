/* SPDX-License-Identifier: Apache-2.0 */
#include "report/readings.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

/* ---- one metric ---- */

static void
add_to_point(struct report_point *p, double v, size_t n)
{
	p->min = n ? fmin(p->min, v) : v;
	p->max = n ? fmax(p->max, v) : v;
	p->mean = n ? p->mean + (v - p->mean) / (double)(n + 1) : v;
}

size_t
readings_of(const struct engine *e, enum metric_id id, int64_t from_ms, int64_t to_ms, struct report_point **out)
{
	int64_t step = (to_ms - from_ms) / REPORT_CHART_POINTS + 1;
	size_t count = 0, room = 0, in_point = 0, it = 0;
	struct report_point *points = NULL;
	const struct sample *s;

	while ((s = engine_past_sample(e, from_ms, to_ms, &it)) != NULL) {
		int64_t at = s->time_ms - s->time_ms % step;

		if (!s->present[id])
			continue;
		if (count == 0 || points[count - 1].time_ms != at) {
			if (count == room)
				points = xreallocarray(points, room = room ? 2 * room : 64, sizeof(*points));
			points[count++].time_ms = at;
			in_point = 0;
		}
		add_to_point(&points[count - 1], s->value[id], in_point++);
	}
	*out = points;
	return count;
}

/* ---- all metrics ---- */

static void
add_row(struct report_columns *c, const struct sample *s)
{
	size_t row = c->count++;

	c->times[row] = s->time_ms;
	for (int m = 0; m < METRIC_COUNT; m++) {
		if (c->values[m] == NULL && s->present[m]) {
			c->values[m] = xreallocarray(NULL, REPORT_SAMPLES_MAX, sizeof(double));
			for (size_t i = 0; i < row; i++)
				c->values[m][i] = NAN;
		}
		if (c->values[m])
			c->values[m][row] = s->present[m] ? s->value[m] : NAN;
	}
}

void
readings_columns(const struct engine *e, int64_t from_ms, int64_t to_ms, struct report_columns *c)
{
	size_t total = 0, it = 0, n = 0;
	const struct sample *s;

	while (engine_past_sample(e, from_ms, to_ms, &it))
		total++;
	c->cut = total > REPORT_SAMPLES_MAX;
	c->times = xreallocarray(NULL, REPORT_SAMPLES_MAX, sizeof(*c->times));
	it = 0;
	while ((s = engine_past_sample(e, from_ms, to_ms, &it)) != NULL)
		if (n++ + REPORT_SAMPLES_MAX >= total)
			add_row(c, s);
}

void
readings_columns_release(struct report_columns *c)
{
	free(c->times);
	for (int m = 0; m < METRIC_COUNT; m++)
		free(c->values[m]);
}
