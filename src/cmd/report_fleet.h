/* SPDX-License-Identifier: Apache-2.0 */
/* The report of all nodes: a line of each, and the whole of those that had something. */
#ifndef CMD_REPORT_FLEET_H
#define CMD_REPORT_FLEET_H

#include "report/fleet.h"

/* Where the reports come from. */
struct fleet_source {
	void *arg;
	/* appends a node's report in a form; false with a reason */
	bool (*get)(void *arg, const char *node, const struct report_range *range, enum report_format format,
	    struct strbuf *out, struct err *err);
};

/* report_fleet appends it as text, JSON or HTML. A node of which no report can be had is told with the reason. */
void report_fleet(const struct fleet_source *src, char *const *nodes, size_t count, const struct report_range *range,
    enum report_format format, struct strbuf *out);

#endif
