/* SPDX-License-Identifier: Apache-2.0 */
/* What is ahead of a node at the end of a report that goes up to what is known: gathered, and in each of its forms. */
#include "report/ahead.h"

#include <math.h>
#include <string.h>

#include "engine/answer_parts.h"
#include "report/gather.h"
#include "report/html.h"

#define NEAR 75 /* % of a limit: told also where no date is known */

/* ---- gathering ---- */

static void
hold(struct report *r)
{
	for (unsigned i = 0; i < r->prediction_count; i++) {
		struct prediction *p = &r->predictions[i];

		/* The reference is counted in the term, which is not changed otherwise. */
		p->supervisor = term_ref((struct term *)(uintptr_t)p->supervisor);
		p->child_id = term_ref((struct term *)(uintptr_t)p->child_id);
	}
}

void
gather_ahead(struct report *r, const struct engine *e)
{
	const struct sample *last = engine_last(e);
	enum node_state state = engine_state(e, NULL, NULL);

	/* The engine of a store was never linked. */
	if (r->end.time_ms || last == NULL || last->time_ms > r->range.to_ms ||
	    (state != NODE_UP && state != NODE_CONNECTING))
		return;
	r->ahead_ms = r->range.to_ms;
	engine_capacity(e, r->ahead_ms, r->resources, RESOURCE_COUNT);
	r->prediction_count = (unsigned)engine_predictions(e, r->ahead_ms, r->predictions, REPORT_PREDICTIONS_MAX);
	hold(r);
}

void
ahead_release(struct report *r)
{
	for (unsigned i = 0; i < r->prediction_count; i++) {
		term_unref((struct term *)(uintptr_t)r->predictions[i].supervisor);
		term_unref((struct term *)(uintptr_t)r->predictions[i].child_id);
	}
}

/* ---- what the text and the page share ---- */

static bool
is_worth_telling(const struct capacity *c)
{
	return c->full_ms != 0 || c->utilization >= NEAR;
}

/* Of those there are, the limits first; NULL beyond the last. */
static const char *
line(const struct report *r, unsigned n)
{
	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (is_worth_telling(&r->resources[i]) && n-- == 0)
			return r->resources[i].text;
	return n < r->prediction_count ? r->predictions[n].text : NULL;
}

/* The fullest, where nothing runs out. */
static void
add_fullest(struct strbuf *out, const struct report *r)
{
	const struct capacity *most = NULL;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		const struct capacity *c = &r->resources[i];

		if (isfinite(c->utilization) && (most == NULL || c->utilization > most->utilization))
			most = c;
	}
	if (most)
		strbuf_addf(out, "No limit is near, and no trend leads to one; the fullest is %s, at %.0f %%.",
		    RESOURCES[most->resource].what, most->utilization);
	else
		strbuf_adds(out, "Too little is known to say.");
}

static bool
has_limits(const struct report *r)
{
	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (is_worth_telling(&r->resources[i]))
			return true;
	return false;
}

void
ahead_lines(const struct report *r, void (*tell)(struct strbuf *out, const char *line), struct strbuf *out)
{
	struct strbuf fullest = STRBUF_INIT;
	const char *text;

	if (!has_limits(r)) {
		add_fullest(&fullest, r);
		tell(out, fullest.data);
	}
	for (unsigned n = 0; (text = line(r, n)) != NULL; n++)
		tell(out, text);
	strbuf_release(&fullest);
}

static void
tell_item(struct strbuf *out, const char *text)
{
	strbuf_adds(out, "<li>");
	html_add(out, text);
}

void
ahead_html(const struct report *r, struct strbuf *out)
{
	if (r->ahead_ms == 0)
		return;
	strbuf_adds(out, "<h2>What is ahead</h2><ul>");
	ahead_lines(r, tell_item, out);
	strbuf_adds(out, "</ul>\n");
}

void
ahead_json(const struct report *r, struct answer *a)
{
	a->ops->key(a, "predictions");
	if (r->ahead_ms)
		part_predictions(a, r->predictions, r->prediction_count);
	else
		a->ops->null(a);
	a->ops->key(a, "capacity");
	if (r->ahead_ms)
		part_capacity(a, r->resources, RESOURCE_COUNT, r->ahead_ms);
	else
		a->ops->null(a);
}
