/* SPDX-License-Identifier: Apache-2.0 */
/* The report of several nodes: a table of all, the worst first, and a section for each that had something. Pure. */
#ifndef REPORT_FLEET_H
#define REPORT_FLEET_H

#include "report/brief.h"
#include "report/report_format.h"

#define FLEET_SECTIONS 12 /* at most; of the others there is the table */

struct fleet {
	struct report_range range;
	int64_t made_ms;
	size_t count;
	const struct report_brief *briefs; /* as brief_compare orders them */
	size_t section_count;              /* of the first so many */
	const struct strbuf *sections;     /* the reports, in the form that is written; of HTML as FORMAT_SECTION */
};

/* fleet_write appends it as FORMAT_TEXT, FORMAT_JSON or FORMAT_HTML. */
void fleet_write(const struct fleet *f, enum report_format format, struct strbuf *out);

#endif
