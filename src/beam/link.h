/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link that stands: frames in and out over a connected stream, ticks answered. It always reads, and drops itself when the node does not: neither
 * side may make the other wait.
 */
#ifndef BEAM_LINK_H
#define BEAM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "etf/etf.h"
#include "model/node.h"

#define LINK_OUT_MAX (8u << 20) /* bytes that wait for the node to read them */

struct event_base;
struct link;
struct stream;
struct watchdog;

struct link_handlers {
	/* A frame's body; false and a reason ends the link as NODE_INCOMPATIBLE. */
	bool (*frame)(void *arg, struct etf_span body, struct err *err);
	void (*tick)(void *arg);
	/* The link is lost: once, and nothing comes after it. Not to be freed in it. */
	void (*lost)(void *arg, enum node_state state, const char *detail);
	/* After each batch of frames and ticks. */
	void (*turned)(void *arg);
};

struct link_counts {
	uint64_t frames;
	uint64_t bytes_in;
	uint64_t bytes_out;
};

/* link_new takes over a stream behind its handshake. watchdog may be NULL. */
struct link *link_new(struct event_base *base, struct stream *stream, struct watchdog *watchdog,
    const struct link_handlers *handlers, void *arg);
/* link_free closes it. NULL is fine. Not from a callback. */
void link_free(struct link *l);
/* link_write queues bytes; after the link was lost it does nothing. */
void link_write(struct link *l, const void *data, size_t len);
struct link_counts link_counts(const struct link *l);

#endif
