/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/list.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define CELL_MAX_BYTES 600
#define INDENT 2
#define LEAST_FLEXIBLE 8
#define SORTED_DOWN "\xE2\x96\xBC"
#define SORTED_UP "\xE2\x96\xB2"

/* ---- filling --------------------------------------------------------------------------------------------------------- */

static void
drop_row(struct row *r)
{
	for (size_t i = 0; i < LIST_COLUMNS; i++) {
		free(r->cells[i].text);
		r->cells[i].text = NULL;
	}
}

void
list_begin(struct list *l, const struct column *columns, size_t count)
{
	assert(count <= LIST_COLUMNS);
	for (size_t i = 0; i < l->count; i++)
		drop_row(&l->rows[i]);
	l->count = 0;
	l->columns = columns;
	l->column_count = count;
}

void
list_release(struct list *l)
{
	list_begin(l, NULL, 0);
	free(l->rows);
	*l = (struct list) { 0 };
}

struct row *
list_add(struct list *l, const char *id, const json_t *of)
{
	struct row *r;

	if (l->count == LIST_ROWS)
		return NULL;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->rows = xreallocarray(l->rows, l->room, sizeof(*l->rows));
	}
	r = &l->rows[l->count++];
	memset(r, 0, sizeof(*r));
	snprintf(r->id, sizeof(r->id), "%s", id);
	r->of = of;
	r->added = l->count;
	for (size_t i = 0; i < LIST_COLUMNS; i++)
		r->cells[i].number = NAN;
	return r;
}

void
row_text(struct row *r, size_t column, enum style style, const char *text)
{
	free(r->cells[column].text);
	r->cells[column].text = xstrndup(text, strnlen(text, CELL_MAX_BYTES));
	r->cells[column].style = style;
}

void
row_textf(struct row *r, size_t column, enum style style, const char *fmt, ...)
{
	char text[CELL_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	row_text(r, column, style, text);
}

void
row_number(struct row *r, size_t column, enum style style, double number, const char *text)
{
	row_text(r, column, style, text);
	r->cells[column].number = number;
}

/* ---- filter and order ------------------------------------------------------------------------------------------------ */

static bool
row_has(const struct row *r, size_t columns, const char *text)
{
	for (size_t i = 0; i < columns; i++)
		if (r->cells[i].text && strcasestr(r->cells[i].text, text))
			return true;
	return false;
}

static void
keep_matching(struct list *l, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (row_has(&l->rows[i], l->column_count, text))
			l->rows[kept++] = l->rows[i];
		else
			drop_row(&l->rows[i]);
	}
	l->count = kept;
}

/* Numbers before texts, what is not known last. */
static int
compare_cells(const struct list_cell *a, const struct list_cell *b)
{
	if (!isnan(a->number) || !isnan(b->number))
		return isnan(a->number) ? 1 : isnan(b->number) ? -1 : (a->number < b->number) - (a->number > b->number);
	return strcasecmp(a->text ? a->text : "", b->text ? b->text : "");
}

static int
compare_rows(const void *pa, const void *pb, void *arg)
{
	const struct row *a = pa, *b = pb;
	const struct list_choice *choice = arg;
	const struct list_cell *ca = &a->cells[choice->sort], *cb = &b->cells[choice->sort];
	int order = compare_cells(ca, cb);

	if (a->group != b->group)
		return a->group - b->group;
	/* What is not known stays last either way. */
	if (choice->inverted && isnan(ca->number) == isnan(cb->number))
		order = -order;
	return order ? order : (a->added > b->added) - (a->added < b->added);
}

static void
invert_rows(struct list *l)
{
	for (size_t i = 0; i < l->count / 2; i++) {
		struct row other = l->rows[i];

		l->rows[i] = l->rows[l->count - 1 - i];
		l->rows[l->count - 1 - i] = other;
	}
}

void
list_settle(struct list *l, struct list_choice *choice)
{
	if (*choice->filter)
		keep_matching(l, choice->filter);
	if (l->count && choice->sort >= 0 && choice->sort < (int)l->column_count)
		qsort_r(l->rows, l->count, sizeof(*l->rows), compare_rows, choice);
	else if (choice->inverted)
		invert_rows(l);
	for (size_t i = 0; i < l->count && *choice->id; i++)
		if (strcmp(l->rows[i].id, choice->id) == 0) {
			choice->index = i;
			return;
		}
	if (choice->index >= l->count)
		choice->index = l->count ? l->count - 1 : 0;
	/* A row that was chosen and is gone leaves its place to the one that is there now. */
	if (*choice->id && l->count)
		snprintf(choice->id, sizeof(choice->id), "%s", l->rows[choice->index].id);
}

/* ---- choice ---------------------------------------------------------------------------------------------------------- */

static void
choose(const struct list *l, struct list_choice *choice, size_t index)
{
	choice->index = index;
	snprintf(choice->id, sizeof(choice->id), "%s", l->rows[index].id);
}

void
list_move(const struct list *l, struct list_choice *choice, long by)
{
	long to = (long)choice->index + by;

	if (l->count == 0)
		return;
	to = to < 0 ? 0 : to >= (long)l->count ? (long)l->count - 1 : to;
	choose(l, choice, (size_t)to);
	/* At the top one follows the first row, whichever that is. */
	if (to == 0)
		choice->id[0] = '\0';
}

bool
list_find(const struct list *l, struct list_choice *choice, const char *text, bool behind)
{
	for (size_t i = 0; i < l->count; i++) {
		size_t at = (choice->index + i + behind) % l->count;

		if (row_has(&l->rows[at], l->column_count, text)) {
			choose(l, choice, at);
			return true;
		}
	}
	return false;
}

const struct row *
list_chosen(const struct list *l, const struct list_choice *choice)
{
	return choice->index < l->count ? &l->rows[choice->index] : NULL;
}

int
list_column(const struct column *columns, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (columns[i].name && strcmp(columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

void
list_sort(const struct list *l, struct list_choice *choice, int by)
{
	int count = (int)l->column_count;

	for (int i = 1; i <= count; i++) {
		int at = ((choice->sort < 0 ? (by > 0 ? -1 : 0) : choice->sort) + by * i + 2 * count) % count;

		if (l->columns[at].name) {
			choice->sort = at;
			choice->inverted = false;
			return;
		}
	}
}

/* ---- drawing --------------------------------------------------------------------------------------------------------- */

/* weight of a column in what those of a fixed width leave; 0: it has one, or is not shown. */
static int
weight(const struct column *col, int width)
{
	return width < col->from_width || col->width > 0 ? 0 : col->width == 0 ? 1 : -col->width;
}

/* place finds how wide each column is; 0: not shown. */
static void
place(const struct list *l, int width, int *widths)
{
	int left = width + 1, weights = 0;

	for (size_t i = 0; i < l->column_count; i++) {
		bool shown = width >= l->columns[i].from_width;

		widths[i] = shown && l->columns[i].width > 0 ? l->columns[i].width : 0;
		left -= shown ? widths[i] + 1 : 0;
		weights += weight(&l->columns[i], width);
	}
	if (left < LEAST_FLEXIBLE * weights)
		left = LEAST_FLEXIBLE * weights;
	for (size_t i = 0; i < l->column_count; i++) {
		int share = weight(&l->columns[i], width);

		if (share == 0)
			continue;
		widths[i] = left * share / weights;
		left -= widths[i];
		weights -= share;
	}
}

static void
draw_title(
    const struct list *l, const struct list_choice *choice, struct cells *c, int row, size_t i, int col, int width)
{
	char title[48];
	bool sorted = (int)i == choice->sort;

	snprintf(title, sizeof(title), "%s%s", l->columns[i].title,
	    !sorted                ? ""
		: choice->inverted ? SORTED_UP
				   : SORTED_DOWN);
	if (l->columns[i].right)
		cells_put_right(c, row, col, width, STYLE_BAR, title);
	else
		cells_put(c, row, col, width, STYLE_BAR, title);
}

static void
draw_titles(const struct list *l, const struct list_choice *choice, struct cells *c, int row, const int *widths)
{
	int col = 0;

	cells_fill(c, row, 0, c->width, STYLE_BAR, ' ');
	for (size_t i = 0; i < l->column_count; i++)
		if (widths[i]) {
			draw_title(l, choice, c, row, i, col, widths[i]);
			col += widths[i] + 1;
		}
}

static void
draw_row(const struct list *l, const struct row *r, struct cells *c, int row, const int *widths)
{
	int col = 0;

	for (size_t i = 0; i < l->column_count; i++) {
		const struct list_cell *cell = &r->cells[i];
		int indent = i == 0 ? r->depth * INDENT : 0;

		if (widths[i] == 0)
			continue;
		if (indent > widths[i] / 2)
			indent = widths[i] / 2;
		if (cell->text && l->columns[i].right)
			cells_put_right(c, row, col, widths[i], cell->style, cell->text);
		else if (cell->text)
			cells_put(c, row, col + indent, widths[i] - indent, cell->style, cell->text);
		col += widths[i] + 1;
	}
}

static void
scroll(const struct list *l, struct list_choice *choice, size_t shown)
{
	if (choice->index < choice->top)
		choice->top = choice->index;
	if (shown && choice->index >= choice->top + shown)
		choice->top = choice->index - shown + 1;
	if (choice->top + shown > l->count)
		choice->top = l->count > shown ? l->count - shown : 0;
}

void
list_draw(const struct list *l, struct list_choice *choice, struct cells *c, int row, int height, bool cursor)
{
	size_t shown = height > 1 ? (size_t)height - 1 : 0;
	int widths[LIST_COLUMNS] = { 0 };

	place(l, c->width, widths);
	draw_titles(l, choice, c, row, widths);
	scroll(l, choice, shown);
	for (size_t i = 0; i < shown && choice->top + i < l->count; i++) {
		draw_row(l, &l->rows[choice->top + i], c, row + 1 + (int)i, widths);
		if (cursor && choice->top + i == choice->index)
			cells_choose(c, row + 1 + (int)i);
	}
}
