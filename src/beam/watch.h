/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watched node: keeps a hidden link to it, has the probe in it (or asks by plain calls), and turns what comes into
 * samples and restarts. Reconnects by itself, with back-off and jitter, for ever; every trouble is a state with a
 * reason.
 */
#ifndef BEAM_WATCH_H
#define BEAM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "beam/requests.h"
#include "model/node.h"
#include "model/restart.h"
#include "model/sample.h"
#include "model/survey.h"

struct event_base;
struct tls;
struct watchdog;
struct beam_watch;

struct beam_watch_options {
	const char *node;       /* "name@host", or "name@host:port" to do without EPMD ("name@[::1]:port" for IPv6) */
	const char *local_name; /* our own "arsenal-<8 hex>@host" */
	uint32_t creation;      /* random, one per run of the program */
	const char *cookie;     /* copied, wiped when freed */
	struct tls *tls;        /* NULL: plain distribution; stays the caller's, and must stay */
	int64_t interval_ms;
	bool inject;               /* false: plain calls only */
	struct watchdog *watchdog; /* may be NULL */
	int64_t
	    connect_timeout_ms; /* for the name look-up, EPMD, TCP, TLS and the handshake, each: 0 for the default (5000) */
	int64_t retry_max_ms; /* longest back-off between two tries: 0 for the default (30000) */
};

/* Callbacks come from the loop; none may free the watch. */
struct beam_watch_handlers {
	/* The link's state changed, or its reason did. `detail` is a line for a person that names what is wrong and the
	 * next step. */
	void (*state)(void *arg, enum node_state state, const char *detail);
	void (*info)(void *arg, const struct node_info *info);
	/* time_ms is in engine time: the node's clock corrected by the offset measured. */
	void (*sample)(void *arg, const struct sample *s);
	void (*restart)(void *arg, const struct restart *r);
	void (*lost_restarts)(void *arg, uint64_t count);
	/* Taken over: the callee releases it. */
	void (*survey)(void *arg, struct survey *s);
	void (*supervisor)(void *arg, const struct supervisor_facts *f);
	/* The node stops in order: the link is about to be lost. */
	void (*stopping)(void *arg);
	/* Something to be read once (from the probe or the decoder). */
	void (*notice)(void *arg, bool warning, const char *text);
};

/* The link's own figures. */
struct beam_watch_counts {
	uint64_t frames;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t connects;
	uint64_t bad_messages; /* well-framed, but not what the probe sends; dropped */
};

/*
 * beam_parse_node splits "name@host[:port]" and checks it: name of letters, digits, _ and -, neither part empty, at
 * most NODE_NAME_MAX bytes, a port in 1…65535. name gets "name@host" (buf of NODE_NAME_MAX + 1), *port 0 if none is
 * given. False and a reason otherwise.
 */
bool beam_parse_node(const char *text, char *name, uint16_t *port, struct err *err) MUST_CHECK;

/* beam_watch_new checks the options and starts to connect at the loop's next turn; NULL and a reason on a bad name or
 * cookie. */
struct beam_watch *beam_watch_new(struct event_base *base, const struct beam_watch_options *options,
    const struct beam_watch_handlers *handlers, void *arg, struct err *err) MUST_CHECK;
/* beam_watch_free closes the link; the probe notices and leaves. Not from a callback. */
void beam_watch_free(struct beam_watch *w);
/* beam_watch_retry tries at once if it is waiting for the next try. */
void beam_watch_retry(struct beam_watch *w);
/*
 * beam_watch_request asks the probe there for something. The callback comes once if, and only if, this is REQUEST_UNDER_WAY; from the loop, or
 * from beam_watch_free.
 */
enum request_result beam_watch_request(struct beam_watch *w, const struct strbuf *what, request_cb *cb, void *arg);
const char *beam_watch_node(const struct beam_watch *w); /* "name@host" */
/* beam_watch_is_gone: the last try found nobody there: EPMD answers and does not know it, or nobody listens at its port. */
bool beam_watch_is_gone(const struct beam_watch *w);
struct beam_watch_counts beam_watch_counts(const struct beam_watch *w);

#endif
