/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two file descriptors that a port program has from the VM (open_port with nouse_stdio and {packet, 4}): 3 is read, 4 written. Nothing blocks: what the
 * other side does not take waits here, within bounds.
 */
#ifndef BEAM_PORT_H
#define BEAM_PORT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "beam/port_packet.h"

#define PORT_IN_FD 3
#define PORT_OUT_FD 4
/* What may wait to be written: beyond the first, events are dropped (whoever writes them asks beam_port_is_slow); beyond the second, nothing is read. */
#define PORT_SLOW_BYTES (8u << 20)
#define PORT_STOP_BYTES (32u << 20)

struct event_base;
struct beam_port;

struct beam_port_handlers {
	/* One packet. */
	void (*packet)(void *arg, struct etf_span body);
	/* All that was there has been handed over; what is to be written goes out after this. */
	void (*read_all)(void *arg);
	/* The other side has taken some of what waited. Also from within beam_port_flush. */
	void (*written)(void *arg);
	/* Nothing more will come, or nothing can be written any more. Once. */
	void (*closed)(void *arg);
};

/* beam_port_new makes the descriptors non-blocking. False with a reason if they are not there, as when a person started the program. */
struct beam_port *beam_port_new(struct event_base *base, int in_fd, int out_fd,
    const struct beam_port_handlers *handlers, void *arg, struct err *err) MUST_CHECK;
/* beam_port_free closes both. NULL is fine. */
void beam_port_free(struct beam_port *p);
struct packet_writer *beam_port_writer(struct beam_port *p);
/* beam_port_look: whether the next packet may be looked for instead of the loop's turn going on; not while there is other work. */
void beam_port_look(struct beam_port *p, bool may);
bool beam_port_is_slow(const struct beam_port *p);
/* beam_port_flush writes what the other side takes now; the rest follows by itself. */
void beam_port_flush(struct beam_port *p);
/* beam_port_finish writes for at most so long, waiting: the last words of a program that ends. */
void beam_port_finish(struct beam_port *p, int timeout_ms);

#endif
