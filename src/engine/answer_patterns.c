/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns among restarts. What only some types have is there only for these. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer.h"
#include "engine/answer_parts.h"

/* In one answer; the latest come first. */
#define PATTERNS_LISTED 500

const char *
resource_word(enum metric_id id)
{
	static const char *const words[ANOMALY_TYPE_COUNT] = {
		[ANOMALY_CPU] = "cpu",
		[ANOMALY_MEMORY] = "memory",
		[ANOMALY_MESSAGE_QUEUE] = "message_queue",
	};
	const char *word = words[METRICS[id].anomaly];

	return word ? word : METRICS[id].name;
}

/* Whole seconds, as the seed counts them, and never none: who adds them gets on. */
static void
periodic_fields(struct answer *a, const struct pattern *p)
{
	part_integer(a, "interval", fmax(1, round(p->interval_ms / 1000)));
	part_real(a, "interval_ms", p->interval_ms);
	part_real(a, "jitter", p->jitter);
	part_integer(a, "missed", (double)p->missed);
	part_time(a, "last_restart", p->last_ms);
}

static void
cascade_fields(struct answer *a, const struct pattern *p)
{
	put_array(a, "members");
	for (unsigned i = 0; i < p->member_count; i++) {
		a->ops->object(a);
		part_term(a, "child_id", p->members[i].child_id);
		part_term(a, "supervisor", p->members[i].supervisor);
		part_cut(a, p->members[i].child_id, p->members[i].supervisor);
		put_end(a);
	}
	put_end(a);
	part_real(a, "delay_ms", p->delay_ms);
}

static void
resource_fields(struct answer *a, const struct pattern *p)
{
	part_word(a, "resource_type", resource_word(p->resource));
	part_word(a, "metric", METRICS[p->resource].name);
	part_measure(a, "resource_threshold", p->resource, p->resource_threshold);
	part_text(a, "unit", metric_unit_name(METRICS[p->resource].unit));
	part_real(a, "fired", p->fired);
	part_real(a, "delay_ms", p->delay_ms);
}

static void
type_fields(struct answer *a, const struct pattern *p)
{
	switch (p->type) {
	case PATTERN_CASCADE:
		cascade_fields(a, p);
		break;
	case PATTERN_PERIODIC:
		periodic_fields(a, p);
		break;
	case PATTERN_RESOURCE:
		resource_fields(a, p);
		break;
	case PATTERN_STORM:
	case PATTERN_TYPE_COUNT:
		break;
	}
}

void
part_pattern_fields(struct answer *a, const struct pattern *p)
{
	part_word(a, "type", PATTERNS[p->type].name);
	part_text(a, "pattern", p->text);
	part_term(a, "child_id", p->child_id);
	part_term(a, "supervisor", p->supervisor);
	part_integer(a, "frequency", (double)p->frequency);
	part_real(a, "confidence", p->confidence);
	part_time(a, "first", p->first_ms);
	part_time(a, "last", p->last_ms);
	part_time(a, "detected", p->detected_ms);
	part_bool(a, "active", p->active);
	type_fields(a, p);
	part_cut(a, p->child_id, p->supervisor);
}

void
part_patterns(struct answer *a, const struct pattern *p, size_t count)
{
	a->ops->array(a);
	for (size_t i = 0; i < count; i++) {
		a->ops->object(a);
		part_pattern_fields(a, &p[i]);
		put_end(a);
	}
	put_end(a);
}

void
answer_patterns(struct answer *a, const struct engine *e, int64_t now_ms, enum pattern_type type)
{
	struct pattern *list = xcalloc(PATTERNS_LISTED, sizeof(*list));
	size_t count = engine_patterns(e, now_ms, list, PATTERNS_LISTED), wanted = 0;

	for (size_t i = 0; i < count; i++)
		if (type == PATTERN_TYPE_COUNT || list[i].type == type)
			list[wanted++] = list[i];
	part_patterns(a, list, wanted);
	free(list);
}
