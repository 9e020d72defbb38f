/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread writes one byte into a socket pair when getaddrinfo has returned; that is all the two sides share until then. Whoever is last frees: a cancelled
 * look-up that still runs is left to its thread, which outlives even the loop.
 */
#include "os/resolve.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"

/* A resolver that hangs keeps a thread for each try: so many at a time, then a look-up fails at once. */
#define RESOLVE_MAX 256
static atomic_int running;

struct resolve {
	atomic_int owners; /* the loop's side and the thread */
	char *host;
	char port[8];
	int fds[2]; /* [0] the loop reads, [1] the thread writes */
	int status; /* of getaddrinfo */
	struct addrinfo *addresses;
	struct event *done;
	resolve_cb *cb;
	void *arg;
};

static void
give_up(struct resolve *r)
{
	if (atomic_fetch_sub(&r->owners, 1) > 1)
		return;
	if (r->addresses)
		freeaddrinfo(r->addresses);
	close(r->fds[0]);
	close(r->fds[1]);
	free(r->host);
	free(r);
}

static void *
look_up(void *arg)
{
	/* Not AI_ADDRCONFIG: that leaves out ::1 on a machine that has no other IPv6 address. */
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct resolve *r = arg;

	r->status = getaddrinfo(r->host, r->port, &hints, &r->addresses);
	if (r->status != 0)
		r->addresses = NULL;
	if (write(r->fds[1], "", 1) != 1)
		abort();
	give_up(r);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void
on_done(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct resolve *r = arg;
	char byte;

	/* Reading is what orders the thread's writes before our reads. */
	if (read(fd, &byte, 1) != 1)
		return;
	event_free(r->done);
	r->cb(r->arg, r->addresses, r->status ? gai_strerror(r->status) : NULL);
	give_up(r);
}

static bool
start_thread(struct resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	if (atomic_fetch_add(&running, 1) >= RESOLVE_MAX) {
		atomic_fetch_sub(&running, 1);
		return false;
	}
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ok = pthread_create(&thread, &attr, look_up, r) == 0;
	pthread_attr_destroy(&attr);
	if (!ok)
		atomic_fetch_sub(&running, 1);
	return ok;
}

struct resolve *
resolve_start(struct event_base *base, const char *host, uint16_t port, resolve_cb *cb, void *arg)
{
	struct resolve *r = xcalloc(1, sizeof(*r));

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, r->fds) != 0) {
		free(r);
		return NULL;
	}
	atomic_init(&r->owners, 2);
	r->host = xstrdup(host);
	snprintf(r->port, sizeof(r->port), "%u", port);
	r->cb = cb;
	r->arg = arg;
	r->done = event_new(base, r->fds[0], EV_READ, on_done, r);
	event_add(r->done, NULL);
	if (start_thread(r))
		return r;
	event_free(r->done);
	atomic_store(&r->owners, 1);
	give_up(r);
	return NULL;
}

void
resolve_cancel(struct resolve *r)
{
	event_free(r->done);
	give_up(r);
}
