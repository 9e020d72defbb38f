/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of words around the panel: the names of the panels above it, keys, a prompt or a note below. */
#ifndef TUI_FOOT_H
#define TUI_FOOT_H

#include "tui/view.h"

/* foot_tabs draws the panels' names, the one that is shown marked, and what rows are filtered by. */
void foot_tabs(const struct view *v, struct cells *c, int row);
/* foot_draw draws what is typed, else a note while it is new, else the keys, as many as there is room for. */
void foot_draw(const struct view *v, struct cells *c, int row);

#endif
