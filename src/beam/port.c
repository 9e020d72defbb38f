/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/port.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "os/log.h"

#define READ_BYTES (256u << 10)
#define TURN_BYTES (4u << 20) /* read in one turn of the loop: others get theirs, too */
#define PIPE_BYTES (1u << 20) /* wanted of the kernel, so that a burst wakes both sides seldom */
/* Looking for the next packet instead of sleeping, see comes_soon. */
#define LOOK_US 60
#define RECENT_US 200
#define LOOK_TURN_US 5000

struct beam_port {
	int in_fd;
	int out_fd;
	struct event *in;
	struct event *out;
	struct packet_reader reader;
	struct packet_writer writer;
	struct beam_port_handlers handlers;
	void *arg;
	bool reading;
	bool writing; /* waits until the other side takes more */
	bool closed;
	bool may_look;   /* there is another processor for the router meanwhile */
	bool has_work;   /* others wait for the loop's next turn */
	int64_t read_us; /* when the last packet had been handled */
};

static void
close_once(struct beam_port *p)
{
	if (p->closed)
		return;
	p->closed = true;
	event_del(p->in);
	event_del(p->out);
	p->handlers.closed(p->arg);
}

/* ---- writing ---- */

/* write_some returns false when the other side takes no more for now. */
static bool
write_some(struct beam_port *p, struct etf_span ready)
{
	ssize_t n = write(p->out_fd, ready.data, ready.len);

	if (n >= 0) {
		packet_sent(&p->writer, (size_t)n);
		return true;
	}
	if (errno != EAGAIN && errno != EINTR)
		close_once(p);
	return errno == EINTR;
}

static void
set_event(struct event *ev, bool *is, bool wanted)
{
	if (*is == wanted)
		return;
	*is = wanted;
	if (wanted)
		event_add(ev, NULL);
	else
		event_del(ev);
}

void
beam_port_flush(struct beam_port *p)
{
	struct etf_span ready = packet_ready(&p->writer);
	size_t waited = p->writing ? ready.len : 0;

	while (!p->closed && ready.len > 0 && write_some(p, ready))
		ready = packet_ready(&p->writer);
	if (p->closed)
		return;
	set_event(p->out, &p->writing, ready.len > 0);
	/* Half of the bound, not the bound itself: reading does not stop and go on with every write. */
	if (ready.len > PORT_STOP_BYTES)
		set_event(p->in, &p->reading, false);
	else if (ready.len < PORT_STOP_BYTES / 2)
		set_event(p->in, &p->reading, true);
	/* Here, not when the loop says so: whoever flushes first takes that away. */
	if (ready.len < waited)
		p->handlers.written(p->arg);
}

void
beam_port_finish(struct beam_port *p, int timeout_ms)
{
	int64_t until = clock_mono_us() + (int64_t)timeout_ms * 1000;
	struct pollfd pfd = { .fd = p->out_fd, .events = POLLOUT };

	beam_port_flush(p);
	while (!p->closed && packet_pending(&p->writer) > 0 && clock_mono_us() < until) {
		poll(&pfd, 1, (int)((until - clock_mono_us()) / 1000) + 1);
		beam_port_flush(p);
	}
}

static void
on_writable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	beam_port_flush(arg);
}

/* ---- reading ---- */

static void
hand_over(struct beam_port *p)
{
	struct etf_span body = { NULL, 0 };
	enum packet_kind kind;

	while ((kind = packet_next(&p->reader, &body)) != PACKET_NONE)
		if (kind == PACKET_TOO_LARGE)
			log_error("port: a packet of more than %u MB came from the router and is skipped",
			    PORT_PACKET_MAX >> 20);
		else
			p->handlers.packet(p->arg, body);
}

/* read_some returns false when there is no more for now. */
static bool
read_some(struct beam_port *p)
{
	ssize_t n = read(p->in_fd, packet_reader_room(&p->reader, READ_BYTES), READ_BYTES);

	if (n > 0) {
		packet_reader_got(&p->reader, (size_t)n);
		hand_over(p);
		return (size_t)n == READ_BYTES;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_once(p);
	return false;
}

static void
read_all(struct beam_port *p)
{
	size_t left = TURN_BYTES;

	while (left > 0 && packet_pending(&p->writer) < PORT_STOP_BYTES && read_some(p))
		left -= READ_BYTES;
	p->handlers.read_all(p->arg);
	if (!p->closed)
		beam_port_flush(p);
}

/*
 * A caller that asks again and again waits for us each time, and on a machine that idles it takes longer to be woken (some 40 us) than to
 * answer. So while packets follow each other closely the next one is looked for, for a moment, before this thread sleeps. Packets
 * that come seldom cost nothing by it.
 */
static bool
comes_soon(struct beam_port *p)
{
	struct pollfd pfd = { .fd = p->in_fd, .events = POLLIN };
	int64_t now = clock_mono_us();
	int64_t until = p->may_look && !p->has_work && now - p->read_us < RECENT_US ? now + LOOK_US : now;
	bool comes = false;

	p->read_us = now;
	while (!comes && clock_mono_us() < until)
		comes = poll(&pfd, 1, 0) > 0;
	return comes;
}

static void
on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct beam_port *p = arg;
	int64_t until = clock_mono_us() + LOOK_TURN_US;

	do
		read_all(p);
	while (!p->closed && p->reading && comes_soon(p) && clock_mono_us() < until);
}

/* ---- life ---- */

static bool
prepare(int fd, const char *use, struct err *err)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) != 0 || (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return err_set(err,
		    "file descriptor %d, %s, is no pipe: this program is started by an Erlang VM "
		    "(Arsenal.AnalyticsServer, "
		    "arsenal:start_link), not by hand; see arsenal port --help",
		    fd, use);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* What the kernel does not grant stays as it is. */
	if (S_ISFIFO(st.st_mode))
		fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
	return true;
}

struct beam_port *
beam_port_new(struct event_base *base, int in_fd, int out_fd, const struct beam_port_handlers *handlers, void *arg,
    struct err *err)
{
	struct beam_port *p;

	if (!prepare(in_fd, "which the router writes to", err) || !prepare(out_fd, "which the router reads", err))
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->in_fd = in_fd;
	p->out_fd = out_fd;
	p->handlers = *handlers;
	p->arg = arg;
	p->may_look = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	packet_reader_init(&p->reader);
	packet_writer_init(&p->writer);
	p->in = event_new(base, in_fd, EV_READ | EV_PERSIST, on_readable, p);
	p->out = event_new(base, out_fd, EV_WRITE | EV_PERSIST, on_writable, p);
	set_event(p->in, &p->reading, true);
	return p;
}

void
beam_port_free(struct beam_port *p)
{
	if (p == NULL)
		return;
	event_free(p->in);
	event_free(p->out);
	close(p->in_fd);
	close(p->out_fd);
	packet_reader_release(&p->reader);
	packet_writer_release(&p->writer);
	free(p);
}

struct packet_writer *
beam_port_writer(struct beam_port *p)
{
	return &p->writer;
}

void
beam_port_look(struct beam_port *p, bool may)
{
	p->has_work = !may;
}

bool
beam_port_is_slow(const struct beam_port *p)
{
	return packet_pending(&p->writer) > PORT_SLOW_BYTES;
}
