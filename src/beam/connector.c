/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps, each with a time-out of its own: host → addresses; EPMD's port → EPMD's answer → the node's port (unless given); the node's port →
 * TLS, if wanted → handshake.
 */
#include "beam/connector.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/strbuf.h"
#include "beam/dial.h"
#include "beam/epmd.h"
#include "beam/handshake.h"
#include "beam/stream.h"
#include "beam/tls.h"
#include "os/resolve.h"

#define NAMES_SHOWN 20

struct connector {
	struct event_base *base;
	struct connector_options o;
	connector_cb *cb;
	void *arg;
	struct addresses addresses;
	uint16_t port;
	struct resolve *resolve;
	struct dial *dial;
	int fd; /* to EPMD */
	struct event *readable;
	struct event *timer;
	struct strbuf in;
	struct stream *stream; /* to the node */
	struct handshake handshake;
	bool spoke;      /* the node has said something */
	bool doomed;     /* the handshake has failed: our last word goes out before we leave */
	struct err doom; /* why */
	bool gone;       /* nobody is there */
};

/* ---- the end --------------------------------------------------------------------------------------------------------- */

static void
hang_up(struct connector *c)
{
	if (c->readable)
		event_free(c->readable);
	c->readable = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	strbuf_reset(&c->in);
	stream_free(c->stream);
	c->stream = NULL;
}

/* Nothing is under way any more: the owner may free the connector in the callback. */
static void
deliver(struct connector *c, const struct connector_result *result)
{
	if (c->readable)
		event_free(c->readable);
	c->readable = NULL;
	event_del(c->timer);
	c->cb(c->arg, result);
}

static void PRINTF(3, 4) failed(struct connector *c, enum node_state state, const char *fmt, ...)
{
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	hang_up(c);
	deliver(c, &(struct connector_result) { .state = state, .gone = c->gone, .detail = err.text });
}

static void
arm(struct connector *c, int64_t ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(c->timer, &tv);
}

static double
timeout_s(const struct connector *c)
{
	return (double)c->o.timeout_ms / 1000;
}

/* EPMD's connection of this step: what comes is read by on_readable. A question is shorter than any socket's buffer, so one send takes it whole. */
static void
talk(struct connector *c, int fd, event_callback_fn on_readable, const struct strbuf *hello)
{
	c->fd = fd;
	c->readable = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_add(c->readable, NULL);
	arm(c, c->o.timeout_ms);
	/* A send that fails is followed by a read that does, which reports it. */
	if (send(fd, hello->data, hello->len, MSG_NOSIGNAL) != (ssize_t)hello->len)
		shutdown(fd, SHUT_RDWR);
}

/* ---- handshake ------------------------------------------------------------------------------------------------------- */

static void
handshake_ended(struct connector *c, bool timed_out)
{
	struct err err;

	handshake_closed(&c->handshake, timed_out, c->o.timeout_ms, &err);
	failed(c, c->handshake.state, "%s", err.text);
}

static void
handshake_done(struct connector *c)
{
	struct connector_result result = { .stream = c->stream, .peer_name = c->handshake.peer_name };

	stream_handle(c->stream, NULL, NULL);
	c->stream = NULL; /* handed over */
	deliver(c, &result);
}

/* The answer to "alive" is sent before we leave, too. */
static void
handshake_failed(struct connector *c, const struct err *err)
{
	if (stream_unsent(c->stream) == 0) {
		failed(c, c->handshake.state, "%s", err->text);
	} else {
		c->doomed = true;
		c->doom = *err;
	}
}

static void
on_handshake(void *arg, struct evbuffer *in)
{
	struct connector *c = arg;
	struct strbuf out = STRBUF_INIT;
	enum handshake_result result;
	struct err err;
	char buf[2048];
	ssize_t n = evbuffer_copyout(in, buf, sizeof(buf));
	size_t used;

	if (c->doomed)
		evbuffer_drain(in, evbuffer_get_length(in));
	if (n <= 0 || c->doomed)
		return;
	c->spoke = true;
	result = handshake_feed(&c->handshake, buf, (size_t)n, &used, &out, &err);
	evbuffer_drain(in, used);
	if (out.len > 0)
		stream_write(c->stream, out.data, out.len);
	strbuf_release(&out);
	if (result == HANDSHAKE_DONE)
		handshake_done(c);
	else if (result == HANDSHAKE_FAILED)
		handshake_failed(c, &err);
	else if (evbuffer_get_length(in) > 0)
		on_handshake(c, in);
}

static void
on_flushed(void *arg)
{
	struct connector *c = arg;

	if (c->doomed)
		failed(c, c->handshake.state, "%s", c->doom.text);
}

static void
on_ended(void *arg, enum stream_end how, enum node_state state, const char *reason)
{
	struct connector *c = arg;

	if (c->doomed)
		failed(c, c->handshake.state, "%s", c->doom.text);
	else if (how == STREAM_TLS)
		failed(c, state, "%s", reason);
	else if (c->o.tls && !c->spoke)
		/* In TLS 1.3 the node judges our certificate when we think that all is well. */
		failed(c, NODE_REFUSED,
		    "closed the connection when TLS was set up: it does not accept our certificate (its log says why), "
		    "or is "
		    "just ending");
	else
		handshake_ended(c, false);
}

/* TLS is set up: the handshake is a step of its own. */
static void
on_opened(void *arg)
{
	struct connector *c = arg;

	arm(c, c->o.timeout_ms);
}

static const struct stream_handlers STREAM_HANDLERS = { on_opened, on_handshake, on_flushed, on_ended };

static void
say_hello(struct connector *c, uint32_t challenge)
{
	const struct handshake_options o = {
		.local_name = c->o.local_name,
		.cookie = c->o.cookie,
		.node = c->o.node.name,
		.creation = c->o.creation,
		.challenge = challenge,
		.replace_own = c->o.replace_own,
		.wide = c->o.tls != NULL,
	};
	struct strbuf hello = STRBUF_INIT;

	handshake_init(&c->handshake, &o, &hello);
	stream_handle(c->stream, &STREAM_HANDLERS, c);
	stream_write(c->stream, hello.data, hello.len);
	strbuf_release(&hello);
	arm(c, c->o.timeout_ms);
}

static void
shake_hands(struct connector *c, int fd)
{
	uint32_t challenge;
	struct err err;

	if (getrandom(&challenge, sizeof(challenge), 0) != (ssize_t)sizeof(challenge)) {
		close(fd);
		failed(
		    c, NODE_UNREACHABLE, "this machine has no random numbers for the handshake: %s", strerror(errno));
		return;
	}
	c->stream = stream_new(c->base, fd, c->o.tls, node_name_host(&c->o.node), &err);
	if (c->stream)
		say_hello(c, challenge);
	else
		failed(c, NODE_REFUSED, "%s", err.text);
}

static void
on_node_dialled(void *arg, int fd, int error)
{
	struct connector *c = arg;
	const char *host = node_name_host(&c->o.node);

	c->dial = NULL;
	c->gone = error == ECONNREFUSED;
	if (fd >= 0)
		shake_hands(c, fd);
	else if (error == ETIMEDOUT)
		failed(c, NODE_UNREACHABLE, "%s:%u does not answer within %.3g s: a firewall?", host, c->port,
		    timeout_s(c));
	else if (c->o.node.port)
		failed(c, NODE_UNREACHABLE,
		    "nobody listens at %s:%u (%s): is the node running, and is that its distribution port?", host,
		    c->port, strerror(error));
	else
		failed(c, NODE_UNREACHABLE,
		    "EPMD says port %u, but nobody listens there (%s): the node has just ended, or listens on another "
		    "interface",
		    c->port, strerror(error));
}

static void
dial_node(struct connector *c, uint16_t port)
{
	hang_up(c);
	event_del(c->timer);
	c->port = port;
	c->dial = dial_start(c->base, &c->addresses, port, c->o.timeout_ms, on_node_dialled, c);
}

/* ---- EPMD ------------------------------------------------------------------------------------------------------------ */

/* True when the answer is complete: *closed, or full. False to wait for more. */
static bool
read_answer(struct connector *c, bool *closed)
{
	char buf[4096];
	ssize_t n = recv(c->fd, buf, sizeof(buf), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	*closed = n <= 0 || c->in.len + (size_t)n > EPMD_REPLY_MAX;
	if (!*closed)
		strbuf_add(&c->in, buf, (size_t)n);
	return true;
}

static void
unknown_name(struct connector *c, const char *known)
{
	c->gone = true;
	failed(c, NODE_UNREACHABLE, "EPMD on %s:%u does not know \"%.*s\"; it knows: %s", node_name_host(&c->o.node),
	    c->o.epmd_port, c->o.node.alive_len, c->o.node.name, *known ? known : "no node at all");
}

static void
on_names(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct connector *c = arg;
	struct strbuf known = STRBUF_INIT;
	bool closed = false;

	if (!read_answer(c, &closed) || !closed)
		return;
	if (!epmd_read_names(strbuf_cstr(&c->in), c->in.len, NAMES_SHOWN, &known)) {
		strbuf_reset(&known);
		strbuf_adds(&known, "(it does not say)");
	}
	unknown_name(c, strbuf_cstr(&known));
	strbuf_release(&known);
}

static void
on_names_dialled(void *arg, int fd, int error UNUSED)
{
	struct connector *c = arg;
	struct strbuf question = STRBUF_INIT;

	c->dial = NULL;
	if (fd < 0) {
		unknown_name(c, "(it does not say)");
		return;
	}
	epmd_ask_names(&question);
	talk(c, fd, on_names, &question);
	strbuf_release(&question);
}

static void
ask_names(struct connector *c)
{
	hang_up(c);
	event_del(c->timer);
	c->dial = dial_start(c->base, &c->addresses, c->o.epmd_port, c->o.timeout_ms, on_names_dialled, c);
}

static void
on_port(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct connector *c = arg;
	const char *host = node_name_host(&c->o.node);
	enum epmd_result result;
	bool closed = false;
	uint16_t port;

	if (!read_answer(c, &closed))
		return;
	result = epmd_read_port(strbuf_cstr(&c->in), c->in.len, &port);
	if (result == EPMD_PORT_IS)
		dial_node(c, port);
	else if (result == EPMD_UNKNOWN)
		ask_names(c);
	else if (result == EPMD_TOO_OLD)
		failed(c, NODE_INCOMPATIBLE, "is a node of OTP 22 or older: OTP 23 is the oldest that can be watched");
	else if (result == EPMD_BAD)
		failed(c, NODE_INCOMPATIBLE, "what listens on %s:%u is no EPMD", host, c->o.epmd_port);
	else if (closed)
		failed(
		    c, NODE_UNREACHABLE, "EPMD on %s:%u closed the connection without an answer", host, c->o.epmd_port);
}

static void
on_epmd_dialled(void *arg, int fd, int error)
{
	struct connector *c = arg;
	struct strbuf question = STRBUF_INIT;
	const char *host = node_name_host(&c->o.node);

	c->dial = NULL;
	if (fd < 0 && error == ETIMEDOUT) {
		failed(c, NODE_UNREACHABLE, "EPMD on %s:%u does not answer within %.3g s: a firewall?", host,
		    c->o.epmd_port, timeout_s(c));
	} else if (fd < 0) {
		failed(c, NODE_UNREACHABLE,
		    "EPMD on %s:%u does not answer (%s): is a node running there? For a node without EPMD give its "
		    "port, %s:PORT",
		    host, c->o.epmd_port, strerror(error), c->o.node.name);
	} else {
		epmd_ask_port(&question, c->o.node.name, (size_t)c->o.node.alive_len);
		talk(c, fd, on_port, &question);
		strbuf_release(&question);
	}
}

/* ---- the beginning --------------------------------------------------------------------------------------------------- */

static void
on_resolved(void *arg, const struct addrinfo *addresses, const char *error)
{
	struct connector *c = arg;

	c->resolve = NULL;
	event_del(c->timer);
	addresses_copy(&c->addresses, addresses);
	if (c->addresses.count == 0)
		failed(c, NODE_UNREACHABLE, "%s: no such host (%s)", node_name_host(&c->o.node),
		    error ? error : "no address");
	else if (c->o.node.port)
		dial_node(c, c->o.node.port);
	else
		c->dial = dial_start(c->base, &c->addresses, c->o.epmd_port, c->o.timeout_ms, on_epmd_dialled, c);
}

static void
on_timeout(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct connector *c = arg;
	const char *host = node_name_host(&c->o.node);

	if (c->resolve) {
		resolve_cancel(c->resolve);
		c->resolve = NULL;
		failed(c, NODE_UNREACHABLE, "%s: the name look-up has no answer within %.3g s", host, timeout_s(c));
	} else if (c->doomed) {
		failed(c, c->handshake.state, "%s", c->doom.text);
	} else if (c->stream && !stream_is_open(c->stream)) {
		failed(c, NODE_HANGING,
		    "accepted the connection and did not set TLS up within %.3g s: it hangs, or has plain distribution "
		    "(then "
		    "leave out --tls-conf)",
		    timeout_s(c));
	} else if (c->stream) {
		handshake_ended(c, true);
	} else if (c->fd >= 0) {
		failed(c, NODE_UNREACHABLE, "EPMD on %s:%u accepted the connection and said nothing for %.3g s", host,
		    c->o.epmd_port, timeout_s(c));
	} else {
		failed(c, NODE_UNREACHABLE, "%s: no thread for the name look-up could be had", host);
	}
}

struct connector *
connector_new(struct event_base *base, const struct connector_options *options, connector_cb *cb, void *arg)
{
	struct connector *c = xcalloc(1, sizeof(*c));

	c->base = base;
	c->o = *options;
	c->cb = cb;
	c->arg = arg;
	c->fd = -1;
	c->timer = evtimer_new(base, on_timeout, c);
	c->resolve = resolve_start(base, node_name_host(&c->o.node), 0, on_resolved, c);
	/* Without a thread on_timeout reports it at once, from the loop. */
	arm(c, c->resolve ? c->o.timeout_ms : 0);
	return c;
}

void
connector_free(struct connector *c)
{
	if (c == NULL)
		return;
	if (c->resolve)
		resolve_cancel(c->resolve);
	dial_cancel(c->dial);
	hang_up(c);
	event_free(c->timer);
	strbuf_release(&c->in);
	handshake_release(&c->handshake);
	free(c);
}
