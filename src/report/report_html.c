/* SPDX-License-Identifier: Apache-2.0 */
/* A report as one HTML file: its style and its pictures are in it, it asks nobody for anything, and has no scripts. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "report/ahead.h"
#include "report/html.h"
#include "report/incidents.h"
#include "report/phrases.h"
#include "report/readings_html.h"
#include "report/report.h"
#include "report/state_html.h"
#include "report/timeline.h"

/* ---- head, verdict ---- */

static void
title_of(struct strbuf *out, const struct report *r)
{
	strbuf_adds(out, r->end.time_ms ? "Post-mortem: " : "Report: ");
	strbuf_adds(out, r->node);
}

static void
release(struct strbuf *out, const struct node_info *info)
{
	if (!info->otp_release[0])
		return;
	strbuf_adds(out, ". OTP ");
	html_add(out, info->otp_release);
	strbuf_adds(out, ", ERTS ");
	html_add(out, info->erts_version);
	strbuf_adds(out, info->elixir[0] ? ", Elixir " : "");
	html_add(out, info->elixir);
	strbuf_addf(out, ", %u schedulers", info->schedulers_online);
}

static void
head(struct strbuf *out, const struct report *r, const char *tag)
{
	char a[32], b[32], d[QUANTITY_SIZE];
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(out, "<%s>", tag);
	title_of(&text, r);
	html_add(out, strbuf_cstr(&text));
	strbuf_addf(out, "</%s><p class=\"soft\">%s to %s (%s), %zu samples", tag, phrase_day(a, r->range.from_ms),
	    phrase_day(b, r->range.to_ms), phrase_span(d, r->range.to_ms - r->range.from_ms), r->samples);
	release(out, &r->info);
	if (r->boot_ms)
		strbuf_addf(out, ", booted %s", phrase_day(a, r->boot_ms));
	strbuf_adds(out, "</p>\n");
	/* A post-mortem's is its verdict, which comes next. */
	if (r->end.time_ms == 0) {
		strbuf_reset(&text);
		report_headline(r, &text);
		strbuf_adds(out, "<p class=\"headline\">");
		html_add(out, strbuf_cstr(&text));
		strbuf_adds(out, "</p>\n");
	}
	strbuf_release(&text);
}

static void
reasons(struct strbuf *out, const struct report_verdict *v)
{
	if (v->reason_count == 0)
		return;
	strbuf_adds(out, "<ul>");
	for (unsigned i = 0; i < v->reason_count; i++) {
		strbuf_adds(out, "<li>");
		html_add(out, v->reasons[i]);
		strbuf_adds(out, "</li>");
	}
	strbuf_adds(out, "</ul>");
}

static const char *
mood(const struct report *r)
{
	bool doubtful = r->verdict.confidence < 0.45;

	return r->end.time_ms ? "" : report_is_calm(r) ? " calm" : doubtful ? " watch" : "";
}

static void
dump_fact(struct strbuf *out, const struct report_end *end)
{
	if (!end->dump_path[0])
		return;
	strbuf_adds(out, "<p class=\"soft\">Crash dump: ");
	html_add(out, end->dump_path);
	strbuf_adds(out, end->dump_note[0] ? ": " : "");
	html_add(out, end->dump_note);
	strbuf_adds(out, "</p>");
}

static void
verdict(struct strbuf *out, const struct report *r)
{
	const struct report_verdict *v = &r->verdict;

	strbuf_addf(out, "<section class=\"card%s\"><p class=\"soft\">%s", mood(r),
	    r->end.time_ms ? "Most likely cause" : "What stands out");
	if (v->confidence > 0)
		strbuf_addf(out, " &middot; %s, %s confidence", v->cause, phrase_confidence(v->confidence));
	strbuf_adds(out, "</p><strong>");
	html_add(out, v->title);
	strbuf_adds(out, "</strong>");
	reasons(out, v);
	if (v->also[0]) {
		strbuf_adds(out, "<p>Also: ");
		html_add(out, v->also);
		strbuf_adds(out, "</p>");
	}
	dump_fact(out, &r->end);
	strbuf_adds(out, "</section>\n");
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
	html_begin_table(out, "What grew", "What|#before|#at the end|#peak|since");
	for (unsigned i = 0; i < r->grown_count; i++) {
		const struct report_growth *g = &r->grown[i];
		enum metric_unit unit = METRICS[g->metric].unit;

		strbuf_adds(out, "<tr>");
		html_row_head(out, phrase_metric(g->metric));
		html_cell(out, "n", quantity_text(text, unit, g->before));
		html_cell(out, "n", quantity_text(text, unit, g->after));
		html_cell(out, "n", quantity_text(text, unit, g->peak));
		html_cell(out, "t", phrase_when(text, &r->range, g->since_ms));
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
}

static void
growers(struct strbuf *out, const struct report *r)
{
	char first[QUANTITY_SIZE], name[PHRASE_NAME];

	if (r->grower_count == 0)
		return;
	strbuf_adds(out, "<h2>Who grew</h2>");
	html_begin_table(out, "Who grew", "Process|in|#first|#last|from|to");
	for (unsigned i = 0; i < r->grower_count; i++) {
		const struct report_grower *g = &r->growers[i];
		enum metric_unit unit = phrase_top_unit(g->kind);

		strbuf_adds(out, "<tr>");
		html_row_head(out, phrase_ranked(name, &g->process));
		html_cell(out, "", phrase_top(g->kind));
		html_cell(out, "n", phrase_first(first, g));
		html_cell(out, "n", quantity_text(first, unit, g->process.value));
		html_cell(out, "t", phrase_when(first, &r->range, g->first_ms));
		html_cell(out, "t", phrase_when(first, &r->range, g->last_ms));
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
}

/* ---- restarts ---- */

static void
restart_rows(struct strbuf *out, const struct report *r)
{
	char text[PHRASE_NAME], clock[32];

	html_begin_table(out, "Restarts by child and reason", "Supervisor|child|reason|what|#times|first|last");
	for (unsigned i = 0; i < r->restart_row_count; i++) {
		const struct report_restarts *x = &r->restart_rows[i];

		strbuf_adds(out, "<tr>");
		html_cell(out, "", phrase_term(text, x->supervisor));
		html_cell(out, "", phrase_term(text, x->child_id));
		html_cell(out, "", phrase_term(text, x->reason));
		html_cell(out, x->kind == RESTART_GAVE_UP ? "critical" : "", restart_kind_name(x->kind));
		snprintf(text, sizeof(text), "%" PRIu64, x->count);
		html_cell(out, "n", text);
		html_cell(out, "t", phrase_when(clock, &r->range, x->first_ms));
		html_cell(out, "t", phrase_when(clock, &r->range, x->last_ms));
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
}

static void
restart_timeline(struct strbuf *out, const struct report *r)
{
	char text[PHRASE_NAME], clock[32];

	strbuf_addf(out, "<details><summary>one by one (%u)</summary>", r->timeline_count);
	html_begin_table(out, "Restarts one by one", "Time|supervisor|child|reason|what");
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct restart *x = &r->timeline[i];

		strbuf_adds(out, "<tr>");
		html_cell(out, "t", phrase_when(clock, &r->range, x->time_ms));
		html_cell(out, "", phrase_term(text, x->supervisor));
		html_cell(out, "", phrase_term(text, x->child_id));
		html_cell(out, "", phrase_term(text, x->reason));
		html_cell(out, "", restart_kind_name(x->kind));
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
	strbuf_adds(out, "</details>");
}

static void
patterns(struct strbuf *out, const struct report *r)
{
	char times[QUANTITY_SIZE];

	if (r->pattern_count == 0)
		return;
	strbuf_adds(out, "<h3>Patterns</h3><ul>");
	for (unsigned i = 0; i < r->pattern_count; i++) {
		strbuf_addf(out, "<li><b>%s</b>: ", PATTERNS[r->patterns[i].newest.type].name);
		html_add(out, r->patterns[i].newest.text);
		strbuf_addf(out, "%s</li>", phrase_times(times, r->patterns[i].times));
	}
	strbuf_adds(out, "</ul>");
	if (r->patterns_left_out > 0)
		strbuf_addf(out, "<p class=\"soft\">%u more are left out.</p>", r->patterns_left_out);
}

static void
restarts(struct strbuf *out, const struct report *r)
{
	char text[REPORT_SENTENCE];

	strbuf_addf(out, "<h2>Restarts</h2><p>%s.</p>", phrase_restarts(text, r));
	timeline_add(out, r);
	patterns(out, r);
	if (r->restart_row_count == 0)
		return;
	strbuf_adds(out, "<h3>Reasons</h3>");
	restart_rows(out, r);
	restart_timeline(out, r);
}

/* ---- findings, health, link ---- */

static void
finding_row(struct strbuf *out, const struct report *r, const struct anomaly *a)
{
	char text[PHRASE_NAME], clock[32];

	strbuf_adds(out, "<tr>");
	html_cell(out, "t", phrase_when(clock, &r->range, a->time_ms));
	html_cell(out, a->severity == SEVERITY_HIGH ? "critical" : "", ANOMALIES[a->type].name);
	html_cell(out, "",
	    a->metric != METRIC_NONE ? phrase_metric(a->metric)
		: a->child_id        ? phrase_term(text, a->child_id)
				     : "");
	html_cell(
	    out, "n", a->metric != METRIC_NONE ? quantity_text(text, METRICS[a->metric].unit, a->current_value) : "");
	html_cell(
	    out, "n", a->metric != METRIC_NONE ? quantity_text(text, METRICS[a->metric].unit, a->baseline_value) : "");
	html_cell(out, "", a->culprit_count > 0 ? phrase_culprit(text, &a->culprits[0]) : "");
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
	html_begin_table(out, "Anomalies", "Time|type|what|#value|#usually|who");
	for (unsigned i = 0; i < r->finding_count; i++)
		if (!incidents_tell(r, &r->findings[i]->u.anomaly))
			finding_row(out, r, &r->findings[i]->u.anomaly);
	html_end_table(out);
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
	char clock[32];

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
	html_begin_table(out, "Changes of health", "Time|criterion|from|to");
	for (unsigned i = 0; i < r->change_count; i++) {
		const struct report_level *l = &r->changes[i];

		strbuf_adds(out, "<tr>");
		html_cell(out, "t", phrase_when(clock, &r->range, l->time_ms));
		html_cell(out, "", CRITERIA[l->criterion].name);
		html_cell(out, level_name(l->from), l->from == LEVEL_UNKNOWN ? "" : level_name(l->from));
		html_cell(out, level_name(l->to), level_name(l->to));
		strbuf_adds(out, "</tr>");
	}
	html_end_table(out);
}

static void
life_row(struct strbuf *out, const struct report *r, int64_t time_ms, const char *what, const char *why)
{
	char clock[32];

	strbuf_adds(out, "<tr>");
	html_cell(out, "t", phrase_when(clock, &r->range, time_ms));
	html_cell(out, "", what);
	html_cell(out, "", why);
	strbuf_adds(out, "</tr>");
}

static void
links(struct strbuf *out, const struct report *r)
{
	if (r->link_count + r->boots.boot_count + r->deploy_count == 0)
		return;
	strbuf_adds(out, "<h2>Link, boots and deploys</h2>");
	html_begin_table(out, "The link, boots and deploys", "Time|what|why");
	for (unsigned i = 0; i < r->link_count; i++)
		life_row(out, r, r->links[i].time_ms, node_state_name(r->links[i].state), r->links[i].detail);
	for (size_t i = 0; i < r->boots.boot_count; i++)
		life_row(out, r, r->boots.boots[i].booted_ms, "booted", "the VM began anew");
	for (unsigned i = 0; i < r->deploy_count; i++)
		life_row(out, r, r->deploys[i].time_ms, "deployed", r->deploys[i].text);
	html_end_table(out);
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

/* What somebody needs first comes first, as in the text. */
void
report_html_body(const struct report *r, struct strbuf *out, const char *tag)
{
	head(out, r, tag);
	if (report_needs_verdict(r))
		verdict(out, r);
	incidents_html(r, out);
	ahead_html(r, out);
	restarts(out, r);
	readings_html(r, out);
	grown(out, r);
	growers(out, r);
	findings(out, r);
	health(out, r);
	links(out, r);
	state_html(r, out);
	if (r->end.dump_text)
		dump(out, r->end.dump_text);
}

void
report_html(const struct report *r, struct strbuf *out)
{
	struct strbuf title = STRBUF_INIT;

	title_of(&title, r);
	html_begin(out, strbuf_cstr(&title));
	report_html_body(r, out, "h1");
	html_end(out, r->made_ms);
	strbuf_release(&title);
}
