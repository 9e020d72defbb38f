/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines over time as a picture. It is drawn by cairo (libcairo.so.2), which is loaded when a picture is wanted: linked, it would cost every `watch` some
 * megabytes. What is used of it is declared here, as it has been since cairo 1.0.
 */
#ifndef REPLAY_PLOT_PNG_H
#define REPLAY_PLOT_PNG_H

#include "base/attr.h"
#include "base/err.h"
#include "replay/plot_line.h"

/* plot_png writes the file: a panel for each line, with the moments at which something was found in red. False with a reason that names the path. */
bool plot_png(const char *path, const char *title, const struct plot_line *const *lines, size_t count,
    struct err *err) MUST_CHECK;
/* plot_png_ready: whether plot_png could draw at all; false with the package that is missing. */
bool plot_png_ready(struct err *err) MUST_CHECK;

#endif
