/* SPDX-License-Identifier: Apache-2.0 */
#include "model/pattern.h"

#include <string.h>

const struct pattern_kind PATTERNS[PATTERN_TYPE_COUNT] = {
	[PATTERN_STORM] = { "restart_storm", "storm", "restarts" },
	[PATTERN_CASCADE] = { "cascading_failure", "cascade", "rounds" },
	[PATTERN_PERIODIC] = { "periodic_restart", "periodic", "restarts" },
	[PATTERN_RESOURCE] = { "resource_correlated", "resource", "restarts" },
};

enum pattern_type
pattern_type_find(const char *name)
{
	int type = 0;

	while (type < PATTERN_TYPE_COUNT && strcmp(PATTERNS[type].name, name) != 0 &&
	    strcmp(PATTERNS[type].short_name, name) != 0)
		type++;
	return (enum pattern_type)type;
}

void
pattern_copy(struct pattern *to, const struct pattern *from)
{
	*to = *from;
	term_ref(to->supervisor);
	term_ref(to->child_id);
	for (unsigned i = 0; i < to->member_count; i++) {
		term_ref(to->members[i].supervisor);
		term_ref(to->members[i].child_id);
	}
}

void
pattern_release(struct pattern *p)
{
	term_unref(p->supervisor);
	term_unref(p->child_id);
	for (unsigned i = 0; i < p->member_count; i++) {
		term_unref(p->members[i].supervisor);
		term_unref(p->members[i].child_id);
	}
	memset(p, 0, sizeof(*p));
}

bool
pattern_concerns(const struct pattern *p, const struct term *supervisor)
{
	if (supervisor == NULL || term_same(p->supervisor, supervisor))
		return true;
	for (unsigned i = 0; i < p->member_count; i++)
		if (term_same(p->members[i].supervisor, supervisor))
			return true;
	return false;
}

static bool
comes_before(const struct pattern *a, const struct pattern *b)
{
	int order;

	if (a->last_ms != b->last_ms)
		return a->last_ms > b->last_ms;
	order = term_order(a->child_id, b->child_id);
	if (order == 0)
		order = term_order(a->supervisor, b->supervisor);
	return order != 0 ? order < 0 : a->type < b->type;
}

size_t
pattern_rank(struct pattern *list, size_t count, size_t max, const struct pattern *p)
{
	size_t i = count;

	if (i == max && (max == 0 || !comes_before(p, &list[--i])))
		return count;
	for (; i > 0 && comes_before(p, &list[i - 1]); i--)
		list[i] = list[i - 1];
	list[i] = *p;
	return count < max ? count + 1 : max;
}
