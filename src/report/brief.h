/* SPDX-License-Identifier: Apache-2.0 */
/* A report in a line: what a table of many nodes has of each. */
#ifndef REPORT_BRIEF_H
#define REPORT_BRIEF_H

#include "report/report.h"

struct report_brief {
	char node[NODE_NAME_MAX + 1];
	enum level overall; /* at the end */
	bool calm;          /* nothing happened that somebody should know */
	uint64_t samples;   /* in the range */
	char headline[2 * REPORT_SENTENCE];
	uint64_t incidents, open_incidents, restarts, gave_up;
	char trouble[200]; /* why there is no report; "" if there is one */
};

void brief_of(const struct report *r, struct report_brief *out);
/* brief_json appends it as one object: node, overall_status, calm, samples, headline, incidents, open_incidents, restarts, gave_up, trouble. */
void brief_json(const struct report_brief *b, struct strbuf *out);
/* brief_has_something: a report of it is worth reading. */
bool brief_has_something(const struct report_brief *b);
/* brief_compare orders them for qsort: those that had something, the others, those without a report; each by health, open incidents, restarts, name. */
int brief_compare(const void *a, const void *b);

#endif
