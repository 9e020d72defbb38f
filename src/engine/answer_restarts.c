/* SPDX-License-Identifier: Apache-2.0 */
/* The seed's restart statistics. */
#include <math.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"

#define RECENT_RESTARTS 100

static void
part_uint(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_uint(j, v);
}

static void
write_children(struct jsonw *j, const struct restart_stats *s)
{
	jsonw_key(j, "most_restarted_children");
	jsonw_array(j);
	for (unsigned i = 0; i < s->child_count; i++) {
		jsonw_object(j);
		part_text(j, "child_id", s->children[i].child_id);
		part_text(j, "supervisor", s->children[i].supervisor);
		part_uint(j, "count", s->children[i].count);
		jsonw_end(j);
	}
	jsonw_end(j);
}

static void
write_reasons(struct jsonw *j, const struct restart_stats *s)
{
	bool truncated = false;

	jsonw_key(j, "restart_reasons");
	jsonw_object(j);
	for (unsigned i = 0; i < s->reason_count; i++) {
		part_uint(j, s->reasons[i].reason, s->reasons[i].count);
		truncated = truncated || s->reasons[i].truncated;
	}
	jsonw_end(j);
	if (truncated) {
		jsonw_key(j, "truncated");
		jsonw_bool(j, true);
	}
}

static void
write_pattern(struct jsonw *j, const struct restart_pattern *p)
{
	jsonw_object(j);
	part_text(j, "type", p->type);
	part_text(j, "pattern", p->pattern);
	part_text(j, "child_id", p->child_id);
	part_text(j, "supervisor", p->supervisor);
	part_uint(j, "frequency", p->frequency);
	part_number(j, "confidence", p->confidence);
	part_time(j, "first", p->first_ms);
	part_time(j, "last", p->last_ms);
	jsonw_key(j, "active");
	jsonw_bool(j, p->active);
	jsonw_end(j);
}

static void
write_patterns(struct jsonw *j, const struct restart_stats *s)
{
	jsonw_key(j, "patterns");
	jsonw_array(j);
	for (unsigned i = 0; i < s->pattern_count; i++)
		write_pattern(j, &s->patterns[i]);
	jsonw_end(j);
}

static void
write_recent(struct jsonw *j, const struct engine *e, const char *supervisor)
{
	const struct restart *r;
	unsigned written = 0;

	jsonw_key(j, "recent");
	jsonw_array(j);
	for (size_t age = 0; written < RECENT_RESTARTS && (r = engine_restart_at(e, age)) != NULL; age++) {
		if (supervisor && strcmp(supervisor, term_text(r->supervisor)) != 0)
			continue;
		part_restart(j, r);
		written++;
	}
	jsonw_end(j);
}

bool
answer_restarts(struct jsonw *j, const struct engine *e, int64_t now_ms, const char *supervisor)
{
	struct restart_stats s;

	if (!engine_restart_stats(e, now_ms, supervisor, &s))
		return false;
	jsonw_object(j);
	part_uint(j, "total_restarts", s.total);
	part_number(j, "restart_rate", s.observed ? s.rate : NAN);
	write_children(j, &s);
	write_reasons(j, &s);
	part_number(j, "time_between_restarts", s.mean_interval_ms);
	write_patterns(j, &s);
	part_uint(j, "failed_attempts", s.failed);
	part_uint(j, "gave_up", s.gave_up);
	part_uint(j, "undescribed", s.undescribed);
	jsonw_key(j, "observed");
	jsonw_bool(j, s.observed);
	write_recent(j, e, supervisor);
	jsonw_end(j);
	return true;
}
