/* SPDX-License-Identifier: Apache-2.0 */
/* {arsenal_supervisors, TimeMs, [Facts]}, decoded into the model. Pure. */
#ifndef BEAM_PROBE_SUPERVISOR_H
#define BEAM_PROBE_SUPERVISOR_H

#include "base/attr.h"
#include "etf/etf.h"
#include "model/supervisor.h"

/* f is the callee's to keep only by copy; its time is the node's own. */
typedef void probe_supervisor_cb(void *arg, const struct supervisor_facts *f);
/* probe_read_supervisors reads what follows the tag. False if it is malformed: those before are handed over. */
bool probe_read_supervisors(struct etf *e, probe_supervisor_cb *cb, void *arg) MUST_CHECK;

#endif
