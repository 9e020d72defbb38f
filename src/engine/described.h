/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_DESCRIBED_H
#define ENGINE_DESCRIBED_H

#include "model/survey.h"

/*
 * The probe describes one process of a group only in the moment in which the group grows by much: described_groups gives each row of *now what is said of the
 * same group (the parent's pid, or the call) in *before, where it says nothing itself. Both are surveys of groups; *before may be empty.
 */
void described_groups(struct survey *now, const struct survey *before);

#endif
