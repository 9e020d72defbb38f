/* SPDX-License-Identifier: Apache-2.0 */
/* The supervision tree, asked of the node when somebody opens the panel: who supervises whom, with restarts, queues and heaps, the heat of a branch on its supervisor. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/standing.h"
#include "tui/view.h"

enum { COLUMN_NAME, COLUMN_RESTARTS, COLUMN_QUEUE, COLUMN_HEAP, COLUMN_STATUS, COLUMN_MODULE };

static const struct column COLUMNS[] = {
	[COLUMN_NAME] = { NULL, "SUPERVISOR, CHILD", 0, false, 0 },
	[COLUMN_RESTARTS] = { NULL, "RESTARTS", 8, true, 0 },
	[COLUMN_QUEUE] = { NULL, "QUEUE", 8, true, 48 },
	[COLUMN_HEAP] = { NULL, "HEAP", 9, true, 58 },
	[COLUMN_STATUS] = { NULL, "STATUS", 18, false, 72 },
	[COLUMN_MODULE] = { NULL, "MODULE", 26, false, 110 },
};

static bool
is_supervisor(const json_t *p)
{
	return strcmp(get_text(p, "type"), "supervisor") == 0;
}

static const char *
name_of(const json_t *p)
{
	static const char *const keys[] = { "name", "id", "label", "pid" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (*get_text(p, keys[i]))
			return get_text(p, keys[i]);
	return "?";
}

/* id_of is the same for a child that was restarted: its name, below its supervisor's. */
static void
id_of(char *id, const json_t *p, const json_t *parent)
{
	snprintf(id, LIST_ID_SIZE, "%.100s/%.100s/%.100s", get_text(p, "application"), parent ? name_of(parent) : "",
	    name_of(p));
}

static bool
is_folded(const struct view *v, const char *id)
{
	return json_object_get(v->folded, id) != NULL;
}

/* What is known of its children, where that is not all of them. */
static const char *
listing(const json_t *p)
{
	static const struct {
		const char *word, *text;
	} table[] = { { "sampled", "some children" }, { "no_room", "too many children" }, { "too_deep", "too deep" },
		{ "no_time", "no time to ask" }, { "no_answer", "does not answer" }, { "busy", "too busy to ask" },
		{ "no_supervisor", "no supervisor" }, { "bridge", "bridge" }, { "seen_already", "shown above" } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(get_text(p, "listing"), table[i].word) == 0)
			return table[i].text;
	return NULL;
}

/* The level of the branch is said in words, too: not everybody sees colours. */
static void
fill_status(struct row *r, const json_t *p)
{
	const char *status = get_text(p, "status"), *gap = listing(p),
		   *level = get_text(get_object(p, "branch"), "level");
	const json_t *budget = get_object(p, "budget");
	enum style style = level_style(level);

	if (strcmp(status, "running") != 0)
		row_text(r, COLUMN_STATUS, STYLE_WARNING, status);
	else if (style == STYLE_CRITICAL || style == STYLE_WARNING)
		row_text(r, COLUMN_STATUS, style, level);
	else if (gap)
		row_text(r, COLUMN_STATUS, STYLE_UNKNOWN, gap);
	else if (get_number(budget, "used") > 0)
		row_textf(r, COLUMN_STATUS, STYLE_DIM, "budget %.0f of %.0f", get_number(budget, "used"),
		    get_number(budget, "intensity"));
	else
		row_text(r, COLUMN_STATUS, STYLE_DIM, is_supervisor(p) ? "" : "running");
}

/* A supervisor has the figures of its branch. */
static void
fill_row(struct row *r, const json_t *p, bool folded)
{
	const json_t *branch = get_object(p, "branch"), *of = branch ? branch : p;
	double restarts = get_number(of, "restarts");
	const char *level = get_text(of, "level");
	enum style style = strcmp(level, "healthy") == 0 || *level == '\0' ? STYLE_PLAIN : level_style(level);
	char text[FORMAT_SIZE];

	if (branch)
		row_textf(r, COLUMN_NAME, style == STYLE_PLAIN ? STYLE_STRONG : style, "%s %.500s",
		    folded ? "\xE2\x96\xB8" : "\xE2\x96\xBE", name_of(p));
	else
		row_textf(r, COLUMN_NAME, style, "%.500s", name_of(p));
	row_number(r, COLUMN_RESTARTS, restarts > 0 ? STYLE_STRONG : STYLE_DIM, restarts, format_count(text, restarts));
	row_number(r, COLUMN_QUEUE, STYLE_PLAIN, get_number(of, "message_queue_len"),
	    format_count(text, get_number(of, "message_queue_len")));
	row_number(r, COLUMN_HEAP, STYLE_PLAIN, get_number(of, "heap_bytes"),
	    format_bytes(text, get_number(of, "heap_bytes")));
	fill_status(r, p);
	row_text(r, COLUMN_MODULE, STYLE_DIM, get_text(p, "module"));
}

static int
depth_of(const json_t *p)
{
	double depth = get_number(p, "depth");

	return depth > 0 && depth < 1000 ? (int)depth : 0;
}

/* Rows come in the order of drawing, so what is below a folded one follows it. A search looks into folded branches, too. */
static void
fill(struct view *v, struct list *l)
{
	const json_t *all = get_array(model_body(v->model, ASK_TREE), "processes");
	int hidden_below = INT32_MAX;
	char id[LIST_ID_SIZE];

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *p = json_array_get(all, i);
		double parent = get_number(p, "parent");
		bool folded;
		struct row *r;

		if (depth_of(p) > hidden_below && *v->choices[v->panel].filter == '\0')
			continue;
		id_of(id, p,
		    parent >= 0 && parent < (double)json_array_size(all) ? json_array_get(all, (size_t)parent) : NULL);
		folded = is_folded(v, id);
		hidden_below = folded ? depth_of(p) : INT32_MAX;
		r = list_add(l, id, p);
		if (r == NULL)
			return;
		r->depth = depth_of(p);
		fill_row(r, p, folded);
	}
}

static const char *
empty(const struct view *v)
{
	const struct answer *a = &v->model->answers[ASK_TREE];

	if (a->waiting)
		return "Asking the node for its supervision tree…";
	if (*a->why)
		return a->why;
	return a->body ? "No supervisor was found." : "Not asked yet: F5 asks the node.";
}

static void
add_branch(struct page *page, const json_t *b)
{
	char text[FORMAT_SIZE];

	if (b == NULL)
		return;
	page_heading(page, "It and all below");
	page_pair(page, "Level", level_style(get_text(b, "level")), "%s", get_text(b, "level"));
	page_pair(page, "Processes", STYLE_PLAIN, "%s", format_count(text, get_number(b, "processes")));
	page_pair(page, "Restarts", STYLE_PLAIN, "%s", format_count(text, get_number(b, "restarts")));
	page_pair(page, "in 5 minutes", STYLE_PLAIN, "%s", format_count(text, get_number(b, "restarts_in_5_min")));
	page_pair(page, "Heaps", STYLE_PLAIN, "%s", format_bytes(text, get_number(b, "heap_bytes")));
	page_pair(page, "Messages waiting", STYLE_PLAIN, "%s", format_count(text, get_number(b, "message_queue_len")));
}

static void
add_children(struct page *page, const json_t *p)
{
	const json_t *b = get_object(p, "budget");
	char text[FORMAT_SIZE];

	page_pair(page, "Strategy", STYLE_PLAIN, "%s", get_text(p, "strategy"));
	if (b)
		page_pair(page, "Restart budget", STYLE_PLAIN, "%.0f of %.0f in %.0f s used, %.0f left",
		    get_number(b, "used"), get_number(b, "intensity"), get_number(b, "period") / 1000,
		    get_number(b, "left"));
	page_pair(page, "Children", STYLE_PLAIN, "%s", format_count(text, get_number(p, "children")));
	page_pair(page, "Listed here", STYLE_PLAIN, "%s", listing(p) ? listing(p) : "all");
}

static void
detail(const struct view *v, const json_t *p, struct page *page)
{
	char text[FORMAT_SIZE];

	(void)v;
	page_heading(page, "%s %s", is_supervisor(p) ? "Supervisor" : "Worker", name_of(p));
	page_pair(page, "Pid", STYLE_PLAIN, "%s", get_text(p, "pid"));
	page_pair(page, "Registered name", STYLE_PLAIN, "%s", get_text(p, "name"));
	page_pair(page, "Id of the child", STYLE_PLAIN, "%s", get_text(p, "id"));
	page_pair(page, "Module", STYLE_PLAIN, "%s", get_text(p, "module"));
	page_pair(page, "Application", STYLE_PLAIN, "%s", get_text(p, "application"));
	page_pair(page, "Status", STYLE_PLAIN, "%s", get_text(p, "status"));
	page_pair(page, "Restarts", STYLE_STRONG, "%s", format_count(text, get_number(p, "restarts")));
	page_pair(page, "Message queue", STYLE_PLAIN, "%s", format_count(text, get_number(p, "message_queue_len")));
	page_pair(page, "Heap", STYLE_PLAIN, "%s", format_bytes(text, get_number(p, "heap_bytes")));
	if (is_supervisor(p))
		add_children(page, p);
	add_branch(page, get_object(p, "branch"));
}

const struct panel PANEL_TREE = {
	.name = "tree",
	.title = "Tree",
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = -1,
	.fill = fill,
	.empty = empty,
	.detail = detail,
};
