/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/spike.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP 0.03 /* of the median distance */
#define TO_DEVIATION 1.4826
#define RISEN 0.9

void
spikes_init(struct spikes *s, double floor)
{
	memset(s, 0, sizeof(*s));
	s->floor = floor;
}

static int
by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values)
{
	qsort(values, SPIKE_WARM_UP, sizeof(*values), by_number);
	return values[SPIKE_WARM_UP / 2];
}

static void
warm_up(struct spikes *s, double value)
{
	s->first[s->count++] = value;
	if (s->count < SPIKE_WARM_UP)
		return;
	s->level = median(s->first);
	for (unsigned i = 0; i < SPIKE_WARM_UP; i++)
		s->first[i] = fabs(s->first[i] - s->level);
	s->distance = median(s->first);
}

static double
limit(const struct spikes *s)
{
	return fmax(SPIKE_SPREADS * TO_DEVIATION * s->distance, fmax(s->floor, fabs(s->level) / 20));
}

static void
learn(struct spikes *s, double value)
{
	double distance = fabs(value - s->level), least = fmax(s->floor, fabs(s->level) / 20) / 100;

	s->level += copysign(fmin(STEP * fmax(s->distance, least), distance), value - s->level);
	s->distance *= distance > s->distance ? 1 + STEP / 2 : 1 - STEP / 2;
	if (distance > 0 && s->distance == 0)
		s->distance = fmin(distance, least);
}

/* Those that turned out to be below nine tenths are let go; the first of the others is when it had risen. */
static void
add_record(struct spikes *s, int64_t time_ms, double value)
{
	double risen = s->level + RISEN * (value - s->level);
	unsigned gone = 0;

	while (gone < s->records && s->record[gone].value < risen)
		gone++;
	memmove(s->record, s->record + gone, (s->records - gone) * sizeof(s->record[0]));
	s->records -= gone;
	s->records -= s->records == SPIKE_RECORDS;
	s->record[s->records].time_ms = time_ms;
	s->record[s->records++].value = value;
}

static bool
end_spike(struct spikes *s, int64_t time_ms, struct spike *out)
{
	s->above = false;
	*out = (struct spike) { .rise_ms = s->record[0].time_ms,
		.top_ms = s->record[s->records - 1].time_ms,
		.end_ms = time_ms,
		.top = s->record[s->records - 1].value,
		.level = s->level };
	return true;
}

static bool
go_on(struct spikes *s, int64_t time_ms, double value, struct spike *out)
{
	double top = s->record[s->records - 1].value;

	if (time_ms - s->began_ms > SPIKE_LASTS_MS) {
		s->above = false;
		s->level = value;
		return false;
	}
	if (value - s->level < (top - s->level) / 2)
		return end_spike(s, time_ms, out);
	if (value > top)
		add_record(s, time_ms, value);
	return false;
}

bool
spikes_feed(struct spikes *s, int64_t time_ms, double value, struct spike *out)
{
	if (s->count < SPIKE_WARM_UP) {
		warm_up(s, value);
		return false;
	}
	if (s->above)
		return go_on(s, time_ms, value, out);
	if (value - s->level <= limit(s)) {
		learn(s, value);
		return false;
	}
	s->above = true;
	s->began_ms = time_ms;
	s->records = 0;
	add_record(s, time_ms, value);
	return false;
}

void
spikes_gap(struct spikes *s)
{
	s->above = false;
}
