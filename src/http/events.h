/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event stream (server-sent events): each client reads the event log by its own cursor. A client that does not take what is queued for it is
 * not fed until it has; what the log lost meanwhile is told by "dropped" in its next event.
 */
#ifndef HTTP_EVENTS_H
#define HTTP_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "eventlog.h"

struct call;
struct subscriber;

struct events {
	const struct eventlog *log;
	struct subscriber *first;
	size_t count;
	size_t max;
	struct strbuf scratch;
	uint64_t sent;
	uint64_t dropped; /* told to clients */
};

/* events_init: the log outlives it. */
void events_init(struct events *ev, const struct eventlog *log, size_t max);
/* events_release: all streams are closed before. */
void events_release(struct events *ev);
/* events_pump sends what is new to every client that keeps up. */
void events_pump(struct events *ev);
/* events_ping sends a comment to clients that have nothing queued, so that both ends notice when the other is gone. */
void events_ping(struct events *ev);
/* events_serve is the route's handler. */
void events_serve(struct call *c);

#endif
