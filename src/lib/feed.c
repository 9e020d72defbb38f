/* SPDX-License-Identifier: Apache-2.0 */
/* What goes in: samples, restarts, time, up and down. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "etf/etf.h"
#include "lib/handle.h"

#define PID_MAX 63
#define RESTART_TYPE_MAX (sizeof(((struct restart *)0)->restart_type) - 1)

/* ---- samples ---- */

int
arsenal_sample_begin(struct arsenal *a)
{
	int code = input_check(a);

	if (code != ARSENAL_OK)
		return code;
	memset(&a->sample, 0, sizeof(a->sample));
	a->sample_is_set = false;
	return ARSENAL_OK;
}

static int
check_value(struct arsenal *a, int id, double value)
{
	const struct metric *m = &METRICS[id];
	double max = m->unit == UNIT_PERCENT ? 100 : ARSENAL_VALUE_MAX;

	if (m->unit == UNIT_BOOL && value != 0 && value != 1)
		return fail(a, ARSENAL_ERR_RANGE, "%s: %g is neither 0 nor 1", m->name, value);
	if (!(value >= 0 && value <= max))
		return fail(a, ARSENAL_ERR_RANGE, "%s: %g is not from 0 to %.17g", m->name, value, max);
	return ARSENAL_OK;
}

int
arsenal_sample_set_id(struct arsenal *a, int id, double value)
{
	int code = input_check(a);

	if (code != ARSENAL_OK)
		return code;
	if (id < 0 || id >= METRIC_COUNT)
		return fail(a, ARSENAL_ERR_UNKNOWN, "metric %d: ids are from 0 to %d", id, METRIC_COUNT - 1);
	code = check_value(a, id, value);
	if (code != ARSENAL_OK)
		return code;
	sample_set(&a->sample, (enum metric_id)id, value);
	a->sample_is_set = true;
	return ARSENAL_OK;
}

int
arsenal_sample_set(struct arsenal *a, const char *metric, double value)
{
	int code = input_check(a);
	int id = arsenal_metric_id(metric);

	if (code != ARSENAL_OK)
		return code;
	if (metric == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "metric: it is NULL");
	if (id < 0)
		return fail(a, ARSENAL_ERR_UNKNOWN, "there is no metric \"%.64s\"", metric);
	return arsenal_sample_set_id(a, id, value);
}

int
arsenal_sample_scheduler(struct arsenal *a, int index, uint64_t busy, uint64_t total)
{
	int code = input_check(a);

	if (code != ARSENAL_OK)
		return code;
	if (index < 0 || index >= ARSENAL_SCHEDULERS_MAX)
		return fail(
		    a, ARSENAL_ERR_RANGE, "scheduler %d is not from 0 to %d", index, ARSENAL_SCHEDULERS_MAX - 1);
	if (total == 0 || busy > total)
		return fail(a, ARSENAL_ERR_RANGE, "scheduler %d: busy %" PRIu64 " of %" PRIu64, index, busy, total);
	a->sample.scheduler_active[index] = busy;
	a->sample.scheduler_total[index] = total;
	if (index >= a->sample.scheduler_count)
		a->sample.scheduler_count = (uint16_t)(index + 1);
	a->sample_is_set = true;
	return ARSENAL_OK;
}

/* ---- processes ---- */

/* A text of a process is for reading only: too long a one is cut. */
static int
take_text(struct arsenal *a, const char *what, char *to, size_t size, const char *text)
{
	size_t len = text ? strnlen(text, size) : 0;
	char cut[SAMPLE_TEXT + 1];
	int code;

	if (len == 0)
		return ARSENAL_OK;
	len = len < size ? len : etf_utf8_cut(text, len, size - 1);
	memcpy(cut, text, len);
	cut[len] = '\0';
	code = text_check(a, what, cut, size);
	if (code == ARSENAL_OK)
		memcpy(to, cut, len + 1);
	return code;
}

static int
check_amount(struct arsenal *a, const char *what, double v)
{
	if (isnan(v) || (v >= 0 && v <= ARSENAL_VALUE_MAX))
		return ARSENAL_OK;
	return fail(a, ARSENAL_ERR_RANGE, "a process's %s: %g is not from 0 to %.17g", what, v, ARSENAL_VALUE_MAX);
}

static int
take_process(struct arsenal *a, const struct arsenal_process *p, struct top_process *to)
{
	const struct {
		const char *what, *text;
		char *to;
		size_t size;
	} texts[] = {
		{ "a process's pid", p->pid, to->pid, sizeof(to->pid) },
		{ "a process's name", p->name, to->name, sizeof(to->name) },
		{ "a process's initial_call", p->initial_call, to->initial_call, sizeof(to->initial_call) },
		{ "a process's current_function", p->current_function, to->current_function,
		    sizeof(to->current_function) },
		{ "a process's application", p->application, to->application, sizeof(to->application) },
	};
	int code = ARSENAL_OK;

	for (size_t i = 0; i < ARRAY_LEN(texts) && code == ARSENAL_OK; i++)
		code = take_text(a, texts[i].what, texts[i].to, texts[i].size, texts[i].text);
	if (code == ARSENAL_OK)
		code = check_amount(a, "queue_len", to->queue_len = p->queue_len);
	if (code == ARSENAL_OK)
		code = check_amount(a, "memory", to->memory = p->memory);
	if (code == ARSENAL_OK)
		code = check_amount(a, "reductions", to->reductions = p->reductions);
	if (code == ARSENAL_OK)
		code = check_amount(a, "binary", to->binary = p->binary);
	return code;
}

/* rank puts p where it belongs among the largest; equal ones stay in the order they came. */
static void
rank(struct sample *s, enum top_kind kind, const struct top_process *p, double value)
{
	struct top_process *top = s->top[kind];
	unsigned count = s->top_count[kind], at = 0;

	if (!(value > 0))
		return;
	while (at < count && top[at].value >= value)
		at++;
	if (at == SAMPLE_TOP)
		return;
	if (count < SAMPLE_TOP)
		s->top_count[kind] = (uint8_t)++count;
	memmove(&top[at + 1], &top[at], (count - 1 - at) * sizeof(top[0]));
	top[at] = *p;
	top[at].value = value;
}

int
arsenal_sample_process(struct arsenal *a, const struct arsenal_process *p, size_t size)
{
	struct arsenal_process from = { .queue_len = NAN, .memory = NAN, .reductions = NAN, .binary = NAN };
	struct top_process to = TOP_PROCESS_INIT;
	int code = input_check(a);

	if (code == ARSENAL_OK)
		code = take_struct(a, &from, sizeof(from), p, size);
	if (code == ARSENAL_OK)
		code = take_process(a, &from, &to);
	if (code != ARSENAL_OK)
		return code;
	rank(&a->sample, TOP_MESSAGE_QUEUE, &to, to.queue_len);
	rank(&a->sample, TOP_MEMORY, &to, to.memory);
	rank(&a->sample, TOP_REDUCTIONS, &to, to.reductions);
	rank(&a->sample, TOP_BINARY, &to, to.binary);
	for (int kind = 0; kind < TOP_KIND_COUNT; kind++)
		a->sample.top_told[kind] = true;
	a->sample_is_set = true;
	return ARSENAL_OK;
}

int
arsenal_sample_submit(struct arsenal *a, int64_t now_ms)
{
	int code = input_check(a);

	if (code != ARSENAL_OK)
		return code;
	if (!a->sample_is_set)
		return fail(a, ARSENAL_ERR_STATE, "an empty sample: nothing was set");
	code = input_begin(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	engine_link(a->engine, now_ms, NODE_UP, NULL);
	a->sample.time_ms = now_ms;
	engine_feed(a->engine, now_ms, &a->sample);
	memset(&a->sample, 0, sizeof(a->sample));
	a->sample_is_set = false;
	return input_end(a);
}

/* ---- restarts ---- */

/* An optional text that has to be whole. */
static int
check_optional(struct arsenal *a, const char *what, const char *text, size_t max)
{
	return text && text[0] ? text_check(a, what, text, max) : ARSENAL_OK;
}

/* reason_length is how much of a reason is kept. */
static size_t
reason_length(const char *reason, bool *cut)
{
	size_t len = strnlen(reason, ARSENAL_TEXT_MAX + 1);

	*cut = len > ARSENAL_TEXT_MAX;
	return *cut ? etf_utf8_cut(reason, len, ARSENAL_TEXT_MAX) : len;
}

static int
check_reason(struct arsenal *a, const char *reason)
{
	char kept[ARSENAL_TEXT_MAX + 1];
	bool cut;
	size_t len;

	if (reason == NULL || reason[0] == '\0')
		return ARSENAL_OK;
	len = reason_length(reason, &cut);
	memcpy(kept, reason, len);
	kept[len] = '\0';
	return text_check(a, "reason", kept, ARSENAL_TEXT_MAX);
}

static int
check_texts(struct arsenal *a, const struct arsenal_restart_report *r)
{
	int code = text_check(a, "supervisor", r->supervisor, ARSENAL_TEXT_MAX);

	if (code == ARSENAL_OK)
		code = text_check(a, "child", r->child, ARSENAL_TEXT_MAX);
	if (code == ARSENAL_OK)
		code = check_reason(a, r->reason);
	if (code == ARSENAL_OK)
		code = check_optional(a, "pid", r->pid, PID_MAX);
	if (code == ARSENAL_OK)
		code = check_optional(a, "restart_type", r->restart_type, RESTART_TYPE_MAX);
	return code;
}

static int
check_report(struct arsenal *a, int64_t now_ms, const struct arsenal_restart_report *r)
{
	if ((unsigned)r->kind > ARSENAL_RESTART_GAVE_UP)
		return fail(a, ARSENAL_ERR_RANGE, "kind: %d is none", (int)r->kind);
	if (r->times > ARSENAL_TIMES_MAX)
		return fail(a, ARSENAL_ERR_RANGE, "times: %" PRIu64 " is over %d", r->times, ARSENAL_TIMES_MAX);
	if (r->times > 1 && (!r->by_hand || r->kind != ARSENAL_RESTART_DONE))
		return fail(a, ARSENAL_ERR_RANGE, "times: more than one at once only of restarts reported by hand");
	if (r->time_ms != 0 && (r->time_ms < 1 || r->time_ms > now_ms || r->time_ms < now_ms - 3600000))
		return fail(a, ARSENAL_ERR_TIME, "time_ms: %" PRId64 " is not in the hour up to now, %" PRId64,
		    r->time_ms, now_ms);
	return check_texts(a, r);
}

static struct term *
reason_term(const char *reason)
{
	bool cut;
	size_t len;

	if (reason == NULL || reason[0] == '\0')
		return text_term("unknown", strlen("unknown"), false);
	len = reason_length(reason, &cut);
	return text_term(reason, len, cut);
}

static void
feed_restart(struct arsenal *a, int64_t now_ms, const struct arsenal_restart_report *from)
{
	struct restart r = {
		.time_ms = from->time_ms ? from->time_ms : now_ms,
		.kind = (enum restart_kind)from->kind,
		.by_hand = from->by_hand,
		.caught = !from->by_hand,
		.times = from->times ? from->times : 1,
		.supervisor = text_term(from->supervisor, strlen(from->supervisor), false),
		.child_id = text_term(from->child, strlen(from->child), false),
		.child_pid = from->pid && from->pid[0] ? text_term(from->pid, strlen(from->pid), false) : NULL,
		.reason = reason_term(from->reason),
	};

	if (from->restart_type)
		snprintf(r.restart_type, sizeof(r.restart_type), "%s", from->restart_type);
	engine_restart(a->engine, now_ms, &r);
	restart_release(&r);
}

int
arsenal_restart(struct arsenal *a, int64_t now_ms, const struct arsenal_restart_report *r, size_t size)
{
	struct arsenal_restart_report from = { .supervisor = NULL };
	int code = input_check(a);

	if (code == ARSENAL_OK)
		code = take_struct(a, &from, sizeof(from), r, size);
	if (code == ARSENAL_OK)
		code = time_check(a, now_ms);
	if (code == ARSENAL_OK)
		code = check_report(a, now_ms, &from);
	if (code == ARSENAL_OK)
		code = input_begin(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	feed_restart(a, now_ms, &from);
	return input_end(a);
}

int
arsenal_track_restart(struct arsenal *a, int64_t now_ms, const char *supervisor, const char *child, const char *reason)
{
	struct arsenal_restart_report r = {
		.supervisor = supervisor, .child = child, .reason = reason, .by_hand = true
	};

	return arsenal_restart(a, now_ms, &r, sizeof(r));
}

int
arsenal_lost_restarts(struct arsenal *a, int64_t now_ms, uint64_t count)
{
	int code = input_check(a);

	if (code == ARSENAL_OK && (count == 0 || count > ARSENAL_TIMES_MAX))
		code = fail(a, ARSENAL_ERR_RANGE, "count: %" PRIu64 " is not from 1 to %d", count, ARSENAL_TIMES_MAX);
	if (code == ARSENAL_OK)
		code = input_begin(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	engine_lost_restarts(a->engine, now_ms, count);
	return input_end(a);
}

/* ---- time and state ---- */

int
arsenal_tick(struct arsenal *a, int64_t now_ms)
{
	int code = input_begin(a, now_ms);

	if (code != ARSENAL_OK)
		return code;
	engine_tick(a->engine, now_ms);
	return input_end(a);
}

int
arsenal_force_health_check(struct arsenal *a, int64_t now_ms, enum arsenal_level *overall)
{
	int code = input_check(a);
	struct health h;

	if (code == ARSENAL_OK && overall == NULL)
		code = fail(a, ARSENAL_ERR_ARGUMENT, "overall: it is NULL");
	if (code == ARSENAL_OK)
		code = input_begin(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	engine_tick(a->engine, now_ms);
	engine_health(a->engine, now_ms, &h);
	*overall = (enum arsenal_level)h.overall;
	return input_end(a);
}

int
arsenal_node_up(struct arsenal *a, int64_t now_ms)
{
	int code = input_begin(a, now_ms);

	if (code != ARSENAL_OK)
		return code;
	engine_link(a->engine, now_ms, NODE_UP, NULL);
	return input_end(a);
}

int
arsenal_node_down(struct arsenal *a, int64_t now_ms, const char *detail)
{
	int code = input_check(a);

	if (code == ARSENAL_OK)
		code = check_optional(a, "detail", detail, ARSENAL_NAME_MAX);
	if (code == ARSENAL_OK)
		code = input_begin(a, now_ms);
	if (code != ARSENAL_OK)
		return code;
	engine_link(a->engine, now_ms, NODE_UNREACHABLE, detail);
	return input_end(a);
}
