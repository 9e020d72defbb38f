/* SPDX-License-Identifier: Apache-2.0 */
/* One account of the node's memory that adds up: each level is a part of the one above, with those who own the most of it. */
#include <math.h>
#include <string.h>

#include "base/attr.h"
#include "base/strbuf.h"
#include "tui/format.h"
#include "tui/get.h"
#include "tui/names.h"
#include "tui/view.h"

enum { COLUMN_WHAT, COLUMN_BYTES, COLUMN_SHARE, COLUMN_BAR, COLUMN_HELP };

#define BAR_COLUMNS 20

static const struct column COLUMNS[] = {
	[COLUMN_WHAT] = { NULL, "WHAT", 0, false, 0 },
	[COLUMN_BYTES] = { NULL, "BYTES", 10, true, 0 },
	[COLUMN_SHARE] = { NULL, "SHARE", 7, true, 0 },
	[COLUMN_BAR] = { NULL, "OF THE LEVEL ABOVE", BAR_COLUMNS, false, 70 },
	[COLUMN_HELP] = { NULL, "", 0, false, 110 },
};

static const char *
level_words(const char *name)
{
	static const struct {
		const char *name, *words;
	} table[] = { { "limit", "May be used" }, { "resident", "Resident in memory" },
		{ "carriers", "Allocators' carriers" }, { "blocks", "In use (blocks)" } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].words;
	return name;
}

static void
add_bar(struct row *r, double share)
{
	struct strbuf bar = STRBUF_INIT;
	int columns = share >= 0 && share <= 100 ? (int)lround(share / 100 * BAR_COLUMNS) : 0;

	for (int i = 0; i < columns; i++)
		strbuf_adds(&bar, "\xE2\x96\x88");
	row_text(r, COLUMN_BAR, STYLE_CHART, strbuf_cstr(&bar));
	strbuf_release(&bar);
}

static struct row *
add_row(struct list *l, const char *id, const json_t *of, int depth, double bytes, enum style style)
{
	struct row *r = list_add(l, id, of);
	char text[FORMAT_SIZE];

	if (r == NULL)
		return NULL;
	r->depth = depth;
	row_number(r, COLUMN_BYTES, style, bytes, format_bytes(text, bytes));
	return r;
}

/* Allocators, tables and processes name themselves by different fields. */
static void
add_owner(struct list *l, const json_t *part, const json_t *o)
{
	bool binary = strcmp(get_text(part, "name"), "binary") == 0;
	double bytes = get_number(o, binary ? "binary_memory" : "bytes"), growth = get_number(o, "growth_per_hour");
	const char *name = *get_text(o, "allocator") ? get_text(o, "allocator") : name_process(o);
	char id[LIST_ID_SIZE], more[FORMAT_SIZE];
	struct row *r;

	bytes = isnan(bytes) ? get_number(o, "memory") : bytes;
	if (!(bytes > 0))
		return;
	snprintf(id, sizeof(id), "%.60s/%.120s/%.60s", get_text(part, "name"), name, get_text(o, "pid"));
	r = add_row(l, id, o, 2, bytes, STYLE_DIM);
	if (r == NULL)
		return;
	row_text(r, COLUMN_WHAT, STYLE_DIM, name);
	if (growth > 0)
		row_textf(r, COLUMN_HELP, STYLE_WARNING, "%s more an hour", format_bytes(more, growth));
}

static void
add_part(struct list *l, const json_t *level, const json_t *part)
{
	const json_t *owners = get_array(part, "owners");
	char id[LIST_ID_SIZE], words[FORMAT_SIZE], text[FORMAT_SIZE];
	struct row *r;

	snprintf(id, sizeof(id), "%.100s/%.100s", get_text(level, "name"), get_text(part, "name"));
	r = add_row(l, id, part, 1, get_number(part, "bytes"), STYLE_PLAIN);
	if (r == NULL)
		return;
	row_text(r, COLUMN_WHAT, STYLE_PLAIN, format_words(words, get_text(part, "name")));
	row_text(r, COLUMN_SHARE, STYLE_PLAIN, format_percent(text, get_number(part, "share")));
	add_bar(r, get_number(part, "share"));
	row_text(r, COLUMN_HELP, STYLE_DIM, get_text(part, "help"));
	for (size_t i = 0; i < json_array_size(owners) && i < 5; i++)
		add_owner(l, part, json_array_get(owners, i));
}

static void
fill(struct view *v, struct list *l)
{
	const json_t *levels = get_array(model_body(v->model, ASK_MEMORY), "levels");

	for (size_t i = 0; i < json_array_size(levels); i++) {
		const json_t *level = json_array_get(levels, i), *parts = get_array(level, "parts");
		struct row *r = add_row(l, get_text(level, "name"), level, 0, get_number(level, "bytes"), STYLE_STRONG);

		if (r == NULL)
			return;
		row_text(r, COLUMN_WHAT, STYLE_STRONG, level_words(get_text(level, "name")));
		row_text(r, COLUMN_HELP, STYLE_DIM, get_text(level, "help"));
		for (size_t k = 0; k < json_array_size(parts); k++)
			add_part(l, level, json_array_get(parts, k));
	}
}

static const char *
empty(const struct view *v)
{
	const struct answer *a = &v->model->answers[ASK_MEMORY];

	return *a->why ? a->why : a->body ? "The node's memory is not known yet." : "Asking…";
}

static void
detail(const struct view *v, const json_t *of, struct page *page)
{
	char text[FORMAT_SIZE], words[FORMAT_SIZE];

	(void)v;
	page_heading(page, "%s", *get_text(of, "help") ? format_words(words, get_text(of, "name")) : name_process(of));
	page_pair(page, "What it is", STYLE_PLAIN, "%s", get_text(of, "help"));
	page_pair(page, "Bytes", STYLE_STRONG, "%s", format_bytes(text, get_number(of, "bytes")));
	page_pair(page, "Pid", STYLE_PLAIN, "%s", get_text(of, "pid"));
	if (!isnan(get_number(of, "memory")))
		page_pair(page, "Memory", STYLE_PLAIN, "%s", format_bytes(text, get_number(of, "memory")));
	page_pair(page, "Application", STYLE_PLAIN, "%s", get_text(of, "application"));
	if (get_number(of, "excess") > 0)
		page_pair(page, "Does not add up", STYLE_DIM,
		    "its parts are %s more than the whole: they were read at different moments, or %s",
		    format_bytes(text, get_number(of, "excess")), get_text(of, "excess_help"));
}

const struct panel PANEL_MEMORY = {
	.name = "memory",
	.title = "Memory",
	.needs = 1u << ASK_MEMORY,
	.columns = COLUMNS,
	.column_count = ARRAY_LEN(COLUMNS),
	.sort = -1,
	.fill = fill,
	.empty = empty,
	.detail = detail,
};
