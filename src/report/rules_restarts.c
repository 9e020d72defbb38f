/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisors that gave up, and storms of restarts. */
#include "report/rules.h"

#include <inttypes.h>

static const struct report_restarts *
busiest_under(const struct report *r, const struct term *supervisor)
{
	for (unsigned i = 0; i < r->restart_row_count; i++)
		if (r->restart_rows[i].kind == RESTART_DONE &&
		    (supervisor == NULL || term_same(r->restart_rows[i].supervisor, supervisor)))
			return &r->restart_rows[i];
	return NULL;
}

/* The first to give up within the last minutes: those above it follow. Its own reason says only that it gave up; the child's is that of its restarts. */
void
rule_gave_up(const struct report *r, struct opinion *o)
{
	char sup[PHRASE_NAME], child[PHRASE_NAME], reason[PHRASE_NAME], clock[16];
	const struct restart *first = NULL;
	const struct report_restarts *row;
	unsigned followed = 0;

	for (unsigned i = 0; i < r->timeline_count; i++)
		if (r->timeline[i].kind == RESTART_GAVE_UP && r->timeline[i].time_ms >= r->range.to_ms - SHORTLY_MS) {
			followed += first != NULL;
			first = first ? first : &r->timeline[i];
		}
	if (first == NULL)
		return;
	o->weight = evidence_has_ended(r) ? 0.88 : 0.75;
	row = busiest_under(r, first->supervisor);
	opinion_title(o, "Supervisor %s gave up on its child %s%s%s", phrase_term(sup, first->supervisor),
	    phrase_term(child, first->child_id), row ? ", which kept ending with " : "",
	    row ? phrase_term(reason, row->reason) : "");
	opinion_because(o, "%s reached its restart intensity at %s.", sup, phrase_clock(clock, first->time_ms));
	if (followed > 0)
		opinion_because(o, "%u more supervisor%s gave up after it.", followed, followed > 1 ? "s" : "");
	if (row)
		opinion_because(o, "Under it %s was restarted %" PRIu64 " times in the range.",
		    phrase_term(child, row->child_id), row->count);
}

void
rule_storm(const struct report *r, struct opinion *o)
{
	const struct pattern *worst = NULL;
	char sup[PHRASE_NAME], child[PHRASE_NAME], from[16], to[16];
	const struct report_restarts *row;

	for (unsigned i = 0; i < r->pattern_count; i++)
		if (r->patterns[i].newest.type == PATTERN_STORM &&
		    (worst == NULL || r->patterns[i].newest.frequency > worst->frequency))
			worst = &r->patterns[i].newest;
	if (worst == NULL)
		return;
	o->weight = worst->last_ms >= r->range.to_ms - SHORTLY_MS ? 0.6 : 0.4;
	opinion_title(o, "%s under %s kept being restarted: %" PRIu64 " times", phrase_term(child, worst->child_id),
	    phrase_term(sup, worst->supervisor), worst->frequency);
	opinion_because(o, "Its restarts came from %s to %s.", phrase_clock(from, worst->first_ms),
	    phrase_clock(to, worst->last_ms));
	row = busiest_under(r, worst->supervisor);
	if (row)
		opinion_because(o, "The reason most often: %s", phrase_term(child, row->reason));
}
