/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "beam/frame.h"
#include "os/watchdog.h"

#define READ_CHUNK 16384

struct link {
	struct bufferevent *bev;
	struct event *first; /* for the bytes that were read before */
	struct watchdog *watchdog;
	struct frame_reader reader;
	const struct link_handlers *handlers;
	void *arg;
	struct link_counts counts;
	bool lost;
};

static void
lose(struct link *l, enum node_state state, const char *detail)
{
	if (l->lost)
		return;
	l->lost = true;
	bufferevent_disable(l->bev, EV_READ | EV_WRITE);
	event_del(l->first);
	l->handlers->lost(l->arg, state, detail);
}

static void
one_frame(struct link *l, struct etf_span body)
{
	struct err err;

	l->counts.frames++;
	if (!l->handlers->frame(l->arg, body, &err))
		lose(l, NODE_INCOMPATIBLE, err.text);
}

/* False if there is nothing more to do now. */
static bool
read_frame(struct link *l)
{
	struct etf_span body;
	struct err err;

	switch (frame_next(&l->reader, &body, &err)) {
	case FRAME_TICK:
		l->handlers->tick(l->arg);
		return true;
	case FRAME_MESSAGE:
		one_frame(l, body);
		return true;
	case FRAME_BAD:
		lose(l, NODE_INCOMPATIBLE, err.text);
		return false;
	case FRAME_NONE:
		break;
	}
	return false;
}

/* All that has come: no more than a few thousand frames, for a read takes 16 KiB at most before other sockets have their turn. */
static void
read_frames(struct link *l)
{
	while (!l->lost && read_frame(l))
		continue;
	if (!l->lost)
		l->handlers->turned(l->arg);
}

static void
on_first(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	read_frames(arg);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct link *l = arg;
	char chunk[READ_CHUNK];
	int n;

	while ((n = evbuffer_remove(in, chunk, sizeof(chunk))) > 0) {
		l->counts.bytes_in += (uint64_t)n;
		frame_feed(&l->reader, chunk, (size_t)n);
	}
	read_frames(l);
}

static void
on_event(struct bufferevent *bev UNUSED, short what, void *arg)
{
	struct link *l = arg;
	char detail[160];

	if (what & BEV_EVENT_EOF)
		snprintf(detail, sizeof(detail), "the connection was closed by the node: it has ended, or dropped us");
	else
		snprintf(detail, sizeof(detail), "the connection is lost: %s", strerror(EVUTIL_SOCKET_ERROR()));
	lose(l, NODE_UNREACHABLE, detail);
}

void
link_write(struct link *l, const void *data, size_t len)
{
	if (l->lost)
		return;
	l->counts.bytes_out += len;
	bufferevent_write(l->bev, data, len);
	if (evbuffer_get_length(bufferevent_get_output(l->bev)) > LINK_OUT_MAX)
		lose(l, NODE_HANGING, "does not read what we send: link dropped");
}

struct link_counts
link_counts(const struct link *l)
{
	return l->counts;
}

struct link *
link_new(struct event_base *base, int fd, struct watchdog *watchdog, struct etf_span first,
    const struct link_handlers *handlers, void *arg)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->bev = bufferevent_socket_new(base, fd, 0);
	l->first = event_new(base, -1, 0, on_first, l);
	l->watchdog = watchdog;
	l->handlers = handlers;
	l->arg = arg;
	frame_reader_init(&l->reader);
	frame_feed(&l->reader, first.data, first.len);
	watchdog_add(watchdog, fd);
	bufferevent_setcb(l->bev, on_read, NULL, on_event, l);
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	event_active(l->first, 0, 0);
	return l;
}

void
link_free(struct link *l)
{
	int fd;

	if (l == NULL)
		return;
	fd = bufferevent_getfd(l->bev);
	watchdog_remove(l->watchdog, fd);
	bufferevent_free(l->bev);
	close(fd);
	event_free(l->first);
	frame_reader_release(&l->reader);
	free(l);
}
