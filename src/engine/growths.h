/* SPDX-License-Identifier: Apache-2.0 */
/* What each process, table, parent of processes and owner of ports had before, so that who has grown can be told from who is large. For the engine's own files. */
#ifndef ENGINE_GROWTHS_H
#define ENGINE_GROWTHS_H

#include "engine/peaks.h"
#include "model/survey.h"

struct engine;

/* Of those that were among the largest. */
struct growths {
	struct peaks tops[TOP_KIND_COUNT];
	struct peaks table_bytes, table_counts;
	struct peaks processes, runnable; /* of groups of processes */
	struct peaks ports;
};

/* growths_note_ranking and _survey take what is new in e->top and e->surveys. */
void growths_note_ranking(struct engine *e, enum top_kind kind);
void growths_note_survey(struct engine *e, enum survey_kind kind);
/* growths_forget: the node began anew, or the engine ends. */
void growths_forget(struct engine *e);

/*
 * By how much one of what is in e->top or e->surveys has grown; `recent`: lately, else in the hours before (engine/peaks.h). Of tables in bytes or in tables, of groups all processes or those that
 * run or wait to run.
 */
struct peak_growth growths_of_process(
    const struct engine *e, enum top_kind kind, const struct top_process *p, bool recent);
struct peak_growth growths_of_table(const struct engine *e, const struct survey_table *t, bool by_count, bool recent);
struct peak_growth growths_of_group(const struct engine *e, const struct survey_group *g, bool runnable, bool recent);
struct peak_growth growths_of_ports(const struct engine *e, const struct survey_port_group *g, bool recent);

#endif
