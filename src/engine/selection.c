/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/map.h"
#include "base/strbuf.h"

#define KINDS 2

struct selection {
	struct map terms[KINDS][2]; /* by kind; only, except */
	bool metrics[2][METRIC_COUNT];
	bool only_metrics;
};

/* What belongs to a part of the seed's shape beside the metrics that have a path in it: those whose name begins so. */
static const struct {
	const char *group;
	const char *prefix;
} ALSO[] = {
	{ "cpu", "cpu_" },
	{ "cpu", "load" },
	{ "memory", "memory_" },
	{ "memory", "vm_memory_" },
	{ "processes", "process_" },
	{ "io", "io_" },
	{ "gc", "gc_" },
};

struct selection *
selection_new(void)
{
	return xcalloc(1, sizeof(struct selection));
}

void
selection_free(struct selection *s)
{
	if (s == NULL)
		return;
	for (int kind = 0; kind < KINDS; kind++)
		for (int except = 0; except < 2; except++)
			map_release(&s->terms[kind][except], NULL);
	free(s);
}

/* ---- restarts ---- */

/* The mark keeps a cut term and a binary of the same text apart. */
static void
make_key(struct strbuf *key, const struct term *t)
{
	strbuf_addc(key, t == NULL ? 'n' : t->truncated ? 'x' : 't');
	if (t)
		strbuf_add(key, t->ext, t->ext_len);
}

void
selection_term(struct selection *s, enum selection_kind kind, bool except, const struct term *t)
{
	struct strbuf key = STRBUF_INIT;

	make_key(&key, t);
	map_put(&s->terms[kind][except], key.data, key.len, s);
	strbuf_release(&key);
}

static bool
wants_term(const struct selection *s, enum selection_kind kind, const struct term *t)
{
	const struct map *only = &s->terms[kind][false], *except = &s->terms[kind][true];
	struct strbuf key = STRBUF_INIT;
	bool wanted;

	if (map_len(only) == 0 && map_len(except) == 0)
		return true;
	make_key(&key, t);
	wanted = (map_len(only) == 0 || map_get(only, key.data, key.len)) && !map_get(except, key.data, key.len);
	strbuf_release(&key);
	return wanted;
}

bool
selection_wants_restart(const struct selection *s, const struct restart *r)
{
	return wants_term(s, SELECT_SUPERVISOR, restart_key(r)) && wants_term(s, SELECT_CHILD, r->child_id);
}

/* ---- metrics ---- */

static bool
has_prefix(const char *text, const char *prefix, size_t len)
{
	return strncmp(text, prefix, len) == 0;
}

static bool
is_in_group(const struct metric *m, const char *group)
{
	size_t len = strlen(group);

	if (len > 0 && has_prefix(m->seed_path, group, len) && m->seed_path[len] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ALSO); i++)
		if (strcmp(ALSO[i].group, group) == 0 && has_prefix(m->name, ALSO[i].prefix, strlen(ALSO[i].prefix)))
			return true;
	return false;
}

bool
selection_metric(struct selection *s, bool except, const char *name, struct err *err)
{
	bool found = false;

	for (int i = 0; i < METRIC_COUNT; i++)
		if (strcmp(METRICS[i].name, name) == 0 || is_in_group(&METRICS[i], name))
			found = s->metrics[except][i] = true;
	if (!found)
		return err_set(err, "there is no metric or group of metrics %.64s", name);
	s->only_metrics = s->only_metrics || !except;
	return true;
}

bool
selection_wants_metric(const struct selection *s, enum metric_id id)
{
	return (!s->only_metrics || s->metrics[false][id]) && !s->metrics[true][id];
}
