/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer.h"
#include "engine/answer_health.h"
#include "engine/answer_incidents.h"
#include "engine/answer_parts.h"

static void
health_data(struct answer *a, const struct health *h)
{
	a->ops->object(a);
	health_fields(a, h);
	part_word(a, "changed", h->changed < CRITERION_COUNT ? CRITERIA[h->changed].name : NULL);
	put_end(a);
}

void
answer_event_data(struct answer *a, const struct node_event *ev)
{
	switch (ev->type) {
	case EVENT_RESTART:
		part_restart(a, &ev->u.restart);
		return;
	case EVENT_HEALTH_ALERT:
		health_data(a, &ev->u.health);
		return;
	case EVENT_PERFORMANCE_ALERT:
	case EVENT_ANOMALY:
		part_anomaly(a, &ev->u.anomaly);
		return;
	case EVENT_NODE:
		a->ops->object(a);
		part_word(a, "state", node_state_name(ev->u.link.state));
		part_text(a, "detail", ev->u.link.detail);
		put_end(a);
		return;
	case EVENT_INCIDENT:
		a->ops->object(a);
		part_word(a, "change", INCIDENT_CHANGES[ev->u.incident.change]);
		part_incident_fields(a, &ev->u.incident);
		put_end(a);
		return;
	case EVENT_TYPE_COUNT:
		break;
	}
	a->ops->null(a);
}

void
answer_event(struct answer *a, const struct node_event *ev)
{
	a->ops->object(a);
	part_integer(a, "id", (double)ev->id);
	part_word(a, "type", event_type_name(ev->type));
	part_word(a, "severity", severity_name(ev->severity));
	part_text(a, "node", ev->node);
	part_time(a, "timestamp", ev->time_ms);
	a->ops->key(a, "data");
	answer_event_data(a, ev);
	put_end(a);
}
