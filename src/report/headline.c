/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, in a sentence or two: how the node is at the end, how much there was, and the one thing to read about first. */
#include <inttypes.h>
#include <string.h>

#include "engine/incident_text.h"
#include "report/incidents.h"
#include "report/phrases.h"
#include "report/report.h"

static unsigned
open_incidents(const struct report *r)
{
	unsigned open = 0;

	for (unsigned i = 0; i < r->incident_count; i++)
		open += r->incidents[i].ended_ms == 0;
	return open;
}

/* Losses of the link; it is known of this program's run alone. */
static unsigned
losses(const struct report *r)
{
	unsigned lost = 0;

	for (unsigned i = 1; i < r->link_count; i++)
		lost += r->links[i - 1].state == NODE_UP && r->links[i].state != NODE_UP;
	return lost;
}

/* Boots of a VM that had been seen before; the first that was ever seen is none that happened to somebody. */
static unsigned
boots_seen(const struct report *r)
{
	unsigned boots = 0;

	for (size_t i = 0; i < r->boots.boot_count; i++)
		boots += r->boots.boots[i].lost_ms != 0;
	return boots;
}

static unsigned
loose_findings(const struct report *r)
{
	unsigned loose = 0;

	for (unsigned i = 0; i < r->finding_count; i++)
		loose += !incidents_tell(r, &r->findings[i]->u.anomaly);
	return loose;
}

bool
report_is_calm(const struct report *r)
{
	return r->end.time_ms == 0 && r->overall <= LEVEL_HEALTHY && r->incident_count == 0 && r->restarts == 0 &&
	    r->failed == 0 && r->gave_up == 0 && losses(r) == 0 && boots_seen(r) == 0 && r->deploy_count == 0 &&
	    loose_findings(r) == 0 && r->samples > 0;
}

bool
report_needs_verdict(const struct report *r)
{
	return r->end.time_ms != 0 || r->incident_count == 0 || r->verdict.confidence >= 0.5;
}

static void
add_level(struct strbuf *out, const struct report *r)
{
	const char *before = " (";

	if (r->overall == LEVEL_UNKNOWN) {
		strbuf_adds(out, r->samples ? "Health not known at the end" : "No readings of the node");
		return;
	}
	strbuf_adds(out,
	    r->overall == LEVEL_CRITICAL      ? "Critical"
		: r->overall == LEVEL_WARNING ? "Warning"
					      : "Healthy");
	strbuf_adds(out, " at the end");
	for (int c = 0; c < CRITERION_COUNT; c++)
		if (r->levels[c] == r->overall && r->overall > LEVEL_HEALTHY) {
			strbuf_addf(out, "%s%s", before, CRITERIA[c].name);
			before = ", ";
		}
	strbuf_adds(out, *before == ',' ? ")" : "");
}

/* add_part begins the next part of a list, of so many things. */
static void
add_part(struct strbuf *out, unsigned *parts, uint64_t count, const char *one, const char *more)
{
	strbuf_addf(out, "%s%" PRIu64 " %s", (*parts)++ ? "; " : "", count, count == 1 ? one : more);
}

static void
add_counts(struct strbuf *out, const struct report *r)
{
	unsigned parts = 0, open = open_incidents(r), lost = losses(r), loose = loose_findings(r);

	if (r->incident_count > 0)
		add_part(out, &parts, r->incident_count + r->incidents_left_out, "incident", "incidents");
	if (open > 0)
		strbuf_addf(out, ", %u of them open", open);
	if (r->restarts > 0) {
		add_part(out, &parts, r->restarts, "restart", "restarts");
		strbuf_addf(out, " of %u child%s", r->lane_total, r->lane_total == 1 ? "" : "ren");
	}
	if (r->failed > 0)
		add_part(out, &parts, r->failed, "start that failed", "starts that failed");
	if (r->gave_up > 0)
		add_part(out, &parts, r->gave_up, "supervisor that gave up", "supervisors that gave up");
	if (boots_seen(r) > 0)
		add_part(out, &parts, boots_seen(r), "boot of the VM", "boots of the VM");
	if (r->deploy_count > 0)
		add_part(out, &parts, r->deploy_count, "deploy", "deploys");
	if (lost > 0)
		add_part(out, &parts, lost, "loss of the link", "losses of the link");
	if (loose > 0)
		add_part(out, &parts, loose, "anomaly", "anomalies");
	strbuf_adds(out, parts ? "." : "nothing happened.");
}

/* The gravest of those that are open, else of all; of equal ones the one that opened last. */
static const struct incident *
first_to_read(const struct report *r)
{
	const struct incident *best = NULL;

	for (unsigned i = 0; i < r->incident_count; i++) {
		const struct incident *x = &r->incidents[i];

		if (best == NULL || (x->ended_ms == 0) > (best->ended_ms == 0) ||
		    ((x->ended_ms == 0) == (best->ended_ms == 0) && x->severity > best->severity))
			best = x;
	}
	return best;
}

void
report_headline(const struct report *r, struct strbuf *out)
{
	const struct incident *first = first_to_read(r);
	char text[REPORT_SENTENCE];

	if (r->end.time_ms) {
		strbuf_addf(out, "Ended at %s: %s", phrase_day(text, r->end.time_ms), r->verdict.title);
		return;
	}
	add_level(out, r);
	strbuf_addf(out, ". In %s: ", phrase_span(text, r->range.to_ms - r->range.from_ms));
	add_counts(out, r);
	if (first == NULL)
		return;
	strbuf_adds(out, first->ended_ms ? " The gravest: " : " First: ");
	incident_title(out, first);
	strbuf_addc(out, '.');
}
