/* SPDX-License-Identifier: Apache-2.0 */
/* What of a sample is judged: levels, rates of counters, the node's own share of the host's CPU. */
#include <math.h>

#include "engine/state.h"

#define STARVED_LEAST 10   /* % of the schedulers' time in which they waited for a processor, and more than they got, */
#define STARVED_SAMPLES 24 /* and so long afterwards: two minutes */

double
observe_rate(struct counted *c, double value, int64_t time_ms)
{
	double rate = NAN;

	if (c->known && value >= c->before && time_ms > c->before_ms)
		rate = (value - c->before) / ((double)(time_ms - c->before_ms) / 1000);
	c->before = value;
	c->before_ms = time_ms;
	c->known = true;
	return rate;
}

static bool
has_any_top(const struct sample *s)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		if (sample_has_top(s, (enum top_kind)kind))
			return true;
	return false;
}

double
observe_cpu(double busy, double had)
{
	return fmin(busy, had);
}

double
observe_metric(struct engine *e, struct watched *w)
{
	const struct sample *s = e->last;
	bool walk = METRICS[w->metric].anomaly == ANOMALY_MESSAGE_QUEUE;

	if (!s->present[w->metric] || !isfinite(s->value[w->metric]))
		return NAN;
	/* The figures of one walk stand in every sample until the next, unless queues are followed: they count once. */
	if (walk && e->ranks && !has_any_top(s))
		return NAN;
	if (w->metric == METRIC_CPU_UTILIZATION)
		return observe_cpu(s->value[w->metric],
		    s->present[METRIC_CPU_TIME_UTILIZATION] ? s->value[METRIC_CPU_TIME_UTILIZATION] : (double)NAN);
	return METRICS[w->metric].watch == WATCH_RATE ? observe_rate(&w->counted, s->value[w->metric], s->time_ms)
						      : s->value[w->metric];
}

/*
 * The host was short of CPU a moment ago. What comes of it (work that piles up: queues, tables, processes) is load, like a surge, until
 * it has been worked off.
 */
void
observe_starvation(struct engine *e)
{
	if (sample_waited(e->last) > STARVED_LEAST)
		e->starved = STARVED_SAMPLES;
	else if (e->starved > 0)
		e->starved--;
}
