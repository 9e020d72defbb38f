/* SPDX-License-Identifier: Apache-2.0 */
/* A report as one HTML file: its style and its charts are in it, it asks nobody for anything, and has no scripts. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/chart.h"
#include "report/incidents.h"
#include "report/phrases.h"
#include "report/report.h"

#define MARKS_MAX (REPORT_RESTARTS_MAX + REPORT_FINDINGS_MAX + 1)
#define GAP_INTERVALS 6

static const char STYLE[] =
    ":root{--bg:#fff;--card:#f6f7f9;--fg:#1b1f24;--soft:#59636e;--rule:#d9dee4;--line:#1f6feb;--band:#1f6feb33;--bad:#"
    "c4232b;"
    "--warn:#b26a00;--good:#1a7f37}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1d2127;--fg:#e6e9ed;--soft:#9aa4af;--rule:#343b44;--"
    "line:#58a6ff;"
    "--band:#58a6ff33;--bad:#ff7b72;--warn:#e3a84a;--good:#56d364}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:1120px;padding:24px 20px "
    "48px;background:var(--bg);color:var(--fg);"
    "font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "h1{font-size:22px;margin:0;overflow-wrap:anywhere}h2{font-size:16px;margin:28px 0 "
    "8px}h3{font-size:14px;margin:14px 0 4px}"
    "p{margin:4px 0}.soft{color:var(--soft)}.verdict{margin:18px 0;padding:14px 18px;background:var(--card);"
    "border-left:5px solid var(--bad);border-radius:4px}.verdict.calm{border-color:var(--good)}.verdict "
    "strong{font-size:18px;"
    "overflow-wrap:anywhere}.verdict ul{margin:8px 0 0;padding-left:20px;overflow-wrap:anywhere}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:14px}"
    "figure{margin:0;padding:8px 8px 4px;background:var(--card);border-radius:4px;break-inside:avoid}"
    "figcaption{font-size:13px;font-weight:600;padding-left:4px}svg{display:block;width:100%;height:auto}"
    "svg text{font-size:10px;fill:var(--soft)}svg "
    "text.y{text-anchor:end}.grid{stroke:var(--rule)}.line{fill:none;stroke:var(--line);"
    "stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.band{fill:var(--band)}.usual{stroke:var(--soft);"
    "stroke-dasharray:5 4}"
    ".mark{stroke-width:1.4}.mark.finding{stroke:var(--warn);stroke-dasharray:2 3}.mark.restart{stroke:var(--bad)}"
    ".mark.gave_up{stroke:var(--bad);stroke-width:2.4}.mark.end{stroke:var(--fg);stroke-width:2}"
    ".key i{display:inline-block;width:16px;height:0;border-top:2px solid;margin:0 5px 3px 14px;vertical-align:middle}"
    ".key i.v{width:0;height:12px;border-top:0;border-left:2px solid}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;min-width:620px;font-size:13.5px}th,td{text-"
    "align:left;padding:"
    "4px 12px 4px 0;"
    "border-bottom:1px solid "
    "var(--rule);vertical-align:top;overflow-wrap:anywhere}th{font-weight:600;color:var(--soft);"
    "white-space:nowrap}td.n,th.n{text-align:right;padding-right:22px;white-space:nowrap;font-variant-numeric:tabular-"
    "nums}td.t{white-"
    "space:nowrap;"
    "font-variant-numeric:tabular-nums}.bar{display:flex;height:18px;border-radius:3px;overflow:hidden;background:var(-"
    "-rule)}"
    ".bar div{height:100%;min-width:1px}.bar div:nth-child(6n+1){background:#1f6feb}.bar "
    "div:nth-child(6n+2){background:#8250df}"
    ".bar div:nth-child(6n+3){background:#1a7f37}.bar div:nth-child(6n+4){background:#bf8700}.bar "
    "div:nth-child(6n+5){background:#cf4a5a}"
    ".bar div:nth-child(6n){background:#6e7781}details{margin:8px 0}summary{cursor:pointer;color:var(--soft)}"
    "pre{padding:12px;background:var(--card);border-radius:4px;overflow-x:auto;font-size:12.5px;line-height:1.4}"
    ".critical{color:var(--bad)}.warning{color:var(--warn)}.healthy{color:var(--good)}"
    "@media "
    "print{:root{--bg:#fff;--card:#f6f7f9;--fg:#000;--soft:#444;--rule:#ccc;--line:#0b57d0;--band:#0b57d033;--bad:#"
    "b3001b;"
    "--warn:#8a5200;--good:#116329}body{max-width:none;padding:0;font-size:12px}.charts{grid-template-columns:1fr 1fr}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}";

/* ---- small parts ---- */

static void
cell(struct strbuf *out, const char *css, const char *text)
{
	strbuf_addf(out, *css ? "<td class=\"%s\">" : "<td>%s", css);
	html_add(out, text);
	strbuf_adds(out, "</td>");
}

/* begin_table takes the columns' heads, "|" between; one that begins with "#" is of numbers. */
static void
begin_table(struct strbuf *out, const char *heads)
{
	strbuf_adds(out, "<div class=\"scroll\"><table><tr>");
	while (*heads) {
		size_t len = strcspn(heads, "|");
		bool number = *heads == '#';

		strbuf_addf(out, "<th%s>%.*s</th>", number ? " class=\"n\"" : "", (int)len - number, heads + number);
		heads += len + (heads[len] == '|');
	}
	strbuf_adds(out, "</tr>");
}

static void
end_table(struct strbuf *out)
{
	strbuf_adds(out, "</table></div>");
}

/* ---- head, verdict ---- */

static void
head(struct strbuf *out, const struct report *r)
{
	char a[32], b[32], d[QUANTITY_SIZE];
	const char *what = r->end.time_ms ? "Post-mortem" : "Report";

	strbuf_adds(out,
	    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">");
	strbuf_addf(out, "<title>%s: ", what);
	html_add(out, r->node);
	strbuf_addf(out, "</title><style>%s</style></head>\n<body><h1>%s: ", STYLE, what);
	html_add(out, r->node);
	strbuf_addf(out, "</h1><p class=\"soft\">%s to %s (%s), %zu samples", phrase_day(a, r->range.from_ms),
	    phrase_day(b, r->range.to_ms), duration_text(d, r->range.to_ms - r->range.from_ms), r->samples);
	if (r->info.otp_release[0]) {
		strbuf_adds(out, ". OTP ");
		html_add(out, r->info.otp_release);
		strbuf_adds(out, ", ERTS ");
		html_add(out, r->info.erts_version);
		strbuf_adds(out, r->info.elixir[0] ? ", Elixir " : "");
		html_add(out, r->info.elixir);
		strbuf_addf(out, ", %u schedulers", r->info.schedulers_online);
	}
	if (r->boot_ms)
		strbuf_addf(out, ", booted %s", phrase_day(a, r->boot_ms));
	strbuf_adds(out, "</p>\n");
}

static void
verdict(struct strbuf *out, const struct report *r)
{
	const struct report_verdict *v = &r->verdict;
	bool calm = r->end.time_ms == 0 && v->confidence < 0.45;

	strbuf_addf(out, "<section class=\"verdict%s\"><p class=\"soft\">Most likely cause", calm ? " calm" : "");
	if (v->confidence > 0)
		strbuf_addf(out, " &middot; %s, %s confidence", v->cause, phrase_confidence(v->confidence));
	strbuf_adds(out, "</p><strong>");
	html_add(out, v->title);
	strbuf_adds(out, "</strong>");
	if (v->reason_count > 0)
		strbuf_adds(out, "<ul>");
	for (unsigned i = 0; i < v->reason_count; i++) {
		strbuf_adds(out, "<li>");
		html_add(out, v->reasons[i]);
	}
	if (v->reason_count > 0)
		strbuf_adds(out, "</ul>");
	if (v->also[0]) {
		strbuf_adds(out, "<p>Also: ");
		html_add(out, v->also);
		strbuf_adds(out, "</p>");
	}
	if (r->end.dump_path[0]) {
		strbuf_adds(out, "<p class=\"soft\">Crash dump: ");
		html_add(out, r->end.dump_path);
		strbuf_adds(out, r->end.dump_note[0] ? ": " : "");
		html_add(out, r->end.dump_note);
		strbuf_adds(out, "</p>");
	}
	strbuf_adds(out, "</section>\n");
}

/* ---- charts ---- */

static size_t
mark_restarts(const struct report *r, struct chart_mark *marks)
{
	char sup[PHRASE_NAME], child[PHRASE_NAME];

	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct restart *x = &r->timeline[i];
		struct chart_mark *m = &marks[i];
		bool gave_up = x->kind == RESTART_GAVE_UP;

		m->time_ms = x->time_ms;
		m->css = gave_up ? "gave_up" : "restart";
		snprintf(m->text, sizeof(m->text), "%.70s / %.60s %s", phrase_term(sup, x->supervisor),
		    phrase_term(child, x->child_id), gave_up ? "gave up" : "restarted");
	}
	return r->timeline_count;
}

static size_t
mark_findings(const struct report *r, struct chart_mark *marks)
{
	for (unsigned i = 0; i < r->finding_count; i++) {
		const struct anomaly *a = &r->findings[i]->u.anomaly;

		marks[i].time_ms = a->time_ms;
		marks[i].css = "finding";
		snprintf(marks[i].text, sizeof(marks[i].text), "%s: %.120s", ANOMALIES[a->type].name, a->description);
	}
	return r->finding_count;
}

static double
usual_of(const struct report *r, enum metric_id id)
{
	for (unsigned i = 0; i < r->grown_count; i++)
		if (r->grown[i].metric == id)
			return r->grown[i].before;
	return NAN;
}

static void
charts(struct strbuf *out, const struct report *r)
{
	struct chart_mark *marks = xcalloc(MARKS_MAX, sizeof(*marks));
	struct chart c = { .range = r->range, .marks = marks };
	int64_t step = (r->range.to_ms - r->range.from_ms) / REPORT_CHART_POINTS;

	c.mark_count = mark_restarts(r, marks);
	c.mark_count += mark_findings(r, marks + c.mark_count);
	if (r->end.time_ms)
		marks[c.mark_count++] = (struct chart_mark) { r->end.time_ms, "end", "the end" };
	c.gap_ms = GAP_INTERVALS * (step > r->interval_ms ? step : r->interval_ms);
	strbuf_adds(out,
	    "<h2>Readings</h2><p class=\"soft key\"><i style=\"color:var(--line)\"></i>reading"
	    "<i style=\"color:var(--soft);border-top-style:dashed\"></i>level before<i class=\"v\" "
	    "style=\"color:var(--warn)\"></i>anomaly<i class=\"v\" style=\"color:var(--bad)\"></i>restart</p>"
	    "<div class=\"charts\">");
	for (unsigned i = 0; i < r->line_count; i++) {
		c.line = &r->lines[i];
		c.usual = usual_of(r, c.line->metric);
		strbuf_addf(out, "<figure><figcaption>%s</figcaption>", phrase_metric(c.line->metric));
		chart_add(out, &c);
		strbuf_adds(out, "</figure>\n");
	}
	strbuf_adds(out, "</div>\n");
	free(marks);
}

/* ---- what grew, who ---- */

static void
grown(struct strbuf *out, const struct report *r)
{
	char text[QUANTITY_SIZE];

	strbuf_adds(out, "<h2>What grew</h2>");
	if (r->grown_count == 0) {
		strbuf_adds(out, "<p>Nothing that stands out.</p>");
		return;
	}
	begin_table(out, "What|#before|#at the end|#peak|since");
	for (unsigned i = 0; i < r->grown_count; i++) {
		const struct report_growth *g = &r->grown[i];
		enum metric_unit unit = METRICS[g->metric].unit;

		strbuf_adds(out, "<tr>");
		cell(out, "", phrase_metric(g->metric));
		cell(out, "n", quantity_text(text, unit, g->before));
		cell(out, "n", quantity_text(text, unit, g->after));
		cell(out, "n", quantity_text(text, unit, g->peak));
		cell(out, "t", phrase_clock(text, g->since_ms));
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

static void
growers(struct strbuf *out, const struct report *r)
{
	char first[QUANTITY_SIZE], name[PHRASE_NAME];

	if (r->grower_count == 0)
		return;
	strbuf_adds(out, "<h2>Who grew</h2>");
	begin_table(out, "Process|in|#first|#last|from|to");
	for (unsigned i = 0; i < r->grower_count; i++) {
		const struct report_grower *g = &r->growers[i];
		enum metric_unit unit = phrase_top_unit(g->kind);

		strbuf_adds(out, "<tr>");
		cell(out, "", phrase_ranked(name, &g->process));
		cell(out, "", phrase_top(g->kind));
		cell(out, "n", phrase_first(first, g));
		cell(out, "n", quantity_text(first, unit, g->process.value));
		cell(out, "t", phrase_clock(first, g->first_ms));
		cell(out, "t", phrase_clock(first, g->last_ms));
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

static void
process_row(struct strbuf *out, enum top_kind kind, const struct top_process *p)
{
	/* A process whose queue is deep is not asked for its memory; its rank is from before. */
	double memory = isnan(p->memory) && kind == TOP_MEMORY ? p->value : p->memory;
	char text[QUANTITY_SIZE], name[PHRASE_NAME];

	strbuf_adds(out, "<tr>");
	cell(out, "", phrase_process(name, p));
	cell(out, "n", isnan(memory) ? "" : quantity_text(text, UNIT_BYTES, memory));
	cell(out, "n", isnan(p->queue_len) ? "" : quantity_text(text, UNIT_COUNT, p->queue_len));
	cell(out, "n", isnan(p->binary) ? "" : quantity_text(text, UNIT_BYTES, p->binary));
	cell(out, "n", isnan(p->reductions) ? "" : quantity_text(text, UNIT_COUNT, p->reductions));
	cell(out, "", p->current_function);
	cell(out, "", p->application);
	strbuf_adds(out, "</tr>");
}

static void
tops(struct strbuf *out, const struct report *r)
{
	static const enum top_kind order[] = { TOP_MEMORY, TOP_MESSAGE_QUEUE, TOP_BINARY, TOP_REDUCTIONS };

	strbuf_adds(out, "<h2>Largest processes at the end</h2>");
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		const struct report_top *top = &r->top[order[k]];

		if (top->count == 0 || !(top->rows[0].value > 0))
			continue;
		strbuf_addf(out, "<details%s><summary>by %s</summary>", k < 2 ? " open" : "", phrase_top(order[k]));
		begin_table(out, "Process|#memory|#messages|#binaries|#reductions/s|in|application");
		for (unsigned i = 0; i < top->count && top->rows[i].value > 0; i++)
			process_row(out, order[k], &top->rows[i]);
		end_table(out);
		strbuf_adds(out, "</details>");
	}
}

static void
tables(struct strbuf *out, const struct report *r)
{
	char text[QUANTITY_SIZE];

	if (r->table_count == 0)
		return;
	strbuf_adds(out, "<h2>Largest ETS tables</h2>");
	begin_table(out, "Table|owner|#memory|#objects|#an hour");
	for (unsigned i = 0; i < r->table_count; i++) {
		const struct survey_table *t = &r->tables[i];

		strbuf_adds(out, "<tr>");
		cell(out, "", t->name);
		cell(out, "", t->owner);
		cell(out, "n", quantity_text(text, UNIT_BYTES, t->memory));
		cell(out, "n", quantity_text(text, UNIT_COUNT, t->size));
		cell(out, "n",
		    fabs(t->growth.per_hour) >= 1024 ? quantity_text(text, UNIT_BYTES, t->growth.per_hour) : "");
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

static void
memory_bar(struct strbuf *out, const struct memory_level_account *l)
{
	char text[QUANTITY_SIZE];

	strbuf_adds(out, "<div class=\"bar\">");
	for (unsigned k = 0; k < l->part_count; k++)
		strbuf_addf(out, "<div style=\"width:%.2f%%\" title=\"%s\"></div>",
		    isfinite(l->parts[k].bytes / l->bytes) ? 100 * l->parts[k].bytes / l->bytes : 0, l->parts[k].name);
	strbuf_adds(out, "</div><p class=\"soft\">");
	for (unsigned k = 0; k < l->part_count; k++)
		strbuf_addf(out, "%s%s %s", k ? " &middot; " : "", l->parts[k].name,
		    quantity_text(text, UNIT_BYTES, l->parts[k].bytes));
	strbuf_adds(out, "</p>");
}

static void
memory(struct strbuf *out, const struct report *r)
{
	char text[QUANTITY_SIZE];

	if (r->last == NULL)
		return;
	strbuf_adds(out, "<h2>Memory at the end</h2>");
	for (unsigned i = 0; i < MEMORY_LEVEL_COUNT; i++) {
		const struct memory_level_account *l = &r->memory.levels[i];

		if (isnan(l->bytes) || l->part_count == 0 || isnan(l->parts[0].bytes))
			continue;
		strbuf_addf(out, "<h3>%s %s</h3>", l->name, quantity_text(text, UNIT_BYTES, l->bytes));
		memory_bar(out, l);
	}
	if (r->memory_old)
		strbuf_addf(out, "<p class=\"soft\">%s.</p>", PHRASE_MEMORY_OLD);
}

/* ---- restarts ---- */

static void
restart_rows(struct strbuf *out, const struct report *r)
{
	char text[PHRASE_NAME], clock[16];

	begin_table(out, "Supervisor|child|reason|what|#times|first|last");
	for (unsigned i = 0; i < r->restart_row_count; i++) {
		const struct report_restarts *x = &r->restart_rows[i];

		strbuf_adds(out, "<tr>");
		cell(out, "", phrase_term(text, x->supervisor));
		cell(out, "", phrase_term(text, x->child_id));
		cell(out, "", phrase_term(text, x->reason));
		cell(out, x->kind == RESTART_GAVE_UP ? "critical" : "", restart_kind_name(x->kind));
		snprintf(text, sizeof(text), "%" PRIu64, x->count);
		cell(out, "n", text);
		cell(out, "t", phrase_clock(clock, x->first_ms));
		cell(out, "t", phrase_clock(clock, x->last_ms));
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

static void
restart_timeline(struct strbuf *out, const struct report *r)
{
	char text[PHRASE_NAME], clock[16];

	strbuf_addf(out, "<details><summary>one by one (%u)</summary>", r->timeline_count);
	begin_table(out, "Time|supervisor|child|reason|what");
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct restart *x = &r->timeline[i];

		strbuf_adds(out, "<tr>");
		cell(out, "t", phrase_clock(clock, x->time_ms));
		cell(out, "", phrase_term(text, x->supervisor));
		cell(out, "", phrase_term(text, x->child_id));
		cell(out, "", phrase_term(text, x->reason));
		cell(out, "", restart_kind_name(x->kind));
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
	strbuf_adds(out, "</details>");
}

static void
restarts(struct strbuf *out, const struct report *r)
{
	strbuf_addf(out,
	    "<h2>Restarts</h2><p>%" PRIu64 " restarts, %" PRIu64 " failed attempts, %" PRIu64
	    " supervisors gave up%s.</p>",
	    r->restarts, r->failed, r->gave_up, r->info.restarts_seen ? "" : " (not all may have been seen)");
	for (unsigned i = 0; i < r->pattern_count; i++) {
		strbuf_adds(out, "<p class=\"warning\">");
		html_add(out, r->patterns[i].text);
		strbuf_adds(out, "</p>");
	}
	if (r->restart_row_count == 0)
		return;
	restart_rows(out, r);
	restart_timeline(out, r);
}

/* ---- findings, health, link ---- */

static void
finding_row(struct strbuf *out, const struct anomaly *a)
{
	char text[PHRASE_NAME], clock[16];

	strbuf_adds(out, "<tr>");
	cell(out, "t", phrase_clock(clock, a->time_ms));
	cell(out, a->severity == SEVERITY_HIGH ? "critical" : "", ANOMALIES[a->type].name);
	cell(out, "",
	    a->metric != METRIC_NONE ? phrase_metric(a->metric)
		: a->child_id        ? phrase_term(text, a->child_id)
				     : "");
	cell(out, "n", a->metric != METRIC_NONE ? quantity_text(text, METRICS[a->metric].unit, a->current_value) : "");
	cell(out, "n", a->metric != METRIC_NONE ? quantity_text(text, METRICS[a->metric].unit, a->baseline_value) : "");
	cell(out, "", a->culprit_count > 0 ? phrase_culprit(text, &a->culprits[0]) : "");
	strbuf_adds(out, "</tr>");
}

/* What an incident tells is not told beside it. */
static void
findings(struct strbuf *out, const struct report *r)
{
	unsigned loose = 0;

	for (unsigned i = 0; i < r->finding_count; i++)
		loose += !incidents_tell(r, &r->findings[i]->u.anomaly);
	if (loose == 0)
		return;
	strbuf_addf(out, "<h2>%s</h2>", r->incident_count > 0 ? "Other anomalies" : "Anomalies");
	if (r->findings_left_out > 0)
		strbuf_addf(out, "<p class=\"soft\">%u earlier ones are left out.</p>", r->findings_left_out);
	begin_table(out, "Time|type|what|#value|#usually|who");
	for (unsigned i = 0; i < r->finding_count; i++)
		if (!incidents_tell(r, &r->findings[i]->u.anomaly))
			finding_row(out, &r->findings[i]->u.anomaly);
	end_table(out);
}

static void
recommendations(struct strbuf *out, const char *lines)
{
	strbuf_adds(out, "<ul>");
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		char *line = xstrndup(lines, len);

		strbuf_adds(out, "<li>");
		html_add(out, line);
		free(line);
		lines += len + (lines[len] == '\n');
	}
	strbuf_adds(out, "</ul>");
}

static void
health(struct strbuf *out, const struct report *r)
{
	char clock[16];

	strbuf_addf(out, "<h2>Health</h2><p><span class=\"%s\">%s</span> at the end", level_name(r->overall),
	    level_name(r->overall));
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (r->levels[c] > LEVEL_HEALTHY)
			strbuf_addf(out, ", <span class=\"%s\">%s %s</span>", level_name(r->levels[c]),
			    CRITERIA[c].name, level_name(r->levels[c]));
	strbuf_adds(out, ".</p>");
	if (r->recommendations && *r->recommendations)
		recommendations(out, r->recommendations);
	if (r->change_count == 0)
		return;
	begin_table(out, "Time|criterion|from|to");
	for (unsigned i = 0; i < r->change_count; i++) {
		const struct report_level *l = &r->changes[i];

		strbuf_adds(out, "<tr>");
		cell(out, "t", phrase_clock(clock, l->time_ms));
		cell(out, "", CRITERIA[l->criterion].name);
		cell(out, level_name(l->from), l->from == LEVEL_UNKNOWN ? "" : level_name(l->from));
		cell(out, level_name(l->to), level_name(l->to));
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

static void
links(struct strbuf *out, const struct report *r)
{
	char clock[16];

	if (r->link_count == 0)
		return;
	strbuf_adds(out, "<h2>Link</h2>");
	begin_table(out, "Time|state|why");
	for (unsigned i = 0; i < r->link_count; i++) {
		strbuf_adds(out, "<tr>");
		cell(out, "t", phrase_clock(clock, r->links[i].time_ms));
		cell(out, "", node_state_name(r->links[i].state));
		cell(out, "", r->links[i].detail);
		strbuf_adds(out, "</tr>");
	}
	end_table(out);
}

/* The summary keeps its lines, so each is escaped by itself. */
static void
dump(struct strbuf *out, const char *text)
{
	strbuf_adds(out, "<h2>The crash dump</h2><pre>");
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);

		html_add(out, line);
		strbuf_addc(out, '\n');
		free(line);
		text += len + (text[len] == '\n');
	}
	strbuf_adds(out, "</pre>");
}

void
report_html(const struct report *r, struct strbuf *out)
{
	char made[32];

	head(out, r);
	verdict(out, r);
	charts(out, r);
	grown(out, r);
	growers(out, r);
	tops(out, r);
	tables(out, r);
	memory(out, r);
	restarts(out, r);
	incidents_html(r, out);
	findings(out, r);
	health(out, r);
	links(out, r);
	if (r->end.dump_text)
		dump(out, r->end.dump_text);
	strbuf_addf(out, "<p class=\"soft\">Made by arsenal %s at %s. Times are UTC.</p></body></html>\n",
	    ARSENAL_VERSION, phrase_day(made, r->made_ms));
}
