/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brings a node's readings over a link that stands: the probe (beam/probe.h) or plain calls (beam/plain.h). One lives as long as its link. Pure: it speaks
 * through the peer, and asks its owner for the time.
 */
#ifndef BEAM_COLLECTOR_H
#define BEAM_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "beam/requests.h"
#include "etf/etf.h"
#include "model/node.h"
#include "model/restart.h"
#include "model/sample.h"
#include "model/supervisor.h"
#include "model/survey.h"

struct peer;
struct collector;

/* What the owner is told; times in it are the node's own. */
struct collector_handlers {
	int64_t (*now)(void *arg); /* engine time, for distances only */
	void (*info)(void *arg, const struct node_info *info);
	void (*sample)(void *arg, struct sample *s);
	void (*restart)(void *arg, struct restart *r);
	void (*lost)(void *arg, uint64_t restarts);
	/* Taken over: the callee releases it. */
	void (*survey)(void *arg, struct survey *s);
	void (*supervisor)(void *arg, const struct supervisor_facts *f);
	void (*notice)(void *arg, bool warning, const char *text);
	/* The node stops in order: its link is about to be closed. */
	void (*stopping)(void *arg);
	/* Something came that is not what it must be; it was dropped. */
	void (*bad)(void *arg, const char *what);
	/* The link is of no use: drop it. */
	void (*failed)(void *arg, enum node_state state, const char *detail);
	/* The probe cannot be had there, for a reason that another attempt will not change. */
	void (*no_probe)(void *arg, const char *why);
};

struct collector_ops {
	void (*start)(struct collector *c);
	void (*message)(struct collector *c, struct etf_span message);
	void (*down)(struct collector *c, uint64_t monitor, struct etf_span reason);
	void (*exited)(struct collector *c);
	/* Something is due: see deadline. */
	void (*tick)(struct collector *c, int64_t now_ms);
	/* When tick is next needed; INT64_MAX: not at all. */
	int64_t (*deadline)(const struct collector *c);
	/* Since when readings are awaited; INT64_MAX: they are not. */
	int64_t (*awaited_since)(const struct collector *c);
	/*
	 * Asks the probe for something (a term). What becomes of it is told by the callback, once, and never before this returns REQUEST_UNDER_WAY;
	 * it comes at the latest when the collector is freed. Any other result: it was not asked.
	 */
	enum request_result (*request)(struct collector *c, const struct strbuf *what, request_cb *cb, void *arg);
	void (*free)(struct collector *c);
};

struct collector {
	const struct collector_ops *ops;
	struct peer *peer;
	const struct collector_handlers *handlers;
	void *arg;
	int64_t interval_ms;
	int64_t stall_ms; /* readings that are awaited for longer: the node hangs */
};

#endif
