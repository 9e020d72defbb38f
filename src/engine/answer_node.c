/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/state.h"

static void
info_fields(struct jsonw *j, const struct node_info *info)
{
	jsonw_key(j, "info");
	jsonw_object(j);
	part_text(j, "otp_release", info->otp_release);
	part_text(j, "erts_version", info->erts_version);
	part_text(j, "elixir", info->elixir);
	part_number(j, "schedulers_online", info->schedulers_online ? info->schedulers_online : (double)NAN);
	jsonw_key(j, "injected");
	jsonw_bool(j, info->injected);
	jsonw_key(j, "restarts_seen");
	jsonw_bool(j, info->restarts_seen);
	part_text(j, "note", info->note);
	jsonw_end(j);
}

static void
part_time_or_null(struct jsonw *j, const char *key, int64_t time_ms)
{
	if (time_ms) {
		part_time(j, key, time_ms);
	} else {
		jsonw_key(j, key);
		jsonw_null(j);
	}
}

void
answer_node(struct jsonw *j, const struct engine *e, int64_t now_ms)
{
	struct health h;

	engine_health(e, now_ms, &h);
	jsonw_object(j);
	part_text(j, "name", e->node);
	part_text(j, "state", node_state_name(e->state));
	part_text(j, "detail", e->detail);
	part_time_or_null(j, "since", e->since_ms);
	part_time_or_null(j, "last_sample", e->last ? e->last->time_ms : 0);
	part_text(j, "overall_status", level_name(h.overall));
	info_fields(j, &e->info);
	jsonw_end(j);
}

/* What the figures stand on: which criteria could not be judged, since when restarts are seen, and why not. */
static void
observed_fields(struct jsonw *j, const struct engine *e, const struct health *h)
{
	jsonw_key(j, "observed");
	jsonw_object(j);
	jsonw_key(j, "restarts");
	jsonw_bool(j, capture_is_on(e));
	part_time_or_null(j, "restarts_since", e->capture_since_ms);
	jsonw_key(j, "missing");
	jsonw_array(j);
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (h->criteria[c].level == LEVEL_UNKNOWN)
			jsonw_str(j, CRITERIA[c].name);
	jsonw_end(j);
	part_text(j, "note", e->info.note);
	jsonw_end(j);
}

void
answer_health(struct jsonw *j, const struct engine *e, int64_t now_ms)
{
	struct health h;

	engine_health(e, now_ms, &h);
	jsonw_object(j);
	part_health_fields(j, &h);
	observed_fields(j, e, &h);
	jsonw_end(j);
}

void
answer_anomalies(struct jsonw *j, const struct engine *e)
{
	const struct anomaly *a;

	jsonw_array(j);
	for (size_t age = 0; (a = engine_recent_anomaly(e, age)) != NULL; age++)
		part_anomaly(j, a);
	jsonw_end(j);
}

void
answer_top(struct jsonw *j, const struct engine *e, enum top_kind kind, unsigned max)
{
	unsigned count;
	const struct top_process *top = engine_top(e, kind, &count);

	jsonw_object(j);
	part_text(j, "by", top_kind_name(kind));
	jsonw_key(j, "processes");
	jsonw_array(j);
	for (unsigned i = 0; i < count && i < max; i++)
		part_process(j, &top[i]);
	jsonw_end(j);
	jsonw_end(j);
}
