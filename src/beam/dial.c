/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"

struct dial {
	struct event_base *base;
	struct addresses addresses;
	unsigned next;
	int64_t share_ms;
	int fd;
	int error; /* the first address's: it is the one that people mean */
	struct event *ready;
	struct event *begin;
	dial_cb *cb;
	void *arg;
};

void
addresses_copy(struct addresses *to, const struct addrinfo *from)
{
	to->count = 0;
	for (; from && to->count < ADDRESSES_MAX; from = from->ai_next) {
		if (from->ai_family != AF_INET && from->ai_family != AF_INET6)
			continue;
		memcpy(&to->at[to->count].addr, from->ai_addr, from->ai_addrlen);
		to->at[to->count++].len = from->ai_addrlen;
	}
}

static void
set_port(struct sockaddr_storage *addr, uint16_t port)
{
	if (addr->ss_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
}

static void
drop_attempt(struct dial *d)
{
	if (d->ready)
		event_free(d->ready);
	d->ready = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

void
dial_cancel(struct dial *d)
{
	if (d == NULL)
		return;
	drop_attempt(d);
	event_free(d->begin);
	free(d);
}

static void
finish(struct dial *d, int error)
{
	dial_cb *cb = d->cb;
	void *arg = d->arg;
	int fd = d->fd;

	if (error == 0)
		d->fd = -1; /* handed over */
	dial_cancel(d);
	cb(arg, error ? -1 : fd, error);
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

/* Starts to connect to the next address. An errno if it failed at once. */
static int
attempt(struct dial *d)
{
	const struct timeval timeout = { d->share_ms / 1000, d->share_ms % 1000 * 1000 };
	unsigned i = d->next++;
	int one = 1;

	d->fd = socket(d->addresses.at[i].addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return errno;
	/* Acknowledgements are small and must not wait; a host that vanished must be noticed in the end. */
	setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(d->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(d->fd, (struct sockaddr *)&d->addresses.at[i].addr, d->addresses.at[i].len) != 0 &&
	    errno != EINPROGRESS)
		return errno;
	d->ready = event_new(d->base, d->fd, EV_WRITE, on_ready, d);
	event_add(d->ready, &timeout);
	return 0;
}

/* Goes through the addresses until one does not fail at once. */
static void
advance(struct dial *d, int error)
{
	do {
		drop_attempt(d);
		if (error != 0 && d->error == 0)
			d->error = error;
		if (d->next >= d->addresses.count) {
			finish(d, d->error ? d->error : EADDRNOTAVAIL);
			return;
		}
		error = attempt(d);
	} while (error != 0);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct dial *d = arg;
	socklen_t len = sizeof(int);
	int error = ETIMEDOUT;

	if (!(what & EV_TIMEOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error == 0)
		finish(d, 0);
	else
		advance(d, error);
}

static void
on_begin(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	advance(arg, 0);
}

struct dial *
dial_start(struct event_base *base, const struct addresses *addresses, uint16_t port, int64_t timeout_ms, dial_cb *cb,
    void *arg)
{
	struct dial *d = xcalloc(1, sizeof(*d));

	d->base = base;
	d->addresses = *addresses;
	d->fd = -1;
	d->cb = cb;
	d->arg = arg;
	d->share_ms = timeout_ms / (addresses->count ? addresses->count : 1) + 1;
	for (unsigned i = 0; i < addresses->count; i++)
		set_port(&d->addresses.at[i].addr, port);
	d->begin = event_new(base, -1, 0, on_begin, d);
	event_active(d->begin, 0, 0);
	return d;
}
