/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life, its time, its link and its queue of events. What it thinks is in the files beside. */
#include "engine/engine.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/derive.h"
#include "engine/described.h"
#include "engine/growth.h"
#include "engine/selection.h"
#include "engine/state.h"

struct engine_options
engine_defaults(void)
{
	struct engine_options o = {
		.interval_ms = 5000,
		.anomaly_threshold = ANOMALY_THRESHOLD,
		.max_restarts = 10000,
		.max_children = 2000,
		.max_patterns = 256,
		.max_events = 4096,
		.retention_ms = INT64_C(86400000),
		.minute_retention_ms = INT64_C(14) * 86400000,
		.hour_retention_ms = INT64_C(90) * 86400000,
		.max_history_bytes = 64u << 20,
		.max_rollup_bytes = 16u << 20,
		.max_past_events = 10000,
	};

	for (int i = 0; i < CRITERION_COUNT; i++) {
		o.warning[i] = CRITERIA[i].warning;
		o.critical[i] = CRITERIA[i].critical;
	}
	return o;
}

struct engine *
engine_new(const char *node, const struct engine_options *options)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	assert(options->interval_ms > 0 && options->anomaly_threshold > 0);
	e->node = xstrdup(node);
	e->options = *options;
	e->state = NODE_CONNECTING;
	ring_init(&e->events, options->max_events);
	past_init(e);
	supervision_init(e);
	restarts_init(&e->restarts, options->max_children);
	patterns_init(e);
	health_judge_init(&e->health, options->warning, options->critical);
	anomalies_init(e);
	grouping_init(&e->grouping, e->node, e->options.interval_ms);
	return e;
}

static void
free_event(void *p)
{
	node_event_unref(p);
}

static void
drop_surveys(struct engine *e)
{
	for (int k = 0; k < SURVEY_KIND_COUNT; k++) {
		survey_release(&e->surveys[k]);
		e->surveys[k].time_ms = 0;
	}
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	anomalies_release(e);
	grouping_release(&e->grouping);
	ring_release(&e->events, free_event);
	past_release(e);
	recall_release(e);
	supervision_release(e);
	restarts_release(&e->restarts);
	patterns_release(e);
	drop_surveys(e);
	growths_forget(e);
	tree_release(&e->tree);
	free(e->node);
	free(e);
}

void
engine_advance(struct engine *e, int64_t now_ms)
{
	if (now_ms > e->now_ms)
		e->now_ms = now_ms;
}

/* publish_restored: what a restart brings with it comes with the events restored. */
static void
publish_restored(struct engine *e, struct node_event *ev)
{
	if (ev->type == EVENT_RESTART) {
		e->counts.events++;
		past_event(e, ev);
	}
	node_event_unref(ev);
}

void
engine_publish(struct engine *e, struct node_event *ev)
{
	struct node_event *oldest;

	if (e->restoring) {
		publish_restored(e, ev);
		return;
	}
	e->counts.events++;
	past_event(e, ev);
	oldest = ring_push(&e->events, ev);
	if (oldest) {
		e->counts.events_dropped++;
		node_event_unref(oldest);
	}
}

struct node_event *
engine_next_event(struct engine *e)
{
	return ring_pop(&e->events);
}

/* ---- samples ---- */

/* A node's clock that jumps, or is ahead of ours, does not move our time: then the sample is of now. */
static int64_t
sample_time(const struct engine *e, int64_t time_ms)
{
	bool plausible = time_ms <= e->now_ms && (e->last == NULL ? time_ms > 0 : time_ms > e->last->time_ms);

	return plausible ? time_ms : e->now_ms;
}

static void
keep_rankings(struct engine *e, const struct sample *s)
{
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++) {
		if (!sample_has_top(s, (enum top_kind)kind))
			continue;
		e->ranks = true;
		anomalies_forget_top(e);
		e->top_count[kind] = s->top_count[kind] < SAMPLE_TOP ? s->top_count[kind] : SAMPLE_TOP;
		memcpy(e->top[kind], s->top[kind], e->top_count[kind] * sizeof(e->top[kind][0]));
		growths_note_ranking(e, (enum top_kind)kind);
	}
	recall_rankings(e, false);
}

/* notice_discontinuity looks for what makes this sample no continuation of the one before. */
static void
notice_discontinuity(struct engine *e, const struct sample *before)
{
	const struct sample *s = e->last;
	bool reboot = s->present[METRIC_WALLCLOCK] && s->value[METRIC_WALLCLOCK] < e->wallclock_ms;

	if (s->present[METRIC_WALLCLOCK])
		e->wallclock_ms = s->value[METRIC_WALLCLOCK];
	/* The node's lists are those of the VM that is gone, and its tables have not shrunk. */
	if (reboot) {
		drop_surveys(e);
		growths_forget(e);
	}
	if (reboot || (before && s->time_ms - before->time_ms > STALE_INTERVALS * e->options.interval_ms))
		anomalies_interrupt(e, reboot);
}

/* leave_out clears what is not wanted, after it has served: derived metrics, the link and the capture need some of it. */
static void
leave_out(const struct engine *e, struct sample *s)
{
	if (e->options.selection == NULL)
		return;
	for (int i = 0; i < METRIC_COUNT; i++)
		s->present[i] = s->present[i] && selection_wants_metric(e->options.selection, (enum metric_id)i);
	if (!selection_wants_metric(e->options.selection, METRIC_CPU_UTILIZATION))
		s->scheduler_count = 0;
}

/* pass lets time pass: what engine_tick does beside being an input. */
static void
pass(struct engine *e, int64_t now_ms)
{
	engine_advance(e, now_ms);
	anomalies_expire(e);
	patterns_tick(e);
	checkup_time(e);
	incidents_time(e);
	/* What is restored may have been of a clock that was ahead: nothing is old before it is known what time it is. */
	if (!e->restoring)
		past_expire(e);
	if (e->tree.time_ms && e->now_ms - e->tree.time_ms > TREE_KEPT_MS)
		tree_release(&e->tree);
}

void
engine_feed(struct engine *e, int64_t now_ms, const struct sample *s)
{
	const struct sample *before = e->last;
	struct sample *next = &e->samples[before == &e->samples[0]];
	int64_t time_ms;

	input_tell(e, &(struct engine_input) { INPUT_SAMPLE, now_ms, { .sample = s } });
	engine_advance(e, now_ms);
	time_ms = sample_time(e, s->time_ms);
	*next = *s;
	next->time_ms = time_ms;
	/* What the store gives back is as it was: of the first one, differences could not be computed again. */
	if (!e->restoring || !is_derived(next))
		derive(next, before);
	e->last = next;
	e->lost = false;
	e->counts.samples++;
	keep_rankings(e, s);
	capture_update(e);
	notice_discontinuity(e, before);
	leave_out(e, next);
	/* A second sample of the same instant says nothing new about time. */
	if (before == NULL || time_ms > before->time_ms)
		anomalies_feed(e);
	patterns_sample(e);
	checkup_sample(e);
	pass(e, now_ms);
	past_sample(e);
}

/* copy_kept copies what the history keeps of a sample. */
static void
copy_kept(struct sample *to, const struct sample *from)
{
	to->time_ms = from->time_ms;
	memcpy(to->value, from->value, sizeof(to->value));
	memcpy(to->present, from->present, sizeof(to->present));
	to->scheduler_count = from->scheduler_count;
	memset(to->scheduler_total, 0, from->scheduler_count * sizeof(to->scheduler_total[0]));
	memcpy(to->scheduler_utilization, from->scheduler_utilization,
	    from->scheduler_count * sizeof(to->scheduler_utilization[0]));
	memset(to->top_told, 0, sizeof(to->top_told));
	memset(to->top_count, 0, sizeof(to->top_count));
}

void
engine_relive(struct engine *e, const struct sample *s)
{
	const struct sample *before = e->last;
	struct sample *next = &e->samples[before == &e->samples[0]];

	engine_advance(e, s->time_ms);
	copy_kept(next, s);
	e->last = next;
	e->lost = false;
	e->counts.samples++;
	capture_update(e);
	notice_discontinuity(e, before);
	if (before == NULL || s->time_ms > before->time_ms)
		anomalies_feed(e);
	patterns_sample(e);
	checkup_sample(e);
	pass(e, s->time_ms);
}

void
engine_tick(struct engine *e, int64_t now_ms)
{
	input_tell(e, &(struct engine_input) { INPUT_TICK, now_ms, { .note = NULL } });
	pass(e, now_ms);
}

/* ---- the link ---- */

static bool
is_linked(enum node_state state)
{
	return state == NODE_UP || state == NODE_STALLED;
}

static enum severity
link_severity(const struct engine *e, enum node_state state)
{
	if (state == NODE_UP || state == NODE_CONNECTING)
		return SEVERITY_LOW;
	return e->was_up && state != NODE_STALLED ? SEVERITY_HIGH : SEVERITY_MEDIUM;
}

static void
publish_link(struct engine *e)
{
	struct node_event *ev = node_event_new(EVENT_NODE, link_severity(e, e->state), e->node, e->now_ms);

	ev->u.link.state = e->state;
	snprintf(ev->u.link.detail, sizeof(ev->u.link.detail), "%s", e->detail);
	engine_publish(e, ev);
}

static void
lose_link(struct engine *e)
{
	e->was_up = false;
	e->lost = true;
	recall_last_rankings(e);
	memcpy(e->top_at_end, e->top_count, sizeof(e->top_at_end));
	memset(e->top_count, 0, sizeof(e->top_count));
	capture_update(e);
	anomalies_interrupt(e, false);
	anomalies_node_down(e);
}

void
engine_link(struct engine *e, int64_t now_ms, enum node_state state, const char *detail)
{
	bool changed = state != e->state;

	input_tell(e, &(struct engine_input) { INPUT_LINK, now_ms, { .link = { state, detail } } });
	engine_advance(e, now_ms);
	/* Each new try begins with "connecting": as long as tries fail, the reason of the failure is what people want to see. */
	if (state == NODE_CONNECTING && !is_linked(e->state))
		return;
	snprintf(e->detail, sizeof(e->detail), "%s", detail ? detail : "");
	if (!changed)
		return;
	e->state = state;
	e->since_ms = e->now_ms;
	recall_link(e);
	publish_link(e);
	if (e->was_up && !is_linked(state))
		lose_link(e);
	if (state == NODE_UP) {
		e->was_up = true;
		anomalies_node_up(e);
	}
	capture_update(e);
	checkup_time(e);
	incidents_time(e);
}

void
engine_note(struct engine *e, int64_t now_ms, const char *fmt, ...)
{
	struct node_event *ev;
	va_list args;

	engine_advance(e, now_ms);
	ev = node_event_new(EVENT_NODE, link_severity(e, e->state), e->node, e->now_ms);
	ev->u.link.state = e->state;
	va_start(args, fmt);
	vsnprintf(ev->u.link.detail, sizeof(ev->u.link.detail), fmt, args);
	va_end(args);
	input_tell(e, &(struct engine_input) { INPUT_NOTE, now_ms, { .note = ev->u.link.detail } });
	engine_publish(e, ev);
}

void
engine_info(struct engine *e, const struct node_info *info)
{
	input_tell(e, &(struct engine_input) { INPUT_INFO, 0, { .info = info } });
	recall_deploy(e, info);
	e->info = *info;
	capture_update(e);
}

void
engine_survey(struct engine *e, int64_t now_ms, struct survey *s)
{
	input_tell(e, &(struct engine_input) { INPUT_SURVEY, now_ms, { .survey = s } });
	engine_advance(e, now_ms);
	s->time_ms = e->now_ms;
	if (s->kind == SURVEY_TABLES)
		growth_of_tables(s, &e->surveys[SURVEY_TABLES]);
	if (s->kind == SURVEY_GROUPS)
		described_groups(s, &e->surveys[SURVEY_GROUPS]);
	survey_release(&e->surveys[s->kind]);
	e->surveys[s->kind] = *s;
	growths_note_survey(e, s->kind);
	*s = (struct survey) { .kind = s->kind };
}

void
engine_tree(struct engine *e, int64_t now_ms, struct tree *t)
{
	engine_advance(e, now_ms);
	tree_release(&e->tree);
	e->tree = *t;
	e->tree.time_ms = e->now_ms;
	*t = (struct tree) { .count = 0 };
}

/* ---- answers ---- */

const char *
engine_node(const struct engine *e)
{
	return e->node;
}

enum node_state
engine_state(const struct engine *e, const char **detail, int64_t *since_ms)
{
	if (detail)
		*detail = e->detail;
	if (since_ms)
		*since_ms = e->since_ms;
	return e->state;
}

const struct node_info *
engine_node_info(const struct engine *e)
{
	return &e->info;
}

const struct sample *
engine_last(const struct engine *e)
{
	return e->last;
}

const struct top_process *
engine_top(const struct engine *e, enum top_kind kind, unsigned *count)
{
	*count = e->top_count[kind];
	return e->top[kind];
}

const struct top_process *
engine_top_at_end(const struct engine *e, enum top_kind kind, unsigned *count)
{
	*count = e->lost ? e->top_at_end[kind] : e->top_count[kind];
	return e->top[kind];
}

struct engine_counts
engine_counts(const struct engine *e)
{
	return e->counts;
}

const struct engine_options *
engine_options(const struct engine *e)
{
	return &e->options;
}

const struct survey *
engine_last_survey(const struct engine *e, enum survey_kind kind)
{
	return e->surveys[kind].time_ms ? &e->surveys[kind] : NULL;
}

const struct tree *
engine_last_tree(const struct engine *e, int64_t now_ms, int64_t max_age_ms)
{
	return e->tree.time_ms && now_ms - e->tree.time_ms <= max_age_ms ? &e->tree : NULL;
}

size_t
engine_supervisors(const struct engine *e, const struct term **out, size_t max)
{
	size_t n = 0;

	for (const struct supervisor *s = e->restarts.newest_supervisor; s && n < max; s = s->older)
		out[n++] = s->name;
	return n;
}
