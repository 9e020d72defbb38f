/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/foresight_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "model/quantity.h"

#define NAME_MAX_BYTES 48

/* ---- numbers ---- */

/* add_count: "5,000"; small ones with what digits they need. */
static void
add_count(struct strbuf *out, double v)
{
	char digits[32];
	size_t len;

	if (fabs(v) < 10 && v != rint(v)) {
		strbuf_addf(out, "%.2g", v);
		return;
	}
	if (!(fabs(v) < 1e15)) {
		strbuf_addf(out, "%.3g", v);
		return;
	}
	len = (size_t)snprintf(digits, sizeof(digits), "%.0f", fabs(v));
	if (v < 0)
		strbuf_addc(out, '-');
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			strbuf_addc(out, ',');
		strbuf_addc(out, digits[i]);
	}
}

static void
add_value(struct strbuf *out, enum metric_unit unit, double v)
{
	if (unit == UNIT_COUNT)
		add_count(out, v);
	else
		quantity_add(out, unit, v);
}

/* Times are told in one unit, that of the middle one. */
static const struct {
	double up_to_ms, ms;
	const char *name;
} SPANS[] = {
	{ 90e3, 1e3, "s" },
	{ 90 * 60e3, 60e3, "minutes" },
	{ 36 * 3600e3, 3600e3, "hours" },
	{ INFINITY, 86400e3, "days" },
};

static size_t
span_of(double ms)
{
	size_t i = 0;

	while (ms >= SPANS[i].up_to_ms)
		i++;
	return i;
}

static void
add_in_unit(struct strbuf *out, double ms, size_t span)
{
	double v = fmax(ms, 0) / SPANS[span].ms;

	strbuf_addf(out, "%.*f", v < 9.95 && v != rint(v), v);
}

static void
add_span(struct strbuf *out, double ms)
{
	size_t span = span_of(ms);

	add_in_unit(out, ms, span);
	strbuf_addf(out, " %s", SPANS[span].name);
}

/* add_times: "6 days (4.7 to 8)". Times are from now; latest_ms <= 0: it has no end. */
static void
add_times(struct strbuf *out, int64_t expected_ms, int64_t earliest_ms, int64_t latest_ms)
{
	size_t span = span_of((double)expected_ms);

	add_span(out, (double)expected_ms);
	strbuf_adds(out, " (");
	add_in_unit(out, (double)earliest_ms, span);
	if (latest_ms > 0) {
		strbuf_adds(out, " to ");
		add_in_unit(out, (double)latest_ms, span);
	} else
		strbuf_adds(out, " or much later");
	strbuf_addc(out, ')');
}

static void
finish(struct strbuf *out, char *text, size_t size)
{
	snprintf(text, size, "%s", strbuf_cstr(out));
	strbuf_release(out);
}

/* ---- capacity ---- */

static void
add_level(struct strbuf *out, const struct capacity *c)
{
	const struct resource_row *row = &RESOURCES[c->resource];
	enum metric_unit unit = METRICS[row->metric].unit;

	strbuf_addf(out, "%s: ", row->what);
	add_value(out, unit, c->current);
	if (c->resource == RESOURCE_CPU)
		return;
	if (isnan(c->limit)) {
		strbuf_adds(out, " (limit not observed)");
		return;
	}
	strbuf_adds(out, " of ");
	add_value(out, unit, c->limit);
	strbuf_addf(out, " (%.*f %%)", c->utilization < 9.95, c->utilization);
}

static void
add_growth(struct strbuf *out, const struct capacity *c)
{
	enum metric_unit unit = METRICS[RESOURCES[c->resource].metric].unit;

	strbuf_adds(out, c->growth_per_hour > 0 ? ", +" : ", ");
	add_value(out, unit, c->growth_per_hour);
	strbuf_adds(out, " an hour (");
	add_value(out, unit, c->growth_low);
	strbuf_adds(out, " to ");
	add_value(out, unit, c->growth_high);
	strbuf_adds(out, "); ");
}

static void
add_date(struct strbuf *out, const struct capacity *c, int64_t now_ms)
{
	if (c->growth_per_hour < 0)
		strbuf_adds(out, "falls");
	else if (isnan(c->limit))
		strbuf_adds(out, "no date without a limit");
	else if (c->full_ms == 0) {
		strbuf_adds(out, "not full within ");
		add_span(out, (double)c->horizon_ms);
	} else {
		strbuf_adds(out, "full in ");
		add_times(out, c->full_ms - now_ms, c->full_earliest_ms - now_ms,
		    c->full_latest_ms ? c->full_latest_ms - now_ms : 0);
		strbuf_addf(out, "; %s", RESOURCES[c->resource].next_step);
	}
}

void
foresight_tell_capacity(struct capacity *c, int64_t now_ms)
{
	struct strbuf out = STRBUF_INIT;

	if (isnan(c->current))
		strbuf_addf(&out, "%s: not observed", RESOURCES[c->resource].what);
	else
		add_level(&out, c);
	if (!isnan(c->current) && c->span_ms == 0)
		strbuf_adds(&out, "; too little history for a trend");
	else if (c->trend) {
		add_growth(&out, c);
		add_date(&out, c, now_ms);
	} else if (!isnan(c->current)) {
		strbuf_adds(&out, "; no trend in the last ");
		add_span(&out, (double)c->span_ms);
	}
	if (c->resource == RESOURCE_ETS && !isnan(c->current))
		strbuf_adds(&out, " (the number of tables has no limit)");
	finish(&out, c->text, sizeof(c->text));
}

/* ---- predictions ---- */

static void
add_name(struct strbuf *out, const struct term *t)
{
	const char *name = t ? term_text(t) : "?";

	utf8_add_clean(out, name, strnlen(name, NAME_MAX_BYTES));
	if (strlen(name) > NAME_MAX_BYTES)
		strbuf_adds(out, "...");
}

static void
add_prediction_times(struct strbuf *out, const struct prediction *p, int64_t now_ms)
{
	add_times(out, p->expected_ms - now_ms, p->earliest_ms - now_ms, p->latest_ms ? p->latest_ms - now_ms : 0);
}

static void
tell_periodic(struct strbuf *out, const struct prediction *p, int64_t now_ms)
{
	add_name(out, p->child_id);
	strbuf_adds(out, " fails at regular intervals: next in ");
	add_prediction_times(out, p, now_ms);
	strbuf_adds(out, "; look for a timer, a token or a connection that ends after that time");
}

static void
tell_resource(struct strbuf *out, const struct prediction *p, int64_t now_ms)
{
	enum metric_unit unit = METRICS[p->resource].unit;

	add_name(out, p->child_id);
	strbuf_addf(out, " fails when %s reaches ", METRICS[p->resource].name);
	add_value(out, unit, p->threshold);
	if (isnan(p->present))
		strbuf_adds(out, " (now: not observed)");
	else {
		strbuf_adds(out, ", now ");
		add_value(out, unit, p->present);
	}
	if (p->expected_ms) {
		strbuf_adds(out, "; there in ");
		add_prediction_times(out, p, now_ms);
	} else if (p->distance <= 0)
		strbuf_adds(out, "; it is there now");
	else if (!isnan(p->present))
		strbuf_adds(out, "; when is not foreseeable");
	strbuf_adds(out, "; bound what it takes, or make the child survive it");
}

static void
tell_budget(struct strbuf *out, const struct prediction *p, int64_t now_ms)
{
	add_name(out, p->supervisor);
	strbuf_addf(out, ": %" PRIu32 " of %" PRIu32 " restarts in ", p->budget_left, p->budget_intensity);
	add_span(out, (double)p->budget_period_ms);
	strbuf_addf(out, " left; gives up in ");
	add_prediction_times(out, p, now_ms);
	strbuf_addf(out, ", %.0f %% likely; read its children's exit reasons", 100 * p->confidence);
}

void
foresight_tell_prediction(struct prediction *p, int64_t now_ms)
{
	static void (*const tell[PREDICTION_KIND_COUNT])(struct strbuf *, const struct prediction *, int64_t) = {
		[PREDICTION_PERIODIC] = tell_periodic,
		[PREDICTION_RESOURCE] = tell_resource,
		[PREDICTION_BUDGET] = tell_budget,
	};
	struct strbuf out = STRBUF_INIT;

	tell[p->kind](&out, p, now_ms);
	finish(&out, p->text, sizeof(p->text));
}
