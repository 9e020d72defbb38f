/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const TYPE_NAMES[EVENT_TYPE_COUNT] = { "restart", "health_alert", "performance_alert", "anomaly",
	"node" };

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

struct node_event *
node_event_new(enum event_type type, enum severity severity, const char *node, int64_t time_ms)
{
	size_t size = strlen(node) + 1;
	struct node_event *e = xcalloc(1, sizeof(*e) + size);

	e->refs = 1;
	e->type = type;
	e->severity = severity;
	e->time_ms = time_ms;
	e->node = memcpy(e + 1, node, size);
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
