/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection to one of a host's addresses, without blocking: they are tried one after the other, as the resolver sorted them. */
#ifndef BEAM_DIAL_H
#define BEAM_DIAL_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESSES_MAX 8

struct addresses {
	unsigned count;
	struct {
		struct sockaddr_storage addr;
		socklen_t len;
	} at[ADDRESSES_MAX];
};

struct event_base;
struct dial;

/* addresses_copy takes the first ADDRESSES_MAX IPv4 and IPv6 addresses of a list. */
void addresses_copy(struct addresses *to, const struct addrinfo *from);

/* fd is connected, non-blocking and the callee's; or -1, and error is an errno (ETIMEDOUT for silence). */
typedef void dial_cb(void *arg, int fd, int error);

/*
 * dial_start connects to the port. Each address gets an equal share of timeout_ms. The callback comes once, from the loop, unless cancelled; the dial is
 * gone by then. The addresses are copied.
 */
struct dial *dial_start(struct event_base *base, const struct addresses *addresses, uint16_t port, int64_t timeout_ms,
    dial_cb *cb, void *arg);
/* dial_cancel: the callback will not come. NULL is fine. */
void dial_cancel(struct dial *d);

#endif
