/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as bytes (an external term), to be read by later releases, too: whatever is a row of a table here is kept by its name.
 *
 *	event    {Type, Severity, TimeMs, Body}
 *	anomaly  {1, Type, Severity, TimeMs, Description, Score, Metric | nil, Current, Baseline, Deviation, [Culprit], Supervisor, Child, Count,
 *	          Incident, Root (0, 1)}
 *	culprit  {Pid, Name, InitialCall, CurrentFunction, Value, QueueLen, Memory, Reductions}
 *	health   {1, Overall, LastCheckMs, [{Criterion, Level, Value, Warning, Critical}], RestartRate, [{Group, Field, Number}],
 *	          [Recommendation], Changed, [event of an anomaly]}
 *
 * The first element of a body is its version. Numbers that are not known are nil.
 */
#ifndef STORE_EVENT_CODE_H
#define STORE_EVENT_CODE_H

#include <stddef.h>

#include "base/strbuf.h"
#include "model/event.h"

/* event_code_write appends an anomaly, a performance alert, a health alert or an incident (incident_code.h). */
void event_code_write(struct strbuf *out, const struct node_event *ev);
/*
 * event_code_read makes the event of these bytes (the caller owns one reference). NULL if they are not what event_code_write writes, or
 * of a type, version or anomaly that this release does not know. A metric, criterion or number that it does not know is left out.
 */
struct node_event *event_code_read(const void *data, size_t len, const char *node);

#endif
