/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlet_plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 320

/* find is the line of that name, made if there is room; PLOT_LINES: there is none. */
static size_t
find(struct plot_outlet *o, const char *name)
{
	size_t i = o->hint < o->count && strcmp(o->lines[o->hint].name, name) == 0 ? o->hint : 0;

	while (i < o->count && strcmp(o->lines[i].name, name) != 0)
		i++;
	if (i == o->count && i < PLOT_LINES) {
		plot_line_init(&o->lines[i], name);
		o->before[i] = NAN;
		o->count++;
	}
	o->hint = i + 1;
	return i;
}

/* ---- series ---- */

static void
on_point(void *arg, const struct replay_point *p)
{
	struct plot_outlet *o = arg;
	size_t i = p->usable ? find(o, p->series) : PLOT_LINES;

	if (i == PLOT_LINES)
		return;
	plot_line_add(&o->lines[i], p->time_ms, p->value);
	if (p->verdict.reported)
		plot_line_mark(&o->lines[i], p->time_ms);
}

/* ---- nodes ---- */

static size_t
find_metric(struct plot_outlet *o, const char *node, enum metric_id id)
{
	char name[NAME_MAX_BYTES];
	size_t i;

	snprintf(name, sizeof(name), "%s of %s", METRICS[id].name, node);
	i = find(o, name);
	if (i < PLOT_LINES) {
		o->lines[i].has_unit = true;
		o->lines[i].unit = METRICS[id].unit;
	}
	return i;
}

static double
rate(struct plot_outlet *o, size_t line, int64_t time_ms, double value)
{
	double before = o->before[line], seconds = (double)(time_ms - o->before_ms[line]) / 1000;

	o->before[line] = value;
	o->before_ms[line] = time_ms;
	return value >= before && seconds > 0 ? (value - before) / seconds : NAN;
}

static void
on_sample(void *arg, const struct engine *e, const struct sample *s)
{
	struct plot_outlet *o = arg;

	for (int id = 0; id < METRIC_COUNT; id++) {
		size_t i;

		if (METRICS[id].watch == WATCH_NONE || !s->present[id])
			continue;
		i = find_metric(o, engine_node(e), (enum metric_id)id);
		if (i < PLOT_LINES)
			plot_line_add(&o->lines[i], s->time_ms,
			    METRICS[id].watch == WATCH_RATE ? rate(o, i, s->time_ms, s->value[id]) : s->value[id]);
	}
}

static void
on_event(void *arg, const struct node_event *ev)
{
	struct plot_outlet *o = arg;
	size_t i;

	if (ev->type != EVENT_ANOMALY || ev->u.anomaly.metric == METRIC_NONE)
		return;
	i = find_metric(o, ev->node, ev->u.anomaly.metric);
	if (i < PLOT_LINES)
		plot_line_mark(&o->lines[i], ev->time_ms);
}

/* ---- the whole ---- */

struct outlet
plot_outlet_init(struct plot_outlet *o)
{
	o->count = o->hint = 0;
	return (struct outlet) { .point = on_point, .sample = on_sample, .event = on_event, .arg = o };
}

void
plot_outlet_release(struct plot_outlet *o)
{
	for (size_t i = 0; i < o->count; i++)
		plot_line_release(&o->lines[i]);
	o->count = 0;
}

size_t
plot_outlet_pick(const struct plot_outlet *o, const struct plot_line **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count && n < max; i++)
		if (o->lines[i].mark_count > 0 && o->lines[i].count > 0)
			out[n++] = &o->lines[i];
	for (size_t i = 0; i < o->count && n < max; i++)
		if (o->lines[i].mark_count == 0 && o->lines[i].count > 0)
			out[n++] = &o->lines[i];
	return n;
}
