/* SPDX-License-Identifier: Apache-2.0 */
/* Which events a client wants: by type, by least severity, of one node or of all. */
#ifndef HTTP_EVENT_FILTER_H
#define HTTP_EVENT_FILTER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/event.h"

struct call;

struct event_filter {
	unsigned types; /* bits by enum event_type */
	enum severity least;
	const char *node; /* the engine's text; NULL: all */
};

/* event_filter_read takes it from the request's types=, severity= and node=; false with a reason that names what is wrong. */
bool event_filter_read(struct event_filter *f, const struct call *c, struct err *err) MUST_CHECK;
bool event_filter_wants(const struct event_filter *f, const struct node_event *ev);

#endif
