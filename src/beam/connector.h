/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt to get linked to a node: look the host up, ask EPMD for the port (unless it is given), connect, in TLS if wanted, shake hands. */
#ifndef BEAM_CONNECTOR_H
#define BEAM_CONNECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "beam/node_name.h"
#include "model/node.h"

struct connector;
struct event_base;
struct stream;
struct tls;

struct connector_options {
	struct node_name node;
	uint16_t epmd_port;
	const char *local_name;
	const char *cookie;
	uint32_t creation;
	bool replace_own;   /* see beam/handshake.h */
	struct tls *tls;    /* NULL: plain distribution */
	int64_t timeout_ms; /* for each step */
};

struct connector_result {
	struct stream *stream; /* linked, the callee's, with what came behind the handshake still in it; NULL: failed */
	const char *peer_name;
	/* if it failed */
	enum node_state state;
	bool gone;          /* nobody is there: EPMD answers and does not know it, or nobody listens at its port */
	const char *detail; /* what is wrong and the next step, without the node's name */
};

/* The result's pointers are valid during the callback. The connector may be freed in it. */
typedef void connector_cb(void *arg, const struct connector_result *result);

/* connector_new begins. The strings stay the caller's, and must stay. The callback comes once, from the loop. */
struct connector *connector_new(
    struct event_base *base, const struct connector_options *options, connector_cb *cb, void *arg);
/* connector_free ends an attempt, whatever it is at. NULL is fine. */
void connector_free(struct connector *c);

#endif
