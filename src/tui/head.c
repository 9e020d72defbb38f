/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands above the panels, for whoever looks at three in the morning: which node, since when, who, what next, and the lines of the last minutes. Where there is little
 * room the lines go first, then what next, then who.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/glyph.h"
#include "tui/lines.h"
#include "tui/names.h"
#include "tui/standing.h"
#include "tui/view.h"

#define LABEL_COLUMNS 6
#define TALL 34 /* a screen with room to spare */
#define NAMED 3 /* so many culprits of a finding */

struct head {
	struct view *view;
	struct cells *cells;
	int row, end; /* the next row, and the first that is not ours */
};

static const char *
clock_of(const struct head *h, int64_t time_ms, char *buf)
{
	return format_clock(buf, time_ms, h->view->now_ms);
}

/* ---- the first line, and whether it is still true --------------------------------------------------------------------- */

/* What stands at the right end of the bar: as much as there is room for, the time in any case. */
static void
draw_bar_end(struct head *h, int left)
{
	const struct view *v = h->view;
	int room = h->cells->width - left - 2;
	char clock[FORMAT_SIZE], every[FORMAT_SIZE], span[FORMAT_SIZE];
	struct strbuf text = STRBUF_INIT;

	clock_of(h, v->now_ms, clock);
	format_span(span, v->model->span_ms);
	format_span(every, v->refresh_ms);
	if (v->paused)
		strbuf_addf(&text, "PAUSED  %s ", clock);
	else if (v->whole)
		strbuf_addf(&text, "%s \xC2\xB7 %s ", v->origin, clock);
	else
		strbuf_addf(
		    &text, "%s \xC2\xB7 lines %s \xC2\xB7 every %s \xC2\xB7 %s ", v->origin, span, every, clock);
	if (glyph_columns(text.data) > room && !v->paused) {
		strbuf_reset(&text);
		strbuf_addf(&text, "lines %s \xC2\xB7 every %s \xC2\xB7 %s ", span, every, clock);
	}
	if (glyph_columns(text.data) > room) {
		strbuf_reset(&text);
		strbuf_addf(&text, "%s ", v->paused ? "PAUSED" : clock);
	}
	if (glyph_columns(text.data) <= room)
		cells_put_right(h->cells, h->row, left + 2, room, STYLE_BAR, text.data);
	strbuf_release(&text);
}

static void
draw_bar(struct head *h)
{
	const struct view *v = h->view;
	int width = h->cells->width, left;

	cells_fill(h->cells, h->row, 0, width, STYLE_BAR, ' ');
	left = cells_put(h->cells, h->row, 0, width, STYLE_BAR, width < 60 ? " top  " : " arsenal top  ");
	left +=
	    cells_put(h->cells, h->row, left, width - left, STYLE_BAR, *v->model->node ? v->model->node : "all nodes");
	draw_bar_end(h, left);
	h->row++;
}

/* draw_lost says since when nothing new comes, if that is so. */
static void
draw_lost(struct head *h)
{
	const struct model *m = h->view->model;
	char since[FORMAT_SIZE], last[FORMAT_SIZE];

	if (m->lost_ms == 0 || h->row >= h->end)
		return;
	cells_fill(h->cells, h->row, 0, h->cells->width, STYLE_CRITICAL, ' ');
	if (m->answered_ms)
		cells_putf(h->cells, h->row++, 0, h->cells->width, STYLE_CRITICAL,
		    "LOST since %s: %s. Shown is what was at %s. Trying again.", clock_of(h, m->lost_ms, since),
		    m->lost_why, clock_of(h, m->answered_ms, last));
	else
		cells_putf(h->cells, h->row++, 0, h->cells->width, STYLE_CRITICAL,
		    "NO ANSWER from %s: %s. Trying again.", h->view->origin, m->lost_why);
}

/* ---- all nodes -------------------------------------------------------------------------------------------------------- */

static void
draw_counts(struct head *h)
{
	static const char *const words[] = { "not linked", "critical", "warning", "not judged", "healthy" };
	const json_t *nodes = model_nodes(h->view->model);
	unsigned counts[STANDING_HEALTHY + 1] = { 0 };
	int col;

	if (nodes == NULL || h->row >= h->end)
		return;
	for (size_t i = 0; i < json_array_size(nodes); i++)
		counts[standing_of(json_array_get(nodes, i))]++;
	col = cells_putf(h->cells, h->row, 0, h->cells->width, STYLE_STRONG, "%zu node%s", json_array_size(nodes),
	    json_array_size(nodes) == 1 ? "" : "s");
	for (int s = STANDING_DOWN; s <= STANDING_HEALTHY; s++)
		if (counts[s])
			col += cells_putf(h->cells, h->row, col, h->cells->width - col,
			    standing_style((enum standing)s), "  %u %s", counts[s], words[s]);
	h->row++;
}

/* ---- one node: how it stands ------------------------------------------------------------------------------------------ */

static void
draw_standing(struct head *h, const json_t *node)
{
	const json_t *info = get_object(node, "info");
	int64_t since = standing_since(node);
	char at[FORMAT_SIZE], span[FORMAT_SIZE], schedulers[FORMAT_SIZE];
	int col, width = h->cells->width;

	col = cells_putf(
	    h->cells, h->row, 0, width, standing_style(standing_of(node)), "\xE2\x97\x8F %s", standing_word(node));
	if (since && h->view->now_ms - since >= 1000)
		col += cells_putf(h->cells, h->row, col, width - col, STYLE_PLAIN, " for %s, since %s",
		    format_span(span, h->view->now_ms - since), clock_of(h, since, at));
	else if (since)
		col += cells_put(h->cells, h->row, col, width - col, STYLE_PLAIN, " since just now");
	if (*get_text(info, "otp_release") && width - col > 20)
		cells_putf(h->cells, h->row, col, width - col, STYLE_DIM,
		    "  OTP %.20s \xC2\xB7 %s schedulers \xC2\xB7 %s", get_text(info, "otp_release"),
		    format_count(schedulers, get_number(info, "schedulers_online")),
		    get_flag(info, "injected") ? "probe loaded" : "plain calls only");
	h->row++;
}

/* draw_line draws a text over at most `rows` rows. */
static void
draw_line(struct head *h, const char *label, enum style style, const char *text, int rows)
{
	int width = h->cells->width - LABEL_COLUMNS;

	if (h->row < h->end && *text)
		cells_put(h->cells, h->row, 0, LABEL_COLUMNS, STYLE_DIM, label);
	for (int i = 0; i < rows && h->row < h->end && *text; i++) {
		size_t len = i + 1 < rows && h->row + 1 < h->end ? page_line(text, width) : strlen(text);
		char *line = xstrndup(text, len);

		cells_put(h->cells, h->row++, LABEL_COLUMNS, width, style, line);
		free(line);
		text += len;
	}
}

/* rows_for: where there is room, what matters most is not cut. */
static int
rows_for(const struct head *h)
{
	return h->cells->height >= TALL ? 3 : 1;
}

static void
add_what_at(struct strbuf *out, const json_t *criteria, const char *level)
{
	const char *name;
	json_t *criterion;

	json_object_foreach((json_t *)(uintptr_t)criteria, name, criterion)
	{
		if (strcmp(get_text(criterion, "level"), level) != 0)
			continue;
		strbuf_adds(out, out->len ? "; " : "");
		name_add_criterion(out, name, criterion);
	}
}

/* What is wrong: the criteria above healthy, the critical ones first; or why the node is not linked. */
static void
draw_what(struct head *h, const json_t *node, const json_t *health)
{
	struct strbuf text = STRBUF_INIT;
	enum standing s = standing_of(node);

	if (s == STANDING_DOWN) {
		strbuf_adds(&text, *get_text(node, "detail") ? get_text(node, "detail") : "no reason known");
	} else {
		add_what_at(&text, get_object(health, "criteria"), "critical");
		add_what_at(&text, get_object(health, "criteria"), "warning");
		if (text.len == 0)
			strbuf_adds(
			    &text, s == STANDING_HEALTHY ? "Nothing stands out." : "Not enough is known yet to judge.");
	}
	draw_line(h, "What", s == STANDING_HEALTHY ? STYLE_PLAIN : STYLE_STRONG, text.data, rows_for(h));
	strbuf_release(&text);
}

static bool
is_storm(const json_t *pattern)
{
	return get_flag(pattern, "active") && strcmp(get_text(pattern, "type"), "restart_storm") == 0;
}

/* next_storm is the first storm from `from` on that is under this supervisor; the count of patterns if there is none. */
static size_t
next_storm(const json_t *patterns, size_t from, const char *supervisor)
{
	size_t i = from;

	while (i < json_array_size(patterns) &&
	    !(is_storm(json_array_get(patterns, i)) &&
		strcmp(get_text(json_array_get(patterns, i), "supervisor"), supervisor) == 0))
		i++;
	return i;
}

/* The children in a storm, those under one supervisor together. */
static void
add_storms(struct strbuf *out, const json_t *patterns)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const char *supervisor = get_text(json_array_get(patterns, i), "supervisor");
		const char *before = "";

		if (!is_storm(json_array_get(patterns, i)) || next_storm(patterns, 0, supervisor) < i)
			continue;
		strbuf_adds(out, out->len ? "; " : "");
		for (size_t k = i; k < json_array_size(patterns); k = next_storm(patterns, k + 1, supervisor)) {
			strbuf_addf(out, "%s%.80s", before, get_text(json_array_get(patterns, k), "child_id"));
			before = ", ";
		}
		strbuf_addf(out, " under %.80s (storm)", supervisor);
	}
}

static bool
is_storming(const json_t *patterns, const json_t *anomaly)
{
	for (size_t i = 0; i < json_array_size(patterns); i++) {
		const json_t *p = json_array_get(patterns, i);

		if (is_storm(p) && strcmp(get_text(p, "child_id"), get_text(anomaly, "child_id")) == 0 &&
		    strcmp(get_text(p, "supervisor"), get_text(anomaly, "supervisor")) == 0)
			return true;
	}
	return false;
}

static void
add_findings(struct strbuf *out, const json_t *anomalies, const json_t *patterns)
{
	for (size_t i = 0; i < json_array_size(anomalies); i++) {
		const json_t *a = json_array_get(anomalies, i), *culprits = get_array(a, "culprits");

		if (json_array_size(culprits) > 0) {
			strbuf_adds(out, out->len ? "; " : "");
			name_add_culprits(out, culprits, NAMED);
		} else if (*get_text(a, "child_id") && !is_storming(patterns, a)) {
			strbuf_addf(out, "%s%.80s under %.80s", out->len ? "; " : "", get_text(a, "child_id"),
			    get_text(a, "supervisor"));
		}
	}
}

static void
draw_who(struct head *h, const json_t *health)
{
	const json_t *patterns = get_array(model_body(h->view->model, ASK_RESTARTS), "patterns");
	struct strbuf text = STRBUF_INIT;

	add_findings(&text, get_array(health, "anomalies"), patterns);
	add_storms(&text, patterns);
	draw_line(h, "Who", STYLE_PLAIN, strbuf_cstr(&text), rows_for(h));
	strbuf_release(&text);
}

/* is_of: a recommendation begins with the words of the criterion that it is for. */
static bool
is_of(const char *recommendation, const json_t *criteria, const char *level)
{
	char words[FORMAT_SIZE];
	const char *name;
	json_t *criterion;

	json_object_foreach((json_t *)(uintptr_t)criteria, name, criterion)
	{
		format_words(words, name);
		if (strcmp(get_text(criterion, "level"), level) == 0 &&
		    strncasecmp(recommendation, words, strlen(words)) == 0)
			return true;
	}
	return false;
}

/* What next: as many of the recommendations as there are rows for, those for what is critical first. */
static void
draw_next(struct head *h, const json_t *health, int rows)
{
	const json_t *all = get_array(health, "recommendations"), *criteria = get_object(health, "criteria");
	int drawn = 0;

	for (int critical = 1; critical >= 0; critical--)
		for (size_t i = 0; i < json_array_size(all) && drawn < rows; i++) {
			const char *text = json_string_value(json_array_get(all, i));

			if (text && is_of(text, criteria, "critical") == critical)
				draw_line(h, drawn++ ? "" : "Next", STYLE_PLAIN, text, rows > 1 ? 2 : 1);
		}
}

/* The incident that is open, the worst of several: what belongs together, in one line. */
static void
draw_incident(struct head *h, const json_t *node)
{
	const json_t *incident = get_object(node, "incident");
	double more = get_number(node, "open_incidents") - 1;
	struct strbuf text = STRBUF_INIT;
	char opened[FORMAT_SIZE];

	if (incident == NULL)
		return;
	strbuf_adds(&text, get_text(incident, "title"));
	if (get_time(incident, "opened"))
		strbuf_addf(&text, ", since %s", clock_of(h, get_time(incident, "opened"), opened));
	if (more >= 1)
		strbuf_addf(&text, ", and %.0f more", more);
	draw_line(h, "Open", STYLE_STRONG, strbuf_cstr(&text), rows_for(h));
	strbuf_release(&text);
}

static void
draw_unseen(struct head *h, const json_t *node, const json_t *health)
{
	const json_t *missing = get_array(get_object(health, "observed"), "missing");
	struct strbuf text = STRBUF_INIT;

	if (*get_text(get_object(node, "info"), "note"))
		strbuf_addf(&text, "%.200s", get_text(get_object(node, "info"), "note"));
	if (json_array_size(missing) > 0) {
		strbuf_addf(&text, "%snot observed: ", text.len ? "; " : "");
		name_add_list(&text, missing, ", ");
	}
	draw_line(h, "Blind", STYLE_DIM, strbuf_cstr(&text), 1);
	strbuf_release(&text);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------------- */

static void
draw_node(struct head *h, int height)
{
	const json_t *node = model_node(h->view->model);
	const json_t *health = model_body(h->view->model, ASK_HEALTH);
	bool up = node && standing_of(node) != STANDING_DOWN;

	if (node == NULL) {
		draw_line(h, "", STYLE_UNKNOWN,
		    model_nodes(h->view->model) ? "This node is not watched there." : "Asking…", 1);
		return;
	}
	draw_standing(h, node);
	draw_what(h, node, health);
	if (up) {
		draw_incident(h, node);
		draw_who(h, health);
		draw_next(h, health, rows_for(h));
		if (height >= 20)
			draw_unseen(h, node, health);
		h->row += lines_draw(h->view, h->cells, h->row, h->end - h->row);
	}
}

int
view_head(struct view *v, struct cells *c, int row, int height)
{
	struct head h = { v, c, row, row + height };

	draw_bar(&h);
	draw_lost(&h);
	if (*v->model->node == '\0')
		draw_counts(&h);
	else if (h.row < h.end)
		draw_node(&h, c->height);
	return h.row - row;
}
