/* SPDX-License-Identifier: Apache-2.0 */
/* What arsenal finds of a node: its state, health, restarts, anomalies, and who stands out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "http/exposition.h"
#include "http/scrape.h"

#define TOP_ROWS 5
#define TOP_NAME 100 /* bytes of a name in a label */

/* ---- what arsenal finds: one value a node ------------------------------------------------------------------------- */

static double
get_up(const struct subject *s)
{
	return engine_state(s->engine, NULL, NULL) == NODE_UP;
}

static double
get_since(const struct subject *s)
{
	int64_t since_ms = 0;

	engine_state(s->engine, NULL, &since_ms);
	return since_ms ? (double)since_ms / 1000 : (double)NAN;
}

/* The newest that is known. */
static double
get_deployed(const struct subject *s)
{
	const struct past_deploy *d;
	int64_t last_ms = 0;
	size_t it = 0;

	while ((d = engine_past_deploy(s->engine, 0, INT64_MAX, &it)) != NULL)
		last_ms = d->time_ms;
	return last_ms ? (double)last_ms / 1000 : (double)NAN;
}

static double
get_last_sample(const struct subject *s)
{
	const struct sample *last = engine_last(s->engine);

	return last ? (double)last->time_ms / 1000 : (double)NAN;
}

/* Restarts that nobody looks for are not zero. One that was seen counts, also when the capture has ended. */
static double
if_seen(const struct subject *s, uint64_t count)
{
	return s->restarts.observed || s->restarts.total || s->restarts.undone ? (double)count : (double)NAN;
}

/* A counter never falls: what was taken out of the total again stays in it, and is subtracted by who wants that. */
static double
get_restarts(const struct subject *s)
{
	return if_seen(s, s->restarts.total + s->restarts.undone);
}

static double
get_restarts_undone(const struct subject *s)
{
	return if_seen(s, s->restarts.undone);
}

static double
get_restarts_failed(const struct subject *s)
{
	return if_seen(s, s->restarts.failed);
}

static double
get_gave_up(const struct subject *s)
{
	return if_seen(s, s->restarts.gave_up);
}

static double
get_restart_rate(const struct subject *s)
{
	return s->restarts.observed ? s->restarts.rate : (double)NAN;
}

static double
get_storms(const struct subject *s)
{
	unsigned active = 0;

	for (unsigned i = 0; i < s->restarts.pattern_count; i++)
		active += s->restarts.patterns[i].type == PATTERN_STORM && s->restarts.patterns[i].active;
	return s->restarts.observed ? active : (double)NAN;
}

static double
get_anomalies_active(const struct subject *s)
{
	return s->anomaly_count;
}

static double
get_incidents_open(const struct subject *s)
{
	const struct incident *all[INCIDENTS_KEPT];
	size_t count = engine_incidents(s->engine, all, INCIDENTS_KEPT), open = 0;

	for (size_t i = 0; i < count; i++)
		open += all[i]->ended_ms == 0;
	return (double)open;
}

static double
get_anomalies(const struct subject *s)
{
	return (double)s->counts.anomalies;
}

static double
get_events(const struct subject *s)
{
	return (double)s->counts.events;
}

static double
get_events_dropped(const struct subject *s)
{
	return (double)s->counts.events_dropped;
}

static double
get_samples(const struct subject *s)
{
	return (double)s->counts.samples;
}

static double
get_health_checks(const struct subject *s)
{
	return (double)s->counts.health_checks;
}

/* ---- what arsenal finds: many values a node ----------------------------------------------------------------------- */

static void
write_scores(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	for (int m = 0; s->sample && m < METRIC_COUNT; m++) {
		double score = engine_score(s->engine, (enum metric_id)m);

		snprintf(label, sizeof(label), "metric=\"%s\"", METRICS[m].name);
		if (isfinite(score))
			exposition_sample(sc->out, name, s->label, label, score);
	}
}

static void
write_health(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	if (s->sample == NULL)
		return;
	for (int c = 0; c < CRITERION_COUNT; c++) {
		enum level level = s->health.criteria[c].level;

		snprintf(label, sizeof(label), "criterion=\"%s\"", CRITERIA[c].name);
		if (level != LEVEL_UNKNOWN)
			exposition_sample(sc->out, name, s->label, label, (double)level - LEVEL_HEALTHY);
	}
	if (s->health.overall != LEVEL_UNKNOWN)
		exposition_sample(
		    sc->out, name, s->label, "criterion=\"overall\"", (double)s->health.overall - LEVEL_HEALTHY);
}

static void
write_health_values(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	for (int c = 0; s->sample && c < CRITERION_COUNT; c++)
		if (s->health.criteria[c].level != LEVEL_UNKNOWN) {
			snprintf(label, sizeof(label), "criterion=\"%s\"", CRITERIA[c].name);
			exposition_sample(sc->out, name, s->label, label, s->health.criteria[c].value);
		}
}

static void
write_health_limits(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[96];

	for (int c = 0; s->sample && c < CRITERION_COUNT; c++) {
		const struct criterion_state *state = &s->health.criteria[c];

		if (state->level == LEVEL_UNKNOWN)
			continue;
		for (int critical = 0; critical < 2; critical++) {
			snprintf(label, sizeof(label), "criterion=\"%s\",level=\"%s\"", CRITERIA[c].name,
			    critical ? "critical" : "warning");
			exposition_sample(sc->out, name, s->label, label, critical ? state->critical : state->warning);
		}
	}
}

static void
write_children(const struct scrape *sc, const struct subject *s, const char *name)
{
	struct strbuf labels = STRBUF_INIT;

	for (unsigned i = 0; i < s->restarts.child_count; i++) {
		const struct child_count *c = &s->restarts.children[i];

		strbuf_reset(&labels);
		exposition_label(&labels, "supervisor", term_text(c->supervisor));
		exposition_label(&labels, "child", term_text(c->child_id));
		exposition_sample(sc->out, name, s->label, labels.data, (double)(c->count + c->undone));
	}
	strbuf_release(&labels);
}

static void
write_budgets(const struct scrape *sc, const struct subject *s, const char *name)
{
	struct strbuf labels = STRBUF_INIT;

	for (unsigned i = 0; s->sample && i < s->restarts.budget_count; i++) {
		strbuf_reset(&labels);
		exposition_label(&labels, "supervisor", term_text(s->restarts.budgets[i].supervisor));
		exposition_sample(sc->out, name, s->label, labels.data, 100 * s->restarts.budgets[i].share);
	}
	strbuf_release(&labels);
}

static void
write_patterns(const struct scrape *sc, const struct subject *s, const char *name)
{
	unsigned active[PATTERN_TYPE_COUNT] = { 0 };
	char label[64];

	if (!s->restarts.observed)
		return;
	for (unsigned i = 0; i < s->restarts.pattern_count; i++)
		active[s->restarts.patterns[i].type] += s->restarts.patterns[i].active;
	for (int t = 0; t < PATTERN_TYPE_COUNT; t++) {
		snprintf(label, sizeof(label), "type=\"%s\"", PATTERNS[t].name);
		exposition_sample(sc->out, name, s->label, label, active[t]);
	}
}

/* How strong the strongest of each type is: one sample a type, also if two metrics show it. */
static void
write_anomalies(const struct scrape *sc, const struct subject *s, const char *name)
{
	double score[ANOMALY_TYPE_COUNT] = { 0 };
	char label[64];

	for (unsigned i = 0; i < s->anomaly_count; i++)
		score[s->anomalies[i]->type] = fmax(score[s->anomalies[i]->type], s->anomalies[i]->score);
	for (int t = 0; t < ANOMALY_TYPE_COUNT; t++) {
		snprintf(label, sizeof(label), "type=\"%s\"", ANOMALIES[t].name);
		if (score[t] > 0)
			exposition_sample(sc->out, name, s->label, label, score[t]);
	}
}

static const char *
top_name(struct strbuf *out, const struct top_process *p)
{
	strbuf_reset(out);
	utf8_add_visible(out, *p->name ? p->name : p->initial_call, TOP_NAME);
	return strbuf_cstr(out);
}

/* As they are told: two may differ in what is not shown, and a sample must not come twice. */
static bool
came_before(const struct top_process *rows, unsigned n)
{
	struct strbuf name = STRBUF_INIT, other = STRBUF_INIT;
	bool came = false;

	top_name(&name, &rows[n]);
	for (unsigned i = 0; i < n && !came; i++)
		came = strcmp(top_name(&other, &rows[i]), strbuf_cstr(&name)) == 0;
	strbuf_release(&name);
	strbuf_release(&other);
	return came;
}

/* By name, for pids come and go: of those that share one, the first is the largest. */
static void
write_top(const struct scrape *sc, const struct subject *s, const char *name)
{
	struct strbuf labels = STRBUF_INIT, who = STRBUF_INIT;

	for (int k = 0; s->sample && k < TOP_KIND_COUNT; k++) {
		unsigned count, written = 0;
		const struct top_process *rows = engine_top(s->engine, (enum top_kind)k, &count);

		for (unsigned i = 0; i < count && written < TOP_ROWS; i++) {
			if (*top_name(&who, &rows[i]) == '\0' || came_before(rows, i))
				continue;
			strbuf_reset(&labels);
			exposition_label(&labels, "by", top_kind_name((enum top_kind)k));
			exposition_label(&labels, "process", strbuf_cstr(&who));
			exposition_sample(sc->out, name, s->label, labels.data, rows[i].value);
			written++;
		}
	}
	strbuf_release(&labels);
	strbuf_release(&who);
}

static void
write_schedulers(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[32];

	for (unsigned i = 0; s->sample && i < s->sample->scheduler_count; i++) {
		snprintf(label, sizeof(label), "scheduler=\"%u\"", i + 1);
		if (s->sample->scheduler_total[i])
			exposition_sample(sc->out, name, s->label, label, (double)s->sample->scheduler_utilization[i]);
	}
}

static void
write_info(const struct scrape *sc, const struct subject *s, const char *name)
{
	const struct node_info *info = engine_node_info(s->engine);
	char labels[160];

	if (info == NULL || info->otp_release[0] == '\0')
		return;
	/* Versions come from the node: only what a version is made of gets through. */
	snprintf(labels, sizeof(labels), "otp_release=\"%.*s\",erts_version=\"%.*s\",elixir=\"%.*s\"",
	    (int)strcspn(info->otp_release, "\\\"\n"), info->otp_release, (int)strcspn(info->erts_version, "\\\"\n"),
	    info->erts_version, (int)strcspn(info->elixir, "\\\"\n"), info->elixir);
	exposition_sample(sc->out, name, s->label, labels, 1);
}

static void
write_state(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	snprintf(label, sizeof(label), "state=\"%s\"", node_state_name(engine_state(s->engine, NULL, NULL)));
	exposition_sample(sc->out, name, s->label, label, 1);
}

static const struct own_family OWN[] = {
	{ "arsenal_node_up", KIND_GAUGE, get_up, NULL, "1 while the node is linked and samples come in" },
	{ "arsenal_node_state", KIND_GAUGE, NULL, write_state,
	    "1 for the state of the link: connecting, up, stalled, unreachable, refused, hanging, incompatible" },
	{ "arsenal_node_state_since_timestamp_seconds", KIND_GAUGE, get_since, NULL,
	    "When the link came into its state" },
	{ "arsenal_node_info", KIND_GAUGE, NULL, write_info, "1, with the versions of the node" },
	{ "arsenal_last_deploy_timestamp_seconds", KIND_GAUGE, get_deployed, NULL,
	    "When other versions of applications than before were seen, last; no sample where none were" },
	{ "arsenal_last_sample_timestamp_seconds", KIND_GAUGE, get_last_sample, NULL, "Time of the last sample" },
	{ "arsenal_scheduler_utilization_percent", KIND_GAUGE, NULL, write_schedulers,
	    "Busy share of each online normal scheduler over the last interval" },
	{ "arsenal_health_level", KIND_GAUGE, NULL, write_health,
	    "0 healthy, 1 warning, 2 critical; of each criterion and, as overall, the worst of them" },
	{ "arsenal_health_value", KIND_GAUGE, NULL, write_health_values,
	    "What a criterion of the health is judged by, in its unit: percent, restarts in 5 minutes, or messages" },
	{ "arsenal_health_limit", KIND_GAUGE, NULL, write_health_limits,
	    "Above which value a criterion is at warning, and at critical, as configured" },
	{ "arsenal_restarts_total", KIND_COUNTER, get_restarts, NULL,
	    "Supervisor restarts seen since the watch began; arsenal_restarts_undone_total of them were none" },
	{ "arsenal_restarts_undone_total", KIND_COUNTER, get_restarts_undone, NULL,
	    "Of arsenal_restarts_total, those that were none: the child ended, and its supervisor gave up instead" },
	{ "arsenal_restarts_failed_total", KIND_COUNTER, get_restarts_failed, NULL,
	    "Attempts to restart a child that failed" },
	{ "arsenal_supervisors_gave_up_total", KIND_COUNTER, get_gave_up, NULL,
	    "Supervisors that reached their restart intensity and ended" },
	{ "arsenal_restarts_by_child_total", KIND_COUNTER, NULL, write_children,
	    "Restarts of the most restarted children (at most 20), with those that were none in the end" },
	{ "arsenal_restarts_last_hour", KIND_GAUGE, get_restart_rate, NULL, "Restarts in the last hour" },
	{ "arsenal_restart_budget_used_percent", KIND_GAUGE, NULL, write_budgets,
	    "Used share of a supervisor's restart intensity (at most 20 supervisors): at 100 the next restart ends "
	    "it" },
	{ "arsenal_restart_patterns_active", KIND_GAUGE, NULL, write_patterns, "Patterns among restarts that go on" },
	{ "arsenal_restart_storms_active", KIND_GAUGE, get_storms, NULL, "Restart storms that go on" },
	{ "arsenal_anomalies_active", KIND_GAUGE, get_anomalies_active, NULL, "Anomalies that hold at present" },
	{ "arsenal_anomaly_score", KIND_GAUGE, NULL, write_anomalies,
	    "Score of an anomaly that holds at present, 0 to 1; no sample where there is none" },
	{ "arsenal_incidents_open", KIND_GAUGE, get_incidents_open, NULL,
	    "Incidents, which are findings that belong together, that are not over" },
	{ "arsenal_top_process", KIND_GAUGE, NULL, write_top,
	    "The first few processes by message queue, memory, reductions a second and binaries held, by name" },
	{ "arsenal_series_score", KIND_GAUGE, NULL, write_scores,
	    "How unusual the last sample of a watched metric is by its series alone: 0 to 1, 0.5 at "
	    "anomaly_threshold" },
	{ "arsenal_anomalies_total", KIND_COUNTER, get_anomalies, NULL, "Anomalies found" },
	{ "arsenal_events_total", KIND_COUNTER, get_events, NULL, "Events of the node" },
	{ "arsenal_events_dropped_total", KIND_COUNTER, get_events_dropped, NULL,
	    "Events lost inside arsenal before any outlet saw them" },
	{ "arsenal_samples_total", KIND_COUNTER, get_samples, NULL, "Samples taken" },
	{ "arsenal_health_checks_total", KIND_COUNTER, get_health_checks, NULL, "Health checks made" },
};

void
scrape_findings(const struct scrape *sc)
{
	for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
		scrape_family(sc, &OWN[i]);
}
