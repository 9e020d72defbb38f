/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connected C node that does not read can suspend processes of the node it watches. So a thread looks whether the
 * loop still turns, and if it has not for some seconds, shuts the links' sockets down (shutdown(2), never close: the fd
 * stays the loop's). The node then drops the link; the loop, when it turns again, finds it lost and connects anew.
 */
#ifndef OS_WATCHDOG_H
#define OS_WATCHDOG_H

struct event_base;
struct watchdog;

/* watchdog_new starts the thread. stall_ms: how long the loop may stand still. */
struct watchdog *watchdog_new(struct event_base *base, int stall_ms);
void watchdog_free(struct watchdog *w);
/* watchdog_add and watchdog_remove: the fds to shut down. Remove before close. w may be NULL: then they do nothing. */
void watchdog_add(struct watchdog *w, int fd);
void watchdog_remove(struct watchdog *w, int fd);

#endif
