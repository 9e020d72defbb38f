/* SPDX-License-Identifier: Apache-2.0 */
/* The past, as get_historical_data gives it. A day is some 17,000 samples: nothing is looked up or allocated for each. */
#include "engine/answer.h"
#include "engine/answer_health.h"
#include "engine/answer_parts.h"
#include "engine/answer_performance.h"

struct span {
	int64_t start_ms, end_ms;
};

static void
metrics_field(struct answer *a, const struct engine *e, struct span span)
{
	struct performance_layout layout;
	const struct sample *s;
	size_t it = 0;

	performance_layout_init(&layout);
	put_array(a, "metrics");
	while ((s = engine_past_sample(e, span.start_ms, span.end_ms, &it)) != NULL)
		performance_past(a, &layout, s);
	put_end(a);
}

static void
restarts_field(struct answer *a, const struct engine *e, struct span span)
{
	const struct restart *r;
	size_t it = 0;

	put_array(a, "restarts");
	while ((r = engine_past_restart(e, span.start_ms, span.end_ms, &it)) != NULL)
		part_restart(a, r);
	put_end(a);
}

static void
checks_field(struct answer *a, const struct engine *e, struct span span)
{
	const struct past_check *check;
	const struct sample *s;
	size_t it = 0;

	put_array(a, "health_checks");
	while ((check = engine_past_check(e, span.start_ms, span.end_ms, &it, &s)) != NULL)
		health_past(a, check, s);
	put_end(a);
}

static void
events_field(struct answer *a, const struct engine *e, struct span span)
{
	const struct node_event *ev;
	size_t it = 0;

	put_array(a, "events");
	while ((ev = engine_past_event(e, span.start_ms, span.end_ms, &it)) != NULL) {
		a->ops->object(a);
		part_word(a, "type", event_type_name(ev->type));
		part_time(a, "timestamp", ev->time_ms);
		part_word(a, "severity", severity_name(ev->severity));
		a->ops->key(a, "data");
		answer_event_data(a, ev);
		put_end(a);
	}
	put_end(a);
}

void
answer_history(struct answer *a, const struct engine *e, int64_t start_ms, int64_t end_ms)
{
	struct span span = { start_ms, end_ms };

	a->ops->object(a);
	put_object(a, "time_range");
	a->ops->key(a, "start");
	a->ops->instant(a, start_ms);
	a->ops->key(a, "end");
	a->ops->instant(a, end_ms);
	put_end(a);
	metrics_field(a, e, span);
	restarts_field(a, e, span);
	checks_field(a, e, span);
	events_field(a, e, span);
	put_end(a);
}
