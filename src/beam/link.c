/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/link.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "beam/frame.h"
#include "beam/stream.h"
#include "os/watchdog.h"

#define READ_CHUNK 16384

struct link {
	struct stream *stream;
	struct event *first; /* for the bytes that came before */
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
	stream_stop(l->stream);
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
on_read(void *arg, struct evbuffer *in)
{
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
on_first(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct link *l = arg;

	on_read(l, stream_in(l->stream));
}

static void
on_ended(void *arg, enum stream_end how UNUSED, enum node_state state, const char *reason)
{
	lose(arg, state, reason);
}

static const struct stream_handlers STREAM_HANDLERS = { .readable = on_read, .ended = on_ended };

void
link_write(struct link *l, const void *data, size_t len)
{
	if (l->lost)
		return;
	l->counts.bytes_out += len;
	stream_write(l->stream, data, len);
	if (stream_unsent(l->stream) > LINK_OUT_MAX)
		lose(l, NODE_HANGING, "does not read what we send: link dropped");
}

struct link_counts
link_counts(const struct link *l)
{
	return l->counts;
}

struct link *
link_new(struct event_base *base, struct stream *stream, struct watchdog *watchdog,
    const struct link_handlers *handlers, void *arg)
{
	struct link *l = xcalloc(1, sizeof(*l));

	l->stream = stream;
	l->first = event_new(base, -1, 0, on_first, l);
	l->watchdog = watchdog;
	l->handlers = handlers;
	l->arg = arg;
	frame_reader_init(&l->reader);
	watchdog_add(watchdog, stream_fd(stream));
	stream_handle(stream, &STREAM_HANDLERS, l);
	event_active(l->first, 0, 0);
	return l;
}

void
link_free(struct link *l)
{
	if (l == NULL)
		return;
	watchdog_remove(l->watchdog, stream_fd(l->stream));
	stream_free(l->stream);
	event_free(l->first);
	frame_reader_release(&l->reader);
	free(l);
}
