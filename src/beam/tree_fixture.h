/* SPDX-License-Identifier: Apache-2.0 */
/* Included by tests only: a supervision tree as the probe writes it. */
#ifndef BEAM_TREE_FIXTURE_H
#define BEAM_TREE_FIXTURE_H

#include <string.h>

#include "etf/etf_write.h"

struct tree_fixture_row {
	int parent;
	const char *type, *id, *name, *status, *listing; /* id: "" is a cut one */
	int children;                                    /* -1: unknown; so for the others */
	int queue_len, heap_bytes;
	const char *application;
};

static inline void
tree_fixture_figure(struct strbuf *sb, int v)
{
	if (v >= 0)
		etf_put_int(sb, v);
	else
		etf_put_atom(sb, "undefined");
}

static inline void
tree_fixture_text(struct strbuf *sb, const char *text)
{
	etf_put_binary(sb, text, strlen(text));
}

static inline void
tree_fixture_put_row(struct strbuf *sb, uint32_t number, const struct tree_fixture_row *r)
{
	etf_put_tuple(sb, 13);
	etf_put_int(sb, r->parent);
	etf_put_atom(sb, r->type);
	etf_put_tuple(sb, 2);
	etf_put_atom(sb, *r->id ? "t" : "x");
	if (*r->id)
		etf_put_atom(sb, r->id);
	else
		tree_fixture_text(sb, "a long one ...");
	if (strcmp(r->status, "running") == 0)
		etf_put_pid(sb, "a@h", 100 + number, 0, 1);
	else
		etf_put_atom(sb, "undefined");
	etf_put_atom(sb, *r->name ? r->name : "undefined");
	tree_fixture_text(sb, "a label");
	tree_fixture_text(sb, "a_module");
	etf_put_atom(sb, r->status);
	etf_put_atom(sb, r->listing);
	if (r->children >= 0) {
		etf_put_tuple(sb, 4);
		etf_put_int(sb, 1);
		etf_put_int(sb, r->children);
		etf_put_int(sb, 0);
		etf_put_int(sb, r->children);
	} else {
		etf_put_atom(sb, "undefined");
	}
	tree_fixture_figure(sb, r->queue_len);
	tree_fixture_figure(sb, r->heap_bytes);
	tree_fixture_text(sb, r->application);
}

/* {tree, 5000, true, Rows} */
static inline void
tree_fixture_put(struct strbuf *sb, const struct tree_fixture_row *rows, uint32_t count)
{
	etf_put_tuple(sb, 4);
	etf_put_atom(sb, "tree");
	etf_put_int(sb, 5000);
	etf_put_atom(sb, "true");
	if (count > 0)
		etf_put_list(sb, count);
	for (uint32_t i = 0; i < count; i++)
		tree_fixture_put_row(sb, i, &rows[i]);
	etf_put_nil(sb);
}

#endif
