/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlet_json.h"

#include "base/jsonw.h"
#include "engine/answer.h"
#include "replay/outlet_text.h"

static void
put(const struct json_outlet *o, struct strbuf *line)
{
	strbuf_addc(line, '\n');
	fwrite(line->data, 1, line->len, o->to);
	strbuf_release(line);
}

static void
key_text(struct jsonw *j, const char *key, const char *text)
{
	jsonw_key(j, key);
	jsonw_str(j, text);
}

static void
key_uint(struct jsonw *j, const char *key, uint64_t v)
{
	jsonw_key(j, key);
	jsonw_uint(j, v);
}

static void
on_point(void *arg, const struct replay_point *p)
{
	const struct json_outlet *o = arg;
	struct strbuf line = STRBUF_INIT;
	bool reported = p->usable && p->verdict.reported;
	struct jsonw j;

	if (!p->usable || !(o->scores || reported))
		return;
	jsonw_init(&j, &line);
	jsonw_object(&j);
	key_text(&j, "type", reported ? "anomaly" : "sample");
	key_text(&j, "series", p->series);
	jsonw_key(&j, "timestamp");
	jsonw_time(&j, p->time_ms);
	key_text(&j, "time", p->time_text);
	jsonw_key(&j, "value");
	jsonw_double(&j, p->value);
	jsonw_key(&j, "score");
	jsonw_double(&j, p->verdict.score);
	jsonw_end(&j);
	put(o, &line);
}

static void
on_event(void *arg, const struct node_event *ev)
{
	const struct json_outlet *o = arg;
	struct strbuf line = STRBUF_INIT;
	struct answer_json a;
	struct jsonw j;

	if (!o->all && !event_is_finding(ev))
		return;
	jsonw_init(&j, &line);
	answer_json_init(&a, &j);
	answer_event(&a.base, ev);
	put(o, &line);
}

/* Without samples there is no time. */
static void
key_time(struct jsonw *j, const char *key, const struct replay_totals *t, int64_t time_ms)
{
	jsonw_key(j, key);
	if (t->samples > 0)
		jsonw_time(j, time_ms);
	else
		jsonw_null(j);
}

static void
add_flaws(struct jsonw *j, const struct flaws *f)
{
	jsonw_key(j, "flaws");
	jsonw_object(j);
	for (int kind = 0; kind < FLAW_COUNT; kind++)
		if (f->count[kind] > 0)
			key_uint(j, flaw_name((enum flaw)kind), f->count[kind]);
	jsonw_end(j);
}

static void
on_end(void *arg, const char *file, const struct replay_totals *t, const struct flaws *f)
{
	const struct json_outlet *o = arg;
	struct strbuf line = STRBUF_INIT;
	struct jsonw j;

	jsonw_init(&j, &line);
	jsonw_object(&j);
	key_text(&j, "type", "summary");
	key_text(&j, "file", file);
	key_uint(&j, t->kind == REPLAY_NODES ? "nodes" : "series", t->series);
	key_uint(&j, "samples", t->samples);
	key_uint(&j, "restarts", t->restarts);
	key_uint(&j, "left_out", t->left_out);
	key_uint(&j, "anomalies", t->anomalies);
	key_uint(&j, "incidents", t->incidents);
	jsonw_key(&j, "anomaly_threshold");
	jsonw_double(&j, t->threshold);
	key_time(&j, "first", t, t->first_ms);
	key_time(&j, "last", t, t->last_ms);
	add_flaws(&j, f);
	jsonw_end(&j);
	put(o, &line);
}

struct outlet
json_outlet(struct json_outlet *o)
{
	return (struct outlet) { .point = on_point, .event = on_event, .end = on_end, .arg = o };
}
