/* SPDX-License-Identifier: Apache-2.0 */
#include "http/forecasts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

void
forecasts_release(struct forecasts *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->all[i]);
	free(f->all);
	memset(f, 0, sizeof(*f));
}

static struct forecast *
oldest(const struct forecasts *f, int64_t now_ms)
{
	struct forecast *old = NULL;

	for (size_t i = 0; i < f->count; i++) {
		struct forecast *c = f->all[i];

		if (c->asked && !c->due && now_ms - c->made_ms >= FORECAST_MAX_AGE_MS &&
		    (old == NULL || c->made_ms < old->made_ms))
			old = c;
	}
	return old;
}

void
forecasts_begin(struct forecasts *f, int64_t now_ms)
{
	struct forecast *c;

	for (size_t i = 0; i < f->count; i++)
		f->all[i]->due = false;
	for (f->left = FORECASTS_A_SCRAPE; f->left > 0 && (c = oldest(f, now_ms)) != NULL; f->left--)
		c->due = true;
	for (size_t i = 0; i < f->count; i++)
		f->all[i]->asked = false;
}

static struct forecast *
find(struct forecasts *f, const struct engine *e)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->all[i]->engine == e)
			return f->all[i];
	return NULL;
}

static struct forecast *
add(struct forecasts *f, const struct engine *e)
{
	struct forecast *c = xcalloc(1, sizeof(*c));

	c->engine = e;
	f->all = xreallocarray(f->all, f->count + 1, sizeof(*f->all));
	f->all[f->count++] = c;
	return c;
}

static void
copy_text(char to[FORECAST_TEXT], const struct term *t)
{
	struct strbuf text = STRBUF_INIT;

	utf8_add_visible(&text, t ? term_text(t) : "", FORECAST_TEXT - 8);
	snprintf(to, FORECAST_TEXT, "%s", strbuf_cstr(&text));
	strbuf_release(&text);
}

static void
add_failures(struct forecast *c, const struct engine *e, int64_t now_ms)
{
	struct prediction all[FORECAST_FAILURES];
	size_t count = engine_predictions(e, now_ms, all, FORECAST_FAILURES);

	c->failure_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct forecast_failure *to = &c->failures[c->failure_count];

		if (all[i].expected_ms == 0)
			continue;
		c->failure_count++;
		to->kind = all[i].kind;
		copy_text(to->supervisor, all[i].supervisor);
		copy_text(to->child, all[i].child_id);
		to->expected_ms = all[i].expected_ms;
		to->earliest_ms = all[i].earliest_ms;
		to->latest_ms = all[i].latest_ms;
	}
}

const struct forecast *
forecasts_of(struct forecasts *f, const struct engine *e, int64_t now_ms)
{
	struct forecast *c = find(f, e);

	if (c == NULL) {
		c = add(f, e);
		c->due = f->left > 0;
		f->left -= c->due;
	}
	c->asked = true;
	if (c->due) {
		c->due = false;
		c->made_ms = now_ms;
		engine_capacity(e, now_ms, c->resources, RESOURCE_COUNT);
		add_failures(c, e, now_ms);
	}
	return c->made_ms ? c : NULL;
}
