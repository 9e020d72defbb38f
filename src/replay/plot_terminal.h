/* SPDX-License-Identifier: Apache-2.0 */
/* A line over time for a terminal, in Braille dots: eight to a character, so that a plot of 80 columns has 140 steps of time. */
#ifndef REPLAY_PLOT_TERMINAL_H
#define REPLAY_PLOT_TERMINAL_H

#include "base/strbuf.h"
#include "replay/plot_line.h"

#define PLOT_TERMINAL_LEAST 30 /* columns */

/*
 * plot_terminal appends the plot: a line with the name, `rows` of dots with an axis in front, a row of marks (^) below where something was found, one of
 * times. It is `columns` wide; colour: ANSI colours.
 */
void plot_terminal(struct strbuf *out, const struct plot_line *l, unsigned columns, unsigned rows, bool colour);

#endif
