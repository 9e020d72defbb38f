/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An incident as bytes, the body of an event (event_code.h):
 *
 *	incident {1, Id, Change, OpenedMs, LastMs, EndedMs, Severity, Root, LeftOut, Restarts, NodeDown, [{Criterion, Level}], [member]}
 *	member   {SinceMs, TimeMs, SeenMs, EndedMs, Type, Severity, Joined, Told, Metric | nil, Score, Current, Baseline, QueueRate, [who],
 *	          Supervisor, Child, Description}
 *	who      {Kind, Pid, Name, Named, Application, [Ancestor]}
 *
 * NodeDown, Told and Named are 0 or 1.
 */
#ifndef STORE_INCIDENT_CODE_H
#define STORE_INCIDENT_CODE_H

#include "base/strbuf.h"
#include "etf/etf.h"
#include "model/incident.h"

void incident_code_write(struct strbuf *out, const struct incident *i);
/*
 * incident_code_read reads it; the caller releases it, whatever the cursor says. What this release does not know makes the cursor fail, but for a metric or
 * criterion, which is left out.
 */
void incident_code_read(struct etf *e, struct incident *i);

#endif
