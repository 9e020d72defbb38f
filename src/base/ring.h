/* SPDX-License-Identifier: Apache-2.0 */
/* The last `cap` pointers that were put in: a bounded queue, a bounded list of the newest. It does not own what they point to. */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stddef.h>

#include "base/attr.h"

struct ring { /* private */
	void **slots;
	size_t cap;
	size_t first;
	size_t len;
};

/* ring_init makes room for cap pointers, cap > 0. */
void ring_init(struct ring *r, size_t cap);
/* ring_release gives up the room; free_item, if not NULL, is called with every pointer still in it. */
void ring_release(struct ring *r, void (*free_item)(void *));
size_t ring_len(const struct ring *r);
/* ring_push adds p (not NULL) as the newest; a full ring gives up its oldest, which is returned, else NULL. */
void *ring_push(struct ring *r, void *p) MUST_CHECK;
/* ring_insert is ring_push, but puts p before the newest `age` ones; a full ring gives up its oldest first. */
void *ring_insert(struct ring *r, void *p, size_t age) MUST_CHECK;
/* ring_pop takes the oldest out, or returns NULL. */
void *ring_pop(struct ring *r);
/* ring_oldest and ring_newest return the one at an index from that end, 0 being the end itself; NULL beyond the other end. */
void *ring_oldest(const struct ring *r, size_t index);
void *ring_newest(const struct ring *r, size_t index);

#endif
