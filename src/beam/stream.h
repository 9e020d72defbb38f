/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a connection to a node, over a connected socket: in the clear, or through TLS. Who reads and writes need not know which. Nothing blocks:
 * what is written waits for the socket, and in TLS for the end of its handshake.
 */
#ifndef BEAM_STREAM_H
#define BEAM_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/node.h"

struct evbuffer;
struct event_base;
struct stream;
struct tls;

enum stream_end {
	STREAM_CLOSED, /* by the node */
	STREAM_LOST,   /* the network failed */
	STREAM_TLS     /* it is no TLS, one side does not trust the other, or TLS was violated */
};

struct stream_handlers {
	/* The TLS handshake is done; without TLS it does not come. */
	void (*opened)(void *arg);
	/* What was not taken out of `in` stays there. */
	void (*readable)(void *arg, struct evbuffer *in);
	/* All that was written is in the socket. */
	void (*flushed)(void *arg);
	/* Once, and nothing comes after it. */
	void (*ended)(void *arg, enum stream_end how, enum node_state state, const char *reason);
};

/*
 * stream_new takes over a connected, non-blocking fd. tls, if not NULL, stays the caller's, and must stay; host is whom the certificate must name. NULL and a
 * reason if TLS cannot begin; the fd is closed then.
 */
struct stream *stream_new(struct event_base *base, int fd, struct tls *tls, const char *host, struct err *err);
/* stream_free closes it, in TLS with a farewell. NULL is fine. From any callback. */
void stream_free(struct stream *s);
/* stream_handle says who is told from now on; the handlers, or one of them, may be NULL. */
void stream_handle(struct stream *s, const struct stream_handlers *handlers, void *arg);
/* stream_stop: neither reads nor writes any more, and tells nothing. */
void stream_stop(struct stream *s);

void stream_write(struct stream *s, const void *data, size_t len);
size_t stream_unsent(const struct stream *s); /* bytes that wait */
struct evbuffer *stream_in(struct stream *s); /* what has come and was not taken */
bool stream_is_open(const struct stream *s);  /* the TLS handshake is done, or there is none */
int stream_fd(const struct stream *s);

#endif
