/* SPDX-License-Identifier: Apache-2.0 */
#include "store/event_code.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "store/incident_code.h"
#include "store/table_code.h"
#include "store/term_code.h"

#define VERSION 1
#define PROCESS_ARITY 12
#define PROCESS_ARITY_1 8
#define ANOMALY_ARITY 16
#define ANOMALY_ARITY_1 14
#define CULPRIT_ARITY 7
#define HEALTH_ARITY 9

/* ---- the tables' names ---- */

static const char *
type_at(int i)
{
	return event_type_name((enum event_type)i);
}

static bool
is_anomaly(enum event_type type)
{
	return type == EVENT_ANOMALY || type == EVENT_PERFORMANCE_ALERT;
}

/* ---- writing ---- */

static void
write_process(struct strbuf *out, const struct top_process *p)
{
	etf_put_tuple(out, PROCESS_ARITY);
	text_code_write(out, p->pid);
	text_code_write(out, p->name);
	text_code_write(out, p->initial_call);
	text_code_write(out, p->current_function);
	number_code_write(out, p->value);
	number_code_write(out, p->queue_len);
	number_code_write(out, p->memory);
	number_code_write(out, p->reductions);
	number_code_write(out, p->queue_rate);
	number_code_write(out, p->binary);
	text_code_write(out, p->application);
	list_code_write(out, p->ancestor_count);
	for (unsigned i = 0; i < p->ancestor_count; i++)
		text_code_write(out, p->ancestors[i]);
	etf_put_nil(out);
}

/* {Process, Kind, Count, Growth, Share, SinceMs, Detail} */
static void
write_culprit(struct strbuf *out, const struct culprit *c)
{
	etf_put_tuple(out, CULPRIT_ARITY);
	write_process(out, &c->process);
	etf_put_atom(out, culprit_kind_name(c->kind));
	number_code_write(out, c->count);
	number_code_write(out, c->growth);
	number_code_write(out, c->share);
	etf_put_int(out, c->since_ms);
	text_code_write(out, c->detail);
}

static void
write_anomaly(struct strbuf *out, const struct anomaly *a)
{
	etf_put_tuple(out, ANOMALY_ARITY);
	etf_put_int(out, VERSION);
	etf_put_atom(out, ANOMALIES[a->type].name);
	etf_put_atom(out, severity_name(a->severity));
	etf_put_int(out, a->time_ms);
	text_code_write(out, a->description);
	number_code_write(out, a->score);
	etf_put_atom(out, a->metric == METRIC_NONE ? "nil" : METRICS[a->metric].name);
	number_code_write(out, a->current_value);
	number_code_write(out, a->baseline_value);
	number_code_write(out, a->deviation);
	list_code_write(out, a->culprit_count);
	for (unsigned i = 0; i < a->culprit_count; i++)
		write_culprit(out, &a->culprits[i]);
	etf_put_nil(out);
	term_code_write(out, a->supervisor);
	term_code_write(out, a->child_id);
	etf_put_int(out, (int64_t)a->restart_count);
	text_code_write(out, a->incident);
	etf_put_int(out, a->root);
}

static void
write_criteria(struct strbuf *out, const struct health *h)
{
	list_code_write(out, CRITERION_COUNT);
	for (int i = 0; i < CRITERION_COUNT; i++) {
		const struct criterion_state *c = &h->criteria[i];

		etf_put_tuple(out, 5);
		etf_put_atom(out, CRITERIA[i].name);
		etf_put_atom(out, level_name(c->level));
		number_code_write(out, c->value);
		number_code_write(out, c->warning);
		number_code_write(out, c->critical);
	}
	etf_put_nil(out);
}

static void
write_numbers(struct strbuf *out, const struct health *h)
{
	list_code_write(out, HEALTH_NUMBER_COUNT);
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++) {
		etf_put_tuple(out, 3);
		text_code_write(out, HEALTH_NUMBERS[i].group);
		text_code_write(out, HEALTH_NUMBERS[i].field);
		number_code_write(out, h->numbers[i]);
	}
	etf_put_nil(out);
}

static void
write_health(struct strbuf *out, const struct health *h)
{
	etf_put_tuple(out, HEALTH_ARITY);
	etf_put_int(out, VERSION);
	etf_put_atom(out, level_name(h->overall));
	etf_put_int(out, h->last_check_ms);
	write_criteria(out, h);
	number_code_write(out, h->restart_rate);
	write_numbers(out, h);
	list_code_write(out, h->recommendation_count);
	for (unsigned i = 0; i < h->recommendation_count; i++)
		text_code_write(out, h->recommendations[i]);
	etf_put_nil(out);
	etf_put_atom(out, CRITERIA[h->changed].name);
	list_code_write(out, h->anomaly_count);
	for (unsigned i = 0; i < h->anomaly_count; i++)
		event_code_write(out, h->anomalies[i]);
	etf_put_nil(out);
}

void
event_code_write(struct strbuf *out, const struct node_event *ev)
{
	assert(is_anomaly(ev->type) || ev->type == EVENT_HEALTH_ALERT || ev->type == EVENT_INCIDENT);
	etf_put_tuple(out, 4);
	etf_put_atom(out, event_type_name(ev->type));
	etf_put_atom(out, severity_name(ev->severity));
	etf_put_int(out, ev->time_ms);
	if (is_anomaly(ev->type))
		write_anomaly(out, &ev->u.anomaly);
	else if (ev->type == EVENT_INCIDENT)
		incident_code_write(out, &ev->u.incident);
	else
		write_health(out, &ev->u.health);
}

/* ---- reading ---- */

static void
read_version(struct etf *e)
{
	if (etf_int(e) != VERSION)
		etf_fail(e);
}

static void
read_process_rest(struct etf *e, struct top_process *p)
{
	p->queue_rate = number_code_read(e);
	p->binary = number_code_read(e);
	etf_chars(e, p->application, sizeof(p->application));
	p->ancestor_count = (uint8_t)list_code_read(e, SAMPLE_ANCESTORS);
	for (unsigned i = 0; i < p->ancestor_count; i++)
		etf_chars(e, p->ancestors[i], sizeof(p->ancestors[i]));
	etf_list_end(e, p->ancestor_count);
}

/* Files of the first release have only the first fields. */
static void
read_process(struct etf *e, uint32_t arity, struct top_process *p)
{
	if (arity != PROCESS_ARITY && arity != PROCESS_ARITY_1)
		etf_fail(e);
	*p = (struct top_process)TOP_PROCESS_INIT;
	etf_chars(e, p->pid, sizeof(p->pid));
	etf_chars(e, p->name, sizeof(p->name));
	etf_chars(e, p->initial_call, sizeof(p->initial_call));
	etf_chars(e, p->current_function, sizeof(p->current_function));
	p->value = number_code_read(e);
	p->queue_len = number_code_read(e);
	p->memory = number_code_read(e);
	p->reductions = number_code_read(e);
	if (arity == PROCESS_ARITY)
		read_process_rest(e, p);
}

/* Of an earlier release it is the process alone. */
static void
read_culprit(struct etf *e, struct culprit *c)
{
	uint32_t arity = etf_tuple(e);

	*c = (struct culprit) { .kind = CULPRIT_PROCESS, .count = NAN, .growth = NAN, .share = NAN };
	if (arity != CULPRIT_ARITY) {
		read_process(e, arity, &c->process);
		return;
	}
	read_process(e, etf_tuple(e), &c->process);
	c->kind = culprit_code_read(e);
	c->count = number_code_read(e);
	c->growth = number_code_read(e);
	c->share = number_code_read(e);
	c->since_ms = etf_int(e);
	etf_chars(e, c->detail, sizeof(c->detail));
}

static uint64_t
read_count(struct etf *e)
{
	int64_t n = etf_int(e);

	if (n < 0)
		etf_fail(e);
	return n < 0 ? 0 : (uint64_t)n;
}

static void
read_incident_of(struct etf *e, struct anomaly *a)
{
	etf_chars(e, a->incident, sizeof(a->incident));
	a->root = read_count(e) == 1;
}

/* Files of the first release do not have the incident. */
static void
read_anomaly(struct etf *e, struct anomaly *a)
{
	uint32_t arity = etf_tuple(e);

	if (arity != ANOMALY_ARITY && arity != ANOMALY_ARITY_1)
		etf_fail(e);
	read_version(e);
	a->type = anomaly_code_read(e);
	a->severity = severity_code_read(e);
	a->time_ms = etf_int(e);
	etf_chars(e, a->description, sizeof(a->description));
	a->score = number_code_read(e);
	a->metric = metric_code_read(e);
	a->current_value = number_code_read(e);
	a->baseline_value = number_code_read(e);
	a->deviation = number_code_read(e);
	a->culprit_count = list_code_read(e, ANOMALY_MAX_CULPRITS);
	for (unsigned i = 0; i < a->culprit_count; i++)
		read_culprit(e, &a->culprits[i]);
	etf_list_end(e, a->culprit_count);
	a->supervisor = term_code_read(e);
	a->child_id = term_code_read(e);
	a->restart_count = read_count(e);
	if (arity == ANOMALY_ARITY)
		read_incident_of(e, a);
}

static void
read_criterion(struct etf *e, struct health *h)
{
	struct criterion_state c;
	enum criterion i;

	etf_tuple_of(e, 5);
	i = criterion_code_read(e);
	c.level = level_code_read(e);
	c.value = number_code_read(e);
	c.warning = number_code_read(e);
	c.critical = number_code_read(e);
	if (i < CRITERION_COUNT)
		h->criteria[i] = c;
}

static void
read_number(struct etf *e, struct health *h)
{
	char group[64], field[64];
	double v;

	etf_tuple_of(e, 3);
	etf_chars(e, group, sizeof(group));
	etf_chars(e, field, sizeof(field));
	v = number_code_read(e);
	if (!etf_ok(e))
		return;
	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		if (strcmp(HEALTH_NUMBERS[i].group, group) == 0 && strcmp(HEALTH_NUMBERS[i].field, field) == 0)
			h->numbers[i] = v;
}

/* read_each reads a list whose elements find their own place; a later release may have more of them, though not without end. */
static void
read_each(struct etf *e, struct health *h, void (*read)(struct etf *e, struct health *h))
{
	unsigned n = list_code_read(e, 1000);

	for (unsigned i = 0; i < n && etf_ok(e); i++)
		read(e, h);
	etf_list_end(e, n);
}

static struct node_event *read_event(struct etf *e, const char *node, bool nested);

static void
read_anomalies(struct etf *e, struct health *h, const char *node)
{
	unsigned n = list_code_read(e, HEALTH_MAX_ANOMALIES);

	for (unsigned i = 0; i < n && etf_ok(e); i++) {
		struct node_event *ev = read_event(e, node, true);

		if (ev)
			h->anomalies[h->anomaly_count++] = ev;
	}
	etf_list_end(e, n);
}

static void
read_health(struct etf *e, struct health *h, const char *node)
{

	for (int i = 0; i < HEALTH_NUMBER_COUNT; i++)
		h->numbers[i] = NAN;
	etf_tuple_of(e, HEALTH_ARITY);
	read_version(e);
	h->overall = level_code_read(e);
	h->last_check_ms = etf_int(e);
	read_each(e, h, read_criterion);
	h->restart_rate = number_code_read(e);
	read_each(e, h, read_number);
	h->recommendation_count = list_code_read(e, HEALTH_MAX_RECOMMENDATIONS);
	for (unsigned i = 0; i < h->recommendation_count; i++)
		etf_chars(e, h->recommendations[i], sizeof(h->recommendations[i]));
	etf_list_end(e, h->recommendation_count);
	h->changed = criterion_code_read(e);
	if (h->changed == CRITERION_COUNT)
		etf_fail(e);
	read_anomalies(e, h, node);
}

/* is_readable: nested are anomalies only, so that bytes cannot make this recurse. */
static bool
is_readable(enum event_type type, bool nested)
{
	return is_anomaly(type) || (!nested && (type == EVENT_HEALTH_ALERT || type == EVENT_INCIDENT));
}

static void
read_body(struct etf *e, struct node_event *ev)
{
	if (is_anomaly(ev->type))
		read_anomaly(e, &ev->u.anomaly);
	else if (ev->type == EVENT_INCIDENT)
		incident_code_read(e, &ev->u.incident);
	else
		read_health(e, &ev->u.health, ev->node);
}

static struct node_event *
read_event(struct etf *e, const char *node, bool nested)
{
	enum event_type type;
	enum severity severity;
	struct node_event *ev;

	etf_tuple_of(e, 4);
	type = (enum event_type)table_code_read(e, type_at, EVENT_TYPE_COUNT);
	severity = severity_code_read(e);
	if (!is_readable(type, nested)) {
		etf_fail(e);
		return NULL;
	}
	ev = node_event_new(type, severity, node, etf_int(e));
	read_body(e, ev);
	if (etf_ok(e))
		return ev;
	node_event_unref(ev);
	return NULL;
}

struct node_event *
event_code_read(const void *data, size_t len, const char *node)
{
	struct node_event *ev;
	struct etf e;

	etf_init(&e, data, len);
	ev = read_event(&e, node, false);
	if (ev == NULL || etf_done(&e))
		return ev;
	node_event_unref(ev);
	return NULL;
}
