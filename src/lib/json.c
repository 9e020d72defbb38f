/* SPDX-License-Identifier: Apache-2.0 */
/* Answers as JSON, by the engine's writers. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "engine/answer.h"
#include "lib/handle.h"

struct page {
	struct strbuf text;
	struct jsonw j;
	struct answer_json answer;
};

static void
page_init(struct page *p)
{
	*p = (struct page) { .text = STRBUF_INIT };
	jsonw_init(&p->j, &p->text);
	answer_json_init(&p->answer, &p->j);
}

static int
page_give(struct page *p, char **out)
{
	*out = strbuf_detach(&p->text);
	return ARSENAL_OK;
}

static int
check_out(struct arsenal *a, char **out)
{
	if (out)
		*out = NULL;
	if (a == NULL)
		return ARSENAL_ERR_ARGUMENT;
	if (out == NULL)
		return fail(a, ARSENAL_ERR_ARGUMENT, "out: it is NULL");
	return ARSENAL_OK;
}

static int
check_question(struct arsenal *a, int64_t now_ms, char **out)
{
	int code = check_out(a, out);

	return code == ARSENAL_OK ? time_check(a, now_ms) : code;
}

/* give_as_of gives an answer that depends on the time. */
static int
give_as_of(struct arsenal *a, int64_t now_ms, char **out,
    void (*answer)(struct answer *to, const struct engine *e, int64_t now_ms))
{
	int code = check_question(a, now_ms, out);
	struct page p;

	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	answer(&p.answer.base, a->engine, now_ms);
	return page_give(&p, out);
}

void
arsenal_string_free(char *text)
{
	free(text);
}

int
arsenal_node_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_node);
}

int
arsenal_health_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_health);
}

int
arsenal_performance_json(struct arsenal *a, char **out)
{
	int code = check_out(a, out);
	struct page p;

	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	answer_performance(&p.answer.base, a->engine);
	return page_give(&p, out);
}

int
arsenal_restarts_json(struct arsenal *a, int64_t now_ms, const char *supervisor, char **out)
{
	int code = check_question(a, now_ms, out);
	struct page p;

	if (code == ARSENAL_OK && supervisor)
		code = text_check(a, "supervisor", supervisor, ARSENAL_TEXT_MAX);
	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	if (answer_restarts(&p.answer.base, a->engine, now_ms, supervisor))
		return page_give(&p, out);
	strbuf_release(&p.text);
	return fail(a, ARSENAL_ERR_UNKNOWN, "no restart was reported under supervisor \"%.200s\"", supervisor);
}

int
arsenal_history_json(struct arsenal *a, int64_t start_ms, int64_t end_ms, char **out)
{
	int code = check_out(a, out);
	struct page p;

	if (code == ARSENAL_OK)
		code = range_check(a, "history", start_ms, end_ms);
	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	answer_history(&p.answer.base, a->engine, start_ms, end_ms);
	return page_give(&p, out);
}

static void
answer_all_patterns(struct answer *to, const struct engine *e, int64_t now_ms)
{
	answer_patterns(to, e, now_ms, PATTERN_TYPE_COUNT);
}

int
arsenal_patterns_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_all_patterns);
}

static void
answer_all_incidents(struct answer *to, const struct engine *e, int64_t now_ms)
{
	answer_incidents(to, e, now_ms, INCIDENTS_ALL);
}

int
arsenal_incidents_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_all_incidents);
}

int
arsenal_predictions_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_predictions);
}

int
arsenal_capacity_json(struct arsenal *a, int64_t now_ms, char **out)
{
	return give_as_of(a, now_ms, out, answer_capacity);
}

int
arsenal_anomalies_json(struct arsenal *a, char **out)
{
	int code = check_out(a, out);
	struct page p;

	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	answer_anomalies(&p.answer.base, a->engine);
	return page_give(&p, out);
}

int
arsenal_top_json(struct arsenal *a, const char *by, unsigned max, char **out)
{
	int code = check_out(a, out);
	enum top_kind kind;
	struct page p;

	if (code != ARSENAL_OK)
		return code;
	code = ranking_check(a, by, &kind);
	if (code != ARSENAL_OK)
		return code;
	if (max < 1 || max > 1000)
		return fail(a, ARSENAL_ERR_RANGE, "max: %u is not from 1 to 1000", max);
	page_init(&p);
	answer_top(&p.answer.base, a->engine, kind, max);
	return page_give(&p, out);
}

static void
stats_fields(const struct arsenal *a, int64_t now_ms, struct jsonw *j)
{
	jsonw_key(j, "node");
	jsonw_str(j, engine_node(a->engine));
	jsonw_key(j, "version");
	jsonw_str(j, ARSENAL_VERSION_STRING);
	jsonw_key(j, "uptime");
	jsonw_int(j, a->started_ms ? now_ms - a->started_ms : 0);
	jsonw_key(j, "active_subscriptions");
	jsonw_uint(j, subscription_count(a));
	jsonw_key(j, "events_dropped");
	jsonw_uint(j, a->dropped);
}

int
arsenal_stats_json(struct arsenal *a, int64_t now_ms, char **out)
{
	int code = check_question(a, now_ms, out);
	struct page p;

	if (code != ARSENAL_OK)
		return code;
	page_init(&p);
	jsonw_object(&p.j);
	stats_fields(a, now_ms, &p.j);
	answer_stats_fields(&p.answer.base, a->engine);
	jsonw_end(&p.j);
	return page_give(&p, out);
}
