/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report as JSON, with the readings of its end at full resolution: the flight record. Names and shapes are those of the other answers where they have
 * the thing, too. `samples` is by column: `timestamps` in milliseconds since the epoch, and under `metrics` a list as long for each metric, null where
 * it was not observed.
 */
#include <math.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/answer_parts.h"
#include "report/ahead.h"
#include "report/incidents.h"
#include "report/phrases.h"
#include "report/report.h"

static void
node_part(struct answer *a, const struct report *r)
{
	put_object(a, "node_info");
	part_text(a, "otp_release", r->info.otp_release);
	part_text(a, "erts_version", r->info.erts_version);
	part_text(a, "elixir", r->info.elixir);
	part_integer(a, "schedulers_online", r->info.schedulers_online);
	part_bool(a, "injected", r->info.injected);
	part_bool(a, "restarts_seen", r->info.restarts_seen);
	part_text(a, "note", r->info.note);
	part_time(a, "booted_at", r->boot_ms);
	put_end(a);
}

static void
headline_part(struct answer *a, const struct report *r)
{
	struct strbuf text = STRBUF_INIT;

	report_headline(r, &text);
	part_text(a, "headline", strbuf_cstr(&text));
	strbuf_release(&text);
}

static void
verdict_part(struct answer *a, const struct report_verdict *v)
{
	put_object(a, "verdict");
	part_word(a, "cause", v->cause);
	part_text(a, "title", v->title);
	part_real(a, "confidence", v->confidence);
	put_array(a, "reasons");
	for (unsigned i = 0; i < v->reason_count; i++)
		a->ops->text(a, v->reasons[i]);
	put_end(a);
	part_text(a, "also", v->also);
	put_end(a);
}

static void
dump_part(struct answer *a, struct jsonw *j, const struct report_end *end)
{
	a->ops->key(a, "crash_dump");
	if (!end->dump_path[0]) {
		a->ops->null(a);
		return;
	}
	a->ops->object(a);
	part_text(a, "path", end->dump_path);
	part_text(a, "note", end->dump_note);
	part_text(a, "slogan", end->dump_slogan);
	part_text(a, "cause", end->dump_cause);
	if (end->dump_json) {
		jsonw_key(j, "summary");
		jsonw_raw(j, end->dump_json);
	}
	put_end(a);
}

static void
end_part(struct answer *a, struct jsonw *j, const struct report_end *end)
{
	static const char *const processes[] = { NULL, "gone", "alive" };
	char sentence[REPORT_SENTENCE];

	a->ops->key(a, "end");
	if (end->time_ms == 0) {
		a->ops->null(a);
		return;
	}
	phrase_ending(sentence, end);
	a->ops->object(a);
	part_time(a, "timestamp", end->time_ms);
	part_text(a, "what", sentence);
	part_word(a, "state", node_state_name(end->state));
	part_text(a, "detail", end->detail);
	part_bool(a, "stopping", end->stopping);
	part_word(a, "process", processes[end->process]);
	part_integer(a, "os_pid", end->os_pid ? (double)end->os_pid : (double)NAN);
	part_bool(a, "unregistered", end->unregistered);
	part_bool(a, "oom_kills", end->oom_kills);
	part_integer(a, "losses", end->losses);
	part_word(a, "returned", REPORT_RETURNS[end->returned]);
	part_time(a, "returned_at", end->returned_ms);
	dump_part(a, j, end);
	put_end(a);
}

static void
growth_part(struct answer *a, const struct report *r)
{
	put_array(a, "grown");
	for (unsigned i = 0; i < r->grown_count; i++) {
		const struct report_growth *g = &r->grown[i];

		a->ops->object(a);
		part_word(a, "metric", METRICS[g->metric].name);
		part_word(a, "unit", metric_unit_name(METRICS[g->metric].unit));
		part_real(a, "before", g->before);
		part_real(a, "after", g->after);
		part_real(a, "peak", g->peak);
		part_real(a, "spread", g->spread);
		part_word(a, "compared_with", g->compared ? "time_before" : "begin_of_range");
		part_time(a, "since", g->since_ms);
		put_end(a);
	}
	put_end(a);
}

static void
growers_part(struct answer *a, const struct report *r)
{
	put_array(a, "growers");
	for (unsigned i = 0; i < r->grower_count; i++) {
		const struct report_grower *g = &r->growers[i];

		a->ops->object(a);
		part_text(a, "pid", g->process.pid);
		part_text(a, "name", g->process.name);
		part_word(a, "by", top_kind_name(g->kind));
		part_real(a, "first", g->first);
		part_bool(a, "first_is_bound", !g->was_ranked);
		part_time(a, "first_at", g->first_ms);
		part_real(a, "last", g->process.value);
		part_time(a, "last_at", g->last_ms);
		put_end(a);
	}
	put_end(a);
}

static void
top_part(struct answer *a, const struct report *r)
{
	put_object(a, "top");
	for (int k = 0; k < TOP_KIND_COUNT; k++)
		part_processes(a, top_kind_name((enum top_kind)k), r->top[k].rows, r->top[k].count);
	put_end(a);
}

static void
tables_part(struct answer *a, const struct report *r)
{
	put_array(a, "tables");
	for (unsigned i = 0; i < r->table_count; i++)
		part_table(a, &r->tables[i]);
	put_end(a);
}

static void
memory_part_of(struct answer *a, const struct report *r)
{
	put_array(a, "memory");
	for (unsigned i = 0; r->last && i < MEMORY_LEVEL_COUNT; i++) {
		const struct memory_level_account *l = &r->memory.levels[i];

		a->ops->object(a);
		part_word(a, "name", l->name);
		part_integer(a, "bytes", l->bytes);
		put_object(a, "parts");
		for (unsigned k = 0; k < l->part_count; k++)
			part_integer(a, l->parts[k].name, l->parts[k].bytes);
		put_end(a);
		put_end(a);
	}
	put_end(a);
}

static void
restart_rows(struct answer *a, const struct report *r)
{
	put_array(a, "by_child");
	for (unsigned i = 0; i < r->restart_row_count; i++) {
		const struct report_restarts *x = &r->restart_rows[i];

		a->ops->object(a);
		part_term(a, "supervisor", x->supervisor);
		part_term(a, "child_id", x->child_id);
		part_term(a, "reason", x->reason);
		part_word(a, "kind", restart_kind_name(x->kind));
		part_integer(a, "count", (double)x->count);
		part_time(a, "first", x->first_ms);
		part_time(a, "last", x->last_ms);
		put_end(a);
	}
	put_end(a);
}

static void
patterns_part(struct answer *a, const struct report *r)
{
	put_array(a, "patterns");
	for (unsigned i = 0; i < r->pattern_count; i++) {
		const struct pattern *p = &r->patterns[i].newest;

		a->ops->object(a);
		part_word(a, "type", PATTERNS[p->type].name);
		part_text(a, "pattern", p->text);
		part_term(a, "child_id", p->child_id);
		part_term(a, "supervisor", p->supervisor);
		part_real(a, "confidence", p->confidence);
		part_time(a, "first", p->first_ms);
		part_time(a, "last", p->last_ms);
		part_integer(a, "times", r->patterns[i].times);
		part_time(a, "first_of_them", r->patterns[i].first_ms);
		put_end(a);
	}
	put_end(a);
}

static void
restarts_part(struct answer *a, const struct report *r)
{
	put_object(a, "restarts");
	part_integer(a, "total", (double)r->restarts);
	part_integer(a, "failed", (double)r->failed);
	part_integer(a, "gave_up", (double)r->gave_up);
	restart_rows(a, r);
	put_array(a, "storms");
	for (unsigned i = 0; i < r->pattern_count; i++)
		if (r->patterns[i].newest.type == PATTERN_STORM)
			a->ops->text(a, r->patterns[i].newest.text);
	put_end(a);
	patterns_part(a, r);
	put_array(a, "timeline");
	for (unsigned i = 0; i < r->timeline_count; i++)
		part_restart(a, &r->timeline[i]);
	put_end(a);
	put_end(a);
}

static void
health_part(struct answer *a, const struct report *r)
{
	put_object(a, "health");
	part_word(a, "overall_status", level_name(r->overall));
	put_object(a, "levels");
	for (int c = 0; c < CRITERION_COUNT; c++)
		part_word(a, CRITERIA[c].name, level_name(r->levels[c]));
	put_end(a);
	put_array(a, "changes");
	for (unsigned i = 0; i < r->change_count; i++) {
		a->ops->object(a);
		part_time(a, "timestamp", r->changes[i].time_ms);
		part_word(a, "criterion", CRITERIA[r->changes[i].criterion].name);
		part_word(a, "from", level_name(r->changes[i].from));
		part_word(a, "to", level_name(r->changes[i].to));
		put_end(a);
	}
	put_end(a);
	part_text(a, "recommendations", r->recommendations);
	put_end(a);
}

static void
findings_part(struct answer *a, const struct report *r)
{
	put_array(a, "anomalies");
	for (unsigned i = 0; i < r->finding_count; i++)
		part_anomaly(a, &r->findings[i]->u.anomaly);
	put_end(a);
	part_integer(a, "anomalies_left_out", r->findings_left_out);
}

static void
links_part(struct answer *a, const struct report *r)
{
	put_array(a, "link");
	for (unsigned i = 0; i < r->link_count; i++) {
		a->ops->object(a);
		part_time(a, "timestamp", r->links[i].time_ms);
		part_word(a, "state", node_state_name(r->links[i].state));
		part_text(a, "detail", r->links[i].detail);
		put_end(a);
	}
	put_end(a);
}

static void
boots_part(struct answer *a, const struct report *r)
{
	put_array(a, "boots");
	for (size_t i = 0; i < r->boots.boot_count; i++) {
		a->ops->object(a);
		part_time(a, "booted", r->boots.boots[i].booted_ms);
		part_time(a, "lost", r->boots.boots[i].lost_ms);
		part_time(a, "seen", r->boots.boots[i].seen_ms);
		put_end(a);
	}
	put_end(a);
}

static void
deploys_part(struct answer *a, const struct report *r)
{
	put_array(a, "deploys");
	for (unsigned i = 0; i < r->deploy_count; i++) {
		a->ops->object(a);
		part_time(a, "timestamp", r->deploys[i].time_ms);
		part_integer(a, "changed", r->deploys[i].changed);
		part_text(a, "text", r->deploys[i].text);
		put_end(a);
	}
	put_end(a);
}

static void
samples_part(struct answer *a, struct jsonw *j, const struct report_columns *c)
{
	put_object(a, "samples");
	part_integer(a, "count", (double)c->count);
	part_bool(a, "cut", c->cut);
	put_array(a, "timestamps");
	for (size_t i = 0; i < c->count; i++)
		jsonw_int(j, c->times[i]);
	put_end(a);
	put_object(a, "metrics");
	for (int m = 0; m < METRIC_COUNT; m++) {
		if (c->values[m] == NULL)
			continue;
		put_array(a, METRICS[m].name);
		for (size_t i = 0; i < c->count; i++)
			jsonw_double(j, c->values[m][i]);
		put_end(a);
	}
	put_end(a);
	put_end(a);
}

/* Of a record that is kept: so it can be read also where only the record is. */
static void
text_part(struct answer *a, const struct report *r)
{
	struct strbuf text = STRBUF_INIT;

	report_text(r, &text, false);
	part_text(a, "text", text.data);
	strbuf_release(&text);
}

void
report_json(const struct report *r, struct strbuf *out)
{
	struct answer_json json;
	struct answer *a = &json.base;
	struct jsonw j;

	jsonw_init(&j, out);
	answer_json_init(&json, &j);
	a->ops->object(a);
	part_text(a, "id", r->id);
	part_word(a, "kind", r->end.time_ms ? "post_mortem" : "range");
	part_text(a, "node", r->node);
	put_object(a, "time_range");
	part_time(a, "start", r->range.from_ms);
	part_time(a, "end", r->range.to_ms);
	put_end(a);
	part_time(a, "made_at", r->made_ms);
	verdict_part(a, &r->verdict);
	headline_part(a, r);
	end_part(a, &j, &r->end);
	node_part(a, r);
	growth_part(a, r);
	growers_part(a, r);
	top_part(a, r);
	tables_part(a, r);
	memory_part_of(a, r);
	restarts_part(a, r);
	incidents_json(r, a);
	findings_part(a, r);
	health_part(a, r);
	links_part(a, r);
	boots_part(a, r);
	deploys_part(a, r);
	ahead_json(r, a);
	samples_part(a, &j, &r->columns);
	if (r->id[0])
		text_part(a, r);
	put_end(a);
}
