/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes: dispatch, the list under /api/v1 and the documentation come from it. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "http/site.h"

struct route {
	const char *pattern; /* segments; "{node}" and "{id}" are any one */
	void (*serve)(struct call *c);
	const char *params; /* names of query parameters, a space between; NULL: they do not matter */
	bool open;          /* without the token, too */
	const char *help;
};

extern const struct route ROUTES[];
extern const size_t ROUTE_COUNT;

/*
 * route_match: the path (not decoded) is the pattern's; a "/" at its end does not matter. *node and *node_len get the segment at {node} or {id}, not decoded, or
 * NULL.
 */
bool route_match(const char *pattern, const char *path, const char **node, size_t *node_len);

#endif
