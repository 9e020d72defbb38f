/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "report/html.h"
#include "report/phrases.h"
#include "report/wrap.h"

#define NAME_COLUMNS 36

static size_t
wanting(const struct fleet *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++)
		n += brief_has_something(&f->briefs[i]);
	return n;
}

/* What happened to it, or why that is not known. */
static const char *
words(const struct report_brief *b)
{
	return b->trouble[0] ? b->trouble : b->headline;
}

/* summary appends one sentence on all of them. */
static void
summary(const struct fleet *f, struct strbuf *out)
{
	size_t critical = 0, warning = 0, open = 0;

	for (size_t i = 0; i < f->count; i++) {
		critical += f->briefs[i].overall == LEVEL_CRITICAL;
		warning += f->briefs[i].overall == LEVEL_WARNING;
		open += f->briefs[i].open_incidents;
	}
	strbuf_addf(out, "%zu of %zu nodes had something. At the end %zu critical, %zu warning; %zu incident%s open.",
	    wanting(f), f->count, critical, warning, open, open == 1 ? "" : "s");
}

static void
left_out(const struct fleet *f, struct strbuf *out)
{
	if (wanting(f) > f->section_count)
		strbuf_addf(out, "%zu more had something; ask for each by its name.", wanting(f) - f->section_count);
}

/* ---- text ---- */

static void
text_row(struct strbuf *out, const struct report_brief *b)
{
	char name[PHRASE_NAME];

	strbuf_addf(out, "  %-*s  %-8s  %9" PRIu64 "  %8" PRIu64 "\n      ", NAME_COLUMNS,
	    phrase_printable(name, sizeof(name), b->node), level_name(b->overall), b->incidents, b->restarts);
	utf8_add_visible(out, words(b), sizeof(b->headline));
	strbuf_addc(out, '\n');
}

static void
text(const struct fleet *f, struct strbuf *out)
{
	char a[32], b[32], d[QUANTITY_SIZE];
	size_t start = out->len;

	strbuf_addf(out, "Report of %zu nodes, %s to %s (%s)\n\n", f->count, phrase_day(a, f->range.from_ms),
	    phrase_day(b, f->range.to_ms), phrase_span(d, f->range.to_ms - f->range.from_ms));
	summary(f, out);
	strbuf_addf(out, "\n\n  %-*s  health    incidents  restarts\n", NAME_COLUMNS, "Node");
	for (size_t i = 0; i < f->count; i++)
		text_row(out, &f->briefs[i]);
	left_out(f, out);
	wrap_lines(out, start);
	for (size_t i = 0; i < f->section_count; i++) {
		strbuf_adds(out, "\n");
		for (int k = 0; k < WRAP_WIDTH; k++)
			strbuf_addc(out, '=');
		strbuf_adds(out, "\n");
		strbuf_add(out, f->sections[i].data, f->sections[i].len);
	}
}

/* ---- JSON ---- */

static void
json_lists(const struct fleet *f, struct strbuf *out)
{
	strbuf_adds(out, ",\"nodes\":[");
	for (size_t i = 0; i < f->count; i++) {
		strbuf_adds(out, i ? "," : "");
		brief_json(&f->briefs[i], out);
	}
	strbuf_adds(out, "],\"reports\":[");
	for (size_t i = 0; i < f->section_count; i++) {
		strbuf_adds(out, i ? "," : "");
		strbuf_add(out, f->sections[i].data, f->sections[i].len);
	}
	strbuf_addf(out, "],\"reports_left_out\":%zu}", wanting(f) - f->section_count);
}

static void
json(const struct fleet *f, struct strbuf *out)
{
	char from[TIME_RFC3339_SIZE], to[TIME_RFC3339_SIZE], made[TIME_RFC3339_SIZE];

	strbuf_addf(out,
	    "{\"kind\":\"fleet\",\"time_range\":{\"start\":\"%s\",\"end\":\"%s\"},\"made_at\":\"%s\",\"headline\":\"",
	    time_rfc3339(from, f->range.from_ms), time_rfc3339(to, f->range.to_ms), time_rfc3339(made, f->made_ms));
	summary(f, out);
	strbuf_addc(out, '"');
	json_lists(f, out);
}

/* ---- HTML ---- */

static void
html_number(struct strbuf *out, uint64_t v)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	html_cell(out, "n", digits);
}

static void
html_row(struct strbuf *out, const struct fleet *f, size_t i)
{
	const struct report_brief *b = &f->briefs[i];

	strbuf_adds(out, "<tr><th scope=\"row\">");
	if (i < f->section_count)
		strbuf_addf(out, "<a href=\"#n%zu\">", i);
	html_add(out, b->node);
	strbuf_adds(out, i < f->section_count ? "</a></th>" : "</th>");
	html_cell(out, level_name(b->overall), level_name(b->overall));
	html_number(out, b->incidents);
	html_number(out, b->restarts);
	html_cell(out, "", words(b));
	strbuf_adds(out, "</tr>");
}

static void
html_sections(const struct fleet *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->section_count; i++) {
		strbuf_addf(out, "<section class=\"node\" id=\"n%zu\">", i);
		strbuf_add(out, f->sections[i].data, f->sections[i].len);
		strbuf_adds(out, "</section>\n");
	}
}

static void
html(const struct fleet *f, struct strbuf *out)
{
	char a[32], b[32], d[QUANTITY_SIZE], title[64];

	snprintf(title, sizeof(title), "Report: %zu nodes", f->count);
	html_begin(out, title);
	strbuf_addf(out, "<h1>%s</h1><p class=\"soft\">%s to %s (%s)</p><p class=\"headline\">", title,
	    phrase_day(a, f->range.from_ms), phrase_day(b, f->range.to_ms),
	    phrase_span(d, f->range.to_ms - f->range.from_ms));
	summary(f, out);
	strbuf_adds(out, "</p>");
	html_begin_table(out, "All nodes, the worst first", "Node|health|#incidents|#restarts|what happened");
	for (size_t i = 0; i < f->count; i++)
		html_row(out, f, i);
	html_end_table(out);
	strbuf_adds(out, "<p class=\"soft\">");
	left_out(f, out);
	strbuf_adds(out, "</p>");
	html_sections(f, out);
	html_end(out, f->made_ms);
}

void
fleet_write(const struct fleet *f, enum report_format format, struct strbuf *out)
{
	if (format == FORMAT_JSON)
		json(f, out);
	else if (format == FORMAT_HTML)
		html(f, out);
	else
		text(f, out);
}
