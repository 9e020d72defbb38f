/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of an HTML page that its sections share, and its style. Pure. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/strbuf.h"

/* html_add appends a text of anybody's: visible characters alone, and nothing that HTML would take for its own. */
void html_add(struct strbuf *out, const char *text);
/* html_begin begins a document: head with title, style and a policy by which it asks nobody for anything; the body's <main> is open then. */
void html_begin(struct strbuf *out, const char *title);
/* html_end ends it, with a line of who made it and when. */
void html_end(struct strbuf *out, int64_t made_ms);
/* html_begin_table takes a caption, for who does not see the heading, and the columns' heads, "|" between; one that begins with "#" is of numbers. */
void html_begin_table(struct strbuf *out, const char *caption, const char *heads);
/* html_cell appends a cell of any text; css "" for none. html_row_head is one that names its row. */
void html_cell(struct strbuf *out, const char *css, const char *text);
void html_row_head(struct strbuf *out, const char *text);
void html_end_table(struct strbuf *out);

#endif
