/* SPDX-License-Identifier: Apache-2.0 */
#include "eventlog.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/ring.h"

/* Ids are consecutive, so that an event's place in the ring follows from its id. */
struct eventlog {
	struct ring events;
	uint64_t first_id;
	uint64_t last_id;
};

struct eventlog *
eventlog_new(size_t max_events, uint64_t first_id)
{
	struct eventlog *l = xmalloc(sizeof(*l));

	*l = (struct eventlog) { .first_id = first_id, .last_id = first_id };
	ring_init(&l->events, max_events);
	return l;
}

static void
free_event(void *p)
{
	node_event_unref(p);
}

void
eventlog_free(struct eventlog *l)
{
	if (l == NULL)
		return;
	ring_release(&l->events, free_event);
	free(l);
}

void
eventlog_add(struct eventlog *l, struct node_event *e)
{
	e->id = ++l->last_id;
	node_event_unref(ring_push(&l->events, e));
}

const struct node_event *
eventlog_next(const struct eventlog *l, uint64_t *cursor, uint64_t *dropped)
{
	uint64_t oldest = l->last_id - ring_len(&l->events) + 1;
	uint64_t seen = *cursor > l->first_id ? *cursor : l->first_id;
	uint64_t next = seen + 1 > oldest ? seen + 1 : oldest;

	if (dropped)
		*dropped = 0;
	if (seen >= l->last_id)
		return NULL;
	if (dropped)
		*dropped = next - seen - 1;
	*cursor = next;
	return ring_oldest(&l->events, (size_t)(next - oldest));
}

uint64_t
eventlog_last_id(const struct eventlog *l)
{
	return l->last_id;
}
