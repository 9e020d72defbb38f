/* SPDX-License-Identifier: Apache-2.0 */
/* Gets the probe into the node and listens to it: is the module there → load it → attach; acknowledge ticks; attach again when it dies. */
#ifndef BEAM_PROBE_H
#define BEAM_PROBE_H

#include "base/embed.h"
#include "beam/collector.h"

/* probe_new: the probe's file is "MODULE.beam"; it stays the caller's. Free it with ops->free. */
struct collector *probe_new(struct peer *peer, int64_t interval_ms, const struct embedded_file *file,
    const struct collector_handlers *handlers, void *arg);

#endif
