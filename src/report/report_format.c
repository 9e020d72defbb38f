/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_format.h"

#include <string.h>

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
	if (format == FORMAT_JSON)
		report_json(r, out);
	else if (format == FORMAT_HTML)
		report_html(r, out);
	else
		report_text(r, out, false);
}
