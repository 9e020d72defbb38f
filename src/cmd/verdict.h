/* SPDX-License-Identifier: Apache-2.0 */
/* A health answer (JSON, from a running arsenal or from an engine of our own) as one line and exit code of the plugin convention. */
#ifndef CMD_VERDICT_H
#define CMD_VERDICT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/strbuf.h"

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_CRITICAL, VERDICT_UNKNOWN }; /* the exit codes */

/* verdict_word: "OK", "WARNING", "CRITICAL", "UNKNOWN". */
const char *verdict_word(enum verdict v);

/*
 * verdict_line reads the JSON of /api/v1/nodes/{node}/health and appends "OK - node healthy: … | perfdata" to out. False with a reason if it is no such
 * JSON.
 */
bool verdict_line(
    const char *node, const char *health, struct strbuf *out, enum verdict *v, struct err *err) MUST_CHECK;

/* verdict_node_state reads the JSON of /api/v1/nodes/{node}: true if the node is up; otherwise "state: detail" is appended to out. */
bool verdict_node_is_up(const char *json, struct strbuf *out);

/*
 * verdict_incidents adds a line for each open incident of an answer of /incidents?open=true, each after a newline: since when, its id, title and next step.
 * What is no such answer adds nothing.
 */
void verdict_incidents(const char *incidents, struct strbuf *out);

#endif
