/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const TYPE_NAMES[EVENT_TYPE_COUNT] = { "restart", "health_alert", "performance_alert", "anomaly",
	"node", "incident" };

const char *
event_type_name(enum event_type type)
{
	return TYPE_NAMES[type];
}

enum event_type
event_type_find(const char *name, size_t len)
{
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		if (strlen(TYPE_NAMES[i]) == len && memcmp(TYPE_NAMES[i], name, len) == 0)
			return (enum event_type)i;
	return EVENT_TYPE_COUNT;
}

/* body_size: ten thousand restarts are kept, at a fiftieth of what the largest body takes. */
static size_t
body_size(enum event_type type)
{
	const struct node_event *e = NULL;

	switch (type) {
	case EVENT_RESTART:
		return sizeof(e->u.restart);
	case EVENT_HEALTH_ALERT:
		return sizeof(e->u.health);
	case EVENT_ANOMALY:
	case EVENT_PERFORMANCE_ALERT:
		return sizeof(e->u.anomaly);
	case EVENT_NODE:
		return sizeof(e->u.link);
	case EVENT_INCIDENT:
		return sizeof(e->u.incident);
	case EVENT_TYPE_COUNT:
		break;
	}
	return sizeof(e->u);
}

struct node_event *
node_event_new(enum event_type type, enum severity severity, const char *node, int64_t time_ms)
{
	size_t name = strlen(node) + 1, size = offsetof(struct node_event, u) + body_size(type);
	struct node_event *e = xcalloc(1, size + name);

	e->refs = 1;
	e->type = type;
	e->severity = severity;
	e->time_ms = time_ms;
	e->node = memcpy((char *)e + size, node, name);
	return e;
}

struct node_event *
node_event_ref(struct node_event *e)
{
	e->refs++;
	return e;
}

static void
release_body(struct node_event *e)
{
	switch (e->type) {
	case EVENT_RESTART:
		restart_release(&e->u.restart);
		break;
	case EVENT_HEALTH_ALERT:
		for (unsigned i = 0; i < e->u.health.anomaly_count; i++)
			node_event_unref(e->u.health.anomalies[i]);
		break;
	case EVENT_ANOMALY:
	case EVENT_PERFORMANCE_ALERT:
		anomaly_release(&e->u.anomaly);
		break;
	case EVENT_INCIDENT:
		incident_release(&e->u.incident);
		break;
	case EVENT_NODE:
	case EVENT_TYPE_COUNT:
		break;
	}
}

void
node_event_unref(struct node_event *e)
{
	if (e == NULL)
		return;
	assert(e->refs > 0);
	if (--e->refs > 0)
		return;
	release_body(e);
	free(e);
}
