/* SPDX-License-Identifier: Apache-2.0 */
/* How things stand at the end of a report, as HTML: the largest processes and tables, and where the memory is. */
#ifndef REPORT_STATE_HTML_H
#define REPORT_STATE_HTML_H

#include "report/report.h"

/* state_html appends the sections, with their headings. */
void state_html(const struct report *r, struct strbuf *out);

#endif
