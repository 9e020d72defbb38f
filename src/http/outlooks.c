/* SPDX-License-Identifier: Apache-2.0 */
/* What arsenal foresees of a node: how full its resources are, when they will be, and who fails next. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "http/exposition.h"
#include "http/scrape.h"

static void
write_use(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[64];

	for (int r = 0; s->forecast && r < RESOURCE_COUNT; r++) {
		snprintf(label, sizeof(label), "resource=\"%s\"", RESOURCES[r].name);
		exposition_sample(sc->out, name, s->label, label, s->forecast->resources[r].utilization);
	}
}

static double
date(int64_t ms)
{
	return ms ? (double)ms / 1000 : (double)NAN;
}

static const char *const BOUNDS[] = { "expected", "earliest", "latest" };

static void
write_dates(const struct scrape *sc, const struct subject *s, const char *name)
{
	char label[96];

	for (int r = 0; s->forecast && r < RESOURCE_COUNT; r++) {
		const struct capacity *c = &s->forecast->resources[r];
		int64_t dates[] = { c->full_ms, c->full_earliest_ms, c->full_latest_ms };

		for (size_t b = 0; b < ARRAY_LEN(BOUNDS); b++) {
			snprintf(label, sizeof(label), "resource=\"%s\",bound=\"%s\"", RESOURCES[r].name, BOUNDS[b]);
			exposition_sample(sc->out, name, s->label, label, date(dates[b]));
		}
	}
}

/* The same child may be expected to fail for two reasons of one kind; a sample must not come twice. */
static bool
came_before(const struct forecast *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (f->failures[i].kind == f->failures[n].kind &&
		    strcmp(f->failures[i].supervisor, f->failures[n].supervisor) == 0 &&
		    strcmp(f->failures[i].child, f->failures[n].child) == 0)
			return true;
	return false;
}

static void
write_failures(const struct scrape *sc, const struct subject *s, const char *name)
{
	struct strbuf labels = STRBUF_INIT;

	for (unsigned i = 0; s->forecast && i < s->forecast->failure_count; i++) {
		const struct forecast_failure *f = &s->forecast->failures[i];
		int64_t dates[] = { f->expected_ms, f->earliest_ms, f->latest_ms };

		for (size_t b = 0; b < ARRAY_LEN(BOUNDS) && !came_before(s->forecast, i); b++) {
			strbuf_reset(&labels);
			exposition_label(&labels, "kind", prediction_kind_name(f->kind));
			exposition_label(&labels, "supervisor", f->supervisor);
			exposition_label(&labels, "child", f->child);
			exposition_label(&labels, "bound", BOUNDS[b]);
			exposition_sample(sc->out, name, s->label, labels.data, date(dates[b]));
		}
	}
	strbuf_release(&labels);
}

static const struct own_family OUTLOOKS[] = {
	{ "arsenal_resource_used_percent", KIND_GAUGE, NULL, write_use,
	    "Used share of what may run out; looked at once a minute" },
	{ "arsenal_resource_full_timestamp_seconds", KIND_GAUGE, NULL, write_dates,
	    "When it will be full, and the 80 % interval; no sample where no trend leads there" },
	{ "arsenal_next_failure_timestamp_seconds", KIND_GAUGE, NULL, write_failures,
	    "When a child, or (with an empty child) a supervisor, is expected to fail next, and the interval; the "
	    "first "
	    "five" },
};

void
scrape_outlooks(const struct scrape *sc)
{
	for (size_t i = 0; i < ARRAY_LEN(OUTLOOKS); i++)
		scrape_family(sc, &OUTLOOKS[i]);
}
