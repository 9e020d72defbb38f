/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process side of a link: what a node must do with the control messages of another, for the one process that lives here. It answers what must be
 * answered, hands over the messages to our pid, calls functions on the node, and watches processes there. Pure: frames in, frames out, time as an argument.
 *
 * Our pid lives as long as the link, so monitors and links on it need no memory: the node's own end of them fires when the link goes.
 */
#ifndef BEAM_PEER_H
#define BEAM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "etf/etf.h"

#define PEER_MAX_CALLS 16
#define PEER_MAX_MONITORS 4

enum call_result {
	CALL_RETURNED, /* the value */
	CALL_RAISED,   /* error, exit or throw: the reason */
	CALL_REFUSED,  /* the node could not start it: an atom */
	CALL_TIMED_OUT /* no value */
};

/* value is the cursor at the value or reason, and at nothing after a time-out. */
typedef void call_cb(void *arg, enum call_result result, struct etf *value);

struct peer_handlers {
	/* Bytes for the node. */
	void (*write)(void *arg, const void *data, size_t len);
	/* A message to our pid; the span is the term. */
	void (*message)(void *arg, struct etf_span message);
	/* A process that we monitor is gone. */
	void (*down)(void *arg, uint64_t monitor, struct etf_span reason);
	/* A process that is linked to us has ended. */
	void (*exited)(void *arg, struct etf_span pid, struct etf_span reason);
};

struct peer {
	/* private */
	const struct peer_handlers *handlers;
	void *arg;
	const char *node;
	uint32_t creation;
	uint64_t last_ref;
	struct strbuf out;
	struct strbuf self; /* our pid */
	struct peer_call {
		uint64_t ref; /* 0: free */
		int64_t deadline_ms;
		call_cb *cb;
		void *arg;
	} calls[PEER_MAX_CALLS];
	struct peer_monitor {
		uint64_t ref;
	} monitors[PEER_MAX_MONITORS];
};

/* peer_init: our node's name stays the caller's. */
void peer_init(struct peer *p, const char *node, uint32_t creation, const struct peer_handlers *handlers, void *arg);
/* peer_release forgets calls under way; their callbacks do not come. */
void peer_release(struct peer *p);

/* peer_self is our pid as a term. */
struct etf_span peer_self(const struct peer *p);

/* peer_frame takes one frame's body. False and a reason if it is malformed: the link must end. */
bool peer_frame(struct peer *p, struct etf_span body, struct err *err) MUST_CHECK;
void peer_tick(struct peer *p);

/* peer_send sends a term to a pid of the node's. */
void peer_send(struct peer *p, struct etf_span pid, struct etf_span message);
/*
 * peer_call runs module:function(args) in a process of its own there (erpc:execute_call/4). args is a list term. The callback comes once, within timeout_ms
 * plus what peer_expire is late, from peer_frame or peer_expire. False if too many calls are under way.
 */
bool peer_call(struct peer *p, int64_t now_ms, int64_t timeout_ms, const char *module, const char *function,
    const struct strbuf *args, call_cb *cb, void *arg) MUST_CHECK;
/* peer_spawn_link starts module:function(args) there, linked to our pid: it ends with the link. */
void peer_spawn_link(
    struct peer *p, const char *module, const char *function, const struct strbuf *args, uint32_t arity);
/* peer_monitor watches a process there; the number comes back in `down`. 0 if there are too many. */
uint64_t peer_monitor(struct peer *p, struct etf_span pid);
/* peer_expire ends the calls that are overdue; peer_deadline is when it is next needed, INT64_MAX if never. */
void peer_expire(struct peer *p, int64_t now_ms);
int64_t peer_deadline(const struct peer *p);

#endif
