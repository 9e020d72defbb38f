/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/probe_tree.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "beam/probe_message.h"
#include "etf/etf_term.h"
#include "etf/etf_write.h"

static bool
is_pid(const struct term *t)
{
	return t && !t->truncated && t->ext_len > 0 && etf_is_pid(t->ext[0]);
}

void
probe_put_tree_request(struct strbuf *out, const struct term *const *hints, size_t count)
{
	uint32_t n = 0;

	for (size_t i = 0; i < count && n < PROBE_TREE_HINTS; i++)
		n += is_pid(hints[i]);
	etf_put_tuple(out, 2);
	etf_put_atom(out, "tree");
	if (n > 0)
		etf_put_list(out, n);
	for (size_t i = 0; i < count && n > 0; i++)
		if (is_pid(hints[i])) {
			etf_put_raw(out, (struct etf_span) { hints[i]->ext, hints[i]->ext_len });
			n--;
		}
	etf_put_nil(out);
}

/* The number of an atom among words; an unknown one is an error. */
static int
read_word(struct etf *e, const char *const *words, int count)
{
	struct etf_atom atom;

	if (!etf_atom(e, &atom))
		return 0;
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], atom.text) == 0)
			return i;
	etf_fail(e);
	return 0;
}

/* A number, or `undefined`. */
static double
read_figure(struct etf *e)
{
	if (!etf_is_atom(etf_peek(e)))
		return etf_number(e);
	etf_skip(e);
	return NAN;
}

/* A term, or `undefined`. */
static struct term *
read_known(struct etf *e)
{
	struct etf at = *e;

	if (etf_is_atom(etf_peek(e)) && etf_atom_is(&at, "undefined")) {
		*e = at;
		return NULL;
	}
	return etf_term(e);
}

/* {Specs, Active, Supervisors, Workers}, or `undefined`: one specification may stand for many children. */
static void
read_counts(struct etf *e, struct tree_row *r)
{
	double specs, supervisors, workers;

	r->children = r->active = NAN;
	if (etf_is_atom(etf_peek(e))) {
		etf_skip(e);
		return;
	}
	etf_tuple_of(e, 4);
	specs = etf_number(e);
	r->active = etf_number(e);
	supervisors = etf_number(e);
	workers = etf_number(e);
	(void)specs;
	r->children = supervisors + workers;
}

/* Whoever draws a tree goes down as deep as it is. */
static bool
may_have_below(const struct tree_row *rows, int parent)
{
	int depth = 1;

	if (parent >= 0 && !rows[parent].supervisor)
		return false;
	for (; parent >= 0; parent = rows[parent].parent)
		if (depth++ > TREE_MAX_DEPTH)
			return false;
	return true;
}

/* {Parent, Type, Id, Pid, Name, Label, Module, Status, Listing, Counts, QueueLen, HeapBytes, Application} */
static void
read_row(struct etf *e, struct tree_row *rows, unsigned number)
{
	struct tree_row *r = &rows[number];
	int64_t parent;

	etf_tuple_of(e, 13);
	parent = etf_int(e);
	if (parent < -1 || parent >= (int64_t)number || !may_have_below(rows, (int)parent)) {
		etf_fail(e);
		return;
	}
	r->parent = (int)parent;
	r->supervisor = etf_atom_is(e, "supervisor");
	r->id = probe_read_wrapped(e);
	r->pid = read_known(e);
	r->name = read_known(e);
	etf_chars(e, r->label, sizeof(r->label));
	etf_chars(e, r->module, sizeof(r->module));
	r->status = (enum tree_status)read_word(e, TREE_STATUSES, TREE_STATUS_COUNT);
	r->listing = (enum tree_listing)read_word(e, TREE_LISTINGS, TREE_LISTING_COUNT);
	read_counts(e, r);
	r->queue_len = read_figure(e);
	r->heap_bytes = read_figure(e);
	etf_chars(e, r->application, sizeof(r->application));
	if (r->parent < 0) {
		term_unref(r->id);
		r->id = NULL;
	}
}

static void
read_rows(struct etf *e, struct tree *t)
{
	uint32_t n = etf_list(e);

	if (n > TREE_MAX_ROWS)
		etf_fail(e);
	if (!etf_ok(e))
		return;
	t->rows = n > 0 ? xcalloc(n, sizeof(*t->rows)) : NULL;
	for (; t->count < n && etf_ok(e); t->count++)
		read_row(e, t->rows, t->count);
	etf_list_end(e, n);
}

bool
probe_read_tree(struct etf *e, struct tree *t)
{
	memset(t, 0, sizeof(*t));
	etf_tuple_of(e, 4);
	if (!etf_atom_is(e, "tree"))
		return false;
	t->time_ms = etf_int(e);
	t->complete = etf_atom_is(e, "true");
	read_rows(e, t);
	if (etf_done(e))
		return true;
	tree_release(t);
	return false;
}
