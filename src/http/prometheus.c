/* SPDX-License-Identifier: Apache-2.0 */
#include "http/prometheus.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "http/exposition.h"
#include "http/scrape.h"
#include "http/server.h"
#include "http/site.h"
#include "os/usage.h"

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
	if (m->kind == KIND_COUNTER && !ends_with(m->name, strlen(m->name), "_total"))
		strbuf_adds(out, "_total");
}

double
prometheus_scale(enum metric_id id, const char *name)
{
	return strstr(name, "_seconds") ? UNITS[METRICS[id].unit].scale : 1;
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
family_add(struct prometheus *p, const char *name, enum metric_id id, enum metric_kind kind, bool labelled)
{
	struct family *f;

	if (*name == '\0')
		return;
	f = family_of(p, name);
	for (unsigned i = 0; i < f->row_count; i++)
		if (f->rows[i] == id)
			return;
	assert(f->row_count < FAMILY_MAX_ROWS);
	f->kind = kind;
	f->labelled = labelled;
	f->scale = prometheus_scale(id, name);
	f->rows[f->row_count++] = id;
}

/* Names that boards know from the operating system's side, for what the table has under another name; a gauge there may count here. */
static const struct {
	const char *name;
	enum metric_id id;
	enum metric_kind kind;
} OTHERS[] = {
	{ "process_cpu_seconds_total", METRIC_RUNTIME, KIND_COUNTER },
	{ "process_uptime_seconds", METRIC_WALLCLOCK, KIND_GAUGE },
};

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

	p->families = xcalloc(METRIC_COUNT * 3 + ARRAY_LEN(OTHERS), sizeof(*p->families));
	p->count = 0;
	for (int i = 0; i < METRIC_COUNT; i++) {
		enum metric_id id = (enum metric_id)i;

		strbuf_reset(&name);
		prometheus_name(&name, id);
		family_add(p, METRICS[id].prom_old, id, METRICS[id].kind, true);
		family_add(p, METRICS[id].prom_new, id, METRICS[id].kind, true);
		family_add(p, name.data, id, METRICS[id].kind, false);
	}
	for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++)
		family_add(p, OTHERS[i].name, OTHERS[i].id, OTHERS[i].kind, false);
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
	forecasts_release(&p->forecasts);
	memset(p, 0, sizeof(*p));
}

/* ---- a scrape ---------------------------------------------------------------------------------------------------- */

static void
subject_init(struct subject *s, const struct engine *e, int64_t now_ms, bool labelled)
{
	struct strbuf label = STRBUF_INIT;

	s->engine = e;
	s->sample = engine_state(e, NULL, NULL) == NODE_UP ? engine_last(e) : NULL;
	if (labelled)
		exposition_label(&label, "node", engine_node(e));
	s->label = strbuf_detach(&label);
	engine_health(e, now_ms, &s->health);
	if (!engine_restart_stats(e, now_ms, NULL, &s->restarts))
		memset(&s->restarts, 0, sizeof(s->restarts));
	s->counts = engine_counts(e);
	s->anomaly_count = engine_anomalies(e, s->anomalies);
}

static void
write_family(const struct scrape *sc, const struct family *f)
{
	size_t start = sc->out->len, body;

	exposition_head(sc->out, f->name, f->kind, f->help);
	body = sc->out->len;
	for (size_t n = 0; n < sc->count; n++) {
		const struct sample *s = sc->subjects[n].sample;

		for (unsigned i = 0; s && i < f->row_count; i++)
			if (s->present[f->rows[i]])
				exposition_sample(sc->out, f->name, sc->subjects[n].label,
				    f->labelled ? METRICS[f->rows[i]].prom_labels : "",
				    s->value[f->rows[i]] * f->scale);
	}
	if (sc->out->len == body)
		strbuf_cut(sc->out, start);
}

void
scrape_family(const struct scrape *sc, const struct own_family *f)
{
	size_t start = sc->out->len, body;

	exposition_head(sc->out, f->name, f->kind, f->help);
	body = sc->out->len;
	for (size_t n = 0; n < sc->count; n++) {
		const struct subject *s = &sc->subjects[n];

		if (f->get)
			exposition_sample(sc->out, f->name, s->label, "", f->get(s));
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

	exposition_label(&label, "peer", l->peer);
	exposition_sample(sc->out, name, s->label, label.data, v);
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

	exposition_head(sc->out, name, KIND_GAUGE, help);
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
			exposition_sample(sc->out, name, subject->label, labels, row->number[number]);
		}
}

static const struct own_family ALLOCATORS = { "erlang_vm_allocators", KIND_GAUGE, NULL, write_allocators,
	"Blocks and carriers of the VM's allocators, in numbers and bytes, over all instances" };

static void
write_surveys(const struct scrape *sc)
{
	scrape_family(sc, &ALLOCATORS);
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
		exposition_head(sc->out, rows[i].name, rows[i].kind, rows[i].help);
		exposition_sample(sc->out, rows[i].name, "", "", rows[i].value);
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
	struct usage use = usage_now();

	if (sc->site->server)
		c = http_server_counts(sc->site->server);
	const struct self_row rows[] = {
		{ "arsenal_self_cpu_seconds_total", KIND_COUNTER, (double)use.cpu_ms * 1e-3,
		    "CPU time of arsenal itself" },
		{ "arsenal_self_max_resident_memory_bytes", KIND_GAUGE, (double)use.max_rss_bytes,
		    "Most memory that arsenal itself has had" },
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
	scrape_findings(sc);
	scrape_outlooks(sc);
	for (size_t i = 0; i < p->count; i++)
		write_family(sc, &p->families[i]);
	write_surveys(sc);
}

void
prometheus_serve(struct call *c)
{
	const struct http_source *src = &c->site->source;
	struct scrape sc = { .out = &c->rp->body, .site = c->site };
	struct forecasts *forecasts = &c->site->prometheus.forecasts;
	int64_t now_ms = src->now_ms(src->arg);

	sc.count = c->node ? 1 : src->node_count(src->arg);
	sc.subjects = xcalloc(sc.count ? sc.count : 1, sizeof(*sc.subjects));
	forecasts_begin(forecasts, now_ms);
	for (size_t i = 0; i < sc.count; i++) {
		subject_init(&sc.subjects[i], c->node ? c->node : src->node(src->arg, i), now_ms, !c->node);
		if (sc.subjects[i].sample)
			sc.subjects[i].forecast = forecasts_of(forecasts, sc.subjects[i].engine, now_ms);
	}
	write_all(&sc, &c->site->prometheus);
	/* One of many targets says nothing of the scraper's own house: it would be there once for each. */
	if (c->node == NULL)
		write_self(&sc);
	c->rp->type = PROMETHEUS_TYPE;
	for (size_t i = 0; i < sc.count; i++)
		free(sc.subjects[i].label);
	free(sc.subjects);
}
