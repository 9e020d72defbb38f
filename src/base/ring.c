/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void
ring_init(struct ring *r, size_t cap)
{
	assert(cap > 0);
	*r = (struct ring) { .slots = xcalloc(cap, sizeof(*r->slots)), .cap = cap };
}

void
ring_release(struct ring *r, void (*free_item)(void *))
{
	void *p;

	while (free_item && (p = ring_pop(r)) != NULL)
		free_item(p);
	free(r->slots);
	memset(r, 0, sizeof(*r));
}

size_t
ring_len(const struct ring *r)
{
	return r->len;
}

void *
ring_push(struct ring *r, void *p)
{
	void *evicted = r->len == r->cap ? ring_pop(r) : NULL;

	r->slots[(r->first + r->len) % r->cap] = p;
	r->len++;
	return evicted;
}

/* The slots from `at` to the last one, which may lie before it, move up by one. */
static void
make_gap(struct ring *r, size_t at, size_t last)
{
	if (at > last) {
		memmove(r->slots + 1, r->slots, last * sizeof(*r->slots));
		r->slots[0] = r->slots[r->cap - 1];
		last = r->cap - 1;
	}
	memmove(r->slots + at + 1, r->slots + at, (last - at) * sizeof(*r->slots));
}

void *
ring_insert(struct ring *r, void *p, size_t age)
{
	void *evicted = ring_push(r, p);
	size_t last = r->len - 1, at = age < last ? last - age : 0;

	make_gap(r, (r->first + at) % r->cap, (r->first + last) % r->cap);
	r->slots[(r->first + at) % r->cap] = p;
	return evicted;
}

void *
ring_pop(struct ring *r)
{
	void *p = ring_oldest(r, 0);

	if (p) {
		r->first = (r->first + 1) % r->cap;
		r->len--;
	}
	return p;
}

void *
ring_oldest(const struct ring *r, size_t index)
{
	return index < r->len ? r->slots[(r->first + index) % r->cap] : NULL;
}

void *
ring_newest(const struct ring *r, size_t index)
{
	return index < r->len ? ring_oldest(r, r->len - 1 - index) : NULL;
}
