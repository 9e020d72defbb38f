/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as lines for a person. Names and reasons come from the watched node and go to a terminal: whatever is not a visible character is
 * replaced, so that nothing in them moves the cursor, changes colours or reverses the text.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyze/advice.h"
#include "base/timefmt.h"
#include "base/utf8.h"
#include "engine/answer.h"
#include "engine/incident_text.h"
#include "model/quantity.h"

#define FIELD_MAX_BYTES 160    /* of one foreign text in a line */
#define SENTENCE_MAX_BYTES 256 /* of a sentence of ours that has one in it */

/* ---- foreign text ---- */

static void
add_foreign(struct strbuf *out, const char *text)
{
	utf8_add_visible(out, text, FIELD_MAX_BYTES);
}

/* ---- numbers ---- */

static void
add_ordinal(struct strbuf *out, uint64_t n)
{
	static const char *const suffixes[] = { "th", "st", "nd", "rd" };
	bool teen = n % 100 >= 11 && n % 100 <= 13;

	strbuf_addf(out, "%" PRIu64 "%s", n, !teen && n % 10 <= 3 ? suffixes[n % 10] : "th");
}

/* ---- one kind of event each ---- */

static void
add_restart(struct strbuf *out, const struct restart *r)
{
	add_foreign(out, term_text(r->supervisor));
	strbuf_adds(out, " / ");
	add_foreign(out, term_text(r->child_id));
	strbuf_adds(out, "  ");
	add_foreign(out, term_text(r->reason));
	if (r->kind == RESTART_FAILED) {
		strbuf_adds(out, "  (failed to start)");
	} else if (r->kind == RESTART_GAVE_UP) {
		strbuf_adds(out, "  (the supervisor gave up)");
	} else if (r->undone) {
		strbuf_adds(out, "  (not restarted)");
	} else if (r->restart_count > 0) {
		strbuf_adds(out, "  (");
		add_ordinal(out, r->restart_count);
		strbuf_adds(out, " restart)");
	}
}

static void
add_culprits(struct strbuf *out, const struct anomaly *a)
{
	for (unsigned i = 0; i < a->culprit_count; i++) {
		strbuf_adds(out, i == 0 ? "  culprits: " : ", ");
		culprit_add(out, &a->culprits[i]);
	}
}

static void
add_anomaly(struct strbuf *out, const struct anomaly *a)
{
	utf8_add_visible(out, a->description, SENTENCE_MAX_BYTES);
	if (a->metric != METRIC_NONE) {
		const struct metric *m = &METRICS[a->metric];
		const char *per = m->watch == WATCH_RATE ? "/s" : "";

		strbuf_addf(out, ": %s ", m->name);
		quantity_add(out, m->unit, a->current_value);
		strbuf_addf(out, "%s, usually ", per);
		quantity_add(out, m->unit, a->baseline_value);
		strbuf_adds(out, per);
	}
	if (a->type == ANOMALY_RESTART && a->supervisor) {
		strbuf_adds(out, " (under ");
		add_foreign(out, term_text(a->supervisor));
		strbuf_addc(out, ')');
	}
	add_culprits(out, a);
}

/* advice_for is the recommendation of the criterion that changed: they are in the order of the criteria above healthy. */
static const char *
advice_for(const struct health *h)
{
	unsigned index = 0;

	if (h->criteria[h->changed].level <= LEVEL_HEALTHY)
		return NULL;
	for (int c = 0; c < (int)h->changed; c++)
		index += h->criteria[c].level > LEVEL_HEALTHY;
	return index < h->recommendation_count ? h->recommendations[index] : NULL;
}

static void
add_health(struct strbuf *out, const struct health *h)
{
	const struct criterion_state *s;
	const char *advice;

	strbuf_adds(out, level_name(h->overall));
	if (h->changed >= CRITERION_COUNT)
		return;
	s = &h->criteria[h->changed];
	strbuf_addf(out, ": %s is %s", CRITERIA[h->changed].name, level_name(s->level));
	if (isfinite(s->value))
		strbuf_addf(out, " at %.*f %s", s->value != trunc(s->value), s->value, CRITERIA[h->changed].unit);
	advice = advice_for(h);
	if (advice) {
		strbuf_adds(out, ". ");
		utf8_add_visible(out, advice, SENTENCE_MAX_BYTES);
	}
}

static void
add_link(struct strbuf *out, enum node_state state, const char *detail)
{
	strbuf_adds(out, node_state_name(state));
	if (detail[0]) {
		strbuf_adds(out, ": ");
		utf8_add_visible(out, detail, SENTENCE_MAX_BYTES);
	}
}

static void
add_incident(struct strbuf *out, const struct incident *i)
{
	char lasted[QUANTITY_SIZE];

	strbuf_addf(out, "%s %s", i->id, INCIDENT_CHANGES[i->change]);
	if (i->change == CHANGE_ENDED)
		strbuf_addf(out, " after %s", duration_text(lasted, i->ended_ms - i->opened_ms));
	strbuf_adds(out, ": ");
	incident_title(out, i);
	if (i->restarts > 0)
		strbuf_addf(out, " (%" PRIu64 " restarts)", i->restarts);
	if (i->change != CHANGE_ENDED && i->member_count > 0)
		strbuf_addf(out, ". %s", advice_next(i->members[i->root].type));
}

void
answer_event_body(struct strbuf *out, const struct node_event *ev)
{
	switch (ev->type) {
	case EVENT_RESTART:
		add_restart(out, &ev->u.restart);
		break;
	case EVENT_HEALTH_ALERT:
		add_health(out, &ev->u.health);
		break;
	case EVENT_PERFORMANCE_ALERT:
	case EVENT_ANOMALY:
		add_anomaly(out, &ev->u.anomaly);
		break;
	case EVENT_NODE:
		add_link(out, ev->u.link.state, ev->u.link.detail);
		break;
	case EVENT_INCIDENT:
		add_incident(out, &ev->u.incident);
		break;
	case EVENT_TYPE_COUNT:
		break;
	}
}

bool
answer_is_told_by_incident(const struct node_event *ev)
{
	if (ev->type == EVENT_INCIDENT)
		return ev->u.incident.change == CHANGE_JOINED;
	return (ev->type == EVENT_ANOMALY || ev->type == EVENT_PERFORMANCE_ALERT) && ev->u.anomaly.root &&
	    ev->u.anomaly.metric != METRIC_NONE;
}

static const char *
short_name(enum event_type type)
{
	static const char *const names[EVENT_TYPE_COUNT] = { "restart", "health", "alert", "anomaly", "node",
		"incident" };

	return type < EVENT_TYPE_COUNT ? names[type] : "?";
}

void
answer_event_text(struct strbuf *out, const struct node_event *ev, bool colour)
{
	static const char *const colours[] = {
		[SEVERITY_LOW] = "\033[2m", [SEVERITY_MEDIUM] = "\033[33m", [SEVERITY_HIGH] = "\033[31m"
	};
	char time[TIME_RFC3339_SIZE];
	const char *clock = strchr(time_rfc3339(time, ev->time_ms), 'T') + 1;

	if (colour)
		strbuf_adds(out, colours[ev->severity]);
	strbuf_addf(out, "%.8s %-8s ", clock, short_name(ev->type));
	if (colour)
		strbuf_adds(out, "\033[0m");
	strbuf_addc(out, ' ');
	add_foreign(out, ev->node);
	strbuf_adds(out, "  ");
	answer_event_body(out, ev);
}
