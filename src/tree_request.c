/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_request.h"

#include "beam/probe_tree.h"

void
tree_request_put(struct strbuf *out, const struct engine *e)
{
	const struct term *hints[PROBE_TREE_HINTS];

	probe_put_tree_request(out, hints, engine_supervisors(e, hints, PROBE_TREE_HINTS));
}

void
tree_request_ended(struct server_node *n, enum request_result result, struct etf *answer, const char *why)
{
	struct tree t = { .count = 0 };

	if (result == REQUEST_ANSWERED && !probe_read_tree(answer, &t)) {
		result = REQUEST_MALFORMED;
		why = "the probe's answer could not be read";
	}
	server_node_tree(n, result, &t, why);
	tree_release(&t);
}
