/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer.h"
#include "engine/answer_parts.h"

static void
health_data(struct jsonw *j, const struct health *h)
{
	jsonw_object(j);
	part_health_fields(j, h);
	part_text(j, "changed", h->changed < CRITERION_COUNT ? CRITERIA[h->changed].name : NULL);
	jsonw_end(j);
}

static void
data(struct jsonw *j, const struct node_event *ev)
{
	switch (ev->type) {
	case EVENT_RESTART:
		part_restart(j, &ev->u.restart);
		return;
	case EVENT_HEALTH_ALERT:
		health_data(j, &ev->u.health);
		return;
	case EVENT_PERFORMANCE_ALERT:
	case EVENT_ANOMALY:
		part_anomaly(j, &ev->u.anomaly);
		return;
	case EVENT_NODE:
		jsonw_object(j);
		part_text(j, "state", node_state_name(ev->u.link.state));
		part_text(j, "detail", ev->u.link.detail);
		jsonw_end(j);
		return;
	case EVENT_TYPE_COUNT:
		break;
	}
	jsonw_null(j);
}

void
answer_event(struct jsonw *j, const struct node_event *ev)
{
	jsonw_object(j);
	jsonw_key(j, "id");
	jsonw_uint(j, ev->id);
	part_text(j, "type", event_type_name(ev->type));
	part_text(j, "severity", severity_name(ev->severity));
	part_text(j, "node", ev->node);
	part_time(j, "timestamp", ev->time_ms);
	jsonw_key(j, "data");
	data(j, ev);
	jsonw_end(j);
}
