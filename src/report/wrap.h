/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a text for a terminal, none wider than it needs to be. Pure. */
#ifndef REPORT_WRAP_H
#define REPORT_WRAP_H

#include <stddef.h>

#include "base/strbuf.h"

#define WRAP_WIDTH 80

/*
 * wrap_lines breaks the lines of out from byte `start` on that are wider than WRAP_WIDTH, between words; what follows of a line stands two columns farther to
 * the right than its begin. A word that is wider alone stays whole. Escape sequences for colours take no width.
 */
void wrap_lines(struct strbuf *out, size_t start);

#endif
