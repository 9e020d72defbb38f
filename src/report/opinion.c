/* SPDX-License-Identifier: Apache-2.0 */
#include "report/opinion.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report/incidents.h"

#define WATCHED_MS 120000

/* end_whole takes away what was left of a character where a text was cut. */
static void
end_whole(char *text)
{
	size_t len = strlen(text), at = len;

	while (at > 0 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at > 0 && (unsigned char)text[at - 1] >= 0xC0)
		text[at - 1] = '\0';
}

void
opinion_title(struct opinion *o, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(o->title, sizeof(o->title), fmt, args) >= (int)sizeof(o->title))
		end_whole(o->title);
	va_end(args);
}

void
opinion_because(struct opinion *o, const char *fmt, ...)
{
	va_list args;

	if (o->reason_count == REPORT_REASONS_MAX)
		return;
	va_start(args, fmt);
	if (vsnprintf(o->reasons[o->reason_count], REPORT_SENTENCE, fmt, args) >= REPORT_SENTENCE)
		end_whole(o->reasons[o->reason_count]);
	o->reason_count++;
	va_end(args);
}

/* ---- evidence ---- */

double
evidence_at_end(const struct report *r, enum metric_id id)
{
	return r->last && r->last->present[id] ? r->last->value[id] : NAN;
}

const struct report_growth *
evidence_growth_of(const struct report *r, enum metric_id id)
{
	for (unsigned i = 0; i < r->grown_count; i++)
		if (r->grown[i].metric == id)
			return &r->grown[i];
	return NULL;
}

bool
evidence_has_ended(const struct report *r)
{
	return r->end.time_ms != 0;
}

/* The VM is known to be gone, not only the link to it. */
bool
evidence_is_dead(const struct report_end *end)
{
	return end->process == PROCESS_GONE || end->unregistered || end->returned == RETURN_RESTARTED ||
	    (end->inside && end->process != PROCESS_ALIVE) || end->dump_slogan[0];
}

const struct anomaly *
evidence_newest_finding(const struct report *r, enum anomaly_type type)
{
	for (unsigned i = r->finding_count; i-- > 0;)
		if (r->findings[i]->u.anomaly.type == type)
			return &r->findings[i]->u.anomaly;
	return NULL;
}

/* What an incident explains is no anomaly of its own, but evidence all the same. */
int64_t
evidence_found_ms(const struct report *r, enum anomaly_type type)
{
	const struct anomaly *a = evidence_newest_finding(r, type);
	const struct incident_member *m = incidents_newest(r, type);

	if (a && (m == NULL || a->time_ms > m->time_ms))
		return a->time_ms;
	return m ? m->time_ms : 0;
}

void
opinion_finding_backs(const struct report *r, struct opinion *o, enum anomaly_type type)
{
	int64_t found_ms = evidence_found_ms(r, type);
	char clock[16];

	if (found_ms == 0)
		return;
	o->weight += 0.1;
	opinion_because(o, "%s was reported at %s.", ANOMALIES[type].name, phrase_clock(clock, found_ms));
}

/* first_ranked is who leads a ranking at the end; of a range of which no rankings are kept, the culprit of the last anomaly. */
const struct top_process *
evidence_first_ranked(const struct report *r, enum top_kind kind, enum anomaly_type type)
{
	const struct anomaly *a = evidence_newest_finding(r, type);

	if (r->top[kind].count > 0)
		return &r->top[kind].rows[0];
	return a && a->culprit_count > 0 && a->culprits[0].kind == CULPRIT_PROCESS ? &a->culprits[0].process : NULL;
}

const struct report_grower *
evidence_grower_of(const struct report *r, enum top_kind kind, const char *pid)
{
	for (unsigned i = 0; i < r->grower_count; i++)
		if (r->growers[i].kind == kind && strcmp(r->growers[i].process.pid, pid) == 0)
			return &r->growers[i];
	return NULL;
}

void
opinion_growth_backs(const struct report *r, struct opinion *o, enum metric_id id)
{
	const struct report_growth *g = evidence_growth_of(r, id);
	char before[QUANTITY_SIZE], after[QUANTITY_SIZE], clock[16];

	if (g)
		opinion_because(o, "%s: %s at the end, %s before; growing since %s.", phrase_metric(id),
		    quantity_text(after, METRICS[id].unit, g->after),
		    quantity_text(before, METRICS[id].unit, g->before), phrase_clock(clock, g->since_ms));
}

void
opinion_grower_backs(struct opinion *o, const struct report_grower *g)
{
	enum metric_unit unit = phrase_top_unit(g->kind);
	char first[QUANTITY_SIZE], last[QUANTITY_SIZE], took[QUANTITY_SIZE], name[PHRASE_NAME];

	opinion_because(o, "%s: %s %s, %s %s before.", phrase_ranked(name, &g->process), phrase_top(g->kind),
	    quantity_text(last, unit, g->process.value), phrase_first(first, g),
	    duration_text(took, g->last_ms - g->first_ms));
}

/* A process that was seen to grow before, and that the dump names. */
const struct report_grower *
evidence_grower_in_dump(const struct report *r)
{
	for (unsigned i = 0; i < r->grower_count; i++)
		if (strstr(r->end.dump_cause, r->growers[i].process.pid))
			return &r->growers[i];
	return NULL;
}

bool
evidence_is_short(const struct report *r)
{
	return (int64_t)r->samples * r->interval_ms < WATCHED_MS;
}
