/* SPDX-License-Identifier: Apache-2.0 */
/* The past over HTTP: everything that is kept of a time, or metrics in steps. Either may be long, and is written as the client takes it. */
#include <stdlib.h>

#include "base/alloc.h"
#include "engine/answer_history.h"
#include "http/columns.h"
#include "http/range.h"
#include "http/resources.h"
#include "http/site.h"

#define SPAN_MS 3600000

/* ---- everything ------------------------------------------------------------------------------------------------------- */

struct whole {
	struct history_answer *answer;
	struct answer_json json;
};

static enum download_progress
write_whole(void *arg, struct jsonw *j)
{
	struct whole *w = arg;

	if (w->json.j == NULL)
		answer_json_init(&w->json, j);
	return history_answer_write(w->answer, &w->json.base) ? DOWNLOAD_GOES_ON : DOWNLOAD_ENDS;
}

static void
free_whole(void *arg)
{
	struct whole *w = arg;

	history_answer_free(w->answer);
	free(w);
}

static void
serve_whole(struct call *c, int64_t start_ms, int64_t end_ms)
{
	static const struct download_writer writer = { write_whole, free_whole };
	struct whole *w = xcalloc(1, sizeof(*w));

	w->answer = history_answer_new(c->node, start_ms, end_ms);
	download_serve(&c->site->downloads, c->rp, &writer, w);
}

/* ---- in steps ---------------------------------------------------------------------------------------------------------- */

static void
serve_steps(struct call *c, const char *step, struct columns_query *q)
{
	struct err err;

	q->node = c->node;
	if (columns_step(step, &q->step_ms, &err) &&
	    columns_metrics(query_get(&c->query, "metric"), q->metrics, &err) &&
	    columns_fields(query_get(&c->query, "fields"), q->columns, &err) &&
	    columns_times(query_get(&c->query, "times"), &q->shared, &err) &&
	    columns_digits(query_get(&c->query, "digits"), &q->digits, &err) && columns_check(q, &err))
		columns_serve(q, &c->site->downloads, c->rp);
	else
		reply_error(c->rp, 400, "%s", err.text);
}

/* of_steps is a parameter that makes sense with steps only; NULL: there is none. */
static const char *
of_steps(const struct call *c)
{
	static const char *const names[] = { "metric", "fields", "times", "digits" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (query_get(&c->query, names[i]))
			return names[i];
	return NULL;
}

/* ---- the request ------------------------------------------------------------------------------------------------------- */

void
resource_history(struct call *c)
{
	const char *step = query_get(&c->query, "step");
	struct columns_query q = { .now_ms = c->site->source.now_ms(c->site->source.arg) };

	if (!range_take(c, SPAN_MS, &q.start_ms, &q.end_ms))
		return;
	if (step)
		serve_steps(c, step, &q);
	else if (of_steps(c))
		reply_error(c->rp, 400, "%s: it goes with step; without step all that is kept of that time is given",
		    of_steps(c));
	else
		serve_whole(c, q.start_ms, q.end_ms);
}
