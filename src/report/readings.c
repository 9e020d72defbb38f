/* SPDX-License-Identifier: Apache-2.0 */
#include "report/readings.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"

size_t
readings_of(const struct engine *e, enum metric_id id, int64_t from_ms, int64_t to_ms, struct past_point **out)
{
	int64_t step_ms = (to_ms - from_ms) / REPORT_CHART_POINTS + 1;
	/* Buckets are aligned, so that there may be one more; a step of roll-ups is longer. */
	size_t max = REPORT_CHART_POINTS + 2, count;

	*out = xreallocarray(NULL, max, sizeof(**out));
	count = engine_past_points(e, id, from_ms, to_ms, step_ms, *out, max);
	if (count > 0) {
		/* A post-mortem is kept for as long as it may be amended. */
		*out = xreallocarray(*out, count, sizeof(**out));
		return count;
	}
	free(*out);
	*out = NULL;
	return 0;
}

/* ---- all metrics ---- */

static void
add_row(struct report_columns *c, size_t room, const struct sample *s)
{
	size_t row = c->count++;

	c->times[row] = s->time_ms;
	for (int m = 0; m < METRIC_COUNT; m++) {
		if (c->values[m] == NULL && s->present[m]) {
			c->values[m] = xreallocarray(NULL, room, sizeof(double));
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
	struct past_view *v = engine_past_open(e, from_ms, to_ms);
	size_t total = past_view_samples(v), n = 0, room = total < REPORT_SAMPLES_MAX ? total : REPORT_SAMPLES_MAX;
	const struct past_check *check;
	const struct sample *s;

	c->cut = total > REPORT_SAMPLES_MAX;
	c->times = xreallocarray(NULL, room ? room : 1, sizeof(*c->times));
	while ((s = past_view_next(v, &check)) != NULL)
		if (n++ + REPORT_SAMPLES_MAX >= total)
			add_row(c, room, s);
	past_view_free(v);
}

void
readings_columns_release(struct report_columns *c)
{
	free(c->times);
	for (int m = 0; m < METRIC_COUNT; m++)
		free(c->values[m]);
}
