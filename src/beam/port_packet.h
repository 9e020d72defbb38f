/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets between the port program and its router, both ways: four bytes of length, then one external term, a list of messages (doc/port.md). Pure; port.h
 * has the file descriptors.
 */
#ifndef BEAM_PORT_PACKET_H
#define BEAM_PORT_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "etf/etf.h"

#define PORT_PACKET_MAX (64u << 20) /* of those read; a larger one is skipped */
#define PORT_PACKET_SOON (1u << 20) /* of those written: a further message begins a new one */

/* ---- reading ---- */

struct packet_reader { /* private */
	struct strbuf in;
	size_t start;  /* of what was not yet taken */
	uint64_t skip; /* bytes to come of a packet that is too large */
};

enum packet_kind {
	PACKET_NONE, /* more bytes are needed */
	PACKET_WHOLE,
	PACKET_TOO_LARGE /* told once; its bytes are skipped as they come */
};

void packet_reader_init(struct packet_reader *r);
void packet_reader_release(struct packet_reader *r);
/* packet_reader_room is where the next n bytes may be put, at most; packet_reader_got says how many were. What packet_next gave is gone then. */
void *packet_reader_room(struct packet_reader *r, size_t n);
void packet_reader_got(struct packet_reader *r, size_t n);
/* packet_next takes the next packet, without its length. *body points into the reader. */
enum packet_kind packet_next(struct packet_reader *r, struct etf_span *body);

/* ---- writing ---- */

struct packet_writer { /* private */
	struct strbuf out;
	size_t sent;    /* of `out` */
	size_t head;    /* where the open packet begins */
	uint32_t count; /* of messages in it; 0: none is open */
};

void packet_writer_init(struct packet_writer *w);
void packet_writer_release(struct packet_writer *w);
/* packet_message is where one further message is to be written, whole, before anything else is asked of the writer. */
struct strbuf *packet_message(struct packet_writer *w);
/* packet_pending is how many bytes wait to be sent. */
size_t packet_pending(const struct packet_writer *w);
/* packet_ready closes the open packet and gives what is to be sent; packet_sent says how much of it was. */
struct etf_span packet_ready(struct packet_writer *w);
void packet_sent(struct packet_writer *w, size_t n);

#endif
