/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule for a verdict has found (rules.h): how much it weighs, the sentence that is the verdict, and the reasons; and the evidence that several rules look for.
 */
#ifndef REPORT_OPINION_H
#define REPORT_OPINION_H

#include "base/attr.h"
#include "report/phrases.h"
#include "report/report.h"

#define SHORTLY_MS 120000 /* before the end: what came then may have led to it */

struct opinion {
	double weight; /* 0 to 1; 0: nothing was found */
	char title[REPORT_SENTENCE];
	unsigned reason_count;
	char reasons[REPORT_REASONS_MAX][REPORT_SENTENCE];
};

/* Each writes a sentence, cut behind a whole character if it is too long; of reasons, what is beyond REPORT_REASONS_MAX is left out. */
void PRINTF(2, 3) opinion_title(struct opinion *o, const char *fmt, ...);
void PRINTF(2, 3) opinion_because(struct opinion *o, const char *fmt, ...);
/* Each adds a reason, if there is that evidence: the newest anomaly of a type (which weighs 0.1 more), a metric that has grown, a process that has. */
void opinion_finding_backs(const struct report *r, struct opinion *o, enum anomaly_type type);
void opinion_growth_backs(const struct report *r, struct opinion *o, enum metric_id id);
void opinion_grower_backs(struct opinion *o, const struct report_grower *g);

/* The last value of a metric; NaN: not observed. */
double evidence_at_end(const struct report *r, enum metric_id id);
/* NULL where there is none. */
const struct report_growth *evidence_growth_of(const struct report *r, enum metric_id id);
/* evidence_found_ms is when something of that type was found last, also if an incident explained it; 0: it was not. */
int64_t evidence_found_ms(const struct report *r, enum anomaly_type type);
const struct anomaly *evidence_newest_finding(const struct report *r, enum anomaly_type type);
const struct report_grower *evidence_grower_of(const struct report *r, enum top_kind kind, const char *pid);
/* Who leads a ranking at the end; of a range of which no rankings are kept, the culprit of the newest anomaly of the type. */
const struct top_process *evidence_first_ranked(const struct report *r, enum top_kind kind, enum anomaly_type type);
/* A process that was seen to grow, and that the crash dump's likely cause names. */
const struct report_grower *evidence_grower_in_dump(const struct report *r);
/* The report is of an end, not of a range. */
bool evidence_has_ended(const struct report *r);
/* The VM is known to be gone, not only the link to it. */
bool evidence_is_dead(const struct report_end *end);
/* Too little was seen to say what is usual. */
bool evidence_is_short(const struct report *r);

#endif
