/* SPDX-License-Identifier: Apache-2.0 */
/* Who grew (processes.c), what restarted (restarts.c, lanes.c), what is ahead (ahead.c): parts of a report that is being built. */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include "report/report.h"

void gather_processes(struct report *r, const struct engine *e);
void gather_restarts(struct report *r, const struct engine *e);
void gather_ahead(struct report *r, const struct engine *e);
/* lanes_add takes a restart into its child's lane; lanes_end leaves those with most, and draws the patterns (of the engine, `count` of them) into them. */
void lanes_add(struct report *r, const struct restart *x);
void lanes_end(struct report *r, const struct pattern *patterns, size_t count);
/* Each gives up what it holds: gather_release the terms of the restarts, lanes_release the lanes, ahead_release the terms of predictions. */
void gather_release(struct report *r);
void lanes_release(struct report *r);
void ahead_release(struct report *r);

#endif
