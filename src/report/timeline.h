/* SPDX-License-Identifier: Apache-2.0 */
/* The time line of restarts: a lane for each child, with the patterns drawn in. As HTML. Pure. */
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include "report/report.h"

/* timeline_add appends the lanes; nothing if nobody restarted. */
void timeline_add(struct strbuf *out, const struct report *r);

#endif
