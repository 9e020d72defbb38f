/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/strbuf.h"

/*
 * ask_running asks the arsenals that run with this state folder for a resource of a node ("", "/health"): the first that knows the node answers. False if none
 * does. `body` gets the JSON. It waits 2 s at most for each.
 */
bool ask_running(const char *state_dir, const char *node, const char *resource, struct strbuf *body) MUST_CHECK;

#endif
