/* SPDX-License-Identifier: Apache-2.0 */
/* The charts of a report, with what happened marked on them: incidents, anomalies, restarts, boots, lost links, the end. */
#ifndef REPORT_READINGS_HTML_H
#define REPORT_READINGS_HTML_H

#include "report/report.h"

/* readings_html appends the section, with its heading; nothing if there are no readings. */
void readings_html(const struct report *r, struct strbuf *out);

#endif
