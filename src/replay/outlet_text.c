/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlet_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "engine/answer.h"

#define TEXT_MAX 80

bool
event_is_finding(const struct node_event *ev)
{
	return ev->type == EVENT_INCIDENT || ev->type == EVENT_ANOMALY || ev->type == EVENT_HEALTH_ALERT;
}

static void
put(const struct text_outlet *t, struct strbuf *line)
{
	fwrite(strbuf_cstr(line), 1, line->len, t->to);
	strbuf_release(line);
}

static void
on_point(void *arg, const struct replay_point *p)
{
	const struct text_outlet *t = arg;
	struct strbuf line = STRBUF_INIT;
	bool reported = p->usable && p->verdict.reported;

	if (!p->usable || !(t->scores || reported))
		return;
	if (t->colour && reported)
		strbuf_adds(&line, "\033[33m");
	utf8_add_visible(&line, p->time_text, TEXT_MAX);
	strbuf_addf(&line, "  %s  ", reported ? "anomaly" : "       ");
	utf8_add_visible(&line, p->series, TEXT_MAX);
	strbuf_addf(&line, " %.6g  score %.3f", p->value, p->verdict.score);
	if (t->colour && reported)
		strbuf_adds(&line, "\033[0m");
	strbuf_addc(&line, '\n');
	put(t, &line);
}

/* A day has a line of its own: events say the time of the day only. */
static void
add_day(struct text_outlet *t, struct strbuf *line, int64_t time_ms)
{
	char text[TIME_RFC3339_SIZE];

	time_rfc3339(text, time_ms);
	if (strncmp(text, t->day, strlen("2014-04-01")) == 0)
		return;
	snprintf(t->day, sizeof(t->day), "%.10s", text);
	strbuf_addf(line, "%s\n", t->day);
}

static void
on_event(void *arg, const struct node_event *ev)
{
	struct text_outlet *t = arg;
	struct strbuf line = STRBUF_INIT;

	if (!t->all && (!event_is_finding(ev) || answer_is_told_by_incident(ev)))
		return;
	add_day(t, &line, ev->time_ms);
	answer_event_text(&line, ev, t->colour);
	if (ev->type == EVENT_ANOMALY)
		strbuf_addf(&line, "  score %.3f", ev->u.anomaly.score);
	strbuf_addc(&line, '\n');
	put(t, &line);
}

static void
add_count(struct strbuf *out, uint64_t n, const char *what)
{
	strbuf_addf(out, "%" PRIu64 " %s%s", n, what, n == 1 ? "" : "s");
}

static void
on_end(void *arg, const char *file, const struct replay_totals *totals, const struct flaws *f)
{
	const struct text_outlet *t = arg;
	struct strbuf line = STRBUF_INIT;
	char first[TIME_RFC3339_SIZE], last[TIME_RFC3339_SIZE];

	(void)f;
	utf8_add_visible(&line, file, 4 * TEXT_MAX);
	strbuf_adds(&line, ": ");
	if (totals->incidents > 0) {
		add_count(&line, totals->incidents, "incident");
		strbuf_adds(&line, ", ");
	}
	if (totals->anomalies == 1)
		strbuf_adds(&line, "1 anomaly");
	else
		strbuf_addf(&line, "%" PRIu64 " anomalies", totals->anomalies);
	strbuf_adds(&line, " in ");
	add_count(&line, totals->samples, "sample");
	if (totals->restarts > 0) {
		strbuf_adds(&line, " and ");
		add_count(&line, totals->restarts, "restart");
	}
	if (totals->kind == REPLAY_NODES || totals->series > 1) {
		strbuf_adds(&line, " of ");
		if (totals->kind == REPLAY_NODES)
			add_count(&line, totals->series, "node");
		else
			strbuf_addf(&line, "%zu series", totals->series);
	}
	if (totals->samples > 0)
		strbuf_addf(&line, ", %.19s to %.19s", time_rfc3339(first, totals->first_ms),
		    time_rfc3339(last, totals->last_ms));
	if (totals->left_out > 0)
		strbuf_addf(&line, "; %" PRIu64 " rows left out", totals->left_out);
	strbuf_addc(&line, '\n');
	put(t, &line);
}

struct outlet
text_outlet(struct text_outlet *t)
{
	return (struct outlet) { .point = on_point, .event = on_event, .end = on_end, .arg = t };
}
