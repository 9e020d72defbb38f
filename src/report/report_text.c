/* SPDX-License-Identifier: Apache-2.0 */
/* A report for a terminal: nothing is wider than 80 columns that can be broken. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "report/ahead.h"
#include "report/incidents.h"
#include "report/phrases.h"
#include "report/report.h"
#include "report/wrap.h"

#define SHOWN_TOP 5
#define SHOWN_RESTARTS 12
#define SHOWN_LANES 8
#define SHOWN_CHANGES 12
#define LANE_COLUMNS 60
#define SHOWN_FINDINGS 12

#define BOLD "\033[1m"
#define RED "\033[31m"
#define DIM "\033[2m"

struct page {
	struct strbuf *out;
	const struct report_range *range;
	bool colour;
};

static void
add_coloured(const struct page *p, const char *colour, const char *text)
{
	if (p->colour)
		strbuf_adds(p->out, colour);
	strbuf_adds(p->out, text);
	if (p->colour)
		strbuf_adds(p->out, "\033[0m");
}

static void
heading(const struct page *p, const char *text)
{
	strbuf_addc(p->out, '\n');
	add_coloured(p, BOLD, text);
	strbuf_addc(p->out, '\n');
}

/* ---- head and verdict ---- */

static void
release(const struct page *p, const struct node_info *info)
{
	char otp[40], erts[40], elixir[40];

	if (!info->otp_release[0]) {
		strbuf_adds(p->out, "OTP release not known");
		return;
	}
	strbuf_addf(p->out, "OTP %s, ERTS %s%s%s, %u schedulers", phrase_printable(otp, sizeof(otp), info->otp_release),
	    phrase_printable(erts, sizeof(erts), info->erts_version), info->elixir[0] ? ", Elixir " : "",
	    phrase_printable(elixir, sizeof(elixir), info->elixir), info->schedulers_online);
}

static void
head(const struct page *p, const struct report *r)
{
	char a[32], b[32], d[QUANTITY_SIZE];

	add_coloured(p, BOLD, r->end.time_ms ? "Post-mortem of " : "Report of ");
	utf8_add_visible(p->out, r->node, NODE_NAME_MAX);
	strbuf_addf(p->out, ", %s to %s (%s)\n", phrase_day(a, r->range.from_ms), phrase_day(b, r->range.to_ms),
	    phrase_span(d, r->range.to_ms - r->range.from_ms));
	release(p, &r->info);
	if (r->boot_ms)
		strbuf_addf(p->out, "; booted %s", phrase_day(a, r->boot_ms));
	strbuf_addf(p->out, "; %zu samples\n", r->samples);
}

/* A post-mortem's is its verdict, which comes next. */
static void
headline(const struct page *p, const struct report *r)
{
	struct strbuf text = STRBUF_INIT;

	if (r->end.time_ms)
		return;
	report_headline(r, &text);
	strbuf_addc(p->out, '\n');
	add_coloured(p, BOLD, strbuf_cstr(&text));
	strbuf_addc(p->out, '\n');
	strbuf_release(&text);
}

static void
verdict(const struct page *p, const struct report *r)
{
	const struct report_verdict *v = &r->verdict;

	heading(p, r->end.time_ms ? "Most likely cause" : "What stands out");
	strbuf_adds(p->out, "  ");
	add_coloured(p, r->end.time_ms || v->confidence >= 0.45 ? RED : BOLD, v->title);
	if (v->confidence > 0)
		strbuf_addf(p->out, "  (%s, %s confidence)", v->cause, phrase_confidence(v->confidence));
	strbuf_addc(p->out, '\n');
	for (unsigned i = 0; i < v->reason_count; i++)
		strbuf_addf(p->out, "  - %s\n", v->reasons[i]);
	if (v->also[0])
		strbuf_addf(p->out, "  Also: %s\n", v->also);
}

static void
end_facts(const struct page *p, const struct report *r)
{
	if (r->end.dump_path[0]) {
		strbuf_adds(p->out, "  Crash dump: ");
		utf8_add_visible(p->out, r->end.dump_path, sizeof(r->end.dump_path));
		strbuf_adds(p->out, r->end.dump_note[0] ? ": " : "");
		utf8_add_visible(p->out, r->end.dump_note, sizeof(r->end.dump_note));
		strbuf_addc(p->out, '\n');
	}
}

/* ---- who and what grew ---- */

static void
grown(const struct page *p, const struct report *r)
{
	char before[QUANTITY_SIZE], after[QUANTITY_SIZE], peak[QUANTITY_SIZE], clock[32];

	heading(p, "What grew");
	if (r->grown_count == 0)
		strbuf_adds(p->out, "  nothing that stands out\n");
	for (unsigned i = 0; i < r->grown_count; i++) {
		const struct report_growth *g = &r->grown[i];
		enum metric_unit unit = METRICS[g->metric].unit;

		strbuf_addf(p->out, "  %-30s %10s -> %-10s since %s, peak %s%s\n", phrase_metric(g->metric),
		    quantity_text(before, unit, g->before), quantity_text(after, unit, g->after),
		    phrase_when(clock, p->range, g->since_ms), quantity_text(peak, unit, g->peak),
		    g->compared ? "" : " (compared with the range's begin)");
	}
}

static void
growers(const struct page *p, const struct report *r)
{
	char name[PHRASE_NAME], first[QUANTITY_SIZE], last[QUANTITY_SIZE];

	if (r->grower_count > 0)
		heading(p, "Who grew");
	for (unsigned i = 0; i < r->grower_count; i++) {
		const struct report_grower *g = &r->growers[i];
		enum metric_unit unit = phrase_top_unit(g->kind);

		strbuf_addf(p->out, "  %-40s %s %s -> %s\n", phrase_ranked(name, &g->process), phrase_top(g->kind),
		    phrase_first(first, g), quantity_text(last, unit, g->process.value));
	}
}

static void
process_row(const struct page *p, enum top_kind kind, const struct top_process *t)
{
	char name[PHRASE_NAME], value[QUANTITY_SIZE];

	strbuf_addf(
	    p->out, "    %10s  %s", quantity_text(value, phrase_top_unit(kind), t->value), phrase_process(name, t));
	if (t->current_function[0])
		strbuf_addf(p->out, "  in %s", phrase_printable(name, sizeof(name), t->current_function));
	strbuf_addc(p->out, '\n');
}

static void
tops(const struct page *p, const struct report *r)
{
	static const enum top_kind order[] = { TOP_MEMORY, TOP_MESSAGE_QUEUE, TOP_BINARY, TOP_REDUCTIONS };
	bool any = false;

	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		const struct report_top *top = &r->top[order[k]];

		if (top->count == 0 || !(top->rows[0].value > 0))
			continue;
		if (!any)
			heading(p, "Largest processes at the end");
		any = true;
		strbuf_addf(p->out, "  by %s\n", phrase_top(order[k]));
		for (unsigned i = 0; i < top->count && i < SHOWN_TOP && top->rows[i].value > 0; i++)
			process_row(p, order[k], &top->rows[i]);
	}
}

static void
tables(const struct page *p, const struct report *r)
{
	char bytes[QUANTITY_SIZE], objects[QUANTITY_SIZE], growth[QUANTITY_SIZE], name[PHRASE_NAME], owner[PHRASE_NAME];

	if (r->table_count > 0)
		heading(p, "Largest ETS tables");
	for (unsigned i = 0; i < r->table_count && i < SHOWN_TOP; i++) {
		const struct survey_table *t = &r->tables[i];

		strbuf_addf(p->out, "    %10s  %s of %s, %s objects", quantity_text(bytes, UNIT_BYTES, t->memory),
		    phrase_printable(name, sizeof(name), t->name), phrase_printable(owner, sizeof(owner), t->owner),
		    quantity_text(objects, UNIT_COUNT, t->size));
		if (fabs(t->growth.per_hour) >= 1024)
			strbuf_addf(p->out, ", %s an hour", quantity_text(growth, UNIT_BYTES, t->growth.per_hour));
		strbuf_addc(p->out, '\n');
	}
}

static void
memory(const struct page *p, const struct report *r)
{
	char bytes[QUANTITY_SIZE];

	if (r->last == NULL)
		return;
	heading(p, "Memory at the end");
	for (unsigned i = 0; i < MEMORY_LEVEL_COUNT; i++) {
		const struct memory_level_account *l = &r->memory.levels[i];

		if (isnan(l->bytes) || l->part_count == 0 || isnan(l->parts[0].bytes))
			continue;
		strbuf_addf(p->out, "  %-10s %10s:", l->name, quantity_text(bytes, UNIT_BYTES, l->bytes));
		for (unsigned k = 0; k < l->part_count; k++)
			if (!isnan(l->parts[k].bytes))
				strbuf_addf(p->out, " %s %s%s", l->parts[k].name,
				    quantity_text(bytes, UNIT_BYTES, l->parts[k].bytes),
				    k + 1 < l->part_count ? "," : "");
		strbuf_addc(p->out, '\n');
	}
	if (r->memory_old)
		strbuf_addf(p->out, "  %s\n", PHRASE_MEMORY_OLD);
}

/* ---- restarts, findings, health, link ---- */

/* A lane's bins in so many columns, the highest of its own as a full block. */
static void
add_lane(struct strbuf *out, const struct report_lane *l)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587",
		"\u2588" };
	uint32_t columns[LANE_COLUMNS] = { 0 }, most = 1;

	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		columns[i * LANE_COLUMNS / REPORT_LANE_BINS] += l->bins[i];
	for (unsigned i = 0; i < LANE_COLUMNS; i++)
		most = columns[i] > most ? columns[i] : most;
	for (unsigned i = 0; i < LANE_COLUMNS; i++)
		strbuf_adds(out, columns[i] ? blocks[(columns[i] * ARRAY_LEN(blocks) - 1) / most] : "\u00b7");
}

static void
lane(const struct page *p, const struct report_lane *l)
{
	char sup[PHRASE_NAME], child[PHRASE_NAME], clock[32];

	strbuf_addf(p->out, "  %s / %s: %" PRIu64 ", last %s", phrase_term(sup, l->supervisor),
	    phrase_term(child, l->child_id), l->count,
	    phrase_when(clock, p->range, l->last_ms ? l->last_ms : l->gave_up_ms));
	if (l->gave_up_ms) {
		strbuf_addf(p->out, "; at %s ", phrase_when(clock, p->range, l->gave_up_ms));
		add_coloured(p, RED, "the supervisor gave up");
	}
	strbuf_adds(p->out, "\n  |");
	add_lane(p->out, l);
	strbuf_adds(p->out, "|\n");
}

static void
lanes(const struct page *p, const struct report *r)
{
	char from[32], to[32];
	unsigned shown = r->lane_count < SHOWN_LANES ? r->lane_count : SHOWN_LANES;

	for (unsigned i = 0; i < shown; i++)
		lane(p, &r->lanes[i]);
	if (shown > 0)
		strbuf_addf(p->out, "   %-*s%s\n",
		    LANE_COLUMNS - (int)strlen(phrase_when(to, p->range, r->range.to_ms)),
		    phrase_when(from, p->range, r->range.from_ms), to);
	if (r->lane_total > shown)
		strbuf_addf(p->out, "  (%u more child%s restarted)\n", r->lane_total - shown,
		    r->lane_total - shown == 1 ? "" : "ren");
}

static void
restart_row(const struct page *p, const struct report_restarts *x)
{
	char child[PHRASE_NAME], reason[PHRASE_NAME], when[80];

	strbuf_addf(p->out, "  %6" PRIu64 " x  %s: %s%s  %s\n", x->count, phrase_term(child, x->child_id),
	    phrase_term(reason, x->reason),
	    x->kind == RESTART_GAVE_UP      ? " (gave up)"
		: x->kind == RESTART_FAILED ? " (failed to start)"
					    : "",
	    phrase_from_to(when, p->range, x->first_ms, x->last_ms));
}

static void
patterns(const struct page *p, const struct report *r)
{
	char text[PHRASE_NAME], times[QUANTITY_SIZE];

	if (r->pattern_count > 0)
		strbuf_adds(p->out, "  Patterns\n");
	for (unsigned i = 0; i < r->pattern_count; i++)
		strbuf_addf(p->out, "    %s: %s%s\n", PATTERNS[r->patterns[i].newest.type].name,
		    phrase_printable(text, sizeof(text), r->patterns[i].newest.text),
		    phrase_times(times, r->patterns[i].times));
	if (r->patterns_left_out > 0)
		strbuf_addf(p->out, "    (%u more)\n", r->patterns_left_out);
}

static void
restarts(const struct page *p, const struct report *r)
{
	char text[REPORT_SENTENCE];

	heading(p, "Restarts");
	strbuf_addf(p->out, "  %s\n", phrase_restarts(text, r));
	lanes(p, r);
	patterns(p, r);
	if (r->restart_row_count > 0)
		strbuf_adds(p->out, "  Reasons\n");
	for (unsigned i = 0; i < r->restart_row_count && i < SHOWN_RESTARTS; i++)
		restart_row(p, &r->restart_rows[i]);
}

static void
finding_row(const struct page *p, const struct anomaly *a)
{
	char value[QUANTITY_SIZE], usual[QUANTITY_SIZE], name[PHRASE_NAME], clock[32];

	strbuf_addf(p->out, "  %s  %s", phrase_when(clock, p->range, a->time_ms), ANOMALIES[a->type].name);
	if (a->metric != METRIC_NONE)
		strbuf_addf(p->out, ": %s %s, usually %s", phrase_metric(a->metric),
		    quantity_text(value, METRICS[a->metric].unit, a->current_value),
		    quantity_text(usual, METRICS[a->metric].unit, a->baseline_value));
	if (a->child_id)
		strbuf_addf(p->out, ": %s", phrase_term(name, a->child_id));
	if (a->culprit_count > 0)
		strbuf_addf(p->out, "; %s", phrase_culprit(name, &a->culprits[0]));
	strbuf_addc(p->out, '\n');
}

/* What an incident tells is not told beside it. */
static void
findings(const struct page *p, const struct report *r)
{
	const struct anomaly *loose[REPORT_FINDINGS_MAX];
	unsigned count = 0, first;

	for (unsigned i = 0; i < r->finding_count; i++)
		if (!incidents_tell(r, &r->findings[i]->u.anomaly))
			loose[count++] = &r->findings[i]->u.anomaly;
	first = count > SHOWN_FINDINGS ? count - SHOWN_FINDINGS : 0;
	if (count == 0)
		return;
	heading(p, r->incident_count > 0 ? "Other anomalies" : "Anomalies");
	if (first + r->findings_left_out > 0)
		strbuf_addf(p->out, "  (%u earlier ones left out)\n", first + r->findings_left_out);
	for (unsigned i = first; i < count; i++)
		finding_row(p, loose[i]);
}

static void
incidents(const struct page *p, const struct report *r)
{
	if (r->incident_count > 0)
		heading(p, "Incidents");
	incidents_text(r, p->out);
}

static void
level_change(const struct page *p, const struct report_level *l)
{
	char clock[32];

	strbuf_addf(p->out, "  %s  %s: %s%s%s\n", phrase_when(clock, p->range, l->time_ms), CRITERIA[l->criterion].name,
	    l->from == LEVEL_UNKNOWN ? "" : level_name(l->from), l->from == LEVEL_UNKNOWN ? "" : " -> ",
	    level_name(l->to));
}

static void
recommendations(const struct page *p, const char *line)
{
	while (*line) {
		size_t len = strcspn(line, "\n");
		char text[300];

		snprintf(text, sizeof(text), "%.*s", (int)(len < 256 ? len : 256), line);
		strbuf_adds(p->out, "  ");
		utf8_add_visible(p->out, text, sizeof(text));
		strbuf_addc(p->out, '\n');
		line += len + (line[len] == '\n');
	}
}

static void
health(const struct page *p, const struct report *r)
{
	unsigned first = r->change_count > SHOWN_CHANGES ? r->change_count - SHOWN_CHANGES : 0;

	heading(p, "Health");
	strbuf_addf(p->out, "  %s at the end", level_name(r->overall));
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (r->levels[c] > LEVEL_HEALTHY)
			strbuf_addf(p->out, ", %s %s", CRITERIA[c].name, level_name(r->levels[c]));
	strbuf_addc(p->out, '\n');
	recommendations(p, r->recommendations ? r->recommendations : "");
	if (first > 0)
		strbuf_addf(p->out, "  (%u earlier changes left out)\n", first);
	for (unsigned i = first; i < r->change_count; i++)
		level_change(p, &r->changes[i]);
}

static void
links(const struct page *p, const struct report *r)
{
	char clock[32];

	if (r->link_count + r->boots.boot_count + r->deploy_count > 0)
		heading(p, "Link, boots and deploys");
	for (unsigned i = 0; i < r->link_count; i++) {
		strbuf_addf(p->out, "  %s  %s: ", phrase_when(clock, p->range, r->links[i].time_ms),
		    node_state_name(r->links[i].state));
		utf8_add_visible(p->out, r->links[i].detail, sizeof(r->links[i].detail));
		strbuf_addc(p->out, '\n');
	}
	for (size_t i = 0; i < r->boots.boot_count; i++)
		strbuf_addf(p->out, "  %s  the VM booted\n", phrase_when(clock, p->range, r->boots.boots[i].booted_ms));
	for (unsigned i = 0; i < r->deploy_count; i++) {
		strbuf_addf(p->out, "  %s  deployed: ", phrase_when(clock, p->range, r->deploys[i].time_ms));
		utf8_add_visible(p->out, r->deploys[i].text, DEPLOY_TEXT);
		strbuf_addc(p->out, '\n');
	}
}

static void
tell_line(struct strbuf *out, const char *line)
{
	strbuf_adds(out, "  - ");
	utf8_add_visible(out, line, REPORT_SENTENCE);
	strbuf_addc(out, '\n');
}

static void
ahead(const struct page *p, const struct report *r)
{
	if (r->ahead_ms == 0)
		return;
	heading(p, "What is ahead");
	ahead_lines(r, tell_line, p->out);
}

/* What somebody needs first comes first: what happened, who, what next; the state of things at the end stands below. */
void
report_text(const struct report *r, struct strbuf *out, bool colour)
{
	const struct page p = { out, &r->range, colour };
	size_t start = out->len;

	head(&p, r);
	headline(&p, r);
	if (report_needs_verdict(r))
		verdict(&p, r);
	end_facts(&p, r);
	incidents(&p, r);
	ahead(&p, r);
	restarts(&p, r);
	grown(&p, r);
	growers(&p, r);
	findings(&p, r);
	health(&p, r);
	links(&p, r);
	tops(&p, r);
	tables(&p, r);
	memory(&p, r);
	wrap_lines(out, start);
	if (r->end.dump_text) {
		heading(&p, "The crash dump");
		strbuf_adds(out, r->end.dump_text);
	}
}
