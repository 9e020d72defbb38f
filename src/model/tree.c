/* SPDX-License-Identifier: Apache-2.0 */
#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

const char *const TREE_STATUSES[TREE_STATUS_COUNT] = {
#define TREE_NAME(id, name, ...) [TREE_##id] = name,
	TREE_STATUS_TABLE(TREE_NAME)
};

const char *const TREE_LISTINGS[TREE_LISTING_COUNT] = { TREE_LISTING_TABLE(TREE_NAME)
#undef TREE_NAME
};

const struct term *
tree_key(const struct tree_row *r)
{
	return r->name ? r->name : r->pid;
}

void
tree_release(struct tree *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		term_unref(t->rows[i].id);
		term_unref(t->rows[i].pid);
		term_unref(t->rows[i].name);
	}
	free(t->rows);
	memset(t, 0, sizeof(*t));
}
