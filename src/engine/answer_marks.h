/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened in a time, as marks for time lines. Written in pieces, as answer_history.h is:
 *
 *	{"time_range": {start, end}, "boots": […], "unseen": […], "links": […], "deploys": […], "incidents": […], "anomalies": […], "health": […], "patterns": […],
 *	 "restarts": {restart, start_error, gave_up, collateral, since, step, rows: […], left_out: {rows, restarts}},
 *	 "left_out": {"anomalies": n, …}}
 *
 * boots      {booted, lost, seen}: the VM began anew; when it was last seen before (null: not in that time), and first after. Of several within a minute (in
 *            longer times a 2000th of them) the last
 * unseen     {start, end}: no sample came
 * links      {timestamp, state, detail}: of this program's run, the last 32
 * deploys    {timestamp, changed, text}: of this program's run, the last 16: other versions of so many applications than before
 * incidents  {id, title, severity, opened, ended, type, culprit}: those that were open within the time
 * anomalies  {timestamp, type, severity, metric, incident, root, text}
 * health     {timestamp, overall_status, criterion, level, value}: when a criterion's level changed
 * patterns   as answer_patterns has them, those that touch the time, or go on; of a periodic one that goes on also `next`, when it is expected again
 * rows       {supervisor, child_id, group, restart, start_error, gave_up, collateral, first, last}: how often of each kind; and either `times` {kind: [ms since
 *            1970, …]}, or where there are more than 60 `counts` {kind: [n, …]}, one for each `step` seconds from the start of the time. The
 *            busiest 100. `since`: restarts before it were let go; null: none were
 *
 * All lists but rows are by time, the oldest first. left_out says how many of a list there was no room for: those are the oldest. A day with 10,000
 * restarts takes some 100 kB.
 */
#ifndef ENGINE_ANSWER_MARKS_H
#define ENGINE_ANSWER_MARKS_H

#include "engine/answer.h"

struct marks_answer;

/* marks_answer_new: end_ms >= start_ms. It holds what it tells of, and nothing else of the engine. With 10,000 restarts it takes 1 ms. */
struct marks_answer *marks_answer_new(const struct engine *e, int64_t now_ms, int64_t start_ms, int64_t end_ms);
void marks_answer_free(struct marks_answer *m);
/* marks_answer_write writes the next piece; false if that was the last one. */
bool marks_answer_write(struct marks_answer *m, struct answer *a);

#endif
