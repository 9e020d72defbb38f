/* SPDX-License-Identifier: Apache-2.0 */
/* What an end tells by itself, and what is left where nothing else explains it. */
#include "report/rules.h"

#include <string.h>

void
rule_link_lost(const struct report *r, struct opinion *o)
{
	const struct report_end *end = &r->end;

	if (!evidence_has_ended(r) || evidence_is_dead(end) || end->stopping)
		return;
	if (end->returned == RETURN_SAME) {
		o->weight = 0.97;
		opinion_title(o, "The link was lost%s, the node lived on", end->losses > 1 ? " repeatedly" : "");
		if (end->losses > 1)
			opinion_because(o, "The link was lost %u times in a row.", end->losses);
	} else if (end->process == PROCESS_ALIVE) {
		o->weight = 0.85;
		opinion_title(o, "The link was lost, the VM's process lives");
	} else {
		o->weight = 0.4;
		opinion_title(o, "The link was lost; whether the node lives is not known yet");
	}
}

static bool
gave_up_shortly(const struct report *r)
{
	for (unsigned i = r->timeline_count; i-- > 0;)
		if (r->timeline[i].kind == RESTART_GAVE_UP && r->timeline[i].time_ms >= r->range.to_ms - SHORTLY_MS)
			return true;
	return false;
}

void
rule_stopped(const struct report *r, struct opinion *o)
{
	if (!r->end.stopping)
		return;
	/* A supervisor that gives up takes a permanent application with it, and that the node, in order. */
	o->weight = gave_up_shortly(r) ? 0.6 : 0.98;
	opinion_title(o, "The node was stopped in order");
}

void
rule_crashed(const struct report *r, struct opinion *o)
{
	const struct report_end *end = &r->end;

	if (!end->dump_slogan[0])
		return;
	o->weight = end->dump_cause[0] ? end->dump_confidence : 0.62;
	if (end->dump_cause[0])
		opinion_title(o, "%s", end->dump_cause);
	else
		opinion_title(o, "The VM ended by itself: %s", end->dump_slogan);
	if (evidence_grower_in_dump(r))
		opinion_grower_backs(o, evidence_grower_in_dump(r));
}

void
rule_hung(const struct report *r, struct opinion *o)
{
	char clock[16];

	if (!evidence_has_ended(r) || evidence_is_dead(&r->end))
		return;
	for (unsigned i = r->link_count; i-- > 0 && o->weight == 0;)
		if (r->links[i].state == NODE_STALLED && r->links[i].time_ms >= r->range.to_ms - SHORTLY_MS) {
			o->weight = 0.55;
			opinion_because(
			    o, "From %s on it was linked, but sent nothing.", phrase_clock(clock, r->links[i].time_ms));
		}
	if (r->end.state == NODE_HANGING && r->end.returned == RETURN_SAME) {
		o->weight = 0.98;
		opinion_title(
		    o, "The node stopped answering, and lived on: overloaded, suspended, or cut off for a while");
	} else if (o->weight > 0 || r->end.state == NODE_HANGING) {
		/* A link that we gave up, of a process that lives. */
		o->weight = r->end.state == NODE_HANGING && r->end.process == PROCESS_ALIVE ? 0.9 : 0.55;
		opinion_title(o, "The node stopped answering before it was lost: overloaded, suspended, or cut off");
	}
}

void
rule_killed(const struct report *r, struct opinion *o)
{
	unsigned findings = 0;

	if (!evidence_has_ended(r) || !evidence_is_dead(&r->end) || r->end.stopping || r->samples == 0)
		return;
	for (unsigned i = 0; i < r->finding_count; i++)
		findings += r->findings[i]->u.anomaly.type != ANOMALY_NODE_DOWN;
	o->weight = 0.44;
	opinion_title(o, "Killed from outside (SIGKILL, the OOM killer, a lost machine) or halted, %s",
	    r->overall > LEVEL_HEALTHY ? "and what was not healthy before does not explain it"
		: evidence_is_short(r) ? "too soon after the watch began to say more"
				       : "while it was healthy");
	opinion_because(o, "Health at the last check: %s; %u anomal%s in the range; %s.", level_name(r->overall),
	    findings, findings == 1 ? "y" : "ies", r->grown_count ? "what grew explains it hardly" : "nothing grew");
	if (r->grower_count > 0)
		opinion_grower_backs(o, &r->growers[0]);
	if (!r->end.dump_path[0])
		opinion_because(o, "No crash dump was found.");
}

void
rule_calm(const struct report *r, struct opinion *o)
{
	if (evidence_has_ended(r) || r->finding_count > 0 || r->samples == 0 || r->overall > LEVEL_HEALTHY)
		return;
	o->weight = LEAST;
	opinion_title(o, "Nothing stands out: healthy, no anomaly, nothing grew");
}

void
rule_not_clear(const struct report *r, struct opinion *o)
{
	o->weight = LEAST;
	if (r->samples == 0) {
		opinion_title(o, "Not clear: there are no readings of the range");
		return;
	}
	opinion_title(o, "Not clear: nothing that was seen explains it");
	if (r->finding_count > 0)
		opinion_because(o, "%u anomalies were found in the range; see them below.", r->finding_count);
}
