/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_format.h"

#include <string.h>

#include "report/brief.h"

const struct report_format_row REPORT_FORMATS[FORMAT_COUNT] = {
#define FORMAT_ROW(id, name, extension, type) [FORMAT_##id] = { name, extension, type },
	REPORT_FORMAT_TABLE(FORMAT_ROW)
#undef FORMAT_ROW
};

enum report_format
report_format_find(const char *name)
{
	int f = 0;

	while (f < FORMAT_COUNT && strcmp(REPORT_FORMATS[f].name, name) != 0)
		f++;
	return (enum report_format)f;
}

void
report_write(const struct report *r, enum report_format format, struct strbuf *out)
{
	struct report_brief brief;

	switch (format) {
	case FORMAT_JSON:
		report_json(r, out);
		return;
	case FORMAT_HTML:
		report_html(r, out);
		return;
	case FORMAT_SECTION:
		report_html_body(r, out, "h2");
		return;
	case FORMAT_BRIEF:
		brief_of(r, &brief);
		brief_json(&brief, out);
		return;
	case FORMAT_TEXT:
	case FORMAT_COUNT:
		break;
	}
	report_text(r, out, false);
}
