/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a node for its supervision tree, over whatever leads to its probe: shared by links and application. */
#ifndef TREE_REQUEST_H
#define TREE_REQUEST_H

#include "base/strbuf.h"
#include "beam/requests.h"
#include "server.h"

/* tree_request_put writes the question. */
void tree_request_put(struct strbuf *out, const struct engine *e);
/* tree_request_ended hands the answer to the server; a request_cb but for its first argument. */
void tree_request_ended(struct server_node *n, enum request_result result, struct etf *answer, const char *why);

#endif
