/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selective monitoring: only, or all except, some supervisors, children, metrics. A restart that is not wanted is not counted, kept or
 * published; a metric that is not wanted is not observed (it is neither kept nor judged nor shown).
 */
#ifndef ENGINE_SELECTION_H
#define ENGINE_SELECTION_H

#include <stdbool.h>

#include "base/err.h"
#include "model/restart.h"
#include "model/sample.h"

struct selection;

enum selection_kind { SELECT_SUPERVISOR, SELECT_CHILD };

struct selection *selection_new(void);
void selection_free(struct selection *s);
/* selection_term adds a supervisor (by its identity) or a child to those that are wanted (only) or not (except). A restart is wanted if
 * it is in the "only" list, where there is one, and not in the "except" list. */
void selection_term(struct selection *s, enum selection_kind kind, bool except, const struct term *t);
/* selection_metric: a metric's name, or the first part of seed paths ("cpu", "memory", "processes", "io", "gc"), which means all its
 * metrics. False with a reason if there is none of that name. */
bool selection_metric(struct selection *s, bool except, const char *name, struct err *err) MUST_CHECK;
bool selection_wants_restart(const struct selection *s, const struct restart *r);
bool selection_wants_metric(const struct selection *s, enum metric_id id);

#endif
