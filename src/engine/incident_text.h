/* SPDX-License-Identifier: Apache-2.0 */
/* An incident in the words of a person. Texts of the node are cut, and made visible. */
#ifndef ENGINE_INCIDENT_TEXT_H
#define ENGINE_INCIDENT_TEXT_H

#include "base/strbuf.h"
#include "model/incident.h"

/* incident_title appends one line: "Message queue of mailer grows 900/s; memory and run queue follow". */
void incident_title(struct strbuf *out, const struct incident *i);
/* incident_finding appends what one of its findings says: "Memory rises to 1.2 GiB, usually 300 MiB: cache <0.90.0>". */
void incident_finding(struct strbuf *out, const struct incident_member *m);

#endif
