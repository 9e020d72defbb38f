/* SPDX-License-Identifier: Apache-2.0 */
/* What happens, as it happens, the newest first: of the selected node, or of all. */
#include <inttypes.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/panel_events.h"
#include "tui/standing.h"
#include "tui/view.h"

enum { COLUMN_TIME, COLUMN_SEVERITY, COLUMN_TYPE, COLUMN_NODE, COLUMN_TEXT };

static const struct column COLUMNS[] = {
	[COLUMN_TIME] = { NULL, "TIME", 8, false, 0 },
	[COLUMN_SEVERITY] = { NULL, "SEVERITY", 8, false, 60 },
	[COLUMN_TYPE] = { NULL, "TYPE", 9, false, 50 },
	[COLUMN_NODE] = { NULL, "NODE", 22, false, 110 },
	[COLUMN_TEXT] = { NULL, "WHAT", 0, false, 0 },
};

/* The filters, in the order in which their keys go through them; the first is "all". */
static const struct {
	const char *type, *word;
} TYPES[] = { { NULL, "all" }, { "restart", "restart" }, { "incident", "incident" }, { "anomaly", "anomaly" },
	{ "health_alert", "health" }, { "performance_alert", "alert" }, { "node", "node" } };

static const char *const SEVERITIES[] = { "low", "medium", "high" };

int
events_next_type(int type)
{
	return (type + 1) % (int)ARRAY_LEN(TYPES);
}

int
events_next_severity(int severity)
{
	return (severity + 1) % (int)ARRAY_LEN(SEVERITIES);
}

const char *
events_type_word(int type)
{
	return TYPES[type].word;
}

const char *
events_severity_word(int severity)
{
	return SEVERITIES[severity];
}

static int
severity_of(const json_t *ev)
{
	for (int i = 0; i < (int)ARRAY_LEN(SEVERITIES); i++)
		if (strcmp(get_text(ev, "severity"), SEVERITIES[i]) == 0)
			return i;
	return 0;
}

static const char *
type_word(const json_t *ev)
{
	for (size_t i = 1; i < ARRAY_LEN(TYPES); i++)
		if (strcmp(get_text(ev, "type"), TYPES[i].type) == 0)
			return TYPES[i].word;
	return get_text(ev, "type");
}

static bool
is_wanted(const struct view *v, const json_t *ev)
{
	const char *type = TYPES[v->event_type].type;

	return (*v->model->node == '\0' || strcmp(get_text(ev, "node"), v->model->node) == 0) &&
	    (type == NULL || strcmp(get_text(ev, "type"), type) == 0) && severity_of(ev) >= v->event_severity;
}

/* ---- one line of each type -------------------------------------------------------------------------------------------- */

static void
add_restart(struct strbuf *out, const json_t *d)
{
	bool gave_up = strcmp(get_text(d, "kind"), "gave_up") == 0;

	if (gave_up)
		strbuf_addf(out, "%.150s gave up", get_text(d, "supervisor"));
	else
		strbuf_addf(out, "%.150s under %.150s", get_text(d, "child_id"), get_text(d, "supervisor"));
	strbuf_addf(out, "%s: %.250s", strcmp(get_text(d, "kind"), "start_error") == 0 ? " failed to start" : "",
	    get_text(d, "reason"));
	if (get_number(d, "times") > 1)
		strbuf_addf(out, " (%.0f times)", get_number(d, "times"));
}

static void
add_health(struct strbuf *out, const json_t *d)
{
	const char *changed = get_text(d, "changed");
	const json_t *criterion = get_object(get_object(d, "criteria"), changed);
	const char *level = get_text(criterion, "level");

	strbuf_addf(out, "%.20s", get_text(d, "overall_status"));
	if (*changed && (strcmp(level, "critical") == 0 || strcmp(level, "warning") == 0)) {
		strbuf_adds(out, ": ");
		name_add_criterion(out, changed, criterion);
	} else if (*changed) {
		strbuf_addf(out, ": %.60s is %.20s", changed, level);
	}
}

static void
add_incident(struct strbuf *out, const json_t *d)
{
	const char *change = get_text(d, "change");

	strbuf_addf(out, "%.20s: %.400s", strcmp(change, "root") == 0 ? "root found" : change, get_text(d, "title"));
}

void
events_add_line(struct strbuf *out, const json_t *ev)
{
	const json_t *d = get_object(ev, "data");
	const char *type = get_text(ev, "type");

	if (strcmp(type, "restart") == 0)
		add_restart(out, d);
	else if (strcmp(type, "health_alert") == 0)
		add_health(out, d);
	else if (strcmp(type, "node") == 0)
		strbuf_addf(out, "%.40s: %.300s", get_text(d, "state"), get_text(d, "detail"));
	else if (strcmp(type, "incident") == 0)
		add_incident(out, d);
	else
		strbuf_addf(out, "%.400s", get_text(d, "description"));
}

/* ---- the list --------------------------------------------------------------------------------------------------------- */

static enum style
event_style(const json_t *ev)
{
	const json_t *d = get_object(ev, "data");
	bool health = strcmp(get_text(ev, "type"), "health_alert") == 0;

	return level_style(health ? get_text(d, "overall_status") : get_text(ev, "severity"));
}

static void
fill(struct view *v, struct list *l)
{
	struct strbuf text = STRBUF_INIT;
	char id[32], at[FORMAT_SIZE];

	for (size_t i = v->model->event_count; i > 0; i--) {
		const json_t *ev = v->model->events[i - 1];
		struct row *r;

		snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(ev, "id")));
		r = is_wanted(v, ev) ? list_add(l, id, ev) : NULL;
		if (r == NULL)
			continue;
		strbuf_reset(&text);
		events_add_line(&text, ev);
		row_text(r, COLUMN_TIME, STYLE_DIM, format_clock(at, get_time(ev, "timestamp"), v->now_ms));
		row_text(r, COLUMN_SEVERITY, event_style(ev), get_text(ev, "severity"));
		row_text(r, COLUMN_TYPE, STYLE_PLAIN, type_word(ev));
		row_text(r, COLUMN_NODE, STYLE_DIM, get_text(ev, "node"));
		row_text(r, COLUMN_TEXT, STYLE_PLAIN, strbuf_cstr(&text));
	}
	strbuf_release(&text);
}

static const char *
empty(const struct view *v)
{
	if (*v->model->stream_why)
		return v->model->stream_why;
	return v->event_type || v->event_severity ? "No such event: e changes the type, v the severity."
						  : "Nothing has happened yet.";
}

/* ---- one event -------------------------------------------------------------------------------------------------------- */

static void
add_field(struct page *page, const char *name, const json_t *value)
{
	char words[FORMAT_SIZE];
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_INDENT(1));

	if (!json_is_null(value))
		page_pair(page, format_words(words, name), STYLE_PLAIN, "%s", text ? text : json_string_value(value));
	free(text);
}

static void
detail(const struct view *v, const json_t *ev, struct page *page)
{
	struct strbuf text = STRBUF_INIT;
	char at[FORMAT_SIZE];
	const char *name;
	json_t *value;

	events_add_line(&text, ev);
	page_heading(page, "%s", strbuf_cstr(&text));
	page_pair(page, "Time", STYLE_PLAIN, "%s", format_clock(at, get_time(ev, "timestamp"), v->now_ms));
	page_pair(page, "Type", STYLE_PLAIN, "%s", get_text(ev, "type"));
	page_pair(page, "Severity", event_style(ev), "%s", get_text(ev, "severity"));
	page_pair(page, "Node", STYLE_PLAIN, "%s", get_text(ev, "node"));
	page_gap(page);
	json_object_foreach((json_t *)(uintptr_t)get_object(ev, "data"), name, value)
	{
		add_field(page, name, value);
	}
	strbuf_release(&text);
}

const struct panel PANEL_EVENTS = {
	.name = "events",
	.title = "Events",
	.everywhere = true,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = -1,
	.fill = fill,
	.empty = empty,
	.detail = detail,
};
