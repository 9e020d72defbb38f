/* SPDX-License-Identifier: Apache-2.0 */
/* The incidents of a report: gathered, and in each of its forms. An anomaly that belongs to one is told there, and not in the list of anomalies beside. */
#ifndef REPORT_INCIDENTS_H
#define REPORT_INCIDENTS_H

#include "engine/answer.h"
#include "report/report.h"

void incidents_gather(struct report *r, const struct engine *e);
void incidents_release(struct report *r);

/* incidents_tell: the anomaly is told by an incident of the report. */
bool incidents_tell(const struct report *r, const struct anomaly *a);
/* incidents_newest is the finding of that type that was made last, told as an anomaly or not; NULL if there is none. */
const struct incident_member *incidents_newest(const struct report *r, enum anomaly_type type);

/* Each appends a section, with its heading; nothing if there are none. The text's heading is the caller's. */
void incidents_text(const struct report *r, struct strbuf *out);
void incidents_html(const struct report *r, struct strbuf *out);
/* incidents_json writes the key "incidents" into an open object. */
void incidents_json(const struct report *r, struct answer *a);

#endif
