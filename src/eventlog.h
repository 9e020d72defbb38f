/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of all nodes, in the order they came, bounded: what every outlet reads from by its own cursor. An outlet
 * that falls behind loses the oldest and learns how many; none can hold up another.
 */
#ifndef EVENTLOG_H
#define EVENTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

struct eventlog;

/* eventlog_new keeps at most max_events; ids start above first_id. */
struct eventlog *eventlog_new(size_t max_events, uint64_t first_id);
void eventlog_free(struct eventlog *l);
/* eventlog_add gives the event its id and takes the caller's reference. */
void eventlog_add(struct eventlog *l, struct node_event *e);
/*
 * eventlog_next returns the first event with an id above *cursor and moves *cursor to it, or NULL if there is none.
 * *dropped (may be NULL) gets the number of events between that are no longer kept; ids from an earlier run of the
 * program are not counted. The log keeps its reference.
 */
const struct node_event *eventlog_next(const struct eventlog *l, uint64_t *cursor, uint64_t *dropped);
/* eventlog_last_id is the id of the newest event, or first_id. */
uint64_t eventlog_last_id(const struct eventlog *l);

#endif
