/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of answers that are of incidents. */
#ifndef ENGINE_ANSWER_INCIDENTS_H
#define ENGINE_ANSWER_INCIDENTS_H

#include "engine/answer.h"

/*
 * part_incident_fields writes into an open object: id, title, severity, open, opened, last, ended, root and members (each a finding with how it joined),
 * next_step, restarts, health (criteria that rose above healthy), node_down.
 */
void part_incident_fields(struct answer *a, const struct incident *i);

#endif
