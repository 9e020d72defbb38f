/* SPDX-License-Identifier: Apache-2.0 */
#include "http/waiters.h"

#include <stdlib.h>

#include "base/alloc.h"

struct waiter {
	struct waiter *next;
	struct waiters *all;
	const struct engine *node;
	struct deferred *carrier; /* NULL before it is opened */
};

static void
take_out(struct waiter *w)
{
	struct waiter **at = &w->all->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free(w);
}

static void
on_opened(void *arg, struct deferred *d)
{
	struct waiter *w = arg;

	w->carrier = d;
}

static void
on_closed(void *arg)
{
	take_out(arg);
}

static const struct deferred_user USER = { on_opened, on_closed };

void
waiters_init(struct waiters *w)
{
	w->first = NULL;
}

void
waiters_release(struct waiters *w)
{
	while (w->first)
		take_out(w->first);
}

void
waiters_add(struct waiters *w, const struct engine *node, struct reply *rp)
{
	struct waiter *one = xcalloc(1, sizeof(*one));

	*one = (struct waiter) { w->first, w, node, NULL };
	w->first = one;
	rp->deferred = &USER;
	rp->deferred_arg = one;
}

void
waiters_answer(struct waiters *w, const struct engine *node, const struct reply *rp)
{
	struct waiter *next;

	for (struct waiter *one = w->first; one; one = next) {
		struct deferred *carrier = one->carrier;

		next = one->next;
		if (one->node != node || carrier == NULL)
			continue;
		take_out(one);
		deferred_send(carrier, rp);
	}
}
