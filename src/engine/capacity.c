/* SPDX-License-Identifier: Apache-2.0 */
/* The time left to every limit of a node. */
#include <math.h>

#include "engine/foresight.h"
#include "engine/foresight_scales.h"
#include "engine/foresight_text.h"
#include "engine/foresight_trend.h"
#include "engine/state.h"

enum { LEVEL, PEAK };
enum { EVER, BOOT };

const struct resource_row RESOURCES[RESOURCE_COUNT] = {
#define RESOURCE_ROW(id, name, what, metric, limit, at, since, next_step) \
	[RESOURCE_##id] = { name, what, METRIC_##metric, METRIC_##limit, at, since, next_step },
	RESOURCE_TABLE(RESOURCE_ROW)
#undef RESOURCE_ROW
};

double
foresight_present(const struct engine *e, int64_t now_ms, enum metric_id id)
{
	bool known = id != METRIC_NONE && checkup_sample_is_fresh(e, now_ms) && e->last->present[id];

	return known && isfinite(e->last->value[id]) ? e->last->value[id] : NAN;
}

static double
limit_of(const struct engine *e, enum resource r, int64_t now_ms)
{
	double limit;

	switch (r) {
	case RESOURCE_CPU:
		return 100;
	case RESOURCE_ETS:
		return foresight_present(e, now_ms, METRIC_VM_MEMORY_ETS) +
		    foresight_present(e, now_ms, METRIC_MEMORY_AVAILABLE);
	case RESOURCE_PROCESSES:
	case RESOURCE_MEMORY:
	case RESOURCE_PORTS:
	case RESOURCE_ATOMS:
	case RESOURCE_FILE_DESCRIPTORS:
	case RESOURCE_COUNT:
		break;
	}
	limit = foresight_present(e, now_ms, RESOURCES[r].limit);
	return limit > 0 ? limit : NAN;
}

int64_t
foresight_boot_ms(const struct engine *e)
{
	if (e->last == NULL || !(e->wallclock_ms > 0 && e->wallclock_ms < (double)e->last->time_ms))
		return 0;
	return e->last->time_ms - (int64_t)e->wallclock_ms;
}

bool
foresight_outlook(
    const struct engine *e, enum metric_id metric, int64_t from_ms, double limit, bool at_peak, struct outlook *out)
{
	struct foresight_scales s = { .count = 0 };
	struct outlook_question q = { .scales = s.scales,
		.limit = limit,
		.at_peak = at_peak,
		.confidence = FORESIGHT_CONFIDENCE,
		.seed = metric };

	if (!foresight_scales_read(e, metric, from_ms, &s))
		return false;
	q.scale_count = s.count;
	outlook_find(&q, out);
	return out->known;
}

int64_t
foresight_date(const struct engine *e, double ms)
{
	return isfinite(ms) ? e->last->time_ms + (int64_t)ms : 0;
}

static void
look_ahead(const struct engine *e, const struct resource_row *row, struct capacity *c)
{
	int64_t from_ms = row->since_boot ? foresight_boot_ms(e) : 0;
	struct outlook o;

	if (!foresight_outlook(e, row->metric, from_ms, c->limit, row->at_peak, &o))
		return;
	c->span_ms = o.span_ms;
	c->horizon_ms = o.horizon_ms;
	c->growth_per_hour = o.growth;
	c->growth_low = o.growth_low;
	c->growth_high = o.growth_high;
	c->trend = o.trend;
	c->full_ms = foresight_date(e, o.full_ms);
	c->full_earliest_ms = foresight_date(e, o.full_low_ms);
	c->full_latest_ms = foresight_date(e, o.full_high_ms);
}

static void
look_at(const struct engine *e, enum resource r, int64_t now_ms, struct capacity *c)
{
	const struct resource_row *row = &RESOURCES[r];

	*c = (struct capacity) { .resource = r, .confidence = FORESIGHT_CONFIDENCE };
	c->growth_per_hour = c->growth_low = c->growth_high = NAN;
	c->current = foresight_present(e, now_ms, row->metric);
	c->limit = limit_of(e, r, now_ms);
	c->utilization = 100 * c->current / c->limit;
	if (!isnan(c->current))
		look_ahead(e, row, c);
	foresight_tell_capacity(c, now_ms);
}

size_t
engine_capacity(const struct engine *e, int64_t now_ms, struct capacity *out, size_t max)
{
	size_t count = max < RESOURCE_COUNT ? max : RESOURCE_COUNT;

	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	for (size_t i = 0; i < count; i++)
		look_at(e, (enum resource)i, now_ms, &out[i]);
	return count;
}
