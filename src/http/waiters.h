/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that wait for the same answer about a node. As many as there are connections. */
#ifndef HTTP_WAITERS_H
#define HTTP_WAITERS_H

#include "http/exchange.h"

struct engine;
struct waiter;

struct waiters { /* private */
	struct waiter *first;
};

void waiters_init(struct waiters *w);
/* waiters_release forgets them; the server has closed their connections, or will never open them. */
void waiters_release(struct waiters *w);
/* waiters_add makes the reply one that comes later. */
void waiters_add(struct waiters *w, const struct engine *node, struct reply *rp);
/* waiters_answer sends the reply to all who wait for this node. */
void waiters_answer(struct waiters *w, const struct engine *node, const struct reply *rp);

#endif
