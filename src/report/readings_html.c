/* SPDX-License-Identifier: Apache-2.0 */
#include "report/readings_html.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine/incident_text.h"
#include "report/chart.h"
#include "report/phrases.h"

#define MARKS_MAX (REPORT_INCIDENTS_MAX + REPORT_FINDINGS_MAX + BOOTS_MAX + PAST_DEPLOYS + PAST_LINKS + 1)
#define GAP_INTERVALS 6

static size_t
mark_incidents(const struct report *r, struct chart_mark *marks)
{
	struct strbuf text = STRBUF_INIT;

	for (unsigned i = 0; i < r->incident_count; i++) {
		const struct incident *x = &r->incidents[i];

		strbuf_reset(&text);
		incident_title(&text, x);
		marks[i] = (struct chart_mark) {
			.time_ms = x->opened_ms, .to_ms = x->ended_ms ? x->ended_ms : r->range.to_ms, .css = "incident"
		};
		snprintf(marks[i].text, sizeof(marks[i].text), "incident: %.140s", text.data);
	}
	strbuf_release(&text);
	return r->incident_count;
}

/* Boots, deploys, and where the link was lost. */
static size_t
mark_life(const struct report *r, struct chart_mark *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < r->boots.boot_count; i++)
		marks[n++] = (struct chart_mark) {
			.time_ms = r->boots.boots[i].booted_ms, .css = "boot", .text = "the VM booted"
		};
	for (unsigned i = 0; i < r->deploy_count; i++, n++) {
		marks[n] = (struct chart_mark) { .time_ms = r->deploys[i].time_ms, .css = "boot" };
		snprintf(marks[n].text, sizeof(marks[n].text), "deployed: %.140s", r->deploys[i].text);
	}
	for (unsigned i = 0; i < r->link_count; i++)
		if (r->links[i].state != NODE_UP && r->links[i].state != NODE_CONNECTING) {
			marks[n] = (struct chart_mark) { .time_ms = r->links[i].time_ms, .css = "link" };
			snprintf(marks[n].text, sizeof(marks[n].text), "%s: %.120s", node_state_name(r->links[i].state),
			    r->links[i].detail);
			n++;
		}
	return n;
}

static size_t
mark_findings(const struct report *r, struct chart_mark *marks)
{
	for (unsigned i = 0; i < r->finding_count; i++) {
		const struct anomaly *a = &r->findings[i]->u.anomaly;

		marks[i] = (struct chart_mark) { .time_ms = a->time_ms, .css = "finding" };
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
chart_key(struct strbuf *out)
{
	strbuf_adds(out,
	    "<p class=\"soft key\"><span><i style=\"color:var(--line)\"></i>reading</span>"
	    "<span><i style=\"color:var(--soft);border-top-style:dashed\"></i>level before</span>"
	    "<span><i class=\"a\" style=\"background:var(--area)\"></i>incident</span>"
	    "<span><i class=\"v\" style=\"color:var(--other);border-left-style:dotted\"></i>anomaly</span>"
	    "<span><i class=\"v\" style=\"color:var(--mark)\"></i>restarts</span>"
	    "<span><i class=\"v\" style=\"color:var(--good)\"></i>boot, deploy</span>"
	    "<span><i class=\"v\" style=\"color:var(--bad);border-left-style:dashed\"></i>link lost</span></p>");
}

static void
sum_restarts(const struct report *r, uint32_t sum[REPORT_LANE_BINS])
{
	for (unsigned l = 0; l < r->lane_count; l++)
		for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
			sum[i] += r->lanes[l].bins[i];
}

static void
add_charts(struct strbuf *out, const struct report *r, struct chart *c)
{
	strbuf_adds(out, "<h2>Readings</h2>");
	chart_key(out);
	strbuf_adds(out, "<div class=\"charts\">");
	for (unsigned i = 0; i < r->line_count; i++) {
		c->line = &r->lines[i];
		c->usual = usual_of(r, c->line->metric);
		strbuf_addf(out, "<figure><figcaption>%s</figcaption>", phrase_metric(c->line->metric));
		chart_add(out, c);
		strbuf_adds(out, "</figure>\n");
	}
	strbuf_adds(out, "</div>\n");
}

void
readings_html(const struct report *r, struct strbuf *out)
{
	struct chart_mark *marks = xcalloc(MARKS_MAX, sizeof(*marks));
	uint32_t restarts_in[REPORT_LANE_BINS] = { 0 };
	struct chart c = { .range = r->range, .marks = marks, .restarts = restarts_in };
	int64_t step = (r->range.to_ms - r->range.from_ms) / REPORT_CHART_POINTS;

	sum_restarts(r, restarts_in);
	c.mark_count = mark_incidents(r, marks);
	c.mark_count += mark_findings(r, marks + c.mark_count);
	c.mark_count += mark_life(r, marks + c.mark_count);
	if (r->end.time_ms)
		marks[c.mark_count++] =
		    (struct chart_mark) { .time_ms = r->end.time_ms, .css = "end", .text = "the end" };
	c.gap_ms = GAP_INTERVALS * (step > r->interval_ms ? step : r->interval_ms);
	if (r->line_count > 0)
		add_charts(out, r, &c);
	free(marks);
}
