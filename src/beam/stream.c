/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bufferevent may be freed in its own callbacks: it, its SSL and its fd go at the loop's next turn. So that the node need not wait for that, the socket is shut
 * down at once.
 */
#include "beam/stream.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "beam/tls_session.h"

struct stream {
	struct bufferevent *bev;
	struct tls_session *tls; /* NULL: in the clear */
	int fd;
	bool open;
	const struct stream_handlers *handlers;
	void *arg;
};

static const struct stream_handlers NOBODY;

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct stream *s = arg;

	if (s->handlers->readable)
		s->handlers->readable(s->arg, bufferevent_get_input(bev));
}

static void
on_write(struct bufferevent *bev UNUSED, void *arg)
{
	struct stream *s = arg;

	if (s->handlers->flushed)
		s->handlers->flushed(s->arg);
}

static void
end(struct stream *s, enum stream_end how, enum node_state state, const char *reason)
{
	const struct stream_handlers *handlers = s->handlers;

	stream_stop(s);
	if (handlers->ended)
		handlers->ended(s->arg, how, state, reason);
}

static void
on_opened(struct stream *s)
{
	s->open = true;
	if (s->handlers->opened)
		s->handlers->opened(s->arg);
}

/* In TLS a close without a farewell comes as an end, too, and so does a reset; what else ends it may leave no errno. */
static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	int error = EVUTIL_SOCKET_ERROR();
	enum node_state state = NODE_UNREACHABLE;
	struct stream *s = arg;
	struct err err;

	if (what & BEV_EVENT_CONNECTED) {
		on_opened(s);
	} else if (s->tls && tls_session_failed(s->tls, bufferevent_get_openssl_error(bev), s->open, &state, &err)) {
		end(s, STREAM_TLS, state, err.text);
	} else if (what & BEV_EVENT_EOF) {
		end(s, STREAM_CLOSED, state, "the connection was closed by the node: it has ended, or dropped us");
	} else {
		err_set(&err, "the connection is lost: %s", error ? strerror(error) : "no reason is known");
		end(s, STREAM_LOST, state, err.text);
	}
}

static struct bufferevent *
new_bufferevent(struct event_base *base, int fd, struct tls_session *tls)
{
	struct bufferevent *bev;

	if (tls == NULL)
		return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	bev = bufferevent_openssl_socket_new(
	    base, fd, tls_session_ssl(tls), BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

struct stream *
stream_new(struct event_base *base, int fd, struct tls *tls, const char *host, struct err *err)
{
	struct tls_session *session = NULL;
	struct stream *s;

	if (tls && (session = tls_session_new(tls, host, err)) == NULL) {
		close(fd);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->tls = session;
	s->fd = fd;
	s->open = tls == NULL;
	s->handlers = &NOBODY;
	s->bev = new_bufferevent(base, fd, session);
	if (s->bev == NULL)
		abort(); /* out of memory */
	bufferevent_setcb(s->bev, on_read, on_write, on_event, s);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
	return s;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	stream_stop(s);
	bufferevent_setcb(s->bev, NULL, NULL, NULL, NULL);
	if (s->tls)
		tls_session_free(s->tls);
	shutdown(s->fd, SHUT_RDWR);
	bufferevent_free(s->bev);
	free(s);
}

void
stream_handle(struct stream *s, const struct stream_handlers *handlers, void *arg)
{
	s->handlers = handlers ? handlers : &NOBODY;
	s->arg = arg;
}

void
stream_stop(struct stream *s)
{
	s->handlers = &NOBODY;
	bufferevent_disable(s->bev, EV_READ | EV_WRITE);
}

void
stream_write(struct stream *s, const void *data, size_t len)
{
	bufferevent_write(s->bev, data, len);
}

size_t
stream_unsent(const struct stream *s)
{
	return evbuffer_get_length(bufferevent_get_output(s->bev));
}

struct evbuffer *
stream_in(struct stream *s)
{
	return bufferevent_get_input(s->bev);
}

bool
stream_is_open(const struct stream *s)
{
	return s->open;
}

int
stream_fd(const struct stream *s)
{
	return s->fd;
}
