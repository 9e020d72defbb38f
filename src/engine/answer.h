/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's answers as JSON, with the seed's field names: the one place where they are written, for HTTP, for --json
 * and for the event stream. What was not observed is null.
 */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "base/jsonw.h"
#include "engine/engine.h"

/* Each writes one JSON value (an object, or an array where the name is plural). */
void answer_node(
    struct jsonw *j, const struct engine *e, int64_t now_ms); /* name, state, detail, since, info, overall_status */
void answer_health(struct jsonw *j, const struct engine *e, int64_t now_ms); /* the seed's system_health */
void answer_performance(
    struct jsonw *j, const struct engine *e); /* the seed's performance_metrics, and "metrics": every metric by name */
/* answer_restarts writes restart statistics and the newest restarts; false (and nothing written) if that supervisor is
 * not known. */
bool answer_restarts(struct jsonw *j, const struct engine *e, int64_t now_ms, const char *supervisor) MUST_CHECK;
void answer_anomalies(struct jsonw *j, const struct engine *e); /* recent ones, newest first */
/* answer_top writes the first processes of a ranking, at most max. */
void answer_top(struct jsonw *j, const struct engine *e, enum top_kind kind, unsigned max);
void answer_event(struct jsonw *j,
    const struct node_event *ev); /* type, node, id, severity, timestamp, and the seed's shape as data */

/* answer_event_text appends one line for a person (no newline): what, where, who. `colour`: with ANSI colours. */
void answer_event_text(struct strbuf *out, const struct node_event *ev, bool colour);

#endif
