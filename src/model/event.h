/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened on a node, as it goes to every outlet. Immutable once published, counted. (Not `struct event`: that name is libevent's.)
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/anomaly.h"
#include "model/health.h"
#include "model/incident.h"
#include "model/node.h"
#include "model/restart.h"

/*
 * The seed's four types, `node`: the link's state changed, and `incident`: one opened, changed or ended. The last two are for people's outlets; BEAM
 * subscribers never get them.
 */
enum event_type {
	EVENT_RESTART,
	EVENT_HEALTH_ALERT,
	EVENT_PERFORMANCE_ALERT,
	EVENT_ANOMALY,
	EVENT_NODE,
	EVENT_INCIDENT,
	EVENT_TYPE_COUNT
};

struct node_event {
	unsigned refs; /* private */
	uint64_t id;   /* given by the event log: grows by time, across restarts of ours too */
	enum event_type type;
	enum severity severity;
	int64_t time_ms;
	const char *node; /* points into the struct's own allocation */
	union {
		struct restart restart; /* EVENT_RESTART */
		struct health health;   /* EVENT_HEALTH_ALERT */
		struct anomaly anomaly; /* EVENT_ANOMALY, EVENT_PERFORMANCE_ALERT */
		struct {
			enum node_state state;
			char detail[256];
		} link;                   /* EVENT_NODE */
		struct incident incident; /* EVENT_INCIDENT, as it was then */
	} u;
};

/* event_type_name: "restart", "health_alert", "performance_alert", "anomaly", "node", "incident". */
const char *event_type_name(enum event_type type);
/* event_type_find returns the type of a name of len bytes, or EVENT_TYPE_COUNT. */
enum event_type event_type_find(const char *name, size_t len);

/*
 * node_event_new returns an event with one reference and an empty body; terms put into it are given over to it. The allocation is only as large
 * as the type's body needs: an event is never copied as a struct, nor its type changed.
 */
struct node_event *node_event_new(enum event_type type, enum severity severity, const char *node, int64_t time_ms);
struct node_event *node_event_ref(struct node_event *e);
void node_event_unref(struct node_event *e);

#endif
