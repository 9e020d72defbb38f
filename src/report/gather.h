/* SPDX-License-Identifier: Apache-2.0 */
/* Who grew (processes.c), and what restarted (restarts.c): parts of a report that is being built. */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include "report/report.h"

void gather_processes(struct report *r, const struct engine *e);
void gather_restarts(struct report *r, const struct engine *e);
/* gather_release gives up the terms of the restarts. */
void gather_release(struct report *r);

#endif
