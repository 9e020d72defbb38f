/* SPDX-License-Identifier: Apache-2.0 */
/* A lane's picture has no letters in it: it is stretched to the width there is. */
#include "report/timeline.h"

#include <inttypes.h>
#include <math.h>

#include "report/html.h"
#include "report/phrases.h"

#define HEIGHT 26
#define BASE 22 /* where bars stand; what a pattern is drawn with lies below */

static const char *const CLASSES[PATTERN_TYPE_COUNT] = {
	[PATTERN_STORM] = "storm",
	[PATTERN_CASCADE] = "cascade",
	[PATTERN_PERIODIC] = "periodic",
	[PATTERN_RESOURCE] = "resource",
};

static double
x_of(const struct report *r, int64_t time_ms)
{
	double part = (double)(time_ms - r->range.from_ms) / (double)(r->range.to_ms - r->range.from_ms + 1);

	return REPORT_LANE_BINS * fmin(fmax(part, 0), 1);
}

/* A storm is an area behind the bars, the others a line below them. */
static void
add_span(struct strbuf *out, const struct report *r, const struct report_span *s)
{
	double from = x_of(r, s->from_ms), to = fmax(x_of(r, s->to_ms), from + 1);

	if (s->type == PATTERN_STORM)
		strbuf_addf(out, "<rect class=\"storm\" x=\"%.1f\" width=\"%.1f\" y=\"0\" height=\"%d\"/>", from,
		    to - from, HEIGHT);
	else
		strbuf_addf(out, "<path class=\"%s\" d=\"M%.1f %dH%.1f\"/>", CLASSES[s->type], from,
		    s->type == PATTERN_PERIODIC ? HEIGHT - 1 : HEIGHT - 3, to);
}

static void
add_bars(struct strbuf *out, const struct report_lane *l)
{
	double most = 1;

	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		most = fmax(most, l->bins[i]);
	strbuf_adds(out, "<path class=\"bars\" d=\"");
	for (unsigned i = 0; i < REPORT_LANE_BINS; i++)
		if (l->bins[i]) {
			double high = BASE * (0.35 + 0.65 * log1p(l->bins[i]) / log1p(most));

			strbuf_addf(out, "M%u %dv-%.1fh1v%.1fz", i, BASE, high, high);
		}
	strbuf_adds(out, "\"/>");
}

static void
add_picture(struct strbuf *out, const struct report *r, const struct report_lane *l)
{
	char from[32], to[32], last[32];

	strbuf_addf(out,
	    "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%" PRIu64
	    " restarts from %s to %s, the last at %s\">",
	    REPORT_LANE_BINS, HEIGHT, l->count, phrase_when(from, &r->range, r->range.from_ms),
	    phrase_when(to, &r->range, r->range.to_ms),
	    phrase_when(last, &r->range, l->last_ms ? l->last_ms : l->gave_up_ms));
	for (unsigned i = 0; i < l->span_count; i++)
		add_span(out, r, &l->spans[i]);
	add_bars(out, l);
	if (l->gave_up_ms)
		strbuf_addf(out, "<path class=\"gave_up\" d=\"M%.1f 0V%d\"/>", x_of(r, l->gave_up_ms), HEIGHT);
	strbuf_adds(out, "</svg>");
}

static void
add_lane(struct strbuf *out, const struct report *r, const struct report_lane *l)
{
	char text[PHRASE_NAME];

	strbuf_adds(out, "<div>");
	html_add(out, phrase_term(text, l->child_id));
	strbuf_adds(out, " <span class=\"soft\">under ");
	html_add(out, phrase_term(text, l->supervisor));
	strbuf_addf(out, ", <span class=\"n\">%" PRIu64 " &times;</span></span>", l->count);
	if (l->gave_up_ms)
		strbuf_addf(
		    out, " <span class=\"critical\">gave up at %s</span>", phrase_when(text, &r->range, l->gave_up_ms));
	strbuf_adds(out, "</div>");
	add_picture(out, r, l);
}

static void
add_key(struct strbuf *out)
{
	strbuf_adds(out,
	    "<p class=\"soft key\"><span><i class=\"v\" style=\"color:var(--mark)\"></i>restarts, by their "
	    "logarithm</span>"
	    "<span><i class=\"a\" style=\"background:var(--area)\"></i>storm</span>"
	    "<span><i style=\"color:var(--line);border-top-style:dotted\"></i>periodic</span>"
	    "<span><i style=\"color:var(--other)\"></i>cascade</span>"
	    "<span><i style=\"color:var(--good)\"></i>after spikes of a resource</span>"
	    "<span><i class=\"v\" style=\"color:var(--bad);border-left-width:3px\"></i>gave up</span></p>");
}

void
timeline_add(struct strbuf *out, const struct report *r)
{
	char text[32];

	if (r->lane_count == 0)
		return;
	add_key(out);
	strbuf_adds(out, "<div class=\"lanes\">");
	for (unsigned i = 0; i < r->lane_count; i++)
		add_lane(out, r, &r->lanes[i]);
	strbuf_addf(out, "<div class=\"pad\"></div><div class=\"axis\"><span>%s</span>",
	    phrase_when(text, &r->range, r->range.from_ms));
	strbuf_addf(out, "<span>%s</span></div></div>", phrase_when(text, &r->range, r->range.to_ms));
	if (r->lane_total > r->lane_count)
		strbuf_addf(out, "<p class=\"soft\">%u more child%s restarted.</p>", r->lane_total - r->lane_count,
		    r->lane_total - r->lane_count == 1 ? "" : "ren");
}
