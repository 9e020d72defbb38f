/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "engine/state.h"

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

void
answer_node(struct answer *a, const struct engine *e, int64_t now_ms)
{
	struct health h;

	engine_health(e, now_ms, &h);
	a->ops->object(a);
	part_text(a, "name", e->node);
	part_word(a, "state", node_state_name(e->state));
	part_text(a, "detail", e->detail);
	part_time(a, "since", e->since_ms);
	part_time(a, "last_sample", e->last ? e->last->time_ms : 0);
	part_word(a, "overall_status", level_name(h.overall));
	info_fields(a, &e->info);
	put_end(a);
}

void
answer_anomalies(struct answer *a, const struct engine *e)
{
	const struct anomaly *anomaly;

	a->ops->array(a);
	for (size_t age = 0; (anomaly = engine_recent_anomaly(e, age)) != NULL; age++)
		part_anomaly(a, anomaly);
	put_end(a);
}

void
answer_top(struct answer *a, const struct engine *e, enum top_kind kind, unsigned max)
{
	unsigned count;
	const struct top_process *top = engine_top(e, kind, &count);

	a->ops->object(a);
	part_word(a, "by", top_kind_name(kind));
	put_array(a, "processes");
	for (unsigned i = 0; i < count && i < max; i++)
		part_process(a, &top[i]);
	put_end(a);
	put_end(a);
}
