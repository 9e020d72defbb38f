/* SPDX-License-Identifier: Apache-2.0 */
#include "report/incidents.h"

#include <inttypes.h>
#include <string.h>

#include "analyze/advice.h"
#include "engine/answer_incidents.h"
#include "engine/answer_parts.h"
#include "engine/incident_text.h"
#include "report/chart.h"
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

static void
add_course(struct strbuf *out, const struct incident *i)
{
	char from[16], to[16], lasted[QUANTITY_SIZE];

	strbuf_addf(
	    out, "%s - %s", phrase_clock(from, i->opened_ms), i->ended_ms ? phrase_clock(to, i->ended_ms) : "open");
	if (i->ended_ms)
		strbuf_addf(out, " (%s)", duration_text(lasted, i->ended_ms - i->opened_ms));
}

static void
add_finding(struct strbuf *out, const struct incident *i, unsigned k)
{
	const struct incident_member *m = &i->members[k];
	char clock[16];

	strbuf_addf(out, "%s  ", phrase_clock(clock, m->time_ms));
	incident_finding(out, m);
	strbuf_addf(out, " (%s)", k == i->root ? "the root" : INCIDENT_JOINS[m->joined]);
}

static void
add_effects(struct strbuf *out, const struct incident *i)
{
	if (i->restarts > 0)
		strbuf_addf(out, "%" PRIu64 " restarts. ", i->restarts);
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (i->levels[c] > LEVEL_HEALTHY)
			strbuf_addf(out, "%s became %s. ", CRITERIA[c].name, level_name(i->levels[c]));
	strbuf_adds(out, advice_next(i->members[i->root].type));
}

/* ---- text ---- */

void
incidents_text(const struct report *r, struct strbuf *out)
{
	for (unsigned k = 0; k < r->incident_count; k++) {
		const struct incident *i = &r->incidents[k];

		strbuf_adds(out, "  ");
		add_course(out, i);
		strbuf_adds(out, "  ");
		incident_title(out, i);
		strbuf_addf(out, "  [%s, %s]\n", severity_name(i->severity), i->id);
		for (unsigned m = 0; m < i->member_count; m++) {
			strbuf_adds(out, "      ");
			add_finding(out, i, m);
			strbuf_addc(out, '\n');
		}
		strbuf_adds(out, "      ");
		add_effects(out, i);
		strbuf_addc(out, '\n');
	}
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

static void
add_head(struct strbuf *out, struct strbuf *text, const struct incident *i)
{
	strbuf_addf(out, "<h3 class=\"%s\">", i->severity == SEVERITY_HIGH ? "critical" : "warning");
	incident_title(text, i);
	add_escaped(out, text);
	strbuf_adds(out, "</h3><p class=\"soft\">");
	add_course(text, i);
	strbuf_addf(text, ", %s", i->id);
	add_escaped(out, text);
	strbuf_adds(out, "</p>");
}

void
incidents_html(const struct report *r, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;

	if (r->incident_count > 0)
		strbuf_adds(out, "<h2>Incidents</h2>");
	for (unsigned k = 0; k < r->incident_count; k++) {
		const struct incident *i = &r->incidents[k];

		add_head(out, &text, i);
		strbuf_adds(out, "<ul>");
		for (unsigned m = 0; m < i->member_count; m++) {
			add_finding(&text, i, m);
			add_item(out, &text);
		}
		strbuf_adds(out, "</ul><p>");
		add_effects(&text, i);
		add_escaped(out, &text);
		strbuf_adds(out, "</p>\n");
	}
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
