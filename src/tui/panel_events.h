/* SPDX-License-Identifier: Apache-2.0 */
/* Events as lines, and the filters over them. */
#ifndef TUI_PANEL_EVENTS_H
#define TUI_PANEL_EVENTS_H

#include <jansson.h>

#include "base/strbuf.h"

/* events_add_line appends what an event says. */
void events_add_line(struct strbuf *out, const json_t *ev);

/* The filters, 0 lets everything through: what comes after one, and what it is called. */
int events_next_type(int type);
const char *events_type_word(int type);
int events_next_severity(int severity);
const char *events_severity_word(int severity);

#endif
