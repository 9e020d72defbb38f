/* SPDX-License-Identifier: Apache-2.0 */
/* A node at a glance: what a list of many of them is asked for every few seconds, so it is short, and nothing in it takes long. */
#include <math.h>

#include "base/utf8.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/incident_text.h"
#include "engine/state.h"

#define TITLE_MAX_BYTES 160

static void
info_fields(struct answer *a, const struct node_info *info)
{
	put_object(a, "info");
	part_text(a, "otp_release", info->otp_release);
	part_text(a, "erts_version", info->erts_version);
	part_text(a, "elixir", info->elixir);
	part_integer(a, "schedulers_online", info->schedulers_online ? info->schedulers_online : (double)NAN);
	part_bool(a, "injected", info->injected);
	part_bool(a, "restarts_seen", info->restarts_seen);
	part_text(a, "note", info->note);
	put_end(a);
}

/* To hundredths: a glance need not be finer, and two hundred nodes are sent every few seconds. */
static double
hundredths(double value)
{
	return round(value * 100) / 100;
}

/* ---- health ---- */

/* The worst criterion; of those at the same level the one that is furthest on its way to critical, and beyond. */
static enum criterion
worst_criterion(const struct health *h)
{
	enum criterion worst = CRITERION_COUNT;

	for (int c = 0; c < CRITERION_COUNT; c++) {
		const struct criterion_state *s = &h->criteria[c];

		if (s->level <= LEVEL_HEALTHY || s->level < h->overall)
			continue;
		if (worst == CRITERION_COUNT ||
		    s->value / s->critical > h->criteria[worst].value / h->criteria[worst].critical)
			worst = (enum criterion)c;
	}
	return worst;
}

static void
worst_part(struct answer *a, const struct health *h)
{
	enum criterion c = worst_criterion(h);

	a->ops->key(a, "worst");
	if (c == CRITERION_COUNT) {
		a->ops->null(a);
		return;
	}
	a->ops->object(a);
	part_word(a, "criterion", CRITERIA[c].name);
	part_real(a, "value", hundredths(h->criteria[c].value));
	part_text(a, "unit", CRITERIA[c].unit);
	part_real(a, "warning", h->criteria[c].warning);
	part_real(a, "critical", h->criteria[c].critical);
	put_end(a);
}

/* ---- incidents ---- */

/* worst_open is the open incident of the highest severity, of those the one that opened last; NULL: none is open. */
static const struct incident *
worst_open(const struct engine *e, unsigned *open)
{
	const struct incident *worst = NULL, *i;

	*open = 0;
	for (size_t age = 0; (i = grouping_at(&e->grouping, age)) != NULL; age++) {
		if (i->ended_ms != 0)
			continue;
		++*open;
		if (worst == NULL || i->severity > worst->severity)
			worst = i;
	}
	return worst;
}

static void
incident_part(struct answer *a, const struct incident *i)
{
	struct strbuf title = STRBUF_INIT, shown = STRBUF_INIT;

	a->ops->key(a, "incident");
	if (i == NULL) {
		a->ops->null(a);
		return;
	}
	incident_title(&title, i);
	utf8_add_visible(&shown, strbuf_cstr(&title), TITLE_MAX_BYTES);
	a->ops->object(a);
	part_text(a, "id", i->id);
	part_text(a, "title", strbuf_cstr(&shown));
	part_word(a, "severity", severity_name(i->severity));
	part_time(a, "opened", i->opened_ms);
	put_end(a);
	strbuf_release(&title);
	strbuf_release(&shown);
}

/* ---- figures ---- */

/* Restarts are counted while they are seen, or were until now. */
static double
restarts_lately(const struct engine *e, int64_t now_ms)
{
	uint64_t count = restarts_in(&e->restarts, now_ms, RESTARTS_HEALTH_MS);

	return capture_is_on(e) || count > 0 ? (double)count : (double)NAN;
}

static void
figure_parts(struct answer *a, const struct engine *e, int64_t now_ms)
{
	static const struct {
		const char *name;
		enum metric_id metric;
	} figures[] = {
		{ "cpu_utilization", METRIC_CPU_UTILIZATION },
		{ "memory_utilization", METRIC_MEMORY_UTILIZATION },
		{ "process_count", METRIC_PROCESS_COUNT },
		{ "longest_queue", METRIC_MQ_MAX },
		{ "uptime", METRIC_WALLCLOCK },
	};
	const struct sample *s = checkup_sample_is_fresh(e, now_ms) ? e->last : NULL;

	part_integer(a, "restarts_5m", restarts_lately(e, now_ms));
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		part_measure(a, figures[i].name, figures[i].metric, hundredths(sample_value(s, figures[i].metric)));
}

/* ---- the whole ---- */

void
answer_node(struct answer *a, const struct engine *e, int64_t now_ms)
{
	const struct incident *worst;
	struct health h;
	unsigned open;

	now_ms = now_ms > e->now_ms ? now_ms : e->now_ms;
	checkup_health(e, now_ms, &h);
	worst = worst_open(e, &open);
	a->ops->object(a);
	part_text(a, "name", e->node);
	part_word(a, "state", node_state_name(e->state));
	part_text(a, "detail", e->detail);
	part_time(a, "since", e->since_ms);
	part_time(a, "last_sample", e->last ? e->last->time_ms : 0);
	part_word(a, "overall_status", level_name(h.overall));
	part_time(a, "overall_since", h.overall_since_ms);
	worst_part(a, &h);
	part_integer(a, "anomalies", (double)h.anomaly_count);
	part_integer(a, "open_incidents", (double)open);
	incident_part(a, worst);
	figure_parts(a, e, now_ms);
	info_fields(a, &e->info);
	put_end(a);
}
