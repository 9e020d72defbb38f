/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/strbuf.h"

/* Whom to ask: the arsenals that run with a state folder, or the one at an address. */
struct ask {
	const char *state_dir;
	const char *address; /* "127.0.0.1:4900"; NULL: those of the state folder */
	const char *token;   /* NULL: none */
	long timeout_ms;     /* for each that is asked */
};

/* ask_path asks for a path ("/api/v1/reports"): the first one that has it answers. False if none does. `body` gets the answer, 64 MB at most. */
bool ask_path(const struct ask *a, const char *path, struct strbuf *body) MUST_CHECK;
/* ask_add_escaped appends a text as it must stand in a path or query. */
void ask_add_escaped(struct strbuf *out, const char *text);
/*
 * ask_running asks the arsenals that run with this state folder for a resource of a node ("", "/health"): the first that knows the node answers. False if none
 * does. `body` gets the JSON. It waits 2 s at most for each.
 */
bool ask_running(const char *state_dir, const char *node, const char *resource, struct strbuf *body) MUST_CHECK;

#endif
