/* SPDX-License-Identifier: Apache-2.0 */
/* The request for the supervision tree, and its answer. Pure. */
#ifndef BEAM_PROBE_TREE_H
#define BEAM_PROBE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "etf/etf.h"
#include "model/tree.h"

/* Supervisors named in a request; the probe takes no more. */
#define PROBE_TREE_HINTS 50

/* probe_put_tree_request: where the probe may look for supervisors that no application owns. Terms that are no pids are left out. */
void probe_put_tree_request(struct strbuf *out, const struct term *const *hints, size_t count);
/* probe_read_tree reads the answer. False if it is malformed; else the caller owns *t. Its time is the node's own. */
bool probe_read_tree(struct etf *e, struct tree *t) MUST_CHECK;

#endif
