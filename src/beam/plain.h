/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings by plain calls: nothing of ours runs in the node but functions of its own. One call per interval brings all readings of the VM, and another, every
 * few seconds, the files of /proc; the next of a kind is not sent before the last was answered. Restarts, message queues and culprits cannot be seen so.
 */
#ifndef BEAM_PLAIN_H
#define BEAM_PLAIN_H

#include "beam/collector.h"

/* plain_new: why there is no probe, for the node's note ("" if it is not wanted). Free it with ops->free. */
struct collector *plain_new(
    struct peer *peer, int64_t interval_ms, const char *why, const struct collector_handlers *handlers, void *arg);

#endif
