/* SPDX-License-Identifier: Apache-2.0 */
/* What is ahead, in each form of a report. Nothing of a report of an end, or of a range that ends before what is known. */
#ifndef REPORT_AHEAD_H
#define REPORT_AHEAD_H

#include "engine/answer.h"
#include "report/report.h"

/* ahead_lines tells each line there is for a person: limits that will be reached or are near, and who fails next. */
void ahead_lines(const struct report *r, void (*tell)(struct strbuf *out, const char *line), struct strbuf *out);
/* ahead_html appends a section with its heading. */
void ahead_html(const struct report *r, struct strbuf *out);
/* ahead_json writes the keys "predictions" and "capacity" into an open object; null where nothing is foreseen. */
void ahead_json(const struct report *r, struct answer *a);

#endif
