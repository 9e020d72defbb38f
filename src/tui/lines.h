/* SPDX-License-Identifier: Apache-2.0 */
/* The selected node's lines of the last minutes: each with its name, its value now, and the highest that it had. */
#ifndef TUI_LINES_H
#define TUI_LINES_H

#include "tui/view.h"

/* lines_draw draws as many of them as there is room for, two in a row where the screen is wide enough, and returns the rows that it took. */
int lines_draw(const struct view *v, struct cells *c, int row, int height);

#endif
