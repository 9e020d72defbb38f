/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names without blocking the loop: getaddrinfo in a short-lived thread, the answer on the loop. The system's
 * resolver rather than the event library's, because node names use whatever nsswitch.conf knows (hosts file, mDNS, the
 * machine's own name).
 */
#ifndef OS_RESOLVE_H
#define OS_RESOLVE_H

#include <netdb.h>
#include <stdint.h>

struct event_base;
struct resolve;

/* `addresses` is NULL when there is none; then `error` says why. They belong to the caller of the callback only during
 * it. */
typedef void resolve_cb(void *arg, const struct addrinfo *addresses, const char *error);

/* resolve_start asks for the stream addresses of host:port. The callback comes once, from the loop, unless cancelled.
 * NULL if no thread could be had. */
struct resolve *resolve_start(struct event_base *base, const char *host, uint16_t port, resolve_cb *cb, void *arg);
/* resolve_cancel: the callback will not come. Not after it has come. */
void resolve_cancel(struct resolve *r);

#endif
