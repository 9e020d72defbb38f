/* SPDX-License-Identifier: Apache-2.0 */
#include "report/incidents.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/advice.h"
#include "engine/answer_incidents.h"
#include "engine/answer_parts.h"
#include "engine/incident_text.h"
#include "report/html.h"
#include "report/phrases.h"

/* ---- gathering ---- */

static bool
is_in_range(const struct incident *i, const struct report_range *range)
{
	return i->opened_ms <= range->to_ms && (i->ended_ms == 0 || i->ended_ms >= range->from_ms);
}

void
incidents_gather(struct report *r, const struct engine *e)
{
	const struct incident *list[INCIDENTS_KEPT];
	size_t count = engine_incidents(e, list, INCIDENTS_KEPT);

	for (size_t k = 0; k < count; k++) {
		if (!is_in_range(list[k], &r->range))
			continue;
		if (r->incident_count == REPORT_INCIDENTS_MAX)
			r->incidents_left_out++;
		else
			incident_copy(&r->incidents[r->incident_count++], list[k]);
	}
}

void
incidents_release(struct report *r)
{
	for (unsigned k = 0; k < r->incident_count; k++)
		incident_release(&r->incidents[k]);
}

/* ---- asked by others ---- */

bool
incidents_tell(const struct report *r, const struct anomaly *a)
{
	for (unsigned k = 0; k < r->incident_count; k++)
		if (strcmp(r->incidents[k].id, a->incident) == 0)
			return true;
	return false;
}

const struct incident_member *
incidents_newest(const struct report *r, enum anomaly_type type)
{
	const struct incident_member *newest = NULL;

	for (unsigned k = 0; k < r->incident_count; k++)
		for (unsigned m = 0; m < r->incidents[k].member_count; m++) {
			const struct incident_member *x = &r->incidents[k].members[m];

			if (x->type == type && x->time_ms >= r->range.from_ms && x->time_ms <= r->range.to_ms &&
			    (newest == NULL || x->time_ms > newest->time_ms))
				newest = x;
		}
	return newest;
}

/* ---- lines that the text and the page share ---- */

/* Why a finding is told in the incident. */
static const char *const JOINED[JOIN_COUNT] = {
	[JOIN_FIRST] = "it came first",
	[JOIN_KIND] = "of the same kind",
	[JOIN_CULPRIT] = "the same is behind it",
	[JOIN_CAUSE] = "a usual cause or consequence",
	[JOIN_TIME] = "at the same time",
	[JOIN_END] = "the node went down",
};

static void
add_course(struct strbuf *out, const struct report *r, const struct incident *i)
{
	char from[32], to[32], lasted[QUANTITY_SIZE];

	strbuf_addf(out, "%s - %s", phrase_when(from, &r->range, i->opened_ms),
	    i->ended_ms ? phrase_when(to, &r->range, i->ended_ms) : "open");
	if (i->ended_ms)
		strbuf_addf(out, " (%s)", duration_text(lasted, i->ended_ms - i->opened_ms));
}

static void
add_finding(struct strbuf *out, const struct report *r, const struct incident *i, unsigned k)
{
	const struct incident_member *m = &i->members[k];
	char clock[32];

	strbuf_addf(out, "%s  ", phrase_when(clock, &r->range, m->time_ms));
	incident_finding(out, m);
	strbuf_addf(out, " (%s)", k == i->root ? "the root" : JOINED[m->joined]);
}

static void
add_effects(struct strbuf *out, const struct incident *i)
{
	const char *gap = "";

	if (i->restarts > 0) {
		strbuf_addf(out, "%" PRIu64 " restart%s.", i->restarts, i->restarts == 1 ? "" : "s");
		gap = " ";
	}
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (i->levels[c] > LEVEL_HEALTHY) {
			strbuf_addf(out, "%s%s became %s.", gap, CRITERIA[c].name, level_name(i->levels[c]));
			gap = " ";
		}
}

/* Its findings say more than its title, which is the root's. */
static bool
tells_more(const struct incident *i)
{
	return i->member_count > 1;
}

/* Those that go on first, as they are what somebody may do something about; of each half the newest first. */
static unsigned
in_order(const struct report *r, const struct incident *list[REPORT_INCIDENTS_MAX])
{
	unsigned count = 0;

	for (int ended = 0; ended < 2; ended++)
		for (unsigned k = 0; k < r->incident_count; k++)
			if ((r->incidents[k].ended_ms != 0) == ended)
				list[count++] = &r->incidents[k];
	return count;
}

/* ---- text ---- */

static void
text_of(struct strbuf *out, const struct report *r, const struct incident *i)
{
	size_t start;

	strbuf_adds(out, "  ");
	incident_title(out, i);
	strbuf_adds(out, "\n    ");
	add_course(out, r, i);
	strbuf_addf(
	    out, ", %s, %s\n    Next: %s\n", severity_name(i->severity), i->id, advice_next(i->members[i->root].type));
	for (unsigned m = 0; tells_more(i) && m < i->member_count; m++) {
		strbuf_adds(out, "      ");
		add_finding(out, r, i, m);
		strbuf_addc(out, '\n');
	}
	start = out->len;
	strbuf_adds(out, "      ");
	add_effects(out, i);
	if (out->len > start + strlen("      "))
		strbuf_addc(out, '\n');
	else
		strbuf_cut(out, start);
}

void
incidents_text(const struct report *r, struct strbuf *out)
{
	const struct incident *list[REPORT_INCIDENTS_MAX];
	unsigned count = in_order(r, list);

	for (unsigned n = 0; n < count; n++)
		text_of(out, r, list[n]);
	if (r->incidents_left_out > 0)
		strbuf_addf(out, "  (%u earlier ones left out)\n", r->incidents_left_out);
}

/* ---- HTML ---- */

static void
add_escaped(struct strbuf *out, struct strbuf *text)
{
	html_add(out, strbuf_cstr(text));
	strbuf_reset(text);
}

static void
add_item(struct strbuf *out, struct strbuf *text)
{
	strbuf_adds(out, "<li>");
	add_escaped(out, text);
	strbuf_adds(out, "</li>");
}

/* Levels and severities have their words, for who does not see the colour. */
static void
add_head(struct strbuf *out, struct strbuf *text, const struct report *r, const struct incident *i)
{
	strbuf_addf(out, "<article class=\"incident %s\"><h3>", i->severity == SEVERITY_HIGH ? "high" : "other");
	incident_title(text, i);
	add_escaped(out, text);
	strbuf_addf(out, "</h3><p class=\"soft\"><b>%s</b> &middot; %s severity &middot; ",
	    i->ended_ms ? "over" : "open", severity_name(i->severity));
	add_course(text, r, i);
	strbuf_addf(text, ", %s", i->id);
	add_escaped(out, text);
	strbuf_adds(out, "</p><p><b>Next:</b> ");
	html_add(out, advice_next(i->members[i->root].type));
	strbuf_adds(out, "</p>");
}

static void
html_of(struct strbuf *out, struct strbuf *text, const struct report *r, const struct incident *i)
{
	add_head(out, text, r, i);
	strbuf_adds(out, "<ul>");
	for (unsigned m = 0; tells_more(i) && m < i->member_count; m++) {
		add_finding(text, r, i, m);
		add_item(out, text);
	}
	strbuf_adds(out, "</ul><p class=\"soft\">");
	add_effects(text, i);
	add_escaped(out, text);
	strbuf_adds(out, "</p></article>\n");
}

void
incidents_html(const struct report *r, struct strbuf *out)
{
	const struct incident *list[REPORT_INCIDENTS_MAX];
	unsigned count = in_order(r, list);
	struct strbuf text = STRBUF_INIT;

	if (count > 0)
		strbuf_adds(out, "<h2>Incidents</h2>");
	for (unsigned n = 0; n < count; n++)
		html_of(out, &text, r, list[n]);
	if (r->incidents_left_out > 0)
		strbuf_addf(out, "<p class=\"soft\">%u earlier ones are left out.</p>", r->incidents_left_out);
	strbuf_release(&text);
}

/* ---- JSON ---- */

void
incidents_json(const struct report *r, struct answer *a)
{
	put_array(a, "incidents");
	for (unsigned k = 0; k < r->incident_count; k++) {
		a->ops->object(a);
		part_incident_fields(a, &r->incidents[k]);
		put_end(a);
	}
	put_end(a);
}
