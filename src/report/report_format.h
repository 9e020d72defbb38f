/* SPDX-License-Identifier: Apache-2.0 */
/* The forms that a report comes in. */
#ifndef REPORT_REPORT_FORMAT_H
#define REPORT_REPORT_FORMAT_H

#include "report/report.h"

/* id, name, extension of files, media type; the last two are made for a report of several nodes, and kept of none */
#define REPORT_FORMAT_TABLE(X)                                      \
	X(JSON, "json", ".json", "application/json; charset=utf-8") \
	X(TEXT, "text", ".txt", "text/plain; charset=utf-8")        \
	X(HTML, "html", ".html", "text/html; charset=utf-8")        \
	X(BRIEF, "brief", "", "application/json; charset=utf-8")    \
	X(SECTION, "section", "", "text/html; charset=utf-8")

#define FORMATS_KEPT FORMAT_BRIEF /* those before it */

enum report_format {
#define REPORT_FORMAT_ENUM(id, ...) FORMAT_##id,
	REPORT_FORMAT_TABLE(REPORT_FORMAT_ENUM)
#undef REPORT_FORMAT_ENUM
	    FORMAT_COUNT
};

struct report_format_row {
	const char *name;
	const char *extension;
	const char *type;
};

extern const struct report_format_row REPORT_FORMATS[FORMAT_COUNT];

/* report_format_find returns the format of a name, or FORMAT_COUNT. */
enum report_format report_format_find(const char *name);
/* report_write appends the report in a format, without colours. FORMAT_SECTION is what is in the page's body, under an <h2>; FORMAT_BRIEF as report/brief.h has it. */
void report_write(const struct report *r, enum report_format format, struct strbuf *out);

#endif
