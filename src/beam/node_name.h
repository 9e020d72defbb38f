/* SPDX-License-Identifier: Apache-2.0 */
/* Node names as people write them. beam_parse_node (beam/watch.h) is defined here, too. */
#ifndef BEAM_NODE_NAME_H
#define BEAM_NODE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/node.h"

struct node_name {
	char name[NODE_NAME_MAX + 1]; /* "name@host" */
	int alive_len;                /* bytes before the @ */
	uint16_t port;                /* 0: ask EPMD */
};

/* node_name_host is the part behind the @. */
const char *node_name_host(const struct node_name *n);
/* node_name_parse reads "name@host", "name@host:port", "name@[::1]" or "name@[::1]:port". */
bool node_name_parse(const char *text, struct node_name *n, struct err *err) MUST_CHECK;

#endif
