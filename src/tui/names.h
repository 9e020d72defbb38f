/* SPDX-License-Identifier: Apache-2.0 */
/* Names of what answers tell of, as one line. Foreign text in them may hold anything. */
#ifndef TUI_NAMES_H
#define TUI_NAMES_H

#include <jansson.h>

#include "base/strbuf.h"

/* name_process is a process's registered name, else what it began with, else its pid. */
const char *name_process(const json_t *process);
/* name_add_culprit appends who made a finding: a process with its pid, a table, those who started many. */
void name_add_culprit(struct strbuf *out, const json_t *culprit);
/* name_add_culprits appends them, commas between, at most `max`. */
void name_add_culprits(struct strbuf *out, const json_t *culprits, size_t max);
/* name_add_list appends a list of texts with a separator between. */
void name_add_list(struct strbuf *out, const json_t *texts, const char *separator);
/* name_pattern is a short word for a type of pattern. */
const char *name_pattern(const char *type);
/* name_add_criterion appends a criterion above healthy: "Restarts 86 in 5 min (critical above 10)". */
void name_add_criterion(struct strbuf *out, const char *name, const json_t *criterion);

#endif
