/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe sends (doc/probe.md), decoded straight into the model. Pure. Every reader returns false if the term is not what it must be. */
#ifndef BEAM_PROBE_MESSAGE_H
#define BEAM_PROBE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "etf/etf.h"
#include "model/node.h"
#include "model/restart.h"
#include "model/sample.h"

#define PROBE_RESTARTS_MAX 1000 /* of one message; more are counted, not described */
#define PROBE_NOTICE_SIZE 512

enum probe_message {
	PROBE_TICK,
	PROBE_RESTARTS,
	PROBE_NOTICE,
	PROBE_SURVEY,
	PROBE_SUPERVISORS,
	PROBE_CAPTURE,
	PROBE_REPLY,
	PROBE_STOPPING,
	PROBE_UNKNOWN
};

/* probe_message_open reads the head; the cursor is at what follows the tag. PROBE_UNKNOWN if it is none of the probe's. */
enum probe_message probe_message_open(struct etf *e);

/* probe_read_tick: s->time_ms is the node's own time. */
bool probe_read_tick(struct etf *e, int64_t *seq, struct sample *s) MUST_CHECK;

/* r is the callee's to keep only by copy; its time is the node's own. */
typedef void probe_restart_cb(void *arg, struct restart *r);
/* probe_read_restarts: *lost is how many were seen and not described, here or there. Those before a malformed one are handed over. */
bool probe_read_restarts(struct etf *e, uint64_t *lost, probe_restart_cb *cb, void *arg) MUST_CHECK;
bool probe_read_notice(struct etf *e, bool *warning, char text[PROBE_NOTICE_SIZE]) MUST_CHECK;
/* probe_read_wrapped reads {t, Term} or {x, Binary}, the cut text of a term that was too large. NULL if it is neither. The caller owns a reference. */
struct term *probe_read_wrapped(struct etf *e);
/* probe_read_info reads the map that attach/2 answers with. */
bool probe_read_info(struct etf *e, struct node_info *info) MUST_CHECK;
/* probe_read_stopping: the node stops in order. */
bool probe_read_stopping(struct etf *e) MUST_CHECK;
/* probe_read_capture changes what info says of restarts. */
bool probe_read_capture(struct etf *e, struct node_info *info) MUST_CHECK;

/* probe_read_schedulers reads [{Id, Active, Total}] of the normal schedulers up to number `online`. */
void probe_read_schedulers(struct etf *e, unsigned online, struct sample *s);

#endif
