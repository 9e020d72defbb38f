/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/described.h"

#include <string.h>

static const struct survey_group *
same_group(const struct survey *s, const struct survey_group *g)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct survey_group *other = &survey_groups(s)[i];

		if (other->by == g->by &&
		    (g->by == GROUP_BY_CALL ? strcmp(other->name, g->name) : strcmp(other->pid, g->pid)) == 0)
			return other;
	}
	return NULL;
}

void
described_groups(struct survey *now, const struct survey *before)
{
	struct survey_group *groups = now->rows;

	for (unsigned i = 0; i < now->count; i++) {
		struct survey_group *g = &groups[i];
		const struct survey_group *known = g->one[0] == '\0' ? same_group(before, g) : NULL;

		if (known == NULL)
			continue;
		memcpy(g->one, known->one, sizeof(g->one));
		/* Nor is a parent without a registered name asked what it is. */
		if (g->by == GROUP_BY_PARENT && strcmp(g->name, g->pid) == 0)
			memcpy(g->name, known->name, sizeof(g->name));
	}
}
