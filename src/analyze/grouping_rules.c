/* SPDX-License-Identifier: Apache-2.0 */
#include "analyze/grouping_rules.h"

#include "model/cause.h"
#include "model/kinship.h"

bool
within_samples(int64_t ms, int64_t interval_ms, int64_t samples)
{
	return ms <= samples * interval_ms;
}

/* apart is the time between the beginnings of two. */
static int64_t
apart(const struct incident_member *a, const struct incident_member *b)
{
	return a->since_ms > b->since_ms ? a->since_ms - b->since_ms : b->since_ms - a->since_ms;
}

bool
is_explained(int64_t interval_ms, const struct incident_member *m, const struct incident_member *by)
{
	enum kinship kin = kinship_of(m, by);

	if (m->type == ANOMALY_NODE_DOWN && by->since_ms > m->since_ms)
		return false;
	switch (cause_between(by->type, m->type)) {
	case CAUSE_CLOSE:
		return kin == KINSHIP_KIN || kin == KINSHIP_UNKNOWN;
	case CAUSE_LOOSE:
		return kin <= KINSHIP_SIBLINGS || within_samples(apart(m, by), interval_ms, GROUPING_NEAR);
	case CAUSE_WIDE:
		return kin <= KINSHIP_OTHERS || within_samples(apart(m, by), interval_ms, GROUPING_NEAR);
	case CAUSE_NONE:
		break;
	}
	return false;
}

static bool
is_of_one_kind(const struct incident_member *m, const struct incident_member *other)
{
	enum kinship kin = kinship_of(m, other);

	return m->type == other->type && (kin == KINSHIP_KIN || kin == KINSHIP_UNKNOWN);
}

/* is_lately: m was found when the other one was still fresh. */
static bool
is_lately(int64_t interval_ms, const struct incident_member *m, const struct incident_member *other)
{
	return within_samples(m->time_ms - other->seen_ms, interval_ms, GROUPING_LAG);
}

static bool
is_by_the_same(int64_t interval_ms, const struct incident_member *m, const struct incident_member *other)
{
	enum kinship kin = kinship_of(m, other);

	return kin == KINSHIP_KIN || (kin == KINSHIP_SIBLINGS && is_lately(interval_ms, m, other));
}

static bool
is_connected(int64_t interval_ms, const struct incident_member *m, const struct incident_member *other)
{
	return is_lately(interval_ms, m, other) &&
	    (is_explained(interval_ms, m, other) || is_explained(interval_ms, other, m));
}

/* began_with goes by when it began: how long that takes to be found depends on the metric. */
static bool
began_with(int64_t interval_ms, const struct incident_member *m, const struct incident_member *other)
{
	return within_samples(apart(m, other), interval_ms, GROUPING_NEAR) && kinship_of(m, other) != KINSHIP_STRANGERS;
}

enum incident_join
rule_between(int64_t interval_ms, const struct incident_member *m, const struct incident_member *other)
{
	if (is_of_one_kind(m, other))
		return JOIN_KIND;
	if (is_by_the_same(interval_ms, m, other))
		return JOIN_CULPRIT;
	if (is_connected(interval_ms, m, other))
		return JOIN_CAUSE;
	return began_with(interval_ms, m, other) ? JOIN_TIME : JOIN_COUNT;
}
