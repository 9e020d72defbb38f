/* SPDX-License-Identifier: Apache-2.0 */
#include "model/supervisor.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const STRATEGIES[STRATEGY_COUNT] = { "unknown", "one_for_one", "one_for_all", "rest_for_one",
	"simple_one_for_one" };

const char *
strategy_name(enum strategy s)
{
	return STRATEGIES[s];
}

enum strategy
strategy_find(const char *name)
{
	for (int i = 0; i < STRATEGY_COUNT; i++)
		if (strcmp(STRATEGIES[i], name) == 0)
			return (enum strategy)i;
	return STRATEGY_UNKNOWN;
}

struct siblings *
siblings_new(unsigned n)
{
	struct siblings *s = xcalloc(1, sizeof(*s) + n * sizeof(s->ids[0]));

	s->refs = 1;
	s->count = n;
	return s;
}

struct siblings *
siblings_ref(struct siblings *s)
{
	if (s)
		s->refs++;
	return s;
}

void
siblings_unref(struct siblings *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	for (unsigned i = 0; i < s->count; i++)
		term_unref(s->ids[i]);
	free(s);
}

void
supervisor_facts_release(struct supervisor_facts *f)
{
	term_unref(f->supervisor);
	term_unref(f->pid);
	siblings_unref(f->siblings);
	memset(f, 0, sizeof(*f));
}
