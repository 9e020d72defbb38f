/* SPDX-License-Identifier: Apache-2.0 */
#include "http/prometheus.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/server.h"
#include "http/site.h"

/* Rows of the metric table under one name: erlang_vm_memory_system_bytes has five. */
#define FAMILY_MAX_ROWS 8

/* ---- names and values -------------------------------------------------------------------------------------------- */

static bool
ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

/* What a unit adds to a name, and what it replaces at its end. */
static const struct {
	const char *own;  /* in the metric's name */
	const char *unit; /* in Prometheus */
	double scale;
} UNITS[] = {
	[UNIT_COUNT] = { "", "", 1 },
	[UNIT_BYTES] = { "", "_bytes", 1 },
	[UNIT_PERCENT] = { "", "_percent", 1 },
	[UNIT_MS] = { "_ms", "_seconds", 1e-3 },
	[UNIT_US] = { "_us", "_seconds", 1e-6 },
	[UNIT_WORDS] = { "", "_words", 1 },
	[UNIT_LOAD] = { "", "", 1 },
	[UNIT_BOOL] = { "", "", 1 },
};

void
prometheus_name(struct strbuf *out, enum metric_id id)
{
	const struct metric *m = &METRICS[id];
	size_t len = strlen(m->name);

	if (*UNITS[m->unit].own && ends_with(m->name, len, UNITS[m->unit].own))
		len -= strlen(UNITS[m->unit].own);
	strbuf_adds(out, "arsenal_");
	strbuf_add(out, m->name, len);
	/* "gc_bytes_reclaimed" says it already. */
	if (*UNITS[m->unit].unit && strstr(m->name, UNITS[m->unit].unit) == NULL)
		strbuf_adds(out, UNITS[m->unit].unit);
	if (m->kind == KIND_COUNTER)
		strbuf_adds(out, "_total");
}

double
prometheus_scale(enum metric_id id, const char *name)
{
	return strstr(name, "_seconds") ? UNITS[METRICS[id].unit].scale : 1;
}

void
prometheus_escape(struct strbuf *out, const char *value)
{
	for (size_t n; *value; value += n) {
		n = strcspn(value, "\\\"\n");
		strbuf_add(out, value, n);
		if (value[n]) {
			strbuf_adds(out, value[n] == '\n' ? "\\n" : value[n] == '"' ? "\\\"" : "\\\\");
			n++;
		}
	}
}

static void
add_number(struct strbuf *out, double v)
{
	char text[40];

	if (v == trunc(v) && fabs(v) < 1e15) {
		snprintf(text, sizeof(text), "%.0f", v == 0 ? 0.0 : v);
	} else {
		snprintf(text, sizeof(text), "%.15g", v);
		if (strtod(text, NULL) != v)
			snprintf(text, sizeof(text), "%.17g", v);
	}
	strbuf_adds(out, text);
}

/* add_sample: labels as "a=\"1\"" without braces; both kinds of them may be empty. */
static void
add_sample(struct strbuf *out, const char *name, const char *node_label, const char *labels, double v)
{
	if (!isfinite(v))
		return;
	strbuf_adds(out, name);
	if (*node_label || *labels) {
		strbuf_addc(out, '{');
		strbuf_adds(out, node_label);
		if (*node_label && *labels)
			strbuf_addc(out, ',');
		strbuf_adds(out, labels);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ' ');
	add_number(out, v);
	strbuf_addc(out, '\n');
}

static void
add_head(struct strbuf *out, const char *name, enum metric_kind kind, const char *help)
{
	strbuf_adds(out, "# HELP ");
	strbuf_adds(out, name);
	strbuf_addc(out, ' ');
	strbuf_adds(out, help);
	strbuf_adds(out, "\n# TYPE ");
	strbuf_adds(out, name);
	strbuf_adds(out, kind == KIND_COUNTER ? " counter\n" : " gauge\n");
}

/* ---- the families of the metric table ---------------------------------------------------------------------------- */

struct family {
	char *name;
	char *help;
	enum metric_kind kind;
	bool labelled; /* with the rows' labels */
	double scale;
	unsigned row_count;
	enum metric_id rows[FAMILY_MAX_ROWS];
};

static struct family *
family_of(struct prometheus *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->families[i].name, name) == 0)
			return &p->families[i];
	p->families[p->count] = (struct family) { .name = xstrdup(name) };
	return &p->families[p->count++];
}

static void
family_add(struct prometheus *p, const char *name, enum metric_id id, bool labelled)
{
	struct family *f;

	if (*name == '\0')
		return;
	f = family_of(p, name);
	for (unsigned i = 0; i < f->row_count; i++)
		if (f->rows[i] == id)
			return;
	assert(f->row_count < FAMILY_MAX_ROWS);
	f->kind = METRICS[id].kind;
	f->labelled = labelled;
	f->scale = prometheus_scale(id, name);
	f->rows[f->row_count++] = id;
}

/* The help of a family of several rows names each by its labels. */
static void
family_help(struct family *f)
{
	struct strbuf help = STRBUF_INIT;

	for (unsigned i = 0; i < f->row_count; i++) {
		const struct metric *m = &METRICS[f->rows[i]];

		if (f->row_count > 1)
			strbuf_addf(&help, "%s%s: ", i ? "; " : "", m->prom_labels);
		strbuf_adds(&help, m->help);
	}
	f->help = strbuf_detach(&help);
}

void
prometheus_init(struct prometheus *p)
{
	struct strbuf name = STRBUF_INIT;

	p->families = xcalloc(METRIC_COUNT * 3, sizeof(*p->families));
	p->count = 0;
	for (int i = 0; i < METRIC_COUNT; i++) {
		enum metric_id id = (enum metric_id)i;

		strbuf_reset(&name);
		prometheus_name(&name, id);
		family_add(p, METRICS[id].prom_old, id, true);
		family_add(p, METRICS[id].prom_new, id, true);
		family_add(p, name.data, id, false);
	}
	for (size_t i = 0; i < p->count; i++)
		family_help(&p->families[i]);
	strbuf_release(&name);
}

void
prometheus_release(struct prometheus *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->families[i].name);
		free(p->families[i].help);
	}
	free(p->families);
	memset(p, 0, sizeof(*p));
}

/* ---- a scrape ---------------------------------------------------------------------------------------------------- */

/* What is known of one node, asked once for a scrape. */
struct subject {
	const struct engine *engine;
	const struct sample *sample; /* NULL: the node is not up, and its last figures are history */
	char *label;                 /* node="…", or "" */
	struct health health;
	struct restart_stats restarts;
	struct engine_counts counts;
	unsigned anomalies;
};

struct scrape {
	struct strbuf *out;
	const struct site *site;
	struct subject *subjects;
	size_t count;
};

static void
subject_init(struct subject *s, const struct engine *e, int64_t now_ms, bool labelled)
{
	const struct anomaly *anomalies[HEALTH_MAX_ANOMALIES];
	struct strbuf label = STRBUF_INIT;

	s->engine = e;
	s->sample = engine_state(e, NULL, NULL) == NODE_UP ? engine_last(e) : NULL;
	if (labelled) {
		strbuf_adds(&label, "node=\"");
		prometheus_escape(&label, engine_node(e));
		strbuf_addc(&label, '"');
	}
	s->label = strbuf_detach(&label);
	engine_health(e, now_ms, &s->health);
	if (!engine_restart_stats(e, now_ms, NULL, &s->restarts))
		memset(&s->restarts, 0, sizeof(s->restarts));
	s->counts = engine_counts(e);
	s->anomalies = engine_anomalies(e, anomalies);
}

static void
write_family(const struct scrape *sc, const struct family *f)
{
	size_t start = sc->out->len, body;

	add_head(sc->out, f->name, f->kind, f->help);
	body = sc->out->len;
	for (size_t n = 0; n < sc->count; n++) {
		const struct sample *s = sc->subjects[n].sample;

		for (unsigned i = 0; s && i < f->row_count; i++)
			if (s->present[f->rows[i]])
				add_sample(sc->out, f->name, sc->subjects[n].label,
				    f->labelled ? METRICS[f->rows[i]].prom_labels : "",
				    s->value[f->rows[i]] * f->scale);
	}
	if (sc->out->len == body)
		strbuf_cut(sc->out, start);
}

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
	return s->anomalies;
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
			add_sample(sc->out, name, s->label, label, score);
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
			add_sample(sc->out, name, s->label, label, (double)level - LEVEL_HEALTHY);
	}
	if (s->health.overall != LEVEL_UNKNOWN)
		add_sample(sc->out, name, s->label, "criterion=\"overall\"", (double)s->health.overall - LEVEL_HEALTHY);
}

static void
write_children(const struct scrape *sc, const struct subject *s, const char *name)
{
	struct strbuf labels = STRBUF_INIT;

	for (unsigned i = 0; i < s->restarts.child_count; i++) {
		const struct child_count *c = &s->restarts.children[i];

		strbuf_reset(&labels);
		strbuf_adds(&labels, "supervisor=\"");
		prometheus_escape(&labels, term_text(c->supervisor));
		strbuf_adds(&labels, "\",child=\"");
		prometheus_escape(&labels, term_text(c->child_id));
		strbuf_addc(&labels, '"');
		add_sample(sc->out, name, s->label, labels.data, (double)(c->count + c->undone));
	}
	strbuf_release(&labels);
}

static void
write_schedulers(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[32];

	for (unsigned i = 0; s->sample && i < s->sample->scheduler_count; i++) {
		snprintf(label, sizeof(label), "scheduler=\"%u\"", i + 1);
		if (s->sample->scheduler_total[i])
			add_sample(sc->out, name, s->label, label, (double)s->sample->scheduler_utilization[i]);
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
	add_sample(sc->out, name, s->label, labels, 1);
}

static void
write_state(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	snprintf(label, sizeof(label), "state=\"%s\"", node_state_name(engine_state(s->engine, NULL, NULL)));
	add_sample(sc->out, name, s->label, label, 1);
}

static const struct own_family {
	const char *name;
	enum metric_kind kind;
	double (*get)(const struct subject *s); /* NaN: no sample */
	void (*write)(const struct scrape *sc, const struct subject *s, const char *name);
	const char *help;
} OWN[] = {
	{ "arsenal_node_up", KIND_GAUGE, get_up, NULL, "1 while the node is linked and samples come in" },
	{ "arsenal_node_state", KIND_GAUGE, NULL, write_state,
	    "1 for the state of the link: connecting, up, stalled, unreachable, refused, hanging, incompatible" },
	{ "arsenal_node_state_since_timestamp_seconds", KIND_GAUGE, get_since, NULL,
	    "When the link came into its state" },
	{ "arsenal_node_info", KIND_GAUGE, NULL, write_info, "1, with the versions of the node" },
	{ "arsenal_last_sample_timestamp_seconds", KIND_GAUGE, get_last_sample, NULL, "Time of the last sample" },
	{ "arsenal_scheduler_utilization_percent", KIND_GAUGE, NULL, write_schedulers,
	    "Busy share of each online normal scheduler over the last interval" },
	{ "arsenal_health_level", KIND_GAUGE, NULL, write_health,
	    "0 healthy, 1 warning, 2 critical; of each criterion and, as overall, the worst of them" },
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
	{ "arsenal_restart_storms_active", KIND_GAUGE, get_storms, NULL, "Restart storms that go on" },
	{ "arsenal_anomalies_active", KIND_GAUGE, get_anomalies_active, NULL, "Anomalies that hold at present" },
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

static void
write_own(const struct scrape *sc, const struct own_family *f)
{
	size_t start = sc->out->len, body;

	add_head(sc->out, f->name, f->kind, f->help);
	body = sc->out->len;
	for (size_t n = 0; n < sc->count; n++) {
		const struct subject *s = &sc->subjects[n];

		if (f->get)
			add_sample(sc->out, f->name, s->label, "", f->get(s));
		else
			f->write(sc, s, f->name);
	}
	if (sc->out->len == body)
		strbuf_cut(sc->out, start);
}

/* ---- surveys: many series a node, under the names that prometheus.erl has for them ---------------------------------- */

static const struct survey *
survey_of(const struct subject *s, enum survey_kind kind)
{
	return s->sample ? engine_last_survey(s->engine, kind) : NULL;
}

static void
add_link(const struct scrape *sc, const struct subject *s, const char *name, const struct survey_link *l, double v)
{
	struct strbuf label = STRBUF_INIT;

	strbuf_adds(&label, "peer=\"");
	prometheus_escape(&label, l->peer);
	strbuf_addc(&label, '"');
	add_sample(sc->out, name, s->label, label.data, v);
	strbuf_release(&label);
}

static double
link_state(const struct survey_link *l)
{
	static const char *const states[] = { "pending", "up_pending", "up" };

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(l->state, states[i]) == 0)
			return (double)(i + 1);
	return NAN;
}

/* number: of LINK_NUMBER, or LINK_NUMBER_COUNT for the state. */
static void
write_links(const struct scrape *sc, const char *name, int number, const char *help)
{
	size_t start = sc->out->len, body;

	add_head(sc->out, name, KIND_GAUGE, help);
	body = sc->out->len;
	for (size_t n = 0; n < sc->count; n++) {
		const struct survey *s = survey_of(&sc->subjects[n], SURVEY_LINKS);

		for (unsigned i = 0; s && i < s->count; i++) {
			const struct survey_link *l = &survey_links(s)[i];

			add_link(sc, &sc->subjects[n], name, l,
			    number == LINK_NUMBER_COUNT ? link_state(l) : l->number[number]);
		}
	}
	if (sc->out->len == body)
		strbuf_cut(sc->out, start);
}

/* One instance for all: the boards add the instances up, and a machine of 64 schedulers has 64 of each allocator. */
static void
write_allocators(const struct scrape *sc, const struct subject *subject, const char *name)
{
	const struct survey *s = survey_of(subject, SURVEY_ALLOCATORS);
	char labels[160];

	for (unsigned i = 0; s && i < s->count; i++)
		for (int number = 0; number < ALLOCATOR_NUMBER_COUNT; number++) {
			const struct survey_allocator *row = &survey_allocators(s)[i];

			/* An allocator's name comes from the node: only what a name is made of gets through. */
			snprintf(labels, sizeof(labels),
			    "alloc=\"%.*s\",instance_no=\"all\",kind=\"%.*s\",usage=\"%s\"",
			    (int)strcspn(row->name, "\\\"\n"), row->name, (int)strcspn(row->kind, "\\\"\n"), row->kind,
			    ALLOCATOR_NUMBER[number].atom);
			add_sample(sc->out, name, subject->label, labels, row->number[number]);
		}
}

static const struct own_family ALLOCATORS = { "erlang_vm_allocators", KIND_GAUGE, NULL, write_allocators,
	"Blocks and carriers of the VM's allocators, in numbers and bytes, over all instances" };

static void
write_surveys(const struct scrape *sc)
{
	write_own(sc, &ALLOCATORS);
	for (int i = 0; i < LINK_NUMBER_COUNT; i++)
		if (*LINK_NUMBER[i].prometheus)
			write_links(sc, LINK_NUMBER[i].prometheus, i, LINK_NUMBER[i].help);
	write_links(
	    sc, "erlang_vm_dist_node_state", LINK_NUMBER_COUNT, "State of the link: 1 pending, 2 up_pending, 3 up");
}

/* ---- arsenal itself: one value in all ------------------------------------------------------------------------------ */

struct self_row {
	const char *name;
	enum metric_kind kind;
	double value;
	const char *help;
};

static void
write_rows(const struct scrape *sc, const struct self_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		add_head(sc->out, rows[i].name, rows[i].kind, rows[i].help);
		add_sample(sc->out, rows[i].name, "", "", rows[i].value);
	}
}

static void
write_store(const struct scrape *sc)
{
	const struct http_source *src = &sc->site->source;
	struct http_store st;

	if (!src->store(src->arg, &st))
		return;
	const struct self_row rows[] = {
		{ "arsenal_store_committed_total", KIND_COUNTER, (double)st.committed,
		    "Rows of history written to disk" },
		{ "arsenal_store_dropped_total", KIND_COUNTER, (double)st.dropped,
		    "Rows of history lost: the disk did not take them in time" },
		{ "arsenal_store_bytes", KIND_GAUGE, (double)st.bytes,
		    "Size of the file of the history, with its log" },
		{ "arsenal_store_failing", KIND_GAUGE, st.failing, "1 while the history cannot be written" },
	};

	write_rows(sc, rows, ARRAY_LEN(rows));
}

static void
write_self(const struct scrape *sc)
{
	const struct events *ev = &sc->site->events;
	struct http_server_counts c = { 0 };

	if (sc->site->server)
		c = http_server_counts(sc->site->server);
	const struct self_row rows[] = {
		{ "arsenal_http_requests_total", KIND_COUNTER, (double)c.requests, "HTTP requests" },
		{ "arsenal_http_refused_total", KIND_COUNTER, (double)c.refused,
		    "HTTP requests refused by the guard or for want of the token" },
		{ "arsenal_http_connections", KIND_GAUGE, (double)c.connections, "HTTP connections" },
		{ "arsenal_event_streams", KIND_GAUGE, (double)ev->count, "Clients of the event stream" },
		{ "arsenal_event_stream_events_total", KIND_COUNTER, (double)ev->sent,
		    "Events sent to stream clients" },
		{ "arsenal_event_stream_dropped_total", KIND_COUNTER, (double)ev->dropped,
		    "Events that stream clients were too slow for" },
	};

	write_rows(sc, rows, ARRAY_LEN(rows));
	write_store(sc);
}

static void
write_all(const struct scrape *sc, const struct prometheus *p)
{
	for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
		write_own(sc, &OWN[i]);
	for (size_t i = 0; i < p->count; i++)
		write_family(sc, &p->families[i]);
	write_surveys(sc);
}

void
prometheus_serve(struct call *c)
{
	const struct http_source *src = &c->site->source;
	struct scrape sc = { .out = &c->rp->body, .site = c->site };

	sc.count = c->node ? 1 : src->node_count(src->arg);
	sc.subjects = xcalloc(sc.count ? sc.count : 1, sizeof(*sc.subjects));
	for (size_t i = 0; i < sc.count; i++)
		subject_init(
		    &sc.subjects[i], c->node ? c->node : src->node(src->arg, i), src->now_ms(src->arg), !c->node);
	write_all(&sc, &c->site->prometheus);
	/* One of many targets says nothing of the scraper's own house: it would be there once for each. */
	if (c->node == NULL)
		write_self(&sc);
	c->rp->type = PROMETHEUS_TYPE;
	for (size_t i = 0; i < sc.count; i++)
		free(sc.subjects[i].label);
	free(sc.subjects);
}
